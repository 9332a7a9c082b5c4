"""The verdict to be read, in Markdown for a repository or a paper's appendix; and the cells that a terminal has too.

A cell holds the system's median, its distance from the reference in noise floors (1 is the distance of two samples of
the reference, so the unit depends on the size of the samples, which is printed), and Cliff's delta. Bold where the
difference is significant, with a sign for its direction.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import floor, isfinite, log10
from typing import TYPE_CHECKING

from evaluation.comparison.closeness import Closeness
from evaluation.comparison.verdict import (
    HIGHER,
    LESS,
    LOWER,
    MORE,
    OTHERWISE,
    SAME,
    Direction,
    VerdictRow,
    rows_of,
    systems_in,
)
from evaluation.distance.joint import Distance
from evaluation.distance.sentences import of_metrics, p_value, rank, thousandths, title_of
from evaluation.distance.space import JOINT
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.ranks import ALPHA

if TYPE_CHECKING:
    import pandas as pd


SIGNS: Mapping[Direction, str] = {HIGHER: "↑", LOWER: "↓", MORE: "↔", LESS: "↔", OTHERWISE: "≠", "": ""}
LEGEND = "↑ mean higher, ↓ mean lower, ↔ spread differs, ≠ distribution differs, direction not shown"
OF_MEANS = ("looped",)  # metrics of 0 and 1: their median says nothing, their mean is a share
MISSING = "-"


def markdown(
    table: "pd.DataFrame",
    reference: str,
    summary: Sequence[str],
    caveats: Sequence[str],
    near: Closeness | None = None,
) -> str:
    """The whole verdict: the distance of all metrics together, if given, and one table per view."""
    rows = rows_of(table)
    systems, sets = systems_in(rows), sets_of(rows, reference)
    robust = "flips" in table.columns
    lines = [f"# Compared with {_escaped(reference)}", "", *(f"- {_escaped(line)}" for line in summary), ""]
    if caveats:
        lines += ["Caveats:", "", *(f"- {_escaped(line)}" for line in caveats), ""]
    if len(sets) > 1:
        lines += ["Each system is compared with music of the reference that fits it:", ""]
        lines += [f"- {_escaped(row.system)} with {_escaped(row.against)}" for row in _first_of_each(rows)] + [""]
    lines += _together(near) if near else []
    other = _escaped(what(sets))
    lines += [
        f"A cell has the median, the distance from {other}, with its 95 % interval,",
        "and Cliff's delta (δ, -1 to 1: how much more often a piece of the system lies above one of the other set than",
        "below). The distance is in noise floors: 1 is the distance of",
        f"two samples of {pieces(rows)} of that set. **Bold** where the difference is significant:",
        "p < 0.05 in a permutation test, corrected by Holm over the metrics of the system.",
        f"The direction is tested separately, with the same correction: {LEGEND}.",
        "A difference that is not significant is inconclusive, not absent. (n of N): n of N pieces have the metric.",
        *(["`flips` marks a conclusion that changes with another sound."] if robust else []),
        "",
    ]
    sets = {name: first for name, first in sets.items() if name not in systems}  # which has its medians in its cells
    heads = "| | " + " | ".join(map(_escaped, [*sets, *systems])) + " |"
    for view in dict.fromkeys(METRICS[row.metric].view for row in rows):
        lines += [f"## {VIEWS.get(view, view)}", "", heads, "|---|" + "---:|" * (len(sets) + len(systems))]
        for metric, own in by_metric([row for row in rows if METRICS[row.metric].view == view]).items():
            cells = [f"{METRICS[metric].label}{_unit(metric)}"]
            cells += [middle_of_reference(own[first]) for first in sets.values()]
            cells += [_cell(own[system], robust) for system in systems]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def sets_of(rows: Iterable[VerdictRow], reference: str) -> dict[str, str]:
    """What systems are compared with, each with the first system that is; `reference` where that is one for all."""
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(row.against, row.system)
    return found if len(found) > 1 else dict.fromkeys([reference], *found.values())


def _first_of_each(rows: Iterable[VerdictRow]) -> list[VerdictRow]:
    """One row of each system."""
    return list({row.system: row for row in rows}.values())


def what(sets: Mapping[str, str]) -> str:
    return next(iter(sets)) if len(sets) == 1 else "the set that each is compared with"


def _together(near: Closeness) -> list[str]:
    """All metrics together: one row per system, its distance, ranks, variety, and its distance by view."""
    found: dict[str, dict[str, Distance]] = {}
    for one in near.distances:
        if of_metrics(one.space):  # embeddings have a table of their own
            found.setdefault(one.system, {})[one.space] = one
    if not found:
        return []
    spaces = dict.fromkeys(space for own in found.values() for space in own if space != JOINT)
    possible = near.ranking.ranks if near.ranking else {}
    heads = ["", "MMD² × 1000", "p", "reference, 95 %", "rank", "density", "coverage", "near copies"]
    heads += [title_of(space) for space in spaces]
    lines = ["## All metrics together", "", *TOGETHER, "", f"| {' | '.join(heads)} |"]
    lines.append("|---|" + "---:|" * (len(heads) - 1))
    for system, own in found.items():
        whole, far = own[JOINT], own[JOINT].found
        ends = f" [{thousandths(far.low)}, {thousandths(far.high)}]" if isfinite(far.low) else ""
        cells = [_escaped(system), thousandths(far.value) + ends, p_value(whole.p).removeprefix("= ")]
        cells += [thousandths(whole.human_95) if isfinite(whole.human_95) else MISSING]
        cells.append(rank(possible[system]) if system in possible else MISSING)
        cells += _variety(whole)
        cells += [_of_space(own[space]) if space in own else MISSING for space in spaces]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


TOGETHER = (
    "MMD² × 1000: the squared maximum mean discrepancy from the reference, with its 95 % interval; 0 where",
    "nothing differs. p: of a permutation test that the two have one distribution. Reference, 95 %: what two",
    "samples of the reference of these sizes stay below in 95 %. Rank: those that the tests of pairs leave possible, 1",
    "is the closest. Density: 1 where the music is as usual as the reference's. Coverage: the share of the",
    "reference's pieces with one of the system's nearby, and what is expected of music of the reference. Near copies:",
    "the share of pieces with another one as near as 1 % of the reference's have one, and what is expected. Then",
    "MMD² × 1000 by view, **bold** where p < 0.05, corrected by Holm over these.",
)


def _variety(one: Distance) -> list[str]:
    if one.variety is None or not isfinite(one.variety.density):
        return [MISSING] * 3
    covered = f"{one.variety.coverage:.2f} ({one.expected:.2f})"
    near, usual = one.variety.near_copies, one.variety.near_copies_expected
    return [f"{one.variety.density:.2f}", covered, f"{near:.2f} ({usual:.2f})" if isfinite(near) else MISSING]


def _of_space(one: Distance) -> str:
    value = thousandths(one.found.value)
    return f"**{value}**" if one.p_holm < ALPHA else value


def number(value: float | None) -> str:
    """Three significant digits, never in powers of ten.

    >>> number(1234.5), number(0.01234), number(-23.04)
    ('1234', '0.0123', '-23.0')
    """
    if value is None or not isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    return f"{value:.{max(2 - floor(log10(abs(value))), 0)}f}"


def by_metric(rows: Iterable[VerdictRow]) -> dict[str, dict[str, VerdictRow]]:
    """The rows by metric and system, in their order."""
    found: dict[str, dict[str, VerdictRow]] = {}
    for row in rows:
        found.setdefault(row.metric, {})[row.system] = row
    return found


def sizes(rows: Iterable[VerdictRow]) -> str:
    """How many pieces the samples of a noise floor have: "25", or "9 to 25"; "no" where there is no floor.

    >>> sizes([VerdictRow(system="rnn", metric="novelty", verdict="differs", size=size) for size in (25, 9)])
    '9 to 25'
    """
    known = sorted({int(row.size) for row in rows if row.size is not None})
    return " to ".join(map(str, dict.fromkeys((known[0], known[-1])))) if known else "no"


def pieces(rows: Iterable[VerdictRow]) -> str:
    known = sizes(rows)
    return f"{known} piece{'s' * (known != '1')}"


def _cell(row: VerdictRow, robust: bool) -> str:
    median = middle_of_system(row)
    if not row.judged:
        return f"{median} ({SAME if row.note.startswith(SAME) else 'no verdict'})"
    far = distance(row.distance)
    if row.distance_low is not None:
        far += f" [{distance(row.distance_low)}, {distance(row.distance_high)}]"
    if row.differs:
        far = f"**{far} {SIGNS[row.direction]}**"
    flips = f" flips: {row.flips}" if robust and row.flips else ""
    return f"{median}; {far}; δ {delta(row)}{flips}"


def middle_of_reference(row: VerdictRow) -> str:
    return _middle(row.metric, row.reference_median, row.reference_mean, row.reference_n, row.reference_pieces)


def middle_of_system(row: VerdictRow) -> str:
    return _middle(row.metric, row.system_median, row.system_mean, row.system_n, row.system_pieces)


def _middle(metric: str, median: float | None, mean: float | None, have: float | None, pieces: float | None) -> str:
    """The median of a set, or the mean of a share; and how many of its pieces have the metric, if not all."""
    middle = number(mean if metric in OF_MEANS else median)
    return middle if have == pieces else f"{middle} ({have or 0:.0f} of {pieces or 0:.0f})"


def delta(row: VerdictRow) -> str:
    return MISSING if row.delta is None else f"{row.delta:+.2f}"


def distance(value: float | None) -> str:
    return "no floor" if value is None else f"{value:.1f}"


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return f" ({unit})" if unit else ""


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
