"""Who heard what, and what follows from it: variances of listeners, clips and single answers, for any pattern.

The contrast of two sources is a linear model:

    value = mean + listener + column + source (contrast + listener's slope + column's slope) + rest

with source 1/2 or -1/2. A column is a prompt, or a clip where the two sources have no prompt in common. The intercepts
of listeners, and of columns that both sources have, are taken out by least squares: neither a lenient listener nor a
pleasing prompt counts for a source. The slopes and the rest are random. The mean of one source is the same model
without intercepts and with source 1: slopes are then the listeners' and the clips' own effects.

The three variances follow from the sums of squares of the residuals within listeners, within columns and in all,
equated to what the model expects of them (Henderson, "Estimation of variance and covariance components", 1953; Rao,
"Estimation of variance and covariance components - MINQUE theory", 1971): unbiased, without iteration, thousands of
studies at once.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Array = NDArray[np.float64]
Heard = NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """The model of one pattern of who heard what; N values, K listeners and columns together.

    weights : (N,) of the values in the estimate, their sum with the values
    residual : (N, rank) orthonormal basis of what the fixed effects explain
    effects : (N, K) the slopes' design without what the fixed effects explain, listeners first
    listeners : how many of the K are listeners
    parts : (3,) by how much the estimate's variance grows with the variance of listeners, columns and rest
    inverse : (3, 3) the variances from the three sums of squares
    fewest : the fewer of effective numbers of listeners and of columns, less one; 0: nothing can be estimated
    """

    weights: Array
    explained: Array
    effects: Array
    listeners: int
    parts: Array
    inverse: Array
    traces: Array
    fewest: float

    def sums_of_squares(self, values: Array) -> Array:
        """Within listeners, within columns, in all, of the residuals. values : (..., N); returns (..., 3)."""
        left = values - values @ self.explained @ self.explained.T
        each = (left @ self.effects) ** 2
        within, between = each[..., : self.listeners].sum(-1), each[..., self.listeners :].sum(-1)
        return np.stack([within, between, (left**2).sum(-1)], axis=-1)

    def variances(self, values: Array) -> Array:
        """Of listeners, columns and rest, (..., 3); below 0 by chance where there is none."""
        return np.asarray(self.sums_of_squares(values) @ self.inverse.T)

    def degrees_of_freedom(self, variances: Array) -> Array:
        """Of the estimate's variance, after Satterthwaite (1946), from those variances that are positive, (...).

        The estimated variance is a quadratic form A of the residuals, whose covariance is S: its mean is tr(AS), its
        variance 2 tr(ASAS), and a chi-square with as many degrees of freedom has the same ratio of the two.
        """
        positive = np.maximum(variances, 0)
        coefficients = (self.parts * (np.array([1.0, 1.0, 2.0]) * positive > 0)) @ self.inverse  # A
        spread = np.einsum(
            "...a,...b,...c,...d,abcd->...", coefficients, positive, coefficients, positive, self.traces, optimize=True
        )
        mean = positive @ self.parts
        return np.where(spread > 0, mean**2 / np.where(spread > 0, spread, 1), 1.0)


def one_thread() -> AbstractContextManager[Any]:
    """Small matrices are multiplied by one thread: several wait for each other, ten times as long on a busy machine."""
    return _controller().limit(limits=1)  # type: ignore[no-any-return]


@cache
def _controller() -> Any:
    return ThreadpoolController()


def layout(system: Heard, other: Heard | None = None) -> Layout:
    """Of who heard what: of a system, and of another source for a contrast; (listeners, columns) each."""
    with one_thread():
        return _layout(system, other)


def _layout(system: Heard, other: Heard | None) -> Layout:
    sides = [system] if other is None else [system, other]
    places = [np.nonzero(side) for side in sides]
    listener, column = (np.concatenate([place[axis] for place in places]) for axis in (0, 1))
    signs = (1.0,) if other is None else (0.5, -0.5)
    source = np.concatenate([np.full(len(place[0]), sign) for place, sign in zip(places, signs, strict=True)])
    by_listener, by_column = (np.eye(size)[place] for size, place in zip(system.shape, (listener, column), strict=True))
    fixed = [] if other is None else [np.ones((len(source), 1))]
    if other is not None:
        fixed += [by_listener] if (system.any(1) & other.any(1)).any() else []
        fixed += [by_column] if (system.any(0) & other.any(0)).any() else []
    nuisance = _basis(np.concatenate([np.zeros((len(source), 0)), *fixed], axis=1))
    own = source - nuisance @ (nuisance.T @ source)
    square = float(own @ own)
    weights = own / square if square > 1e-9 else np.full_like(own, np.nan)
    explained = np.concatenate([nuisance, own[:, None] / np.sqrt(square)], axis=1) if square > 1e-9 else nuisance
    slopes = source[:, None] * np.concatenate([by_listener, by_column], axis=1)
    size = system.shape[0]
    effects = slopes - explained @ (explained.T @ slopes)
    moved = (weights @ slopes) ** 2
    parts = np.array([moved[:size].sum(), moved[size:].sum(), weights @ weights])
    traces = _traces(effects, size, len(source) - explained.shape[1])
    return Layout(
        weights=weights,
        explained=explained,
        effects=effects,
        listeners=size,
        parts=parts,
        inverse=np.asarray(np.linalg.pinv(traces[:, :, 2, 2], hermitian=True), dtype=np.float64),
        traces=traces,
        fewest=min(_effective(moved[:size]), _effective(moved[size:])) - 1,
    )


def _traces(effects: Array, listeners: int, rank: int) -> Array:
    """tr(F_a F_b F_c F_d) of the forms of listeners, columns and rest, (3, 3, 3, 3)."""
    gram = effects.T @ effects
    forms = [gram.copy(), gram.copy(), np.eye(len(gram))]  # in the space of the K effects, where the rest is identity
    forms[0][listeners:] = 0
    forms[1][:listeners] = 0
    pairs = np.stack([[one @ other for other in forms] for one in forms])
    found = np.einsum("abij,cdji->abcd", pairs, pairs, optimize=True)
    found[2, 2, 2, 2] = rank
    return np.asarray(found)


def _basis(columns: Array) -> Array:
    """Orthonormal, of the space of some columns, (N, rank)."""
    left, size, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, size > 1e-9 * max(size.max(initial=0.0), 1e-9)])


def _effective(squares: Array) -> float:
    """How many equal ones have as unequal a sum; squares : of their weights."""
    weights = np.sqrt(squares)
    total = float(squares.sum())
    return float(weights.sum()) ** 2 / total if total > 0 else 0.0
