"""How simulated listeners judge a screen: by the P("human") that each would give its clips (`rehearsal`).

So a guesser rates at random and an expert prefers human music. A clip that is more human gets more points, is preferred
more often, and is easier to identify in ABX beside one that is less so. In MUSHRA whoever hears the difference
recognises the hidden reference, and rates the anchors lowest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from listening_study.protocol.items import ABX, FIRST, PREFERENCE, SECOND, Judgement
from listening_study.protocol.key import REFERENCE
from listening_study.protocol.tasks import Attribute, Task, TaskKind

SPREAD = 0.2  # standard deviation of one rating, of the scale
SURE = 3.0  # log-odds of preferring a clip whose P("human") is 1 to one whose is 0
HEARD = 0.6  # P("human") of the reference from which a listener recognises it beside the open one
NEAR = 0.15  # difference in P("human") below which some say that there is none


@dataclass(frozen=True)
class Heard:
    """One clip as a listener hears it; source: what the key says, p: P("human")."""

    clip: str
    source: str
    p: float


def judgements(task: Task, heard: Sequence[Heard], random: np.random.Generator) -> list[Judgement]:
    """What a listener says of the clips of a screen, in their order.

    >>> heard = [Heard("a", "human", 1.0), Heard("b", "lstm", 0.0), Heard("x", "human", 1.0)]
    >>> judgements(Task(kind=TaskKind.ABX), heard, np.random.default_rng(0))
    [Judgement(clip='x', attribute='abx', value=1.0)]
    """
    match task.kind:
        case TaskKind.PREFERENCE:
            return _preferred(task, heard, random)
        case TaskKind.ABX:
            first, second, x = heard
            right = FIRST if x.source == first.source else SECOND
            identified = random.random() < 0.5 + abs(first.p - second.p) / 2
            return [Judgement(x.clip, ABX, right if identified else FIRST + SECOND - right)]
        case TaskKind.MUSHRA:
            return [_scored(task.asked[0], one, random) for one in heard]
        case _:
            return [
                Judgement(one.clip, attribute.name, _rated(attribute, one.p, random))
                for one in heard
                for attribute in task.asked
            ]


def _preferred(task: Task, heard: Sequence[Heard], random: np.random.Generator) -> list[Judgement]:
    first, second = heard
    gap = first.p - second.p
    if task.no_difference and abs(gap) < NEAR and random.random() < 0.3:
        values = (0.5, 0.5)
    else:
        values = (1.0, 0.0) if random.random() < expit(SURE * gap) else (0.0, 1.0)
    return [Judgement(one.clip, PREFERENCE, value) for one, value in zip(heard, values, strict=True)]


def _rated(attribute: Attribute, p: float, random: np.random.Generator) -> float:
    low, high = attribute.range
    share = float(np.clip(random.normal(0.25 + 0.5 * p, SPREAD), 0, 1))
    return float(round(low + (high - low) * share))


def _scored(attribute: Attribute, one: Heard, random: np.random.Generator) -> Judgement:
    sensitive = one.p != 0.5
    if one.source == REFERENCE and one.p > HEARD:
        return Judgement(one.clip, attribute.name, float(random.integers(93, 101)))
    anchor = sensitive and one.source.startswith("anchor")
    return Judgement(one.clip, attribute.name, _rated(attribute, -0.2 if anchor else 0.8 * one.p, random))
