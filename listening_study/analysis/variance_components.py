"""The variances between listeners, between clips and of the rest, in the answers about one source.

From sums of squares within listeners, within clips and in all, equated to what the model of `analysis.crossed` expects
of them: analysis of variance (Henderson, "Estimation of variance and covariance components", 1953, method 1). Unbiased
for any pattern of who heard what. The leading axes of arrays are whole studies.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

without_answers = np.errstate(invalid="ignore", divide="ignore")  # NaN says so


class SourceVariances:
    """The share of answers "human" about one source, its variances, and the part of each in the variance of the share.

    answers : (..., listeners, clips), 1 human, 0 computer, NaN not given

    >>> own = SourceVariances(np.array([[1.0, 0.0], [1.0, 0.0]]))  # listeners agree: only clips differ
    >>> float(own.share), float(own.clip.round(9)), abs(float(own.listener.round(9)))
    (0.5, 0.5, 0.0)
    """

    @without_answers
    def __init__(self, answers: Array) -> None:
        given = ~np.isnan(answers)
        said = np.where(given, answers, 0.0)
        listeners = given.sum(-1).astype(np.float64)  # (..., listeners) answers of each
        clips = given.sum(-2).astype(np.float64)  # (..., clips) answers about each
        n = self.total = listeners.sum(-1)
        self.share = said.sum((-1, -2)) / n
        self.listeners, self.weights = listeners, listeners / n[..., None]
        self.clips = 1 / ((clips / n[..., None]) ** 2).sum(-1)  # effective number: all of them, if heard equally often
        self.sums = said.sum(-1) - listeners * self.share[..., None]  # (..., listeners) beyond the share
        about = said.sum(-2) - clips * self.share[..., None]
        squares = [(self.sums**2).sum(-1), (about**2).sum(-1), (said**2).sum((-1, -2)) - n * self.share**2]
        components = _solve(_expected(given, listeners, clips, n), np.stack(squares, axis=-1))
        self.independent = self.share * (1 - self.share) / (n - 1)
        self.listener, self.clip, self.rest = np.moveaxis(components, -1, 0)
        self.listener_part = self.listener * (self.weights**2).sum(-1)
        self.clip_part = self.clip / self.clips
        self.rest_part = np.maximum(self.rest, 0) / n
        self.rest_df = np.maximum(n - (clips > 0).sum(-1) - (listeners > 0).sum(-1) + 1, 1)
        self.minority = n * np.minimum(self.share, 1 - self.share)


def _expected(given: NDArray[np.bool_], listeners: Array, clips: Array, n: Array) -> Array:
    """What one unit of each variance (listener, clip, rest) adds to each sum of squares, (..., 3, 3).

    The equations of Henderson's method 1 for two crossed random factors, with listeners[i] and clips[j] answers in each
    row and column of `given`.
    """
    by_listener, by_clip = (listeners**2).sum(-1), (clips**2).sum(-1)
    apart = ((given - listeners[..., :, None] * clips[..., None, :] / n[..., None, None]) ** 2).sum((-1, -2))
    rows = [
        [_within(listeners, n), apart, n - by_listener / n],
        [apart, _within(clips, n), n - by_clip / n],
        [n - by_listener / n, n - by_clip / n, n - 1],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _within(counts: Array, n: Array) -> Array:
    squares = (counts**2).sum(-1)
    return np.asarray(squares - 2 * (counts**3).sum(-1) / n + squares**2 / n**2)


def _solve(matrix: Array, sums: Array) -> Array:
    """(..., 3); 0 for a variance that the pattern of answers does not identify.

    A pseudoinverse: with one answer per listener, for example, the variances of listener and rest cannot be separated.
    """
    inverse: Any = np.linalg.pinv(np.where(np.isfinite(matrix), matrix, 0.0), hermitian=True)
    return np.asarray((inverse @ np.nan_to_num(sums)[..., None])[..., 0])


def shared_covariance(one: SourceVariances, other: SourceVariances) -> tuple[Array, Array]:
    """The covariance of a listener's two effects, and what one unit of it adds to that of the shares, (...) each."""
    cross = one.listeners * other.listeners
    together = (one.weights * other.weights).sum(-1)
    expected = (cross * (1 + together[..., None] - one.weights - other.weights)).sum(-1)
    return np.nan_to_num((one.sums * other.sums).sum(-1) / expected, posinf=0, neginf=0), together
