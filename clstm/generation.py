"""Continue a seed, frame by frame.

Two ways to move on. `window` is the paper's: a zero state, the last 90 frames, and the next 9 drawn from one answer.
`stream` carries the recurrent state along and asks for one frame at a time, so every frame is drawn knowing all before
it; it is faster, but a state carried further than training ever went can run away into ever denser music.

The output layer gives each cell's own chance, yet held and struck hang together. A frame is drawn so that the matrix
stays consistent: a note is struck with its struck chance; a note that is not struck goes on only if it was sounding,
with the share of the held chance that strikes leave over. So the cells of a note that may be sounding keep their
chances; a silent note's held chance beyond its struck chance, which no consistent music has, is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from clstm.console import Advance
from clstm.corpus import Corpus
from clstm.models import Network
from clstm.score import FRAME_RATE, HELD, PITCHES, STRUCK, Matrix
from clstm.seeds import Seed

Mode = Literal["stream", "window"]
MODES: tuple[Mode, ...] = get_args(Mode)

Chances = NDArray[np.float32]


@dataclass(frozen=True)
class Sampling:
    """How frames are drawn. A temperature below 1 makes likely cells likelier; above 1, all more even."""

    mode: Mode = "window"
    temperature: float = 1.0
    seed: int = 0


@torch.inference_mode()
def generate(
    network: Network,
    seeds: Sequence[Seed],
    frames: int,
    sampling: Sampling = Sampling(),
    advance: Advance = lambda what, done, total: None,
) -> list[Matrix]:
    """Continue every seed, all in one batch. Returns one consistent (156, frames) matrix a seed, without the seed.

    Seed i draws from a generator of its own, f(sampling.seed, i): it gives the same music on the same machine in a
    batch of any size up to float error in the chances.
    """
    draws = np.stack(
        [np.random.default_rng((sampling.seed, 3, i)).random((frames, 2, PITCHES)) for i in range(len(seeds))]
    )
    music = np.stack([seed.window.T for seed in seeds])  # (B, window, rows)
    start = music.shape[1]
    state = None
    step = 1 if sampling.mode == "stream" else network.config.horizon
    unread = music
    while (done := music.shape[1] - start) < frames:
        hidden, carried = network.advance(torch.from_numpy(unread.astype(np.float32)), state)
        chances = torch.sigmoid(network.predict(hidden) / sampling.temperature)[:, :step].numpy()
        drawn = draw(chances, music[:, -1, HELD], draws[:, done : done + step])
        music = np.concatenate([music, drawn], axis=1)
        if sampling.mode == "stream":
            state, unread = carried, music[:, -1 - network.lag :]
        else:
            unread = music[:, -network.config.window :]
        advance("Generating", min(done + step, frames), frames)
    return [piece[start : start + frames].T.copy() for piece in music]


def draw(chances: Chances, sounding: NDArray[np.uint8], draws: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Draw consecutive frames from the chances of their cells.

    chances : (B, steps, rows); sounding : (B, pitches), held in the frame before
    draws : (B, at most steps, 2, pitches) uniform in 0..1
    returns (B, as many steps as draws, rows) uint8

    P(struck) is its chance. P(held and not struck) = P(held) - P(struck) needs the note to have been sounding, which
    had the chance `reach`: 1 for the frame that is known, then the held chance of the frame before.
    """
    frames = np.zeros((*draws.shape[:2], chances.shape[2]), dtype=np.uint8)
    reach = np.ones(sounding.shape, dtype=np.float32)
    before = sounding.astype(bool)
    for step in range(draws.shape[1]):
        held, struck = chances[:, step, HELD], np.minimum(chances[:, step, STRUCK], chances[:, step, HELD])
        goes_on = (held - struck) / np.maximum((1 - struck) * reach, 1e-9)
        strikes = draws[:, step, 0] < struck
        before = strikes | (before & (draws[:, step, 1] < goes_on))
        frames[:, step, HELD], frames[:, step, STRUCK] = before, strikes
        reach = held
    return frames


def density(matrix: Matrix) -> float:
    """Notes struck a second."""
    return float(matrix[STRUCK].sum() * FRAME_RATE / matrix.shape[1])


def density_range(corpus: Corpus, frames: int) -> tuple[float, float] | None:
    """The 1st and 99th percentile of the density of the training music, over stretches of `frames`; None when no piece
    is as long.
    """
    densities = []
    for piece in corpus.of_split("train"):
        matrix = corpus.matrix(int(piece))
        for start in range(0, matrix.shape[1] - frames + 1, max(frames // 2, 1)):
            densities.append(density(matrix[:, start : start + frames]))
    if not densities:
        return None
    low, high = np.percentile(densities, [1, 99])
    return float(low), float(high)
