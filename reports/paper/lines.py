"""The lines of a table: of each metric or distance a value for every set and system, with its spread or interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Any, Literal

from clstm.runtime.errors import UserError
from evaluation.distance.space import JOINT
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from reports.findings.tables import labelled
from reports.numbers import number
from reports.paper.closest import closest, possible_ranks
from reports.paper.record import Record
from reports.paper.selection import DISTANCE, VARIETY

Style = Literal["mean-sd", "median-iqr", "ci"]
STYLES: tuple[Style, ...] = ("mean-sd", "median-iqr", "ci")
MISSING = "–"
MOST_DECIMALS = 6
THOUSAND = 1000  # MMD^2 is printed times this


@dataclass(frozen=True)
class Cell:
    """A value with the numbers beside it: a standard deviation, or the ends of an interval; ranks: best and worst."""

    value: float | None = None
    beside: tuple[float, ...] = ()
    bold: bool = False
    ranks: tuple[int, int] | None = None

    def texts(self, decimals: int) -> tuple[str, ...]:
        """The numbers as they are printed, none where there is no value."""
        return () if self.value is None else tuple(number(one, decimals) for one in (self.value, *self.beside))


@dataclass(frozen=True)
class Line:
    """One metric: its label with its unit, and its cells by the name of the set or system."""

    label: str
    cells: Mapping[str, Cell]

    @property
    def decimals(self) -> int:
        """So many that the typical spread has two significant digits; without any spread, the largest value three."""
        cells = [cell for cell in self.cells.values() if cell.value is not None]
        spreads = sorted(filter(None, (_spread(cell) for cell in cells)))
        if spreads:
            return min(max(1 - floor(log10(spreads[len(spreads) // 2])), 0), MOST_DECIMALS)
        most = max((abs(cell.value or 0.0) for cell in cells), default=0.0)
        return min(max(2 - floor(log10(most)), 0), MOST_DECIMALS) if most else 0


def _spread(cell: Cell) -> float:
    return abs(cell.beside[-1] - cell.beside[0]) / 2 if len(cell.beside) == 2 else sum(cell.beside)


def lines(record: Record, names: Sequence[str], style: Style, *, bold: bool = False, rank: bool = False) -> list[Line]:
    """The lines of these names. Raises `UserError` where the record lacks what a style needs."""
    best = closest(record) if bold else None
    ranks = possible_ranks(record) if rank else {}
    return [_line(record, name, style, best, ranks) for name in names]


def _line(record: Record, name: str, style: Style, best: str | None, ranks: Mapping[str, tuple[int, int]]) -> Line:
    if name.startswith(DISTANCE):
        return _distance(record, name, best, ranks)
    if name in VARIETY:
        joint = record.distances[record.distances["space"] == JOINT]
        return Line(_in_words(name), _cells(zip(joint["system"], joint[name], strict=True)))
    if name in METRICS and any(row.metric == name for row in record.rows):
        return Line(labelled(name), _of_metric(record, name, style))
    return Line(labelled(name) if name in METRICS else _in_words(name), _of_papers(record, name, style))


def _in_words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _cells(found: Any) -> dict[str, Cell]:
    return {system: Cell(_known(value)) for system, value in found}


def _known(value: Any) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


def _distance(record: Record, name: str, best: str | None, ranks: Mapping[str, tuple[int, int]]) -> Line:
    """MMD^2 x 1000 with its interval, whatever the style: pieces have none of their own."""
    space = name.partition(":")[2] or JOINT
    joint = space == JOINT
    cells = {}
    for row in record.distances[record.distances["space"] == space].to_dict("records"):
        ends = [_known(row.get(end)) for end in ("distance_low", "distance_high")]
        beside = tuple(THOUSAND * end for end in ends if end is not None)
        value, system = _known(row["distance"]), str(row["system"])
        cells[system] = Cell(
            None if value is None else THOUSAND * value,
            beside if len(beside) == 2 else (),
            joint and system == best,
            ranks.get(system) if joint else None,
        )
    of = "" if joint else f", {VIEWS.get(space, space).lower()}"
    return Line(f"Distance{of} (MMD² × 1000)", cells)


def _of_metric(record: Record, name: str, style: Style) -> dict[str, Cell]:
    rows = [row for row in record.rows if row.metric == name]
    sides = [("reference", row.against or record.reference, row) for row in rows]
    sides += [("system", row.system, row) for row in rows]
    cells: dict[str, Cell] = {}
    for side, system, row in sides:  # a set that others are compared with is a reference first
        cells.setdefault(system, _styled(record, row, side, system, style))
    return cells


def _styled(record: Record, row: Any, side: str, system: str, style: Style) -> Cell:
    mean, n = getattr(row, f"{side}_mean"), getattr(row, f"{side}_n")
    if style == "median-iqr":
        quartiles = getattr(row, f"{side}_q1"), getattr(row, f"{side}_q3")
        return Cell(getattr(row, f"{side}_median"), quartiles if None not in quartiles and (n or 0) > 1 else ())
    if style == "ci" and side == "system":
        ends = row.difference_low, row.difference_high
        return Cell(row.difference, ends if None not in ends else ())
    if style == "ci" or mean is None:
        return Cell(mean)
    return Cell(mean, _deviation(record, system, row.metric))


def _deviation(record: Record, system: str, metric: str) -> tuple[float, ...]:
    """The standard deviation over the pieces that have the metric, from metrics.csv."""
    if not len(record.values):
        raise UserError("--style mean-sd needs metrics.csv, which this report lacks; give --style median-iqr or ci")
    own = record.values[(record.values["system"] == system) & (record.values["metric"] == metric)]["value"].dropna()
    return (float(own.std()),) if len(own) > 1 else ()


def _of_papers(record: Record, name: str, style: Style) -> dict[str, Cell]:
    """A number of literature.csv: as a metric where there are its values of each piece, else its mean.

    It is not tested, so no difference has an interval.
    """
    rows = record.papers[record.papers["metric"] == name].to_dict("records")
    means = {str(row["system"]): _known(row.get("mean")) for row in rows}
    cells = {}
    for row in rows:
        system = str(row["system"])
        mean, other = means[system], means.get(str(row.get("against")))
        if style == "ci":
            cells[system] = Cell(mean if mean is None or other is None else mean - other)
        elif style == "median-iqr":
            cells[system] = Cell(_known(row.get("median")), _quartiles(record, system, name))
        else:
            deviation = _known(row.get("sd"))
            cells[system] = Cell(mean, () if deviation is None else (deviation,))
    return cells


def _quartiles(record: Record, system: str, metric: str) -> tuple[float, ...]:
    own = record.values[(record.values["system"] == system) & (record.values["metric"] == metric)]["value"].dropna()
    return tuple(float(own.quantile(share)) for share in (0.25, 0.75)) if len(own) > 1 else ()
