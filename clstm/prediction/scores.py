"""From counts to metrics: their values for the sums of some groups, in all groups, resamples and swaps of systems.

The sums of a system are (parts, G, sums): of each part and group the columns `SUMS`, frames first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clstm.music.score import HELD, STRUCK
from clstm.prediction.resampling import Array, Draws, Ratio, contributions, sign_flips, two_sided

PARTS = {"held": HELD, "struck": STRUCK}
AT = ("", "_at_threshold")  # what a chance must reach to count as a 1: 0.5, or the threshold
JOINT = ["joint_nats", "joint_nats_past", "joint_zeros"]  # of both parts: they stand in the rows of held, 0 in struck's
SUMS = ["cells", "nats", *(f"{count}{at}" for at in AT for count in ("hits", "false_alarms", "misses")), *JOINT]

COLUMNS = ["frames", *SUMS]

WRONG, WRONG_AT = (tuple(f"{count}{at}" for count in ("false_alarms", "misses")) for at in AT)
TWICE = ("hits_at_threshold", "hits_at_threshold")
RATIOS = {  # what is added up above and below the line of the metrics that have a p
    **{name: ((name,), ("frames",)) for name in ("nats", "joint_nats", "joint_nats_past")},
    "accuracy": (WRONG, ("cells",)),
    "f1_at_threshold": (TWICE, (*TWICE, *WRONG_AT)),
}

NEAREST = 1e-15  # to 0 and 1: what float64 still distinguishes from them

Values = dict[str, Array]  # each of every row of weights


@dataclass(frozen=True)
class Horizon:
    """The counts of one horizon, and what is drawn of their groups.

    each : the counts by system, in the table's order
    sums : the same as sums by group
    draws, flips : of `clstm.prediction.resampling`, the same for every system
    """

    name: str
    each: dict[str, pd.DataFrame]
    sums: dict[str, Array]
    draws: Draws
    flips: Array

    @classmethod
    def of(cls, name: str, counts: pd.DataFrame, seed: int) -> "Horizon":
        groups = counts["group"].unique()
        each = {str(system): own for system, own in counts.groupby("system", sort=False)}
        first = next(iter(each.values()))
        windows = first.groupby("group")["windows"].sum().loc[groups].to_numpy(np.float64)
        sums = {system: _by_group(own, groups) for system, own in each.items()}
        return cls(name, each, sums, Draws.of(windows, seed), sign_flips(len(groups), seed))

    def about(self, system: str, column: str) -> str:
        return str(self.each[system][column].iloc[0])

    def values(self, system: str) -> Values:
        return values(self.draws.weights, self.sums[system])

    def of_groups(self, system: str, *names: str) -> Array:
        """The sum of some of `COLUMNS` in each group, (G,)."""
        return np.asarray(self.sums[system].sum(axis=0)[:, [COLUMNS.index(name) for name in names]].sum(axis=1))

    def ratio(self, system: str, name: str) -> Ratio:
        """Numerator and denominator of one of `RATIOS` in each group; accuracy as its loss."""
        above, below = RATIOS[name]
        return self.of_groups(system, *above), self.of_groups(system, *below)

    def p(self, system: str, other: str, name: str) -> float:
        """The two-sided p of the difference in one of `RATIOS`."""
        return two_sided(self.flips @ contributions(self.ratio(system, name), self.ratio(other, name)))


def _by_group(own: pd.DataFrame, groups: NDArray[Any]) -> Array:
    by_group = own.groupby(["part", "group"])[COLUMNS].sum(min_count=1)
    return np.stack([by_group.loc[part].loc[groups].to_numpy(np.float64) for part in PARTS])


def values(weights: Array, sums: Array) -> Values:
    """Every metric of each row of weights, how often each group counts.

    weights : (rows, G); sums : (parts, G, sums)
    """
    parts = dict(zip((f"_{part}" for part in PARTS), weights @ sums, strict=True))
    whole = np.sum(list(parts.values()), axis=0)  # (rows, sums)
    found: Values = {}
    for part, totals in ({"": whole} | parts).items():
        of = dict(zip(COLUMNS, totals.T, strict=True))
        for at in AT:
            shares = confusion(of["cells"], of[f"hits{at}"], of[f"false_alarms{at}"], of[f"misses{at}"])
            found |= {f"{name}{part}{at}": share for name, share in shares.items()}
    totals = dict(zip(COLUMNS, whole.T, strict=True))
    for name in ("nats", "joint_nats", "joint_nats_past"):
        found[name] = totals[name] / (totals["frames"] / len(PARTS))  # each part counts the same frames
    return found


def confusion(cells: Array, hits: Array, false_alarms: Array, misses: Array) -> Values:
    """Accuracy, precision, recall and F1 of counts of one shape; NaN where there is nothing to divide by.

    >>> shares = confusion(*(np.array([n]) for n in (100.0, 6.0, 2.0, 4.0)))
    >>> {name: float(share[0].round(3)) for name, share in shares.items()}
    {'accuracy': 0.94, 'precision': 0.75, 'recall': 0.6, 'f1': 0.667}
    """
    wrong = false_alarms + misses
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy": 1 - wrong / cells,
            "precision": hits / (hits + false_alarms),
            "recall": hits / (hits + misses),
            "f1": 2 * hits / (2 * hits + wrong),
        }


def nats(chances: Array, targets: NDArray[np.uint8]) -> Array:
    """The negative log-likelihood of each cell: of its chance where it is 1, else of the rest. Arrays of one shape.

    >>> nats(np.array([0.5, 0.9]), np.array([1, 0], dtype=np.uint8)).round(3).tolist()
    [0.693, 2.303]
    """
    given = np.where(targets == 1, chances, 1 - chances)
    return np.asarray(-np.log(np.clip(given, NEAREST, 1)))


def loss(found: Values, of: str) -> Array:
    """What skill removes: the error, 1 - accuracy, or the nats.

    >>> loss({"accuracy": np.array([0.75]), "nats": np.array([9.0])}, "accuracy").tolist()
    [0.25]
    """
    return 1 - found["accuracy"] if of == "accuracy" else found[of]
