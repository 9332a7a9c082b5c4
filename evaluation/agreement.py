"""Do metrics and distances go with what listeners said? The test of the kit's own rulers.

Of every clip there is a judgement, such as the share of listeners who took it for human; and quantities: its metrics,
its distance from people in all metrics together and by view, and its distance in embeddings. Spearman's rank
correlation of each quantity with the judgement is taken over clips, in two ways. *Over all* clips a quantity may
correlate only because the sources differ in it. *Within* sources, ranks are centred source by source: what remains is
whether, among the clips of one source, those with more of it are judged higher. `evaluation.statistics.correlation` has
the statistics, for other clips and, where it is known who said what, other listeners. Within sources, clips after one
prompt, of one piece, and pairs that share a clip are not taken as independent; over all they are, which is why that is
only described.

What is judged depends on the task (`SAID`). A preference is of two clips, so the observations are pairs of clips: of
the two, is the one with more of a quantity preferred more often? Quantities are differences, and pairs of the same two
systems are a group. That needs no model of what a clip is worth, such as that of Bradley & Terry (1952), which few
comparisons of each clip would not carry. ABX says which clips can be distinguished: quantities are distances between
the two.

A family of tests is one way of one block of a study: p is corrected by Holm over all its quantities and attributes, as
the block's own results are.

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
PAIRED = ("preference", "abx")  # tasks that judge two clips together
FROM_PEOPLE = "Distance from people"
ABOUT = ("block", "task", "question")  # which question of a study; a question is an attribute, or the task
COLUMNS = (
    *("kind", "quantity", "label", "clips"),
    *(f"{way}{of}" for way in WAYS for of in ("", "_low", "_high", "_p", "_p_holm")),
)

WRITTEN = (*ABOUT, *COLUMNS)  # the table of a study
# What a clip's judgement is in each task, to be read after "with".
SAID: Mapping[str, str] = {
    "source": "the share of listeners who took a clip for human",
    "rating": "the mean rating of a clip, each listener’s own level taken out",
    "continuation": "the mean rating of a continuation, each listener’s own level taken out",
    "mushra": "the mean score of a clip, each listener’s own level taken out; no hidden references and anchors",
    "preference": "how often the first of two clips was preferred: quantities are differences of the two, and pairs of "
    "the same two sources are compared with each other",
    "abx": "how often two clips were distinguished: quantities are distances between the two",
}

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

    found = {name: unlike(alike, human, pieces) for name, alike in kernels(metrics).items()}
    return pd.DataFrame(found, index=metrics.index)


def kernels(metrics: "pd.DataFrame") -> dict[str, Array]:
    """How alike clips are, (clips, clips), 0..1, in each space of which at least one metric is known."""
    known = metrics.notna().any()
    return {
        name: space.alike(metrics)
        for name, space in spaces().items()
        if any(known.get(metric, False) for metric in space.metrics)
    }


def kernel_in_embedding(frames: Pieces) -> Array:
    """How alike clips are in an embedding, (clips, clips), 0..1. frames : (frames, dimensions) of each clip"""
    return alike_in_directions(directions(frames))


def unlike(alike: Array, human: NDArray[np.bool_], pieces: Labels) -> Array:
    """1 less the mean of the kernel with the human clips of other pieces, (clips,); NaN where there is none.

    alike : the kernel, (clips, clips), NaN in rows and columns of clips of which nothing is known
    human : (clips,); pieces : (clips,)

    >>> alike = np.array([[1, 0.8, 0.2], [0.8, 1, 0.4], [0.2, 0.4, 1]])
    >>> unlike(alike, np.array([True, True, False]), np.array(["a", "b", "c"])).round(2).tolist()
    [0.2, 0.2, 0.7]
    """
    others = human[None] & (pieces[:, None] != pieces[None]) & ~np.isnan(alike)
    with np.errstate(invalid="ignore"):
        return np.asarray(1 - np.where(others, alike, 0.0).sum(axis=1) / others.sum(axis=1))


def agreement(
    quantities: Mapping[str, "pd.DataFrame"], heard: "pd.DataFrame", seed: int = 0, said: "pd.DataFrame | None" = None
) -> "pd.DataFrame":
    """One row per quantity, `COLUMNS`; without numbers where fewer than `FEWEST` clips have it or all have the same.

    quantities : tables with one row per clip and one column per quantity, by kind
    heard : source and judged, one row per clip of the same index, and, where some belong together, block
    said : one row per listener and one column per clip, of which `judged` is the mean; None: listeners do not vary

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
            own = heard.join(table[name].rename("value"), how="inner").dropna()
            about = {"kind": kind, "quantity": name, "label": label(kind, name), "clips": len(own)}
            given = None if said is None else said[own.index].dropna(how="all").to_numpy(float)
            rows.append(about | _both(own, seed, given))
    found = pd.DataFrame(rows, columns=[column for column in COLUMNS if not column.endswith("_holm")])
    return _corrected(found)


def of_study(tables: "Mapping[tuple[int, str, str], pd.DataFrame]") -> "pd.DataFrame":
    """The tables of all questions as one, `WRITTEN`, p corrected over each block.

    Of preferences nothing is said over all pairs: the sign would depend on which clip of a pair is called the first.

    tables : `agreement` of each question, by block, task and question

    >>> import pandas as pd
    >>> clips = pd.DataFrame({"source": ["a"] * 12, "judged": np.arange(12) / 12})
    >>> one = agreement({"metric": pd.DataFrame({"note_density": np.arange(12.0) ** 2})}, clips)
    >>> found = of_study({(1, "rating", name): one for name in ("structure", "creativity")})
    >>> (found["within_p_holm"] / one["within_p"].item()).tolist()
    [2.0, 2.0]
    """
    import pandas as pd

    whole = []
    for (block, task, question), table in tables.items():
        own = table.assign(block=block, task=task, question=question)
        if task == "preference":
            own[[name for name in COLUMNS if name.startswith("overall")]] = np.nan
        if task == "abx":
            own["label"] = own["label"].str.replace(FROM_PEOPLE, "Distance between the two", regex=False)
        whole.append(own)
    found = pd.concat(whole, ignore_index=True)
    blocks = [_corrected(own) for _, own in found.groupby("block", sort=False)]
    return pd.concat(blocks, ignore_index=True)[list(WRITTEN)]


def _corrected(found: "pd.DataFrame") -> "pd.DataFrame":
    """p corrected over all rows; in the order of `WRITTEN`."""
    corrected = found.assign(**{f"{way}_p_holm": holm(found[f"{way}_p"].tolist()) for way in WAYS})
    return corrected[[name for name in WRITTEN if name in corrected]]


def label(kind: str, name: str) -> str:
    """A quantity in words.

    >>> label("metric", "note_density"), label("distance", "joint"), label("embedding", "musicnn")
    ('Note density', 'Distance from people, all metrics', 'Distance from people, musicnn')
    """
    if kind == METRIC:
        return METRICS[name].label
    return f"{FROM_PEOPLE}, {'all metrics' if name == JOINT else VIEWS.get(name, name).lower()}"


def _both(own: "pd.DataFrame", seed: int, said: Array | None) -> dict[str, float]:
    found: dict[str, float] = {}
    judged, values = own["judged"].to_numpy(float), own["value"].to_numpy(float)
    sources = np.unique(own["source"].to_numpy(str), return_inverse=True)[1]
    blocks = own["block"].to_numpy() if "block" in own else None
    for way, groups, together in zip(WAYS, (np.zeros_like(sources), sources), (None, blocks), strict=True):
        random = np.random.default_rng((seed, way == "within"))
        few = len(own) < FEWEST
        its = NO_CORRELATION if few else rank_correlation(values, judged, groups, random, said, together)
        found |= {way: its.value, f"{way}_low": its.low, f"{way}_high": its.high, f"{way}_p": its.p}
    return found


def sentence(table: "pd.DataFrame") -> str:
    """What the table says of one block, within sources: over all, a quantity may correlate because sources differ.

    table : `COLUMNS`, or `WRITTEN` of one block
    """
    tested = table[table["within_p_holm"].notna()]
    if tested.empty:
        return "No quantity has enough clips for a correlation within sources."
    paired = "task" in table and set(table["task"]) <= set(PAIRED)
    several = "question" in table and len(set(table["question"])) > 1
    what = "metrics and distances" if not several else "combinations of a metric or distance with an attribute"
    clips = f"{tested['clips'].max()} {'pairs of clips' if paired else 'clips'}"
    found = tested[tested["within_p_holm"] < ALPHA]
    if found.empty:
        return (
            f"None of {len(tested)} {what} correlates significantly with listeners’ judgements within "
            f"sources ({clips}); this does not show that none is related."
        )
    strongest = found.reindex(found["within"].abs().sort_values(ascending=False, kind="stable").index)[:3]
    named = [
        f"{row['label']}{' with ' + row['question'] if several else ''} "
        f"({row['within']:.2f} [{row['within_low']:.2f}, {row['within_high']:.2f}])"
        for row in strongest.to_dict("records")
    ]
    verb = "correlates" if len(found) == 1 else "correlate"
    return (
        f"{len(found)} of {len(tested)} {what} {verb} significantly with listeners’ judgements within "
        f"sources, most strongly {'; '.join(named)}."
    )
