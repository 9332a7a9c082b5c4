"""Many MIDI files read in parallel, in processes that may crash."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from clstm.music.midi import Notes, read_midi
from clstm.music.piece import Piece, read_piece
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.processes import TIME_LIMIT, in_processes


def read_many(
    paths: Sequence[Path], *, pedal: bool = False, workers: int | None = None, seconds: float = TIME_LIMIT
) -> Iterator[tuple[Path, Notes | UnreadableFileError]]:
    """`clstm.music.midi.read_midi` over many files, in order; a file that crashes its reader costs only itself."""
    return in_processes(partial(read_midi, pedal=pedal), paths, workers=workers, seconds=seconds)


def read_pieces(
    paths: Sequence[Path], *, pedal: bool = False, workers: int | None = None, seconds: float = TIME_LIMIT
) -> Iterator[tuple[Path, Piece | UnreadableFileError]]:
    """`clstm.music.piece.read_piece` over many files, as `read_many`."""
    return in_processes(partial(read_piece, pedal=pedal), paths, workers=workers, seconds=seconds)
