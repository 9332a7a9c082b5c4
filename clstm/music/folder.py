"""Many MIDI files read at once, each in a process one can lose."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from clstm.music.midi import Notes, read_midi
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.processes import TIME_LIMIT, in_processes


def read_many(
    paths: Sequence[Path], *, pedal: bool = False, workers: int | None = None, seconds: float = TIME_LIMIT
) -> Iterator[tuple[Path, Notes | UnreadableFileError]]:
    """`clstm.music.midi.read_midi` over many files, in order, each at its own risk."""
    return in_processes(partial(read_midi, pedal=pedal), paths, workers=workers, seconds=seconds)
