"""What scores music under a run, of either kind: nats of cells, joint nats, and those of whole pieces."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.models.checkpoint import load_network
from clstm.models.notes import Notes
from clstm.music.score import Matrix
from clstm.prediction.baselines import Predictor
from clstm.prediction.joint.notewise import nats_after, whole
from clstm.prediction.joint.states import joint_nats
from clstm.prediction.resampling import Array
from clstm.prediction.scores import nats
from clstm.prediction.windows import predictor

Windows = tuple[Matrix, NDArray[np.int64]]  # frames (T, rows), and the frame after each window, (n,)


@dataclass(frozen=True)
class Reader:
    """How a model scores music.

    after : nats and joint nats of the frame after each window of some turns, (n,) each, NaN where there are none
    whole : exact nats of a whole piece, of models that draw notes
    """

    after: Callable[[Sequence[Windows]], tuple[Array, Array]]
    whole: Callable[[Matrix], float] | None = None


def reader(run: Path, window: int) -> Reader:
    """What scores turns of pieces under a run, and whole pieces if it draws notes."""
    network, _ = load_network(run)
    if not isinstance(network, Notes):
        return Reader(partial(nats_of_turns, predictor(network)))

    def after(turns: Sequence[Windows]) -> tuple[Array, Array]:
        joint = np.concatenate([nats_after(network, frames, ends, window) for frames, ends in turns])
        return np.full(len(joint), np.nan), joint

    return Reader(after, partial(whole, network))


def nats_of_turns(predict: Predictor, turns: Sequence[Windows]) -> tuple[Array, Array]:
    """Nats and joint nats of the frame after each window, (n,) each, of turns one after another: no window crosses from
    one to the next."""
    frames = np.concatenate([part for part, _ in turns])
    starts = np.cumsum([0, *(len(part) for part, _ in turns[:-1])])
    ends = np.concatenate([own + start for (_, own), start in zip(turns, starts, strict=True)])
    chances = predict(frames, ends, 1)[:, 0]
    joint = joint_nats(chances, frames[ends - 1], frames[ends]).nats
    return np.asarray(nats(chances, frames[ends]).sum(axis=1)), joint
