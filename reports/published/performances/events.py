"""An event model: a GRU reads the notes so far and draws the next, number by number, each given those before it."""

import sys
from pathlib import Path

import numpy as np
import torch
from performance import SECONDS, SIZES, read, seconds, write
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

WIDTH, ROWS, LONG = 256, 16, 128  # of the network, and of a batch: excerpts, notes


class Model(nn.Module):
    """Notes are (rows, notes, 4), as `performance` has them."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = nn.ModuleList(nn.Embedding(size, WIDTH) for size in SIZES)  # of the notes before
        self.said = nn.ModuleList(nn.Embedding(size, WIDTH) for size in SIZES)  # of this note, so far
        self.memory = nn.GRU(WIDTH, WIDTH, num_layers=2, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(WIDTH, size) for size in SIZES)

    def remember(self, notes: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.memory(sum(part(notes[..., k]) for k, part in enumerate(self.heard)), state)

    def loss(self, notes: Tensor) -> Tensor:
        """Nats a note."""
        known, nats = self.remember(notes[:, :-1])[0], torch.zeros(())
        for k, (head, said) in enumerate(zip(self.heads, self.said, strict=True)):
            nats = nats + cross_entropy(head(known.relu()).flatten(0, 1), notes[:, 1:, k].flatten())
            known = known + said(notes[:, 1:, k])
        return nats

    def draw(self, known: Tensor) -> Tensor:
        """One note each, (rows, 4), of what is known: (rows, WIDTH)."""
        note = []
        for head, said in zip(self.heads, self.said, strict=True):
            note.append(torch.multinomial(head(known.relu()).softmax(-1), 1)[:, 0])
            known = known + said(note[-1])
        return torch.stack(note, dim=-1)


def excerpts(notes: np.ndarray, random: np.random.Generator) -> Tensor:
    """A batch: excerpts from anywhere, each moved by up to half an octave."""
    begins = random.integers(len(notes) - LONG, size=ROWS)
    batch = notes[begins[:, None] + np.arange(LONG + 1)]
    batch[..., 1] = np.clip(batch[..., 1] + random.integers(-5, 7, size=(ROWS, 1)), 0, SIZES[1] - 1)
    return torch.from_numpy(batch)


def train(notes: np.ndarray, steps: int) -> Model:
    random, model = np.random.default_rng(0), Model()
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    for step in range(steps):
        loss = model.loss(excerpts(notes, random))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            print(f"step {step + 1}: {loss.item():.2f} nats a note", flush=True)  # noqa: T201 - ten minutes are long
    return model


@torch.no_grad()
def play(model: Model, first: Tensor) -> list[np.ndarray]:
    """30 s each, which begin with the notes given: (rows, 1, 4)."""
    music, time, state = [first], np.zeros(len(first)), None
    while time.min() < SECONDS:
        known, state = model.remember(music[-1], state)
        music.append(model.draw(known[:, 0])[:, None])
        time += seconds(music[-1][:, 0, 0].numpy())
    return list(torch.cat(music, dim=1).numpy())


learn, out, count, steps = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.manual_seed(0)
notes = np.concatenate(read(learn))
model = train(notes, steps)
first = np.random.default_rng(1).choice(notes, size=count)
write(play(model, torch.from_numpy(first)[:, None]), out)
