"""Tests of the joint distance keep their level, and intervals hold the truth, on music whose distances are known."""

import numpy as np
import pytest
from levels import (
    FIRST,
    LARGEST_GROUP,
    SECOND,
    Mixture,
    Population,
    called_no_worse,
    in_groups,
    interval_covers,
    null_rejected,
    ranked,
    rates,
    sampled,
    trained_differ,
)

from evaluation.statistics.coverage import coverage, expected_coverage

DRAWS = 400
CHANCE = 2.5 * np.sqrt(0.05 * 0.95 / DRAWS)  # what so many draws may be beside a rate of 5 %


def population(largest: int = 1) -> Population:
    """People and three systems that differ from them in three ways, after 200 prompts that shape the music of all."""
    random = np.random.default_rng(0)
    prompts = random.normal(size=(200, 6))
    kinds = [0.7 * prompts + 0.7 * random.normal(size=prompts.shape) for _ in range(4)]
    for axis, shift in enumerate((1.5, 1.6, 1.4)):
        kinds[axis + 1][:, axis] += shift
    groups = np.arange(200) if largest == 1 else in_groups(prompts, largest)
    return Population(np.stack(kinds), 3.4, groups)


def test_a_mixture_is_as_far_as_its_share_squared() -> None:
    whole = population()
    mixed = whole.mixture(SECOND, 0.25 * whole.far(SECOND))
    assert mixed == Mixture(SECOND, pytest.approx(0.5))
    random = np.random.default_rng(1)
    systems = {"human": Mixture(), "a": mixed}
    found = [sampled(whole, systems, 100, random, shared=False).sets.squared()["a"] for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.25 * whole.far(SECOND), abs=3 * np.std(found) / np.sqrt(300))


def test_groups_have_1_to_5_pieces_that_resemble_each_other() -> None:
    points = np.random.default_rng(2).normal(size=(100, 2))
    groups = in_groups(points, LARGEST_GROUP)
    assert set(np.bincount(groups)) <= {1, 2, 3, 4, 5}
    random = np.random.default_rng(3).permutation(groups)
    assert _spread(points, groups) < 0.5 * _spread(points, random)


def _spread(points: np.ndarray, groups: np.ndarray) -> float:
    """The mean distance of pieces from the middle of their group."""
    apart = [points[groups == one] - points[groups == one].mean(axis=0) for one in np.unique(groups)]
    return float(np.linalg.norm(np.concatenate(apart), axis=1).mean())


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("largest", [1, LARGEST_GROUP])
class TestLevels:
    """24 to 50 pieces, alone and in groups, after shared prompts and after others."""

    def test_five_percent_of_equals_differ(self, largest: int, shared: bool) -> None:
        found = rates(population(largest), null_rejected, 36, DRAWS, shared=shared)
        assert found["p of equals < .05"][0] == pytest.approx(0.05, abs=CHANCE)

    def test_intervals_of_the_distance_hold_it(self, largest: int, shared: bool) -> None:
        found = rates(population(largest), interval_covers, 50, DRAWS, shared=shared)
        assert all(rate >= 0.94 - CHANCE for rate, _ in found.values())

    def test_ranks_hold_all_at_once_and_equals_are_seldom_ranked(self, largest: int, shared: bool) -> None:
        found = rates(population(largest), ranked, 50, DRAWS, shared=shared)
        assert found["all ranks hold"][0] >= 0.95 - CHANCE
        assert found["one of equals is closer"][0] <= 0.05 + CHANCE

    def test_what_is_further_by_the_margin_is_seldom_no_worse(self, largest: int, shared: bool) -> None:
        found = rates(population(largest), called_no_worse, 50, DRAWS, shared=shared)
        assert all(rate <= 0.05 + CHANCE for rate, _ in found.values())

    def test_methods_of_one_kind_seldom_differ(self, largest: int, shared: bool) -> None:
        found = rates(population(largest), trained_differ, 36, DRAWS, shared=shared)
        assert all(rate <= 0.06 + CHANCE for rate, _ in found.values())


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "theirs"), [(100, 100), (200, 200), (200, 80), (100, 250)])
def test_variety_of_people_is_what_is_expected(ours: int, theirs: int) -> None:
    """Fresh pieces: of a few that are drawn again and again, copies are near copies."""
    random = np.random.default_rng(4)
    found = []
    for _ in range(200):
        one, other = random.normal(size=(ours, 6)), random.normal(size=(theirs, 6))
        each = coverage(one, other, (np.arange(ours), np.arange(ours, ours + theirs)))
        expected = expected_coverage(ours, theirs), each.near_copies_expected
        found.append((each.density, each.coverage - expected[0], each.near_copies - expected[1]))
    density, covered, copies = np.mean(found, axis=0)
    assert density == pytest.approx(1, abs=0.03)
    assert covered == pytest.approx(0, abs=0.005)
    assert copies == pytest.approx(0, abs=0.004)


def test_a_source_is_further_than_people() -> None:
    whole = population()
    assert whole.far(0) == pytest.approx(0, abs=1e-12)
    assert min(whole.far(FIRST), whole.far(SECOND)) > 0.03
