"""What systems are worth in paired comparisons, and the ranks that they can have.

The model of Bradley & Terry, "Rank analysis of incomplete block designs", 1952, in log-odds, with crossed effects:

    log-odds of preferring A to B = worth[A] - worth[B] + first + listener[A] - listener[B] + clip[A] - clip[B]

first is the advantage of being heard first. Each listener has an effect of each system, and so has each prompt (or pair
of clips): normal, independent, with one standard deviation each. "No difference" is a tie of Rao & Kupper (1967). The
model is fitted by `cumulative_link`.

Worths are relative to their mean. A system's interval of ranks is simultaneous for all systems: systems that differ
significantly, after correction of all pairs by Holm, keep their order (Mohamad, Goeman & van Zwet, "Simultaneous
confidence intervals for ranks with application to ranking institutions", 2022). t has the degrees of freedom of
Satterthwaite (1946) for the parts of the variance that listeners and clips contribute. Where one system won all its
comparisons its worth would be infinite; a prior then keeps it finite.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import t as student

from evaluation.statistics.inference import holm
from listening_study.analysis.tasks.cumulative_link import Answers, Fit, finite_fit

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class Comparisons:
    """N comparisons of two systems.

    first, second : (N,) the systems heard first and second, numbered from 0
    preferred : (N,) 1 the first, 0 the second, 0.5 no difference
    listener, column : (N,) numbered from 0; a column is a prompt, or a pair of clips
    """

    first: Index
    second: Index
    preferred: Array
    listener: Index
    column: Index


@dataclass(frozen=True)
class Worths:
    """In log-odds, relative to their mean. NaN where comparisons do not connect all systems.

    worth, low, high : (systems,)
    p : (systems, systems) two-sided, of two worths being equal; p_holm : corrected over pairs
    rank, rank_low, rank_high : (systems,) 1 is best
    first : the advantage of being heard first
    listener, clip : standard deviations of one system's effects
    """

    worth: Array
    low: Array
    high: Array
    p: Array
    p_holm: Array
    rank_low: Array
    rank_high: Array
    first: float
    listener: float
    clip: float


def worths(made: Comparisons, systems: int, alpha: float = 0.05) -> Worths:
    """Fit the model.

    Eight listeners prefer system 1 in seven of nine comparisons each:

    >>> one, listener, column = np.ones(72, dtype=int), np.repeat(np.arange(8), 9), np.tile(np.arange(9), 8)
    >>> preferred = ((listener * 5 + column) % 9 < 7).astype(float)
    >>> found = worths(Comparisons(one, 1 - one, preferred, listener, column), 2)
    >>> bool(found.worth[1] > 0 > found.worth[0]), found.rank_low.tolist(), found.rank_high.tolist()
    (True, [2.0, 1.0], [2.0, 1.0])
    """
    if not _connected(made, systems):
        nothing = np.full(systems, np.nan)
        square = np.full((systems, systems), np.nan)
        return Worths(nothing, nothing, nothing, square, square, nothing, nothing, np.nan, np.nan, np.nan)
    return _described(finite_fit(modelled(made, systems)), made, systems, alpha)


def modelled(made: Comparisons, systems: int) -> Answers:
    """The comparisons as a cumulative-link model; fixed effects: the worths but the first, then that of being first.

    Where every pair has only ever been heard in one order, "first" cannot be separated and is left out.
    """
    wins = _signed(made, np.zeros_like(made.listener), systems)
    fixed = wins.toarray()[:, 1:]
    whole = np.hstack([fixed, np.ones((len(fixed), 1))])
    if np.linalg.matrix_rank(whole) == whole.shape[1]:
        fixed = whole
    ties = bool((made.preferred == 0.5).any())
    return Answers(
        category=np.rint(made.preferred * (2 if ties else 1)).astype(int),
        fixed=fixed,
        random=[_signed(made, made.listener, systems), _signed(made, made.column, systems)],
        thresholds=np.array([[-1.0], [1.0]]) if ties else np.zeros((1, 0)),
    )


def _signed(made: Comparisons, group: Index, systems: int) -> csr_array:
    """+1 for the first and -1 for the second system of each comparison, among the systems of its group."""
    rows = np.arange(len(group))
    places = np.concatenate([group * systems + made.first, group * systems + made.second])
    signs = np.repeat([1.0, -1.0], len(group))
    shape = (len(group), (int(group.max()) + 1) * systems)
    return csr_array(coo_array((signs, (np.tile(rows, 2), places)), shape=shape))


def _connected(made: Comparisons, systems: int) -> bool:
    links = coo_array((np.ones(len(made.first)), (made.first, made.second)), shape=(systems, systems))
    return bool(len(made.first)) and connected_components(links, directed=False)[0] == 1


def _described(found: Fit, made: Comparisons, systems: int, alpha: float) -> Worths:
    free = systems - 1
    worth = np.concatenate([[0.0], found.fixed[:free]])
    covariance = np.zeros((systems, systems))
    covariance[1:, 1:] = found.covariance[:free, :free]
    centre = np.eye(systems) - 1 / systems
    listener, clip = (float(one) for one in found.deviations)
    sizes = [len(np.unique(each)) for each in (made.listener, made.column)]

    def df(variance: Array, squares: float) -> Array:
        """Of a contrast of worths; squares : the sum of squares of its weights."""
        parts = [np.minimum(squares * one**2 / n, variance) for one, n in zip((listener, clip), sizes, strict=True)]
        lost = sum(part**2 / max(n - 1, 1) for part, n in zip(parts, sizes, strict=True))
        return np.maximum(variance**2 / np.maximum(lost, variance**2 * 1e-6), 1)

    own = np.diag(centre @ covariance @ centre)
    reach = student.ppf(1 - alpha / 2, df(own, 1 - 1 / systems)) * np.sqrt(own)
    variance = np.diag(covariance)[:, None] + np.diag(covariance) - 2 * covariance
    apart = worth[:, None] - worth
    t = np.divide(apart, np.sqrt(variance), out=np.zeros_like(apart), where=variance > 0)
    p = np.asarray(2 * student.sf(np.abs(t), df(np.where(variance > 0, variance, 1), 2.0)), dtype=np.float64)
    upper = np.triu_indices(systems, 1)
    p_holm = np.ones_like(p)
    p_holm[upper] = holm(p[upper].tolist())
    p_holm = np.minimum(p_holm, p_holm.T)
    differ = p_holm < alpha
    return Worths(
        worth=centre @ worth,
        low=centre @ worth - reach,
        high=centre @ worth + reach,
        p=p,
        p_holm=p_holm,
        rank_low=1.0 + (differ & (apart < 0)).sum(1),
        rank_high=systems - (differ & (apart > 0)).sum(1).astype(np.float64),
        first=float(found.fixed[free]) if len(found.fixed) > free else np.nan,
        listener=listener,
        clip=clip,
    )
