"""Which pieces a report lets its readers hear, and how much of each.

All usable pieces of every system, unless that would be too large, or fewer are asked for. Fewer are drawn at random,
the piece shown always among them: the same prompts of systems that have them in common, of others each its own.
Every player holds the beginning of its piece, the same number of seconds of all. Controls, which are the reference's
files again, have the room that is left, and room for some in any case: the quiz plays them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.render import RenderSettings
from reports.inputs.matched import Matches
from reports.inputs.systems import System, SystemPiece

BYTES = 112_000_000  # of all players and views together, but for
BYTES_OF_CONTROLS = 8_000_000  # which controls have in any case
BYTES_OF_A_SINGLE_FILE = 7_000_000  # the same, before base64 adds a third
BYTES_PER_SECOND = 8_000  # of a player: 64 kbit/s
BYTES_OF_VIEWS = 26_000  # of one piece
SHORTEST = 10.0  # seconds of a piece at least: rather fewer pieces than shorter ones
LIKED = 20.0  # seconds of a piece, where there is little room
LONGEST = 60.0
SHORTEST_SPAN = 10.0  # seconds drawn of every song in figures for print, if it has them


@dataclass(frozen=True)
class Spans:
    """Seconds of every shown song that are drawn for print, and of every piece that its player and views hold."""

    drawn: float
    heard: float


@dataclass(frozen=True)
class Selection:
    """pieces : by system, places in its list, in order; span : how much of them"""

    pieces: Mapping[str, tuple[int, ...]]
    span: Spans


def select(
    systems: Sequence[System],
    matches: Matches,
    settings: RenderSettings,
    *,
    most: int | None = None,
    single: bool = False,
    seed: int = 0,
) -> Selection:
    """The pieces that can be heard. most : of a system; single : the report is one file"""
    room = BYTES_OF_A_SINGLE_FILE if single else BYTES
    wanted = (LIKED if single else SHORTEST) * BYTES_PER_SECOND + BYTES_OF_VIEWS
    own, controls = ([one for one in systems if (one.role == "control") == given] for given in (False, True))
    most = max(len(one.pieces) for one in systems) if most is None else most
    order = _random_order(systems, matches, seed)

    def first(some: Sequence[System], count: int) -> dict[str, tuple[int, ...]]:
        return {one.name: _first(one, matches, order, max(min(count, most), 1)) for one in some}

    chosen = first(own, int(room / (len(systems) if single else len(own)) / wanted))
    lengths = np.array([_seconds(one.pieces[place], settings) for one in own for place in chosen[one.name]])
    share = room * len(own) / len(systems) if single else room
    heard = longest_that_fit(lengths, (share - len(lengths) * BYTES_OF_VIEWS) / BYTES_PER_SECOND)
    heard = min(max(heard, SHORTEST), LONGEST)
    used = np.minimum(lengths, heard).sum() * BYTES_PER_SECOND + len(lengths) * BYTES_OF_VIEWS
    each = used / len(lengths) * max(len(controls), 1)
    left = room - used if single else max(room - used, BYTES_OF_CONTROLS)
    chosen |= first(controls, int(left / each))
    drawn = max(min(_seconds(system.shown, settings) for system in systems), SHORTEST_SPAN)
    return Selection(chosen, Spans(drawn, heard))


def longest_that_fit(lengths: NDArray[np.float64], total: float) -> float:
    """The largest number of seconds such that pieces of these lengths, cut there, last no longer than `total` together;
    the longest piece's length where nothing need be cut.

    >>> longest_that_fit(np.array([10.0, 30.0, 60.0]), 50.0)
    20.0
    >>> longest_that_fit(np.array([10.0, 30.0]), 50.0)
    30.0
    """
    short = np.sort(lengths)
    before = np.concatenate([[0.0], np.cumsum(short)[:-1]])  # of the pieces shorter than each
    cut = (total - before) / np.arange(len(short), 0, -1)
    fits = cut >= short
    return float(short[-1] if fits.all() else cut[np.argmin(fits)])


def _random_order(systems: Sequence[System], matches: Matches, seed: int) -> NDArray[np.int64]:
    """Of matches, and of places in a list, in one: systems of equally many pieces are heard at the same places."""
    longest = max(len(matches.matches), *(len(system.pieces) for system in systems))
    return np.random.default_rng(seed).permutation(longest)


def _first(system: System, matches: Matches, order: NDArray[np.int64], count: int) -> tuple[int, ...]:
    """The places of `count` pieces of a system in random order, the one shown first of all; sorted."""
    rank = {int(one): number for number, one in enumerate(order)}
    own = matches.of[system.name]
    shown = system.pieces.index(system.shown)

    def drawn(place: int) -> tuple[bool, int]:
        match = own[place]
        return place != shown, rank[place if match is None else match]

    places = sorted(range(len(system.pieces)), key=drawn)
    return tuple(sorted(places[:count]))


def _seconds(piece: SystemPiece, settings: RenderSettings) -> float:
    """How long a piece sounds, the tail of its rendering included."""
    return piece.seconds + (settings.tail if piece.input.is_midi else 0.0)
