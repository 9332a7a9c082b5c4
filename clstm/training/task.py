"""What a run trains (`clstm.training.loop`): a network, how its weights move, what they are asked in a step, and what
chooses the best of them. `clstm.training.frames` is that of networks that write frames, `clstm.training.notes` that of
the one that draws notes.

Several processes share what is asked: each counts its part, nats and how many frames or notes they are of.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import Configuration
from clstm.training import batches
from clstm.training.settings import Training

Counts = tuple[Tensor, Tensor]  # nats, and of how many


@dataclass(frozen=True)
class Share:
    """The part of one process.

    rank, world : which of how many processes it is; device : where its network is
    """

    rank: int
    world: int
    device: torch.device

    @property
    def own(self) -> slice:
        """Its excerpts of a batch, or its pieces."""
        return slice(self.rank, None, self.world)


class Task(ABC):
    """A network to be trained on a corpus.

    bare : the network; train_pieces, selection_pieces : to learn from, and to choose the best weights by
    """

    network: Configuration
    bare: nn.Module
    best: str  # what chooses the best weights, as `config.json` calls it

    def __init__(self, corpus: Corpus, config: Training) -> None:
        self.corpus, self.config = corpus, config
        self.train_pieces, self.selection_pieces = batches.training_and_selection(corpus, config.seed)

    @abstractmethod
    def optimisers(self) -> list[Optimizer]:
        """New ones, for all weights together, each group with its highest rate."""

    @property
    @abstractmethod
    def steps_an_epoch(self) -> float:
        """Steps in which as much is asked for as the training pieces have."""

    @abstractmethod
    def ask(self, network: nn.Module, step: int, share: Share) -> Counts:
        """The loss of a step, a function of the weights, the seed and the step alone."""

    @abstractmethod
    def score(self, network: nn.Module, share: Share) -> Counts:
        """The same question at every evaluation, on the selection pieces."""

    @abstractmethod
    def said(self, nats: float) -> str:
        """The score of the best weights, in words."""

    def before_step(self) -> None:  # noqa: B027 - most have nothing to do
        """What the optimisers need beside gradients."""

    @abstractmethod
    def reached(self, steps: int) -> dict[str, Any]:
        """What `config.json` says of so many steps, beside time and the best score."""

    @property
    def total_steps(self) -> int | None:
        """The budget in steps; None when it is in minutes."""
        if self.config.epochs is not None:
            return math.ceil(self.config.epochs * self.steps_an_epoch)
        return self.config.steps
