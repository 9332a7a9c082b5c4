"""The difference of two shares, P("human" | system) - P("human" | human), when the same listeners hear the same clips.

A crossed linear model of the answers (1 human, 0 computer) about one system and the human source:

    answer = share[source] + listener[listener, source] + clip + rest

Listeners have a random intercept and a random slope of source (with any correlation), clips a random intercept. Clips
and rest have separate variances in the two sources: answers vary less near shares of 0 and 1 than near 1/2. Without the
slope, and without the clips, tests reject far too often (Clark, "The language-as-fixed-effect fallacy", 1973;
Barr, Levy, Scheepers & Tily, "Random effects structure for confirmatory hypothesis testing: keep it maximal", 2013;
Westfall, Kenny & Judd, "Statistical power and optimal design in experiments in which samples of participants respond to
samples of stimuli", 2014). Shares, not odds: the margin of equivalence is a difference of shares, and a share can be
estimated even where all listeners agree.

estimate        the difference of the two shares of answers, as every table shows them.
components      by analysis of variance (`analysis.variance_components`), without iteration: thousands of studies at
                once.
design effect   the variance of the difference over that of independent answers (Kish, "Survey sampling", 1965), at
                least 0.65: below 1 it makes up for the studies in which chance puts it above.
degrees of      of Student's t, after Satterthwaite ("An approximate distribution of estimates of variance components",
freedom         1946), as in the quasi-F of Clark, from the components that are positive: few clips and few listeners
                both lower them. Two or three listeners may seem alike by chance: at most 2 (listeners - 1)^2.
interval        Wilson's (1927) for each share, with the answers divided by the design effect, and t instead of z;
                combined by Newcombe's square-and-add ("Interval estimation for the difference between independent
                proportions", 1998; Zou & Donner, "Construction of confidence limits about effect measures", 2008): it
                stays within -1..1 and is asymmetric near 0 and 1, as it should be. Tests invert this interval: they
                find the t at which it begins to include the value tested.
agreement       answers that are all the same do not show how much clips and listeners vary. Design effect and degrees
                of freedom are therefore means of the estimate, weighted by the number of answers in the minority, and
                of a cautious value with the weight of a tenth of an answer: all answers about a clip agree, and degrees
                of freedom are those of the fewer of listeners and clips. This, the least design effect and the bound
                on degrees of freedom were chosen by simulation; the tests of error rates use other seeds.
caution         for claims of equivalence, which a chance run of agreement favours: the largest design effect of the
                difference and of either source, at least 1; no more degrees of freedom than clips of one source give;
                the cautious values have the weight of a whole answer.

Arrays in, arrays out. The leading axes are whole studies: results have one value per study.
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from listening_study.analysis.variance_components import SourceVariances, shared_covariance, without_answers

Array = NDArray[np.float64]

LEAST_DESIGN = 0.65  # see "design effect"
MOST_DF = 2.0  # times the square of listeners less one
AGREEMENT, CAUTIOUS_AGREEMENT = 0.1, 1.0  # weight of the cautious values, in answers
_FURTHEST = 1e4  # the largest t that is searched
_HALVINGS = 60  # 1e4 / 2^60: t is found to 1e-14


@dataclass(frozen=True)
class Components:
    """Variances of single listeners, clips and answers, in squared shares; below 0 by chance where there is none."""

    listener: Array  # in how readily they say "human", common to both sources
    slope: Array  # between listeners, in the difference of the two sources
    clip: Array  # between clips of one source, the mean of both
    rest: Array


@dataclass(frozen=True)
class CrossedDifference:
    """One value per study; NaN where it cannot be estimated.

    system, human : the two shares
    answers : how many there are about either; divided by a design effect: how many independent ones they are worth
    design, df : of the difference; `cautious_design`, `cautious_df` : for claims of equivalence
    """

    system: Array
    human: Array
    answers: tuple[Array, Array]
    design: Array
    df: Array
    cautious_design: Array
    cautious_df: Array
    components: Components

    @property
    def estimate(self) -> Array:
        return self.system - self.human

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Whether there are enough answers: about at least two listeners, and two clips of either source.

        >>> one_listener, two = np.array([[1.0, 0.0]]), np.eye(2)
        >>> bool(difference(one_listener, one_listener).estimable), bool(difference(two, two).estimable)
        (False, True)
        """
        return ~np.isnan(self.df)

    def interval(self, level: float, cautious: bool = False) -> tuple[Array, Array]:
        """The two-sided interval at a level such as 0.95, within -1..1.

        >>> found = difference(np.eye(4), 1 - np.eye(4))  # estimate -0.5
        >>> low, high = found.interval(0.95)
        >>> bool(-1 < low < found.estimate < high < 0)
        True
        """
        return self._ends(np.asarray(student.ppf((1 + level) / 2, self._df(cautious))), cautious)

    @without_answers
    def log_odds_interval(self, level: float) -> tuple[Array, Array, Array]:
        """Of the two shares: log odds ratio, low, high; infinite where a share is 0 or 1.

        >>> ratio, low, high = difference(np.eye(4), 1 - np.eye(4)).log_odds_interval(0.95)
        >>> round(float(ratio), 3), round(-2 * float(np.log(3)), 3), bool(low < ratio < high)  # odds of 1/3 and 3
        (-2.197, -2.197, True)
        """
        reach = np.asarray(student.ppf((1 + level) / 2, self.df))
        (low, high), (human_low, human_high) = self._shares(reach, self.design)
        one, other = _logit(self.system), _logit(self.human)
        below = np.hypot(one - _logit(low), _logit(human_high) - other)
        above = np.hypot(_logit(high) - one, other - _logit(human_low))
        return one - other, one - other - below, one - other + above

    def t(self, value: float, cautious: bool = False) -> Array:
        """The t at which the interval begins to include `value`: positive where the estimate is above it.

        >>> found = difference(np.eye(4), 1 - np.eye(4))  # estimate -0.5
        >>> abs(float(found.t(-0.5))), bool(found.t(0.0) < 0 < found.t(-1.0))
        (0.0, True)
        """
        gap = self.estimate - value
        near, far = np.zeros_like(gap), np.full_like(gap, _FURTHEST)
        for _ in range(_HALVINGS):  # bisection: the interval widens with t, and has no closed inverse
            middle = (near + far) / 2
            low, high = self._ends(middle, cautious)
            outside = np.where(gap > 0, low > value, high < value)
            near, far = np.where(outside, middle, near), np.where(outside, far, middle)
        return np.where(self.estimable, np.sign(gap) * near, np.nan)

    def p(self, value: float = 0.0) -> Array:
        """Two-sided p of the difference being `value`.

        >>> found = difference(np.eye(4), 1 - np.eye(4))  # estimate -0.5
        >>> float(found.p(-0.5)), bool(found.p() < 0.05)
        (1.0, True)
        """
        return np.asarray(2 * student.sf(np.abs(self.t(value)), self.df))

    def p_equivalence(self, margin: float) -> Array:
        """p of the difference being outside of plus or minus `margin`: the larger of two one-sided tests (TOST).

        >>> same = difference(np.eye(4), np.eye(4))  # a difference of 0
        >>> bool(same.p_equivalence(0.1) > 0.05 > same.p_equivalence(0.9))
        True
        """
        df = self.cautious_df
        low, high = self.t(-margin, cautious=True), self.t(margin, cautious=True)
        return np.maximum(student.sf(low, df), student.cdf(high, df))

    def _df(self, cautious: bool) -> Array:
        return self.cautious_df if cautious else self.df

    def _ends(self, reach: Array, cautious: bool) -> tuple[Array, Array]:
        design = self.cautious_design if cautious else self.design
        (low, high), (human_low, human_high) = self._shares(reach, design)
        below = np.hypot(self.system - low, human_high - self.human)
        above = np.hypot(high - self.system, self.human - human_low)
        return self.estimate - below, self.estimate + above

    def _shares(self, reach: Array, design: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        one, other = self.answers
        return _wilson(self.system, one / design, reach), _wilson(self.human, other / design, reach)


@without_answers
def difference(system: Array, human: Array) -> CrossedDifference:
    """system, human : (..., listeners, clips) answers, 1 human, 0 computer, NaN not given. Same listeners, in order.

    >>> found = difference(np.eye(4), 1 - np.eye(4))  # each of four listeners, of four clips: 1 and 3 "human"
    >>> float(found.system), float(found.human), float(found.estimate)
    (0.25, 0.75, -0.5)
    """
    one, other = SourceVariances(system), SourceVariances(human)
    shared, together = shared_covariance(one, other)
    listener = one.listener_part + other.listener_part - 2 * shared * together
    rest = one.rest_part + other.rest_part
    clips = one.clip_part + other.clip_part
    independent = one.independent + other.independent
    varies = independent > 0
    known = np.where(varies, independent, 1)

    people = 1 / (((one.weights + other.weights) / 2) ** 2).sum(-1)
    fewest = np.minimum(people, np.minimum(one.clips, other.clips)) - 1
    estimable = fewest > 1e-9  # not 0: effective numbers are floats
    minority = one.minority + other.minority
    agreed = np.maximum(one.total / one.clips, other.total / other.clips)  # answers about a clip

    def believed(seen: Array, otherwise: Array, belief: float = AGREEMENT) -> Array:
        seen = np.where(varies, seen, otherwise)
        return np.where(estimable, (minority * seen + belief * otherwise) / (minority + belief), np.nan)

    df = _satterthwaite(listener, people, one, other)
    whole = _design(listener + clips + rest, known)
    own = [_own_design(each, listener * each.independent / known, whole) for each in (one, other)]
    few = np.maximum(fewest, 1)
    return CrossedDifference(
        system=one.share,
        human=other.share,
        answers=(one.total, other.total),
        design=believed(whole, agreed),
        df=believed(df, few),
        cautious_design=believed(np.maximum(reduce(np.maximum, own, whole), 1), agreed, CAUTIOUS_AGREEMENT),
        cautious_df=believed(np.minimum(df, np.maximum((one.clips + other.clips) / 2 - 1, 1)), few, CAUTIOUS_AGREEMENT),
        components=_components(one, other, shared),
    )


def _components(one: SourceVariances, other: SourceVariances, shared: Array) -> Components:
    return Components(
        listener=shared,
        slope=one.listener + other.listener - 2 * shared,
        clip=(one.clip + other.clip) / 2,
        rest=(one.rest + other.rest) / 2,
    )


def _design(variance: Array, of_independent: Array) -> Array:
    """The design effect: a variance over that of as many independent answers."""
    return np.maximum(variance / of_independent, LEAST_DESIGN)


def _own_design(source: SourceVariances, listener: Array, otherwise: Array) -> Array:
    """The design effect of one source's share; listener : its part of the listeners' variance

    `otherwise` where all answers about the source are the same.
    """
    own = _design(source.clip_part + source.rest_part + listener, source.independent)
    return np.where(source.independent > 0, own, otherwise)


def _satterthwaite(listener: Array, people: Array, one: SourceVariances, other: SourceVariances) -> Array:
    """The variance is a sum of mean squares: squared, over the sum of each one's square per degree of freedom."""
    clips = one.clip_part + other.clip_part
    rest = one.rest_part + other.rest_part
    wavers, differ = listener > 0, clips > 0
    squares = np.where(wavers, (listener + rest) ** 2 / (people - 1), 0)
    for each in (one, other):
        squares += np.where(differ, (each.clip_part + each.rest_part) ** 2 / (each.clips - 1), 0)
        times = 1.0 - wavers - differ  # 1: the rest is in neither mean square; 0: in one; -1: in both
        squares += (times * each.rest_part) ** 2 / each.rest_df
    variance = np.maximum(listener + clips, 0) + rest
    df = np.where(squares > 0, variance**2 / np.where(squares > 0, squares, 1), 1)
    return np.clip(df, 1, np.maximum(MOST_DF * (people - 1) ** 2, 1))


@without_answers
def _wilson(share: Array, answers: Array, reach: Array) -> tuple[Array, Array]:
    square = reach**2 / answers
    centre = (share + square / 2) / (1 + square)
    spread = np.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return np.minimum(centre - spread, share), np.maximum(centre + spread, share)


def _logit(share: Array) -> Array:
    return np.asarray(np.log(share) - np.log1p(-share))
