"""The gradients of `gradient_reach` as tables: curves, the share from far back, and comparisons of two networks.

*More than s seconds ago* are the frames whose `seconds_back` is above s: a frame 5 s before the window's last is not
more than 5 s ago. Windows are drawn from pieces, and pieces come in groups: intervals and p rest on whole groups of
pieces with all windows drawn from them (`clstm.prediction.resampling`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clstm.music.score import FRAME_RATE
from clstm.prediction import advantage
from clstm.prediction.resampling import FEWEST_GROUPS, Array, Draws, contributions, is_clear, sign_flips, two_sided

SECONDS = (1, 5, 10)  # that are reported
CURVES = ("system", "frames_back")  # its first columns
PAIRS = ("system", "kind", "other", "other_kind", "seconds", "share", "other_share", "difference", "low", "high", "p")


@dataclass(frozen=True)
class Gradients:
    """The summed gradients of a network's windows.

    system, kind : the run's folder, and its network: rnn, lstm, c-lstm, c-lstm-plus
    groups : (G,) names of the groups that windows were drawn from; windows : (G,), how many
    sums : (G, frames) of the norms of each group's windows, the last frame first; nats per frame and unit of input
    """

    system: str
    kind: str
    groups: NDArray[np.object_]
    windows: Array
    sums: Array

    @classmethod
    def of(cls, system: str, kind: str, norms: Array, groups: NDArray[np.object_]) -> "Gradients":
        """norms : (windows, frames); groups : (windows,)

        >>> groups = np.array(["Bach", "Bach", "Chopin"], dtype=object)
        >>> one = Gradients.of("run", "rnn", np.array([[2.0, 1.0], [1.0, 1.0], [3.0, 0.0]]), groups)
        >>> one.windows.tolist(), one.sums.tolist()
        ([2.0, 1.0], [[3.0, 2.0], [3.0, 0.0]])
        """
        names, of = np.unique(groups.astype(str), return_inverse=True)
        sums = np.zeros((len(names), norms.shape[1]))
        np.add.at(sums, of, norms)
        return cls(system, kind, names.astype(object), np.bincount(of).astype(np.float64), sums)

    def beyond(self, seconds: float) -> Array:
        """The sum from more than some seconds ago, of each group, (G,).

        Of 17 frames, 2 s, eight are more than one second ago:

        >>> Gradients.of("run", "rnn", np.ones((1, 17)), np.array(["Bach"], dtype=object)).beyond(1).tolist()
        [8.0]
        """
        return np.asarray(self.sums[:, more_than(np.arange(self.sums.shape[1]) / FRAME_RATE, seconds)].sum(axis=1))

    @property
    def totals(self) -> Array:
        """(G,)"""
        return np.asarray(self.sums.sum(axis=1))


def more_than(seconds_back: Array, seconds: float) -> NDArray[np.bool_]:
    """Which frames are more than some seconds ago: the one definition, for every table and sentence.

    >>> more_than(np.array([4.875, 5.0, 5.125]), 5).tolist()
    [False, False, True]
    """
    return np.asarray(seconds_back) > seconds


def beyond(curves: pd.DataFrame, seconds: float) -> dict[str, float]:
    """The share of each system's gradient (0..1) that lies more than some seconds ago, from its curve.

    >>> curve = pd.DataFrame({"system": "rnn", "seconds_back": [0.0, 0.5, 1.5], "share": [0.5, 0.25, 0.25]})
    >>> beyond(curve, 1)
    {'rnn': 0.25}
    """
    far = curves[more_than(curves["seconds_back"].to_numpy(), seconds)].groupby("system")["share"].sum()
    return {str(system): float(far.get(system, 0.0)) for system in curves["system"].unique()}


def curves(measured: Sequence[Gradients], seed: int = 0) -> pd.DataFrame:
    """One row per system and frame.

    Columns: system, frames_back (0 is the window's last frame), seconds_back, gradient (nats per frame and unit of
    input, averaged over windows), share (of the sum over the window), share_low, share_high (its interval), kind, and
    groups, of the pieces that windows were drawn from. An interval is missing below five groups.

    >>> norms, groups = np.array([[3.0, 1.0]] * 5), np.arange(5).astype(object)
    >>> curves([Gradients.of("run", "rnn", norms, groups)])["share"].tolist()
    [0.75, 0.25]
    """
    tables = []
    for one in measured:
        back = np.arange(one.sums.shape[1])
        draws = Draws.of(one.windows, seed)
        with np.errstate(invalid="ignore"):  # no gradient at all
            shares = (draws.weights @ one.sums) / (draws.weights @ one.totals)[:, None]
        ends = np.array([draws.interval(share, lowest=0, highest=1) for share in shares.T])
        curve = {
            "frames_back": back,
            "seconds_back": back / FRAME_RATE,
            "gradient": one.sums.sum(axis=0) / one.windows.sum(),
            "share": shares[0],
            "share_low": ends[:, 0],
            "share_high": ends[:, 1],
        }
        tables.append(pd.DataFrame({"system": one.system, **curve, "kind": one.kind, "groups": len(one.groups)}))
    return pd.concat(tables, ignore_index=True)


def pairs(measured: Sequence[Gradients], seed: int = 0) -> pd.DataFrame:
    """One system against another: one row per pair and each of 1, 5 and 10 seconds.

    A pair is a system and each before it, two kinds of the paper in the order of its Table 2, the better first; systems
    that read other windows are not compared with each other. Columns: system, kind, other, other_kind, seconds; share,
    other_share: of their gradients, more than so long ago; difference, low, high: the first less the second, with its
    interval; p, two-sided, of flipping the signs of the groups' contributions to the difference; groups. Empty for one
    system. Interval and p are missing below five groups.
    """
    rows = [
        _compared(*pair, seconds, seed)
        for place, later in enumerate(measured)
        for earlier in measured[:place]
        if later.sums.shape == earlier.sums.shape and (later.groups == earlier.groups).all()
        for pair in [(earlier, later) if advantage.is_reversed(later.kind, earlier.kind) else (later, earlier)]
        for seconds in SECONDS
    ]
    return pd.DataFrame(rows, columns=[*PAIRS, "groups"])


def _compared(one: Gradients, other: Gradients, seconds: float, seed: int) -> dict[str, object]:
    draws = Draws.of(one.windows, seed)
    share, other_share = (_share(gradients, seconds, draws) for gradients in (one, other))
    low, high = draws.interval(share - other_share)
    each = contributions((one.beyond(seconds), one.totals), (other.beyond(seconds), other.totals))
    p = two_sided(sign_flips(len(one.groups), seed) @ each)
    values = (one.system, one.kind, other.system, other.kind, seconds, share[0], other_share[0])
    return dict(zip(PAIRS, (*values, share[0] - other_share[0], low, high, p), strict=True)) | {
        "groups": len(one.groups)
    }


def _share(one: Gradients, seconds: float, draws: Draws) -> Array:
    """The share of the gradient from more than so many seconds ago, of every row of weights."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((draws.weights @ one.beyond(seconds)) / (draws.weights @ one.totals))


def summary(measured: Sequence[Gradients], seed: int = 0) -> list[str]:
    """One line per system: where half of its gradient lies, and how much is from more than 1, 5 and 10 seconds ago.

    >>> summary([Gradients.of("run", "rnn", np.ones((1, 32)), np.array(["Bach"], dtype=object))])
    ['run: half of the gradient lies in the last 16 frames; % of it: 71.9 from more than 1 s ago,
    0.0 from more than 5 s ago, 0.0 from more than 10 s ago']
    """
    return [_line(one, Draws.of(one.windows, seed)) for one in measured]


def _line(one: Gradients, draws: Draws) -> str:
    half = half_life(one.sums.sum(axis=0)) + 1
    parts = []
    for seconds in SECONDS:
        share = _share(one, seconds, draws)
        low, high = draws.interval(share, lowest=0, highest=1)
        interval = "" if np.isnan(low) else f" [{100 * low:.1f}, {100 * high:.1f}]"
        parts.append(f"{100 * share[0]:.1f}{interval} from more than {seconds} s ago")
    return f"{one.system}: half of the gradient lies in the last {half} frames; % of it: {', '.join(parts)}"


def notes(measured: Sequence[Gradients], compared: pd.DataFrame) -> list[str]:
    """What the intervals rest on, and which of two systems has more of its gradient far back, a line each."""
    groups = len(measured[0].groups)
    if groups < FEWEST_GROUPS:
        return [f"No interval and no p: they rest on groups of pieces, here {groups}, and need {FEWEST_GROUPS}."]
    lines = [f"95 % intervals by bootstrap and jackknife over groups of pieces: {groups:,} groups."]
    for row in compared.to_dict("records"):
        if is_clear(row["low"], row["high"], row["p"]):
            more = "more" if row["difference"] > 0 else "less"
            ends = sorted(100 * abs(row[end]) for end in ("low", "high"))
            lines.append(
                f"{row['system']} has {more} of its gradient from more than {row['seconds']} s ago than {row['other']}:"
                f" {100 * abs(row['difference']):.1f} points [{ends[0]:.1f}, {ends[1]:.1f}]."
            )
    return lines


def half_life(norms: NDArray[np.float64]) -> int:
    """How many frames before the window's last one half of the gradient is reached; 0 when there is no gradient.

    >>> half_life(np.array([4.0, 2.0, 1.0, 1.0])), half_life(np.ones(8)), half_life(np.zeros(8))
    (0, 3, 0)
    """
    total = norms.sum()
    return int(np.searchsorted(np.cumsum(norms), total / 2)) if total else 0
