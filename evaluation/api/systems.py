"""The systems of a call: by name, where each one's music is, on the disk or in memory.

What lies in memory is written to a folder that is gone when the call returns. Nothing that the call says names it: a
piece in memory is called by its name, or by its number.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from clstm.runtime.errors import UserError
from clstm.runtime.finding import named_path
from clstm.runtime.names import readable
from evaluation.music import Music
from evaluation.notebook.in_memory import is_sound, written

if TYPE_CHECKING:
    import pandas as pd

Place = str | os.PathLike[str]
Systems = Mapping[
    str, Any
]  # by name: a file or folder, a piece in memory (`evaluation.notebook.in_memory`), or several
Options = Mapping[str, Any] | Sequence[str]  # {"rnn": 5}, or as a command has it: ["rnn=5"]


@dataclass(frozen=True)
class Places:
    """paths : where each system's music is, by its name; memory : the folder of what lies in memory"""

    paths: Mapping[str, Path]
    memory: Path

    def without(self, words: str) -> str:
        """Words without that folder: pieces in memory go by their names."""
        return re.sub(re.escape(str(self.memory)) + r"/\d+(/\d{5}/)?", "", words)

    def renamed(self, pieces: "pd.DataFrame") -> "pd.DataFrame":
        """The table of files, with the names that `without` leaves."""
        named = {column: [self.without(str(name)) for name in pieces[column]] for column in ("file", "group")}
        return pieces.assign(**named)


@contextmanager
def placed(systems: Systems) -> Iterator[Places]:
    """Yield where each system's music is, for as long as the block lasts.

    Raises `UserError` for a path that does not exist, a name that is none, and what is no music.

    >>> from clstm.music.midi import Notes
    >>> with placed({"human": "music/human", "mine": [Notes.of([(0.0, 1.0, 60, 80)]), "song.mid"]}) as places:
    ...     places.paths["human"], sorted(path.name for path in places.paths["mine"].rglob("*.mid"))
    (PosixPath('music/human'), ['1.mid', 'song.mid'])
    """
    if not isinstance(systems, Mapping) or not systems:
        raise UserError('give the systems by name, as in {"human": "music/human", "mine": "music/mine"}')
    with TemporaryDirectory(prefix="clstm-") as folder:
        own = Path(folder)
        places = Places({}, own)
        try:
            found = [_placed(str(name), music, own / str(place)) for place, (name, music) in enumerate(systems.items())]
            yield (places := replace(places, paths=dict(found)))
        except UserError as error:
            error.args = tuple(places.without(str(one)) for one in error.args)
            raise


def _placed(name: str, music: Any, folder: Path) -> tuple[str, Path]:
    if isinstance(music, str | os.PathLike):
        return named_path(f"{name}={os.fspath(music)}")
    several = isinstance(music, list | tuple) and not is_sound(music)
    pieces = list(music) if several else [music]
    if not pieces:
        raise UserError(f"{readable(name)} has no music; give a folder, or at least one piece")
    for number, piece in enumerate(pieces, start=1):
        place = folder / f"{number:05d}"
        place.mkdir(parents=True)
        _place(piece, place, number)
    return named_path(f"{name}={folder}")


def _place(piece: Any, place: Path, number: int) -> None:
    """One piece in a folder of its own, under its name."""
    if isinstance(piece, str | os.PathLike):
        path = Path(piece)
        if not path.is_file():
            raise UserError(f"{readable(path)} is no file; give files in a list, or one folder")
        (place / path.name).symlink_to(path.resolve())
    elif isinstance(piece, Music):
        name = Path(piece.name).name or str(number)
        if piece.notes is None:
            written((piece.waveform, piece.rate), place, name)
        elif piece.content:
            (place / f"{name}{piece.suffix}").write_bytes(piece.content)
        else:
            piece.save(place / f"{name}.mid")
    else:
        written(piece, place, str(number))


def as_options(given: Options | None, mark: str = "=") -> tuple[str, ...]:
    """Options of single systems as commands have them.

    >>> as_options({"rnn": 5.0}), as_options(["rnn=5"]), as_options({"rnn": "range=21-108"}, ":"), as_options(None)
    (('rnn=5.0',), ('rnn=5',), ('rnn:range=21-108',), ())
    """
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Mapping):
        return tuple(f"{name}{mark}{value}" for name, value in given.items())
    return tuple(given or ())


def as_path(place: Place | None) -> Path | None:
    return None if place is None else Path(place)
