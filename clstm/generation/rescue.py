"""Rescue for music to listen to: where it falls silent, saturates or loops, go back and draw again.

Do not use it on music that is evaluated: what a model does without help is the result, and how often it fails is a
metric of its own (`clstm.music.degeneration`).

Music is cut one second before the failure begins and continues from the window that ends there, with new draws. While a
window's length is drawn, until the model no longer reads what it wrote before, the temperature is 10 % higher where
music fell silent or looped, 10 % lower where it saturated. The state is built anew from the window, in `stream` mode
too, so one that ran away is left behind. When the same place fails again, the cut lies a second further back and the
temperature is a tenth further off; the place is the same until music has got a window's length past where it first
failed. After eight attempts at one place the failure stays, and is reported like any other failure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.generation import notewise
from clstm.generation.drawing import NoteSampling
from clstm.generation.prompts import Prompt
from clstm.generation.sampling import BATCH, Sampling, extend, generator
from clstm.models.networks import Model
from clstm.models.notes import Notes
from clstm.music import degeneration
from clstm.music.score import FRAME_RATE, WINDOW, Matrix
from clstm.runtime.progress import Progress, silent

ATTEMPTS = 8  # at one place
BACK = FRAME_RATE  # frames
STRONGER = 1.1  # factor of the temperature per attempt

# Continues each music so far by some frames: from generators, at the temperatures of each and of every frame.
Writer = Callable[
    [Sequence[Matrix], int, Sequence[np.random.Generator], NDArray[np.float64]], Sequence[Matrix] | NDArray[np.uint8]
]


@dataclass
class _Item:
    """One prompt's music so far. `tries` counts the attempts at `place`, a frame; `redrawn` all attempts."""

    matrix: Matrix
    place: int = 0
    tries: int = 0
    redrawn: int = 0

    def failure(self, window: int) -> tuple[str, int] | None:
        """What to fix next and the frame in which it begins; None when nothing fails or nothing helped."""
        first = degeneration.measure(self.matrix).first
        if first is None:
            return None
        kind, onset = first[0], round(first[1] * FRAME_RATE)
        if onset >= self.place + window:
            self.place, self.tries = onset, 0
        return None if self.tries == ATTEMPTS else (kind, onset)


def rescue(
    network: Model | Notes,
    prompts: Sequence[Prompt],
    music: Sequence[Matrix],
    sampling: Sampling,
    progress: Progress = silent,
) -> tuple[list[Matrix], list[int]]:
    """What `generate` made of the prompts, with its failures drawn again; and how often each was.

    music : (156, frames) per prompt, all of one length; what has not failed is returned as it is
    """
    window, write = _writing(network, sampling)
    items = [_Item(matrix) for matrix in music]
    unsettled = list(range(len(items)))
    while True:
        failures = {place: items[place].failure(window) for place in unsettled}
        unsettled = [place for place in unsettled if failures[place]]
        if not unsettled:
            return [item.matrix for item in items], [item.redrawn for item in items]
        progress("Rescuing", len(items) - len(unsettled), len(items))
        for first in range(0, len(unsettled), BATCH):
            batch = {place: failure for place in unsettled[first : first + BATCH] if (failure := failures[place])}
            _again(write, window, prompts, items, batch, sampling)


def _writing(network: Model | Notes, sampling: Sampling) -> tuple[int, Writer]:
    """The frames in which the temperature is another, and what continues music. A model of notes reads all of it."""
    if isinstance(network, Notes):
        how = NoteSampling.of(sampling)
        return WINDOW, lambda pasts, frames, *drawing: notewise.extend(network, pasts, frames, how, *drawing)
    window = network.config.window

    def write(pasts: Sequence[Matrix], frames: int, *drawing: Any) -> NDArray[np.uint8]:
        windows = np.stack([past[:, past.shape[1] - window :] for past in pasts])
        return extend(network, windows, frames, sampling, *drawing)

    return window, write


def _again(
    write: Writer,
    window: int,
    prompts: Sequence[Prompt],
    items: list[_Item],
    failures: dict[int, tuple[str, int]],
    sampling: Sampling,
) -> None:
    """Draw the rest of some items again, in one batch, from before the failure of each."""
    length = items[0].matrix.shape[1]
    cuts, pasts, randoms = [], [], []
    temperatures = np.full((len(failures), length), sampling.temperature)
    for row, (place, (kind, onset)) in enumerate(failures.items()):
        item = items[place]
        item.tries += 1
        item.redrawn += 1
        cuts.append(max(onset - item.tries * BACK, 0))
        pasts.append(np.concatenate([prompts[place].window, item.matrix[:, : cuts[-1]]], axis=1))
        randoms.append(generator(sampling, place, item.redrawn))
        temperatures[row, :window] *= STRONGER ** (-item.tries if kind == "saturation" else item.tries)
    longest = length - min(cuts)
    rests = write(pasts, longest, randoms, temperatures[:, :longest])
    for place, cut, rest in zip(failures, cuts, rests, strict=True):
        items[place].matrix = np.concatenate([items[place].matrix[:, :cut], rest[:, : length - cut]], axis=1)
