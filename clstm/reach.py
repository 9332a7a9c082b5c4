"""How far back a network looks: the gradient of what it is asked, with respect to each frame of the window before it.

The paper found "the vanishing gradient problem" in its RNN (section 4.2). Here it is a
curve: the loss of the nine frames after a window of 90, differentiated with respect to the frames of the window; the
norm over the rows, averaged over windows. Where the curve is at nothing, the music that far back changes nothing.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clstm.models import Model
from clstm.training import objective


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
