"""The systems of the paper's Table 2: trivial baselines, and runs, each with its threshold.

A probability of the *threshold* or more counts as a 1. The threshold is fixed on the selection pieces, not on those
scored: where the sum of the F1 of the next frame and that of all nine is largest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from clstm.corpus.corpus import Corpus
from clstm.corpus.pieces import fingerprint
from clstm.models.checkpoint import CONFIG, configured, load_network, read_config
from clstm.models.networks import PAPER, NetworkConfig
from clstm.models.notes import Notes
from clstm.music.score import HORIZON, HORIZONS, ROWS, WINDOW
from clstm.prediction.baselines import Markov, Predictor, copy_last, hold_chord, silence
from clstm.prediction.windows import predictor, windows_in, windows_of
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.progress import Progress, silent
from clstm.training.batches import training_and_selection

Role = Literal["baseline", "model", "own"]
ROLES: tuple[Role, ...] = get_args(Role)
MARKOV = "per-row Markov"  # the one that must learn
BASELINES = ("silence", "copy last frame", "hold last chord", MARKOV)

LEVELS = 256  # thresholds are multiples of 1/256: a power of two, so that binned chances compare exactly
SELECTION_STRIDE = 27  # frames: for one threshold fewer windows will do; odd, as notes begin mostly on even frames
SELECTION = "selection pieces"


@dataclass(frozen=True)
class ScoredSystem:
    """What is scored.

    predict : chances of cells; None of a model that draws notes
    role : "model" for the paper's three, "own" for networks of our design
    kind : of the network, as its run says: rnn, lstm, c-lstm, c-lstm-plus, notes; "" for a baseline
    calibrated : whether it gives chances, which have nats; certainties are the same at every threshold
    threshold, fixed_on : its threshold and what that was fixed on: "selection pieces" of the corpus; "config.json",
        where it was stated; or nothing, ""
    notes : the network that draws notes, where it is one
    """

    predict: Predictor | None
    role: Role
    calibrated: bool = True
    threshold: float = 0.5
    fixed_on: str = ""
    kind: str = ""
    notes: Notes | None = None


def shared_window(corpus: Corpus, runs: Sequence[Path], names: Sequence[str] = ()) -> int:
    """The frames each run reads at once. names : of the runs, where these are not their folders'

    Raises `MismatchError` when corpus and runs do not fit in one table, `UserError` when two systems have one name.
    """
    if corpus.rows != ROWS:
        raise MismatchError(
            f"{corpus.path} is a benchmark of {corpus.rows} keys, without strikes; score it with: clstm benchmark"
        )
    return window_of(runs, str(corpus.path), names)


def window_of(runs: Sequence[Path], music: str, names: Sequence[str] = ()) -> int:
    """The frames each run reads at once, all the same. What draws notes reads as many as the others; on its own, 90.

    music : what they are to score, for the errors, those of `shared_window`; names : as there
    """
    windows: dict[str, int | None] = {}
    for name, run in zip(names or [Path(run).name for run in runs], map(Path, runs), strict=True):
        network = configured(read_config(run)["network"])
        if network.rows != ROWS:
            raise MismatchError(
                f"{run} was trained on a benchmark of {network.rows} keys, and {music} is music of {ROWS}"
                " rows; score it on its own corpus with: clstm benchmark"
            )
        if isinstance(network, NetworkConfig) and network.horizon < HORIZON:
            raise MismatchError(f"{run} predicts {network.horizon} frames ahead; the table is about {HORIZON}")
        if name in windows or name in BASELINES:
            raise UserError(f"two systems are called {name}, and a run has its folder's name; rename one")
        windows[name] = network.window if isinstance(network, NetworkConfig) else None
    sizes = {name: window for name, window in windows.items() if window is not None}
    if len(set(sizes.values())) > 1:
        each = ", ".join(f"{name} {window}" for name, window in sizes.items())
        raise MismatchError(f"the runs read windows of different frames ({each}); score them separately")
    return next(iter(sizes.values()), WINDOW)


def baselines(
    corpus: Corpus,
    window: int,
    progress: Progress = silent,
    *,
    teacher: Corpus | None = None,
) -> dict[str, ScoredSystem]:
    """Silence, copy the last frame, hold the last chord, and per-row Markov chains fitted to the training pieces of
    `teacher`, or else of the corpus; without the chains where that has none (`on_learning` says so).
    """
    certain = [ScoredSystem(predict, "baseline", calibrated=False) for predict in (silence, copy_last, hold_chord)]
    found = dict(zip(BASELINES, certain, strict=False))  # but the last
    if lessons := _lessons(corpus, teacher):
        music, training, selection = lessons
        markov = ScoredSystem(Markov.fit(music, training, HORIZON), "baseline")
        found[MARKOV] = with_threshold(markov, music, selection, window, progress, MARKOV)
    return found


def _lessons(corpus: Corpus, teacher: Corpus | None) -> tuple[Corpus, NDArray[np.int64], NDArray[np.int64]] | None:
    """What baselines learn from: a corpus, its pieces to learn from, and those to fix a threshold on."""
    if teacher:
        return teacher, *training_and_selection(teacher, seed=0)
    try:
        return corpus, *training_and_selection(corpus, seed=0)
    except UserError:  # nothing to train on; here that is no mistake
        return None


def on_learning(corpus: Corpus, split: str, teacher: Corpus | None) -> str:
    """What the baselines that must learn have learnt from, where that needs saying; "" where it does not.

    Raises `UserError` when `teacher` has no training pieces, or one of those scored is among them; `MismatchError` when
    it is no music.
    """
    if teacher is None:
        if _lessons(corpus, None):
            return ""
        return (
            f"{MARKOV} is left out: {corpus.path} has fewer than two groups of pieces in a `train` split to learn"
            " from; name a corpus that has them with --baselines-from"
        )
    teacher.must_be_music()
    known = {fingerprint(teacher.matrix(int(piece))) for piece in teacher.of_split("train")}
    scored = corpus.of_split(split)
    shared = [int(piece) for piece in scored if fingerprint(corpus.matrix(int(piece))) in known]
    if shared:
        raise UserError(
            f"{len(shared)} of the {len(scored)} pieces of {split!r} in {corpus.path} are in the train split of"
            f" {teacher.path} ({corpus.pieces['file'][shared[0]]}): give --baselines-from a corpus without them"
        )
    return (
        f"{MARKOV} learnt from the train split of {teacher.path}; none of the pieces scored is in it, compared note by"
        " note: another arrangement of one would not be noticed"
    )


def model(run: Path, corpus: Corpus, progress: Progress = silent) -> ScoredSystem:
    """A run, with the threshold fixed on its selection pieces when they are in this corpus; on another corpus, the one
    its configuration has as `threshold`, or 0.5. One that draws notes has neither chances of cells nor a threshold.
    """
    network, config = load_network(run)
    if isinstance(network, Notes):
        return ScoredSystem(None, "own", calibrated=False, kind="notes", notes=network)
    kind = network.config.kind
    system = ScoredSystem(predictor(network), "model" if kind in PAPER else "own", kind=kind)
    if _trained_on(corpus, config):
        _, selection = training_and_selection(corpus, config["training"]["seed"])
        return with_threshold(system, corpus, selection, network.config.window, progress, Path(run).name)
    if "threshold" not in config:
        return system
    if not isinstance(threshold := config["threshold"], float) or not 0 < threshold < 1:
        raise MismatchError(f"{Path(run) / CONFIG} has threshold {threshold!r}; it must lie between 0 and 1")
    return replace(system, threshold=threshold, fixed_on=CONFIG)


def threshold_of(run: Path, corpus: Corpus, progress: Progress = silent) -> float:
    """The threshold of a run fixed on its selection pieces, for its configuration to have as `threshold`.

    Raises `MismatchError` when the run was trained on another corpus, or no selection piece has a window.
    """
    system = model(run, corpus, progress)
    if system.fixed_on != SELECTION:
        raise MismatchError(f"{run} was not trained on {corpus.path}, or its selection pieces there are too short")
    return system.threshold


def cautions(corpus: Corpus, runs: Sequence[Path], split: str) -> list[str]:
    """Which runs have learnt from pieces of this split, or chose their weights by them; one line each."""
    scored = corpus.of_split(split)
    lines = []
    for run in runs:
        config = read_config(run)
        if not _trained_on(corpus, config):
            continue
        learnt, chosen = training_and_selection(corpus, config["training"]["seed"])
        for pieces, use in ((learnt, "learnt from"), (chosen, "chose its weights and threshold by")):
            if known := np.isin(scored, pieces).sum():
                lines.append(
                    f"{run} {use} {known} of the {len(scored)} pieces of {split!r}: its results there are too good"
                )
    return lines


def _trained_on(corpus: Corpus, config: Mapping[str, Any]) -> bool:
    return bool(config.get("corpus", {}).get("sha256") == corpus.sha256)


def with_threshold(
    system: ScoredSystem,
    corpus: Corpus,
    pieces: NDArray[np.int64],
    window: int,
    progress: Progress = silent,
    name: str = "",
) -> ScoredSystem:
    """The system with the threshold that is best on some pieces; as it is, when none of them has a window.

    name : of the system, for the progress

    Best is where the F1 of the next frame and of all nine, held and struck together, add up to most; of several best,
    the one nearest 0.5.
    """
    size = (window, HORIZON, SELECTION_STRIDE)
    total = windows_in(corpus, pieces, *size)
    if not total or system.predict is None:
        return system
    said, hits = np.zeros((2, len(HORIZONS), LEVELS + 1))  # by the highest threshold a chance reaches, in 1/256
    positives, done = np.zeros(len(HORIZONS)), 0
    for some in windows_of(corpus, pieces, *size):
        levels = np.floor(system.predict(some.frames, some.ends, HORIZON) * LEVELS).astype(np.int64)
        for place, ahead in enumerate(HORIZONS.values()):
            true = some.targets[:, :ahead] == 1
            said[place] += np.bincount(levels[:, :ahead].ravel(), minlength=LEVELS + 1)
            hits[place] += np.bincount(levels[:, :ahead][true], minlength=LEVELS + 1)
            positives[place] += true.sum()
        done += len(some.ends)
        progress(f"Threshold of {name}", done, total)
    said, hits = (sums[:, ::-1].cumsum(axis=1)[:, ::-1] for sums in (said, hits))  # all that reach a threshold
    f1 = (2 * hits / np.maximum(said + positives[:, None], 1)).sum(axis=0)
    candidates = np.arange(1, LEVELS)
    best = candidates[f1[candidates] == f1[candidates].max()]
    nearest = best[np.abs(best - LEVELS / 2).argmin()]
    return replace(system, threshold=float(nearest / LEVELS), fixed_on=SELECTION)
