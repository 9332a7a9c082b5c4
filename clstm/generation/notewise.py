"""Continue music note by note, with the network of `clstm.models.notes`.

Each note is three draws, given all before it: its pitch, its duration, and the gap to the next onset. The network has
read up to `context` notes of the past; what it made of them is kept, so that a note costs one position. When that is
full it reads the last half anew. What the past suggests (`clstm.generation.growing`) comes from all of it.

What is drawn from is said in `clstm.generation.drawing`.

A prompt says nothing of how long its last notes go on, nor of when the next one comes: both are drawn, given that they
last at least up to its end. P(d | d > k) is the network's chance of d, divided by that of all that are possible.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from clstm.generation.drawing import NoteSampling, drawn, short, tempered, within
from clstm.generation.prompts import Prompt
from clstm.generation.reading import Numbers, Reader, Row, at_least, numbers_of
from clstm.generation.sampling import BATCH, Sampling, generator
from clstm.models.note_inputs import DURATIONS, GAPS
from clstm.models.notes import Notes
from clstm.models.sequence import matrix_of, sequence
from clstm.music.score import Matrix
from clstm.runtime.progress import Progress, silent


def generate(
    network: Notes,
    prompts: Sequence[Prompt],
    frames: int,
    sampling: Sampling,
    progress: Progress = silent,
) -> list[Matrix]:
    """Continue every prompt, `BATCH` at a time: as `clstm.generation.sampling.generate`, note by note."""
    temperatures = np.full((1, frames), sampling.temperature)
    how = NoteSampling.of(sampling)
    music: list[Matrix] = []
    for first in range(0, len(prompts), BATCH):
        batch = prompts[first : first + BATCH]
        pasts = [prompt.window for prompt in batch]
        randoms = [generator(sampling, first + place) for place in range(len(batch))]

        def report(what: str, done: int, total: int, before: int = first, now: int = len(batch)) -> None:
            progress(what, before * total + now * done, len(prompts) * total)

        music += extend(network, pasts, frames, how, randoms, temperatures, report)
    return music


@contextmanager
def _one_thread() -> Iterator[None]:
    """One position is too little work to share: on a busy machine two threads take seven times as long as one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@_one_thread()
@torch.inference_mode()
def extend(
    network: Notes,
    pasts: Sequence[Matrix],
    frames: int,
    how: NoteSampling,
    randoms: Sequence[np.random.Generator],
    temperatures: Numbers,
    progress: Progress = silent,
) -> list[Matrix]:
    """Continue music, all in one batch.

    pasts : consistent, (156, any number of frames) each; of 0 frames, music begins from nothing
    randoms : the generator of each: what one draws does not depend on the others of its batch
    temperatures : (as many as pasts, or 1; frames)
    returns a matrix (156, frames) of each, that goes on from its past
    """
    device = next(network.parameters()).device
    reader = Reader(network, len(pasts), device)
    rows = []
    for place, (past, random) in enumerate(zip(pasts, randoms, strict=True)):
        row = _begun(reader, place, past, frames, random, temperatures[place % len(temperatures)], how)
        rows.append(row)
    written = 0
    active = [row for row in rows if row.time < row.stop]
    while active:
        if len(active) < reader.rows:
            reader.keep(active)
        _note(reader, active, how)
        active = [row for row in active if row.time < row.stop]
        reached = sum(min(row.time, row.stop) - row.begin for row in rows) // len(rows)
        if reached > written:
            written = reached
            progress("Generating", written, frames)
    return [_written(row) for row in rows]


def _written(row: Row) -> Matrix:
    notes = row.piece.notes[: row.piece.count].copy()
    notes[:, 2] = np.minimum(notes[:, 2], row.stop - notes[:, 1])
    return matrix_of(notes, row.stop)[:, row.begin :]


def _begun(
    reader: Reader,
    place: int,
    past: Matrix,
    frames: int,
    random: np.random.Generator,
    temperatures: Numbers,
    how: NoteSampling,
) -> Row:
    """A row whose past has been read, and whose next onset is drawn: not before the past is over."""
    notes, cut = sequence(past), past.shape[1]
    reader.prolong(notes, cut, random, temperatures[0])
    row = Row(reader.piece(notes), random, temperatures, cut, cut + frames, place)
    h, given = reader.refill(row)
    if len(notes):
        pitch, onset, duration = notes[-1]
    else:  # of position 0, that there is no note yet
        pitch, onset, duration = reader.network.P, 0, 1
    kind = int(DURATIONS.of(duration)) if len(notes) else 0
    last = [torch.tensor([[value]], device=reader.device) for value in (int(pitch), kind, int(duration))]
    waited = cut - int(onset)
    chances = short(numbers_of(reader.network.gap(h[:, -1:], given, *last)), max(how.longest, waited))
    row.time = int(onset) + at_least(GAPS, tempered(chances[0], row.temperature), waited, random)
    return row


def _note(reader: Reader, rows: Sequence[Row], how: NoteSampling) -> None:
    """Draw the next note of each row, and when the one after it comes."""
    for row in rows:
        if row.used == reader.context:
            reader.refill(row)
    uniform = np.stack([row.random.random(6) for row in rows])
    hot = np.array([row.temperature for row in rows])
    asked = [row.piece.ask(row.time, hidden=bool(u < how.hidden)) for row, u in zip(rows, uniform[:, 5], strict=True)]
    off = how.steady * np.stack([row.off(one["rates"]) for row, one in zip(rows, asked, strict=True)])
    network, device = reader.network, reader.device
    h, given, channels, straight = reader.step(rows, asked)
    log_p, seen = network.pitch(h, given, channels, straight)
    pitch = drawn(numbers_of(log_p), uniform[:, 0], hot, how.top_p)
    p = torch.from_numpy(pitch).to(device)[:, None]
    log_d = numbers_of(network.duration(h, seen, given, p)) - off[:, 1:] * np.log(DURATIONS.low)
    kind = drawn(log_d, uniform[:, 1], hot)
    duration = within(DURATIONS, kind, uniform[:, 2])
    d, lasting = (torch.from_numpy(a).to(device)[:, None] for a in (kind, duration))
    log_g = numbers_of(network.gap(h, given, p, d, lasting)) + off[:, :1] * np.log1p(GAPS.low)
    gap = within(GAPS, drawn(short(log_g, how.longest), uniform[:, 3], hot), uniform[:, 4])
    for row, *note, wait in zip(rows, pitch, duration, gap, strict=True):
        row.piece.add(int(note[0]), row.time, int(note[1]))
        row.time += int(wait)
        row.used += 1
