"""The Fréchet distance equals its definition, and is near 0 between halves of one distribution, whatever their size."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from evaluation.distance.embedded import embedded
from evaluation.distance.frechet import at_infinity, frechet


def pieces(random: np.random.Generator, count: int, shift: float = 0.0) -> list[np.ndarray]:
    """Pieces of 10 frames in 8 dimensions, whose frames resemble each other."""
    return [
        (random.normal(0, 1, (1, 8)) + random.normal(0, 1, (10, 8)) + shift).astype(np.float32) for _ in range(count)
    ]


def test_frechet_is_the_formula_with_the_root_of_the_product() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(0, 1, (60, 5)), random.normal(0.3, 2, (80, 5))
    first, second = np.cov(one.T), np.cov(other.T)
    apart = one.mean(axis=0) - other.mean(axis=0)
    root = np.trace(sqrtm(first @ second)).real
    assert frechet(one, other) == pytest.approx(apart @ apart + np.trace(first + second) - 2 * root)


def test_extrapolated_distance_of_one_distribution_is_near_zero() -> None:
    plain, extrapolated = [], []
    for seed in range(12):
        random = np.random.default_rng(seed)
        ours, theirs = pieces(random, 50), pieces(random, 50)
        plain.append(frechet(np.concatenate(ours), np.concatenate(theirs)))
        found = at_infinity(ours, theirs, (np.arange(50), np.arange(50, 100)), random)
        extrapolated.append(found.found.value)
    assert np.mean(plain) > 0.5
    assert abs(np.mean(extrapolated)) < 0.1 * np.mean(plain)


def test_a_known_shift_is_found() -> None:
    random = np.random.default_rng(1)
    ours, theirs = pieces(random, 100), pieces(random, 100, shift=1.0)
    found = at_infinity(ours, theirs, (np.arange(100), np.arange(100, 200)), random)
    assert found.found.value == pytest.approx(8, rel=0.25)
    assert found.found.low < 8 < found.found.high
    assert found.human_95 < 4


def test_too_few_frames_give_no_distance_and_the_reason() -> None:
    random = np.random.default_rng(2)
    few = [random.normal(0, 1, (1, 20)).astype(np.float32) for _ in range(24)]
    found = at_infinity(few, few, (np.arange(24), np.arange(24, 48)), random)
    assert np.isnan(found.found.value)
    assert found.why == "half of the pieces have 12 frames, and a covariance of 20 dimensions needs more"


@pytest.mark.parametrize("count", [24, pytest.param(50, marks=pytest.mark.slow)])
def test_halves_of_one_distribution_are_at_zero_in_an_embedding(count: int) -> None:
    random = np.random.default_rng(3)
    found = [
        embedded(
            ("rnn", "human", "mine"),
            (pieces(random, count), np.arange(count)),
            (pieces(random, count), np.arange(count, 2 * count)),
            permutations=9,
        ).found.value
        for _ in range(40)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(40)
