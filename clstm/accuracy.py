"""The paper's Table 2, beside baselines that know no music, and the skill that these do not have.

Every system reads exact windows of 90 frames from a zero state and predicts the frames after them, the next one and
all nine. Counted cell by cell, per piece; intervals are 95 %, by bootstrap over groups of pieces, the same draws for
every system (pieces of a group are not independent).

- A chance counts as a 1 from 0.5 on; and, beside that, from the system's own threshold on (`clstm.accuracy_systems`).
- *Nats per frame* are the cross-entropy summed over rows. Silence, copy and hold give certainties, which have none.
- The *difference* of two models is taken draw by draw: its interval can tell them apart where their own, wide with the
  variety of the pieces, overlap.
- *Skill* is the share of the best baseline's error (1 - accuracy), or nats, that a system removes: 1 - own / best. It
  is 1 for a perfect system, 0 for that baseline, negative for what is worse.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clstm.accuracy_systems import HORIZONS, NINE, ROLES, System, baselines, model, shared_window
from clstm.baselines import Chances
from clstm.console import Advance
from clstm.corpus import Corpus
from clstm.errors import UserError
from clstm.score import HELD, STRUCK, Matrix
from clstm.windows import windows_in, windows_of

PARTS = {"held": HELD, "struck": STRUCK}
NEAREST = 1e-15  # to 0 and 1: what float64 can still tell from them
RESAMPLES = 1000
AT = ("", "_at_threshold")  # what a chance must reach to count as a 1: 0.5, or the threshold
COMPARED = ("nats", "accuracy", "f1_at_threshold")  # of two models
SUMS = ["cells", "nats", *(f"{count}{at}" for at in AT for count in ("hits", "false_alarms", "misses"))]


def score(
    corpus: Corpus,
    runs: Sequence[Path],
    *,
    split: str,
    stride: int = 9,
    advance: Advance = lambda what, done, total: None,
) -> pd.DataFrame:
    """Counts of baselines and runs on a split, for `summarise` and `differences`. Runs are named by their folders.

    Raises `MismatchError` when corpus and runs cannot stand in one table, `UserError` when two systems have one name or
    no piece has a window.
    """
    window = shared_window(corpus, runs)
    _long_enough(corpus, split, window)  # before the thresholds, which take their time
    systems = baselines(corpus, window, advance) | {Path(run).name: model(run, corpus, advance) for run in runs}
    in_order = dict(sorted(systems.items(), key=lambda system: ROLES.index(system[1].role)))
    return count(corpus, in_order, split=split, window=window, stride=stride, advance=advance)


def count(
    corpus: Corpus,
    systems: Mapping[str, System],
    *,
    split: str,
    window: int,
    stride: int = 9,
    advance: Advance = lambda what, done, total: None,
) -> pd.DataFrame:
    """Counts of every system on every piece of a split: a row a system, piece, horizon and part (held, struck).

    Columns: system, role, threshold, fixed_on, piece, group, horizon, part, windows, frames (predicted), and the sums
    cells, hits, false_alarms, misses, the same three with _at_threshold, and nats (missing where chances are not
    calibrated). Pieces shorter than window + 9 have no window and are left out. Raises `UserError` when that leaves
    none.
    """
    pieces, size = _long_enough(corpus, split, window), (window, NINE, stride)
    total = windows_in(corpus, pieces, *size)
    rows: list[dict[str, object]] = []
    for name, system in systems.items():
        done = 0
        fixed = system.threshold if system.calibrated else float("nan")
        about = {"system": name, "role": system.role, "threshold": fixed, "fixed_on": system.fixed_on}
        for some in windows_of(corpus, pieces, *size):
            chances = system.predict(some.frames, some.ends, NINE)
            of_piece = {"piece": some.piece, "group": corpus.pieces["group"][some.piece], "windows": len(some.ends)}
            for horizon, ahead in HORIZONS.items():
                for part, inside in PARTS.items():
                    sums = _sums(chances[:, :ahead, inside], some.targets[:, :ahead, inside], system)
                    place = {"horizon": horizon, "part": part, "frames": len(some.ends) * ahead}
                    rows.append(about | of_piece | place | sums)
            done += len(some.ends)
            advance(f"Scoring {name}", done, total)
    counts = pd.DataFrame(rows)
    turns = [name for name in counts if name not in ("windows", "frames", *SUMS)]  # a long piece comes in several
    return counts.groupby(turns, sort=False, dropna=False)[["windows", "frames", *SUMS]].sum(min_count=1).reset_index()


def _long_enough(corpus: Corpus, split: str, window: int) -> list[int]:
    found = [int(piece) for piece in corpus.of_split(split) if corpus.lengths[piece] >= window + NINE]
    if not found:
        raise UserError(f"no piece of {corpus.path} in {split!r} is as long as {window + NINE} frames")
    return found


def _sums(chances: Chances, targets: Matrix, system: System) -> dict[str, float]:
    true = targets == 1
    sums = {"cells": float(true.size), "nats": float("nan")}
    if system.calibrated:
        given = np.where(true, chances, 1 - chances)
        sums["nats"] = float(-np.log(np.clip(given, NEAREST, 1)).sum())
    for at, level in zip(AT, (0.5, system.threshold), strict=True):
        said = chances >= level
        hits = int((said & true).sum())
        sums |= {f"hits{at}": hits, f"false_alarms{at}": said.sum() - hits, f"misses{at}": true.sum() - hits}
    return sums


Figures = dict[str, NDArray[np.float64]]  # each figure of all groups, then of each resample: (1 + RESAMPLES,)


def summarise(counts: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The table: a row a horizon and system, figures over all cells of its windows.

    Columns: system, role, horizon; accuracy, precision, recall and f1 (0..1), each of all cells, with _held and with
    _struck, and each of these at 0.5 and with _at_threshold; nats (per frame); skill_accuracy and skill_nats (at most
    1). All of them again with _low and _high, the interval. Then accuracy_by_piece and nats_by_piece, the mean of the
    pieces' figures; threshold and fixed_on (see `System`); windows, pieces and groups. What does not exist is missing:
    precision where no 1 is said, nats and thresholds of certainties, skill beside a baseline without error.
    """
    rows = []
    for horizon, each, figures in _resampled(counts, seed):
        baselines = [figures[system] for system, own in each.items() if own["role"].iloc[0] == "baseline"]
        for system, own in each.items():
            skills = {f"skill_{of}": _skill(figures[system], baselines, of) for of in ("accuracy", "nats")}
            row = {"system": system, "role": own["role"].iloc[0], "horizon": horizon}
            for name, values in (figures[system] | skills).items():
                low, high = _interval(values[1:])
                row |= {name: values[0], f"{name}_low": low, f"{name}_high": high}
            rows.append(row | _by_piece(own) | own.iloc[0][["threshold", "fixed_on"]].to_dict() | _size(own))
    return pd.DataFrame(rows)


def differences(counts: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """How much better each model is than each before it in the table, baselines left out: a row a horizon and pair.

    Columns: horizon, system, other; then nats, accuracy and f1_at_threshold, each the system's less the other's, with
    _low and _high, its interval. Empty with fewer than two models.
    """
    rows: list[dict[str, object]] = []
    for horizon, each, figures in _resampled(counts, seed):
        models = [system for system, own in each.items() if own["role"].iloc[0] != "baseline"]
        for place, system in enumerate(models):
            for other in models[:place]:
                row: dict[str, object] = {"horizon": horizon, "system": system, "other": other}
                for name in COMPARED:
                    difference = figures[system][name] - figures[other][name]
                    low, high = _interval(difference[1:])
                    row |= {name: difference[0], f"{name}_low": low, f"{name}_high": high}
                rows.append(row)
    return pd.DataFrame(rows)


def _resampled(counts: pd.DataFrame, seed: int) -> Iterator[tuple[str, dict[str, pd.DataFrame], dict[str, Figures]]]:
    """A horizon at a time: the counts of each system, and its figures, all from the same draws of groups."""
    groups = counts["group"].unique()
    draws = np.random.default_rng(seed).integers(0, len(groups), (RESAMPLES, len(groups)))
    resamples = [np.bincount(draw, minlength=len(groups)) for draw in draws]
    weights = np.stack([np.ones(len(groups)), *resamples])  # how often each group is there
    for horizon, everyone in counts.groupby("horizon", sort=False):
        each = {str(system): own for system, own in everyone.groupby("system", sort=False)}
        yield str(horizon), each, {system: _figures(own, groups, weights) for system, own in each.items()}


def _figures(own: pd.DataFrame, groups: NDArray[Any], weights: NDArray[np.float64]) -> Figures:
    """One system's, of its counts in one horizon."""
    by_group = own.groupby(["part", "group"])[["frames", *SUMS]].sum(min_count=1)
    parts = {f"_{part}": weights @ by_group.loc[part].loc[groups].to_numpy(np.float64) for part in PARTS}
    whole = np.sum(list(parts.values()), axis=0)  # (1 + RESAMPLES, sums)
    figures: Figures = {}
    for part, sums in ({"": whole} | parts).items():
        of = dict(zip(by_group.columns, sums.T, strict=True))
        for at in AT:
            shares = confusion(of["cells"], of[f"hits{at}"], of[f"false_alarms{at}"], of[f"misses{at}"])
            figures |= {f"{name}{part}{at}": values for name, values in shares.items()}
    totals = dict(zip(by_group.columns, whole.T, strict=True))
    figures["nats"] = totals["nats"] / (totals["frames"] / len(PARTS))  # each part counts the same frames
    return figures


def confusion(
    cells: NDArray[np.float64],
    hits: NDArray[np.float64],
    false_alarms: NDArray[np.float64],
    misses: NDArray[np.float64],
) -> Figures:
    """Accuracy, precision, recall and F1 of counts of one shape; NaN where there is nothing to divide by."""
    wrong = false_alarms + misses
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy": 1 - wrong / cells,
            "precision": hits / (hits + false_alarms),
            "recall": hits / (hits + misses),
            "f1": 2 * hits / (2 * hits + wrong),
        }


def _skill(own: Figures, baselines: Sequence[Figures], of: str) -> NDArray[np.float64]:
    """Over the baseline that is best on all groups; NaN where there is none, or where it leaves nothing to remove."""
    own_loss, *losses = (1 - figures[of] if of == "accuracy" else figures[of] for figures in (own, *baselines))
    best = min(losses, key=lambda loss: np.nan_to_num(loss[0], nan=np.inf), default=np.full_like(own_loss, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(best > 0, 1 - own_loss / best, np.nan)


def _interval(resampled: NDArray[np.float64]) -> tuple[float, float]:
    there = resampled[~np.isnan(resampled)]
    low, high = np.percentile(there, [2.5, 97.5]) if len(there) else (np.nan, np.nan)
    return float(low), float(high)


def _by_piece(own: pd.DataFrame) -> dict[str, float]:
    pieces = own.groupby("piece")[["frames", *SUMS]].sum(min_count=1)
    accuracy = 1 - (pieces["false_alarms"] + pieces["misses"]) / pieces["cells"]
    nats = pieces["nats"] / (pieces["frames"] / len(PARTS))
    return {"accuracy_by_piece": accuracy.mean(), "nats_by_piece": nats.mean()}


def _size(own: pd.DataFrame) -> dict[str, int]:
    once = own[own["part"] == own["part"].iloc[0]]
    return {"windows": int(once["windows"].sum()), "pieces": len(once), "groups": once["group"].nunique()}
