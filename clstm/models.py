"""The three networks of Huang et al. 2018 (section 3.2, Table 1): RNN, LSTM, and convolution + LSTM (C-LSTM).

All three read a score matrix in time order and, at every frame, give the states of the 156 rows in the next 9 frames.
The paper's C-LSTM (its Figure 2), for a window of N = 90 frames:

    window                (156, 90)
    convolution 1, ReLU   (32, 154, 88)     3 x 3, valid
    convolution 2, ReLU   (128, 1, 88)      154 x 1: covers every row that is left; no pooling
    LSTM                  88 x (128) -> (1024)
    fully connected       (1024) -> (1404)  156 rows x 9 frames, sigmoid

RNN (tanh) and LSTM read the raw frames. The convolutions need two frames more than they give: step k of the recurrence
has seen frames 0..k+2 and speaks of frames k+3..k+11. Asked at its last step only, this is the paper's scheme; asked at
every step it is the same network, supervised densely. Outputs are logits; the sigmoid is in the loss and in `chances`.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from clstm.score import ROWS

Kind = Literal["rnn", "lstm", "c-lstm"]
KINDS: tuple[Kind, ...] = get_args(Kind)

State = Tensor | tuple[Tensor, Tensor]  # of the RNN; of the LSTM: hidden and cell


@dataclass(frozen=True)
class NetworkConfig:
    """The paper's Table 1."""

    kind: Kind
    rows: int = ROWS
    window: int = 90
    horizon: int = 9
    kernels: int = 32
    features: int = 128
    hidden: int = 1024


class Convolutions(nn.Module):
    """Two convolutions without pooling, then a cut along time: equations 1 to 3."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, config.kernels, (3, 3))
        self.second = nn.Conv2d(config.kernels, config.features, (config.rows - 2, 1))

    def forward(self, frames: Tensor) -> Tensor:
        y = frames.transpose(1, 2).unsqueeze(1)  # (B, 1, rows, T)
        y = torch.relu(self.first(y))  # (B, kernels, rows - 2, T - 2)
        y = torch.relu(self.second(y))  # (B, features, 1, T - 2)
        return y.squeeze(2).transpose(1, 2)  # (B, T - 2, features)


class Network(nn.Module):
    """One of the three. `lag` is how many frames the front end needs beyond the one it gives: 2 or 0."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        convolutional = config.kind == "c-lstm"
        self.lag = 2 if convolutional else 0
        self.front = Convolutions(config) if convolutional else nn.Identity()
        width = config.features if convolutional else config.rows
        recurrence = nn.RNN if config.kind == "rnn" else nn.LSTM  # nn.RNN is tanh
        self.recurrence = recurrence(width, config.hidden, batch_first=True)
        self.output = nn.Linear(config.hidden, config.horizon * config.rows)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits at every step. frames : (B, T, rows) of 0 and 1, float -> (B, T - lag, horizon, rows)"""
        hidden, _ = self.recurrence(self.front(frames))
        return self.predict(hidden)

    def predict(self, hidden: Tensor) -> Tensor:
        """Logits of the next frames from the recurrence's output. (..., hidden) -> (..., horizon, rows)"""
        return self.output(hidden).unflatten(-1, (self.config.horizon, self.config.rows))

    def advance(self, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Carry a recurrence on. frames : (B, lag + steps, rows) -> last hidden (B, hidden), state"""
        hidden, state = self.recurrence(self.front(frames), state)
        return hidden[:, -1], state


def initialise(network: Network, row_means: Tensor) -> None:
    """Start where learning can begin: from the density of each row, with nothing saturated and nothing drowned.

    With PyTorch's own start the convolutions' biases drown the sparse input and the network stays at silence. So:
    He-scaled convolutions and Glorot input weights, zero biases, orthogonal recurrence, forget gates open (bias 1,
    Jozefowicz et al. 2015), and output biases at the log-odds of each row.

    row_means : (rows,) share of frames in which the row is 1
    """
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        hidden = network.config.hidden
        for name, parameter in network.recurrence.named_parameters():
            if "weight_hh" in name:
                for gate in parameter.split(hidden):
                    nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                for gate in parameter.split(hidden):
                    nn.init.xavier_uniform_(gate)
        nn.init.xavier_uniform_(network.output.weight, gain=1 / math.sqrt(network.config.horizon))
        for name, parameter in network.named_parameters():
            if "bias" in name:
                parameter.zero_()
        if isinstance(network.recurrence, nn.LSTM):
            forget = network.recurrence.get_parameter("bias_ih_l0").split(hidden)[1]  # input, forget, cell, output
            forget.fill_(1)
        odds = torch.logit(row_means.clamp(1e-4, 1 - 1e-4))
        network.output.bias.copy_(odds.repeat(network.config.horizon))


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
