"""Training of the networks that write frames: the paper's three, and c-lstm-plus."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from clstm.corpus.corpus import Corpus
from clstm.models import checkpoint
from clstm.models.networks import Model, NetworkConfig
from clstm.training import batches
from clstm.training.objective import objective
from clstm.training.settings import TrainingConfig
from clstm.training.task import Counts, Share, Task

SELECTED = 64  # excerpts by which the best weights are chosen


class Frames(Task):
    """Binary cross-entropy of the next frames, at every frame of random excerpts or once per window."""

    best = "nats_nine"
    network: NetworkConfig
    bare: Model
    config: TrainingConfig

    def __init__(self, corpus: Corpus, network: NetworkConfig, config: TrainingConfig) -> None:
        super().__init__(corpus, config)
        self.network, self.bare = network, checkpoint.build(network)
        # Of the training pieces: not even the start knows the pieces that are held out.
        means = batches.row_means(corpus, self.train_pieces)
        self.bare.initialise(torch.from_numpy(means).float())
        self.window, self.horizon, self.lag = network.window, network.horizon, self.bare.lag
        self.dense = config.supervision == "dense"
        self.excerpt = config.excerpt if self.dense else self.window + self.horizon
        # The same excerpts at every evaluation: best weights are then the best at one and the same question.
        self.selection = batches.fixed(
            *(corpus, self.selection_pieces, SELECTED, self.excerpt, config.seed),
            whole=not self.dense,
            lead_in=config.lead_in,
        )

    def optimisers(self) -> list[Optimizer]:
        rate, decay = self.config.rate, self.config.weight_decay
        return [torch.optim.AdamW(self.bare.parameters(), lr=rate, weight_decay=decay)]

    @property
    def steps_an_epoch(self) -> float:
        lengths = self.corpus.lengths[self.train_pieces]
        if self.dense:
            return float(lengths.sum() / (self.config.batch * self.excerpt))
        return float(np.maximum(lengths - self.excerpt + 1, 0).sum() / self.config.batch)

    def ask(self, network: nn.Module, step: int, share: Share) -> Counts:
        config = self.config
        seen = batches.batch(
            *(self.corpus, self.train_pieces, config.batch, self.excerpt, config.seed, step, config.transpose),
            whole=not self.dense,
            lead_in=config.lead_in,
        )
        return self._counts(network, seen, share)

    def score(self, network: nn.Module, share: Share) -> Counts:
        return self._counts(network, self.selection, share)

    def reached(self, steps: int) -> dict[str, int]:
        return {"frames": steps * self.config.batch * self.excerpt}

    def said(self, nats: float) -> str:
        return f"{nats:.2f} nats per frame over the next {self.horizon}"

    def _counts(self, network: nn.Module, seen: batches.TrainingWindows, share: Share) -> Counts:
        frames = torch.from_numpy(seen.frames[share.own]).to(share.device).float()
        return self.nats(network, frames, torch.from_numpy(seen.real[share.own]).to(share.device))

    def nats(self, network: nn.Module, frames: Tensor, real: Tensor) -> Counts:
        """Of excerpts: frames (B, T, rows), real (B, T)."""
        if self.dense:
            return objective(network(frames), frames, real, self.lag)
        end = self.window - self.lag - 1  # the step that has seen the whole window
        return objective(network(frames[:, : self.window], last=True), frames[:, end:], real[:, end:], self.lag)
