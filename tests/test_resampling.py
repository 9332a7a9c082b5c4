"""Intervals and tests over groups of pieces: exact where they can be counted, honest where they are simulated."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from clstm.prediction import resampling
from clstm.prediction.resampling import Array, Draws, contributions, is_clear, sign_flips, two_sided, upper_sided


def mean_of(draws: Draws, values: Array, sizes: Array) -> Array:
    """A ratio of sums over groups: the mean of values, each weighing as its group is large."""
    return (draws.weights @ (sizes * values)) / (draws.weights @ sizes)


# Intervals.


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_fewer_than_five_groups_have_no_interval(groups: int) -> None:
    draws = Draws.of(np.ones(groups), seed=0)
    values = mean_of(draws, np.arange(groups, dtype=float), np.ones(groups))
    assert values[0] == pytest.approx((groups - 1) / 2)
    assert np.isnan(draws.interval(values)).all()


def test_five_groups_have_one_and_it_holds_the_value() -> None:
    draws = Draws.of(np.ones(5), seed=0)
    low, high = draws.interval(mean_of(draws, np.array([1.0, 2, 3, 4, 5]), np.ones(5)))
    # t of four degrees of freedom: 3 -+ 2.776 x 1.581 / sqrt(5).
    assert low == pytest.approx(3 - 1.963, abs=0.02)
    assert high == pytest.approx(3 + 1.963, abs=0.02)


def test_groups_that_are_all_alike_leave_nothing_to_chance() -> None:
    draws = Draws.of(np.array([1.0, 5, 2, 9, 4, 4]), seed=0)
    assert draws.interval(mean_of(draws, np.full(6, 0.25), np.array([1.0, 5, 2, 9, 4, 4]))) == pytest.approx(
        (0.25, 0.25)
    )


def test_a_metric_that_exists_by_one_group_only_has_no_interval() -> None:
    draws = Draws.of(np.ones(6), seed=0)
    said = draws.weights @ np.array([0.0, 0, 3, 0, 0, 0])
    with np.errstate(invalid="ignore"):
        precision = said / said  # nobody else says a 1
    assert precision[0] == 1
    assert np.isnan(draws.interval(precision)).all()


def test_an_interval_does_not_leave_what_is_possible() -> None:
    draws = Draws.of(np.ones(5), seed=0)
    shares = mean_of(draws, np.array([0.0, 0, 0, 0, 0.5]), np.ones(5))
    low, high = draws.interval(shares, lowest=0, highest=1)
    assert low == 0
    assert 0.3 < high <= 1
    assert draws.interval(shares)[0] < 0


def test_one_group_with_most_of_the_windows_widens_the_interval() -> None:
    values = np.array([0.1, 0.4, 0.2, 0.5, 0.3, 0.3, 0.2, 0.4])
    wide, narrow = (
        np.diff(draws.interval(mean_of(draws, values, sizes))).item()
        for sizes in (np.array([60.0, *[1] * 7]), np.ones(8))
        for draws in [Draws.of(sizes, seed=0)]
    )
    assert Draws.of(np.array([60.0, *[1] * 7]), seed=0).effective == 2  # 1.2, and t needs two
    assert wide > 2 * narrow


def test_a_wider_level_holds_a_narrower() -> None:
    draws = Draws.of(np.ones(9), seed=0)
    values = mean_of(draws, np.arange(9.0) ** 2, np.ones(9))
    (low, high), (inner_low, inner_high) = draws.interval(values), draws.interval(values, level=0.9)
    assert low < inner_low < values[0] < inner_high < high


# Tests.


def test_every_way_to_flip_the_signs_is_tried_once_for_few_groups() -> None:
    flips = sign_flips(6, seed=0)
    assert (flips[0] == 1).all()
    assert {tuple(row) for row in flips} == set(product([1.0, -1.0], repeat=6))
    assert len(flips) == 64


@pytest.mark.parametrize(("groups", "least"), [(5, 2 / 32), (6, 2 / 64), (10, 2 / 1024)])
def test_the_least_p_is_two_of_all_ways(groups: int, least: float) -> None:
    assert two_sided(sign_flips(groups, 0) @ np.arange(1.0, 1 + groups)) == pytest.approx(least)
    assert upper_sided(sign_flips(groups, 0) @ np.arange(1.0, 1 + groups)) == pytest.approx(least / 2)


def test_flips_of_a_sum_and_of_its_t_are_one_test() -> None:
    differences = np.random.default_rng(1).normal(0.4, 1, 9)
    flipped = sign_flips(9, 0) * differences
    t = flipped.mean(axis=1) / (flipped.std(axis=1, ddof=1) / 3)
    assert two_sided(t) == two_sided(flipped.sum(axis=1)) < 1


def test_flips_drawn_at_random_come_near_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(4).normal(0.5, 1, 12)
    every = two_sided(sign_flips(12, 0) @ differences)
    monkeypatch.setattr(resampling, "ALL_FLIPS", 5)
    assert len(sign_flips(12, 0)) == 10_000
    assert two_sided(sign_flips(12, 0) @ differences) == pytest.approx(every, abs=0.015)
    assert two_sided(sign_flips(40, 0) @ np.ones(40)) == 1 / 10_000


def test_contributions_add_up_to_the_difference_of_the_ratios() -> None:
    random = np.random.default_rng(0)
    one, other = ((random.uniform(0, 1, 9), random.uniform(1, 5, 9)) for _ in range(2))
    apart = one[0].sum() / one[1].sum() - other[0].sum() / other[1].sum()
    assert contributions(one, other).sum() == pytest.approx(apart)
    np.testing.assert_allclose(contributions(other, one), -contributions(one, other))


def test_systems_of_one_f1_that_say_different_numbers_of_notes_do_not_differ_significantly() -> None:
    """Swapped and counted anew, the F1 of such systems differs in 11 % of these simulations."""
    random, flips, rejected = np.random.default_rng(6), sign_flips(20, 0)[:2000], 0
    for _ in range(500):
        notes = np.exp(random.normal(0, 0.6, 20)) * 100
        few, many = (random.normal(0.6, spread, 20) for spread in (0.15, 0.05))  # the F1 of each group
        one, other = (few * 1.8 * notes, 1.8 * notes), (many * 2.5 * notes, 2.5 * notes)
        rejected += two_sided(flips @ contributions(one, other)) < 0.05
    assert 0.03 <= rejected / 500 <= 0.08


def test_no_difference_has_a_p_of_one_and_few_groups_have_none() -> None:
    assert two_sided(sign_flips(8, 0) @ np.zeros(8)) == 1
    assert np.isnan(two_sided(sign_flips(4, 0) @ np.ones(4)))
    assert np.isnan(two_sided(sign_flips(8, 0) @ np.full(8, np.nan)))


def test_a_direction_needs_the_test_and_the_interval() -> None:
    assert is_clear(0.1, 0.5, 0.01)
    assert is_clear(-0.5, -0.1, 0.01)
    assert not is_clear(0.1, 0.5, 0.06)
    assert not is_clear(-0.1, 0.5, 0.01)
    assert not is_clear(0.1, 0.5, float("nan"))
    assert not is_clear(float("nan"), float("nan"), 0.01)


# Simulations: how often an interval holds the truth, which is 0, and how often a test finds what is not there.

VALUES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "normal": lambda random, groups: random.normal(0, 1, groups),
    "exchangeable": lambda random, groups: (
        np.exp(random.normal(0, 0.8, groups)) - np.exp(random.normal(0, 0.8, groups))
    ),
    "skewed": lambda random, groups: random.gamma(4, 0.5, groups) - 2,  # skewness 1
    "exponential": lambda random, groups: random.exponential(1, groups) - 1,  # skewness 2
}


def simulated(kind: str, spread: float, groups: int, times: int) -> tuple[float, float, float]:
    """The rates of: interval holds 0, p below .05, direction said. Group sizes are lognormal with this spread."""
    random = np.random.default_rng((groups, len(kind), int(10 * spread)))
    flips = sign_flips(groups, 0)
    found = []
    for seed in range(times):
        sizes = np.exp(random.normal(0, spread, groups))
        values = VALUES[kind](random, groups)
        draws = Draws.of(sizes, seed)
        low, high = draws.interval(mean_of(draws, values, sizes))
        p = two_sided(flips @ (sizes * values))
        found.append((low <= 0 <= high, p < 0.05, is_clear(low, high, p)))
    covered, rejected, directed = np.mean(found, axis=0)
    return covered, rejected, directed


@pytest.mark.parametrize("kind", ["normal", "skewed"])
def test_intervals_of_unequal_groups_hold_the_truth(kind: str) -> None:
    covered, _, directed = simulated(kind, 0.8, 8, 500)  # the percentiles alone: 0.91
    assert covered >= 0.92
    assert directed <= 0.06


def test_flips_of_exchangeable_systems_keep_the_level() -> None:
    _, rejected, directed = simulated("exchangeable", 0.8, 10, 500)
    assert directed <= rejected <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("groups", [5, 8, 12, 20])
@pytest.mark.parametrize("spread", [0.0, 0.8, 1.2])
@pytest.mark.parametrize("kind", VALUES)
def test_the_whole_grid_of_simulations(kind: str, spread: float, groups: int) -> None:
    covered, rejected, directed = simulated(kind, spread, groups, 1000)
    assert covered >= 0.905  # 0.92, less twice the error of 1,000 simulations
    assert directed <= (0.09 if kind == "exponential" else 0.07)
    if kind in ("normal", "exchangeable"):
        assert rejected <= 0.065
