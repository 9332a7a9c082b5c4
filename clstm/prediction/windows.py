"""The paper's task for a predictor: given exactly these 90 frames, and nothing before them, predict the next.

Windows of a piece overlap. What a network's front makes of a frame is the same in all of them, and computed once; its
recurrence starts from a zero state in each.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from clstm.corpus.corpus import Corpus
from clstm.models.networks import Model
from clstm.music.score import Matrix
from clstm.prediction.baselines import Chances, Predictor

WINDOWS_AT_ONCE = 256  # from here on nn.LSTM of the paper's size gets no faster on a CPU
FRAMES_AT_ONCE = 8192  # of a long piece


@dataclass(frozen=True)
class Windows:
    """Some windows of one piece, in order.

    first : the frame of the piece that `frames` begin with
    frames : (T, rows), where the windows and what follows them are
    ends : (n,), the frame after each window
    targets : (n, horizon, rows), the frames after each window
    """

    piece: int
    first: int
    frames: Matrix
    ends: NDArray[np.int64]
    targets: Matrix


def windows_of(corpus: Corpus, pieces: Iterable[int], window: int, horizon: int, stride: int) -> Iterator[Windows]:
    """Every window of some pieces that has its horizon; those of a long piece in turns, so that memory is bounded.

    >>> import pandas as pd
    >>> from clstm.corpus.corpus import pack
    >>> table = pd.DataFrame({"start": [0], "frames": [10]})
    >>> corpus = Corpus("toy", table, pack(np.eye(156, 10, dtype=np.uint8)))  # row k is 1 in frame k
    >>> (some,) = windows_of(corpus, [0], window=4, horizon=2, stride=2)
    >>> some.ends.tolist(), some.targets.argmax(axis=2).tolist()
    ([4, 6, 8], [[4, 5], [6, 7], [8, 9]])
    """
    for piece in pieces:
        ends = _ends(corpus, piece, window, horizon, stride)
        turns = math.ceil(corpus.lengths[piece] / FRAMES_AT_ONCE)
        for some in np.array_split(ends, turns) if len(ends) else ():
            first = some[0] - window
            frames = np.ascontiguousarray(corpus.excerpt(piece, first, some[-1] + horizon).T)
            inside = some - first
            yield Windows(piece, int(first), frames, inside, frames[inside[:, None] + np.arange(horizon)])


def windows_in(corpus: Corpus, pieces: Iterable[int], window: int, horizon: int, stride: int) -> int:
    """How many `windows_of` gives; pieces shorter than window + horizon have none.

    A piece of 10 frames: the windows of 4 frames with 2 to follow end before frames 4, 6 and 8.

    >>> import pandas as pd
    >>> from clstm.corpus.corpus import pack
    >>> table = pd.DataFrame({"start": [0], "frames": [10]})
    >>> corpus = Corpus("toy", table, pack(np.zeros((156, 10), dtype=np.uint8)))
    >>> windows_in(corpus, [0], window=4, horizon=2, stride=2)
    3
    """
    return sum(len(_ends(corpus, piece, window, horizon, stride)) for piece in pieces)


def _ends(corpus: Corpus, piece: int, window: int, horizon: int, stride: int) -> NDArray[np.int64]:
    return np.arange(window, corpus.lengths[piece] - horizon + 1, stride)


def predictor(network: Model) -> Predictor:
    """What a network predicts after each window.

    >>> from clstm.models.networks import Network, NetworkConfig
    >>> predict = predictor(Network(NetworkConfig("lstm", window=4, hidden=4)))
    >>> predict(np.zeros((6, 156), dtype=np.uint8), np.array([4, 5]), 9).shape
    (2, 9, 156)
    """
    network = network.eval()
    window, steps = network.config.window, network.config.window - network.lag

    @torch.inference_mode()
    def predict(frames: Matrix, ends: NDArray[np.int64], horizon: int) -> Chances:
        features = network.front(torch.from_numpy(frames[None].astype(np.float32)))[0]  # (T - lag, width)
        chances = []
        for first in torch.split(torch.from_numpy(ends - window), WINDOWS_AT_ONCE):
            summary, _ = network.carry(features[first[:, None] + torch.arange(steps)])
            logits = network.predict(summary[:, -1]).double()  # float32 rounds probabilities near 1 to 1
            chances.append(torch.sigmoid(logits)[:, :horizon])  # cut last: a sigmoid's last bit depends on the size
        return torch.cat(chances).numpy()

    return predict
