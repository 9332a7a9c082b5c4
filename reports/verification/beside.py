"""Do the tables beside a report's verdict follow from the music: each training's values, the numbers of the literature,
true continuations, likelihood, and what so many pieces can find?

Their numbers may differ by what values may (`reports.verification.verify`), and so by a little; what is simulated may
differ by more.
"""

from typing import TYPE_CHECKING

from evaluation.comparison import papers
from evaluation.comparison.compare import Comparison
from evaluation.distance import planning
from evaluation.distance import trained as trainings
from evaluation.metrics.catalogue import redefined
from evaluation.prompting import continuations, likelihood
from reports.verification.holdings import Verification
from reports.verification.manifest import Places
from reports.verification.rows import Checked, compare_rows, recorded_rows, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

TABLES = (
    Checked(trainings.VALUES, ("system", "replicate", "metric")),
    Checked(papers.PAPERS, ("system", "name", "source")),
    Checked(continuations.CONTINUATIONS, ("system", "measure")),
    Checked(continuations.OF_PIECES, ("system", "file")),
    Checked(likelihood.LIKELIHOOD, ("system", "model")),
    Checked(planning.FILE, ("clips", "system", "metric"), relative=0.1),
)


def check_beside(folder: "Path", measured: Comparison, catalogue: int, places: Places, found: Verification) -> None:
    """Compare each table that the report has with today's, but for metrics that were defined otherwise, or not at all.

    catalogue : the version of the report's
    """
    now = _today(measured)
    other = redefined(catalogue, rendered=True)
    for one in TABLES:
        if not (folder / one.name).exists():
            continue
        recorded = recorded_rows(folder / one.name, one, places, found, other)
        if recorded is None:
            continue
        if one.name not in now:
            found.remarks.append(f"{one.name} was not compared: what it is of was not given")
            continue
        compare_rows(recorded, rows_of(now[one.name], one.keys, other), one, found)


def _today(measured: Comparison) -> "dict[str, pd.DataFrame]":
    tables = {papers.PAPERS: measured.printed}
    if measured.trained.values:
        tables[trainings.VALUES] = trainings.values_table(measured.trained)
    if measured.finds:
        tables[planning.FILE] = planning.as_table(measured.finds)
    if measured.true:
        tables[continuations.CONTINUATIONS] = measured.true.sets
        tables[continuations.OF_PIECES] = measured.true.pieces
    if measured.likely:
        tables[likelihood.LIKELIHOOD] = measured.likely.table
    return tables
