"""`c-lstm-plus`: our own network beside the paper's three. Convolution and LSTM as there, and two paths more.

The paper squeezes the last chord through 128 features on its way to the LSTM, and every row has weights of its own.
Here the local convolution treats all pitches alike (a note's neighbourhood means the same in every key), the raw frame
goes to the LSTM beside the features, and what the convolution saw of each pitch goes past the LSTM to the output, where
the two meet in a hidden layer that all pitches share:

    frames                 (B, T, 156) as (states 2, pitches 78)
    local convolution      (78, C)       kernel 25 pitches x 2 frames: an octave either way; ReLU
    features               78 x C -> (F), ReLU, beside the raw frame: F + 156
    LSTM                   (F + 156) -> (H)
    meeting, per pitch     ReLU(A local[p] + B[p] h + position[p])            (78, C)
    output                 meeting -> 9 x 2 for every pitch alike, plus a linear map of h and each row's bias
"""

import torch
from torch import Tensor, nn

from clstm.models import Model, NetworkConfig, State, log_odds, recur, start_recurrence
from clstm.score import parts

OCTAVE = 12


class Plus(Model):
    """As above: `kernels` is C, `features` F, `hidden` H. On a piano roll there is one state a pitch, not two."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.lag = 1
        self.states = len(parts(config.rows))
        self.pitches = config.rows // self.states
        channels = config.kernels
        self.local = nn.Conv2d(self.states, channels, (2 * OCTAVE + 1, self.lag + 1), padding=(OCTAVE, 0))
        self.features = nn.Linear(self.pitches * channels, config.features)
        self.recurrence = nn.LSTM(config.features + config.rows, config.hidden, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.from_local = nn.Linear(channels + self.states, channels)
        self.from_hidden = nn.Linear(config.hidden, self.pitches * channels)  # its bias is each pitch's position
        self.shared = nn.Linear(channels, config.horizon * self.states, bias=False)
        self.output = nn.Linear(config.hidden, config.horizon * config.rows)

    def front(self, frames: Tensor) -> Tensor:
        """Local features of every pitch, then the raw frame. (B, T, rows) -> (B, T - 1, pitches * C + rows)"""
        notes = frames.unflatten(2, (self.states, self.pitches)).permute(0, 2, 3, 1)  # (B, states, pitches, T)
        local = torch.relu(self.local(notes)).permute(0, 3, 2, 1)  # (B, T - 1, pitches, C)
        return torch.cat([local.flatten(2), frames[:, self.lag :]], dim=2)

    def carry(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """The LSTM's output, then what goes past it. (B, steps, width) -> (B, steps, hidden + width)"""
        local, last = features.split([self.pitches * self.config.kernels, self.config.rows], dim=2)
        squeezed = torch.relu(self.features(local))
        hidden, state = recur(self.recurrence, torch.cat([squeezed, last], dim=2), state)
        return torch.cat([self.dropout(hidden), features], dim=2), state

    def predict(self, summary: Tensor) -> Tensor:
        config, every = self.config, (self.pitches, self.config.kernels)
        hidden, local, last = summary.split([config.hidden, self.pitches * config.kernels, config.rows], dim=-1)
        now = last.unflatten(-1, (self.states, self.pitches)).transpose(-1, -2)  # (..., pitches, states)
        here = torch.cat([local.unflatten(-1, every), now], dim=-1)
        meeting = torch.relu(self.from_local(here) + self.from_hidden(hidden).unflatten(-1, every))
        shared = self.shared(meeting).unflatten(-1, (config.horizon, self.states))  # (..., pitches, horizon, states)
        shared = shared.movedim(-3, -1).flatten(-2)  # (..., horizon, rows)
        return shared + self.output(hidden).unflatten(-1, (config.horizon, config.rows))

    def initialise(self, row_means: Tensor) -> None:
        """He-scaled convolution, Glorot weights, zero biases but for forget gates and each row's log-odds."""
        start_recurrence(self.recurrence)
        nn.init.kaiming_normal_(self.local.weight, nonlinearity="relu")
        linear = (self.features, self.from_local, self.from_hidden)
        for layer in (*linear, self.shared):
            nn.init.xavier_uniform_(layer.weight)
        nn.init.xavier_uniform_(self.output.weight, gain=self.config.horizon**-0.5)
        with torch.no_grad():
            self.local.get_parameter("bias").zero_()
            for layer in linear:
                layer.bias.zero_()
            self.output.bias.copy_(log_odds(row_means).repeat(self.config.horizon))
