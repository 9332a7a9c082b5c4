"""Several trainings (or draws) of one system: what is known of the method, and not of one training of it.

A system's value is the mean of its trainings' values, such as the means of a metric over the pieces of each. Trainings
are the independent samples: their values vary by the training and by the pieces. Pieces of one *group* (a prompt, a
work) resemble each other, also across trainings and in the reference; so values of trainings that share groups vary
together, and the spread between trainings does not show that part. It is added:

    Var(mean_t m_t) = E[s^2] / T + C        s^2: the variance of the T values; C: the mean covariance of two of them
    Var(d) = s_A^2 / T_A + s_B^2 / T_B + Q,  Q = C_A + C_B - 2 C_AB

The first line is exact for any covariances: E[s^2] is the mean variance less the mean covariance. Covariances come from
the influence z_tg of each group on each value, scaled so that sum_g z_tg z_ug estimates the covariance of two values
(the jackknife). Without shared groups Q is 0, and the test is Welch's t. What the same groups do to both systems falls
out of Q: it is a paired comparison. A reference has no trainings: s^2 is absent, and its C is the variance of its own
value over its groups. In a balanced crossed design the sum is the usual one of mean squares, and the degrees of freedom
are Satterthwaite's (1946; with a difference of mean squares, Gaylor & Hopper 1969).

In simulation, 5 and 10 trainings of 20 and 100 pieces, with and without shared prompts, the test against a reference
rejects a true null in 4 to 6 % (`tests/test_replicates.py`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.statistics.resampling import Array

FEWEST = 5  # trainings of a system for a verdict: t with fewer than four degrees of freedom shows hardly anything
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Trainings:
    """The values of a system's trainings; of a reference, its one value.

    values : (T,); influence : (T, G), of each group on each value, the same groups for all that is compared; 0 where a
        training has no piece of a group
    """

    values: Array
    influence: Array

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @property
    def between(self) -> float:
        """The variance of the mean that the spread between trainings shows; 0 of one value."""
        return float(self.values.var(ddof=1) / len(self.values)) if len(self.values) > 1 else 0.0

    @property
    def shared(self) -> float:
        """The mean covariance of two trainings; of one value, its variance over groups."""
        count, squares = len(self.values), float((self.influence**2).sum())
        if count == 1:
            return squares
        return (float((self.influence.sum(axis=0) ** 2).sum()) - squares) / (count * (count - 1))

    @property
    def groups(self) -> int:
        """The fewest groups that one of the trainings has."""
        return int((self.influence != 0).sum(axis=1).min())


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference with its 95 % interval, the two-sided p of 0, and the degrees of freedom of t.

    All but the value are NaN where nothing can be inferred: nothing varies, or there is one group.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    freedom: float = np.nan


def means(values: Array, numbers: NDArray[np.int64], groups: int) -> tuple[float, Array]:
    """The mean of one training's pieces and the influence of each group on it, (groups,).

    values : (pieces,); numbers : the group of each piece, (pieces,), 0 to groups - 1

    >>> value, influence = means(np.array([1.0, 3.0]), np.array([0, 2]), 3)
    >>> value, influence.round(3).tolist()  # the standard error of a mean of two: 1
    (2.0, [-0.707, 0.0, 0.707])
    """
    mean = float(values.mean())
    sums = np.bincount(numbers, values - mean, groups) / len(values)
    count = len(np.unique(numbers))
    return mean, sums * np.sqrt(count / (count - 1)) if count > 1 else np.zeros(groups)


def trainings(parts: list[tuple[Array, NDArray[Any]]], names: NDArray[Any]) -> Trainings:
    """The trainings of a metric: of each its values and groups, (pieces,) each; names : all groups, sorted, (G,)."""
    each = [means(values, np.searchsorted(names, groups), len(names)) for values, groups in parts]
    return Trainings(np.array([value for value, _ in each]), np.stack([own for _, own in each]))


def mean(one: Trainings) -> Estimate:
    """The mean of a system's trainings.

    >>> found = mean(Trainings(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.zeros((5, 1))))
    >>> found.value, round(found.low, 2), round(found.high, 2), found.freedom  # the t interval
    (3.0, 1.04, 4.96, 4.0)
    """
    none = Trainings(np.zeros(1), np.zeros((1, one.influence.shape[1])))
    return difference(one, none)


def difference(one: Trainings, other: Trainings) -> Estimate:
    """The mean of `one` less the mean of `other`, each a system with trainings or a reference.

    Without shared groups it is Welch's t:

    >>> one, other = (Trainings(np.array(own), np.zeros((5, 1))) for own in ([1.0, 2, 3, 4, 5], [3.0, 5, 4, 6, 9]))
    >>> found = difference(one, other)
    >>> round(found.value, 2), round(found.p, 4), round(found.freedom, 2)
    (-2.4, 0.0956, 7.09)
    """
    from scipy.stats import t

    value = one.mean - other.mean
    together = one.influence.mean(axis=0) - other.influence.mean(axis=0)
    crossed = float((one.influence.mean(axis=0) * other.influence.mean(axis=0)).sum())
    shared = max(one.shared + other.shared - 2 * crossed, 0.0)
    variance = one.between + other.between + shared
    # A difference of mean squares has at most the freedom of the larger one (Gaylor & Hopper).
    squares = max(float((together**2).sum()), shared) if shared else 0.0
    groups = min(own.groups for own in (one, other) if own.influence.any()) if squares else 0
    parts = [(own.between, len(own.values) - 1) for own in (one, other)] + [(squares, groups - 1)]
    parts = [(part, freedom) for part, freedom in parts if part and freedom > 0]
    doubt = sum(part**2 / freedom for part, freedom in parts)
    # Rounding alone varies where the values are equal.
    least = np.finfo(np.float64).eps * max(np.abs(one.values).max(), np.abs(other.values).max())
    if not variance > least**2 or not doubt:
        return Estimate(value)
    # A sum has at least the freedom of its least free part; the estimate of a difference may fall below.
    freedom, error = max(variance**2 / doubt, min(own for _, own in parts)), float(np.sqrt(variance))
    reach = float(t.ppf((1 + LEVEL) / 2, freedom))
    p = float(2 * t.sf(abs(value) / error, freedom))
    return Estimate(value, value - reach * error, value + reach * error, p, freedom)
