"""Continuing a seed: chances kept cell by cell, consistency, exact repeatability."""

from pathlib import Path

import mido
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clstm.corpus.corpus import Corpus
from clstm.generation import sampling
from clstm.generation.prompts import Prompt, from_corpus
from clstm.generation.sampling import MODES, Mode, Sampling, density, density_range, draw, generate, likeliest
from clstm.models.checkpoint import build
from clstm.models.networks import KINDS, Kind, Model, NetworkConfig
from clstm.music.midi import write_midi
from clstm.music.score import HELD, PITCHES, ROWS, STRUCK, decode, is_consistent
from clstm.runtime.errors import UserError


def network(kind: Kind) -> Model:
    torch.manual_seed(0)
    made = build(NetworkConfig(kind, kernels=4, features=8, hidden=16))
    made.initialise(torch.full((156,), 0.03))
    return made.eval()


@pytest.fixture(scope="module")
def three(tiny_corpus: Corpus) -> list[Prompt]:
    return from_corpus(tiny_corpus, "train", 3, after=80, seed=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("mode", "step"), [("window", None), ("window", 1), ("stream", None), ("stream", 4)])
def test_music_goes_on_consistently_from_the_seed(kind: Kind, mode: Mode, step: int, three: list[Prompt]) -> None:
    music = generate(network(kind), three, 50, Sampling(mode, step))
    for seed, matrix in zip(three, music, strict=True):
        assert matrix.shape == (ROWS, 50)
        assert is_consistent(np.concatenate([seed.window, matrix], axis=1))
        assert matrix.any()
        assert not matrix.all()


@pytest.mark.parametrize("mode", MODES)
def test_a_seed_gives_the_same_music_again_in_any_batch(mode: Mode, three: list[Prompt]) -> None:
    made = network("c-lstm")
    first = generate(made, three, 30, Sampling(mode, seed=4))
    again = generate(made, three, 30, Sampling(mode, seed=4))
    other = generate(made, three, 30, Sampling(mode, seed=5))
    np.testing.assert_array_equal(first, again)
    assert (np.array(first) != np.array(other)).any()
    np.testing.assert_array_equal(generate(made, three[:1], 30, Sampling(mode, seed=4))[0], first[0])


def test_a_longer_piece_begins_as_the_shorter_one(three: list[Prompt]) -> None:
    made = network("lstm")
    short, long = generate(made, three, 20, Sampling()), generate(made, three, 40, Sampling())
    np.testing.assert_array_equal(short, np.array(long)[:, :, :20])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [1, 4, 9])
def test_a_window_is_read_whole_from_a_zero_state(kind: Kind, step: int, three: list[Prompt]) -> None:
    """What windows share is worked out once; here each is worked out alone, in the paper's words."""
    made = network(kind)
    random = np.random.default_rng((7, 3, 0))
    music = three[0].window
    while music.shape[1] < 90 + 30:
        with torch.inference_mode():
            logits = made(torch.from_numpy(music[:, -90:].T[None].astype(np.float32)), last=True)[:, 0, :step]
        draws = random.random((1, step, 2, PITCHES))
        drawn = draw(torch.sigmoid(logits).numpy(), music[None, HELD, -1], draws)
        music = np.concatenate([music, drawn[0].T], axis=1)
    generated = generate(made, three[:1], 30, Sampling("window", step, seed=7))[0]
    np.testing.assert_array_equal(generated, music[:, 90:120])


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_read_whole_from_its_beginning(kind: Kind, three: list[Prompt]) -> None:
    made = network(kind)
    random = np.random.default_rng((7, 3, 0))
    music = three[0].window
    for _ in range(20):
        with torch.inference_mode():
            logits = made(torch.from_numpy(music.T[None].astype(np.float32)), last=True)[:, 0, :1]
        drawn = draw(torch.sigmoid(logits).numpy(), music[None, HELD, -1], random.random((1, 1, 2, PITCHES)))
        music = np.concatenate([music, drawn[0].T], axis=1)
    np.testing.assert_array_equal(generate(made, three[:1], 20, Sampling("stream", seed=7))[0], music[:, 90:])


def test_more_seeds_than_one_batch_holds_go_on_alike(three: list[Prompt], monkeypatch: pytest.MonkeyPatch) -> None:
    made = network("lstm")
    whole = generate(made, three, 20)
    monkeypatch.setattr(sampling, "BATCH", 2)
    told: list[tuple[int, int]] = []
    np.testing.assert_array_equal(
        generate(made, three, 20, progress=lambda what, done, total: told.append((done, total))), whole
    )
    assert told == sorted(told)
    assert told[-1] == (60, 60)


def test_every_cell_is_drawn_with_its_chance() -> None:
    random = np.random.default_rng(0)
    count = 40_000
    held = np.broadcast_to(random.uniform(0.1, 0.9, (1, 3, PITCHES)), (count, 3, PITCHES))
    struck = held * random.uniform(0.05, 0.3, (1, 3, PITCHES))
    # From certainty and from each frame to the next, the share that goes on must be possible.
    for step in range(1, 3):
        most = held[:, step - 1] * (1 - struck[:, step]) + struck[:, step]
        held = held.copy()
        held[:, step] = np.minimum(held[:, step], most)
        struck[:, step] = np.minimum(struck[:, step], held[:, step])
    chances = np.concatenate([held, struck], axis=2).astype(np.float32)
    drawn = draw(chances, np.ones((count, PITCHES), np.uint8), random.random((count, 3, 2, PITCHES)))
    np.testing.assert_allclose(drawn.mean(axis=0), chances[0], atol=0.02)


def test_what_did_not_sound_cannot_go_on() -> None:
    chances = np.zeros((1, 2, ROWS), dtype=np.float32)
    chances[..., :PITCHES] = 1  # held for certain, never struck
    draws = np.full((1, 2, 2, PITCHES), 0.5)
    sounding = np.zeros((1, PITCHES), dtype=np.uint8)
    sounding[0, 5] = 1
    assert np.flatnonzero(draw(chances, sounding, draws)[0, 1]).tolist() == [5]


@given(st.integers(0, 2**32), st.floats(0.01, 0.99))
def test_whatever_the_chances_struck_without_held_cannot_occur(seed: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    chances = random.random((2, 9, ROWS)).astype(np.float32)  # strikes likelier than what is held, too
    sounding = random.integers(0, 2, (2, PITCHES), dtype=np.uint8)
    for frames in (draw(chances, sounding, random.random((2, 9, 2, PITCHES))), likeliest(chances, sounding, threshold)):
        struck, held = frames[..., STRUCK], frames[..., HELD]
        assert (struck <= held).all()
        before = np.concatenate([sounding[:, None], held[:, :-1]], axis=1)
        assert (held <= (struck | before)).all()


def test_a_threshold_turns_on_what_is_at_least_as_likely() -> None:
    chances = np.zeros((1, 3, ROWS), dtype=np.float32)
    sounding = np.zeros((1, PITCHES), dtype=np.uint8)
    sounding[0, :2] = 1
    chances[0, :, 0], chances[0, :, 1], chances[0, :, 2] = 0.5, 0.49, 0.9  # sounding, sounding, silent
    chances[0, 1, [3, PITCHES + 3]] = 0.8, 0.5  # held and struck in the second frame
    chances[0, 2, [3]] = 0.5
    chances[0, 1, [4, PITCHES + 4]] = 0.3, 0.9  # struck without held
    frames = likeliest(chances, sounding, 0.5)[0]
    assert [np.flatnonzero(frame[HELD]).tolist() for frame in frames] == [[0], [0, 3], [0, 3]]
    assert [np.flatnonzero(frame[STRUCK]).tolist() for frame in frames] == [[], [3], []]


@pytest.mark.parametrize("mode", MODES)
def test_with_a_threshold_nothing_is_left_to_chance(mode: Mode, three: list[Prompt]) -> None:
    made = network("c-lstm")
    first = generate(made, three, 40, Sampling(mode, threshold=0.05, seed=1))
    np.testing.assert_array_equal(generate(made, three, 40, Sampling(mode, threshold=0.05, seed=2)), first)
    np.testing.assert_array_equal(generate(made, three[:1] * 2, 40, Sampling(mode, threshold=0.05)), first[:1] * 2)


def test_what_cannot_be_sampled_is_refused(three: list[Prompt]) -> None:
    with pytest.raises(UserError, match=r"--step 10: this model predicts 9 frames at once; choose 1 to 9"):
        generate(network("lstm"), three, 10, Sampling(step=10))
    with pytest.raises(UserError, match=r"--threshold must lie between 0 and 1; got 1\.5"):
        Sampling(threshold=1.5)
    with pytest.raises(UserError, match="--rescue draws again"):
        Sampling(threshold=0.5, rescue=True)


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_every_note_written_has_its_end_within_the_file(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    random = np.random.default_rng(seed)
    chances = random.random((1, 40, ROWS)).astype(np.float32) ** 3  # many notes sound in the last frame
    music = draw(chances, np.ones((1, PITCHES), np.uint8), random.random((1, 40, 2, PITCHES)))[0].T
    path = Path(tmp_path_factory.getbasetemp()) / "every-note.mid"
    write_midi(decode(music), path)
    sounding: set[int] = set()
    seconds = 0.0
    for message in mido.MidiFile(path):
        seconds += message.time
        if message.type == "note_on" and message.velocity:
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type in ("note_on", "note_off"):
            sounding.remove(message.note)
    assert not sounding
    assert seconds == pytest.approx(5.0, abs=0.01)


def test_a_low_temperature_leaves_only_likely_notes(three: list[Prompt]) -> None:
    made = network("rnn")
    assert all(density(matrix) == 0 for matrix in generate(made, three, 30, Sampling(temperature=0.05)))


def test_density_is_notes_a_second(tiny_corpus: Corpus) -> None:
    matrix = np.zeros((ROWS, 16), dtype=np.uint8)
    matrix[PITCHES:, 0] = 1
    assert density(matrix) == PITCHES / 2
    assert density_range(tiny_corpus, 1000) is None
    low, high = density_range(tiny_corpus, 80) or (0.0, 0.0)
    train = [density(tiny_corpus.matrix(int(piece))) for piece in tiny_corpus.of_split("train")]
    assert min(train) - 0.5 <= low <= high <= max(train) + 0.5
