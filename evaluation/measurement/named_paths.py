"""The systems of a command line: NAME=PATH, and the files of music of a path."""

from collections.abc import Iterable
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.finding import MusicFiles, find, is_midi
from clstm.runtime.names import readable

BESIDE = "audio beside MIDI, most often its rendering"


def named_path(text: str) -> tuple[str, Path]:
    """The name and the path of NAME=PATH; the path may hold further equals signs. Raises `UserError` for another form.

    >>> named_path("my  model=.")
    ('my model', PosixPath('.'))
    """
    name, equals, path = text.partition("=")
    name = " ".join(name.split())
    if not (equals and name and path):
        raise UserError(f"{text!r} is not NAME=PATH; give each system as in Bach=music/bach")
    if readable(name) != name:
        raise UserError(
            f"the name '{readable(name)}' has control characters or bytes that are not text; give another name"
        )
    if not Path(path).exists():
        raise UserError(f"{name}: {readable(path)} does not exist; give a MIDI or audio file, or a folder of them")
    return name, Path(path)


def named_paths(texts: Iterable[str]) -> dict[str, Path]:
    """The paths of several NAME=PATH by name, in their order. Raises `UserError` for a name that is given twice.

    >>> named_paths(["people=music/human", "rnn=music/mine"])
    {'people': PosixPath('music/human'), 'rnn': PosixPath('music/mine')}
    """
    found: dict[str, Path] = {}
    for name, path in map(named_path, texts):
        if name in found:
            raise UserError(f"the name {name!r} is given twice; every system needs a name of its own")
        found[name] = path
    return found


def music_files(path: Path) -> MusicFiles:
    """The MIDI or audio files of a path, sorted, and the files that are not used.

    Of a folder that holds both, only the MIDI is used: the audio beside it is most often its rendering. Raises
    `UserError` when there is none.

    >>> music_files(Path("music/human")).files
    [PosixPath('music/human/song.mid')]
    """
    found = find([path])
    midi = [file for file in found.files if is_midi(file)]
    if not midi:
        return found
    used = set(midi)
    beside = [(file, BESIDE) for file in found.files if file not in used]
    return MusicFiles(midi, [*beside, *found.left_out])
