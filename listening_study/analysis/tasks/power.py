"""What a block of tasks can find: studies are drawn and analysed by the functions that analyse real ones.

Two cases are drawn for every size. In one the effect is as assumed: power is the share of studies with a significant
result in its direction. In the other there is none: the power of equivalence is the share of studies in which it lies
significantly within the margin. Both are of one comparison; with several, give `alpha` divided by their number
(cautious: Holm's correction rejects at least as often).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clstm.runtime.errors import UserError
from listening_study.analysis.listener_model import log_odds
from listening_study.analysis.tasks.abx import p_not_above, signs_p
from listening_study.analysis.tasks.grids import grids, main_trials, pair
from listening_study.analysis.tasks.means import difference, mean
from listening_study.analysis.tasks.shares import share
from listening_study.protocol.tasks import RATED, TaskKind

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spreads:
    """Standard deviations: in points for ratings, in log-odds for choices (which have no `rest`).

    listener : between listeners, in how high they rate; of choices, in what they prefer or identify
    slope : between listeners, in the difference of two systems; ratings only
    clip : between prompts, in the difference of two systems
    rest : of single answers
    """

    listener: float = 0.7
    slope: float = 0.4
    clip: float = 0.4
    rest: float = 0.8


OF_SLIDER = Spreads(listener=12.0, slope=7.0, clip=7.0, rest=13.0)
OF_CHOICE = Spreads(listener=0.6, slope=0.0, clip=0.6, rest=0.0)


@dataclass(frozen=True)
class Scale:
    """lowest, highest : of the values; middle : mean rating of the source with the lower one, before rounding."""

    lowest: float = 1.0
    highest: float = 5.0
    middle: float = 3.0


OF_MUSHRA = Scale(0.0, 100.0, 60.0)


@dataclass(frozen=True)
class TaskPower:
    """Shares of studies, with standard errors of the simulation; `equivalent` is NaN without a margin."""

    listeners: int
    clips: int
    replicates: int
    significant: float
    significant_error: float
    equivalent: float
    equivalent_error: float


@dataclass(frozen=True)
class Plan:
    """What is assumed.

    effect : ratings: difference in points; choices: the share beyond one half, such as 0.1
    matched : ratings: listeners hear both systems after the same prompts; else each hears half of the prompts with
        the one system and half with the other
    margin : of equivalence, in units of the effect
    """

    task: TaskKind
    effect: float
    spreads: Spreads | None = None
    scale: Scale | None = None
    matched: bool = True
    margin: float | None = None
    alpha: float = 0.05


def power(plan: Plan, listeners: int, clips: int, replicates: int = 1000, seed: int = 0) -> TaskPower:
    """Of one comparison of two systems.

    clips : prompts, or pairs of clips, that each listener hears

    Raises `UserError` for what cannot be drawn.

    >>> few = power(Plan(TaskKind.PREFERENCE, 0.15), 10, 6, replicates=200)
    >>> many = power(Plan(TaskKind.PREFERENCE, 0.15), 40, 12, replicates=200)
    >>> few.significant < many.significant
    True
    """
    _check(plan, listeners, clips, replicates)
    random = np.random.default_rng((seed, listeners, clips))
    found = _significant(random, plan, listeners, clips, replicates)
    alike = np.full(replicates, np.nan)
    if plan.margin is not None:
        alike = _equivalent(random, plan, listeners, clips, replicates).astype(np.float64)
    return TaskPower(listeners, clips, replicates, *_shares(found.astype(np.float64)), *_shares(alike))


def observed(judgements: pd.DataFrame, system: str, reference: str) -> Spreads:
    """The spreads of ratings in a pilot study, for the plan of the next; 0: no more than by chance.

    judgements : of one attribute, columns as for `ratings.rate`

    Raises `UserError` where there are too few ratings.

    >>> random = np.random.default_rng(0)
    >>> rows = [(w, f"{p}", s, random.normal(3, 0.8)) for w in range(20) for p in range(20) for s in "ab"]
    >>> table = pd.DataFrame(rows, columns=["participant", "prompt", "source", "value"])
    >>> round(observed(table.assign(kind="main", item="x"), "a", "b").rest, 1)
    0.8
    """
    sources = grids(main_trials(judgements), [system, reference])
    one, other = pair(sources[system], sources[reference])
    found, alone = difference(one, other), mean(other)
    if not found.estimable:
        raise UserError(f"too few ratings of {system} and {reference} to see how much listeners and clips differ")
    of_pairs = bool(2 * (~np.isnan(one - other)).sum() >= min((~np.isnan(grid)).sum() for grid in (one, other)))
    slope, clip, rest = np.sqrt(np.maximum(found.components / np.array([1, 1, 1 + of_pairs]), 0)).tolist()
    lenient = max(float(alone.components[0]) - slope**2 / 2, 0.0)  # a listener's slope is half in either source
    return Spreads(float(np.sqrt(lenient)), slope, clip, rest)


def _significant(random: np.random.Generator, plan: Plan, listeners: int, clips: int, draws: int) -> NDArray[np.bool_]:
    if plan.task in RATED:
        ratings = difference(*_ratings(random, plan, plan.effect, listeners, clips, draws))
        return np.asarray((ratings.p() < plan.alpha) & (ratings.estimate * plan.effect >= 0))
    chosen = _choices(random, plan, plan.effect, listeners, clips, draws)
    if plan.task is TaskKind.PREFERENCE:
        found = share(chosen)
        return np.asarray((found.p() < plan.alpha) & ((found.estimate - 0.5) * plan.effect >= 0))
    scores = (2 * chosen - 1).sum(2).astype(int)  # of each listener
    return np.array([signs_p(each.tolist()) < plan.alpha for each in scores])


def _equivalent(random: np.random.Generator, plan: Plan, listeners: int, clips: int, draws: int) -> NDArray[np.bool_]:
    assert plan.margin is not None
    if plan.task in RATED:
        ratings = difference(*_ratings(random, plan, 0.0, listeners, clips, draws))
        return np.asarray(ratings.p_equivalence(plan.margin) < plan.alpha)
    found = share(_choices(random, plan, 0.0, listeners, clips, draws))
    if plan.task is TaskKind.PREFERENCE:
        return np.asarray(found.p_equivalence(plan.margin) < plan.alpha)
    return np.asarray(p_not_above(found, 0.5 + plan.margin) < plan.alpha)


def _ratings(
    random: np.random.Generator, plan: Plan, effect: float, listeners: int, clips: int, draws: int
) -> tuple[Array, Array]:
    """Of the system and of the other, (draws, listeners, clips), on whole points of the scale."""
    mushra = plan.task is TaskKind.MUSHRA
    spreads = plan.spreads or (OF_SLIDER if mushra else Spreads())
    scale = plan.scale or (OF_MUSHRA if mushra else Scale())
    lenient = random.normal(0, spreads.listener, (draws, listeners, 1))
    half = np.sqrt(0.5)  # of the variance of a difference is of either source
    found = []
    for above in (max(effect, 0.0), max(-effect, 0.0)):
        own = random.normal(0, spreads.slope * half, (draws, listeners, 1))
        clip = random.normal(0, spreads.clip * half, (draws, 1, clips))
        exact = scale.middle + above + lenient + own + clip + random.normal(0, spreads.rest, (draws, listeners, clips))
        found.append(np.clip(np.round(exact), scale.lowest, scale.highest))
    system, other = found
    if not plan.matched and not mushra:
        first = (np.arange(listeners)[:, None] + np.arange(clips)) % 2 == 0
        system[:, ~first], other[:, first] = np.nan, np.nan
    return system, other


def _choices(random: np.random.Generator, plan: Plan, effect: float, listeners: int, clips: int, draws: int) -> Array:
    """1 where the system is preferred, or X identified, (draws, listeners, clips).

    Without an effect in ABX nobody hears anything: listeners and clips do not differ.
    """
    spreads = plan.spreads or OF_CHOICE
    if plan.task is TaskKind.ABX and effect == 0:
        return (random.random((draws, listeners, clips)) < 0.5).astype(np.float64)
    middle = log_odds(0.5 + effect, float(np.hypot(spreads.listener, spreads.clip)))
    own = random.normal(0, spreads.listener, (draws, listeners, 1)) + random.normal(0, spreads.clip, (draws, 1, clips))
    return np.asarray(random.logistic(size=(draws, listeners, clips)) < middle + own, dtype=np.float64)


def _check(plan: Plan, listeners: int, clips: int, replicates: int) -> None:
    choice = plan.task not in RATED
    if plan.task is TaskKind.SOURCE:
        raise UserError("human or computer? has a planning of its own: clstm study power")
    if min(listeners, clips, replicates) < 2:
        raise UserError(f"{listeners} listeners, {clips} clips, {replicates} replicates: at least 2 of each are needed")
    if choice and not -0.5 < plan.effect < 0.5:
        raise UserError(f"an effect of {plan.effect:g}: a share lies less than 0.5 from one half")
    if plan.task is TaskKind.ABX and plan.effect < 0:
        raise UserError(f"an effect of {plan.effect:g}: X cannot be identified less often than by chance")
    if plan.margin is not None and not 0 < plan.margin < (0.5 if choice else np.inf):
        raise UserError(f"a margin of {plan.margin:g}: it is above 0" + (" and below 0.5" if choice else ""))
    if not 0 < plan.alpha < 0.5:
        raise UserError(f"a level of {plan.alpha:g}: it lies between 0 and 0.5, such as 0.05")


def _shares(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
