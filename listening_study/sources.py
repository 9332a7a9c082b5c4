"""What a study compares: named sources, each with its files."""

import re
from collections.abc import Sequence
from pathlib import Path

from clstm.errors import UserError
from clstm.midi import SUFFIXES as MIDI_SUFFIXES
from clstm.midi import find_files
from evaluation.audio import AUDIO_SUFFIXES

# Names appear in tables and CSV files: nothing a spreadsheet would take for a formula.
_NAME = re.compile(r"[^\W_][\w .+-]{0,39}")


def parse_sources(given: Sequence[str]) -> dict[str, list[Path]]:
    """NAME=PATH texts to files by name, in the order given; a name given twice has the files of both.

    Where a folder holds a piece both as MIDI and as audio, the MIDI stands for it. Raises `UserError` for a text of
    another form, a name that cannot be used, and a path that does not exist or holds no music.
    """
    paths: dict[str, list[Path]] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or not path:
            raise UserError(f"{text!r} is not of the form NAME=PATH, for example human=songs/")
        if not _NAME.fullmatch(name):
            raise UserError(f"{name!r} cannot name a source; use up to 40 letters, digits, spaces and . + - _")
        paths.setdefault(name, []).append(Path(path))
    return {name: _files(wanted) for name, wanted in paths.items()}


def _files(paths: Sequence[Path]) -> list[Path]:
    found = find_files(paths, MIDI_SUFFIXES + AUDIO_SUFFIXES)
    written = {path.with_suffix("") for path in found if path.suffix.lower() in MIDI_SUFFIXES}
    return [path for path in found if path.suffix.lower() in MIDI_SUFFIXES or path.with_suffix("") not in written]
