"""The page's table of numbers, as texts and places that the template lays out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor, log10

from evaluation.comparison.tables import SIGNS, sizes
from evaluation.comparison.verdict import OTHERWISE, VerdictRow
from evaluation.distance.sentences import p_value
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import COUNTED, VIEWS
from reports.content.report import SystemContent
from reports.content.rows import MetricSummary
from reports.findings.tables import distance
from reports.numbers import number

NBSP = "\N{NO-BREAK SPACE}"
HOTTEST = 70  # percent of the colour that the largest difference has: text on it stays readable
PAPER_FIGURES = {"envelope": 3, "spectrum": 4, "sonogram": 5, "symbolic": 1}  # by view


@dataclass(frozen=True)
class VerdictCell:
    """How a cell's system differs: the distance in words, in what way, and the other sounds with another conclusion.

    beside : n and Cliff's delta; sign : of its direction, "" where it is inconclusive
    """

    text: str
    beside: str
    differs: bool
    words: str
    flips: str
    sign: str = ""


@dataclass(frozen=True)
class NumberCell:
    """A metric of one system; `start`, `at`, `end` : where its quartiles lie in the row's range, in percent.

    heat : of the colour of a significant difference, in percent, 0 of any other; told : all of it, in words
    """

    system: SystemContent
    n: int
    note: str
    verdict: VerdictCell | None
    median: str = ""
    range: str = ""
    start: float = 0.0
    at: float = 0.0
    end: float = 0.0
    heat: int = 0
    told: str = ""


@dataclass(frozen=True)
class MetricLine:
    """paper : what the paper says of the metric, "" where the report does not speak of the paper

    significant : whether any set differs; furthest : the largest distance of a system, 0 without
    """

    label: str
    unit: str
    definition: str
    paper: str
    cells: tuple[NumberCell, ...]
    significant: bool = False
    furthest: float = 0.0


@dataclass(frozen=True)
class ViewOfNumbers:
    """key : of the view; counted : which notes count in it, "" for a view of the sound"""

    key: str
    title: str
    counted: str
    metrics: tuple[MetricLine, ...]


def floors(rows: Sequence[VerdictRow]) -> str:
    """How many pieces the samples of a noise floor have: `n = 9`, `n = 3 to 9`; "" where there is no distance.

    >>> rows = [VerdictRow(system="a", metric="note_density", verdict="differs", distance=2.0, size=n) for n in (3, 9)]
    >>> floors(rows), floors([])
    ('n = 3 to 9', '')
    """
    own = [row for row in rows if row.size is not None and row.distance is not None]
    return f"n = {sizes(own)}" if own else ""


def number_views(
    systems: Sequence[SystemContent], numbers: Sequence[MetricSummary], verdict: Sequence[VerdictRow], paper: bool
) -> Iterator[ViewOfNumbers]:
    """The table of numbers, one cell per system; a metric that no system has is left out.

    paper : whether the report speaks of the paper
    """
    rows = {(row.metric, row.system): row for row in numbers}
    verdicts = {(row.metric, row.system): row for row in verdict}
    described = [name for name, metric in METRICS.items() if not metric.quoted]  # the others have a table of their own
    had = [name for name in described if any(rows[name, system.name].n for system in systems)]
    for view, names in groupby(had, key=lambda name: METRICS[name].view):
        yield ViewOfNumbers(
            view,
            _title(view, paper),
            COUNTED.get(view, ""),
            tuple(
                metric_line(
                    name,
                    [(system, rows[name, system.name], verdicts.get((name, system.name))) for system in systems],
                    paper,
                )
                for name in names
            ),
        )


def metric_line(
    name: str, own: Sequence[tuple[SystemContent, MetricSummary, VerdictRow | None]], paper: bool
) -> MetricLine:
    """The cells of a metric, with as many decimals as its numbers need.

    own : of every system, its numbers and its verdict; one of them at least has the metric

    >>> of = {"role": "system", "colour": "", "shown": "", "median_seconds": 9.0, "inputs": ()}
    >>> row = MetricSummary(metric="note_density", system="lstm", n=3, median=2.0, lower=1.5, upper=3.5)
    >>> line = metric_line("note_density", [(SystemContent(name="lstm", **of), row, None)], paper=False)
    >>> line.label, line.unit, line.cells[0].median, line.cells[0].range, line.cells[0].at
    ('Note density', 'notes/s', '2.00', '1.50 to 3.50', 25.0)
    """
    metric = METRICS[name]
    factor = 100 if metric.unit == "share" else 1
    quartiles = [(row.lower or 0, row.median or 0, row.upper or 0) for _, row, _ in own if row.n]
    values = [factor * value for three in quartiles for value in three]
    decimals = 1 if metric.unit == "share" else _decimals(values)
    low, high = min(values), max(values)

    def place(value: float) -> float:
        """Where a value lies between the row's lowest and highest, in percent; in the middle when all are alike."""
        return round(100 * (value - low) / (high - low), 2) if high > low else 50.0

    def cell(system: SystemContent, row: MetricSummary, verdict: VerdictRow | None) -> NumberCell:
        if not row.n:
            told = f"{system.name}, {metric.phrase}: {row.note or 'no value'}"
            return NumberCell(system, 0, row.note, _verdict(verdict), told=told)
        lower, median, upper = (factor * (value or 0) for value in (row.lower, row.median, row.upper))
        middle, spread = number(median, decimals), f"{number(lower, decimals)} to {number(upper, decimals)}"
        told = f"{system.name}, {metric.phrase}: median {middle} ({spread}) {unit}".rstrip()
        return NumberCell(
            *(system, row.n, row.note, _verdict(verdict)),
            median=middle,
            range=spread if row.n > 1 else "",
            heat=heat(verdict),
            told=f"{told}{_told(verdict) or f', n = {row.n}'}",
            start=place(lower),
            at=place(median),
            end=place(upper),
        )

    unit = "%" if metric.unit == "share" else metric.unit
    unit = "" if metric.label.endswith(f" {unit}") else unit  # "Clipped samples" need no other word
    cells = tuple(cell(*one) for one in own)
    verdicts = [verdict for _, _, verdict in own if verdict]
    distances = [row.distance for system, _, row in own if row and row.distance is not None and system.role == "system"]
    return MetricLine(
        *(metric.label, unit, metric.definition, metric.paper if paper else "", cells),
        significant=any(verdict.differs for verdict in verdicts),
        furthest=round(max(distances, default=0.0), 3),
    )


def heat(row: VerdictRow | None) -> int:
    """How much colour a significant difference has, by Cliff's delta, which does not depend on the pieces' number.

    >>> row = VerdictRow(system="a", metric="note_density", verdict="differs", delta=-0.5)
    >>> heat(row), heat(row.model_copy(update={"verdict": "inconclusive"})), heat(None)
    (38, 0, 0)
    """
    if row is None or not row.differs:
        return 0
    return round(HOTTEST * (0.1 + 0.9 * abs(row.delta or 0.0)))


def _told(row: VerdictRow | None) -> str:
    """The test of a cell, in words: "; distance 2.5 [1.5, 3.5], p = 0.01, δ 0.50: higher (large)"."""
    if row is None or row.distance is None:
        return "; not tested" if row is not None and not row.judged else ""
    return f"; {told_of(row)}"


def told_of(row: VerdictRow) -> str:
    """The test of one metric of one system, in words.

    >>> row = VerdictRow(system="a", metric="novelty", verdict="inconclusive", distance=0.8, delta=-0.1, p_holm=0.3)
    >>> told_of(row)
    'distance 0.8 noise floors, p = 0.3, δ −0.10: inconclusive'
    >>> told_of(row.model_copy(update={"flips": "reverb"}))
    'distance 0.8 noise floors, p = 0.3, δ −0.10: inconclusive; conclusion changes with reverb'
    """
    parts = ["no noise floor" if row.distance is None else f"distance {distance(row)} noise floors"]
    if row.p_holm is not None:
        parts.append(f"p {p_value(row.p_holm)}")
    if row.delta is not None:
        parts.append(f"δ {number(row.delta, 2)}")
    if row.system_n is not None:
        parts.append(f"n = {row.system_n:.0f}")
    changes = f"; conclusion changes with {row.flips}" if row.flips else ""
    return f"{', '.join(parts)}: {_found(row)}{changes}"


def _found(row: VerdictRow) -> str:
    if not row.judged:
        return "not tested"
    return "differs in distribution" if row.differs and row.direction == OTHERWISE else row.words or row.verdict


def _title(view: str, paper: bool) -> str:
    title = VIEWS.get(view, view.capitalize())
    return f"{title} (Figure {PAPER_FIGURES[view]})" if paper and view in PAPER_FIGURES else title


def _verdict(row: VerdictRow | None) -> VerdictCell | None:
    """None for the reference itself, and where there is no distance."""
    if row is None or row.distance is None:
        return None
    sign = SIGNS[row.direction] if row.differs else ""
    return VerdictCell(distance(row), beside(row), row.differs, _found(row), row.flips, sign)


def beside(row: VerdictRow) -> str:
    r"""What is printed with a distance: the pieces of each sample, on which floors depend, and Cliff's delta, which
    does not depend on them.

    >>> beside(VerdictRow(system="a", metric="note_density", verdict="differs", size=9, delta=0.5))
    'floor of 9, δ\xa0=\xa00.50'
    """
    parts = []
    if row.size is not None:
        parts.append(f"floor of {row.size:.0f}")
    if row.delta is not None:
        parts.append(f"δ{NBSP}={NBSP}{number(row.delta, 2)}")
    return ", ".join(parts)


def _decimals(values: Sequence[float]) -> int:
    """None for whole numbers, else as many as give the largest three significant digits, or two below 1."""
    largest = max(map(abs, values))
    if largest >= 100 or all(value == round(value) for value in values):
        return 0
    return 1 if largest >= 10 else max(1 - floor(log10(largest)), 2)
