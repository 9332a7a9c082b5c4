"""The space in which pieces are points: all metrics of a piece, scaled by how they vary among people's pieces.

A metric becomes asinh((value - centre) / spread), with the median and the median absolute deviation (as a standard
deviation) of human pieces: near the centre a step is one standard deviation, and far from it a logarithm, so that one
extreme value neither decides everything nor goes unseen. Metrics that vary together, such as those of loudness, would
count several times; so the leading principal components with 90 % of the variance are kept, each at variance 1. A piece
that lacks a metric has its centre.

Centres, spreads, components and bandwidths are numbers that come with the program, from pieces that nobody compares
(`human_piano.json`, written by `evaluation.distance.fitting`). They are the same for every system, every reference and
every number of pieces. Scales taken from the sample itself would make a distance too large, the more the smaller the
sample.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.discrepancy import gaussian_kernel

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

SHIPPED = Path(__file__).with_name("human_piano.json")
VARIANCE = 0.9  # share of the variance that the components kept have
COMMON = 0.5  # share of the pieces that must have a metric
JOINT = "joint"  # the space of all metrics, beside one for each view of the music

_TO_DEVIATION = 1.4826  # of a median absolute deviation, for a normal distribution
_PAIRS_OF = 400  # pieces whose distances give the bandwidth


@dataclass(frozen=True, eq=False)
class Space:
    """A space of some metrics.

    metrics : their names; centre, spread : (metrics,), in the unit of each
    components : (metrics, dimensions), of scaled values to coordinates of variance 1
    bandwidth : of the kernel: the median distance of two human pieces
    """

    metrics: tuple[str, ...]
    centre: Array
    spread: Array
    components: Array
    bandwidth: float

    def points(self, values: "pd.DataFrame") -> Array:
        """Coordinates, (pieces, dimensions), of a table with one row per piece and one column per metric."""
        scaled = np.arcsinh((values.reindex(columns=self.metrics).to_numpy(float) - self.centre) / self.spread)
        return np.asarray(np.nan_to_num(scaled, nan=0.0) @ self.components)

    def alike(self, values: "pd.DataFrame") -> Array:
        """The kernel of all pieces, (pieces, pieces), 0..1."""
        return gaussian_kernel(self.points(values), self.bandwidth)


@cache
def spaces() -> Mapping[str, Space]:
    """The spaces that come with the program, `JOINT` first, then one for each view of the music.

    >>> list(spaces())[:3], len(spaces()["loudness"].metrics)
    (['joint', 'loudness', 'envelope'], 4)
    """
    stored = json.loads(SHIPPED.read_text(encoding="utf-8"))
    scale = stored["scale"]
    return {
        name: Space(
            tuple(one["components"]),
            np.array([scale[metric]["centre"] for metric in one["components"]]),
            np.array([scale[metric]["spread"] for metric in one["components"]]),
            np.array(list(one["components"].values())),
            one["bandwidth"],
        )
        for name, one in stored["spaces"].items()
    }


def fitted(values: "pd.DataFrame") -> dict[str, Space]:
    """The spaces of a table of human pieces, one row per piece and one column per metric."""
    names = common_metrics(values)
    centre, spread = _scale(values[names])
    of_views = {view: [name for name in names if METRICS[name].view == view] for view in VIEWS}
    return {
        space: _fitted(own, np.asarray(centre[own], float), np.asarray(spread[own], float), values)
        for space, own in {JOINT: names, **of_views}.items()
        if own
    }


def common_metrics(values: "pd.DataFrame") -> list[str]:
    """The tested metrics that most of these pieces have, and that vary among them."""
    known = values.loc[:, values.notna().mean() >= COMMON]
    return [name for name, one in METRICS.items() if one.tested and name in known and known[name].std() > 0]


def _scale(values: "pd.DataFrame") -> "tuple[pd.Series[float], pd.Series[float]]":
    """The centre and the spread of each metric."""
    centre = values.median()
    spread = _TO_DEVIATION * (values - centre).abs().median()
    return centre, spread.where(spread > 0, values.std())  # a metric of 0 and 1


def _fitted(names: Sequence[str], centre: Array, spread: Array, values: "pd.DataFrame") -> Space:
    whole = Space(tuple(names), centre, spread, np.eye(len(names)), 1.0)
    scaled = whole.points(values)
    components = _components(np.cov(scaled.T).reshape(len(names), len(names)))
    from scipy.spatial.distance import pdist

    some = np.random.default_rng(0).permutation(len(scaled))[:_PAIRS_OF]
    return Space(tuple(names), centre, spread, components, float(np.median(pdist(scaled[some] @ components))))


def _components(covariance: Array) -> Array:
    """The leading principal components with `VARIANCE` of the variance, each scaled to variance 1."""
    variances, directions = np.linalg.eigh(covariance)
    variances, directions = variances[::-1], directions[:, ::-1]
    count = int(np.searchsorted(np.cumsum(variances) / variances.sum(), VARIANCE)) + 1
    return np.asarray(directions[:, :count] / np.sqrt(variances[:count]))


def fitted_to_few(values: "pd.DataFrame") -> Space:
    """One space of all metrics of a table with few pieces: the covariance is shrunk, as one of few pieces finds
    directions of hardly any variance, which would decide everything (Ledoit & Wolf, "A well-conditioned estimator for
    large-dimensional covariance matrices", 2004). A metric that does not vary here has no weight."""
    from scipy.spatial.distance import pdist

    centre, spread = _scale(values)
    wide: Array = np.asarray(spread.where(spread > 0, np.inf).fillna(np.inf), float)
    whole = Space(tuple(map(str, values)), np.asarray(centre.fillna(0), float), wide, np.eye(len(wide)), 1.0)
    scaled = whole.points(values)
    if not np.ptp(scaled, axis=0).any():
        return whole
    components = _components(_shrunk(scaled))
    bandwidth = float(np.median(pdist(scaled @ components))) or 1.0
    return replace(whole, components=components, bandwidth=bandwidth)


def _shrunk(scaled: Array) -> Array:
    """The covariance of points, (pieces, dimensions), shrunk towards equal variances."""
    pieces, dimensions = scaled.shape
    centred = scaled - scaled.mean(axis=0)
    sample = centred.T @ centred / pieces
    equal = np.trace(sample) / dimensions * np.eye(dimensions)
    apart = ((sample - equal) ** 2).sum()
    noise = (((centred**2).sum(axis=1) ** 2).sum() / pieces - (sample**2).sum()) / pieces
    share = min(noise / apart, 1.0) if apart else 1.0
    return np.asarray(share * equal + (1 - share) * sample)


def write(found: Mapping[str, Space], about: str, path: Path = SHIPPED) -> None:
    """Write spaces with a sentence on the pieces that they are of."""
    joint = found[JOINT]
    scale = {
        name: {"centre": _rounded(centre), "spread": _rounded(spread)}
        for name, centre, spread in zip(joint.metrics, joint.centre, joint.spread, strict=True)
    }
    stored = {
        "about": about,
        "scale": scale,
        "spaces": {
            name: {
                "bandwidth": _rounded(one.bandwidth),
                "components": {
                    metric: [_rounded(value) for value in row]
                    for metric, row in zip(one.metrics, one.components, strict=True)
                },
            }
            for name, one in found.items()
        },
    }
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
