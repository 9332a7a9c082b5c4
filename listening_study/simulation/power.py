"""How many listeners and clips a study needs: studies simulated by `analysis.listener_model` and analysed as real ones.

Two cases are simulated for every size. In one, each system is called human more or less often than the human source by
the difference given: power is the share of systems with a significant difference. In the other, systems and human
source are the same: the power of equivalence is the share that is called equivalent within the margin. The anchor, if
any, is in both, and counts in Holm's correction as a contrast does.

Power depends on how much clips and listeners differ, which is not known beforehand. A pilot study estimates it: its
results hold these standard deviations in log-odds (Westfall, Kenny & Judd, "Statistical power and optimal design in
experiments in which samples of participants respond to samples of stimuli", 2014: more listeners cannot make up for few
clips, nor clips for few listeners).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from evaluation.statistics.inference import holm
from listening_study.analysis.crossed import difference
from listening_study.analysis.listener_model import Spread, probabilities, respond

Array = NDArray[np.float64]

ANSWERS_AT_ONCE = 200_000  # of all draws of one batch together


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of the music, the listeners and the registration.

    p_human : P("human") of the human source; difference : of each system's from it; anchor : that of the anchor
    clips_each : clips of each source that one listener hears; None: all
    """

    systems: int = 3
    p_human: float = 0.7
    difference: float = -0.2
    anchor: float | None = 0.1
    margin: float = 0.1
    alpha: float = 0.05
    spread: Spread = field(default_factory=Spread)
    clips_each: int | None = None

    def check(self) -> None:
        """Raise `UserError` for values out of range.

        >>> Assumptions(p_human=1.2).check()
        Traceback (most recent call last):
        clstm.runtime.errors.UserError: --p-human is 1.2; a share lies between 0 and 1
        """
        if self.systems < 1:
            raise UserError(f"{self.systems} systems: there must be at least one to test")
        shares = {"--p-human": self.p_human, "--p-human plus --difference": self.p_human + self.difference}
        if self.anchor is not None:
            shares["--anchor"] = self.anchor
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise UserError(f"{name} is {share:g}; a share lies between 0 and 1")
        if not 0 < self.margin < 1:
            raise UserError(
                f"--margin {self.margin:g}: the margin is a difference of shares between 0 and 1, such as 0.1"
            )
        if not 0 < self.alpha < 0.5:
            raise UserError(f"--alpha {self.alpha:g}: the level lies between 0 and 0.5, such as 0.05")
        if self.anchor is not None and not self.anchor < self.p_human:
            raise UserError(f"--anchor {self.anchor:g} must be below --p-human {self.p_human:g}: it is known to be bad")
        if not all(0 <= one <= 5 for one in asdict(self.spread).values()):
            raise UserError("standard deviations lie between 0 and 5 log-odds; 0.8 is large, 0.3 small")


@dataclass(frozen=True)
class Power:
    """Of one size of study. Errors are standard errors of the simulation; `equivalence` is NaN without an anchor."""

    listeners: int
    clips: int  # of each source
    replicates: int
    significant_difference: float  # share of systems with a significant difference, in the right direction
    significant_difference_error: float
    equivalent: float  # share of systems called equivalent, when they are
    equivalent_error: float


def powers(
    assumptions: Assumptions,
    listeners: Sequence[int],
    clips: Sequence[int],
    replicates: int,
    seed: int = 0,
    progress: Progress = silent,
) -> Iterator[Power]:
    """One size after another, smallest first; `progress` counts the studies drawn.

    Raises `UserError` for sizes and assumptions out of range.

    >>> found = powers(Assumptions(systems=1, anchor=None), listeners=[4, 2], clips=[3], replicates=10)
    >>> [(one.listeners, one.clips) for one in found]
    [(2, 3), (4, 3)]
    """
    assumptions.check()
    if replicates < 2:
        raise UserError(
            f"--replicates {replicates}: at least 2 studies must be drawn; with 1000, power is known within 3 %"
        )
    for option, sizes in (("--listeners", listeners), ("--clips", clips)):
        if not sizes or min(sizes) < 2:
            raise UserError(f"{option} {','.join(map(str, sizes))}: give numbers from 2 up, such as 10,20,40")
    if assumptions.clips_each is not None and not 1 < assumptions.clips_each <= min(clips):
        raise UserError(f"--clips-each {assumptions.clips_each}: between 2 and the number of clips, {min(clips)}")
    pairs = {(people * each, people, each) for people in listeners for each in clips}  # sorted by answers
    return _powers(assumptions, [(people, each) for _, people, each in sorted(pairs)], replicates, seed, progress)


def _powers(
    assumptions: Assumptions, sizes: Sequence[tuple[int, int]], replicates: int, seed: int, progress: Progress
) -> Iterator[Power]:
    for number, (listeners, clips) in enumerate(sizes):

        def advance(drawn: int, before: int = number * replicates) -> None:
            progress("Studies", before + drawn, len(sizes) * replicates)

        yield _power(assumptions, listeners, clips, replicates, seed, advance)


def smallest(found: Sequence[Power], what: str, target: float) -> Power | None:
    """The study with fewest answers of which `what` (significant_difference, equivalent) reaches the target.

    >>> few, many = Power(10, 5, 100, 0.5, 0.05, 0.2, 0.04), Power(20, 5, 100, 0.9, 0.03, 0.6, 0.05)
    >>> smallest([few, many], "significant_difference", 0.8).listeners, smallest([few, many], "equivalent", 0.8)
    (20, None)
    """
    enough = [one for one in found if getattr(one, what) >= target]
    return min(enough, key=lambda one: (one.listeners * one.clips, one.listeners), default=None)


def _power(
    assumptions: Assumptions,
    listeners: int,
    clips: int,
    replicates: int,
    seed: int,
    advance: Callable[[int], object],
) -> Power:
    random = np.random.default_rng((seed, listeners, clips))  # its own, so that a size has the same power in every grid
    sources = assumptions.systems + 1 + (assumptions.anchor is not None)
    batch = max(1, ANSWERS_AT_ONCE // (listeners * clips * sources))
    significant, equivalent = [], []
    for start in range(0, replicates, batch):
        draws = min(batch, replicates - start)
        significant.append(_significant(random, assumptions, listeners, clips, draws))
        if assumptions.anchor is not None:
            equivalent.append(_equivalent(random, assumptions, listeners, clips, draws))
        advance(start + draws)
    return Power(listeners, clips, replicates, *_mean(significant), *_mean(equivalent))


def _mean(shares: list[Array]) -> tuple[float, float]:
    if not shares:
        return np.nan, np.nan
    values = np.concatenate(shares)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _significant(
    random: np.random.Generator, assumptions: Assumptions, listeners: int, clips: int, draws: int
) -> Array:
    """The share of systems in each draw that differ significantly, and in the direction assumed, (draws,)."""
    human, *tested = _studies(random, assumptions, assumptions.difference, listeners, clips, draws)
    found = [difference(one, human) for one in tested]
    found_different = _corrected([one.p() for one in found]) < assumptions.alpha
    # A significant difference in the wrong direction is an error, not power.
    side = np.array([one.estimate * assumptions.difference >= 0 for one in found])
    return np.asarray((found_different & side)[: assumptions.systems].mean(0))


def _equivalent(random: np.random.Generator, assumptions: Assumptions, listeners: int, clips: int, draws: int) -> Array:
    """The share of systems called equivalent in each draw, in studies where all of them are, (draws,)."""
    human, *tested = _studies(random, assumptions, 0.0, listeners, clips, draws)
    found = [difference(one, human) for one in tested]
    anchored = _corrected([one.p() for one in found])[-1] < assumptions.alpha
    anchored &= found[-1].estimate < 0
    within = _corrected([one.p_equivalence(assumptions.margin) for one in found[:-1]]) < assumptions.alpha
    return np.asarray((within & anchored).mean(0))


def _studies(
    random: np.random.Generator, assumptions: Assumptions, apart: float, listeners: int, clips: int, draws: int
) -> list[Array]:
    """Answers about the human source, the systems and the anchor, (draws, listeners, clips) each."""
    shares = {"human": assumptions.p_human}
    shares |= {f"system {number}": assumptions.p_human + apart for number in range(assumptions.systems)}
    if assumptions.anchor is not None:
        shares["anchor"] = assumptions.anchor
    sources = [name for name in shares for _ in range(clips)]
    drawn = respond(random, probabilities(random, shares, sources, listeners, assumptions.spread, draws))
    answers = drawn.reshape(draws, listeners, len(shares), clips).astype(np.float64)
    if assumptions.clips_each is not None:  # they rotate through the clips, as in the design
        turned = np.arange(clips) - assumptions.clips_each * np.arange(listeners)[:, None]
        answers[:, turned[:, None].repeat(len(shares), 1) % clips >= assumptions.clips_each] = np.nan
    return [answers[:, :, number] for number in range(len(shares))]


def _corrected(p: Sequence[Array]) -> Array:
    """By Holm, (contrasts, draws)."""
    return np.apply_along_axis(lambda one: holm(one.tolist()), 0, np.stack(p))
