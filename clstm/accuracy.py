"""The paper's Table 2, beside baselines that know no music.

Every predictor reads exact windows of 90 frames from a zero state and predicts the frames after them, the next one and
all nine. Counted cell by cell, per piece: a later table can put its pieces together in any way, and intervals come from
resampling groups of pieces (pieces of a group are not independent). A chance of 0.5 or more counts as a 1.

Nats per frame are the cross-entropy summed over rows; silence, copy and hold give certainties, which have none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from clstm.baselines import Chances, Markov, Predictor, copy_last, hold_chord, silence
from clstm.checkpoint import load_model
from clstm.console import Advance
from clstm.corpus import Corpus
from clstm.errors import MismatchError, UserError
from clstm.models import Network
from clstm.score import HELD, STRUCK, Matrix

HORIZONS = ("next", "nine")
PARTS = {"held": HELD, "struck": STRUCK}
SUMS = ["windows", "frames", "cells", "hits", "false_alarms", "misses", "nats"]
RESAMPLES = 1000
WINDOWS_AT_ONCE = 256


@dataclass(frozen=True)
class System:
    """What is scored. `role` is "model" or "baseline"; only calibrated chances have nats."""

    predict: Predictor
    role: str
    calibrated: bool


def table(
    corpus: Corpus,
    runs: Sequence[Path],
    *,
    split: str,
    stride: int = 9,
    seed: int = 0,
    advance: Advance = lambda what, done, total: None,
) -> pd.DataFrame:
    """Score runs and baselines on a split; see `summarise` for the columns. Runs are named by their folders.

    Raises `MismatchError` when their windows or horizons differ, `UserError` when two have one name.
    """
    networks = {Path(run).name: load_model(run)[0] for run in runs}
    if len(networks) < len(runs):
        raise UserError("two runs have one name, and the table names them by their folders; rename one")
    sizes = {(network.config.window, network.config.horizon) for network in networks.values()}
    if len(sizes) > 1:
        raise MismatchError(f"the runs have different (window, horizon): {sorted(sizes)}; score them apart")
    (window, horizon) = sizes.pop()
    systems = baselines(corpus, horizon) | {name: model(network) for name, network in networks.items()}
    counts = count(corpus, systems, split=split, window=window, horizon=horizon, stride=stride, advance=advance)
    return summarise(counts, seed)


def baselines(corpus: Corpus, horizon: int) -> dict[str, System]:
    """Silence, copy the last frame, hold the last chord, and per-row Markov chains fitted to the training pieces."""
    markov = Markov.fit(corpus, corpus.of_split("train"), horizon)
    return {
        "silence": System(silence, "baseline", calibrated=False),
        "copy last frame": System(copy_last, "baseline", calibrated=False),
        "hold last chord": System(hold_chord, "baseline", calibrated=False),
        "per-row Markov": System(markov, "baseline", calibrated=True),
    }


def model(network: Network) -> System:
    """A trained network as a predictor. The front end reads a piece once, not once a window."""
    network = network.eval()
    steps = network.config.window - network.lag

    @torch.inference_mode()
    def predict(frames: Matrix, ends: NDArray[np.int64], horizon: int) -> Chances:
        features = network.front(torch.from_numpy(frames[None].astype(np.float32)))[0]  # (T - lag, width)
        first = torch.from_numpy(ends - network.config.window)
        chances = []
        for some in first.split(WINDOWS_AT_ONCE):
            hidden, _ = network.recurrence(features[some[:, None] + torch.arange(steps)])
            chances.append(torch.sigmoid(network.predict(hidden[:, -1]))[:, :horizon])
        return torch.cat(chances).numpy()

    return System(predict, "model", calibrated=True)


def count(
    corpus: Corpus,
    systems: Mapping[str, System],
    *,
    split: str,
    window: int,
    horizon: int,
    stride: int = 9,
    advance: Advance = lambda what, done, total: None,
) -> pd.DataFrame:
    """Counts of every system on every piece of a split: a row a system, piece, horizon and part (held, struck).

    Columns: system, role, piece, group, horizon, part, windows, frames (predicted), cells, hits, false_alarms, misses,
    nats (summed over cells; missing where the chances are not calibrated). Pieces shorter than window + horizon have
    no window and are left out. Raises `UserError` when that leaves none.
    """
    pieces = corpus.of_split(split)
    long_enough = [int(piece) for piece in pieces if corpus.lengths[piece] >= window + horizon]
    if not long_enough:
        raise UserError(f"no piece of {corpus.path} in {split!r} is as long as {window + horizon} frames")
    rows: list[dict[str, object]] = []
    for done, piece in enumerate(long_enough, start=1):
        frames = np.ascontiguousarray(corpus.matrix(piece).T)
        ends = np.arange(window, len(frames) - horizon + 1, stride)
        targets = frames[ends[:, None] + np.arange(horizon)]
        for name, system in systems.items():
            chances = system.predict(frames, ends, horizon)
            about = {"system": name, "role": system.role, "piece": piece, "group": corpus.pieces["group"][piece]}
            for label, ahead in zip(HORIZONS, (1, horizon), strict=True):
                for part, inside in PARTS.items():
                    cells = _cells(chances[:, :ahead, inside], targets[:, :ahead, inside], system.calibrated)
                    size = {"windows": len(ends), "frames": len(ends) * ahead}
                    rows.append(about | {"horizon": label, "part": part} | size | cells)
        advance("Scoring", done, len(long_enough))
    return pd.DataFrame(rows)


def _cells(chances: Chances, targets: Matrix, calibrated: bool) -> dict[str, float]:
    said, true = chances >= 0.5, targets == 1
    counts = {
        "cells": true.size,
        "hits": int((said & true).sum()),
        "false_alarms": int((said & ~true).sum()),
        "misses": int((~said & true).sum()),
    }
    if not calibrated:
        return counts | {"nats": float("nan")}
    given = np.where(true, chances, 1 - chances).astype(np.float64)
    return counts | {"nats": float(-np.log(np.clip(given, 1e-7, 1)).sum())}


def summarise(counts: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The table: a row a system and horizon, figures over all cells, with 95 % intervals by bootstrap over groups.

    Columns: system, role, horizon, accuracy, precision, recall, f1, f1_held, f1_struck (0..1), nats (per frame),
    and _low and _high of accuracy, f1 and nats; windows. What does not exist is missing: precision where no 1 is said,
    nats of certainties.
    """
    groups = counts["group"].unique()
    draws = np.random.default_rng(seed).integers(0, len(groups), (RESAMPLES, len(groups)))
    weights = np.stack([np.bincount(draw, minlength=len(groups)) for draw in draws])  # (resamples, groups)
    rows = []
    for (system, horizon), own in counts.groupby(["system", "horizon"], sort=False):
        by_group = own.groupby(["part", "group"])[SUMS].sum(min_count=1)
        held, struck = by_group.loc["held"].loc[groups], by_group.loc["struck"].loc[groups]
        both = held + struck
        both["frames"] = held["frames"]  # each part counts the same frames
        row = {"system": system, "role": own["role"].iloc[0], "horizon": horizon} | figures(both.sum(min_count=1))
        row |= {"f1_held": figures(held.sum(axis=0))["f1"], "f1_struck": figures(struck.sum(axis=0))["f1"]}
        resampled = figures(pd.DataFrame(weights @ both.to_numpy(), columns=both.columns))
        for name in ("accuracy", "f1", "nats"):
            row[f"{name}_low"], row[f"{name}_high"] = np.percentile(resampled[name], [2.5, 97.5])
        rows.append(row | {"windows": int(held["windows"].sum())})
    return pd.DataFrame(rows)


def figures(sums: Any) -> dict[str, Any]:
    """Accuracy, precision, recall, F1 and nats per frame of a Series of sums; of each row, for a DataFrame of them."""
    hits, wrong = sums["hits"], sums["false_alarms"] + sums["misses"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy": 1 - wrong / sums["cells"],
            "precision": np.divide(hits, hits + sums["false_alarms"]),
            "recall": np.divide(hits, hits + sums["misses"]),
            "f1": np.divide(2 * hits, 2 * hits + wrong),
            "nats": sums["nats"] / sums["frames"],
        }


def readable(table: pd.DataFrame, horizon: str) -> Table:
    """One horizon of the table for the terminal, baselines above models; the rest of the figures is in the CSV."""
    own = table[table["horizon"] == horizon]
    frames = {"next": "the next frame", "nine": "all nine frames"}[horizon]
    shown = Table(
        title=f"Prediction of {frames}, {own['windows'].iloc[0]:,} windows; nats per frame",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    shown.add_column("", no_wrap=True)
    for heading in ("accuracy %", "95 %", "F1 held", "struck", "nats", "95 %"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in own.to_dict("records"):
        shown.add_row(
            row["system"],
            *_with_interval(row, "accuracy", scale=100),
            *(f"{row[name]:.3f}" for name in ("f1_held", "f1_struck")),
            *_with_interval(row, "nats"),
            style="dim" if row["role"] == "baseline" else "bold",
        )
    return shown


def _with_interval(row: Mapping[Any, Any], name: str, scale: float = 1) -> tuple[str, str]:
    if np.isnan(row[name]):
        return "-", ""
    value, low, high = (f"{scale * row[name + end]:.2f}" for end in ("", "_low", "_high"))
    return value, f"{low}-{high}"
