"""`cl.compare`: which metrics of systems differ from a reference, by how much, and who is closer. `clstm compare` calls
it too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from clstm.notebook import markup
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.runtime.errors import choice
from clstm.runtime.progress import Progress
from clstm.runtime.shadowing import load
from evaluation.api.systems import Options, Place, Places, Systems, as_options, as_path, placed
from evaluation.audio.render import RenderSettings
from evaluation.comparison import closeness
from evaluation.comparison.compare import Comparison, ComparisonRequest, judge
from evaluation.comparison.folder import make_verdict, write_verdict
from evaluation.comparison.sets.references import GRIDS
from evaluation.comparison.tables import SIGNS, by_metric, distance
from evaluation.comparison.verdict import VerdictRow, rows_of, systems_in
from evaluation.distance.sentences import of_metrics, p_value, rank, title_of
from evaluation.distance.space import JOINT
from evaluation.measurement.systems import UNWRITTEN
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.ranks import ALPHA

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Row = Mapping[Any, Any]
NOWHERE = Path("comparison")  # of a request whose folder nobody asked for
_PRINTED = ("distance", "distance_low", "distance_high", "human_95")  # times 1000, as everywhere


@dataclass(frozen=True, eq=False, repr=False)
class Compared(Result):
    """How systems differ from a reference.

    table : one row per system and metric: medians, distance in noise floors, intervals, p, verdict
        (`evaluation.comparison.verdict.VerdictRow`)
    ranking : one row per system, the closest first, in MMD² × 1000 of all metrics together
    distances : the same, and in every view; pairs : which of two systems is closer; values, pieces : as measured
    summary : what follows, in sentences
    """

    comparison: Comparison
    request: ComparisonRequest

    @property
    def table(self) -> "pd.DataFrame":
        return self.comparison.table

    @property
    def reference(self) -> str:
        return self.comparison.reference

    @property
    def values(self) -> "pd.DataFrame":
        return self.comparison.measurements.values

    @property
    def pieces(self) -> "pd.DataFrame":
        return self.comparison.measurements.pieces.drop(columns=UNWRITTEN)

    @property
    def summary(self) -> tuple[str, ...]:
        return tuple(self.comparison.summary)

    def caveats(self) -> tuple[str, ...]:
        return tuple(self.comparison.remarks)

    @cached_property
    def distances(self) -> "pd.DataFrame":
        return closeness.table(self.comparison.near)

    @property
    def pairs(self) -> "pd.DataFrame":
        import pandas as pd

        found = self.comparison.near.ranking
        return closeness.pairs(found) if found else pd.DataFrame()

    @cached_property
    def ranking(self) -> "pd.DataFrame":
        """Columns: system, against, distance, distance_low, distance_high, reference_95, p, rank.

        The distance and its interval are MMD² × 1000; `reference_95` is what two samples of the reference of these
        sizes stay below in 95 %; `rank` is what the tests of pairs leave possible, such as "1" or "2 to 3".
        """
        found = self.distances
        columns = ["system", "against", *_PRINTED, "p", "rank_best", "rank_worst", "without_control", "space"]
        found = found.reindex(columns=columns)
        found = found[(found["space"] == JOINT) & ~found["without_control"].fillna(False).astype(bool)]
        found = found.sort_values(["rank_best", "distance"], kind="stable").reset_index(drop=True)
        for column in _PRINTED:
            found[column] *= 1000
        ends = zip(found.pop("rank_best"), found.pop("rank_worst"), strict=True)
        found["rank"] = ["" if np.isnan(best) else rank((int(best), int(worst))) for best, worst in ends]
        return found.drop(columns=["without_control", "space"]).rename(columns={"human_95": "reference_95"})

    def __str__(self) -> str:
        systems = [name for name in systems_in(rows_of(self.table)) if name != self.reference]
        return f"{', '.join(systems)} compared with {self.reference}"

    def parts(self) -> Sequence[str]:
        return [
            self._ranked(),
            self._by_view(),
            markup.folded("In words", markup.lines(self.summary)),
            markup.folded("Every metric", markup.line(METRICS_READ, faint=True), *self._metrics()),
        ]

    def _ranked(self) -> str:
        rows = self.ranking.to_dict("records")
        longest = max((row["distance"] for row in rows), default=0.0) or 1.0
        cells = [
            [
                markup.text(row["system"]),
                f"{row['distance']:.0f}",
                markup.bar(row["distance"] / longest),
                _interval(row),
                markup.text(p_value(row["p"]).removeprefix("= ")),
                f"{row['reference_95']:.0f}" if np.isfinite(row["reference_95"]) else "",
                markup.text(row["rank"]),
            ]
            for row in rows
        ]
        heads = ["", "MMD² × 1000", "", "95 %", "p", "reference, 95 %", "rank"]
        if not any(row["rank"] for row in rows):  # of one system there is none
            heads, cells = heads[:-1], [row[:-1] for row in cells]
        return markup.table(heads, cells, texts=(2,)) + markup.line(RANKING_READ, faint=True) if cells else ""

    def _by_view(self) -> str:
        """Systems by views, shaded by distance."""
        found = self.distances.reindex(columns=["system", "space", "distance", "p_holm", "without_control"])
        found = found[~found["without_control"].fillna(False).astype(bool)]
        found = found[[of_metrics(space) and space != JOINT for space in found["space"]]]
        spaces = list(dict.fromkeys(found["space"]))
        if not spaces:
            return ""
        longest = float(found["distance"].max()) or 1.0
        cells = {(row["system"], row["space"]): row for row in found.to_dict("records")}
        rows = [
            [markup.text(name), *(_of_view(cells.get((name, space)), longest) for space in spaces)]
            for name in self.ranking["system"]
        ]
        return markup.table(["", *map(title_of, spaces)], rows)

    def _metrics(self) -> list[str]:
        rows = [row for row in rows_of(self.table) if row.judged or row.distance is not None]
        systems = systems_in(rows)
        shown: list[str] = []
        for view, title in VIEWS.items():
            own = by_metric([row for row in rows if METRICS[row.metric].view == view])
            cells = [
                [markup.text(METRICS[name].label), *(_verdict(found.get(system)) for system in systems)]
                for name, found in own.items()
            ]
            if cells:
                shown.append(markup.folded(title, markup.table(["", *systems], cells), opened=not shown))
        return shown

    def plot(self) -> "Figure":
        """Each system's distance in all metrics together, with its interval."""
        from evaluation.api.drawing import distances

        return distances(self.ranking.to_dict("records"), self.reference)

    def to_latex(self, *metrics: str, **options: Any) -> str:
        """The table of `clstm table`.

        metrics : by name, label or view; without any, the distance and what papers print most
        options : style ("mean-sd", "median-iqr", "ci"), bold, rank, columns (1 or 2), transpose
        """
        with TemporaryDirectory() as folder:
            latex: str = load("clstm.tables", "of_folder")(self.save(Path(folder) / "comparison"), metrics, **options)
            return latex

    def save(self, folder: Folder) -> Path:
        """The folder of `clstm compare`: verdict.md to read, and all numbers as CSV."""
        write_verdict(folder := Path(folder), self.request, self.comparison)
        return folder


RANKING_READ = (
    "The distance of all metrics together (squared maximum mean discrepancy); 0 where nothing differs. p: of a"
    " permutation test. Reference, 95 %: what two samples of the reference of these sizes stay below in 95 %."
    " Rank: what tests of pairs leave possible. Below, the distance by view; bold where p < 0.05, corrected by Holm."
)
METRICS_READ = (
    "Distances in noise floors; bold where the difference is significant: ↑ higher, ↓ lower, ↔ spread, ≠ other."
)


def _interval(row: Row) -> str:
    return f"{row['distance_low']:.0f} to {row['distance_high']:.0f}" if np.isfinite(row["distance_low"]) else ""


def _of_view(row: Row | None, longest: float) -> str:
    if row is None:
        return ""
    words = f"{1000 * row['distance']:.0f}"
    return markup.shaded(f"<b>{words}</b>" if row["p_holm"] < ALPHA else words, row["distance"] / longest)


def _verdict(row: VerdictRow | None) -> str:
    if row is None or not row.judged:
        return ""
    words = markup.text(f"{distance(row.distance)} {SIGNS[row.direction]}".strip())
    return f"<b>{words}</b>" if row.differs else words


def compare(
    systems: Systems,
    reference: str,
    *,
    out: Place | None = None,
    grid: str = "auto",
    limits: Options | None = None,
    embeddings: Options | None = None,
    skip: Options | None = None,
    groups: Place | None = None,
    replicates: bool = False,
    seconds: float | None = None,
    likelihood: Place | None = None,
    robustness: bool = False,
    other_soundfont: Place | None = None,
    settings: RenderSettings = RenderSettings(),
    pedal: bool = False,
    margin: str = "",
    seed: int = 0,
    workers: int | None = None,
    cluster: str | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Compared:
    """Compare systems with a reference: which metrics differ, by how much, and who is closer.

    systems : by name: a file, a folder, a piece in memory, or a list of files and pieces; the reference among them
    out : a folder to write (as `save` does later)
    grid : "auto": each system is compared with the reference under the limits of its own music; or which MIDI passes
        through the score matrix first: "reference", "all", "none"
    limits : what systems cannot have, as in {"rnn": "range=21-108"}; skip : seconds to cut from their files
    embeddings : names, or {name: folder}, of embeddings to compare in, too
    groups : a CSV with file and group; replicates : whether the sub-folders of a system are its trainings
    seconds : only so much from the beginning of every piece
    likelihood : a CSV of `clstm likelihood`; robustness : repeat with other sounds, such as `other_soundfont`
    settings : how MIDI is rendered; pedal : whether notes last as long as a pedal holds them
    margin : by how much a system may be further and is no worse: "20", or "NAME=10%"
    command : what was typed, for the record; progress : called as work is done; without one, a notebook shows a bar

    Raises `UserError` for what cannot be compared. Measurements are cached: if stopped, the same call continues. A
    script calls this under `if __name__ == "__main__":`, since it starts processes.
    """
    with placed(systems) as places, waiting(progress) as advance:
        request = ComparisonRequest(
            *(places.paths, reference, as_path(out) or NOWHERE, settings),
            grid=choice("grid", grid, GRIDS),
            pedal=pedal,
            groups=as_path(groups),
            seconds=seconds,
            robustness=robustness,
            other_soundfont=as_path(other_soundfont),
            seed=seed,
            workers=workers,
            cluster=cluster,
            command=command,
            limits=as_options(limits, ":"),
            replicates=replicates,
            margin=margin,
            embeddings=as_options(embeddings),
            skip=as_options(skip),
            likelihood=as_path(likelihood),
        )
        if out is None:
            made = _renamed(judge(request, advance), places)
        else:
            made = make_verdict(request, advance, lambda found: _renamed(found, places))
    return Compared(made, request)


def _renamed(found: Comparison, places: Places) -> Comparison:
    sounds = {name: replace(one, pieces=places.renamed(one.pieces)) for name, one in found.sounds.items()}
    remarks, summary = (list(map(places.without, lines)) for lines in (found.remarks, found.summary))
    return replace(found, sounds=sounds, remarks=remarks, summary=summary)
