"""What a registered design can find, from a few hundred simulated studies.

It takes seconds; `clstm study power` takes longer and is more exact.

Every share comes with how exactly the simulation knows it: two standard errors, and at least three studies, which is
what a share of 0 or 1 leaves open at 95 % (Hanley & Lippman-Hand, "If nothing goes wrong, is everything all right?",
1983). Where the target is missed, more listeners are tried, and where these do not suffice, more clips: in a few steps,
so the number that is named is one of those tried, not the smallest.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from listening_study.protocol.registration import Registered
from listening_study.protocol.study import Study
from listening_study.simulation.power import Assumptions, Power, powers

DIFFERENCE = -0.15  # share of a system's clips called human, minus that of human clips
TARGET = 0.8
STEPS = (2, 3, 4, 6, 8)  # times the registered number
FEWEST, MOST = 100, 400  # studies simulated of one size
AT_ONCE = 800_000  # answers simulated of one size: about a second
LARGEST = 40_000  # answers of one study; larger ones are not tried

SIGNIFICANT, EQUIVALENT = "significant_difference", "equivalent"


@dataclass(frozen=True)
class Reach:
    """What a design reaches for one question.

    share, within : of simulated studies that find it, and how exactly that is known; both 0..1
    listeners : a number that reaches the target with the registered clips; None where none of those tried does
    clips : likewise of each source with the registered listeners; looked for only where no number of listeners does
    tried_listeners, tried_clips : the largest numbers tried; the registered ones where nothing was
    """

    share: float
    within: float
    listeners: int | None
    clips: int | None
    tried_listeners: int
    tried_clips: int


@dataclass(frozen=True)
class Prospects:
    """What a design of this size can find. `equivalent` is None without an anchor."""

    listeners: int
    clips: int  # of each source
    studies: int  # simulated of this size
    assumptions: Assumptions
    different: Reach
    equivalent: Reach | None


def assumed(study: Study, registered: Registered) -> Assumptions:
    """The systems, anchor, margin, level and clips of a study; the rest as `clstm study power` assumes it."""
    plan = registered.plan
    return Assumptions(
        systems=sum(source != plan.anchor for source in plan.contrasts),
        difference=DIFFERENCE,
        anchor=None if plan.anchor is None else Assumptions.anchor,
        margin=plan.margin,
        alpha=plan.alpha,
        clips_each=study.design.clips_each,
    )


def prospects(assumptions: Assumptions, listeners: int, clips: int) -> Prospects | None:
    """What such a study finds. None for one that cannot be simulated: without a system, or with one listener or clip.

    >>> prospects(Assumptions(systems=1), listeners=1, clips=10) is None
    True
    """
    each = assumptions.clips_each or clips
    if min(listeners, clips, each) < 2 or assumptions.systems < 1:
        return None
    sources = assumptions.systems + 1 + (assumptions.anchor is not None)
    known: dict[tuple[int, int], Power] = {}

    def power(size: tuple[int, int]) -> Power:
        if size not in known:
            studies = min(MOST, max(FEWEST, AT_ONCE // (size[0] * size[1] * sources)))
            (known[size],) = powers(assumptions, [size[0]], [size[1]], studies)
        return known[size]

    people = [(number, clips) for number in _larger(listeners, clips * sources)]
    music = [(listeners, number) for number in _larger(clips, listeners * sources)]
    here = power((listeners, clips))
    different = _reach(SIGNIFICANT, here, people, music, power)
    equivalent = None if assumptions.anchor is None else _reach(EQUIVALENT, here, people, music, power)
    return Prospects(listeners, clips, here.replicates, assumptions, different, equivalent)


def _larger(number: int, answers_each: int) -> list[int]:
    """Larger numbers of listeners or clips to try, of which each makes so many answers."""
    tried = [number * step for step in STEPS]
    return [one for one in tried if one * answers_each <= LARGEST]


def _reach(
    what: str,
    here: Power,
    people: Sequence[tuple[int, int]],
    music: Sequence[tuple[int, int]],
    power: Callable[[tuple[int, int]], Power],
) -> Reach:
    share, error = getattr(here, what), getattr(here, f"{what}_error")
    within = max(2 * error, 3 / here.replicates)
    if share >= TARGET:
        return Reach(share, within, here.listeners, None, here.listeners, here.clips)

    def first(sizes: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
        """The first size that reaches the target: power grows with size, so few are simulated."""
        place = bisect_left(sizes, True, key=lambda size: getattr(power(size), what) >= TARGET)
        return sizes[place] if place < len(sizes) else None

    enough = first(people)
    instead = None if enough else first(music)
    return Reach(
        share,
        within,
        enough[0] if enough else None,
        instead[1] if instead else None,
        people[-1][0] if people else here.listeners,
        music[-1][1] if music else here.clips,
    )


# --- in words ---


def sentences(found: Prospects | None) -> list[str]:
    """The prospects in a few plain lines, with what is assumed and how exactly the shares are known.

    >>> reach = Reach(0.27, 0.05, 60, None, 160, 10)
    >>> sentences(Prospects(20, 10, 400, Assumptions(systems=2, anchor=None), reach, None))[0]
    '20 listeners x 10 clips of each source: ... in 27 % of such studies (± 5); for 80 % take about 60 listeners.'
    """
    if found is None:
        wanted = "a system besides the anchor, and at least 2 listeners and 2 clips of each source"
        return [f"What this design can find cannot be simulated: it takes {wanted}."]
    assumptions = found.assumptions
    size = f"{found.listeners} listeners x {found.clips} clips of each source"
    points = f"{abs(DIFFERENCE) * 100:g} points"
    lines = [f"{size}: a difference of {points} is found in {_share(found.different)}{_advice(found.different)}."]
    if found.equivalent is None:
        lines.append("Without an anchor, equivalence cannot be shown.")
    else:
        margin = f"equivalent within {assumptions.margin * 100:g} points"
        share = f"{_share(found.equivalent)}{_advice(found.equivalent)}"
        lines.append(f"A system that does not differ is called {margin} in {share}.")
    anchored = "" if assumptions.anchor is None else f", the anchor's {assumptions.anchor * 100:g} %"
    within = 200 * (TARGET * (1 - TARGET) / FEWEST) ** 0.5  # two standard errors, in percent
    lines.append(
        f"From {found.studies} simulated studies; larger sizes from {FEWEST} or more (± {within:.0f}). Assumed: "
        f"{assumptions.p_human * 100:g} % of human clips are called human{anchored}; listeners and clips differ as in "
        "`clstm study power`, which tries other values."
    )
    return lines


def _share(reach: Reach) -> str:
    return f"{reach.share * 100:.0f} % of such studies (± {reach.within * 100:.0f})"


def _advice(reach: Reach) -> str:
    """What reaches the target; nothing where it is reached already."""
    target = f"{TARGET * 100:.0f} %"
    if reach.share >= TARGET:
        return ""
    if reach.listeners:
        return f"; for {target} take about {reach.listeners} listeners"
    missed = f"; {reach.tried_listeners} listeners do not reach {target}"
    if reach.clips:
        return f"{missed}: take about {reach.clips} clips of each source instead"
    return f"{missed}, and neither do {reach.tried_clips} clips of each source"
