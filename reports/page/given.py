"""The page's tables of accuracy and of metrics and listeners, as texts that the template lays out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.comparison.contrasts import ALPHA
from evaluation.metrics.catalogue import METRICS
from reports.content.rows import HORIZONS, AccuracyRow, CorrelationRow, PredictorRole
from reports.numbers import number

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
