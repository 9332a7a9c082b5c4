"""Music drawn note by note: what drawing gives the network is what scoring gives it, and the music is consistent."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clstm.generation import notewise, reading
from clstm.generation.drawing import NoteSampling, drawn
from clstm.generation.growing import GrowingPiece
from clstm.generation.notewise import extend, generate
from clstm.generation.prompts import nothing, opening
from clstm.generation.rescue import rescue
from clstm.generation.sampling import Sampling
from clstm.models.note_inputs import of_notes
from clstm.models.notes import Config, Notes
from clstm.models.sequence import matrix_of, sequence
from clstm.music.degeneration import measure
from clstm.music.score import HELD, PITCHES, ROWS, STRUCK, Matrix, is_consistent
from clstm.runtime.errors import UserError

CONTEXT = 32


def network(context: int = CONTEXT, seed: int = 0) -> Notes:
    """Every path from input to output is open: none of its weights is zero, as they are before training."""
    torch.manual_seed(seed)
    made = Notes(Config(width=64, layers=2, context=context)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
    return made


NETWORK = network()
PLAIN = NoteSampling()


def excerpt(frames: int, seed: int = 0) -> Matrix:
    """Chords and lines that repeat, some of them sounding beyond the last frame."""
    random = np.random.default_rng(seed)
    motif = [(int(random.integers(20, 60)), int(random.integers(1, 6))) for _ in range(5)]
    matrix = np.zeros((ROWS, frames), dtype=np.uint8)
    for onset in range(0, frames, 2):
        pitch, duration = motif[(onset // 2) % len(motif)]
        for one in (pitch, pitch + 7):
            matrix[one, onset : onset + duration + 2] = 1
            matrix[PITCHES + one, onset] = 1
    return matrix


def music(
    pasts: Sequence[Matrix], frames: int, how: NoteSampling = PLAIN, made: Notes = NETWORK, seed: int = 0
) -> list[Matrix]:
    randoms = [np.random.default_rng((seed, place)) for place in range(len(pasts))]
    return extend(made, pasts, frames, how, randoms, np.ones((1, frames)))


NOTES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.integers(1, 12)), min_size=1, max_size=60)


@settings(max_examples=40, deadline=None)
@given(NOTES)
def test_drawing_gives_the_network_what_scoring_gives_it(steps: list[tuple[int, int, int]]) -> None:
    onset, matrix = 0, np.zeros((ROWS, 400), dtype=np.uint8)
    for pitch, gap, duration in steps:
        onset += gap
        matrix[pitch, onset : onset + duration] = matrix[PITCHES + pitch, onset] = 1
    notes = sequence(matrix)
    piece = GrowingPiece(PITCHES, len(notes) + 1)
    piece.read(notes)
    whole = of_notes(notes)
    for name in piece.history[0]:
        asked = np.stack([np.asarray(one[name]) for one in piece.history]).astype(float)
        np.testing.assert_allclose(asked, whole[name].astype(float), atol=1e-5, err_msg=name)


def test_what_is_drawn_was_asked_for_as_scoring_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[GrowingPiece] = []
    monkeypatch.setattr(notewise, "_written", lambda row: pieces.append(row.piece))
    music([excerpt(40), nothing().window], 200, NoteSampling(hidden=0.0, longest=2), network(context=512))
    for piece in pieces:
        assert len(piece.history) > 40
        whole = of_notes(piece.notes[: piece.count])
        for name in piece.history[0]:
            asked = np.stack([np.asarray(one[name]) for one in piece.history]).astype(float)
            np.testing.assert_allclose(asked, whole[name][-len(asked) :].astype(float), atol=1e-5, err_msg=name)


def test_what_is_kept_of_the_past_changes_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside drawing with keys and values kept: the whole context read anew for every note."""
    pasts = [excerpt(60), excerpt(30, seed=1)]
    kept = music(pasts, 60)

    def anew(reader: reading.Reader, rows: Sequence[reading.Row], asked: object) -> tuple[object, ...]:
        outcomes = []
        for row in rows:
            given = reader.given(list(row.piece.history)[-(row.used + 1) :])
            channels, straight = reader.network.channels_of(given)
            h = reader.network.trunk(given, channels)
            last = {name: value[:, -1:] for name, value in given.items()}
            outcomes.append((h[:, -1:], last, channels[:, -1:], straight[:, -1:]))
        h, given, channels, straight = zip(*outcomes, strict=True)
        together = {name: torch.cat([one[name] for one in given]) for name in given[0]}
        return torch.cat(h), together, torch.cat(channels), torch.cat(straight)

    monkeypatch.setattr(reading.Reader, "step", anew)
    np.testing.assert_array_equal(music(pasts, 60), kept)


def test_a_batch_draws_what_each_draws_alone() -> None:
    pasts = [excerpt(60), nothing().window, excerpt(25, seed=1)]
    together = music(pasts, 50)
    for place, past in enumerate(pasts):
        (alone,) = extend(NETWORK, [past], 50, NoteSampling(), [np.random.default_rng((0, place))], np.ones((1, 50)))
        np.testing.assert_array_equal(alone, together[place])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0, 1, 7, 60]), st.sampled_from([0.5, 1.0, 3.0]))
def test_notes_go_on_consistently_from_the_past(seed: int, frames: int, temperature: float) -> None:
    past = excerpt(frames, seed)
    hot = np.full((1, 40), temperature)
    (more,) = extend(NETWORK, [past], 40, NoteSampling(), [np.random.default_rng(seed)], hot)
    assert more.shape == (ROWS, 40)
    assert is_consistent(np.concatenate([past, more], axis=1))


def test_a_note_of_the_prompt_goes_on_for_a_while_and_then_ends() -> None:
    past = np.zeros((ROWS, 20), dtype=np.uint8)
    past[40, 10:], past[PITCHES + 40, 10] = 1, 1
    lengths = {int(music([past], 60, seed=seed)[0][40].argmin()) for seed in range(12)}
    assert len(lengths) > 3  # drawn, and not always the same


def test_no_gap_is_longer_than_said() -> None:
    (more,) = music([excerpt(30)], 400, NoteSampling(longest=4))
    onsets = np.flatnonzero(more[STRUCK].any(axis=0))
    assert np.diff(onsets).max() <= 4


def test_a_density_that_is_kept_is_nearer_that_of_the_prompt() -> None:
    """The network is not trained: left alone it writes music of another density than the prompt's."""
    past = excerpt(120)
    wanted = past[STRUCK].sum() / 120
    density = {
        steady: np.mean(
            [more[STRUCK, 200:].sum() / 400 for more in music([past] * 4, 600, NoteSampling(steady=steady))]
        )
        for steady in (0.0, 4.0)
    }
    assert abs(np.log(density[4.0] / wanted)) < 0.6 * abs(np.log(density[0.0] / wanted))


def test_of_all_pitches_only_the_likeliest_are_drawn() -> None:
    log_p = np.log(np.tile([0.5, 0.3, 0.15, 0.05], (1000, 1)))
    uniform = np.linspace(0, 0.999, 1000)
    assert set(drawn(log_p, uniform, np.ones(1000), 0.7)) == {0, 1}
    assert set(drawn(log_p, uniform, np.ones(1000), 1e-9)) == {0}
    assert np.bincount(drawn(log_p, uniform, np.ones(1000))) == pytest.approx([500, 300, 150, 50], abs=2)
    assert np.bincount(drawn(log_p, uniform, np.full(1000, 1e9))) == pytest.approx([250] * 4, abs=2)


def test_what_cannot_be_is_never_drawn_however_hot_it_is() -> None:
    log_p = np.tile([-1e4, np.log(0.5), -1e4, np.log(0.5)], (1000, 1))
    assert set(drawn(log_p, np.linspace(0, 0.999, 1000), np.full(1000, 1e6))) == {1, 3}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31))
def test_the_hottest_music_is_drawn_in_order_and_strikes_nothing_that_sounds(seed: int) -> None:
    pieces: list[GrowingPiece] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notewise, "_written", lambda row: pieces.append(row.piece))
        extend(NETWORK, [excerpt(20, seed)], 40, PLAIN, [np.random.default_rng(seed)], np.full((1, 40), 1e5))
    (piece,) = pieces
    notes = piece.notes[: piece.count]
    matrix = matrix_of(notes, int((notes[:, 1] + notes[:, 2]).max()))
    np.testing.assert_array_equal(sequence(matrix), notes)


def test_a_seed_gives_the_same_music_and_another_seed_other_music() -> None:
    first, again = (generate(NETWORK, [opening()], 40, Sampling(seed=3)) for _ in range(2))
    other = generate(NETWORK, [opening()], 40, Sampling(seed=4))
    np.testing.assert_array_equal(first, again)
    assert (first[0] != other[0]).any()


def test_what_fails_is_drawn_again_from_before_it_did() -> None:
    given, sampling = [opening()] * 4, Sampling()
    alone = generate(NETWORK, given, 240, sampling)
    first = [measure(matrix).first for matrix in alone]
    rescued, redrawn = rescue(NETWORK, given, alone, sampling)
    assert [count > 0 for count in redrawn] == [failure is not None for failure in first]
    assert any(redrawn)
    assert not any(measure(matrix).first for matrix in rescued)
    for prompt, before, after, failure in zip(given, alone, rescued, first, strict=True):
        assert is_consistent(np.concatenate([prompt.window, after], axis=1))
        kept = 240 if failure is None else 0
        np.testing.assert_array_equal(after[:, :kept], before[:, :kept])


def test_music_begins_from_nothing() -> None:
    (more,) = generate(NETWORK, [nothing()], 60, Sampling())
    assert is_consistent(more)
    assert more[HELD].any()


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        (Sampling("stream"), "--mode stream is for models that write frames"),
        (Sampling(step=3), "--step 3 is for models that write frames"),
        (Sampling(threshold=0.5), "--threshold 0.5 is for models that write frames"),
    ],
)
def test_what_is_said_of_frames_is_refused(sampling: Sampling, words: str) -> None:
    with pytest.raises(UserError, match=words):
        NoteSampling.of(sampling)
