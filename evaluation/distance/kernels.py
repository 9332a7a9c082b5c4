"""Pieces with the kernel between them, in every space: those that come with the program, and the reference's own.

The spaces that come with the program are fitted to human piano music, which has no instruments and often no beats.
Where the reference has metrics that they lack (a band, drums, beats), these get a space that is fitted to the reference
itself: one for each view that has none, and one of everything together (`EVERYTHING`).

A space fitted to the pieces that it then compares makes a distance too large. So it is cross-fitted: the groups are in
two folds, the pieces of one fold are compared in the space that the reference's pieces of the other fold give, and a
piece is never compared with one of the other fold. Where nothing differs the distance is 0 on average, for any number
of pieces. Its price is half of the pairs of pieces.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.distance.space import JOINT, Array, Space, common_metrics, fitted_to_few, spaces
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics.discrepancy import Sets, gaussian_kernel

if TYPE_CHECKING:
    import pandas as pd

EVERYTHING = "everything"  # the space of all metrics, with those that the joint space lacks
FEWEST = 8  # groups of a reference for a space of its own: four in each fold


def lacking(reference: "pd.DataFrame") -> list[str]:
    """The tested metrics that a reference has, and that the joint space lacks.

    reference : one row per piece and one column per metric. A metric whose value says that there is nothing of the kind
        (`Metric.plain`), in all pieces, is none.
    """
    known = set(spaces()[JOINT].metrics)
    return [name for name in common_metrics(reference) if name not in known]


def of_all_spaces(wide: "pd.DataFrame", groups: Mapping[str, NDArray[Any]]) -> dict[str, Sets]:
    """Sets of pieces in each space of which any piece has a metric: recordings have none of notes.

    wide : one row per piece, by system and piece, and one column per metric; groups : of each set, the reference first
    """
    values = wide.loc[list(groups)]
    there = set(values.columns[values.notna().any()])
    found = {
        name: Sets(groups, space.alike(values))
        for name, space in spaces().items()
        if name == JOINT or there.intersection(space.metrics)
    }
    reference = next(iter(groups))
    own = lacking(wide.loc[[reference]])
    if not own or len(np.unique(groups[reference].astype(str))) < FEWEST:
        return found
    folds = _folds(groups)
    views = [view for view in dict.fromkeys(METRICS[name].view for name in own) if view not in found]
    parts = {view: [name for name in own if METRICS[name].view == view] for view in views}
    of_reference = len(groups[reference])
    for view, names in parts.items():
        found[view] = Sets(groups, _cross_fitted(values[names], of_reference, folds), folds)
    shipped = spaces()[JOINT]
    beside = shipped.points(values) / shipped.bandwidth
    found[EVERYTHING] = Sets(groups, _cross_fitted(values[own], of_reference, folds, beside), folds)
    return found


def _folds(groups: Mapping[str, NDArray[Any]]) -> NDArray[np.int64]:
    """The fold of each piece, 0 or 1: half of the reference's groups, and half of the groups that it does not have.

    Which groups are drawn depends on their names alone: the distance of a system does not change with its order.
    """
    names = [np.unique(own.astype(str)) for own in groups.values()]
    others = np.setdiff1d(np.unique(np.concatenate(names)), names[0])
    random = np.random.default_rng(0)
    fold: dict[str, int] = {}
    for own in (names[0], others):
        fold |= {str(name): place % 2 for place, name in enumerate(random.permutation(own))}
    return np.array([fold[name] for own in groups.values() for name in own.astype(str)])


def _cross_fitted(
    values: "pd.DataFrame", reference: int, folds: NDArray[np.int64], beside: Array | None = None
) -> Array:
    """The kernel of pieces, within folds, in the space that the reference's pieces of the other fold give.

    reference : how many pieces, the first, are the reference's
    beside : coordinates in another space, in its bandwidths, whose squared distances are added
    """
    alike = np.zeros((len(values), len(values)))
    fitting = np.arange(len(values)) < reference
    for fold in (0, 1):
        space: Space = fitted_to_few(values[fitting & (folds != fold)])
        points = space.points(values) / space.bandwidth
        here = np.flatnonzero(folds == fold)
        if beside is not None:
            # Two squared distances, each 1 at the median, are together 2 there.
            points = np.concatenate([points, beside], axis=1) / np.sqrt(2)
        alike[np.ix_(here, here)] = gaussian_kernel(points[here], 1.0)
    return alike


def metrics_by_view(names: Sequence[str]) -> dict[str, int]:
    """How many of some metrics each view has."""
    views = [METRICS[name].view for name in names]
    return {view: views.count(view) for view in dict.fromkeys(views)}
