"""The paper's Table 2: how well models predict, compared with trivial baselines, and their skill over these.

Every system reads exact windows of 90 frames from a zero state and predicts the frames after them, the next one and
all nine. Cells are counted per piece. Intervals are 95 %, over groups of pieces (pieces of a group are not
independent), with the same draws for every system; fewer than five groups give none (`clstm.prediction.resampling`).

- A probability of 0.5 or more counts as a 1; in columns of their own, one of the system's threshold or more
  (`predictors`).
- *Nats per frame* are the cross-entropy summed over rows. Silence, copy and hold predict with certainty, so they
  have none.
- *Joint nats* are -log P of the next frame as a model draws it (`clstm.prediction.joint`): of models of frames, and of
  models that draw notes, which have chances of no cells. Given the window; of the latter also given the whole past.
- The *difference* of two models is computed within each draw: its interval can exclude 0 where their own intervals,
  which include the variety of the pieces, overlap. Its p is from sign flips: each group's counts could as well be the
  other system's. A direction needs both.
- *Skill* is the share of the best baseline's error (1 - accuracy), or nats, that a system removes: 1 - own / best. It
  is 1 for a perfect system, 0 for that baseline, negative for a worse one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from clstm import pretrained
from clstm.corpus.corpus import Corpus
from clstm.music.score import HORIZON, HORIZONS, Matrix
from clstm.prediction import advantage
from clstm.prediction.baselines import Chances
from clstm.prediction.joint.notewise import nats_after, nats_in
from clstm.prediction.joint.states import JointNats, joint_nats
from clstm.prediction.predictors import (
    ROLES,
    ScoredSystem,
    baselines,
    cautions,
    model,
    on_learning,
    shared_window,
)
from clstm.prediction.resampling import Array
from clstm.prediction.scores import AT, JOINT, PARTS, SUMS, Horizon, Values, loss, nats
from clstm.prediction.windows import Windows, windows_in, windows_of
from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from clstm.training.origin import trained_elsewhere

COMPARED = ("nats", "accuracy", "f1_at_threshold", "joint_nats", "joint_nats_past")  # of two models
SKILLS = ("accuracy", "nats", "joint_nats")
COLUMNS, PAIRS = ("system", "role"), ("horizon", "system")  # the first of each table's


def score(
    corpus: Corpus,
    runs: Sequence[Path],
    *,
    split: str,
    stride: int = HORIZON,
    teacher: Corpus | None = None,
    names: Sequence[str] = (),
    progress: Progress = silent,
) -> pd.DataFrame:
    """Counts of baselines and runs on a split, for `summarise` and `differences`. Runs are named by their folders, or
    as `names` says.

    teacher : what baselines learn from instead of this corpus, see `predictors.on_learning`

    Raises `MismatchError` when corpus and runs do not fit in one table, `UserError` when two systems have one name or
    no piece has a window.
    """
    window = shared_window(corpus, runs, names)
    _long_enough(corpus, split, window)  # before the thresholds, which take their time
    learnt = baselines(corpus, window, progress, teacher=teacher)
    names = names or [Path(run).name for run in runs]
    systems = learnt | {name: model(run, corpus, progress) for name, run in zip(names, runs, strict=True)}
    in_order = dict(sorted(systems.items(), key=lambda system: ROLES.index(system[1].role)))
    return count(corpus, in_order, split=split, window=window, stride=stride, progress=progress)


def score_paths(
    corpus: Path,
    runs: Sequence[str | Path],
    *,
    caution: Callable[[str], object],
    split: str | None = None,
    stride: int = HORIZON,
    teacher: Path | None = None,
    names: Sequence[str] = (),
    progress: Progress = silent,
) -> pd.DataFrame:
    """`score`, of a corpus's folder and of runs by their folders or the names of bundled models.

    caution : called before the work with each reason for care, such as pieces that a run has seen
    split : None is the one held out
    """
    opened, found = Corpus.open(corpus), [pretrained.find(run) for run in runs]
    shared_window(opened, found, names)  # before any caution: runs and corpus that do not fit
    split = split or opened.held_out
    other = Corpus.open(teacher) if teacher else None
    learning = on_learning(opened, split, other)
    for one in (*trained_elsewhere(found, opened), *cautions(opened, found, split), *filter(None, [learning])):
        caution(one)
    return score(opened, found, split=split, stride=stride, teacher=other, names=names, progress=progress)


def count(
    corpus: Corpus,
    systems: Mapping[str, ScoredSystem],
    *,
    split: str,
    window: int,
    stride: int = HORIZON,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Counts of every system on every piece of a split: one row per system, piece, horizon and part (held, struck).

    Columns: system, role, kind, threshold, fixed_on, piece, group, horizon, part, windows, frames (predicted), and the
    sums cells, hits, false_alarms, misses, the same three with _at_threshold, nats (missing where chances are not
    calibrated), and of the next frame `scores.JOINT`. Pieces shorter than window + horizon have no window and are left
    out. Raises `UserError` when none is left.
    """
    pieces, size = _long_enough(corpus, split, window), (window, HORIZON, stride)
    total = windows_in(corpus, pieces, *size)
    rows: list[dict[str, object]] = []
    for name, system in systems.items():
        done = 0
        fixed = system.threshold if system.calibrated else float("nan")
        about: dict[str, object] = {"system": name, "role": system.role, "kind": system.kind}
        about |= {"threshold": fixed, "fixed_on": system.fixed_on}
        for some in windows_of(corpus, pieces, *size):
            of_piece = {"piece": some.piece, "group": corpus.pieces["group"][some.piece], "windows": len(some.ends)}
            rows += [about | of_piece | row for row in _counted(system, corpus, some, window)]
            done += len(some.ends)
            progress(f"Scoring {name}", done, total)
    counts = pd.DataFrame(rows)
    turns = [name for name in counts if name not in ("windows", "frames", *SUMS)]  # a long piece comes in several
    return counts.groupby(turns, sort=False, dropna=False)[["windows", "frames", *SUMS]].sum(min_count=1).reset_index()


def _long_enough(corpus: Corpus, split: str, window: int) -> list[int]:
    found = [int(piece) for piece in corpus.of_split(split) if corpus.lengths[piece] >= window + HORIZON]
    if not found:
        raise UserError(f"no piece of {corpus.path} in {split!r} is as long as {window + HORIZON} frames")
    return found


def _counted(system: ScoredSystem, corpus: Corpus, some: Windows, window: int) -> Iterator[dict[str, object]]:
    """What a system is right and wrong in on some windows, by horizon and part."""
    chances = system.predict(some.frames, some.ends, HORIZON) if system.predict else None
    whole = _joint_sums(_joint(system, corpus, some, window, chances))
    for horizon, ahead in HORIZONS.items():
        for part, inside in PARTS.items():
            row: dict[str, object] = {"horizon": horizon, "part": part, "frames": len(some.ends) * ahead}
            row |= dict.fromkeys(SUMS, float("nan"))
            if chances is not None:
                row |= _sums(chances[:, :ahead, inside], some.targets[:, :ahead, inside], system)
            if horizon == "next":
                row |= whole if part == "held" else {name: 0 * value for name, value in whole.items()}
            yield row


def _joint(
    system: ScoredSystem, corpus: Corpus, some: Windows, window: int, chances: Chances | None
) -> JointNats | None:
    """Of the next frame; None where a system predicts with certainty."""
    if system.notes:
        given = nats_after(system.notes, some.frames, some.ends, window)
        past = nats_in(system.notes, corpus.matrix(some.piece), some.first + some.ends)
        return JointNats(given, past, np.zeros(len(given), dtype=np.int64))
    if chances is None or not system.calibrated:
        return None
    return joint_nats(chances[:, 0], some.frames[some.ends - 1], some.targets[:, 0])


def _joint_sums(found: JointNats | None) -> dict[str, float]:
    if found is None:
        return dict.fromkeys(JOINT, float("nan"))
    return dict(zip(JOINT, (float(each.sum()) for each in (found.nats, found.past, found.zeros)), strict=True))


def _sums(chances: Chances, targets: Matrix, system: ScoredSystem) -> dict[str, float]:
    true = targets == 1
    sums = {"cells": float(true.size), "nats": float("nan")}
    if system.calibrated:
        sums["nats"] = float(nats(chances, targets).sum())
    for at, level in zip(AT, (0.5, system.threshold), strict=True):
        said = chances >= level
        hits = int((said & true).sum())
        sums |= {f"hits{at}": hits, f"false_alarms{at}": said.sum() - hits, f"misses{at}": true.sum() - hits}
    return sums


def summarise(counts: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The table: one row per horizon and system, metrics over all cells of its windows.

    Columns: system, role, kind, horizon; accuracy, precision, recall and f1 (0..1), each of all cells, with _held and
    with _struck, and each of these at 0.5 and with _at_threshold; nats (per frame); joint_nats and joint_nats_past (of
    the next frame, given the window, and the whole past); skill_accuracy, skill_nats and skill_joint_nats (at most 1).
    All of them again with _low and _high, the interval; the skills of models with _p, two-sided, of the model being no
    better and no worse than the best baseline. Then accuracy_by_piece and nats_by_piece, the mean of the pieces'
    values; joint_zeros, the pitches whose state came with a chance of 0; threshold and fixed_on (see `ScoredSystem`);
    windows, pieces and groups. What does not exist is missing: precision where no 1 is said, nats and thresholds of
    certainties, cells of models that draw notes, skill over a baseline without error, every
    interval and p of fewer than five groups.
    """
    rows = []
    for horizon in _horizons(counts, seed):
        found = {system: horizon.values(system) for system in horizon.each}
        best = {of: _best_baseline(horizon, found, of) for of in SKILLS}
        for system, own in horizon.each.items():
            row: dict[str, object] = {"system": system}
            row |= {name: horizon.about(system, name) for name in ("role", "kind")} | {"horizon": horizon.name}
            for name, of_rows in found[system].items():
                lowest, highest = (0, np.inf) if "nats" in name else (0, 1)
                row |= _with_interval(name, of_rows, horizon, lowest, highest)
            for of, rival in best.items():
                row |= _skill(of, system, rival, found, horizon)
            row["joint_zeros"] = own["joint_zeros"].sum(min_count=1)
            rows.append(row | _by_piece(own) | own.iloc[0][["threshold", "fixed_on"]].to_dict() | _size(own))
    return pd.DataFrame(rows)


def differences(counts: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """How much better one model is than another, baselines left out: one row per horizon and pair.

    A pair is a model and each before it in the table; two kinds of the paper the other way round where it finds the
    other better (`advantage`). Columns: horizon, system, kind, other, other_kind; then nats, accuracy, f1_at_threshold,
    joint_nats and joint_nats_past, each the system's less the other's, with _low and _high, its interval, and _p,
    two-sided, by flipping the signs of the groups' differences; the columns of `advantage`; groups. What one of the two
    lacks is missing: cells of a model that draws notes, its past of all others. Empty with fewer than two
    models. Intervals and p are missing for fewer than five groups.
    """
    rows: list[dict[str, object]] = []
    for horizon in _horizons(counts, seed):
        models = [system for system in horizon.each if horizon.about(system, "role") != "baseline"]
        found = {system: horizon.values(system) for system in models}
        for place, later in enumerate(models):
            for earlier in models[:place]:
                kinds = horizon.about(later, "kind"), horizon.about(earlier, "kind")
                system, other = (earlier, later) if advantage.is_reversed(*kinds) else (later, earlier)
                row: dict[str, object] = {"horizon": horizon.name, "system": system}
                row |= {"kind": horizon.about(system, "kind"), "other": other}
                row |= {"other_kind": horizon.about(other, "kind")}
                for name in COMPARED:
                    row |= _with_interval(name, found[system][name] - found[other][name], horizon)
                    row[f"{name}_p"] = horizon.p(system, other, name)
                row |= advantage.errors_removed(horizon, system, other) | {"errors_removed_p": row["accuracy_p"]}
                row |= advantage.against_paper(horizon, system, other)
                rows.append(row | {"groups": len(horizon.draws.weights[0])})
    return pd.DataFrame(rows)


def _horizons(counts: pd.DataFrame, seed: int) -> Iterator[Horizon]:
    known = counts if "kind" in counts else counts.assign(kind="")
    known = known.assign(**{name: np.nan for name in JOINT if name not in counts})
    for name, everyone in known.groupby("horizon", sort=False):
        yield Horizon.of(str(name), everyone, seed)


def _with_interval(
    name: str, values: Array, horizon: Horizon, lowest: float = -np.inf, highest: float = np.inf
) -> dict[str, float]:
    low, high = horizon.draws.interval(values, lowest=lowest, highest=highest)
    return {name: float(values[0]), f"{name}_low": low, f"{name}_high": high}


def _best_baseline(horizon: Horizon, found: Mapping[str, Values], of: str) -> str | None:
    """The baseline with the least loss on all groups; None where there is none."""
    losses = {
        system: float(loss(found[system], of)[0])
        for system in horizon.each
        if horizon.about(system, "role") == "baseline"
    }
    known = {system: value for system, value in losses.items() if np.isfinite(value)}
    return min(known, key=lambda system: known[system], default=None)


def _skill(of: str, system: str, rival: str | None, found: Mapping[str, Values], horizon: Horizon) -> dict[str, float]:
    """Skill over the best baseline; NaN where there is none, or where it makes no error."""
    name, own = f"skill_{of}", loss(found[system], of)
    best = np.full_like(own, np.nan) if rival is None else loss(found[rival], of)
    with np.errstate(divide="ignore", invalid="ignore"):
        skill = np.where(best > 0, 1 - own / best, np.nan)
    tested = rival is not None and horizon.about(system, "role") != "baseline" and np.isfinite(skill[0])
    p = horizon.p(system, rival, of) if tested and rival else float("nan")
    return _with_interval(name, skill, horizon, highest=1) | {f"{name}_p": p}


def _by_piece(own: pd.DataFrame) -> dict[str, float]:
    pieces = own.groupby("piece")[["frames", *SUMS]].sum(min_count=1)
    accuracy = 1 - (pieces["false_alarms"] + pieces["misses"]) / pieces["cells"]
    nats = pieces["nats"] / (pieces["frames"] / len(PARTS))
    return {"accuracy_by_piece": accuracy.mean(), "nats_by_piece": nats.mean()}


def _size(own: pd.DataFrame) -> dict[str, int]:
    once = own[own["part"] == own["part"].iloc[0]]
    return {"windows": int(once["windows"].sum()), "pieces": len(once), "groups": once["group"].nunique()}
