"""Our own network beside the paper's three: `c-lstm-plus`."""

import torch
from torch import Tensor, nn

from clstm.models import Model, NetworkConfig, State, log_odds, start_recurrence
from clstm.score import parts


class Plus(Model):
    """Placeholder until the experiments decide: reads raw frames beside convolution features."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.lag = 3
        self.states = len(parts(config.rows))
        self.pitches = config.rows // self.states
        self.local = nn.Conv2d(self.states, config.kernels, (25, self.lag + 1), padding=(12, 0))
        self.squeeze = nn.Linear(self.pitches * config.kernels, config.features)
        self.recurrence = nn.LSTM(config.features + config.rows, config.hidden, batch_first=True)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, config.horizon * config.rows)

    def front(self, frames: Tensor) -> Tensor:
        notes = frames.unflatten(2, (self.states, self.pitches)).permute(0, 2, 3, 1)
        local = torch.relu(self.local(notes)).permute(0, 3, 2, 1).flatten(2)
        return torch.cat([torch.relu(self.squeeze(local)), frames[:, self.lag :]], -1)

    def carry(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        hidden, state = self.recurrence(features, state)
        return self.dropout(hidden), state

    def predict(self, summary: Tensor) -> Tensor:
        return self.output(summary).unflatten(-1, (self.config.horizon, self.config.rows))

    def initialise(self, row_means: Tensor) -> None:
        start_recurrence(self.recurrence)
        with torch.no_grad():
            self.output.bias.copy_(log_odds(row_means).repeat(self.config.horizon))
