"""Bounds that a set of music must keep, for continuous integration: `clstm compare --fail-over`.

    distance=150           the distance in all metrics together, MMD^2 x 1000, as in verdict.md
    distance=0.5*c-lstm    half of the distance of the system c-lstm in the same comparison
    polyphony=0.5          the difference of the means of a metric, up or down, in its unit; or a share of a system's
    mine:distance=150      of one system; without a name a bound is for all systems but the reference and, of a share,
                           the system named

A bound is broken where the whole 95 % interval lies above it: its lower end counts. Music that lies on the bound breaks
it by chance in 2 to 6 of 100 runs (simulated at 24 to 100 clips), music well below it never. The value alone would
fail every other run there. Where there is no interval the bound is not kept either: a check that cannot fail is none.
The share of another system is taken of its value: that system's music does not change from one run to the next.

Differences are in the metric's unit and not in noise floors: these shrink as sets grow, and a bound in them would be
another one for every number of pieces.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from clstm.runtime.errors import UserError
from clstm.runtime.names import location, readable
from clstm.runtime.ownership import may_write_text
from evaluation.comparison.tables import number
from evaluation.comparison.verdict import SAME, VerdictRow, rows_of
from evaluation.distance.joint import Distance
from evaluation.distance.space import JOINT
from evaluation.junit import Case, write_junit
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics.effects import Interval

if TYPE_CHECKING:
    import pandas as pd

OPTION = "--fail-over"
DISTANCE = "distance"
SUITE = "clstm compare"
THOUSAND = 1000  # the distance as it is printed

State = Literal["kept", "broken", "unknown"]


@dataclass(frozen=True)
class Bound:
    """A bound as it was given.

    systems : those that it is for; what : `DISTANCE` or a metric
    limit : the bound, or the share of it where `of` names a system
    """

    text: str
    systems: tuple[str, ...]
    what: str
    limit: float
    of: str = ""


@dataclass(frozen=True)
class Outcome:
    """Whether one system keeps a bound; NaN for what is not known.

    found, limit : in the unit of the bound; met : what the system and the one of a share are compared with, where these
        are two sets, which have no common scale
    """

    system: str
    bound: Bound
    found: Interval
    limit: float
    met: tuple[str, str] | None = None

    @property
    def state(self) -> State:
        if self.met or not isfinite(self.found.low) or not isfinite(self.limit):
            return "unknown"
        return "broken" if self.found.low > self.limit else "kept"

    @property
    def words(self) -> str:
        """One line.

        >>> bound = Bound("distance=100", ("rnn",), "distance", 100.0)
        >>> Outcome("rnn", bound, Interval(148.0, 123.0, 177.0), 100.0).words
        'rnn: distance 148 [123, 177] is above 100'
        """
        unit = "" if self.bound.what == DISTANCE else METRICS[self.bound.what].unit
        limit = f"{number(self.limit)} {unit}".rstrip()
        if self.bound.of:
            limit += f" ({self.bound.limit:g} of {self.bound.of}'s)"
        value = f"{self.system}: {_label(self.bound.what)} {number(self.found.value)}"
        if self.state == "unknown":
            return f"{value} cannot be judged against {limit}: {self._why}"
        value += f" [{number(self.found.low)}, {number(self.found.high)}]"
        return f"{value} is above {limit}" if self.state == "broken" else f"{value} is not shown to be above {limit}"

    @property
    def _why(self) -> str:
        if self.met:
            own, other = self.met
            return f"{self.system} is compared with {own}, {self.bound.of} with {other}; give both one --grid"
        if not isfinite(self.limit):
            return f"{self.bound.of} has no value"
        return "too few groups for an interval" if isfinite(self.found.value) else "it has no value"


def of_options(texts: Iterable[str], systems: Sequence[str], reference: str) -> list[Bound]:
    """The bounds that options give, in their order. Raises `UserError` for what is none.

    systems : the names of all, the reference included

    >>> of_options(["distance=0.5*lstm"], ["human", "lstm", "mine"], "human")[0].systems
    ('mine',)
    >>> of_options(["distance=-1"], ["human", "lstm"], "human")
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: --fail-over 'distance=-1': '-1' is no bound; give a number from 0 up, such as ...
    """
    others = [name for name in systems if name != reference]
    return [_bound(text, others) for text in dict.fromkeys(texts)]


def _bound(text: str, systems: Sequence[str]) -> Bound:
    given = f"{OPTION} {text!r}"
    name = max((one for one in systems if text.startswith(f"{one}:")), key=len, default="")
    rest = text[len(name) + 1 :] if name else text
    what, equals, value = (part.strip() for part in rest.partition("="))
    if not equals:
        raise UserError(f"{given} is not distance=VALUE or METRIC=VALUE, such as distance=150 or distance=0.5*c-lstm")
    if ":" in what:
        raise UserError(f"{given}: {what.partition(':')[0]!r} is not one of the systems ({', '.join(systems)})")
    if what != DISTANCE and not (what in METRICS and METRICS[what].tested):
        raise UserError(f"{given}: {_unknown(what)}")
    share, times, of = (part.strip() for part in value.partition("*"))
    if times and of not in systems:
        raise UserError(f"{given}: {of!r} is not one of the systems ({', '.join(systems)})")
    if name and name == of:
        raise UserError(f"{given}: {name} cannot be bound by its own value; name another system")
    own = (name,) if name else tuple(one for one in systems if one != of)
    if not own:
        raise UserError(f"{given}: {of} is the only system; give another one, which the bound is for")
    return Bound(text, own, what, _limit(given, share if times else value), of)


def _limit(given: str, text: str) -> float:
    try:
        limit = float(text)
    except ValueError:
        limit = -1.0
    if not isfinite(limit) or limit < 0:
        raise UserError(f"{given}: {text!r} is no bound; give a number from 0 up, such as 150, or 0.5*NAME of a system")
    return limit


def _unknown(what: str) -> str:
    if what in METRICS:
        twin = METRICS[what].twin
        return f"the metric {what} is described and not tested" + (f"; use {twin.of}" if twin else "")
    near = get_close_matches(what, [DISTANCE, *METRICS], n=1)
    return f"{what!r} is neither distance nor a metric; " + (f"did you mean {near[0]}?" if near else "see verdict.csv")


def outcomes(bounds: Sequence[Bound], distances: Sequence[Distance], table: "pd.DataFrame") -> list[Outcome]:
    """Whether each system keeps each bound.

    distances : of a comparison (`evaluation.comparison.closeness`); table : its `verdict.COLUMNS`
    """
    found = {(one.system, DISTANCE): _thousandfold(one.found) for one in distances if one.space == JOINT}
    rows = list(rows_of(table))
    found |= {(row.system, row.metric): _apart(row) for row in rows}
    against = {row.system: row.against for row in rows} | {one.system: one.against for one in distances}
    return [_outcome(system, bound, found, against) for bound in bounds for system in bound.systems]


def _outcome(
    system: str, bound: Bound, found: Mapping[tuple[str, str], Interval], against: Mapping[str, str]
) -> Outcome:
    none = Interval(float("nan"), float("nan"), float("nan"))
    limit = bound.limit
    if bound.of:  # an estimate of no distance can lie below 0, and a bound cannot
        limit *= max(found.get((bound.of, bound.what), none).value, 0.0)
    both = against.get(system, ""), against.get(bound.of, "")
    met = both if bound.of and all(both) and len(set(both)) > 1 else None
    return Outcome(system, bound, found.get((system, bound.what), none), limit, met)


def _thousandfold(found: Interval) -> Interval:
    return Interval(THOUSAND * found.value, THOUSAND * found.low, THOUSAND * found.high)


def _apart(row: VerdictRow) -> Interval:
    """How large the difference of the means is, whatever its sign."""
    value, low, high = (
        float("nan") if one is None else one for one in (row.difference, row.difference_low, row.difference_high)
    )
    if row.note.startswith(SAME):  # in every piece of both: no resample differs
        return Interval(0.0, 0.0, 0.0)
    if low > 0 or not isfinite(low):
        return Interval(abs(value), low, high)
    if high < 0:
        return Interval(abs(value), -high, -low)
    return Interval(abs(value), 0.0, max(-low, high))


def _label(what: str) -> str:
    return DISTANCE if what == DISTANCE else METRICS[what].phrase


def sentences(found: Sequence[Outcome]) -> list[str]:
    """A line for each bound that is not kept, and how many are."""
    kept = sum(one.state == "kept" for one in found)
    said = [f"{OPTION} {one.bound.text}: {one.words}" for one in found if one.state != "kept"]
    return [*said, f"{kept} of {len(found)} bounds are kept (the lower end of an interval above its bound breaks it)."]


def asked(texts: Sequence[str], junit: Path | None, systems: Sequence[str], reference: str, out: Path) -> list[Bound]:
    """The bounds that options give, before anything is measured. junit : where the result will be written

    Raises `UserError` for what is no bound, and for a file that cannot be written or would not stay.
    """
    if junit is not None and not texts:
        raise UserError(f"--junit writes the bounds of {OPTION}, and none is given; add {OPTION} distance=150")
    may_write_text(junit, f'<testsuite name="{SUITE}', "JUnit's XML", "--junit")
    if junit is not None and location(out) in (location(junit), *location(junit).parents):
        raise UserError(f"--junit {readable(junit)} is in --out, which is replaced as a whole; give another place")
    return of_options(texts, systems, reference)


def kept(
    bounds: Sequence[Bound],
    distances: Sequence[Distance],
    table: "pd.DataFrame",
    junit: Path | None,
    say: Callable[[str], object],
) -> bool:
    """Say which bounds are not kept, write `junit`, and return whether all are."""
    if not bounds:
        return True
    found = outcomes(bounds, distances, table)
    for line in sentences(found):
        say(line)
    if junit is not None:
        write_junit(junit, SUITE, junit_cases(found))
    return all(one.state == "kept" for one in found)


def junit_cases(found: Sequence[Outcome]) -> list[Case]:
    """One case for each system and bound."""
    return [
        Case(one.system, one.bound.text)
        if one.state == "kept"
        else Case(one.system, one.bound.text, "failure", one.words, [one.words])
        for one in found
    ]
