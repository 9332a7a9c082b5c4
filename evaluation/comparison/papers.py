"""Numbers as other papers print them: mean, standard deviation and median of each system, and its overlap with the
reference, beside the same of two samples of the reference (the floor).

Two overlaps are printed. `oa` and `kl` are of the values themselves. `distance_oa` and `distance_kl` are those of Yang
& Lerch (2020): the density of the distances within the reference against that of the distances from its pieces to the
system's; only these exist for histograms and matrices, whose distance is Euclidean. The floor of each is what two
samples of the reference give, apart by whole groups: one of as many pieces as the system, at most one half, and the
rest. `_95` is the end that 95 % of such samples stay on the near side of: areas lie above it, divergences below.

`intra` and `inter` are those distances themselves, as Yang & Lerch print them: between the pieces of a set, and from
the reference's pieces to the system's, mean and standard deviation over all pairs.

These are descriptions. Nothing here is tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.comparison.tables import number
from evaluation.metrics.metric import VIEWS
from evaluation.metrics.papers.all_papers import PRINTED, Printed
from evaluation.metrics.papers.mgeval import SOURCE, VECTORS
from evaluation.statistics.overlap import Array, Overlap, off_diagonal, overlap

if TYPE_CHECKING:
    import pandas as pd

PAPERS = "literature.csv"
SAMPLES = 100  # of the reference
AT_MOST = 200  # pieces of a set of which all distances are taken, drawn once
FEWEST = 4  # groups of a reference that can be divided
READ = (
    "Mean ± standard deviation over the pieces that have the number, in the definition of each source's code. In "
    "brackets, the overlap area (OA) with the reference, 0 to 1, and its floor: what two samples of the reference have "
    "on average. An OA near its floor says only that the number does not tell the system from the reference; the "
    "samples are halves at most, so an OA above the floor is nothing special. Nothing here is tested. Of histograms "
    "and matrices only the OA of distances is given (Yang & Lerch 2020). Intra and inter are the distances of two "
    "pieces of the set, and of a piece of the reference from one of the set."
)
(YANG,) = SOURCE  # whose distances are printed
DISTANCES = ("intra", "inter")
KINDS = ("oa", "kl", "distance_oa", "distance_kl")

Rows = NDArray[np.float64]  # (pieces, numbers)


def table(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    against: Mapping[str, str],
    *,
    seed: int = 0,
    samples: int = SAMPLES,
) -> "pd.DataFrame":
    """One row per set and number that a piece has: the references first, without overlap, then the systems.

    values, pieces : of `evaluation.measurement.systems.Measurements`; against : each system's reference, both by name
    samples : pairs of samples of a reference for each floor
    """
    import pandas as pd

    groups = pieces.set_index(["system", "piece"])["group"]
    wide = values.set_index(["system", "piece", "metric"])["value"].unstack("metric")  # noqa: PD010  drops no piece
    features = _Features(wide.reindex(groups.index), pieces, groups)
    floors: dict[tuple[str, str, int], Mapping[str, float]] = {}
    rows = []
    for name in dict.fromkeys([*against.values(), *against]):
        for printed in PRINTED:
            found = features.of(name, printed.metric)
            if not len(found.rows):
                continue
            row = {"system": name, **_described(printed, found.rows)}
            within, _ = _distances(found.rows, found.rows)
            row |= _spread_of("intra", off_diagonal(within))
            if name in against:
                reference = features.of(against[name], printed.metric)
                key = against[name], printed.metric, len(found.rows)
                if key not in floors:
                    floors[key] = _floor(reference, len(found.rows), seed, samples)
                row |= {"against": against[name], **_overlaps(reference.rows, found.rows), **floors[key]}
                row |= _spread_of("inter", _distances(reference.rows, found.rows)[1].ravel())
            rows.append(row)
    columns = ["system", "against", "metric", "name", "source", "n", "mean", "sd", "median"]
    columns += [f"{kind}{end}" for kind in KINDS for end in ("", "_floor_mean", "_floor_95")]
    columns += [f"{kind}_{end}" for kind in DISTANCES for end in ("mean", "sd")]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, eq=False)
class _Feature:
    """Of the pieces that have it. rows : (pieces, numbers); groups : (pieces,)"""

    rows: Rows
    groups: NDArray[Any]


class _Features:
    """Every number of every set."""

    def __init__(self, wide: "pd.DataFrame", pieces: "pd.DataFrame", groups: "pd.Series[Any]") -> None:
        self._wide, self._groups = wide, groups
        none: list[Mapping[str, Array]] = [{}] * len(pieces)
        held = pieces["vectors"].tolist() if "vectors" in pieces else none
        self._vectors: dict[str, list[Mapping[str, Array]]] = {}
        for system, vectors in zip(pieces["system"], held, strict=True):
            self._vectors.setdefault(system, []).append(vectors)

    def of(self, system: str, metric: str) -> _Feature:
        if system not in self._vectors:
            return _Feature(np.empty((0, 1)), np.empty(0))
        groups = self._groups.loc[system].to_numpy()
        if metric in VECTORS:
            have = [place for place, one in enumerate(self._vectors[system]) if metric in one]
            stored = [self._vectors[system][place][metric] for place in have]
            size = int(np.prod(VECTORS[metric][1]))
            return _Feature(np.array(stored, dtype=np.float64).reshape(len(have), size), groups[have])
        if metric not in self._wide:
            return _Feature(np.empty((0, 1)), np.empty(0))
        column = self._wide.loc[system][metric].to_numpy(float)
        known = np.isfinite(column)
        return _Feature(column[known][:, None], groups[known])


def _described(printed: Printed, rows: Rows) -> dict[str, Any]:
    """The name and, of a number, its mean, standard deviation and median."""
    row: dict[str, Any] = {"metric": printed.metric, "name": printed.name, "source": printed.source, "n": len(rows)}
    if printed.metric not in VECTORS:
        own = rows[:, 0]
        row |= {"mean": own.mean(), "median": np.median(own), "sd": own.std(ddof=1) if len(own) > 1 else np.nan}
    return row


def _spread_of(kind: str, distances: Array) -> dict[str, float]:
    """Mean and standard deviation of distances, as mgeval has them; none of one piece."""
    return {f"{kind}_mean": distances.mean(), f"{kind}_sd": distances.std()} if len(distances) else {}


def _overlaps(reference: Rows, system: Rows, distances: tuple[Rows, Rows] | None = None) -> dict[str, float]:
    """By `KINDS`. distances : within the reference and from it to the system, where they are known"""
    found = overlap(reference[:, 0], system[:, 0]) if reference.shape[1] == 1 else Overlap(np.nan, np.nan)
    within, across = distances or _distances(reference, system)
    far = overlap(off_diagonal(within), across.ravel())
    return dict(zip(KINDS, (found.area, found.divergence, far.area, far.divergence), strict=True))


def _distances(reference: Rows, system: Rows) -> tuple[Rows, Rows]:
    from scipy.spatial.distance import cdist

    some, others = (_some(rows) for rows in (reference, system))
    if not len(some) or not len(others):
        return np.empty((0, 0)), np.empty((0, 0))
    return cdist(some, some), cdist(some, others)


def _some(rows: Rows) -> Rows:
    return rows if len(rows) <= AT_MOST else rows[np.random.default_rng(0).permutation(len(rows))[:AT_MOST]]


def _floor(reference: _Feature, pieces: int, seed: int, samples: int) -> dict[str, float]:
    """What two samples of a reference give, for a system of so many pieces; NaN of a reference of too few groups."""
    names, number = np.unique(reference.groups.astype(str), return_inverse=True)
    if len(names) < FEWEST:
        return {}
    within, _ = _distances(reference.rows[:AT_MOST], reference.rows[:AT_MOST])
    random = np.random.default_rng(seed)
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(samples):
        other = _drawn(number, len(names), min(pieces, len(number) // 2), random)
        near = other[: len(within)]
        apart = within[np.ix_(~near, ~near)], within[np.ix_(~near, near)]
        for kind, value in _overlaps(reference.rows[~other], reference.rows[other], apart).items():
            found[kind].append(value)
    ends = {kind: 95 if kind.endswith("kl") else 5 for kind in KINDS}
    floor: dict[str, float] = {}
    for kind, drawn in found.items():
        known = np.array(drawn)[np.isfinite(drawn)]
        if len(known):
            floor |= {f"{kind}_floor_mean": known.mean(), f"{kind}_floor_95": np.percentile(known, ends[kind])}
    return floor


def _drawn(number: NDArray[np.int64], groups: int, pieces: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which pieces are in a sample of about so many, of whole groups; at least one group is, and one is not.

    number : (pieces,) the group of each
    """
    order = random.permutation(groups)
    sizes = np.cumsum(np.bincount(number, minlength=groups)[order])
    taken = int(np.clip(np.searchsorted(sizes, pieces, side="right"), 1, groups - 1))
    return np.isin(number, order[:taken])


def cells(found: "pd.DataFrame") -> tuple[list[str], list[tuple[str, ...]]]:
    """The sets, and one row per number: its name, its source, and a cell for each set."""
    sets = list(dict.fromkeys(found["system"]))
    by_key = {(row["system"], row["name"], row["source"]): row for row in found.to_dict("records")}
    numbers = dict.fromkeys(key[1:] for key in by_key)
    return sets, [(name, source, *(_cell(by_key.get((one, name, source))) for one in sets)) for name, source in numbers]


def markdown(found: "pd.DataFrame") -> list[str]:
    """A section of the verdict: mean and standard deviation of every set, and the overlap area with its floor."""
    if found.empty:
        return []
    sets, rows = cells(found)
    heads = ["", "source", *(one.replace("|", "\\|") for one in sets)]
    lines = [f"## {VIEWS['papers']}", "", f"{READ} {PAPERS} has all numbers.", ""]
    lines += [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * len(sets)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _cell(row: Mapping[Any, Any] | None) -> str:
    if row is None:
        return "-"
    kind = "distance_oa" if row["metric"] in VECTORS else "oa"
    parts = [] if row["metric"] in VECTORS else [_spread(row["mean"], row["sd"])]
    if np.isfinite(row[kind]):  # of a reference there is none
        floor = row[f"{kind}_floor_mean"]
        parts.append(f"({row[kind]:.2f}; floor {floor:.2f})" if np.isfinite(floor) else f"({row[kind]:.2f}; no floor)")
    if row["source"] == YANG:
        spreads = [(kind, row[f"{kind}_mean"], row[f"{kind}_sd"]) for kind in DISTANCES]
        parts += [f"{kind} {_spread(mean, deviation)}" for kind, mean, deviation in spreads if np.isfinite(mean)]
    return " ".join(parts) or "-"


def _spread(mean: float, deviation: float) -> str:
    """With as many decimals as the deviation needs for two digits; of one piece there is none.

    >>> _spread(1234.5, 321.0), _spread(3.0, 1.31), _spread(0.5, float("nan"))
    ('1234 ± 321', '3.0 ± 1.3', '0.500')
    """
    if not np.isfinite(deviation) or deviation == 0:
        return number(mean)
    decimals = min(max(1 - floor(log10(deviation)), 0), 4)
    return f"{mean:.{decimals}f} ± {deviation:.{decimals}f}".replace("-", "\N{MINUS SIGN}")
