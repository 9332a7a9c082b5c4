"""The cumulative-link mixed model: ordered answers, with crossed normal effects of listeners and clips.

    logit P(answer <= k) = threshold[k] - (fixed effects + sum of random effects)

(McCullagh, "Regression models for ordinal data", 1980; Tutz & Hennevogl, "Random effects in ordinal regression models",
1996.) With two categories it is logistic regression; with three, and thresholds -t and t, the model of paired
comparisons with ties of Rao & Kupper, "Ties in paired-comparison experiments", 1967.

Random effects are integrated out by Laplace's approximation: the logarithm of the integrand is replaced by a parabola
at its mode, which is found by Newton's method; it is concave (Pratt, "Concavity of the log likelihood", 1981). The
fixed effects are integrated out as well, with a flat prior, as in restricted maximum likelihood (REML): few clips would
else make their variance too small. `restricted=False` gives maximum likelihood, as `ordinal::clmm` and `lme4::glmer` of
R do. Standard deviations are searched between 0 and 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import expit

from listening_study.analysis.tasks.components import one_thread

Array = NDArray[np.float64]

WIDEST = 10.0  # standard deviation of an effect, log-odds
FLATTEST = 1e-6  # precision of a prior that only keeps numbers finite
INFINITE, PRIOR = 8.0, 0.1  # log-odds from which an effect is taken for infinite; precision of the prior it then gets
_STEPS, _CLOSE, _ROUNDING, _SHORTEST = 100, 1e-13, 1e-12, 1e-6  # of Newton's method; it converges in about five steps
_IMPOSSIBLE = 1e10  # instead of infinity, which the search does not accept
_TOLERANCES: Any = {"ftol": 1e-10, "gtol": 1e-4, "eps": 1e-5}  # of the search for standard deviations


@dataclass(frozen=True)
class Answers:
    """What is modelled, N answers.

    category : (N,) integers from 0
    fixed : (N, p) design of the fixed effects
    random : designs of independent random effects, (N, q) each, one standard deviation each
    thresholds : (categories - 1, free parameters); the identity leaves them free, a column (-1, 1) symmetric
    """

    category: NDArray[np.int_]
    fixed: Array
    random: Sequence[Any]
    thresholds: Array


@dataclass(frozen=True)
class Fit:
    """Estimates in log-odds.

    fixed : (p,); covariance : (p, p) of them
    thresholds : (categories - 1,)
    deviations : (len(random),) standard deviations of the random effects
    log_likelihood : by Laplace's approximation
    """

    fixed: Array
    covariance: Array
    thresholds: Array
    deviations: Array
    log_likelihood: float


class _Model:
    """The log-likelihood. Parameters: thresholds, fixed effects, random effects in units of their deviations."""

    def __init__(self, answers: Answers, prior: float) -> None:
        count, free = answers.thresholds.shape
        padded = np.vstack([np.zeros((1, free)), answers.thresholds, np.zeros((1, free))])
        category = answers.category
        self.sizes = [each.shape[1] for each in answers.random]
        self.free, self.columns = free, free + answers.fixed.shape[1]
        self.effects = sparse.hstack(
            [sparse.csr_matrix(answers.fixed), *map(sparse.csr_matrix, answers.random)]
        ).tocsr()
        self.high, self.low = padded[category + 1], padded[category]
        self.no_high, self.no_low = category == count, category == 0  # answers of the last and the first category
        self.start = np.zeros(free + self.effects.shape[1])
        if free:
            below = np.bincount(category, minlength=count + 1)[:-1].cumsum() + 0.5
            odds = np.log(below / (len(category) + 1 - below))
            self.start[:free] = np.linalg.lstsq(answers.thresholds, odds, rcond=None)[0]
        self.prior = np.concatenate([np.full(self.columns, prior), np.ones(sum(self.sizes))])

    def scaled(self, deviations: Array) -> Any:
        """The design of fixed and random effects, the latter in units of their deviations; sparse."""
        units = np.concatenate([np.ones(self.columns - self.free), np.repeat(deviations, self.sizes)])
        return (self.effects @ sparse.diags(units)).tocsr()

    def mode(self, effects: Any, start: Array, moving: slice) -> tuple[Array, float, Array]:
        """The most likely parameters, of those that move; the log-likelihood there and its negative Hessian."""
        at, (value, slope, curve) = start.copy(), self._derivatives(effects, start)
        for _ in range(_STEPS):
            step = np.zeros_like(at)
            step[moving] = cho_solve(cho_factor(curve[moving, moving]), slope[moving])
            if float(slope @ step) < _CLOSE:
                break
            length, found = 1.0, self._derivatives(effects, at + step)
            while not found[0] > value - _ROUNDING * abs(value) and length > _SHORTEST:  # shorter until it climbs
                length /= 2
                found = self._derivatives(effects, at + length * step)
            at, (value, slope, curve) = at + length * step, found
        return at, value, curve

    def _derivatives(self, effects: Any, parameters: Array) -> tuple[float, Array, Array]:
        """The log-likelihood, its gradient and its negative Hessian; -inf where thresholds are out of order."""
        free = self.free
        total = effects @ parameters[free:]
        high = np.where(self.no_high, np.inf, self.high @ parameters[:free] - total)
        low = np.where(self.no_low, -np.inf, self.low @ parameters[:free] - total)
        over = high + low > 0  # expit(-x) = 1 - expit(x), without rounding to 1
        chance = np.where(over, expit(-low) - expit(-high), expit(high) - expit(low))
        if not (chance > 0).all():
            return -np.inf, parameters, np.eye(len(parameters))
        up, down = (expit(end) * expit(-end) / chance for end in (high, low))  # densities
        high_high, low_low = up**2 + up * np.tanh(high / 2), down**2 - down * np.tanh(low / 2)
        high_low = -up * down
        slope = np.concatenate([self.high.T @ up - self.low.T @ down, effects.T @ (down - up)])
        curve = np.diag(self.prior)
        weighted = self.high * high_high[:, None] + self.low * high_low[:, None]
        lower = self.low * low_low[:, None] + self.high * high_low[:, None]
        curve[:free, :free] += self.high.T @ weighted + self.low.T @ lower
        across = -(effects.T @ (weighted + lower))
        curve[free:, :free] += across
        curve[:free, free:] += across.T
        curve[free:, free:] += (effects.T @ sparse.diags(high_high + low_low + 2 * high_low) @ effects).toarray()
        value = np.log(chance).sum() - (self.prior * parameters**2).sum() / 2
        return float(value), slope - self.prior * parameters, curve


def fit(answers: Answers, restricted: bool = True, prior: float = FLATTEST) -> Fit:
    """By (restricted) maximum likelihood; about a second for 40 listeners and 40 clips.

    prior : precision of the fixed effects' and thresholds' prior, 1 over squared log-odds

    Two groups of ten answers without random effects: the log odds ratio of 7:3 and 3:7 is 2 log(7 / 3).

    >>> group = np.repeat([0, 1], 10)
    >>> said = np.array([1] * 3 + [0] * 7 + [1] * 7 + [0] * 3)
    >>> found = fit(Answers(said, group[:, None] * 1.0, [], np.eye(1)))
    >>> round(float(found.fixed[0]), 3), round(2 * float(np.log(7 / 3)), 3)
    (1.695, 1.695)
    """
    with one_thread():
        return _fit(_Model(answers, prior), answers, restricted)


def finite_fit(answers: Answers) -> Fit:
    """As `fit`, with a prior where a fixed effect would be infinite: all answers about one source are the same.

    >>> apart = Answers(np.repeat([0, 1], 10), np.repeat([0.0, 1.0], 10)[:, None], [], np.eye(1))
    >>> bool(fit(apart).fixed[0] > 10 > finite_fit(apart).fixed[0] > 2)
    True
    """
    found = fit(answers)
    return fit(answers, prior=PRIOR) if np.abs(found.fixed).max(initial=0.0) > INFINITE else found


def _fit(model: _Model, answers: Answers, restricted: bool) -> Fit:
    count, columns = len(answers.random), model.columns
    moving = slice(None) if restricted else slice(columns, None)
    first, bounds = np.full(count, 0.5), [(0.0, WIDEST)] * count
    last = [model.mode(model.scaled(first), model.start, slice(None))[0]]
    if not restricted:
        first, bounds = np.concatenate([first, last[0][:columns]]), bounds + [(-np.inf, np.inf)] * columns

    def laplace(at: Array) -> float:
        start = last[0] if restricted else np.concatenate([at[count:], last[0][columns:]])
        mode, value, curve = model.mode(model.scaled(at[:count]), start, moving)
        if not np.isfinite(value):
            return _IMPOSSIBLE
        last[0] = mode  # the next one is near
        _, size = np.linalg.slogdet(curve[moving, moving])
        return float(size / 2 - value)

    at = minimize(laplace, first, method="L-BFGS-B", bounds=bounds, options=_TOLERANCES).x if len(first) else first
    minus = laplace(at)
    mode, _, curve = model.mode(model.scaled(at[:count]), last[0], moving)
    covariance = np.asarray(np.linalg.inv(curve), dtype=np.float64)[model.free : columns, model.free : columns]
    return Fit(
        fixed=mode[model.free : columns],
        covariance=covariance,
        thresholds=answers.thresholds @ mode[: model.free],
        deviations=np.asarray(at[:count]),
        log_likelihood=-minus,
    )
