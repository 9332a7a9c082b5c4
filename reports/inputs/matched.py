"""Which pieces of several systems belong together: continuations of one prompt, or files of one name.

A prompt is known where `generated.json` records the piece and the place that a file continues. A file without such a
record belongs to the files of its own name, as in `evaluation.prompting.continuations`, or, where it has the name of a
piece that was continued once, to that prompt. Two systems that share nothing are never said to have heard the same
prompt.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from evaluation.measurement.inputs import MeasurementInput
from evaluation.prompting.continuations import prompts

By = Literal["prompt", "name"]


class HasInput(Protocol):
    """A piece of a system, as it is measured."""

    @property
    def input(self) -> MeasurementInput: ...


@dataclass(frozen=True)
class Match:
    """What the pieces of several systems have in common: a prompt, or the name of their files.

    label : "bwv846 at 12.0 s", or the name; a second piece of a system after the same prompt has a match of its
        own, "bwv846 at 12.0 s (2)"
    by : "prompt" where the prompt of every one of them is recorded
    """

    label: str
    by: By


@dataclass(frozen=True)
class Matches:
    """matches : in the order of the first system's pieces; of : by system, the match of each piece, None of a system
    that shares none with another"""

    matches: tuple[Match, ...]
    of: Mapping[str, tuple[int | None, ...]]

    def piece(self, system: str, match: int | None) -> int | None:
        """The place of a system's piece of this match.

        >>> Matches((Match("a", "name"),), {"A": (0,), "B": (None,)}).piece("A", 0)
        0
        """
        own = self.of[system]
        return own.index(match) if match is not None and match in own else None


def matched(systems: Mapping[str, Sequence[HasInput]], controls: Container[str] = ()) -> Matches:
    """What the pieces of these systems have in common.

    systems : pieces by system, the reference first; controls : those that are the reference's files again, which alone
        are nothing in common
    """
    own = {name: list(prompts([one.input for one in pieces])) for name, pieces in systems.items()}
    of_names = _prompts_of_names(own)
    keys = {name: list(_numbered(prompt or of_names.get(file, file) for file, prompt in own[name])) for name in own}
    counts = Counter(key for name in keys if name not in controls for key in keys[name])
    linked = {name: any(counts[key] > 1 for key in keys[name]) for name in keys}
    order = list(dict.fromkeys(key for name in keys if linked[name] for key in keys[name]))
    known = {prompt for rows in own.values() for _, prompt in rows}
    place = {key: number for number, key in enumerate(order)}
    unrecorded = {
        key
        for name in keys
        for key, (_, prompt) in zip(keys[name], own[name], strict=True)
        if linked[name] and not prompt
    }
    return Matches(
        tuple(Match(_label(key, known), "name" if key in unrecorded else "prompt") for key in order),
        {name: tuple(place[key] if linked[name] else None for key in keys[name]) for name in keys},
    )


def _prompts_of_names(own: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """The prompt of each name: that which files of this name continue, or which is of a piece of this name; where it is
    recorded of one, and is the same for all."""
    of_files: dict[str, set[str]] = {}
    of_pieces: dict[str, set[str]] = {}
    for rows in own.values():
        for name, prompt in rows:
            if prompt:
                of_files.setdefault(name, set()).add(prompt)
                of_pieces.setdefault(prompt.rpartition(" at ")[0], set()).add(prompt)
    return {name: next(iter(known)) for name, known in (of_pieces | of_files).items() if len(known) == 1}


def _numbered(keys: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each key with how often it has been there, from 1."""
    seen: dict[str, int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        yield key, seen[key]


def _label(key: tuple[str, int], known: Container[str]) -> str:
    """known : keys that are prompts, which end with a number of seconds"""
    name, number = key
    return name + (" s" if name in known else "") + (f" ({number})" if number > 1 else "")
