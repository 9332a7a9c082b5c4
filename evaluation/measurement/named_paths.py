"""What a user compares: NAME=PATH on a command line, and the files of music that a path stands for."""

from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.finding import MusicFiles, find, is_midi
from clstm.runtime.names import readable

BESIDE = "audio beside MIDI, most often its rendering"


def named_path(text: str) -> tuple[str, Path]:
    """The name and the path of NAME=PATH; the path may hold further equals signs. Raises `UserError` for another form.

    >>> named_path("my  model=music/a=b")
    ('my model', PosixPath('music/a=b'))
    """
    name, equals, path = text.partition("=")
    name = " ".join(name.split())
    if not (equals and name and path):
        raise UserError(f"{text!r} is not NAME=PATH; give each system as in Bach=music/bach")
    if readable(name) != name:
        raise UserError(
            f"the name '{readable(name)}' holds bytes that are no text, or control characters; give another"
        )
    if not Path(path).exists():
        raise UserError(f"{name}: {readable(path)} does not exist; give a MIDI or audio file, or a folder of them")
    return name, Path(path)


def music_files(path: Path) -> MusicFiles:
    """The MIDI or audio files of a path, sorted, and what was left out.

    A folder that holds both is taken for its MIDI: the audio beside it is most often its rendering. Raises `UserError`
    when there is none.
    """
    found = find([path])
    midi = [file for file in found.files if is_midi(file)]
    if not midi:
        return found
    beside = [(file, BESIDE) for file in found.files if file not in set(midi)]
    return MusicFiles(midi, [*beside, *found.left_out])
