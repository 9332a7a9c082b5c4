"""The first screen: the ranking on one axis, systems by views as a heat map, and a card for each system.

Places are percents of the axis, so that the template draws vectors that fit any width.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Literal

from evaluation.distance.sentences import p_value, thousandths
from evaluation.metrics.metric import VIEWS
from reports.content.rows import ClaimRow, ClaimVerdict
from reports.content.standing import FirstScreen, Standing, ViewStanding
from reports.listening.section import HeardPiece
from reports.numbers import listed
from reports.page.cells import HOTTEST

TICKS = 5  # of an axis at most


@dataclass(frozen=True)
class Axis:
    """low, high : what it spans, MMD^2; ticks : places in percent, and their labels"""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: float) -> float:
        """
        >>> Axis(0.0, 0.5, ()).place(0.25)
        50.0
        """
        return round(100 * (value - self.low) / (self.high - self.low), 2)


@dataclass(frozen=True)
class HeatCell:
    """heat : 0..100 of the colour; told : what hover and screen readers say"""

    view: str
    text: str
    heat: int
    known: str
    told: str


@dataclass(frozen=True)
class Pair:
    """A piece of the reference and one of a system, to be heard one after the other; what they have in common.

    reference : None where it cannot be heard: then the piece shares something with those of the other systems
    by : a prompt, the name of their files, or nothing that is known
    """

    reference: HeardPiece | None
    own: HeardPiece
    by: Literal["prompt", "name", ""] = ""

    @property
    def words(self) -> str:
        if self.reference is None:
            common = {"prompt": "After the same prompt as the others", "name": "Of the same name as the others’"}
            return common.get(self.by, "One of its pieces")
        return {"prompt": "After the same prompt", "name": "Files of one name"}.get(self.by, "A piece of each")


@dataclass(frozen=True)
class StandingRow:
    """A system on the first screen; start, at, end, line : percent of the axis, None where there is none.

    pair : what of it can be heard beside the reference
    """

    standing: Standing
    colour: str
    value: str
    interval: str
    told: str
    at: float | None
    start: float | None
    end: float | None
    line: float | None
    cells: tuple[HeatCell, ...]
    pair: Pair | None = None


@dataclass(frozen=True)
class Screen:
    """views : of the heat map, by their keys; axis : None where no system has a distance"""

    said: FirstScreen
    axis: Axis | None
    views: Mapping[str, str]
    rows: tuple[StandingRow, ...]


def screen(said: FirstScreen, colours: Mapping[str, str], pairs: Mapping[str, Pair] = {}) -> Screen:
    """pairs : by system"""
    axis = _axis(said.standings)
    views = {view: title for view, title in VIEWS.items() if any(_in(one, view) for one in said.standings)}
    # The reference as it was played is far away for another reason: its colour ends where the systems' does.
    most = max((cell.distance or 0.0 for one in said.standings if one.ranked for cell in one.views), default=0.0)
    rows = tuple(
        _row(one, colours.get(one.system, ""), axis, views, most, pairs.get(one.system)) for one in said.standings
    )
    return Screen(said, axis, views, rows)


def of_claims(rows: Sequence[ClaimRow]) -> str:
    """How many of the paper's claims hold, and how many of these verdicts depend on the setting; "" without any.

    >>> rows = [ClaimRow(claim=claim, paper="", measure="", verdict="holds") for claim in "ab"]
    >>> of_claims([*rows, ClaimRow(claim="c", paper="", measure="", otherwise="another sound: holds")])
    'Of 3 tested claims of the paper 2 hold and 1 is inconclusive; 1 verdict changes in another setting'
    """
    tested = [row for row in rows if row.verdict != "not tested"]
    if not tested:
        return ""
    forms: Mapping[ClaimVerdict, tuple[str, str]] = {
        "holds": ("holds", "hold"),
        "does not hold": ("does not", "do not"),
        "inconclusive": ("is inconclusive", "are inconclusive"),
    }
    counts = Counter(row.verdict for row in tested)
    said = listed(
        [f"{counts[kind]} {one if counts[kind] == 1 else many}" for kind, (one, many) in forms.items() if counts[kind]]
    )
    moving = sum(bool(row.otherwise) for row in tested)
    changes = f"; {moving} verdict{' changes' if moving == 1 else 's change'} in another setting"
    return f"Of {len(tested)} tested claims of the paper {said}{changes if moving else ''}"


def _row(
    one: Standing,
    colour: str,
    axis: Axis | None,
    views: Mapping[str, str],
    most: float,
    pair: Pair | None,
) -> StandingRow:
    def at(value: float | None) -> float | None:
        return None if value is None or axis is None else axis.place(value)

    cells = tuple(_cell(view, title, _in(one, view), most) for view, title in views.items())
    value = "" if one.distance is None else thousandths(one.distance)
    return StandingRow(
        one,
        colour,
        value,
        _interval(one.low, one.high) + (f", p {p_value(one.p)}" if _decided_by_p(one) and one.p is not None else ""),
        f"{one.system}: {told(one)}",
        *(at(one.distance), at(one.low), at(one.high), at(one.human_95)),
        cells,
        pair,
    )


def told(one: Standing | ViewStanding) -> str:
    """Value, interval, p and n of a distance, in words.

    >>> far = {"distance": 0.25, "low": 0.2, "high": 0.3, "p": 0.0001, "known": "differs"}
    >>> told(Standing(system="a", against="human", pieces=9, **far))
    'distance 250 [200, 300], p < 0.001, n = 9: significant'
    """
    if one.distance is None:
        return "not tested"
    p = one.p if isinstance(one, Standing) else one.p_holm
    parts = [f"distance {thousandths(one.distance)} {_interval(one.low, one.high)}".rstrip()]
    if p is not None:
        parts.append(f"p {p_value(p)}")
    if isinstance(one, Standing):
        parts.append(f"n = {one.pieces}")
    if one.human_95 is not None:
        parts.append(f"95 % of samples of the reference stay below {thousandths(one.human_95)}")
    known: str = "significant" if one.known == "differs" else one.known
    if isinstance(one, Standing) and _decided_by_p(one):
        known += " (p decides; the interval says how large it may be)"
    return f"{', '.join(parts)}: {known}"


def _decided_by_p(one: Standing) -> bool:
    """Whether it differs though its interval includes 0."""
    return one.known == "differs" and one.low is not None and one.low <= 0


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{thousandths(low)}, {thousandths(high)}]"


def _in(one: Standing, view: str) -> ViewStanding | None:
    return next((cell for cell in one.views if cell.view == view), None)


def _cell(view: str, title: str, one: ViewStanding | None, most: float) -> HeatCell:
    if one is None or one.distance is None:
        return HeatCell(view, "–", 0, "not tested", f"{title}: not tested")
    share = max(one.distance, 0.0) / most if most > 0 else 0.0
    heat = round(HOTTEST * min(share, 1.0)) if one.known == "differs" else 0
    return HeatCell(view, thousandths(one.distance), heat, one.known, f"{title}: {told(one)}")


def _axis(standings: Sequence[Standing]) -> Axis | None:
    """From 0, or the lowest end, to the highest end; None without a distance."""
    ends = [end for one in standings for end in (one.distance, one.low, one.high, one.human_95) if end is not None]
    if not ends:
        return None
    low, high = min([0.0, *ends]), max(ends)
    room = 0.03 * (high - low) or 0.001
    low, high = (low - room if low < 0 else low), high + room
    step = _step(1000 * (high - low) / TICKS)
    first = -floor(-1000 * low / step)
    axis = Axis(low, high, ())
    values = [step * number for number in range(first, floor(1000 * high / step) + 1)]
    return Axis(low, high, tuple((axis.place(value / 1000), f"{value:g}".replace("-", "−")) for value in values))


def _step(least: float) -> float:
    """The next of 1, 2, 5, 10, ...

    >>> _step(3.0), _step(60.0)
    (5.0, 100.0)
    """
    power = 10.0 ** floor(log10(least))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least)
