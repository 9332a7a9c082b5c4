"""What a user compares: NAME=PATH on a command line, and the files of music that a path stands for."""

from pathlib import Path

from clstm.errors import UserError
from clstm.midi import SUFFIXES as MIDI_SUFFIXES
from clstm.midi import find_files
from evaluation.audio import AUDIO_SUFFIXES, is_midi

ACCEPTED = (*MIDI_SUFFIXES, *AUDIO_SUFFIXES)


def named_path(text: str) -> tuple[str, Path]:
    """The name and the path of NAME=PATH; the path may hold further equals signs. Raises `UserError` for another form.

    >>> named_path("my  model=music/a=b")
    ('my model', PosixPath('music/a=b'))
    """
    name, equals, path = text.partition("=")
    name = " ".join(name.split())
    if not (equals and name and path):
        raise UserError(f"{text!r} is not NAME=PATH; give each system as in Bach=music/bach")
    if not Path(path).exists():
        raise UserError(f"{name}: {path} does not exist; give a MIDI or audio file, or a folder of them")
    return name, Path(path)


def music_files(path: Path) -> tuple[list[Path], int]:
    """The MIDI or audio files of a path, sorted, and how many audio files were left out.

    A folder that holds both is taken for its MIDI: the audio beside it is most often its rendering. Raises `UserError`
    when there is none.
    """
    found = find_files([path], ACCEPTED)
    midi = [file for file in found if is_midi(file)]
    return (midi, len(found) - len(midi)) if midi else (found, 0)
