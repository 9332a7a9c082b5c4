"""What a study compares: named sources, each with its files."""

import re
from collections.abc import Sequence
from pathlib import Path

from clstm.runtime.errors import UserError
from evaluation.measurement.options.named_paths import music_files, named_path

# Names appear in tables and CSV files: nothing a spreadsheet would take for a formula.
_NAME = re.compile(r"[^\W_][\w .+-]{0,39}")


def parse_sources(given: Sequence[str]) -> dict[str, list[Path]]:
    """NAME=PATH texts to files by name, in the order given; a name given twice has the files of both.

    Of a folder that holds both MIDI and audio, the MIDI is used: the audio is most often its rendering. Raises
    `UserError` for a text of another form, a name that cannot be used, a path that does not exist or holds no music.

    >>> files = parse_sources(["human=music/human", "lstm=music/mine"])
    >>> {name: [str(path) for path in paths] for name, paths in files.items()}
    {'human': ['music/human/song.mid'], 'lstm': ['music/mine/lstm.mid']}
    """
    paths: dict[str, list[Path]] = {}
    for text in given:
        name, path = named_path(text)
        if not _NAME.fullmatch(name):
            raise UserError(f"{name!r} cannot name a source; use up to 40 letters, digits, spaces and . + - _")
        paths.setdefault(name, []).append(path)
    return {
        name: list(dict.fromkeys(file for path in wanted for file in _files(name, path)))
        for name, wanted in paths.items()
    }


def _files(name: str, path: Path) -> list[Path]:
    try:
        return music_files(path).files
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
