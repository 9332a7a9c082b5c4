"""The page's tables: numbers, accuracy and correlations, as texts and places that the template lays out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor, log10

from evaluation.comparison.contrasts import ALPHA
from evaluation.comparison.tables import sizes
from evaluation.comparison.verdict import VerdictRow
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import COUNTED, VIEWS
from reports.content.report import SystemContent
from reports.content.rows import HORIZONS, AccuracyRow, CorrelationRow, MetricSummary, PredictorRole
from reports.findings.tables import distance
from reports.numbers import number

NBSP = "\N{NO-BREAK SPACE}"
PAPER_FIGURES = {"envelope": 3, "spectrum": 4, "sonogram": 5, "symbolic": 1}  # by view
SHARES: Mapping[str, Callable[[AccuracyRow], float | None]] = {
    "Accuracy": lambda row: row.accuracy,
    "Precision": lambda row: row.precision,
    "Recall": lambda row: row.recall,
    "F1": lambda row: row.f1,
    "F1 held": lambda row: row.f1_held,
    "F1 struck": lambda row: row.f1_struck,
}
SKILLS = ("Skill, error", "Skill, nats")
JOINT = ("Joint, window", "Joint, all before")


@dataclass(frozen=True)
class VerdictCell:
    """How a cell's system differs: the distance in words, in what way, and the other sounds with another conclusion.

    beside : n and Cliff's delta
    """

    text: str
    beside: str
    differs: bool
    words: str
    flips: str


@dataclass(frozen=True)
class NumberCell:
    """A metric of one system; `start`, `at`, `end` : where its quartiles lie in the row's range, in percent."""

    system: SystemContent
    n: int
    note: str
    verdict: VerdictCell | None
    median: str = ""
    range: str = ""
    start: float = 0.0
    at: float = 0.0
    end: float = 0.0


@dataclass(frozen=True)
class MetricLine:
    """paper : what the paper says of the metric, "" where the report does not speak of the paper"""

    label: str
    unit: str
    definition: str
    paper: str
    cells: tuple[NumberCell, ...]


@dataclass(frozen=True)
class ViewOfNumbers:
    """counted : which notes count in it, "" for a view of the sound"""

    title: str
    counted: str
    metrics: tuple[MetricLine, ...]


@dataclass(frozen=True)
class TextCell:
    """strong : in bold; range : below it, "" where there is none"""

    text: str
    range: str = ""
    strong: bool = False


@dataclass(frozen=True)
class TableLine:
    """A row of a table: its label, its cells, and its last number."""

    label: str
    cells: tuple[TextCell, ...]
    count: str


@dataclass(frozen=True)
class AccuracyTable:
    """One horizon; groups : lines by their heading, models first"""

    title: str
    groups: tuple[tuple[str, tuple[TableLine, ...]], ...]
    joint: tuple[str, ...] = ()


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
            return NumberCell(system, 0, row.note, _verdict(verdict))
        lower, median, upper = (factor * (value or 0) for value in (row.lower, row.median, row.upper))
        return NumberCell(
            *(system, row.n, row.note, _verdict(verdict)),
            median=number(median, decimals),
            range=f"{number(lower, decimals)} to {number(upper, decimals)}" if row.n > 1 else "",
            start=place(lower),
            at=place(median),
            end=place(upper),
        )

    unit = "%" if metric.unit == "share" else metric.unit
    cells = tuple(cell(*one) for one in own)
    return MetricLine(metric.label, unit, metric.definition, metric.paper if paper else "", cells)


def _title(view: str, paper: bool) -> str:
    title = VIEWS.get(view, view.capitalize())
    return f"{title} (Figure {PAPER_FIGURES[view]})" if paper and view in PAPER_FIGURES else title


def _verdict(row: VerdictRow | None) -> VerdictCell | None:
    """None for the reference itself, and where there is no distance."""
    if row is None or row.distance is None:
        return None
    found = row.words or row.verdict if row.judged else "not tested"
    return VerdictCell(distance(row), beside(row), row.differs, found, row.flips)


def beside(row: VerdictRow) -> str:
    r"""What is printed with a distance: the pieces of each sample, on which floors depend, and Cliff's delta, which
    does not depend on them.

    >>> beside(VerdictRow(system="a", metric="note_density", verdict="differs", size=9, delta=0.5))
    'n\xa0=\xa09, δ\xa0=\xa00.50'
    """
    parts = []
    if row.size is not None:
        parts.append(f"n{NBSP}={NBSP}{row.size:.0f}")
    if row.delta is not None:
        parts.append(f"δ{NBSP}={NBSP}{number(row.delta, 2)}")
    return ", ".join(parts)


def _decimals(values: Sequence[float]) -> int:
    """None for whole numbers, else as many as give the largest three significant digits, or two below 1."""
    largest = max(map(abs, values))
    if largest >= 100 or all(value == round(value) for value in values):
        return 0
    return 1 if largest >= 10 else max(1 - floor(log10(largest)), 2)


def correlation_lines(rows: Sequence[CorrelationRow]) -> list[TableLine]:
    """The table of correlations, the strongest within sources first; a metric without any is left out.

    >>> row = CorrelationRow(metric="note_density", clips=20, within=-0.6, within_p_holm=0.01)
    >>> (line,) = correlation_lines([row])
    >>> line.cells
    (TextCell(text='–', range='', strong=False), TextCell(text='−0.60', range='', strong=True))
    """
    shown = [row for row in rows if row.within is not None or row.overall is not None]
    shown.sort(key=lambda row: -abs(row.within or 0))
    return [
        TableLine(
            METRICS[row.metric].label,
            (
                _correlation(row.overall, row.overall_low, row.overall_high, row.overall_p_holm),
                _correlation(row.within, row.within_low, row.within_high, row.within_p_holm),
            ),
            f"{row.clips}",
        )
        for row in shown
    ]


def _correlation(value: float | None, low: float | None, high: float | None, p: float | None) -> TextCell:
    if value is None:
        return TextCell("–")
    spread = "" if low is None or high is None else f"{number(low, 2)} to {number(high, 2)}"
    return TextCell(number(value, 2), spread, p is not None and p < ALPHA)


def accuracy_tables(rows: Sequence[AccuracyRow], paper: bool) -> list[AccuracyTable]:
    """The paper's Table 2 and more, one table per horizon: models first, then baselines; each column's best is bold.

    >>> row = AccuracyRow(system="lstm", role="model", horizon="next", accuracy=0.9674)
    >>> (table,) = accuracy_tables([row], paper=True)
    >>> table.title, [heading for heading, lines in table.groups if lines]
    ('The next frame (1/8 s ahead)', ['Models'])
    """
    headings: Mapping[PredictorRole, str] = {
        "model": "Models",
        "own": "Our own model, not the paper’s" if paper else "Our own model",
        "baseline": "Trivial baselines",
    }
    tables = []
    for horizon, title in HORIZONS.items():
        here = [row for row in rows if row.horizon == horizon]
        if here:
            best = _best(here)
            groups = (
                (heading, tuple(_accuracy_line(row, best) for row in here if row.role == role))
                for role, heading in headings.items()
            )
            tables.append(AccuracyTable(title, tuple(groups), JOINT if "joint_nats" in best else ()))
    return tables


def _best(rows: Sequence[AccuracyRow]) -> dict[str, float | None]:
    """The best of each column: the highest share, the lowest nats; joint nats only where any row has them."""
    found: dict[str, float | None] = {
        label: max((value for value in map(share, rows) if value is not None), default=None)
        for label, share in SHARES.items()
    }
    found["nats"] = min((row.nats for row in rows if row.nats is not None), default=None)
    joint = [row.joint_nats for row in rows if row.joint_nats is not None]
    if joint:
        found["joint_nats"] = min(joint)
        past = (row.joint_nats_past for row in rows if row.joint_nats_past is not None)
        found["joint_nats_past"] = min(past, default=None)
    return found


def _accuracy_line(row: AccuracyRow, best: Mapping[str, float | None]) -> TableLine:
    cells = []
    for label, share in SHARES.items():
        value = share(row)
        text = "–" if value is None else number(100 * value, 2 if label == "Accuracy" else 1)
        cells.append(TextCell(text, strong=value is not None and value == best[label]))
    nats = "–" if row.nats is None else number(row.nats, 2)
    cells.append(TextCell(nats, strong=row.nats is not None and row.nats == best["nats"]))
    if "joint_nats" in best:
        cells.append(_joint(row.joint_nats, row.joint_nats_low, row.joint_nats_high, best["joint_nats"]))
        past = row.joint_nats_past, row.joint_nats_past_low, row.joint_nats_past_high
        cells.append(_joint(*past, best["joint_nats_past"]))
    cells.append(_skill(row.skill_accuracy, row.skill_accuracy_low, row.skill_accuracy_high))
    cells.append(_skill(row.skill_nats, row.skill_nats_low, row.skill_nats_high))
    return TableLine(row.system, tuple(cells), "–" if row.windows is None else f"{row.windows:,.0f}")


def _joint(value: float | None, low: float | None, high: float | None, best: float | None) -> TextCell:
    spread = "" if low is None or high is None else f"{number(low, 2)} to {number(high, 2)}"
    return TextCell("–" if value is None else number(value, 2), spread, value is not None and value == best)


def _skill(value: float | None, low: float | None, high: float | None) -> TextCell:
    spread = "" if low is None or high is None else f"{number(100 * low)} to {number(100 * high)}"
    return TextCell("–" if value is None else number(100 * value), spread)
