"""`cl.measure`: every metric of every piece, as one tidy table. `clstm measure` calls it too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clstm.notebook import markup
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.runtime.errors import choice
from clstm.runtime.names import counted
from clstm.runtime.ownership import may_write_table
from clstm.runtime.progress import Progress
from clstm.runtime.shadowing import load
from evaluation.api.systems import Options, Place, Places, Systems, as_options, as_path, placed
from evaluation.audio.render import RenderSettings
from evaluation.measurement.systems import COLUMNS, PIECES, UNWRITTEN
from evaluation.measurement.table import MeasuredTable, MeasurementRequest, make_table, write_tables
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DRAWN = 9  # metrics of a figure, where none are named
VALUES, FILES = "metrics.csv", "pieces.csv"


@dataclass(frozen=True, eq=False, repr=False)
class Measured(Result):
    """The metrics of several systems' pieces.

    table : tidy, one row per value: system, piece, metric, value, unit, note; a value that does not exist is NaN, and
        its note says why
    pieces : one row per file: its length, group, and what was done to it
    medians : one row per metric, one column per system
    """

    made: MeasuredTable

    @property
    def table(self) -> "pd.DataFrame":
        return self.made.found.values

    @property
    def pieces(self) -> "pd.DataFrame":
        return self.made.found.pieces.drop(columns=UNWRITTEN)

    def caveats(self) -> tuple[str, ...]:
        return self.made.remarks

    @cached_property
    def systems(self) -> list[str]:
        return list(dict.fromkeys(self.table["system"]))

    @cached_property
    def medians(self) -> "pd.DataFrame":
        known = self.table.dropna(subset="value")
        found = known.pivot_table(index="metric", columns="system", values="value", aggfunc="median", observed=True)
        return found.reindex(index=[name for name in METRICS if name in found.index], columns=self.systems)

    def __str__(self) -> str:
        return f"{self.made.measured:,} of {counted(self.made.total, 'file')} measured: {', '.join(self.systems)}"

    def parts(self) -> Sequence[str]:
        medians = self.medians
        shown: list[str] = []
        for view, title in VIEWS.items():
            own = [name for name in medians.index if METRICS[name].view == view]
            rows = [
                [markup.text(METRICS[name].label), *map(_number, medians.loc[name]), markup.text(METRICS[name].unit)]
                for name in own
            ]
            if rows:
                shown.append(markup.folded(title, markup.table(["", *self.systems, "unit"], rows), opened=not shown))
        return [markup.line("Medians over pieces; `table` has every value.", faint=True), *shown]

    def plot(self, *metrics: str) -> "Figure":
        """The spread of metrics over the pieces of each system; without names, the first nine that are compared.

        Raises `UserError` for a metric that is not measured.
        """
        from evaluation.api.drawing import spreads

        known = list(self.medians.index)
        names = [choice("the metric", name, known) for name in metrics]
        names = names or [name for name in known if METRICS[name].tested][:DRAWN]
        return spreads(self.table, names, self.systems)

    def to_latex(self) -> str:
        """Medians of the metrics that are compared."""
        import pandas as pd

        names = [name for name in self.medians.index if METRICS[name].tested]
        cells = {name: [_number(value) for value in self.medians.loc[names, name]] for name in self.systems}
        printed = pd.DataFrame({"Metric": [METRICS[name].label for name in names], **cells})
        latex: str = load("clstm.tables", "latex")(printed, "Medians over pieces.", "medians")
        return latex

    def save(self, folder: Folder) -> Path:
        """metrics.csv and pieces.csv."""
        folder = Path(folder)
        may_write_table(folder / VALUES, COLUMNS)
        may_write_table(folder / FILES, PIECES[: -len(UNWRITTEN)])
        write_tables(self.made, folder / VALUES, folder / FILES)
        return folder


def _number(value: float) -> str:
    from evaluation.comparison.tables import number

    return number(value if np.isfinite(value) else None)


def measure(
    systems: Systems,
    *,
    out: Place | None = None,
    pieces: Place | None = None,
    only: str | None = None,
    control: str | None = None,
    same_grid: bool = False,
    pedal: bool = False,
    seconds: float | None = None,
    skip: Options | None = None,
    replicates: bool = False,
    settings: RenderSettings = RenderSettings(),
    workers: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Measure every metric of every piece of every system.

    systems : by name: a file, a folder, a piece in memory, or a list of files and pieces
    out, pieces : CSV files to write: of values, and of files
    only : "notes": nothing is rendered, and only the metrics of notes are measured
    control : limits put on MIDI first, such as "grid=1/8,velocity=80"; same_grid : those of the score matrix
    pedal : whether notes last as long as a pedal holds them
    seconds : only so much from the beginning of every piece; skip : seconds cut from it, by system
    replicates : whether the sub-folders of a system are its trainings
    settings : how MIDI is rendered; workers : processes; cluster : a Dask scheduler that measures instead
    progress : called as each piece is done; without one, a notebook shows a bar

    Raises `UserError` for what cannot be measured. What was measured before is not measured again. A script calls this
    under `if __name__ == "__main__":`, since it starts processes.

    >>> import clstm as cl
    >>> found = cl.measure({"human": "music/human", "mine": "music/mine"}, only="notes", workers=1)
    >>> print(found)
    2 of 2 files measured: human, mine
    >>> found.medians.loc["note_density"].tolist()
    [4.0, 4.0]
    """
    if only is not None:
        choice("only", only, ("notes",))
    with placed(systems) as places, waiting(progress) as advance:
        request = MeasurementRequest(
            *(tuple(f"{name}={path}" for name, path in places.paths.items()), as_path(out), settings),
            same_grid=same_grid,
            pedal=pedal,
            seconds=seconds,
            workers=workers,
            cluster=cluster,
            control=control,
            notes_only=only is not None,
            pieces=as_path(pieces),
            replicates=replicates,
            skip=as_options(skip),
        )
        return Measured(make_table(request, advance, lambda made: _renamed(made, places)))


def _renamed(made: MeasuredTable, places: Places) -> MeasuredTable:
    found = replace(made.found, pieces=places.renamed(made.found.pieces))
    return replace(made, found=found, remarks=tuple(map(places.without, made.remarks)))
