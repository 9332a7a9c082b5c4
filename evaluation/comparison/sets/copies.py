"""Copies: pieces that are the same music, and so are not independent samples.

Two pieces are copies where they have

the same notes   the same pitches as often, each struck at the same times within 30 ms, counted from the first note:
                 the resolution of ticks, the type of MIDI, tracks, names, velocities, lengths of notes and a later
                 beginning do not count. Another key makes another piece.
the same sound   every metric of the sound that does not depend on how loud the whole is, within 1 % of each other
                 (a tenth of a decibel where it is in dB or LU), and the same ones missing: WAV or FLAC, 16 or 24 bits,
                 a few hundredths of a decibel or another level do not count. Metrics that count in steps are left
                 out, since one window more or less is more than 1 %.

Copies of copies are copies. Two silent pieces are no copies: that a piece is silent is a finding about each of them. A
file that cannot be read is no copy either.

Whole groups are merged where a piece of one is a copy of a piece of the other, for they are then dependent. All pieces
stay in the tables, and each one is described.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.catalogue import METRICS, OF_NOTES

if TYPE_CHECKING:
    import pandas as pd

APART = 30  # ms between two strikes of one pitch that may be one; hands strike a chord within about this
SHARE, LEVEL = 0.01, 0.1  # of a metric; dB or LU
SMALLEST = 1e-3  # below this a metric counts as this: what is left is rounding

SOUNDS = "centroid"  # exists for every piece that sounds
FEWEST = 10  # metrics of a sound that say it is the same: those of the spectrum, which the shortest sound has

_LOUDNESS = ("LUFS", "dBFS", "dBTP", "samples")  # units of what depends on how loud the whole is
_IN_STEPS = ("time_near_maximum", "novelty_rate")
_RATIOS = ("dB", "LU")

SHARES = ("system", "pieces", "within", "across", "silent")

Pairs = NDArray[np.int64]


def of_sound() -> list[str]:
    """The metrics that two pieces of the same sound have in common.

    >>> "centroid" in of_sound(), "mean_level" in of_sound()  # a level depends on how loud the whole is
    (True, False)
    """
    return [
        name
        for name, metric in METRICS.items()
        if metric.view not in OF_NOTES and metric.unit not in _LOUDNESS and name not in _IN_STEPS
    ]


def merged(pieces: "pd.DataFrame", values: "pd.DataFrame") -> "pd.DataFrame":
    """The pieces with the groups of copies made one, in the same order; the first group's name stays.

    pieces, values : of `evaluation.measurement.systems.Measurements`
    """
    labels, group = np.unique(pieces["group"].astype(str), return_inverse=True)
    one = _components(group[_pairs(pieces, values)], len(labels))[group]
    first = dict(zip(one[::-1].tolist(), pieces["group"].to_numpy()[::-1], strict=True))
    return pieces.assign(group=[first[number] for number in one.tolist()])


def shares(pieces: "pd.DataFrame", values: "pd.DataFrame") -> "pd.DataFrame":
    """How many pieces of each system are copies: one row per system, `SHARES`, in the order of the systems.

    within : pieces that are a copy of another piece of their system; of three copies, three
    across : pieces that are a copy of another system's piece. One file that two systems measure in two ways (a control)
        is one piece by intention, and does not count
    silent : pieces that do not sound
    """
    import pandas as pd

    each = pieces[["system"]].assign(file=_texts(pieces, "file"), copy=_components(_pairs(pieces, values), len(pieces)))

    def alike(*columns: str) -> "pd.Series[int]":
        return each.groupby(["copy", *columns])["file"].transform("size")

    elsewhere = alike() - alike("system") - alike("file") + alike("system", "file")  # another system and another file
    sound = values[values["metric"] == SOUNDS].set_index(["system", "piece"])
    silent = (sound["value"].isna() & (sound["note"] == "silent")).reindex(
        pd.MultiIndex.from_frame(pieces[["system", "piece"]]), fill_value=False
    )
    counted = each.assign(pieces=1, within=alike("system") > 1, across=elsewhere > 0, silent=silent.to_numpy())
    return counted.groupby("system", sort=False)[list(SHARES[1:])].sum().astype(int).reset_index()


def remarks(pieces: "pd.DataFrame", values: "pd.DataFrame") -> list[str]:
    """One line per system that has copies: every piece is described, but copies are not independent samples."""
    said = []
    for row in shares(pieces, values).to_dict("records"):
        share = f"{row['system']}: {{}} of {row['pieces']} pieces ({{}} %) are copies of {{}}"
        for count, what in ((row["within"], "one another"), (row["across"], "pieces of another system")):
            if count:
                said.append(
                    share.format(count, round(100 * count / row["pieces"]), what) + "; copies count as one group"
                )
    return said


def _pairs(pieces: "pd.DataFrame", values: "pd.DataFrame") -> Pairs:
    """Places of pieces that are copies, (pairs, 2); enough of them that all copies are connected."""
    return np.concatenate([same_notes(_texts(pieces, "strikes")), same_sound(_sounds(pieces, values))])


def same_notes(struck: Sequence[str]) -> Pairs:
    """Places of pieces with the same notes, (pairs, 2); of `metrics.symbolic.struck`, "" where there are none.

    >>> same_notes(["60:0,500 64:250", "60:0,510 64:250", "62:0,500 66:250"]).tolist()
    [[0, 1]]
    """
    alike: dict[tuple[tuple[str, int], ...], list[int]] = {}  # by their pitches and how often each
    for place, text in enumerate(struck):
        if text:
            each = (one.split(":") for one in text.split())
            alike.setdefault(tuple((pitch, when.count(",")) for pitch, when in each), []).append(place)
    return _joined(
        np.array(places)[near(np.array([_times(struck[place]) for place in places]) / APART)]
        for places in alike.values()
        if len(places) > 1
    )


def _times(struck: str) -> list[int]:
    """All times of `metrics.symbolic.struck`, ms, by pitch."""
    return [int(moment) for one in struck.split() for moment in one.partition(":")[2].split(",")]


def same_sound(sounds: NDArray[np.float64]) -> Pairs:
    """Places of pieces of the same sound, (pairs, 2); of `of_sound`, (pieces, metrics), NaN where there is none."""
    names = of_sound()
    ratio = np.array([METRICS[name].unit in _RATIOS for name in names])
    # On a logarithm a difference of SHARE is 1 at every size, so that one tree finds all that are near.
    points = np.where(ratio, sounds / LEVEL, np.log(np.maximum(np.abs(sounds), SMALLEST)) / SHARE)
    alike: dict[bytes, list[int]] = {}  # by what they lack
    enough = np.isfinite(sounds).sum(axis=1) >= FEWEST
    for place in np.flatnonzero(enough & np.isfinite(sounds[:, names.index(SOUNDS)])):
        alike.setdefault(np.isfinite(points[place]).tobytes(), []).append(int(place))
    return _joined(np.array(places)[near(np.nan_to_num(points[places]))] for places in alike.values())


def near(points: NDArray[np.floating]) -> Pairs:
    """Places of points, (n, coordinates), no further apart than 1 in any coordinate, (pairs, 2).

    Of points that are equal only the first is paired with others, and each with the first.

    >>> near(np.array([[0.0], [0.5], [3.0]])).tolist()
    [[0, 1]]
    """
    from scipy.spatial import KDTree

    # Equal points once: all of their pairs would grow with the square of their number.
    different, first, which = np.unique(points, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    equal = np.stack([first[which], np.arange(len(points))], axis=1)
    close = first[KDTree(different).query_pairs(1 + 1e-9, p=np.inf, output_type="ndarray")]  # 1, and rounding
    return np.concatenate([equal[equal[:, 0] != equal[:, 1]], close.reshape(-1, 2)])


def _texts(pieces: "pd.DataFrame", column: str) -> list[str]:
    """A column that a table read from a file may not have."""
    return pieces[column].astype(str).tolist() if column in pieces else [""] * len(pieces)


def _sounds(pieces: "pd.DataFrame", values: "pd.DataFrame") -> NDArray[np.float64]:
    import pandas as pd

    # `pivot_table` would drop pieces without values.
    wide = values.set_index(["system", "piece", "metric"])["value"].unstack("metric")  # noqa: PD010
    rows = pd.MultiIndex.from_frame(pieces[["system", "piece"]])
    return wide.reindex(index=rows, columns=of_sound()).to_numpy(float)


def _joined(parts: Iterable[Pairs]) -> Pairs:
    return np.concatenate([np.empty((0, 2), dtype=np.int64), *parts])


def _components(pairs: Pairs, count: int) -> NDArray[np.int32]:
    """A number for each of `count` things, the same for those that pairs connect."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    numbers: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return numbers
