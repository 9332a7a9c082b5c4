"""How far back a network looks: the gradient of what it is asked, with respect to each frame of the window before it.

The paper found "the vanishing gradient problem" in its RNN (section 4.2). Here it is a
curve: the loss of the nine frames after a window of 90, differentiated with respect to the frames of the window; the
norm over the rows, averaged over windows. Where the curve is at nothing, the music that far back changes nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from clstm import batches
from clstm.checkpoint import load_model
from clstm.console import Advance
from clstm.corpus import Corpus
from clstm.errors import MismatchError, UserError
from clstm.models import Model
from clstm.score import FRAME_RATE
from clstm.training import objective

AT_ONCE = 32  # windows


def table(
    corpus: Corpus,
    runs: Sequence[Path],
    *,
    split: str,
    count: int = 512,
    seed: int = 0,
    advance: Advance = lambda what, done, total: None,
) -> pd.DataFrame:
    """The curves of some runs over the same windows of a split, drawn at random: a row a run and frame.

    Columns: system (the run's folder), frames_back (0 is the window's last frame), seconds_back, gradient (nats per
    frame and unit of input), share (of the sum over the window). Raises `MismatchError` when runs and corpus do not
    fit, `UserError` when no piece has a window.
    """
    corpus.must_be_music()
    rows = []
    for run in map(Path, runs):
        network, _ = load_model(run)
        config = network.config
        if config.rows != corpus.rows:
            raise MismatchError(f"{run} reads {config.rows} rows, and {corpus.path} has {corpus.rows}; score it apart")
        pieces, length = corpus.of_split(split), config.window + config.horizon
        if not (corpus.lengths[pieces] >= length).any():
            raise UserError(f"no piece of {corpus.path} in {split!r} is as long as {length} frames")
        drawn = batches.fixed(corpus, pieces, count, length, seed, whole=True)
        norms = np.zeros(config.window)
        for first in range(0, count, AT_ONCE):
            some = torch.from_numpy(drawn.frames[first : first + AT_ONCE]).float()
            norms += gradient_norms(network, some) * len(some) / count
            advance(f"Reach of {run.name}", first + len(some), count)
        back = np.arange(config.window)
        curve = {
            "frames_back": back,
            "seconds_back": back / FRAME_RATE,
            "gradient": norms,
            "share": norms / norms.sum(),
        }
        rows.append(pd.DataFrame({"system": run.name, **curve}))
    return pd.concat(rows, ignore_index=True)


def summary(curves: pd.DataFrame) -> list[str]:
    """A line a system: where half of its gradient lies, and how much is left five and ten seconds back."""
    lines = []
    for system, curve in curves.groupby("system", sort=False):
        gradient = curve["gradient"].to_numpy()
        left = {seconds: curve.loc[curve["seconds_back"] >= seconds, "share"].sum() for seconds in (1, 5, 10)}
        beyond = ", ".join(f"{share:.1%} beyond {seconds} s" for seconds, share in left.items())
        lines.append(f"{system}: half of the gradient lies in the last {half_life(gradient) + 1} frames; {beyond}")
    return lines


def gradient_norms(network: Model, windows: Tensor) -> NDArray[np.float64]:
    """The norm of the gradient of the loss with respect to each frame of the window, the last frame first.

    windows : (B, window + horizon, rows) of 0 and 1, float
    returns (window,) in nats per frame and unit of input, averaged over the windows
    """
    network = network.eval()
    window, lag = network.config.window, network.lag
    frames = windows.clone().requires_grad_()
    logits = network(frames[:, :window], last=True)
    real = torch.ones(windows.shape[:2], dtype=torch.bool)
    nats, asked = objective(logits, windows[:, window - lag - 1 :], real[:, window - lag - 1 :], lag)
    (gradient,) = torch.autograd.grad(nats / (asked / len(windows)), frames)
    norms = gradient[:, :window].norm(dim=2).mean(dim=0)
    return norms.flip(0).numpy().astype(np.float64)


def half_life(norms: NDArray[np.float64]) -> int:
    """The frames back from which on less than half of all the gradient comes; 0 when there is no gradient."""
    total = norms.sum()
    return int(np.searchsorted(np.cumsum(norms), total / 2)) if total else 0
