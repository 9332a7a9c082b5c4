"""Do metrics and distances go with what listeners said? The test of the kit's own rulers.

Of every clip there is a judgement, such as the share of listeners who took it for human; and quantities: its metrics,
its distance from people in all metrics together and by view, and its distance in embeddings. Spearman's rank
correlation of each quantity with the judgement is taken over clips, in two ways. *Over all* clips a quantity may
correlate only because the sources differ in it. *Within* sources, ranks are centred source by source: what remains is
whether, among the clips of one source, those with more of it are judged higher. `evaluation.statistics.correlation` has
the statistics; p is corrected by Holm over all quantities. All clips have the same listeners, so listeners are not
resampled.

The distance of a clip is how little it is like people's: 1 less the mean of the kernel (`evaluation.distance`) with the
human clips of other pieces, 0..1. A clip is heard at the loudness of all others: metrics of level do not describe what
listeners heard, and are left out.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluation.distance.embedded import alike as alike_in_directions
from evaluation.distance.embedded import directions
from evaluation.distance.frechet import Pieces
from evaluation.distance.space import JOINT, spaces
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.correlation import NO_CORRELATION, rank_correlation
from evaluation.statistics.inference import holm
from evaluation.statistics.resampling import Array

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 8  # clips
ALPHA = 0.05
LEVELS = ("LUFS", "dBFS", "dBTP")
WAYS = ("overall", "within")
METRIC, DISTANCE, EMBEDDING = KINDS = ("metric", "distance", "embedding")
COLUMNS = (
    *("kind", "quantity", "label", "clips"),
    *(f"{way}{of}" for way in WAYS for of in ("", "_low", "_high", "_p", "_p_holm")),
)

Labels = NDArray[Any]


def compared(metrics: "pd.DataFrame") -> list[str]:
    """The metrics of a table that can go with what listeners say: those that are tested, but for levels."""
    named = [name for name, metric in METRICS.items() if metric.tested and metric.unit not in LEVELS]
    return [name for name in named if name in metrics.columns]


def distances(metrics: "pd.DataFrame", human: NDArray[np.bool_], pieces: Labels) -> "pd.DataFrame":
    """The distance of each clip from people, one column for all metrics together and one for each view; of spaces of
    which at least one metric is known.

    metrics : one row per clip, one column per metric; human : whether a clip is people's, (clips,)
    pieces : of which piece a clip is, (clips,)
    """
    import pandas as pd

    known = metrics.notna().any()
    found = {
        name: unlike(space.alike(metrics), human, pieces)
        for name, space in spaces().items()
        if any(known.get(metric, False) for metric in space.metrics)
    }
    return pd.DataFrame(found, index=metrics.index)


def distance_in_embedding(frames: Pieces, human: NDArray[np.bool_], pieces: Labels) -> Array:
    """The distance of each clip from people in an embedding, (clips,). frames : (frames, dimensions) of each clip"""
    return unlike(alike_in_directions(directions(frames)), human, pieces)


def unlike(alike: Array, human: NDArray[np.bool_], pieces: Labels) -> Array:
    """1 less the mean of the kernel with the human clips of other pieces, (clips,); NaN where there is none.

    alike : the kernel, (clips, clips); human : (clips,); pieces : (clips,)

    >>> alike = np.array([[1, 0.8, 0.2], [0.8, 1, 0.4], [0.2, 0.4, 1]])
    >>> unlike(alike, np.array([True, True, False]), np.array(["a", "b", "c"])).round(2).tolist()
    [0.2, 0.2, 0.7]
    """
    others = human[None] & (pieces[:, None] != pieces[None])
    with np.errstate(invalid="ignore"):
        return np.asarray(1 - (alike * others).sum(axis=1) / others.sum(axis=1))


def agreement(quantities: Mapping[str, "pd.DataFrame"], heard: "pd.DataFrame", seed: int = 0) -> "pd.DataFrame":
    """One row per quantity, `COLUMNS`; without numbers where fewer than `FEWEST` clips have it or all have the same.

    quantities : tables with one row per clip and one column per quantity, by kind
    heard : source and judged, one row per clip of the same index

    >>> import pandas as pd
    >>> clips = pd.DataFrame({"source": ["a"] * 12, "judged": np.arange(12) / 12})
    >>> row = agreement({"metric": pd.DataFrame({"note_density": -np.arange(12.0)})}, clips).iloc[0]
    >>> row["label"], float(row["within"]), bool(row["within_p_holm"] < 0.001)
    ('Note density', -1.0, True)
    """
    import pandas as pd

    rows: list[dict[str, object]] = []
    for kind, table in quantities.items():
        for name in table.columns:
            own = heard[["source", "judged"]].join(table[name].rename("value"), how="inner").dropna()
            about = {"kind": kind, "quantity": name, "label": label(kind, name), "clips": len(own)}
            rows.append(about | _both(own, seed))
    found = pd.DataFrame(rows, columns=[column for column in COLUMNS if not column.endswith("_holm")])
    for way in WAYS:
        found[f"{way}_p_holm"] = holm(found[f"{way}_p"].tolist())
    return found[list(COLUMNS)]


def label(kind: str, name: str) -> str:
    """A quantity in words.

    >>> label("metric", "note_density"), label("distance", "joint"), label("embedding", "musicnn")
    ('Note density', 'Distance from people, all metrics', 'Distance from people, musicnn')
    """
    if kind == METRIC:
        return METRICS[name].label
    return f"Distance from people, {'all metrics' if name == JOINT else VIEWS.get(name, name).lower()}"


def _both(own: "pd.DataFrame", seed: int) -> dict[str, float]:
    found: dict[str, float] = {}
    judged, values = own["judged"].to_numpy(float), own["value"].to_numpy(float)
    sources = np.unique(own["source"].to_numpy(str), return_inverse=True)[1]
    for way, groups in zip(WAYS, (np.zeros_like(sources), sources), strict=True):
        random = np.random.default_rng((seed, way == "within"))
        few = len(own) < FEWEST
        its = NO_CORRELATION if few else rank_correlation(values, judged, groups, sources, random)
        found |= {way: its.value, f"{way}_low": its.low, f"{way}_high": its.high, f"{way}_p": its.p}
    return found


def sentence(table: "pd.DataFrame") -> str:
    """What the table says, within sources: over all clips a quantity may correlate because the sources differ in it."""
    tested = table[table["within_p_holm"].notna()]
    if tested.empty:
        return "No quantity has enough clips for a correlation within sources."
    found = tested[tested["within_p_holm"] < ALPHA]
    if found.empty:
        return (
            f"None of {len(tested)} metrics and distances correlates significantly with listeners’ judgements within "
            f"sources ({tested['clips'].max()} clips); this does not show that none is related."
        )
    strongest = found.reindex(found["within"].abs().sort_values(ascending=False).index)[:3]
    named = [
        f"{row.label} ({row.within:.2f} [{row.within_low:.2f}, {row.within_high:.2f}])"
        for row in strongest.itertuples()
    ]
    verb = "correlates" if len(found) == 1 else "correlate"
    return (
        f"{len(found)} of {len(tested)} metrics and distances {verb} significantly with listeners’ judgements within "
        f"sources, most strongly {'; '.join(named)}."
    )
