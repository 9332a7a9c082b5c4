"""The folder of a comparison.

verdict.md        the table to read; verdict.csv all its numbers (`evaluation.comparison.verdict.COLUMNS`)
metrics.csv       tidy: system, piece, metric, value, unit, note
distances.csv     each system's distance in all metrics together, and by view (`evaluation.distance.joint`)
pairs.csv         which of two systems is closer, where all met one reference
trainings.csv     of systems with several trainings: each training's value of every metric and its distances
between.csv       their tests with trainings counted
literature.csv    numbers that papers print, and their overlap with the reference (`evaluation.comparison.papers`)
power.csv         the smallest differences that so many pieces find (`evaluation.distance.planning`)
pieces.csv        one row per file: its group, length, how its sound was converted, why it was rejected
continuations.csv systems beside the true continuations, where files have them; continuation_pieces.csv by piece
likelihood.csv    nats of systems under trained models, if given
robustness.csv    the table with each other sound, if requested
comparison.json   how it was made
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clstm.runtime.files import replacing, write_json, write_table, write_text
from clstm.runtime.ownership import may_replace
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import describe
from evaluation.comparison import closeness, contrasts, papers
from evaluation.comparison import tables as verdict_tables
from evaluation.comparison.compare import Comparison, ComparisonRequest, any_midi, judge
from evaluation.distance import planning
from evaluation.distance import trained as trainings
from evaluation.measurement.systems import UNWRITTEN
from evaluation.metrics.catalogue import CATALOGUE
from evaluation.prompting import continuations as continuing
from evaluation.prompting import likelihood as nats
from evaluation.statistics.resampling import RESAMPLES, SPLITS

if TYPE_CHECKING:
    import pandas as pd

MADE_BY = "clstm compare"
RECORD = "comparison.json"
FILES = (
    *("verdict.csv", "metrics.csv", "pieces.csv", "verdict.md", "robustness.csv"),
    *(continuing.CONTINUATIONS, continuing.OF_PIECES, nats.LIKELIHOOD),
    *(closeness.DISTANCES, closeness.PAIRS, trainings.VALUES, trainings.TESTS, planning.FILE, papers.PAPERS),
)


def make_verdict(
    request: ComparisonRequest,
    progress: Progress = silent,
    renamed: Callable[[Comparison], Comparison] = lambda made: made,
) -> Comparison:
    """Compare, and write the folder `request.out`, whole or not at all.

    renamed : what is found, with other names of files

    Raises `UserError` for anything that cannot be compared, or an `out` that is not ours to replace.
    """
    _may_write(request.out, request)
    verdict = renamed(judge(request, progress))
    _write(request.out, request, verdict)
    return verdict


def write_verdict(out: Path, request: ComparisonRequest, verdict: Comparison) -> None:
    """Write the folder of a comparison that was made already. Raises as `make_verdict`."""
    _may_write(out, request)
    _write(out, request, verdict)


def _may_write(out: Path, request: ComparisonRequest) -> None:
    may_replace(out, RECORD, _written, "a comparison", inputs=_inputs(request))


def _inputs(request: ComparisonRequest) -> list[Path]:
    return [
        *request.sources.values(),
        *filter(None, (request.groups, request.likelihood, request.settings.soundfont, request.other_soundfont)),
    ]


def _written(record: dict[str, Any]) -> tuple[str, ...]:
    """The files of a comparison, besides its record. Raises `ValueError` for a record of something else."""
    if record["made_by"] != MADE_BY:
        raise ValueError(record["made_by"])
    return FILES


def _write(out: Path, request: ComparisonRequest, verdict: Comparison) -> None:
    with replacing(out) as folder:
        folder.mkdir()
        for file, table in _tables(verdict).items():
            write_table(folder / file, table)
        write_text(folder / "verdict.md", _page(verdict))
        write_json(folder / RECORD, _record(request, verdict))


def _tables(verdict: Comparison) -> "dict[str, pd.DataFrame]":
    """By the names of their files; what was not asked for has none."""
    import pandas as pd

    tables = {
        "verdict.csv": verdict.table,
        "metrics.csv": verdict.measurements.values,
        "pieces.csv": verdict.measurements.pieces.drop(columns=UNWRITTEN),
        closeness.DISTANCES: closeness.table(verdict.near),
        papers.PAPERS: verdict.printed,
    }
    if verdict.near.ranking:
        tables[closeness.PAIRS] = closeness.pairs(verdict.near.ranking)
    if verdict.trained.values:
        tables[trainings.VALUES] = trainings.values_table(verdict.trained)
        tables[trainings.TESTS] = trainings.tests_table(verdict.trained)
    if verdict.finds:
        tables[planning.FILE] = planning.as_table(verdict.finds)
    if verdict.true:
        tables[continuing.CONTINUATIONS], tables[continuing.OF_PIECES] = verdict.true.sets, verdict.true.pieces
    if verdict.likely:
        tables[nats.LIKELIHOOD] = verdict.likely.table
    if verdict.others:
        tables["robustness.csv"] = pd.concat([table.assign(sound=name) for name, table in verdict.others.items()])
    return tables


def _page(verdict: Comparison) -> str:
    own = verdict_tables.markdown(verdict.table, verdict.reference, verdict.summary, verdict.remarks, verdict.near)
    quoted = papers.markdown(verdict.printed)
    true = continuing.markdown(verdict.true) if verdict.true else ""
    likely = nats.markdown(verdict.likely) if verdict.likely else ""
    return "\n".join([own + trainings.markdown(verdict.trained) + true + likely, *quoted])


def _record(request: ComparisonRequest, verdict: Comparison) -> dict[str, Any]:
    return {
        "made_by": MADE_BY,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("clstm"),
        "command": request.command,
        "reference": verdict.reference,
        "against": dict(verdict.references.against),
        "controls": {name: asdict(control) for name, control in verdict.references.controls.items()},
        "why": {name: list(fit.reasons) for name, fit in verdict.fits.items()},
        "systems": verdict.measurements.pieces.groupby("system", sort=False).size().to_dict(),
        "grid": request.grid,
        "limits": list(request.limits),
        "skip": list(request.skip),
        "embeddings": list(request.embeddings),
        "replicates": request.replicates,
        "margin": request.margin,
        "pedal": request.pedal,
        "seconds": request.seconds,
        "seed": request.seed,
        "splits": SPLITS,
        "resamples": RESAMPLES,
        "method": contrasts.METHOD,
        "catalogue": CATALOGUE,
        "permutations": int(verdict.table["permutations"].fillna(0).max()),
        "other_sounds": list(verdict.others),
        "remarks": verdict.remarks,
        "summary": verdict.summary,
        "rendering": describe(request.settings) if any_midi(verdict) else None,
    }
