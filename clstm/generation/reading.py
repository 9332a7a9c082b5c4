"""What reads music note by note: the network, and what it made of the last notes of each continuation.

Keys and values of every layer are kept for up to `context` positions of each row, so that a note costs one position.
A row that is full is read anew, its last half; each row for itself, so that none depends on the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clstm.generation.drawing import tempered
from clstm.generation.growing import GrowingPiece, Inputs
from clstm.models.note_inputs import DURATIONS, Classes
from clstm.models.notes import Notes
from clstm.music.score import WINDOW

Numbers = NDArray[np.float64]
WHOLE = {"age", "left", "so_far"}  # as int32; the rest as int64, but rates


@dataclass
class Row:
    """A continuation that is being written, from frame 0 of its past on.

    time : the onset of the note that is drawn next
    used : positions of the cache that it fills
    usual : log notes and sounding pitches per frame, before `begin`; None while that is less than the paper's window
    """

    piece: GrowingPiece
    random: np.random.Generator
    temperatures: Numbers  # of each frame from `begin` on
    begin: int
    stop: int
    place: int
    time: int = 0
    used: int = 0
    usual: NDArray[np.float32] | None = None

    def off(self, rates: NDArray[np.float32]) -> NDArray[np.float32]:
        """How many more notes, and sounding pitches, there are lately than usual, as differences of logarithms. (2,)"""
        if self.usual is None and self.time >= WINDOW:
            self.usual = rates[:2].copy()
        return np.zeros(2, dtype=np.float32) if self.usual is None else rates[2:] - self.usual

    @property
    def temperature(self) -> float:
        return float(self.temperatures[min(max(self.time - self.begin, 0), len(self.temperatures) - 1)])


class Reader:
    """The network, and what it made of the last notes of each row: keys and values of every layer."""

    def __init__(self, network: Notes, rows: int, device: torch.device) -> None:
        c = network.c
        self.network, self.device, self.rows, self.context = network, device, rows, c.context
        shape = (2, rows, c.width // c.head, c.context, c.head)
        self.cache = [torch.zeros(shape, device=device) for _ in range(c.layers)]

    def piece(self, notes: NDArray[np.int64]) -> GrowingPiece:
        """Notes, read; without positions 0 and 1 if there are more: where a prompt begins, no piece does."""
        piece = GrowingPiece(self.network.P, self.context)
        piece.read(notes)
        if len(notes) > 1 and len(piece.history) == len(notes) + 1:
            piece.history.popleft()
            piece.history.popleft()
        return piece

    def prolong(self, notes: NDArray[np.int64], cut: int, random: np.random.Generator, temperature: float) -> None:
        """Draw how long the notes last that go on beyond the frame `cut`. Changes their durations."""
        piece = self.piece(notes)
        first = len(notes) - len(piece.history)
        going_on = [i for i in np.flatnonzero(notes[:, 1] + notes[:, 2] >= cut) if i >= first]
        if not going_on:
            return
        given = self.given(list(piece.history))
        channels, straight = self.network.channels_of(given)
        h = self.network.trunk(given, channels)
        _, seen = self.network.pitch(h, given, channels, straight)
        struck = torch.zeros(given["prev_p"].shape, dtype=torch.long, device=self.device)
        at = torch.tensor(going_on) - first
        struck[0, at] = torch.from_numpy(notes[going_on, 0]).to(self.device)
        chances = self.network.duration(h, seen, given, struck)[0, at].double().cpu().numpy()
        for i, log_p in zip(going_on, chances, strict=True):
            notes[i, 2] = at_least(DURATIONS, tempered(log_p, temperature), int(cut - notes[i, 1]), random)

    def given(self, asked: Sequence[Inputs], *, apart: bool = False) -> dict[str, torch.Tensor]:
        """Inputs as the network takes them: (1, positions, ...), or, `apart`, (rows, 1, ...)."""
        batch: dict[str, torch.Tensor] = {}
        for name in asked[0]:
            values = np.stack([np.asarray(one[name]) for one in asked])
            kind = np.float32 if name == "rates" else np.int32 if name in WHOLE else np.int64
            tensor = torch.from_numpy(values.astype(kind)).to(self.device)
            batch[name] = tensor[:, None] if apart else tensor[None]
        given: dict[str, torch.Tensor] = self.network.given(batch)
        return given

    def refill(self, row: Row) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Read the last half of a context anew. Returns the state at the last position, and what it was given."""
        asked = list(row.piece.history)[-(self.context // 2) :]
        given = self.given(asked)
        size = len(asked)
        own = [torch.zeros_like(layer[:, :1, :, :size]) for layer in self.cache]
        mask = torch.ones(size, size, dtype=torch.bool, device=self.device).tril()
        channels, _ = self.network.channels_of(given)
        start = torch.zeros(1, dtype=torch.long, device=self.device)
        h = self.network.trunk(given, channels, own, start, mask[None, None])
        for layer, part in zip(self.cache, own, strict=True):
            layer[:, row.place : row.place + 1, :, :size] = part
        row.used = size
        return h, {name: value[:, -1:] for name, value in given.items()}

    def step(self, rows: Sequence[Row], asked: Sequence[Inputs]) -> tuple[Any, dict[str, torch.Tensor], Any, Any]:
        """One position more of each row: h, what it was given, channels, and the straight part of the pitches.

        rows : all that are kept, in their order
        """
        given = self.given(asked, apart=True)
        at = torch.tensor([row.used for row in rows], device=self.device)
        used = int(at.max()) + 1
        cache = [layer[:, :, :, :used] for layer in self.cache]
        mask = (torch.arange(used, device=self.device) <= at[:, None])[:, None, None]
        channels, straight = self.network.channels_of(given)
        h = self.network.trunk(given, channels, cache, at, mask)
        return h, given, channels, straight

    def keep(self, rows: Sequence[Row]) -> None:
        """Forget all rows but these: those that are finished."""
        places = torch.tensor([row.place for row in rows], device=self.device)
        self.cache = [layer[:, places] for layer in self.cache]
        self.rows = len(rows)
        for place, row in enumerate(rows):
            row.place = place


def at_least(classes: Classes, log_p: Numbers, value: int, random: np.random.Generator) -> int:
    """Draw a value, given that it is at least so much; `value` itself where the network knows none as large."""
    chances = np.exp(log_p - log_p.max()) * np.clip((classes.high - value + 1) / classes.width, 0, 1)
    if not chances.sum() > 0:
        return value
    kind = random.choice(len(chances), p=chances / chances.sum())
    return int(random.integers(max(classes.low[kind], value), classes.high[kind] + 1))


def numbers_of(log_p: torch.Tensor) -> Numbers:
    """The only position of each row, for NumPy: the same draws give the same music whatever device made the chances."""
    numbers: Numbers = log_p[:, -1].double().cpu().numpy()
    return numbers
