"""The mean of a source's values, and the difference of two sources' means, over other listeners and other clips.

The model is that of `components`: as in `analysis.crossed`, listeners have an intercept and a slope of source and clips
vary; in addition clips of the same prompt are matched.

estimate        of complete answers the difference of the means that every table prints; else adjusted for who heard
                what, by least squares.
pairs           where listeners heard both clips of a prompt (at least half of the answers about either source are
                such), the differences within listener and prompt are analysed, and other answers do not count.
variance        of the estimate, from the components, which may be below 0 by chance: at least three quarters of what
                the rest alone gives, for the studies in which chance puts it above. Chosen by simulation.
degrees of      of Student's t, after Satterthwaite ("An approximate distribution of estimates of variance components",
freedom         1946), for the pattern of who heard what, from the components that are positive; at most three times
                those that the fewer of listeners and columns give, as a component may be below 0 by chance.
agreement       values that are all the same do not show how much listeners and clips differ. The variance is
                therefore a mean of the one seen, weighted by the number of values other than their source's most
                frequent one, and, with the weight of one value, of one that is cautious: clips rated alike on a scale
                with steps differ by less than a step, which is a variance of a twelfth of its square (Sheppard, "On the
                calculation of the most probable values of frequency-constants", 1898).
caution         for claims of equivalence: no component is below 0, and the variance is a tenth larger, as a difference
                of ratings is skewed where one of the sources is near an end of the scale.

Arrays in, arrays out. The leading axis of arrays, if any, is whole studies: results have one value per study.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from listening_study.analysis.tasks.components import Heard, Layout, layout

Array = NDArray[np.float64]

LEAST = 0.75  # see "variance"
MOST_DF = 3.0  # see "degrees of freedom"
CAUTIOUS = 1.1  # see "caution"
CAUTION = 1.0  # weight of the cautious variance, in values


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference of means, one value per study; NaN where it cannot be estimated.

    variance, df : of the estimate; `cautious_variance` : for claims of equivalence
    components : (..., 3) variances of listeners, columns and rest, in the model of `components`; of pairs, those of
        differences; below 0 by chance
    """

    estimate: Array
    variance: Array
    cautious_variance: Array
    df: Array
    components: Array

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Whether there are at least two listeners, and two clips of every source.

        >>> bool(mean(np.ones((1, 5)), 1.0).estimable), bool(mean(np.ones((2, 2)), 1.0).estimable)
        (False, True)
        """
        return np.asarray(~np.isnan(self.df))

    def interval(self, level: float, cautious: bool = False) -> tuple[Array, Array]:
        """The two-sided interval at a level such as 0.95.

        >>> low, high = mean(np.array([[3.0, 4.0], [4.0, 5.0]]), 1.0).interval(0.95)
        >>> bool(low < 4 < high)
        True
        """
        reach = self._error(cautious) * student.ppf((1 + level) / 2, self.df)
        return self.estimate - reach, self.estimate + reach

    def t(self, value: float = 0.0, cautious: bool = False) -> Array:
        """By how many standard errors the estimate lies above `value`."""
        return np.asarray((self.estimate - value) / self._error(cautious))

    def p(self, value: float = 0.0) -> Array:
        """Two-sided p of the estimated quantity being `value`.

        >>> found = mean(np.array([[3.0, 4.0], [4.0, 5.0]]), 1.0)
        >>> float(found.p(4.0))
        1.0
        """
        return np.asarray(2 * student.sf(np.abs(self.t(value)), self.df))

    def p_equivalence(self, margin: float) -> Array:
        """p of the quantity being `margin` or more away from 0: the larger of two one-sided tests (TOST).

        >>> same = difference(np.eye(6), 1 - np.eye(6)[::-1], 1.0)
        >>> bool(same.p_equivalence(0.01) > 0.05 > same.p_equivalence(9.0))
        True
        """
        low, high = self.t(-margin, cautious=True), self.t(margin, cautious=True)
        return np.maximum(student.sf(low, self.df), student.cdf(high, self.df))

    def _error(self, cautious: bool) -> Array:
        return np.asarray(np.sqrt(self.cautious_variance if cautious else self.variance))


def mean(values: Array, step: float = 1.0, least: float = LEAST) -> Estimate:
    """Of one source.

    values : (..., listeners, columns), NaN where not given; step : between neighbouring values
    least : of the variance that the rest alone gives

    >>> round(float(mean(np.array([[3.0, 4.0], [np.nan, 5.0]])).estimate), 9)
    4.0
    """
    return _each_pattern([values], step, least)


def difference(system: Array, human: Array, step: float = 1.0) -> Estimate:
    """The mean of `system` less that of `human`.

    system, human : (..., listeners, columns), NaN where not given. Same listeners and columns, in order: a column is
        a prompt that both sources have, or a clip that only one has
    step : between neighbouring values of the scale

    >>> float(difference(np.full((2, 2), 4.0), np.full((2, 2), 3.0)).estimate)
    1.0
    """
    return _each_pattern([system, human], step, LEAST)


def _each_pattern(sources: list[Array], step: float, least: float) -> Estimate:
    """Studies with one pattern of who heard what together, others one by one."""
    if sources[0].ndim == 2:
        return _joined([_one_pattern([one[None] for one in sources], step, least)], single=True)
    given = [~np.isnan(one) for one in sources]
    if all((one == one[:1]).all() for one in given):
        return _one_pattern(sources, step, least)
    return _joined([_one_pattern([one[[number]] for one in sources], step, least) for number in range(len(sources[0]))])


def _joined(found: Sequence[Estimate], single: bool = False) -> Estimate:
    whole = [np.concatenate(each) for each in zip(*(vars(one).values() for one in found), strict=True)]
    return Estimate(*((each[0] for each in whole) if single else whole))


def _one_pattern(sources: list[Array], step: float, least: float) -> Estimate:
    given: list[Heard] = [~np.isnan(one[0]) for one in sources]
    if not all(one.any() for one in given):
        return _nothing(np.full(len(sources[0]), np.nan))
    differing, rounding = _differing(sources), _rounding(given, step)
    both = given[0] & given[-1]
    if len(given) == 2 and 2 * both.sum() >= min(one.sum() for one in given):
        values, found = (sources[0] - sources[1])[:, both], layout(both)
    else:
        values = np.concatenate([one[:, heard] for one, heard in zip(sources, given, strict=True)], axis=1)
        found = layout(*given)
    if not found.fewest > 1e-9:  # not 0: effective numbers are floats
        means = [one[:, heard].mean(1) for one, heard in zip(sources, given, strict=True)]
        return _nothing(means[0] - means[1] if len(means) == 2 else means[0])
    return _estimate(found, values, differing, rounding, least)


def _nothing(estimate: Array) -> Estimate:
    unknown = np.full_like(estimate, np.nan)
    return Estimate(estimate, unknown, unknown, unknown, np.full((len(estimate), 3), np.nan))


def _estimate(found: Layout, values: Array, differing: Array, rounding: float, least: float) -> Estimate:
    components = found.variances(values)
    rest = np.maximum(components[:, 2], 0) * found.parts[2]
    seen = np.maximum(components @ found.parts, least * rest)

    def believed(variance: Array) -> Array:
        return np.asarray((differing * variance + CAUTION * np.maximum(variance, rounding)) / (differing + CAUTION))

    return Estimate(
        estimate=values @ found.weights,
        variance=believed(seen),
        cautious_variance=CAUTIOUS * believed(np.maximum(components, 0) @ found.parts),
        df=np.where(
            seen > 1e-9 * rounding,
            np.clip(found.degrees_of_freedom(components), 1, max(MOST_DF * found.fewest, 1)),
            max(found.fewest, 1),
        ),
        components=components,
    )


def _rounding(given: list[Heard], step: float) -> float:
    """The variance of the estimate from rounding to the scale's steps alone, where all answers about a clip agree."""
    return sum(step**2 / 12 * float(((heard.sum(0) / heard.sum()) ** 2).sum()) for heard in given)


def _differing(sources: list[Array]) -> Array:
    """How many values differ from the most frequent one of their source, (studies,)."""
    found = np.zeros(len(sources[0]))
    for values in sources:
        for number, study in enumerate(values):
            counts = np.unique(study[~np.isnan(study)], return_counts=True)[1]
            found[number] += counts.sum() - counts.max()
    return found
