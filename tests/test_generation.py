"""Continuing a seed: chances kept cell by cell, consistency, exact repeatability."""

import numpy as np
import pytest
import torch

from clstm.corpus import Corpus
from clstm.generation import MODES, Mode, Sampling, density, density_range, draw, generate
from clstm.models import KINDS, Kind, Network, NetworkConfig, initialise
from clstm.score import PITCHES, ROWS, is_consistent
from clstm.seeds import Seed, from_corpus


def network(kind: Kind) -> Network:
    torch.manual_seed(0)
    made = Network(NetworkConfig(kind, kernels=4, features=8, hidden=16))
    initialise(made, torch.full((156,), 0.03))
    return made.eval()


@pytest.fixture(scope="module")
def three(tiny_corpus: Corpus) -> list[Seed]:
    return from_corpus(tiny_corpus, "train", 3, after=80, seed=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_music_goes_on_consistently_from_the_seed(kind: Kind, mode: Mode, three: list[Seed]) -> None:
    music = generate(network(kind), three, 50, Sampling(mode))
    for seed, matrix in zip(three, music, strict=True):
        assert matrix.shape == (ROWS, 50)
        assert is_consistent(np.concatenate([seed.window, matrix], axis=1))
        assert matrix.any()
        assert not matrix.all()


@pytest.mark.parametrize("mode", MODES)
def test_a_seed_gives_the_same_music_again_in_any_batch(mode: Mode, three: list[Seed]) -> None:
    made = network("c-lstm")
    first = generate(made, three, 30, Sampling(mode, seed=4))
    again = generate(made, three, 30, Sampling(mode, seed=4))
    other = generate(made, three, 30, Sampling(mode, seed=5))
    np.testing.assert_array_equal(first, again)
    assert (np.array(first) != np.array(other)).any()
    np.testing.assert_array_equal(generate(made, three[:1], 30, Sampling(mode, seed=4))[0], first[0])


def test_a_longer_piece_begins_as_the_shorter_one(three: list[Seed]) -> None:
    made = network("lstm")
    short, long = generate(made, three, 20, Sampling()), generate(made, three, 40, Sampling())
    np.testing.assert_array_equal(short, np.array(long)[:, :, :20])


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


def test_a_low_temperature_leaves_only_likely_notes(three: list[Seed]) -> None:
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
