"""A model of how listeners answer, in log-odds and crossed as in the analysis, from which answers are drawn.

    logit P("human") = m[source] + listener + deviation[listener, source] + clip

with normal listeners, clips and deviations, all independent: random intercepts of listener and clip and by-listener
random slopes of source (Barr, Levy, Scheepers & Tily, "Random effects structure for confirmatory hypothesis testing:
keep it maximal", 2013). A source is described by its marginal P("human"), the mean over all possible listeners and
clips, which is what a study estimates; m follows from it.

Everything is in arrays: (draws, listeners, clips), where a draw is a whole study.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

Array = NDArray[np.float64]

_WIDEST = 5.0  # log-odds: beyond this nearly all answers of a listener, or about a clip, are the same
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


@dataclass(frozen=True)
class Spread:
    """Standard deviations in log-odds."""

    listener: float = 0.8  # how readily a listener says "human" at all
    clip: float = 0.8  # how human a clip sounds among those of its source
    slope: float = 0.5  # between listeners, in the difference of any two sources

    @property
    def total(self) -> float:
        """Of one answer's log-odds about those of its source.

        >>> Spread(listener=3.0, clip=4.0, slope=0.0).total
        5.0
        """
        return float(np.sqrt(self.listener**2 + self.clip**2 + self.slope**2 / 2))


def probabilities(
    random: np.random.Generator,
    p_human: Mapping[str, float],
    sources: Sequence[str],
    listeners: int,
    spread: Spread,
    draws: int = 1,
) -> Array:
    """P("human") of every listener about every clip, (draws, listeners, clips).

    p_human : the marginal share of each source, 0..1 inclusive
    sources : the source of each clip, (clips,)

    >>> probabilities(np.random.default_rng(0), {"human": 1.0, "lstm": 0.0}, ["human", "lstm"], 3, Spread())
    array([[[1., 0.],
            [1., 0.],
            [1., 0.]]])
    """
    names = list(p_human)
    place = np.array([names.index(source) for source in sources], dtype=np.intp)
    middle = np.array([log_odds(p_human[name], spread.total) for name in names])[place]
    listener = random.normal(0, spread.listener, (draws, listeners, 1))
    deviation = random.normal(0, spread.slope / np.sqrt(2), (draws, listeners, len(names)))[:, :, place]
    clip = random.normal(0, spread.clip, (draws, 1, len(place)))
    return np.asarray(expit(middle + listener + deviation + clip))


def respond(random: np.random.Generator, probability: Array) -> NDArray[np.bool_]:
    """Whether each answer is "human", in the shape of `probability`.

    >>> respond(np.random.default_rng(0), np.array([0.0, 1.0]))
    array([False,  True])
    """
    return random.random(probability.shape) < probability


def spread_of_shares(p: float, shares: Spread) -> Spread:
    """Standard deviations in log-odds of effects whose deviations are known in shares, near a share p between 0 and 1.

    An approximation: an effect moves the share by the mean slope of the logistic curve. The spread that is looked for
    flattens that curve, so it is found by iteration.

    >>> round(spread_of_shares(0.5, Spread(0.01, 0.0, 0.0)).listener, 3)  # the curve's slope at 1/2 is 1/4
    0.04
    """
    found = shares
    for _ in range(50):
        middle = log_odds(p, found.total)
        chance = expit(middle + found.total * _NODES)
        slope = float(chance * (1 - chance) @ _WEIGHTS / _WEIGHTS.sum())
        found = Spread(*(min(each / slope, _WIDEST) for each in (shares.listener, shares.clip, shares.slope)))
    return found


@lru_cache(maxsize=4096)
def log_odds(p: float, spread: float) -> float:
    """The middle m of a normal distribution of log-odds for which the mean of P is p; infinite for 0 and 1.

    >>> round(log_odds(0.5, 0.8), 6), round(float(expit(log_odds(0.3, 0.0))), 6)
    (0.0, 0.3)
    """
    if p in (0.0, 1.0):
        return np.inf if p else -np.inf

    def excess(middle: float) -> float:
        return float(expit(middle + spread * _NODES) @ _WEIGHTS / _WEIGHTS.sum()) - p

    reach = 40.0 + 10 * spread
    return float(brentq(excess, -reach, reach, xtol=1e-10))
