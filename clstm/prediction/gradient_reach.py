"""How far back a network looks: the gradient of the loss with respect to each input frame.

The paper found "the vanishing gradient problem" in its RNN (section 4.2). Here it is a curve: the loss of the nine
frames after a window of 90, differentiated with respect to the frames of the window; the norm over the rows, averaged
over windows. Where the curve is 0, the music that far back changes nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import configured, load_model, read_config
from clstm.models.networks import KINDS, Model
from clstm.models.notes import Config
from clstm.prediction import reach_tables
from clstm.prediction.reach_tables import Gradients
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.progress import Progress, silent
from clstm.training import batches
from clstm.training.objective import objective

AT_ONCE = 32  # windows


def measure(
    corpus: Corpus,
    runs: Sequence[Path],
    *,
    split: str,
    count: int = 512,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Gradients]:
    """The gradients of some runs, named by their folders, over the same windows of a split, drawn at random.

    Raises `MismatchError` when runs and corpus do not fit, `UserError` when no piece has a window or two runs have one
    name.
    """
    corpus.must_be_music()
    for run in map(Path, runs):  # before the work
        if isinstance(configured(read_config(run)["network"]), Config):
            raise MismatchError(
                f"{run} draws notes and reads notes, not frames: there is no gradient with respect to a frame; reach is"
                f" for models that write frames: {', '.join(KINDS)}"
            )
    found: list[Gradients] = []
    for run in map(Path, runs):
        network, _ = load_model(run)
        config = network.config
        if config.rows != corpus.rows:
            raise MismatchError(
                f"{run} reads {config.rows} rows, and {corpus.path} has {corpus.rows}; score it separately"
            )
        if run.name in {one.system for one in found}:
            raise UserError(f"two systems are called {run.name}, and a run has its folder's name; rename one")
        pieces, length = corpus.of_split(split), config.window + config.horizon
        if not (corpus.lengths[pieces] >= length).any():
            raise UserError(f"no piece of {corpus.path} in {split!r} is as long as {length} frames")
        drawn = batches.fixed(corpus, pieces, count, length, seed, whole=True)
        norms = np.zeros((count, config.window))
        for first in range(0, count, AT_ONCE):
            some = slice(first, first + AT_ONCE)
            norms[some] = window_norms(network, torch.from_numpy(drawn.frames[some]).float())
            progress(f"Reach of {run.name}", min(first + AT_ONCE, count), count)
        groups = corpus.pieces["group"].to_numpy()[drawn.pieces]
        found.append(Gradients.of(run.name, config.kind, norms, groups))
    return found


def table(corpus: Corpus, runs: Sequence[Path], *, split: str, count: int = 512, seed: int = 0) -> pd.DataFrame:
    """The curves of some runs: see `measure` and `reach_tables.curves`."""
    return reach_tables.curves(measure(corpus, runs, split=split, count=count, seed=seed), seed)


def gradient_norms(network: Model, windows: Tensor) -> NDArray[np.float64]:
    """`window_norms` averaged over the windows, (window,).

    A recurrence that forgets everything sees only the last frame:

    >>> from clstm.models.networks import Network, NetworkConfig
    >>> network = Network(NetworkConfig("rnn", hidden=4))
    >>> _ = torch.nn.init.zeros_(network.recurrence.weight_hh_l0)
    >>> np.flatnonzero(gradient_norms(network, torch.zeros(2, 99, 156))).tolist()
    [0]
    """
    return np.asarray(window_norms(network, windows).mean(axis=0))


def window_norms(network: Model, windows: Tensor) -> NDArray[np.float64]:
    """The norm of the gradient of the loss with respect to each frame of each window, the last frame first.

    windows : (B, window + horizon, rows) of 0 and 1, float
    returns (B, window) in nats per frame and unit of input
    """
    network = network.eval()
    window, lag = network.config.window, network.lag
    frames = windows.clone().requires_grad_()
    logits = network(frames[:, :window], last=True)
    real = torch.ones(windows.shape[:2], dtype=torch.bool)
    nats, asked = objective(logits, windows[:, window - lag - 1 :], real[:, window - lag - 1 :], lag)
    # The sum over windows: each depends on its own frames only, so one pass gives the gradients of all.
    (gradient,) = torch.autograd.grad(nats / (asked / len(windows)), frames)
    return np.asarray(gradient[:, :window].norm(dim=2).flip(1).numpy(), dtype=np.float64)
