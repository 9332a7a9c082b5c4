"""A share of answers, of other listeners about other clips: of preferences for one of two systems, or of X identified.

The crossed model of `means`, on values between 0 and 1. The variance of the share over that of as many independent
answers is its design effect (Kish, "Survey sampling", 1965). The interval is Wilson's (1927) with the answers divided
by it and Student's t instead of z, as in `analysis.crossed`: it stays within 0..1. Tests invert it.

Answers that are all the same do not show how much listeners and clips differ: the design effect is a mean of the
estimate, weighted by the number of answers in the minority, and, with the weight of a tenth of an answer (for claims of
equivalence: of one), of the case in which all answers about a clip, or of a listener, agree.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from listening_study.analysis.crossed import AGREEMENT, CAUTIOUS_AGREEMENT, LEAST_DESIGN
from listening_study.analysis.tasks.means import mean

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """One value per study; NaN where it cannot be estimated.

    answers : how many there are; divided by `design`: how many independent ones they are worth
    cautious_design : for claims of equivalence
    """

    estimate: Array
    answers: Array
    design: Array
    cautious_design: Array
    df: Array

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Whether there are at least two listeners and two clips."""
        return np.asarray(~np.isnan(self.df))

    def interval(self, level: float, cautious: bool = False) -> tuple[Array, Array]:
        """The two-sided interval at a level such as 0.95, within 0..1.

        >>> low, high = share(np.ones((4, 4))).interval(0.95)
        >>> bool(0 < low < 1), float(high)
        (True, 1.0)
        """
        square = student.ppf((1 + level) / 2, self.df) ** 2 * self._design(cautious) / self.answers
        centre = (self.estimate + square / 2) / (1 + square)
        reach = np.sqrt(square * (self.estimate * (1 - self.estimate) + square / 4)) / (1 + square)
        return np.minimum(centre - reach, self.estimate), np.maximum(centre + reach, self.estimate)

    def t(self, value: float = 0.5, cautious: bool = False) -> Array:
        """The t at which the interval begins to include `value`: positive where the share is above it."""
        if not 0 < value < 1:  # every share is within
            return np.where(self.estimable, np.sign(self.estimate - value) * np.inf, np.nan)
        error = np.sqrt(value * (1 - value) * self._design(cautious) / self.answers)
        return np.asarray((self.estimate - value) / error)

    def p(self, value: float = 0.5) -> Array:
        """Two-sided p of the share being `value`.

        >>> float(share(np.eye(2)).p()), bool(share(np.ones((8, 8))).p() < 0.05)
        (1.0, True)
        """
        return np.asarray(2 * student.sf(np.abs(self.t(value)), self.df))

    def p_equivalence(self, margin: float) -> Array:
        """p of the share being `margin` or more away from one half: the larger of two one-sided tests (TOST)."""
        low, high = self.t(0.5 - margin, cautious=True), self.t(0.5 + margin, cautious=True)
        return np.maximum(student.sf(low, self.df), student.cdf(high, self.df))

    def _design(self, cautious: bool) -> Array:
        return self.cautious_design if cautious else self.design


def share(values: Array) -> Share:
    """values : (..., listeners, columns) between 0 and 1, NaN where not given.

    >>> float(share(np.array([[1.0, 0.0], [0.5, 1.0]])).estimate)
    0.625
    """
    found = mean(values, least=LEAST_DESIGN)
    given = ~np.isnan(values)
    n = given.sum((-1, -2)).astype(np.float64)
    total = np.where(given, values, 0.0).sum((-1, -2))
    p = np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)
    minority = n * np.minimum(p, 1 - p)
    independent = p * (1 - p) / np.maximum(n - 1, 1)
    known = np.where(independent > 0, independent, 1.0)
    agreed = n / np.maximum(np.minimum(_effective(given.sum(-1)), _effective(given.sum(-2))), 1)
    cautious = np.maximum(np.maximum(found.cautious_variance, found.variance) / known, 1)

    def believed(seen: Array, belief: float) -> Array:
        seen = np.where(independent > 0, seen, agreed)
        return np.where(found.estimable, (minority * seen + belief * agreed) / (minority + belief), np.nan)

    return Share(
        estimate=p,
        answers=n,
        design=believed(np.maximum(found.variance / known, LEAST_DESIGN), AGREEMENT),
        cautious_design=believed(cautious, CAUTIOUS_AGREEMENT),
        df=found.df,
    )


def _effective(counts: NDArray[np.int_]) -> Array:
    squares = (counts.astype(np.float64) ** 2).sum(-1)
    return np.asarray(counts.sum(-1) ** 2 / np.where(squares > 0, squares, 1.0))
