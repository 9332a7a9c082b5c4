"""The network of notes: its chances are exact, and no later note changes an earlier one."""

from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch
from numba import njit
from numpy.typing import NDArray

from clstm.models.matching import guesses, states
from clstm.models.note_inputs import GAPS, Classes, of_notes
from clstm.models.note_scoring import batch_of, read
from clstm.models.notes import Batch, Config, Notes
from clstm.runtime.compiling import compiled

SMALL = {"width": 64, "layers": 2, "head": 32, "local": 4, "channels": 3}


def network(pitches: int, *, roll: bool = False, context: int = 64) -> Notes:
    """Every path from input to output is open: none of its weights is zero, as they are before training. Short
    durations and gaps are the likeliest, or silence would be all but certain in a few frames."""
    torch.manual_seed(0)
    made = Notes(Config(pitches=pitches, roll=roll, context=context, **SMALL)).eval()
    with torch.no_grad():
        for bias in (made.d_b, made.g_b):
            bias.sub_(torch.arange(len(bias)))
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


def batch(notes: NDArray[np.int64], frames: int | None, pitches: int, free: int = 1) -> Batch:
    return batch_of([of_notes(notes, frames, pitches, free)])


def nats(made: Notes, notes: NDArray[np.int64], frames: int) -> float:
    with torch.no_grad():
        return float(made(batch(notes, frames, made.P, made.c.free)).double().sum())


def of_one_pitch(frames: int) -> Iterator[list[tuple[int, int]]]:
    """All ways in which one pitch sounds: (onset, duration) of its notes."""

    def going_on(begin: int) -> Iterator[list[tuple[int, int]]]:
        yield []
        for onset in range(begin, frames):
            for end in range(onset + 1, frames + 1):
                yield from ([(onset, end - onset), *rest] for rest in going_on(end))

    return going_on(0)


def every_piece(pitches: int, frames: int, *, roll: bool = False) -> Iterator[NDArray[np.int64]]:
    """All consistent music, or all piano rolls, in order."""
    own = [one for one in of_one_pitch(frames) if not roll or all(a + b < c for (a, b), (c, _) in pairwise(one))]
    for parts in product(own, repeat=pitches):
        notes = [(pitch, onset, lasting) for pitch, own in enumerate(parts) for onset, lasting in own]
        yield np.array(sorted(notes, key=lambda one: (one[1], one[0])), dtype=np.int64).reshape(-1, 3)


@pytest.mark.parametrize(("pitches", "frames", "roll"), [(3, 2, False), (2, 4, False), (1, 7, False), (3, 3, True)])
def test_the_chances_of_all_music_sum_to_one(pitches: int, frames: int, roll: bool) -> None:
    made = network(pitches, roll=roll)
    pieces = [(notes, frames) for notes in every_piece(pitches, frames, roll=roll)]
    chances = [np.exp(-one.total) for one in read(made, pieces)]
    assert len(chances) == (2 ** (pitches * frames) if roll else len({notes.tobytes() for notes, _ in pieces}))
    assert len(chances) > 100
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert max(chances) < 0.5


def test_the_chances_of_all_that_follows_a_cut_sum_to_one() -> None:
    """The note that sounds at the cut ends there, goes on, or is struck again."""
    made = network(2)
    past = np.array([(0, 0, 3), (1, 1, 1)])
    chances = []
    for notes in every_piece(2, 5):
        matrix, before = (drawn(own, 5) for own in (notes, past))
        if (matrix[:, :3] == before[:, :3]).all():
            (one,) = read(made, [(notes, 5)])
            chances.append(np.exp(one.before(3) - one.total))
    assert len(chances) > 10
    assert sum(chances) == pytest.approx(1, abs=1e-5)


def drawn(notes: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """0 silent, 1 goes on, 2 struck."""
    matrix = np.zeros((2, frames), dtype=np.int64)
    for pitch, onset, lasting in notes:
        matrix[pitch, onset : onset + lasting] = 1
        matrix[pitch, onset] = 2
    return matrix


@pytest.mark.parametrize("context", [8, 64])
def test_what_is_before_cuts_and_between_them_adds_up_to_the_whole(context: int) -> None:
    made, notes = network(78, context=context), melody(24)
    (one,) = read(made, [(notes, 60)])
    assert one.before(0) == pytest.approx(0, abs=1e-6)
    parts = np.diff([one.before(frame) for frame in range(61)])
    assert (parts >= -1e-6).all()
    assert parts.sum() == pytest.approx(one.total)
    assert (parts > 1).sum() >= 24


def test_the_nats_of_a_whole_piece_are_those_that_training_minimises() -> None:
    made, notes = network(78), melody(24)
    (one,) = read(made, [(notes, 60)])
    assert one.total == pytest.approx(nats(made, notes, 60), abs=1e-3)


def test_pieces_read_together_cost_what_each_costs_alone() -> None:
    made = network(78, context=16)
    pieces = [(melody(count, seed=count), 60) for count in (3, 24, 9, 0)]
    together = [one.total for one in read(made, pieces)]
    alone = [one.total for piece in pieces for one in read(made, [piece])]
    assert together == pytest.approx(alone, abs=1e-3)


def test_of_a_long_piece_every_note_has_half_a_context_before_it() -> None:
    made, notes = network(78, context=16), melody(24)
    (whole,) = read(made, [(notes, 60)])
    inputs = of_notes(notes, 60)
    for first in (8, 16):  # positions read in the windows from here on
        part = {name: own[first : first + 16] for name, own in inputs.items()}
        with torch.no_grad():
            pitch, _, _ = made.chances(batch_of([part]))
        np.testing.assert_allclose(whole.pitch[first + 8 : first + 16], -pitch[0, 8:].numpy(), atol=1e-4)


def test_silence_is_one_wait() -> None:
    made = network(78)
    (one,) = read(made, [(np.zeros((0, 3), dtype=np.int64), 9)])
    parts = np.diff([one.before(frame) for frame in range(10)])
    assert parts.sum() == pytest.approx(one.total)
    assert (parts > 0).all()


def melody(count: int, seed: int = 0) -> NDArray[np.int64]:
    """A motif that comes back in another key, with chords."""
    random = np.random.default_rng(seed)
    motif = random.integers(30, 50, 5)
    notes = []
    for place in range(count):
        pitch = int(motif[place % 5]) + 3 * (place // 10 % 2)
        notes += [(pitch, 2 * place, 2), (pitch + 7, 2 * place, 1 + place % 3)]
    ends: dict[int, int] = {}
    kept = []
    for pitch, onset, lasting in notes:
        if ends.get(pitch, 0) <= onset:
            ends[pitch] = onset + lasting
            kept.append((pitch, onset, lasting))
    return np.array(kept, dtype=np.int64).reshape(-1, 3)


def test_no_later_note_changes_an_earlier_chance() -> None:
    made, notes = network(78), melody(16)
    other = notes.copy()
    other[20:, 0] += 1
    other[20:, 2] = 1
    with torch.no_grad():
        one, two = (made(batch(own, None, 78))[0] for own in (notes, other))
    assert torch.equal(one[:20], two[:20])
    assert not torch.equal(one[21:], two[21:])


def test_the_longest_match_is_the_first_guess_in_any_key_and_in_this_key() -> None:
    notes = np.array(
        [(40, 0, 1), (42, 2, 1), (45, 4, 1), (43, 6, 1), (50, 9, 1), (52, 11, 1), (55, 13, 1), (53, 15, 1)]
    )
    _, left = states(notes, 78)
    found = guesses(notes, left)
    assert found[7, 0, :2].tolist() == [53, 2]  # two intervals before it are those of the beginning
    assert found[7, 0, 3] == 3
    assert found[7, 4, 0] == -1  # in this key nothing like it has been


def test_classes_hold_every_value_once() -> None:
    classes = Classes(1, 24)
    values = np.arange(1, classes.top)
    share = np.exp(classes.table()[: classes.top][values].astype(np.float64))
    assert share.sum(axis=0) == pytest.approx(1, abs=1e-5)
    assert (GAPS.of(np.arange(17)) == np.arange(17)).all()


def test_at_least_is_the_sum_of_what_is_longer() -> None:
    table = np.exp(GAPS.table().astype(np.float64))
    chances = np.random.default_rng(0).dirichlet(np.ones(len(GAPS)))
    exact, at_least = table[: GAPS.top] @ chances, table[GAPS.top :] @ chances
    assert at_least[0] == pytest.approx(1, abs=1e-6)
    assert at_least[:-1] - at_least[1:] == pytest.approx(exact[:-1], abs=1e-6)


def test_what_is_compiled_runs_where_it_cannot_be_kept() -> None:
    names: dict[str, Any] = {}
    exec(compile("def added(a, b):\n    return a + b", "<of no file>", "exec"), names)
    with pytest.raises(RuntimeError, match="cannot cache"):
        njit(cache=True)(names["added"])
    assert compiled(names["added"])(2, 3) == 5
