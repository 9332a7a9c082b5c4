"""Training of the network that draws notes: excerpts of pieces as they might have been played again, in other keys.

Muon moves the matrices between hidden layers (Jordan et al. 2024: each step of a matrix is made orthogonal), AdamW the
rest. What is scored and kept is a running average of the weights.
"""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from clstm.corpus.corpus import Corpus
from clstm.models.attention import Block
from clstm.models.note_inputs import Inputs, of_notes
from clstm.models.note_scoring import batch_of, notes_of, read
from clstm.models.notes import Config, Notes
from clstm.music.midi import VELOCITY
from clstm.music.midi import Notes as Played
from clstm.music.score import FRAME_RATE, ROWS, Matrix, encode
from clstm.training.batches import transposed
from clstm.training.settings import NoteTraining
from clstm.training.task import Counts, Share, Task

AS_IT_IS = 0.25  # the share of excerpts whose piece is on the grid as the corpus has it


class NoteTask(Task):
    """-log P of every note of random excerpts: its pitch, its duration and the gap after it."""

    best = "joint_nats"
    network: Config
    bare: Notes
    config: NoteTraining

    def __init__(self, corpus: Corpus, network: Config, config: NoteTraining) -> None:
        super().__init__(corpus, config)
        if corpus.rows == ROWS and config.tempo > 1:
            corpus.played(0)  # a corpus without them is refused before any work
        self.network, self.bare = network, Notes(network)
        self.bare.dropout, self.bare.hidden = config.dropout, config.without_guesses
        for block in self.bare.blocks:
            assert isinstance(block, Block)
            block.dropout = config.dropout
        self.notes = np.array([len(notes_of(corpus.matrix(int(piece)))) for piece in self.train_pieces])
        self.maker = ThreadPoolExecutor(max_workers=1)
        self.ahead: dict[int, Future[list[Inputs]]] = {}

    def optimisers(self) -> list[Optimizer]:
        config = self.config
        whole = self.bare.matrices()
        # Muon takes one matrix at a time; the three of a layer's queries, keys and values are one parameter.
        self.views = [[nn.Parameter(own) for own in _matrices(one.detach())] for one in whole]
        muon = torch.optim.Muon(
            [*chain.from_iterable(self.views)],
            lr=config.rate,
            weight_decay=config.weight_decay,
            momentum=config.momentum,
        )
        others = {id(one) for one in whole}
        rest = [one for one in self.bare.parameters() if id(one) not in others]
        adam = torch.optim.AdamW(rest, lr=config.adam_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98))
        return [muon, adam]

    def before_step(self) -> None:
        for whole, views in zip(self.bare.matrices(), self.views, strict=True):
            assert whole.grad is not None
            for view, gradient in zip(views, _matrices(whole.grad), strict=True):
                view.grad = gradient

    @property
    def steps_an_epoch(self) -> float:
        return float(self.notes.sum() / (self.config.batch * self.config.excerpt))

    def ask(self, network: nn.Module, step: int, share: Share) -> Counts:
        excerpts = self._excerpts(step)[share.own]
        real = torch.arange(self.config.excerpt) < torch.tensor([len(one["p"]) for one in excerpts])[:, None]
        losses = network(batch_of(excerpts, share.device)).sum(-1)
        real = real[:, : losses.shape[1]].to(share.device)
        return (losses * real).sum(), real.sum()

    def _excerpts(self, step: int) -> list[Inputs]:
        """Those of a step; those of the next one are made while the network learns."""
        given = (self.corpus, self.train_pieces, self.notes, self.network, self.config)
        made = self.ahead.pop(step, None)
        excerpts = excerpts_of(*given, step) if made is None else made.result()
        self.ahead = {step + 1: self.maker.submit(excerpts_of, *given, step + 1)}
        return excerpts

    def score(self, network: nn.Module, share: Share) -> Counts:
        pieces = [self.corpus.matrix(int(piece)) for piece in self.selection_pieces[share.own]]
        found = read(cast(Notes, network), ((notes_of(matrix), matrix.shape[1]) for matrix in pieces))
        nats = torch.tensor(sum(one.total for one in found), dtype=torch.float64, device=share.device)
        return nats, torch.tensor(sum(matrix.shape[1] for matrix in pieces), device=share.device)

    def said(self, nats: float) -> str:
        return f"{nats:.3f} joint nats per frame, whole pieces,"

    def reached(self, steps: int) -> dict[str, int]:
        return {"notes": steps * self.config.batch * self.config.excerpt}


def excerpts_of(
    corpus: Corpus,
    pieces: NDArray[np.int64],
    notes: NDArray[np.int64],
    network: Config,
    config: NoteTraining,
    step: int,
) -> list[Inputs]:
    """Random excerpts, each of a piece on a grid and in a key of its own; longer pieces are drawn more often.

    notes : of each piece; step : with the seed, all that the excerpts depend on
    """
    random = np.random.default_rng((config.seed, 1, step))  # 0 chooses the selection pieces, 2 prompts, 3 draws music
    chosen = random.choice(len(pieces), config.batch, p=notes / notes.sum())
    return [_excerpt(corpus, int(piece), network, config, random) for piece in pieces[chosen]]


def _excerpt(corpus: Corpus, piece: int, network: Config, config: NoteTraining, random: np.random.Generator) -> Inputs:
    """Positions of a piece, `config.excerpt` of them or all; what they are given knows the piece before them."""
    if corpus.rows != ROWS or config.tempo == 1 or random.random() < AS_IT_IS:
        matrix = corpus.matrix(piece)
    else:
        matrix = played_again(corpus.played(piece), config.tempo, random)
    semitones = int(random.integers(config.transpose[0], config.transpose[1] + 1))
    notes, frames = notes_of(transposed(matrix, semitones)), matrix.shape[1]
    start = int(random.integers(max(len(notes) + 1 - config.excerpt, 0) + 1))
    stop = start + config.excerpt
    behind = stop <= len(notes)  # of what is behind the excerpt, only the note that ends its last gap is read
    inputs = of_notes(notes[:stop], None if behind else frames, network.pitches, network.free)
    return {name: own[start:stop] for name, own in inputs.items()}


def played_again(played: NDArray[np.void], tempo: float, random: np.random.Generator) -> Matrix:
    """A piece as if played again, a little faster or slower, and begun between two frames: (156, frames).

    A grid of eighths of a second makes another rhythm of the same music with every tempo and every beginning. A network
    that has seen only one of them learns that one by heart.

    played : (notes,) of `clstm.corpus.corpus.PLAYED`
    tempo : how many times as long or as short a second may become; all between are as likely on a log scale

    >>> from clstm.corpus.corpus import PLAYED
    >>> tune = np.array([(0.0, 0.5, 60), (0.5, 1.0, 62)], PLAYED)
    >>> [played_again(tune, 1.25, np.random.default_rng(seed)).shape[1] for seed in range(6)]
    [9, 9, 7, 7, 10, 10]
    """
    stretch = math.exp(random.uniform(-1, 1) * math.log(tempo))
    late = random.uniform(0, 1) / FRAME_RATE
    onset, offset = played["onset"] * stretch + late, played["offset"] * stretch + late
    pitch = played["pitch"].astype(np.int64)
    return encode(Played(onset, offset, pitch, np.full(len(pitch), VELOCITY)))


def _matrices(stack: Tensor) -> list[Tensor]:
    """The matrices of a parameter that is one, or a stack of them."""
    return [stack] if stack.ndim == 2 else list(stack)
