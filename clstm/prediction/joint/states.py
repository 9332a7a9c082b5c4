"""Joint nats of a frame under a model of frames: -log P of the frame that it draws.

A model of frames gives a chance of held and a chance of struck, each alone. What is drawn from them
(`clstm.generation.sampling.draw`) is one of three states of each pitch, for the frame after a known one:

    struck    min(struck, held)
    goes on   held - min(struck, held), only of what sounded in the frame before
    off       the rest: of what sounded 1 - held, of what was silent 1 - min(struck, held)

These sum to 1, and pitches are drawn apart, so that the chances of all frames that can follow sum to 1. Cross-entropy
of cells is another number: it also pays for the held chance of a silent pitch, which no music drawn has. A state that
came with a chance below `NEAREST` costs as if it had that, and is counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.music.score import HELD, STRUCK, Matrix
from clstm.prediction.resampling import Array
from clstm.prediction.scores import NEAREST

OFF, GOES_ON, IS_STRUCK = range(3)


@dataclass(frozen=True, eq=False)
class JointNats:
    """Of some frames, (n,) each.

    nats : given the window before the frame and nothing else
    past : given all of the piece before it; NaN where it is not known
    zeros : pitches whose state came although its chance was 0
    """

    nats: Array
    past: Array
    zeros: NDArray[np.int64]


def chances_of_states(chances: Array, sounding: NDArray[np.uint8]) -> Array:
    """What is drawn of each pitch: the chances of off, goes on and struck, (n, 3, pitches), which sum to 1.

    chances : (n, rows) of held and struck, 0..1; sounding : (n, pitches), held in the frame before

    A pitch that sounds, and the same one silent: held with 0.75, struck with 0.25.

    >>> chances = np.zeros((2, 156))
    >>> chances[:, 36], chances[:, 78 + 36] = 0.75, 0.25
    >>> chances_of_states(chances, np.array([[1] * 78, [0] * 78], dtype=np.uint8))[:, :, 36].tolist()
    [[0.25, 0.5, 0.25], [0.75, 0.0, 0.25]]
    """
    held = chances[:, HELD]
    struck = np.minimum(chances[:, STRUCK], held)
    sounds = sounding == 1
    goes_on = np.where(sounds, held - struck, 0)
    return np.stack([np.where(sounds, 1 - held, 1 - struck), goes_on, struck], axis=1)


def states(frames: Matrix) -> NDArray[np.int64]:
    """The state of each pitch, (n, pitches): 0 off, 1 goes on, 2 struck. frames : (n, rows)"""
    found = np.where(frames[:, STRUCK] == 1, IS_STRUCK, np.where(frames[:, HELD] == 1, GOES_ON, OFF))
    return np.asarray(found, dtype=np.int64)


def joint_nats(chances: Array, before: Matrix, frames: Matrix) -> JointNats:
    """Joint nats of frames, each given the one before it and the chances that a model has of its cells.

    chances, before, frames : (n, rows)

    >>> silent = np.zeros((1, 156), dtype=np.uint8)
    >>> found = joint_nats(np.full((1, 156), 0.5), silent, silent)  # 78 pitches: each is struck, or off
    >>> round(float(found.nats[0] / 78), 4), found.zeros.tolist()
    (0.6931, [0])
    """
    each = chances_of_states(chances, before[:, HELD])
    given = np.take_along_axis(each, states(frames)[:, None], axis=1)[:, 0]
    nats = -np.log(np.maximum(given, NEAREST)).sum(axis=1)
    return JointNats(nats, np.full(len(nats), np.nan), (given < NEAREST).sum(axis=1))
