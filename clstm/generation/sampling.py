"""Continue a prompt, frame by frame.

Two modes. `window` is the paper's: from a zero state a model reads the last 90 frames and writes the next ones; then
the window moves on to include them. The paper does not say by how many frames: "length of each generation" is nine
frames (its Table 1), "the selected window moves one unit" (section 3.2). The default is nine; with a step of one, every
frame is drawn given all frames before it, at nine times the work. `stream` keeps the recurrent state and draws one
frame at a time by default; it is faster, but over a longer time than in training the state can run away, into ever
denser music.

Two ways to write a frame. When drawn, each cell is on with its probability, changed by the temperature: below 1 likely
cells get likelier, above 1 all get more even. With a threshold nothing is random: a cell is on when its probability is
at least that.

The output layer gives a probability for each cell alone, but held and struck depend on each other. A frame is written
so that the matrix stays consistent: a note is struck with its struck probability, or its held one if that is less; a
note that is not struck continues only if it was sounding, with the part of the held probability that is not struck.
So the cells of a note that may be sounding keep their probabilities; of a silent note, the held probability beyond the
struck one, which no consistent music has, is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from clstm.corpus.corpus import Corpus
from clstm.generation.prompts import Prompt
from clstm.models.networks import Model
from clstm.music.score import FRAME_RATE, HELD, PITCHES, STRUCK, Matrix
from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent

Mode = Literal["stream", "window"]
MODES: tuple[Mode, ...] = get_args(Mode)

BATCH = 64  # prompts at once: enough to keep a machine busy, and bounded memory for any number

Chances = NDArray[np.float32]
Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Sampling:
    """How frames are written.

    step : frames written from one answer, 1 to the horizon; None is all of them for `window`, 1 for `stream`
    temperature : what the log-odds of every cell are divided by
    threshold : a cell is on when its probability is at least this, between 0 and 1; None draws
    rescue : whether to go back and draw again where music falls silent, saturates or loops (`clstm.generation.rescue`)
    top_p : of the pitches of a note, only the likeliest are drawn that together have so much of the chance; None is all
        of them. Only for a model that draws notes (`clstm.generation.notewise`)
    """

    mode: Mode = "window"
    step: int | None = None
    temperature: float = 1.0
    threshold: float | None = None
    rescue: bool = False
    seed: int = 0
    top_p: float | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise UserError(f"--threshold must lie between 0 and 1; got {self.threshold:g}")
        if self.threshold is not None and self.rescue:
            raise UserError("--rescue draws again, but with --threshold nothing is drawn; choose one of the two")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise UserError(f"--top-p must be above 0 and at most 1; got {self.top_p:g}")

    def stepping(self, horizon: int) -> int:
        """The step for a model that answers for `horizon` frames. Raises `UserError` when it is more than those, and
        for what only a model of notes has.

        >>> Sampling("window").stepping(9), Sampling("stream").stepping(9), Sampling("window", step=3).stepping(9)
        (9, 1, 3)
        """
        if self.top_p is not None:
            raise UserError(
                f"--top-p {self.top_p:g} is for models that draw notes; this one writes frames: leave it out"
            )
        usual = 1 if self.mode == "stream" else horizon
        step = usual if self.step is None else self.step
        if not 1 <= step <= horizon:
            raise UserError(f"--step {step}: this model predicts {horizon} frames at once; choose 1 to {horizon}")
        return step


@torch.inference_mode()
def generate(
    network: Model,
    prompts: Sequence[Prompt],
    frames: int,
    sampling: Sampling = Sampling(),
    progress: Progress = silent,
) -> list[Matrix]:
    """Continue every prompt, `BATCH` at a time. Returns one (156, frames) matrix per prompt, without it,
    consistent behind it: a note may sound on from the prompt.

    Prompt i draws from a generator of its own, f(sampling.seed, i): it gives the same music on the same machine in a
    batch of any size up to float error in the chances. Nothing is rescued here.

    The music of a model that has learnt nothing is consistent too:

    >>> from clstm.generation.prompts import opening
    >>> from clstm.models.networks import Network, NetworkConfig
    >>> from clstm.music.score import is_consistent
    >>> prompt, network = opening(), Network(NetworkConfig("lstm", hidden=4))
    >>> (music,) = generate(network, [prompt], frames=16)
    >>> music.shape, is_consistent(np.concatenate([prompt.window, music], axis=1))
    ((156, 16), True)
    """
    temperatures = np.full((1, frames), sampling.temperature)
    music: list[Matrix] = []
    for first in range(0, len(prompts), BATCH):
        batch = prompts[first : first + BATCH]
        windows = np.stack([prompt.window for prompt in batch])
        randoms = [generator(sampling, first + place) for place in range(len(batch))]

        def report(what: str, done: int, total: int, before: int = first, now: int = len(batch)) -> None:
            progress(what, before * total + now * done, len(prompts) * total)

        music += list(extend(network, windows, frames, sampling, randoms, temperatures, report))
    return music


def generator(sampling: Sampling, place: int, attempt: int = 0) -> np.random.Generator:
    """Where prompt number `place` draws from; from elsewhere at each attempt to draw again.

    >>> sampling = Sampling(seed=1)
    >>> bool(generator(sampling, 0).random() == generator(sampling, 0).random())
    True
    >>> bool(generator(sampling, 0).random() == generator(sampling, 0, attempt=1).random())
    False
    """
    return np.random.default_rng((sampling.seed, 3, place, attempt) if attempt else (sampling.seed, 3, place))


@torch.inference_mode()
def extend(
    network: Model,
    windows: Frames,
    frames: int,
    sampling: Sampling,
    randoms: Sequence[np.random.Generator],
    temperatures: NDArray[np.float64],
    progress: Progress = silent,
) -> Frames:
    """Continue windows, all in one batch.

    windows : (B, rows, window) consistent
    randoms : the generator of each, B: what one draws does not depend on the others of its batch
    temperatures : (B or 1, frames)
    returns (B, rows, frames) uint8, consistent and going on from the windows
    """
    step = sampling.stepping(network.config.horizon)
    device = next(network.parameters()).device
    start = windows.shape[2]
    music = np.zeros((len(windows), start + frames, windows.shape[1]), dtype=np.uint8)
    music[:, :start] = windows.transpose(0, 2, 1)

    def features(first: int, stop: int) -> torch.Tensor:
        return network.front(torch.from_numpy(music[:, first:stop]).to(device, torch.float32))

    unread, state = features(0, start), None
    for done in range(0, frames, step):
        count = min(step, frames - done)
        now = slice(start + done, start + done + count)
        summary, carried = network.carry(unread, state)
        # From here on NumPy, on the CPU: the same draws give the same music whatever device made the logits.
        logits = network.predict(summary[:, -1])[:, :count].float().cpu().numpy()
        chances = _sigmoid(logits / temperatures[:, done : done + count, None])
        sounding = music[:, start + done - 1, HELD]
        if sampling.threshold is None:
            draws = np.stack([random.random((count, 2, PITCHES)) for random in randoms])
            music[:, now] = draw(chances, sounding, draws)
        else:
            music[:, now] = likeliest(chances, sounding, sampling.threshold)
        # What the front makes of a frame depends only on it and the `lag` before it: overlapping windows share it.
        fresh = features(now.start - network.lag, now.stop)
        if sampling.mode == "stream":
            unread, state = fresh, carried
        else:
            unread = torch.cat([unread[:, count:], fresh], dim=1)
        progress("Generating", done + count, frames)
    return np.ascontiguousarray(music[:, start:].transpose(0, 2, 1))


def draw(chances: Chances, sounding: Frames, draws: NDArray[np.float64]) -> Frames:
    """Draw consecutive frames from the chances of their cells.

    chances : (B, steps, rows); sounding : (B, pitches), held in the frame before
    draws : (B, at most steps, 2, pitches) uniform in 0..1
    returns (B, as many steps as draws, rows) uint8

    P(struck) is as given. P(held and not struck) = P(held) - P(struck) needs the note to have been sounding, which
    had the probability `reach`: 1 for the known frame, then the held probability of the frame before.

    A cell that is certain is always drawn, one that is impossible never:

    >>> chances = np.zeros((1, 1, 156), dtype=np.float32)
    >>> chances[0, 0, [36, 78 + 36]] = 1  # middle C is struck, and so held
    >>> draws = np.random.default_rng(0).random((1, 1, 2, 78))
    >>> np.flatnonzero(draw(chances, np.zeros((1, 78), dtype=np.uint8), draws)).tolist()
    [36, 114]
    """
    frames = np.zeros((*draws.shape[:2], chances.shape[2]), dtype=np.uint8)
    reach = np.ones(sounding.shape, dtype=np.float32)
    before = sounding.astype(bool)
    for step in range(draws.shape[1]):
        held, struck = chances[:, step, HELD], np.minimum(chances[:, step, STRUCK], chances[:, step, HELD])
        goes_on = (held - struck) / np.maximum((1 - struck) * reach, 1e-9)  # above 1 where held rises: it is certain
        strikes = draws[:, step, 0] < struck
        before = strikes | (before & (draws[:, step, 1] < goes_on))
        frames[:, step, HELD], frames[:, step, STRUCK] = before, strikes
        reach = held
    return frames


def likeliest(chances: Chances, sounding: Frames, threshold: float) -> Frames:
    """Consecutive frames whose cells are on when their probability is at least `threshold`.

    chances : (B, steps, rows); sounding : (B, pitches), held in the frame before; returns (B, steps, rows) uint8

    A note is struck when both its probabilities are at least that; it continues when it was sounding and its held
    one is.

    >>> chances = np.zeros((1, 2, 156), dtype=np.float32)
    >>> chances[0, :, 36] = 0.9  # middle C held in both frames, struck in none
    >>> silence, sounding = np.zeros((1, 78), dtype=np.uint8), np.ones((1, 78), dtype=np.uint8)
    >>> [int(likeliest(chances, before, 0.5).sum()) for before in (silence, sounding)]
    [0, 2]
    """
    frames = (chances >= threshold).astype(np.uint8)
    before = sounding
    for step in range(frames.shape[1]):
        held, struck = frames[:, step, HELD], frames[:, step, STRUCK]
        struck &= held
        held &= struck | before
        before = held
    return frames


def density(matrix: Matrix) -> float:
    """Notes struck per second, of a matrix (156, frames).

    >>> matrix = np.zeros((156, 16), dtype=np.uint8)
    >>> matrix[[36, 36 + 78], 0] = 1  # one note in two seconds
    >>> density(matrix)
    0.5
    """
    return float(matrix[STRUCK].sum() * FRAME_RATE / matrix.shape[1])


def density_range(corpus: Corpus, frames: int) -> tuple[float, float] | None:
    """The 1st and 99th percentile of the density of the training music, over stretches of `frames`; None when no piece
    is as long.
    """
    densities = []
    for piece in corpus.of_split("train"):
        matrix = corpus.matrix(int(piece))
        starts = range(0, matrix.shape[1] - frames + 1, max(frames // 2, 1))
        densities += [density(matrix[:, start : start + frames]) for start in starts]
    if not densities:
        return None
    low, high = np.percentile(densities, [1, 99])
    return float(low), float(high)


def _sigmoid(logits: NDArray[np.float64]) -> Chances:
    # A temperature near 0 makes logits that exp cannot hold; from 80 on a chance is 1 in float32.
    return (1 / (1 + np.exp(-np.clip(logits, -80, 80)))).astype(np.float32)
