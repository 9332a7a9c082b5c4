"""The three networks of Huang et al. 2018 (section 3.2, Table 1): RNN, LSTM, and convolution + LSTM (C-LSTM).

All three read a score matrix in time order and, at every frame, give the states of the 156 rows in the next 9 frames.
The paper's C-LSTM (its Figure 2), for a window of N = 90 frames:

    window                (156, 90)
    convolution 1, ReLU   (32, 154, 88)     3 x 3, valid
    convolution 2, ReLU   (128, 1, 88)      154 x 1: covers every row that is left; no pooling
    LSTM                  88 x (128) -> (1024)
    fully connected       (1024) -> (1404)  156 rows x 9 frames, sigmoid

RNN (tanh) and LSTM read the raw frames. The convolutions need two frames more than they give: step k of the recurrence
has seen frames 0..k+2 and predicts frames k+3..k+11. Used at its last step only, this is the paper's scheme; used at
every step it is the same network, supervised densely. Outputs are logits.

`Model` is the interface for training, accuracy and generation, of the paper's networks and ours (`clstm.models.plus`).
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from clstm.music.score import HORIZON, ROWS, WINDOW

Kind = Literal["rnn", "lstm", "c-lstm", "c-lstm-plus"]  # the last is not the paper's: `clstm.models.plus`
KINDS: tuple[Kind, ...] = get_args(Kind)
PAPER: tuple[Kind, ...] = ("rnn", "lstm", "c-lstm")

State = Tensor | tuple[Tensor, ...]  # of the RNN; of the LSTM: hidden and cell


@dataclass(frozen=True)
class NetworkConfig:
    """The paper's Table 1. Where it has no convolutions, kernels, features and pooling say nothing.

    pooling : how many rows the first convolution's output is pooled over; the paper's 1 is none
    dropout : share of the recurrence's outputs dropped in training; the paper's is 0
    """

    kind: Kind
    rows: int = ROWS
    window: int = WINDOW
    horizon: int = HORIZON
    kernels: int = 32
    features: int = 128
    hidden: int = 1024
    pooling: int = 1
    dropout: float = 0.0


class Model(nn.Module):
    """The interface of all networks: read a score matrix in time order, predict the next frames; in three parts, front,
    recurrence and output.

    `lag` is how many frames the front needs beyond the one it gives: step k has seen frames 0..k+lag.
    """

    config: NetworkConfig
    lag: int

    def front(self, frames: Tensor) -> Tensor:
        """The features of a frame and the `lag` before it, which windows share. (B, T, rows) -> (B, T - lag, width)"""
        raise NotImplementedError

    def carry(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The recurrence over (B, steps, width): what `predict` reads, (B, steps, summary), and its state."""
        raise NotImplementedError

    def predict(self, summary: Tensor) -> Tensor:
        """Logits of the next frames. (..., summary) -> (..., horizon, rows)"""
        raise NotImplementedError

    def initialise(self, row_means: Tensor) -> None:
        """Start where learning can begin, given the share of frames in which each row is 1, (rows,)."""
        raise NotImplementedError

    def forward(self, frames: Tensor, last: bool = False) -> Tensor:
        """Logits at every step, or at the last one only. (B, T, rows) of 0 and 1, float -> (B, steps, horizon, rows)

        Two convolutions of a C-LSTM need two frames more than they give, so 90 frames are 88 steps:

        >>> network = Network(NetworkConfig("c-lstm", kernels=2, features=4, hidden=8))
        >>> network(torch.zeros(1, 90, 156)).shape, network(torch.zeros(1, 90, 156), last=True).shape
        (torch.Size([1, 88, 9, 156]), torch.Size([1, 1, 9, 156]))
        """
        summary, _ = self.carry(self.front(frames))
        return self.predict(summary[:, -1:] if last else summary)

    def advance(self, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Carry a recurrence on. frames : (B, lag + steps, rows) -> last summary (B, summary), state"""
        summary, state = self.carry(self.front(frames), state)
        return summary[:, -1], state


class Convolutions(nn.Module):
    """Two convolutions, then a cut along time: equations 1 to 3. The paper does not pool between them."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, config.kernels, (3, 3))
        self.pool = nn.MaxPool2d((1, config.pooling)) if config.pooling > 1 else nn.Identity()
        self.second = nn.Conv2d(config.kernels, config.features, ((config.rows - 2) // config.pooling, 1))
        laid_out = self.second.weight.contiguous(memory_format=torch.channels_last)  # as `forward` wants them
        self.second.weight = nn.Parameter(laid_out)

    def forward(self, frames: Tensor) -> Tensor:
        """The same as `second` after `first`, twice as fast: with the kernels last in memory, a convolution that covers
        every row is one matrix product.
        """
        last = torch.channels_last
        kernels = self.first.weight.transpose(2, 3).contiguous(memory_format=last)  # time before rows, as in frames
        y = F.conv2d(frames.unsqueeze(1).contiguous(memory_format=last), kernels, self.first.bias)
        y = self.pool(torch.relu(y))  # (B, kernels, T - 2, rows - 2)
        y = y.permute(0, 2, 3, 1).flatten(2)  # (B, T - 2, (rows - 2) * kernels)
        covering = self.second.weight.squeeze(3).transpose(1, 2).flatten(1)  # (features, (rows - 2) * kernels)
        return torch.relu(F.linear(y, covering, self.second.bias))  # (B, T - 2, features)


class Network(Model):
    """One of the paper's three."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        convolutional = config.kind == "c-lstm"
        self.lag = 2 if convolutional else 0
        self.convolutions = Convolutions(config) if convolutional else None
        width = config.features if convolutional else config.rows
        recurrence = nn.RNN if config.kind == "rnn" else nn.LSTM  # nn.RNN is tanh
        self.recurrence = recurrence(width, config.hidden, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, config.horizon * config.rows)

    def front(self, frames: Tensor) -> Tensor:
        return self.convolutions(frames) if self.convolutions else frames

    def carry(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        hidden, state = recur(self.recurrence, features, state)
        return self.dropout(hidden), state

    def predict(self, summary: Tensor) -> Tensor:
        return torch.unflatten(self.output(summary), -1, (self.config.horizon, self.config.rows))

    def initialise(self, row_means: Tensor) -> None:
        """Start from the density of each row, with no unit saturated.

        With PyTorch's own start the biases of the convolutions outweigh their sparse input (few of 156 cells are 1),
        and the network stays at silence. So: He-scaled convolutions, Glorot input weights, zero biases,
        orthogonal recurrence, open forget gates, and output biases at the log-odds of each row, which is the best
        constant prediction: training need not first learn how rare each note is.

        After silence each row has the probability that its mean says:

        >>> network = Network(NetworkConfig("lstm", hidden=8))
        >>> network.initialise(torch.full((156,), 0.25))
        >>> round(torch.sigmoid(network(torch.zeros(1, 90, 156), last=True)).mean().item(), 4)
        0.25
        """
        start_recurrence(self.recurrence)
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                    module.get_parameter("bias").zero_()
            nn.init.xavier_uniform_(self.output.weight, gain=1 / math.sqrt(self.config.horizon))
            self.output.bias.copy_(log_odds(row_means).repeat(self.config.horizon))


def recur(recurrence: nn.RNNBase, features: Tensor, state: State | None) -> tuple[Tensor, State]:
    """A recurrence of one layer over (B, steps, width), from a state.

    A single step of an LSTM, as a stream of music takes them, is written out: torch's layer lays its weights out anew
    at every call on a CPU, which takes several times as long as the step.

    A single step on its own gives what torch's layer gives:

    >>> lstm, frame, state = nn.LSTM(3, 4, batch_first=True), torch.ones(1, 1, 3), (torch.zeros(1, 1, 4),) * 2
    >>> with torch.inference_mode():
    ...     torch.allclose(recur(lstm, frame, state)[0], lstm(frame, state)[0], atol=1e-6)
    True
    """
    alone = isinstance(recurrence, nn.LSTM) and features.shape[1] == 1 and features.device.type == "cpu"
    if not (alone and isinstance(state, tuple)) or torch.is_grad_enabled():
        given: tuple[Tensor, State] = recurrence(features, state)
        return given
    hidden, cell = (part[0] for part in state)
    own = dict(recurrence.named_parameters())
    gates = own["weight_ih_l0"] @ features[:, 0].T + own["weight_hh_l0"] @ hidden.T  # faster with the batch last
    gates = gates.T + own["bias_ih_l0"] + own["bias_hh_l0"]
    i, f, candidate, o = gates.chunk(4, dim=1)  # equations 4 to 9
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(candidate)
    hidden = torch.sigmoid(o) * torch.tanh(cell)
    return hidden[:, None], (hidden[None], cell[None])


def start_recurrence(recurrence: nn.RNNBase) -> None:
    """Orthogonal recurrence, Glorot input weights gate by gate, zero biases; an LSTM's forget gates open with bias 1
    (Jozefowicz et al. 2015).

    >>> lstm = nn.LSTM(3, 2)
    >>> start_recurrence(lstm)
    >>> lstm.bias_ih_l0.tolist()  # gates: input, forget, cell, output
    [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    """
    hidden = recurrence.hidden_size
    with torch.no_grad():
        for name, parameter in recurrence.named_parameters():
            if "bias" in name:
                parameter.zero_()
                continue
            start = nn.init.orthogonal_ if "weight_hh" in name else nn.init.xavier_uniform_
            # Glorot's scale depends on the shape of a matrix, and so does orthogonality: four gates are four matrices.
            for gate in torch.split(parameter, hidden):
                start(gate)
        if isinstance(recurrence, nn.LSTM):
            _, forget, _, _ = torch.split(recurrence.get_parameter("bias_ih_l0"), hidden)  # input, forget, cell, output
            forget.fill_(1)


def log_odds(row_means: Tensor) -> Tensor:
    """log(p / (1 - p)) of the share of frames in which each row is 1; a row that never is counts as 1 in 10,000.

    >>> [round(odds, 2) for odds in log_odds(torch.tensor([0.5, 0.0])).tolist()]
    [0.0, -9.21]
    """
    return torch.logit(row_means.clamp(1e-4, 1 - 1e-4))


def parameter_count(network: nn.Module) -> int:
    """How many numbers are trained.

    >>> parameter_count(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in network.parameters())
