"""Every figure of a waveform, of notes, of a file, and the tidy table of whole systems.

A figure that does not exist for an input is `Missing` and says why; in the table its value is NaN and the column `note`
holds the reason.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clstm.errors import NothingUsableError, UnreadableFileError
from clstm.midi import Notes
from evaluation import envelope, loudness, sonogram, spectrum, symbolic
from evaluation.audio import is_midi, load, mono, read_notes
from evaluation.batch import over_files, unique_names
from evaluation.metric import Figure, Metric, Missing
from evaluation.render import RenderSettings, Waveform, render

if TYPE_CHECKING:
    import pandas as pd

METRICS: dict[str, Metric] = {
    **loudness.METRICS,
    **envelope.METRICS,
    **spectrum.METRICS,
    **sonogram.METRICS,
    **symbolic.METRICS,
}

COLUMNS = ("system", "piece", "metric", "value", "unit", "note")


def measure_sound(waveform: Waveform, rate: int) -> dict[str, Figure]:
    """Every figure of a waveform, (samples, channels) -1..1: loudness of its channels, the rest of their mean."""
    single = mono(waveform)
    return {
        **loudness.measure(waveform, rate),
        **envelope.measure(single, rate),
        **spectrum.measure(single, rate),
        **sonogram.measure(single, rate),
    }


def measure_notes(notes: Notes, seconds: float | None = None) -> dict[str, Figure]:
    """Every figure of notes that last `seconds`, or to the end of the last note."""
    return symbolic.measure(notes, seconds)


def measure_file(path: Path, settings: RenderSettings = RenderSettings()) -> dict[str, float | None]:
    """Every figure of a MIDI or audio file, in the order of `METRICS`; None where it does not exist.

    Raises `UnreadableFileError` with the reason.
    """
    figures = _figures(path, settings)
    return {name: None if isinstance(figure, Missing) else figure for name, figure in figures.items()}


def measure_systems(
    systems: Mapping[str, Sequence[Path]],
    settings: RenderSettings = RenderSettings(),
    progress: Callable[[Path], object] | None = None,
    workers: int | None = None,
) -> "pd.DataFrame":
    """Every figure of every file of every system, measured in `workers` processes (all cores).

    progress : called with each file when it is done, in the order of the systems and their files
    returns `COLUMNS`, a row a figure. `piece` is the file's name without its suffix, made unique within the system. The
    figures of a file that cannot be read are missing, with that reason.

    Raises `NothingUsableError` for a system of which no file can be read. A script calls this under
    `if __name__ == "__main__":`, as it must for anything that starts processes.
    """
    import pandas as pd  # not needed, and slow to load, in the processes that measure

    pieces = [
        (system, path, name)
        for system, paths in systems.items()
        for path, name in zip(map(Path, paths), unique_names([Path(path) for path in paths]), strict=True)
    ]
    rows: list[tuple[str, str, str, float, str, str]] = []
    unreadable: dict[str, list[str]] = {system: [] for system in systems}
    results = over_files(partial(_figures, settings=settings), [path for _, path, _ in pieces], workers)
    for (system, _, name), (path, figures) in zip(pieces, results, strict=True):
        if isinstance(figures, UnreadableFileError):
            unreadable[system].append(str(figures))
            figures = dict.fromkeys(METRICS, Missing(figures.reason))
        rows.extend((system, name, *row) for row in _rows(figures))
        if progress:
            progress(path)
    for system, reasons in unreadable.items():
        if len(reasons) == len(systems[system]):
            raise NothingUsableError(f"{system} has no file that can be measured: {'; '.join(reasons) or 'none given'}")
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(figures: Mapping[str, Figure]) -> Iterator[tuple[str, float, str, str]]:
    for name, figure in figures.items():
        value, note = (np.nan, figure.reason) if isinstance(figure, Missing) else (figure, "")
        yield name, value, METRICS[name].unit, note


def _figures(path: Path, settings: RenderSettings) -> dict[str, Figure]:
    path = Path(path)
    if is_midi(path):
        notes = read_notes(path)
        figures = measure_sound(render(notes, settings), settings.sample_rate) | measure_notes(notes)
    else:
        waveform, rate = load(path, settings)
        figures = measure_sound(waveform, rate)
    return {name: figures.get(name, Missing("audio has no notes")) for name in METRICS}
