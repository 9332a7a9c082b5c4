"""The published benchmark of polyphonic music: how well each model predicts the next frame, with values from
the literature.

Every sequence is read once from its beginning: the state starts at zero and is carried through, and each frame is
predicted from all frames before it. Silence comes before the music, one frame more than the network's lag, so that
frame 1 is predicted too.

- *Nats per frame*: binary cross-entropy summed over the 88 keys, averaged over all frames of the split, longer pieces
  counting more. Over frames 1..T it is the log-likelihood of whole sequences (Boulanger-Lewandowski, Bengio & Vincent,
  ICML 2012, equation 1); over frames 2..T it is what Bai, Kolter & Koltun (arXiv:1803.01271) report, as their code has
  it (poly_music/music_test.py).
- *Expected frame accuracy*: the sum of true positives over the sum of true positives, false positives and false
  negatives (Bay, Ehmann & Downie, ISMIR 2009), where keys are drawn with the chances predicted (2012 paper). Keys are
  independent here, so the expectations are exact: a key that sounds is hit with its chance p and missed with 1 - p, one
  that does not is falsely struck with p. A split in which nothing sounds and nothing is predicted has none.

A model that draws notes (`clstm.models.notes`, of piano rolls) has exact joint nats of each sequence instead: -log P of
all of it, each note given all before it, and no chance of a single key, so no accuracy.

Intervals are 95 %, over pieces, the same draws for every system, and none of fewer than five (`resampling`).

The values of the literature are those printed in the papers. Bai et al.'s were checked against paper and code; those of
2012 are as cited in the literature since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import load_network
from clstm.models.networks import Model
from clstm.models.note_scoring import notes_of, read
from clstm.models.notes import Notes
from clstm.music.pianoroll import KEYS, Roll
from clstm.prediction.baselines import Markov
from clstm.prediction.resampling import FEWEST_GROUPS, Draws
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.progress import Progress, silent
from clstm.training.batches import row_means

Chances = NDArray[np.float64]
Predictor = Callable[[Roll], Chances]  # frames (T, 88) of a whole piece -> each frame's from those before it, (T, 88)
Counter = Callable[[Roll], NDArray[np.float64]]  # what one piece adds to the sums, see `count`

NEAREST = 1e-15  # to 0 and 1: what float64 still distinguishes from them
STEPS_AT_ONCE = 1024
MEASURES = ("nats", "accuracy", "nats_from_2", "accuracy_from_2")
MADE = "% Made by clstm benchmark"  # in the first line of LaTeX: it may be replaced
COLUMNS = (
    *("system", "role"),
    *(f"{measure}{end}" for measure in MEASURES for end in ("", "_low", "_high")),
    *("source", "note"),
)

# The sets, as (pieces, frames) of train, valid and test: known by what they hold, whatever a file is called.
SETS: dict[tuple[tuple[int, int], ...], str] = {
    ((694, 176561), (173, 45513), (170, 44463)): "Nottingham",
    ((229, 13807), (76, 4602), (77, 4725)): "JSB Chorales",
    ((524, 245202), (135, 82755), (124, 64339)): "MuseData",
    ((87, 75911), (12, 8540), (25, 19036)): "Piano-midi.de",
}


@dataclass(frozen=True)
class Published:
    """Nats per frame on the test splits, as a paper prints them, over the frames `measure` says."""

    name: str
    source: str
    measure: str
    nats: Mapping[str, float]
    note: str = ""


FIRST = "Boulanger-Lewandowski, Bengio & Vincent, ICML 2012"
LATER = "Bai, Kolter & Koltun, arXiv:1803.01271"
JOINT = "models the keys of a frame jointly: not the same task as a chance for each key"
LITERATURE = (
    Published("RNN (2012)", FIRST, "nats", dict(zip(SETS.values(), (4.46, 8.71, 8.13, 8.37), strict=True))),
    Published("RNN-NADE (2012)", FIRST, "nats", dict(zip(SETS.values(), (2.31, 5.56, 5.60, 7.05), strict=True)), JOINT),
    Published("RNN (2018)", LATER, "nats_from_2", {"Nottingham": 4.05, "JSB Chorales": 8.91}),
    Published("GRU (2018)", LATER, "nats_from_2", {"Nottingham": 3.46, "JSB Chorales": 8.43}),
    Published("LSTM (2018)", LATER, "nats_from_2", {"Nottingham": 3.29, "JSB Chorales": 8.45}),
    Published("TCN (2018)", LATER, "nats_from_2", {"Nottingham": 3.07, "JSB Chorales": 8.10}),
)


@dataclass(frozen=True)
class Scores:
    """A benchmark scored.

    name : of the published set; of the corpus's folder where it is none
    split, pieces, frames : what was scored
    table : one row per system with the columns `COLUMNS`: role is baseline, literature or model; accuracies are
        fractions; _low and _high bound the interval; what a paper does not report is missing
    """

    name: str
    split: str
    pieces: int
    frames: int
    table: pd.DataFrame


def score(
    corpus: Corpus,
    runs: Sequence[Path],
    *,
    split: str = "test",
    seed: int = 0,
    progress: Progress = silent,
) -> Scores:
    """Score baselines and runs on a split; on a published set's test split the literature comes between them.

    Raises `MismatchError` when the corpus or a run has not 88 rows, `UserError` when two runs have one name.
    """
    must_be_benchmark(corpus)
    counters = {name: counter(predict) for name, predict in baselines(corpus).items()}
    about: dict[str, dict[str, Any]] = {name: {"role": "baseline", "note": ""} for name in counters}
    for run in map(Path, runs):
        if run.name in counters:
            raise UserError(f"two systems are called {run.name}, and a run has its folder's name; rename one")
        model = _of_the_keys(run)
        joint = isinstance(model, Notes)
        counters[run.name] = partial(count_joint, model) if isinstance(model, Notes) else counter(network(model))
        about[run.name] = {"role": "model", "note": JOINT if joint else ""}
    pieces = corpus.of_split(split)
    sums: dict[str, list[NDArray[np.float64]]] = {name: [] for name in counters}
    for done, piece in enumerate(pieces, start=1):
        frames = np.ascontiguousarray(corpus.matrix(int(piece)).T)
        for name, counted in counters.items():
            sums[name].append(counted(frames))
        progress("Scoring", done, len(pieces))
    rows: list[dict[str, Any]] = [
        {"system": name, "source": ""} | about[name] | _estimates(np.stack(own), seed) for name, own in sums.items()
    ]
    rows += literature(identify(corpus)) if split == "test" else []
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["role"].map({"baseline": 0, "literature": 1, "model": 2}).argsort(kind="stable")
    table = table.iloc[order].reset_index(drop=True)
    return Scores(identify(corpus), split, len(pieces), int(corpus.lengths[pieces].sum()), table)


def must_be_benchmark(corpus: Corpus) -> None:
    """Raise `MismatchError` for a corpus of music."""
    if corpus.rows != KEYS:
        raise MismatchError(
            f"{corpus.path} has {corpus.rows} rows, and a benchmark has {KEYS}; score it with: clstm accuracy"
        )


def identify(corpus: Corpus) -> str:
    """The published set a corpus holds, by its pieces and frames; the name of its folder when it is another."""
    by_split = corpus.pieces.groupby("split")["frames"].agg(["size", "sum"])
    sizes = by_split.reindex(["train", "valid", "test"], fill_value=0).itertuples(index=False)
    return SETS.get(tuple((int(pieces), int(frames)) for pieces, frames in sizes), corpus.path.name)


def literature(name: str) -> list[dict[str, Any]]:
    """The values of the literature for a published set, one row per model; none for another name.

    >>> [(row["system"], row.get("nats", row.get("nats_from_2"))) for row in literature("JSB Chorales")][-1]
    ('TCN (2018)', 8.1)
    """
    return [
        {"system": one.name, "role": "literature", one.measure: one.nats[name], "source": one.source, "note": one.note}
        for one in LITERATURE
        if name in one.nats
    ]


def baselines(corpus: Corpus) -> dict[str, Predictor]:
    """Predictors of each key alone, fitted to `train`: its share of frames, and a first-order Markov chain."""
    train = corpus.of_split("train")
    frames = corpus.lengths[train].sum()
    share = (row_means(corpus, train) * frames + 1) / (frames + 2)  # add one: a key never heard may sound yet
    markov = Markov.fit(corpus, train, 1)

    def bernoulli(frames: Roll) -> Chances:
        return np.broadcast_to(share, frames.shape)

    def chain(frames: Roll) -> Chances:
        before = np.pad(frames, ((1, 0), (0, 0)))
        return markov(before, np.arange(1, len(before)), 1)[:, 0].astype(np.float64)

    return {"per-key Bernoulli": bernoulli, "per-key Markov": chain}


def _of_the_keys(run: Path) -> Model | Notes:
    """A trained network. Raises `MismatchError` when it has not 88 rows."""
    model, _ = load_network(run)
    config = model.c if isinstance(model, Notes) else model.config
    if config.rows != KEYS:
        raise MismatchError(
            f"{run} was trained on music of {config.rows} rows; give one trained on the benchmark's {KEYS} keys:"
            f" clstm train {config.kind} CORPUS --out RUN"
        )
    return model


def counter(predict: Predictor) -> Counter:
    """What a predictor adds to the sums on a piece."""
    return lambda frames: count(predict(frames), frames)


def network(model: Model) -> Predictor:
    """A network of the benchmark's keys as a predictor."""

    @torch.inference_mode()
    def predict(frames: Roll) -> Chances:
        past = np.pad(frames, ((model.lag + 1, 0), (0, 0)))  # step k has seen past[: k + lag + 1]: frames[:k]
        given = torch.from_numpy(past[None].astype(np.float32))
        chances, state = [], None
        for first in range(0, len(frames), STEPS_AT_ONCE):
            steps = min(STEPS_AT_ONCE, len(frames) - first)
            summary, state = model.carry(model.front(given[:, first : first + steps + model.lag]), state)
            chances.append(torch.sigmoid(model.predict(summary)[0, :, 0].double()))
        return torch.cat(chances).numpy()

    return predict


def count(chances: Chances, frames: Roll) -> NDArray[np.float64]:
    """What one piece adds to the sums: (2, 4) of frames, nats, expected hits, and expected hits, misses and false
    strikes together; first over frames 1..T, then over frames 2..T.

    Two frames of one key, predicted with .5 each: 2 log 2 nats; half of the key that sounds is hit.

    >>> count(np.full((2, 1), 0.5), np.array([[1], [0]], dtype=np.uint8))[0].round(4).tolist()
    [2.0, 1.3863, 0.5, 1.5]
    """
    chances = np.clip(chances, NEAREST, 1 - NEAREST)
    nats = -np.log(np.where(frames == 1, chances, 1 - chances)).sum(axis=1)
    hits = (chances * frames).sum(axis=1)
    struck = frames.sum(axis=1) + (chances * (1 - frames.astype(np.float64))).sum(axis=1)
    by_frame = np.stack([np.ones(len(frames)), nats, hits, struck], axis=1)
    return np.stack([by_frame.sum(axis=0), by_frame[1:].sum(axis=0)])


def count_joint(model: Notes, frames: Roll) -> NDArray[np.float64]:
    """The same of a network that draws notes: exact nats of the piece, and no hits."""
    (one,) = read(model, [(notes_of(frames.T), len(frames))])
    nothing = float("nan")
    both = [(len(frames), one.total), (len(frames) - 1, one.total - one.before(1))]
    return np.array([[steps, nats, nothing, nothing] for steps, nats in both])


def values(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """`MEASURES` (..., 4) of sums (..., 2, 4); what has no frames, or nothing to hit or to strike, is NaN.

    >>> values(np.array([[4.0, 2.0, 3.0, 6.0], [3.0, 1.5, 3.0, 4.0]])).tolist()
    [0.5, 0.5, 0.5, 0.75]
    """
    frames, nats, hits, struck = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([nats / frames, hits / struck], axis=-1).reshape(*sums.shape[:-2], 4)


def _estimates(sums: NDArray[np.float64], seed: int) -> dict[str, float]:
    """Each measure with its interval, from the sums of the pieces (pieces, 2, 4)."""
    draws = Draws.of(sums[:, 0, 0], seed)
    resampled = values(np.einsum("rp,pfs->rfs", draws.weights, sums))
    estimates: dict[str, float] = {}
    for measure, of_rows in zip(MEASURES, resampled.T, strict=True):
        low, high = draws.interval(of_rows, lowest=0, highest=1 if measure.startswith("accuracy") else np.inf)
        estimates |= {measure: float(of_rows[0]), f"{measure}_low": low, f"{measure}_high": high}
    return estimates


def readable(scores: Scores) -> Table:
    """The table for the terminal: baselines, literature, models. The interval of the accuracy is in the CSV."""
    shown = Table(title=caption(scores), box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("", no_wrap=True)
    for heading in HEADINGS[:-1]:
        shown.add_column(heading, justify="right", no_wrap=True)
    styles = {"baseline": "dim", "literature": "", "model": "bold"}
    for row, cells in zip(scores.table.to_dict("records"), _cells(scores.table), strict=True):
        shown.add_row(*cells[:-1], style=styles[row["role"]])
    return shown


def caption(scores: Scores) -> str:
    return f"{scores.name}, {scores.split}: {scores.pieces:,} pieces, {scores.frames:,} frames; nats per frame"


def notes(scores: Scores) -> list[str]:
    """Where the literature's values are from, and why some have no interval, one line each."""
    published = scores.table[scores.table["role"] == "literature"]
    lines = [
        f"{', '.join(published['system'][published['source'] == source])}: {source}."
        for source in published["source"].unique()
    ]
    if scores.pieces < FEWEST_GROUPS:
        lines.append(f"No interval: they rest on pieces, here {scores.pieces}, and need {FEWEST_GROUPS}.")
    noted = scores.table[scores.table["note"] != ""]
    return lines + [f"{system}: {note}." for system, note in zip(noted["system"], noted["note"], strict=True)]


def latex(scores: Scores) -> str:
    """The same table, every interval in it, for a paper that uses booktabs."""
    table = pd.DataFrame(_cells(scores.table), columns=["", *HEADINGS])
    body = table.to_latex(index=False, escape=True, column_format="l" + "r" * len(HEADINGS))
    return f"{MADE}\n" + "".join(f"% {line}\n" for line in (caption(scores), *notes(scores))) + body


HEADINGS = ("nats 1..T", "95 %", "nats 2..T", "95 %", "accuracy %", "95 %")
SHOWN = (("nats", 1, 2), ("nats_from_2", 1, 2), ("accuracy", 100, 1))  # measure, scale, decimals


def _cells(table: pd.DataFrame) -> list[list[str]]:
    """The texts of each row under its system and `HEADINGS`."""
    rows: list[list[str]] = []
    records: list[dict[Any, Any]] = table.to_dict("records")
    for row in records:
        cells = [row["system"]]
        for measure, scale, decimals in SHOWN:
            value, low, high = (scale * float(row[measure + end]) for end in ("", "_low", "_high"))
            cells.append("-" if np.isnan(value) else f"{value:.{decimals}f}")
            cells.append("" if np.isnan(low) else f"{low:.{decimals}f}-{high:.{decimals}f}")
        rows.append(cells)
    return rows
