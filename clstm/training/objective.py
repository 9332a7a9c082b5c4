"""What a training minimises, and its learning rate over the budget.

The objective is the paper's binary cross-entropy over the next 9 frames, in nats per frame, summed over the rows. The
paper asks once per window, after its last frame (supervision "last"). Asked at every step of an excerpt ("dense"), the
same network learns from 60 times as many frames per second.
"""

import math

from torch import Tensor
from torch.nn import functional as F


def objective(logits: Tensor, frames: Tensor, real: Tensor, lag: int) -> tuple[Tensor, Tensor]:
    """Binary cross-entropy: nats summed over rows and the frames asked for, and how many frames those are.

    logits : (B, steps, horizon, rows), of which step k predicts frames k + lag + 1 .. k + lag + horizon
    frames : (B, T, rows) float; real : (B, T) bool, False where there is no music to predict

    Of logits that are all 0, each cell costs log 2:

    >>> import torch
    >>> nats, asked = objective(torch.zeros(1, 3, 1, 4), torch.zeros(1, 4, 4), torch.ones(1, 4, dtype=torch.bool), 0)
    >>> round(float(nats / asked), 4), round(4 * math.log(2), 4)
    (2.7726, 2.7726)
    """
    horizon = logits.shape[2]
    targets = frames[:, lag + 1 :].unfold(1, horizon, 1).transpose(2, 3)  # (B, steps, horizon, rows)
    asked = real[:, lag + 1 :].unfold(1, horizon, 1)
    logits = logits[:, : targets.shape[1]]
    nats = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(-1)
    return (nats * asked).sum(), asked.sum()


def scale_at(progress: float, warmup: float) -> float:
    """The share of the highest learning rate when a share `progress` (0..1) of the budget is used: linear warm-up, then
    a cosine to 0 (Loshchilov & Hutter, SGDR, 2017).

    >>> [round(scale_at(progress, 0.1), 2) for progress in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.01, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warmup:
        return max(progress, 1e-3) / warmup  # never 0: the first step must move
    done = (progress - warmup) / (1 - warmup)
    return (1 + math.cos(math.pi * min(done, 1.0))) / 2
