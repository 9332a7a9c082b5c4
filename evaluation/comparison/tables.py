"""The verdict to be read: a table that fits a terminal, and one in Markdown for a repository or a paper's appendix.

A cell holds the system's median, its distance from the reference in noise floors (1 is the distance of two samples of
the reference, so the unit depends on the size of the samples, which is printed), and Cliff's delta. Bold where the
difference is significant, with a sign for its direction.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import count
from math import floor, isfinite, log10
from string import ascii_uppercase
from typing import TYPE_CHECKING

from rich.cells import cell_len

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
from evaluation.distance.sentences import p_value, rank, thousandths
from evaluation.distance.space import JOINT
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.ranks import ALPHA

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

Cells = dict[str, dict[str, tuple[str, str]]]  # of each column, by the label of the metric: the cell and its style

WIDTH = 80  # characters of a terminal
GAP = 2  # blanks beside a column, and at the edges of a table
LONGEST = 11  # characters of a name above a column
SIGNS: Mapping[Direction, str] = {HIGHER: "↑", LOWER: "↓", MORE: "↔", LESS: "↔", OTHERWISE: "≠", "": ""}
LEGEND = "↑ mean higher, ↓ mean lower, ↔ spread differs, ≠ distribution differs, direction not shown"
OF_MEANS = ("looped",)  # metrics of 0 and 1: their median says nothing, their mean is a share
MISSING = "-"


def readable(table: "pd.DataFrame", reference: str) -> "list[Text | Table]":
    """For a terminal of `WIDTH` characters: a heading, then tables, one below the other where there are many systems.

    Long names are letters, which the heading explains. Systems without any verdict are left out, unless none has one:
    then the cells are medians. Medians of several sets of the reference are in `markdown` alone.
    """
    from rich.text import Text

    rows = rows_of(table)
    sets = _sets(rows, reference)
    judged = [name for name in systems_in(rows) if any(row.judged for row in rows if row.system == name)]
    systems = judged or systems_in(rows)
    cells: Cells = {name: {} for name in ([reference] if len(sets) == 1 else []) + systems}
    for metric, own in by_metric(rows).items():
        label = METRICS[metric].label
        if len(sets) == 1:
            cells[reference][label] = (_middle_of_reference(next(iter(own.values()))), "")
        for name in systems:
            style = "bold" if own[name].differs else "dim"
            cells[name][label] = (_terminal(own[name]) if judged else _middle_of_system(own[name]), style)
    short, legend = _short(cells)
    heading = [_what_cells_are(rows, sets) if judged else "Medians; no metric has a verdict", *legend]
    heading += ["? another conclusion with another sound"] if "flips" in table.columns else []
    first = [short[reference]] if len(sets) == 1 else []
    columns = {short[name]: own for name, own in cells.items()}
    return [Text("\n".join(heading)), *(_table(columns, first, names) for names in _fitting(columns, first))]


def _what_cells_are(rows: Sequence[VerdictRow], sets: Mapping[str, str]) -> str:
    median = "the median of the reference, and " if len(sets) == 1 else ""
    return (
        f"Cells: {median}the distance from {_what(sets)} in noise floors of {_pieces(rows)}, with Cliff's delta\n"
        f"Significant: {LEGEND}"
    )


def _short(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Each name as a column has it, a letter where it is long, and a line for each letter.

    >>> _short(["human, one velocity", "rnn"])
    ({'human, one velocity': 'A', 'rnn': 'rnn'}, ['A = human, one velocity'])
    """
    long = [name for name in names if cell_len(name) > LONGEST]
    taken, short = set(names), {name: name for name in names}
    letters = (letter for letter in map(_letter, count()) if letter not in taken)
    short |= dict(zip(long, letters, strict=False))
    return short, [f"{short[name]} = {name}" for name in long]


def _letter(place: int) -> str:
    """A to Z, then A1 to Z1."""
    return f"{ascii_uppercase[place % 26]}{place // 26 or ''}"


def _fitting(columns: Cells, first: Sequence[str]) -> list[list[str]]:
    """The systems in as many parts as are needed for each to fit the terminal beside the labels and the median."""
    width = {
        name: max(map(cell_len, (name, *(cell for cell, _ in own.values())))) + GAP for name, own in columns.items()
    }
    labels = max((cell_len(label) for own in columns.values() for label in own), default=0)
    free = WIDTH - GAP - labels - sum(width[name] for name in first)
    parts: list[list[str]] = [[]]
    used = 0
    for name in columns:
        if name in first:
            continue
        if parts[-1] and used + width[name] > free:
            parts.append([])
            used = 0
        parts[-1].append(name)
        used += width[name]
    return parts


def _table(columns: Cells, first: Sequence[str], systems: Sequence[str]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    names = [*first, *systems]
    shown = Table(
        Column("", no_wrap=True),
        *(Column(Text(name), justify="right", no_wrap=True) for name in names),
        box=SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )
    for label in next(iter(columns.values())):
        shown.add_row(label, *(Text(*columns[name][label], no_wrap=True) for name in names))
    return shown


def markdown(
    table: "pd.DataFrame",
    reference: str,
    summary: Sequence[str],
    caveats: Sequence[str],
    near: Closeness | None = None,
) -> str:
    """The whole verdict: the distance of all metrics together, if given, and one table per view."""
    rows = rows_of(table)
    systems, sets = systems_in(rows), _sets(rows, reference)
    robust = "flips" in table.columns
    lines = [f"# Compared with {_escaped(reference)}", "", *(f"- {_escaped(line)}" for line in summary), ""]
    if caveats:
        lines += ["Caveats:", "", *(f"- {_escaped(line)}" for line in caveats), ""]
    if len(sets) > 1:
        lines += ["Each system is compared with music of the reference that fits it:", ""]
        lines += [f"- {_escaped(row.system)} with {_escaped(row.against)}" for row in _first_of_each(rows)] + [""]
    lines += _together(near) if near else []
    other = _escaped(_what(sets))
    lines += [
        f"A cell has the median, the distance from {other}, with its 95 % interval,",
        "and Cliff's delta (δ, -1 to 1: how much more often a piece of the system lies above one of the other set than",
        "below). The distance is in noise floors: 1 is the distance of",
        f"two samples of {_pieces(rows)} of that set. **Bold** where the difference is significant:",
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
            cells += [_middle_of_reference(own[first]) for first in sets.values()]
            cells += [_cell(own[system], robust) for system in systems]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _sets(rows: Iterable[VerdictRow], reference: str) -> dict[str, str]:
    """What systems are compared with, each with the first system that is; `reference` where that is one for all."""
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(row.against, row.system)
    return found if len(found) > 1 else dict.fromkeys([reference], *found.values())


def _first_of_each(rows: Iterable[VerdictRow]) -> list[VerdictRow]:
    """One row of each system."""
    return list({row.system: row for row in rows}.values())


def _what(sets: Mapping[str, str]) -> str:
    return next(iter(sets)) if len(sets) == 1 else "the set that each is compared with"


def _together(near: Closeness) -> list[str]:
    """All metrics together: one row per system, its distance, ranks, variety, and its distance by view."""
    found: dict[str, dict[str, Distance]] = {}
    for one in near.distances:
        if one.space == JOINT or one.space in VIEWS:  # embeddings are rows of distances.csv
            found.setdefault(one.system, {})[one.space] = one
    if not found:
        return []
    spaces = dict.fromkeys(one.space for one in near.distances if one.space != JOINT)
    possible = near.ranking.ranks if near.ranking else {}
    heads = ["", "MMD² × 1000", "p", "halves", "rank", "density", "coverage", "near copies"]
    heads += [VIEWS.get(space, space.capitalize()) for space in spaces]
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
    "nothing differs. p: of a permutation test that the two have one distribution. Halves: what halves of the",
    "reference stay below in 95 % of random splits, for as many pieces. Rank: those that the tests of pairs leave",
    "possible, 1 is the closest. Density: 1 where the music is as usual as the reference's. Coverage: the share of the",
    "reference's pieces with one of the system's nearby, and what is expected of music of the reference. Near copies:",
    "the share of pieces with another one as near as 1 % of the reference's have one. Then MMD² × 1000 by view,",
    "**bold** where p < 0.05, corrected by Holm over these.",
)


def _variety(one: Distance) -> list[str]:
    if one.variety is None or not isfinite(one.variety.density):
        return [MISSING] * 3
    covered = f"{one.variety.coverage:.2f} ({one.expected:.2f})"
    return [f"{one.variety.density:.2f}", covered, f"{one.variety.near_copies:.2f}"]


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


def _pieces(rows: Iterable[VerdictRow]) -> str:
    known = sizes(rows)
    return f"{known} piece{'s' * (known != '1')}"


def _terminal(row: VerdictRow) -> str:
    if not row.judged:
        return MISSING
    return f"{_distance(row.distance)}{SIGNS[row.direction] or ' '}{'?' if row.flips else ' '}{_delta(row)}"


def _cell(row: VerdictRow, robust: bool) -> str:
    median = _middle_of_system(row)
    if not row.judged:
        return f"{median} ({SAME if row.note.startswith(SAME) else 'no verdict'})"
    distance = _distance(row.distance)
    if row.distance_low is not None:
        distance += f" [{_distance(row.distance_low)}, {_distance(row.distance_high)}]"
    if row.differs:
        distance = f"**{distance} {SIGNS[row.direction]}**"
    flips = f" flips: {row.flips}" if robust and row.flips else ""
    return f"{median}; {distance}; δ {_delta(row)}{flips}"


def _middle_of_reference(row: VerdictRow) -> str:
    return _middle(row.metric, row.reference_median, row.reference_mean, row.reference_n, row.reference_pieces)


def _middle_of_system(row: VerdictRow) -> str:
    return _middle(row.metric, row.system_median, row.system_mean, row.system_n, row.system_pieces)


def _middle(metric: str, median: float | None, mean: float | None, have: float | None, pieces: float | None) -> str:
    """The median of a set, or the mean of a share; and how many of its pieces have the metric, if not all."""
    middle = number(mean if metric in OF_MEANS else median)
    return middle if have == pieces else f"{middle} ({have or 0:.0f} of {pieces or 0:.0f})"


def _delta(row: VerdictRow) -> str:
    return MISSING if row.delta is None else f"{row.delta:+.2f}"


def _distance(value: float | None) -> str:
    return "no floor" if value is None else f"{value:.1f}"


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return f" ({unit})" if unit else ""


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
