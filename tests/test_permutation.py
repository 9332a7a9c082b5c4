"""Clips trade sources: exact where they are few, seeded where they are many, and with the error rate of chance."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from listening_study.analysis.listener_model import Spread, probabilities, respond
from listening_study.analysis.permutation import DRAWS, permuted_p


def answers(seed: int, listeners: int, clips: int, *shares: float, slope: float = 0.0) -> list[np.ndarray]:
    """(listeners, clips) of each source."""
    random = np.random.default_rng(seed)
    named = {str(number): share for number, share in enumerate(shares)}
    sources = [name for name in named for _ in range(clips)]
    drawn = respond(random, probabilities(random, named, sources, listeners, Spread(0.8, 0.8, slope)))[0]
    return list(drawn.astype(float).reshape(listeners, len(shares), clips).swapaxes(0, 1))


def test_few_clips_are_divided_in_every_way() -> None:
    assert permuted_p(np.zeros((3, 2)), np.ones((3, 2))) == pytest.approx(2 / 6)
    assert permuted_p(np.zeros((3, 4)), np.ones((3, 4))) == pytest.approx(2 / 70)
    assert permuted_p(np.zeros((3, 1)), np.ones((3, 3))) == pytest.approx(1 / 4)


def test_it_counts_the_divisions_that_are_as_far_apart() -> None:
    system, human = answers(1, 6, 5, 0.4, 0.6)
    clips = np.concatenate([system, human], axis=1).mean(0)
    actual = abs(system.mean() - human.mean())
    others = (np.setdiff1d(range(10), side) for side in combinations(range(10), 5))
    apart = [abs(clips.sum() - 2 * clips[other].sum()) / 5 >= actual - 1e-9 for other in others]
    assert permuted_p(system, human) == pytest.approx(np.mean(apart))


def test_many_clips_give_a_p_that_is_never_0_and_the_same_for_a_seed() -> None:
    system, human = answers(2, 10, 20, 0.5, 0.55)
    assert permuted_p(system, human, seed=1) == permuted_p(system, human, seed=1)
    assert permuted_p(system, human, seed=1) != permuted_p(system, human, seed=2)
    assert permuted_p(np.zeros((4, 30)), np.ones((4, 30))) == pytest.approx(1 / (DRAWS + 1))


def test_a_listener_who_always_says_the_same_changes_nothing() -> None:
    system, human = answers(3, 6, 5, 0.3, 0.7)
    lenient = np.ones((1, 5))
    assert permuted_p(np.vstack([system, lenient]), np.vstack([human, lenient])) == permuted_p(system, human)


def test_agreement_on_everything_shows_nothing() -> None:
    assert permuted_p(np.ones((5, 5)), np.ones((5, 5))) == 1


def test_without_answers_about_a_source_there_is_no_p() -> None:
    assert np.isnan(permuted_p(np.full((3, 2), np.nan), np.ones((3, 2))))
    assert np.isnan(permuted_p(np.empty((0, 0)), np.empty((0, 0))))


@pytest.mark.parametrize("heard", ["all clips", "half of the clips each"])
def test_a_false_difference_is_found_at_most_6_percent_of_the_time(heard: str) -> None:
    """Listeners without differences of their own between sources: clips can be exchanged."""
    rejected, draws = 0, 500
    for seed in range(draws):
        system, human = answers(seed, 10, 6, 0.5, 0.5)
        if heard != "all clips":
            away = (np.arange(6) - 3 * np.arange(10)[:, None]) % 6 >= 3
            system[away] = human[away] = np.nan
        rejected += permuted_p(system, human) <= 0.05
    assert binom.ppf(0.001, draws, 0.03) <= rejected <= binom.ppf(0.999, draws, 0.06)


def test_it_finds_what_is_there() -> None:
    found = [permuted_p(*answers(seed, 20, 6, 0.2, 0.8)) < 0.05 for seed in range(50)]
    assert np.mean(found) > 0.9


def test_only_differences_within_a_listener_count() -> None:
    """One who hears few of the clips and always says the same says nothing of sources, whatever it is."""
    system, human = answers(5, 6, 5, 0.4, 0.6)
    found = set()
    for said in (0.0, 1.0):
        some_clips = np.where(np.arange(5) < 2, said, np.nan)[None]
        found.add(permuted_p(np.vstack([system, some_clips]), np.vstack([human, np.full((1, 5), np.nan)])))
    assert len(found) == 1
