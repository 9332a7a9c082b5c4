"""Tables beside the distances and the verdict: embeddings, the numbers of the literature, true continuations, nats, and
what so many pieces can find. Each has what it takes to read it, and the files with all its numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from evaluation.comparison import papers
from evaluation.comparison.closeness import DISTANCES
from evaluation.comparison.compare import Comparison
from evaluation.distance import planning
from evaluation.distance.joint import Distance
from evaluation.distance.sentences import of_metrics, p_value, thousandths
from evaluation.metrics.metric import VIEWS
from evaluation.prompting import continuations, likelihood
from evaluation.statistics.effects import Interval
from reports.content.rows import TableContent
from reports.numbers import number

if TYPE_CHECKING:
    import pandas as pd

NONE = "–"
REFERENCE = ("Reference, 95 %", "Fréchet", "Of the reference, 95 %")


def tables_beside(verdict: Comparison) -> Iterator[TableContent]:
    """Those that there is something for, in the order of the page."""
    if found := [one for one in verdict.near.distances if not of_metrics(one.space)]:
        yield _embeddings(found)
    if verdict.true:
        yield _continuations(verdict.true.sets)
    if verdict.likely and len(verdict.likely.table):
        yield _likelihood(verdict.likely.table)
    if len(verdict.printed):
        yield _literature(verdict.printed)
    if verdict.finds:
        yield _found(verdict.finds)


def _embeddings(found: Sequence[Distance]) -> TableContent:
    """The columns of the Fréchet distance are there where a system has one."""

    def row(one: Distance) -> tuple[str, ...]:
        far = _between(one.found, thousandths), _p(one.p), _known(one.human_95, thousandths)
        beside: tuple[str, ...] = (NONE, NONE)
        if one.frechet:
            beside = _between(one.frechet.found, _short), _known(one.frechet.human_95, _short)
        return (one.system, one.space, one.against, *far, *(beside if any_frechet else ()))

    any_frechet = any(one.frechet and isfinite(one.frechet.found.value) for one in found)
    frechet = "and the Fréchet distance of all frames, extrapolated to infinitely many; "
    without = " No Fréchet distance can be given: the caveats say why."
    return TableContent(
        key="embeddings",
        title="In embeddings",
        look=(
            "MMD² × 1000 of the mean vectors of the pieces, on a scale of its own for each embedding, "
            f"{frechet if any_frechet else ''}with 95 % intervals; reference, 95 %: what two samples of the reference "
            "of these sizes stay below in 95 %. Nothing here is corrected for the number of embeddings."
            f"{'' if any_frechet else without}"
        ),
        columns=("System", "Embedding", "Compared with", "MMD² × 1000", "p", *REFERENCE[: 3 if any_frechet else 1]),
        rows=tuple(map(row, found)),
        files=(DISTANCES,),
    )


def _continuations(sets: "pd.DataFrame") -> TableContent:
    def row(one: Mapping[Any, Any]) -> tuple[str, ...]:
        apart = _between(Interval(one["difference"], one["low"], one["high"]), _two)
        values = (f"{one['pieces']}", _known(one["value"], _two), _known(one["floor"], _two), apart)
        name = continuations.NAMES[one["measure"]]
        return (one["system"], name[0].upper() + name[1:], *values, _p(one["p_holm"]))

    return TableContent(
        key="continuations",
        title="With the true continuation",
        look=(
            f"{continuations.READ} The difference has a 95 % interval by groups; p is corrected by Holm over the three."
        ),
        columns=("System", "Measure", "Clips", "Mean", "Another human continuation", "Difference", "p (Holm)"),
        rows=tuple(row(one) for one in sets.to_dict("records")),
        files=(continuations.CONTINUATIONS, continuations.OF_PIECES),
    )


def _likelihood(table: "pd.DataFrame") -> TableContent:
    def row(one: Mapping[Any, Any]) -> tuple[str, ...]:
        apart = _between(Interval(one["difference"], one["low"], one["high"]), _two)
        return (
            *(one["system"], one["model"], f"{one['pieces']}"),
            *(_known(one["mean"], _two), _known(one["reference_mean"], _two), apart, _p(one["p_holm"])),
        )

    return TableContent(
        key="likelihood",
        title="Likelihood under trained models",
        look=f"Nats per frame, mean over the pieces. {likelihood.HONEST}",
        columns=("System", "Model", "Pieces", "Nats", "Reference", "Difference", "p (Holm)"),
        rows=tuple(row(one) for one in table.to_dict("records")),
        files=(likelihood.LIKELIHOOD,),
    )


def _literature(printed: "pd.DataFrame") -> TableContent:
    """One row per number, one column per set."""
    sets, rows = papers.cells(printed)
    return TableContent(
        key="literature",
        title=VIEWS["papers"],
        look=papers.READ,
        columns=("Number", "Source", *sets),
        rows=tuple((name, _cited(source), *own) for name, source, *own in rows),
        files=(papers.PAPERS,),
        folded=True,
    )


def _cited(key: str) -> str:
    """
    >>> _cited("krumhansl1982").split()
    ['Krumhansl', '1982']
    """
    return f"{key[:-4].capitalize()}\N{NO-BREAK SPACE}{key[-4:]}"


def _found(finds: Sequence[planning.Row]) -> TableContent:
    rows = []
    for system in dict.fromkeys(one.system for one in finds):
        own = [one for one in finds if one.system == system]
        middle = planning.middle_sd([one.of_any() for one in own], own[0].clips)[0]
        whole = next((one for one in own if one.what == planning.DISTANCE), None)
        distance = _between(whole.smallest, thousandths) if whole else NONE
        rows.append((system, f"{own[0].clips}", distance, _known(middle, _two)))
    return TableContent(
        key="power",
        title="Smallest differences found",
        look=(
            f"The smallest differences that a comparison of this size finds with {100 * finds[0].target:.0f} % power, "
            "simulated from the reference. A smaller difference may be there and be called inconclusive."
        ),
        columns=("System", "Pieces of each set", "MMD² × 1000", "One metric, in standard deviations (median)"),
        rows=tuple(rows),
        files=(planning.FILE,),
    )


def _between(found: Interval, words: Any) -> str:
    if not isfinite(found.value):
        return NONE
    ends = f" [{words(found.low)}, {words(found.high)}]" if isfinite(found.low) and isfinite(found.high) else ""
    return f"{words(found.value)}{ends}"


def _known(value: float, words: Any) -> str:
    return str(words(value)) if isfinite(value) else NONE


def _two(value: float) -> str:
    return number(value, 2)


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _p(value: float) -> str:
    return _known(value, lambda one: p_value(one).removeprefix("= "))
