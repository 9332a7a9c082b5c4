"""An attacker who took part: what they can find out about the sources of the clips.

They know the code, `study.toml`, every value that is published (study.json, the registration), which participant of the
study they were, and everything that the server sent to them. They have neither the files that are private to the
study's owner nor the music.

They try two ways. Words that the page received are looked up in what is published: clips named in one list share a
source. And the order is computed by the study's own code, with every published or received value as the secret; the
right one gives the group of the clip at each position. The attacker is told whether a value is right and which group
belongs to which source, since the practice clips could reveal that by ear.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from listening_study.protocol.design import Layout, TrialKind, trials
from listening_study.protocol.order import Order
from listening_study.protocol.study import Study

SMALL = 100  # smaller numbers are tried: somebody may have chosen one as the secret
CONFIRMED = 64  # listeners whose orders a secret must lead to
DRAWS = 9_999
LEVEL = 0.005  # p of a leak: it adds next to nothing to the 5 % of studies that the other tests fail by chance

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class ReceivedTrial:
    """One trial as a participant received it.

    clip : for the evaluation: the attacker does not know it
    words : every word that the page received with it
    """

    clip: str
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AttackResult:
    """The result of an attack.

    value : the published or received value that every participant's order can be computed from, None without one
    found : clips assigned to their sources, of `clips`
    chance : how many guessing assigns correctly
    p : of so many, by guessing
    """

    value: str | None
    found: int
    clips: int
    chance: float
    p: float


def words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def attack(
    study: Study,
    order: Order,
    sources: Mapping[str, str],
    heard: Sequence[ReceivedTrial],
    received: Collection[str] = (),
    slot: int = 0,
) -> AttackResult:
    """The attack of the participant of this slot.

    sources : by clip, for the evaluation
    heard : all trials in order, practice left out
    received : every word that the page received on any screen
    """
    known = published(study)
    value = secret_among(candidates(known, received), study, order)
    main = [shown for shown in heard if shown.clip in sources]
    main = main[: study.size.main]  # clips heard again come last
    groups = _by_name(known, main) or _by_order(value or str(study.seed), study, slot)
    return _judged(value, groups, [sources[shown.clip] for shown in main])


def published(study: Study) -> dict[str, Any]:
    """What is published of a study, by file."""
    paths = (study.path, study.registration_path)
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths if path.is_file()}


def candidates(known: Mapping[str, Any], received: Collection[str] = ()) -> list[str]:
    """Every value that could be the secret, each once.

    >>> found = candidates({"study.json": {"seed": 7}})
    >>> found[:3], len(found)  # the seed, the other 99 small numbers, and its hash
    (['7', '0', '1'], 101)
    """
    leaves = [leaf for content in known.values() for leaf in _leaves(content)]
    hashes = [sha256(leaf.encode()).hexdigest() for leaf in leaves]
    return list(dict.fromkeys([*leaves, *map(str, range(SMALL)), *hashes, *sorted(received)]))


def secret_among(values: Sequence[str], study: Study, order: Order) -> str | None:
    """The first value that leads to every listener's order, by today's design or the older one."""
    layout = order.layout(study)
    orders = [order.trials(study, slot) for slot in range(CONFIRMED)]
    for value in values:
        for way in (layout, replace(layout, one_square=not layout.one_square)):
            if all(trials(value, slot, way) == heard for slot, heard in enumerate(orders)):
                return value
    return None


def _by_name(known: Mapping[str, Any], main: Sequence[ReceivedTrial]) -> list[int]:
    """The group of each clip by the published list that names it; empty where that does not divide all clips."""
    place = {word: number for number, several in enumerate(_lists(known)) for word in several}
    named = [next((place[word] for word in sorted(shown.words) if word in place), None) for shown in main]
    groups = [group for group in named if group is not None]
    return groups if len(groups) == len(main) and len(set(groups)) > 1 else []


def _by_order(value: str, study: Study, slot: int) -> list[int]:
    """The group of the clip at each place, if this is the secret; it does not depend on the clips' names."""
    size = study.size
    strata = tuple(tuple(f"{group}.{clip}" for clip in range(size.clips)) for group in range(size.sources))
    heard = trials(value, slot, Layout(strata, size.each, one_square=not study.has_secret_order))
    return [int(trial.clip.partition(".")[0]) for trial in heard if trial.kind is TrialKind.MAIN]


def _judged(value: str | None, groups: Sequence[int], sources: Sequence[str]) -> AttackResult:
    _, guessed = np.unique(groups, return_inverse=True)
    _, truth = np.unique(sources, return_inverse=True)
    random = np.random.default_rng(0)
    by_chance = np.array([_agreement(guessed, random.permutation(truth)) for _ in range(DRAWS)])
    found = _agreement(guessed, truth)
    p = (1 + int((by_chance >= found).sum())) / (1 + DRAWS)
    return AttackResult(value, found, len(sources), float(by_chance.mean()), p)


def _agreement(groups: np.ndarray, truth: np.ndarray) -> int:
    """Clips assigned correctly when the groups get the sources' names that fit best."""
    table = np.zeros((groups.max() + 1, truth.max() + 1), dtype=int)
    np.add.at(table, (groups, truth), 1)
    return int(table[linear_sum_assignment(table, maximize=True)].sum())


def _leaves(content: Any) -> Iterator[str]:
    """Every value, however deep."""
    if isinstance(content, Mapping | list):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from _leaves(value)
    else:
        yield str(content)


def _lists(content: Any) -> Iterator[set[str]]:
    """Every list of words, however deep; of an inner one, not of those around it."""
    if isinstance(content, list) and any(isinstance(value, str) for value in content):
        yield {value for value in content if isinstance(value, str)}
    elif isinstance(content, Mapping | list):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from _lists(value)
