"""How notes are drawn from the chances that a network gives (`clstm.generation.notewise`).

What is drawn from is the network's chance of each value to the power of 1 / temperature, made to sum to 1 again, but
for four things, which `NoteSampling` states:

top_p    of the pitches only the likeliest are drawn that together have so much of the chance (Holtzman et al. 2020)
hidden   for this share of the notes the past suggests nothing, as for half of the notes in training. With all of it the
         network repeats itself more than people do
longest  no gap is longer. People's are not, but for one in a thousand; the network's longer gaps are the ends of
         pieces, after which nothing it learnt from goes on
steady   how strongly the density is kept. Slow music has few notes, so a network that errs as often, per note, towards
         slow as towards fast music spends most of its time in slow music: in five minutes its density halves, and its
         notes get twice as long. People's density stays. So the chance of a gap g is multiplied by (1 + g)^-a, that of
         a duration d by d^-b: of all distributions with the same mean of log(1 + g), or of log d, these are the closest
         to the network's (exponential tilting). a is `steady` times how much fewer notes have come lately (with a
         memory of 32 s) than in the prompt, b how many more pitches have sounded, both as differences of logarithms.
         Music from nothing is compared with its own first 11.25 s
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.generation.sampling import Sampling
from clstm.models.note_inputs import GAPS, MASKED, Classes
from clstm.runtime.errors import UserError

Numbers = NDArray[np.float64]
HIDDEN = 0.3
STEADY = 1.0
IMPOSSIBLE = MASKED / 10  # log chances: nothing that can be is as unlikely, all that cannot is less likely
LONGEST_GAP = 15  # frames, almost two seconds


@dataclass(frozen=True)
class NoteSampling:
    """How notes are drawn: see above. longest : frames"""

    top_p: float = 1.0
    hidden: float = HIDDEN
    longest: int = LONGEST_GAP
    steady: float = STEADY

    @classmethod
    def of(cls, sampling: Sampling) -> "NoteSampling":
        """As asked for. Raises `UserError` for what is said of frames and cells: here notes are drawn."""
        for name, value in (("--step", sampling.step), ("--threshold", sampling.threshold)):
            if value is not None:
                raise UserError(f"{name} {value:g} is for models that write frames; this one draws notes: leave it out")
        if sampling.mode != "window":
            raise UserError(
                f"--mode {sampling.mode} is for models that write frames; this one draws notes: leave it out"
            )
        return cls(1.0 if sampling.top_p is None else sampling.top_p)


def drawn(log_p: Numbers, uniform: Numbers, temperature: Numbers, top_p: float = 1.0) -> NDArray[np.int64]:
    """A class of each row. log_p : (R, classes); uniform, temperature : (R,)

    Of two classes that are as likely, the first half of the uniform numbers draws the first:

    >>> drawn(np.zeros((2, 2)), np.array([0.4, 0.6]), np.ones(2)).tolist()
    [0, 1]
    """
    scaled = tempered(log_p, temperature[:, None])
    chances = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    if top_p < 1:
        order = np.argsort(-chances, axis=1, kind="stable")
        ranked = np.take_along_axis(chances, order, axis=1)
        ranked[np.cumsum(ranked, axis=1) - ranked >= top_p] = 0
        np.put_along_axis(chances, order, ranked, axis=1)
    up_to = np.cumsum(chances, axis=1)
    reached = uniform[:, None] * up_to[:, -1:] < up_to
    kind: NDArray[np.int64] = reached.argmax(axis=1)
    return kind


def tempered(log_p: Numbers, temperature: Numbers | float) -> Numbers:
    """Log chances divided by the temperature. What cannot be stays impossible, however hot it is."""
    scaled: Numbers = np.where(log_p > IMPOSSIBLE, log_p / temperature, -np.inf)
    return scaled


def short(log_p: Numbers, longest: int) -> Numbers:
    """The chances of gaps without those that are too long, unless nothing else is possible."""
    cut = np.where(GAPS.low > longest, -np.inf, log_p)
    possible = (cut > IMPOSSIBLE).any(axis=1, keepdims=True)
    return np.where(possible, cut, log_p)


def within(classes: Classes, kind: NDArray[np.int64], uniform: Numbers) -> NDArray[np.int64]:
    """A value of each class; all that a class stands for are as likely."""
    value: NDArray[np.int64] = classes.low[kind] + (uniform * classes.width[kind]).astype(np.int64)
    return value
