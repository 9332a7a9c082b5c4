"""What a number of clips can find: the power said is the power that the tests of a comparison have."""

import numpy as np
import pandas as pd
import pytest

from clstm.runtime.errors import UserError
from evaluation.distance import planning
from evaluation.distance.planning import DISTANCE, Music, finds, needed, of_pilot
from evaluation.plans import numbers
from evaluation.statistics import inference, resampling
from evaluation.statistics.discrepancy import Sets, gaussian_kernel
from evaluation.statistics.power import (
    Pieces,
    Shuffled,
    draw,
    neutral,
    power,
    power_of_distance,
    smallest_distance,
    smallest_shift,
)
from evaluation.statistics.resampling import Pair

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(60, 6))
HUMAN = Pieces(POINTS, np.arange(60), 3.3)


def music(points: np.ndarray, values: np.ndarray, first: int) -> Music:
    groups = np.arange(first, first + len(points))
    return Music(Pieces(points, groups, 3.3), pd.DataFrame({"polyphony": values}))


def test_pieces_drawn_twice_do_not_make_a_distance() -> None:
    """The unbiased MMD^2 of two sets is the mean of the same over sets drawn from them, however many."""
    other = Pieces(RANDOM.normal(size=(12, 6)) + 0.8, np.arange(100, 112), 3.3)
    both = np.concatenate([HUMAN.points, other.points])
    known = Sets({"human": HUMAN.groups, "other": other.groups}, gaussian_kernel(both, 3.3)).squared()["other"]
    found = HUMAN.alike.mean() + other.alike.mean() - 2 * HUMAN.across(other).mean()
    assert found == pytest.approx(known, abs=1e-12)


def test_pieces_of_one_group_are_as_alike_as_others() -> None:
    groups = np.array(["a", "a", "b", "c"])
    alike = np.where(groups[:, None] == groups, 1.0, 0.5)
    assert neutral(alike, groups, groups) == pytest.approx(np.full((4, 4), 0.5))


def test_pairs_are_drawn_as_pairs_and_others_are_not() -> None:
    names = np.arange(20)
    paired = draw(names, names[::-1], 50, np.random.default_rng(0))
    assert (names[paired.reference] == names[::-1][paired.system]).all()
    assert (paired.reference_groups == paired.system_groups).all()
    apart = draw(names, names + 20, 50, np.random.default_rng(0))
    assert not set(apart.reference_groups) & set(apart.system_groups)


def test_a_group_is_drawn_as_a_whole() -> None:
    groups = np.repeat(np.arange(10), 3)
    drawn = draw(groups, groups + 10, 30, np.random.default_rng(0))
    assert (np.bincount(drawn.reference_groups) == 3).all()


@pytest.mark.slow
def test_the_distance_said_is_found_with_the_power_said() -> None:
    said = smallest_distance(HUMAN, 24, 0.8, replicates=150).found
    assert said.low <= said.value <= said.high
    again = power_of_distance(HUMAN, said.value, 24, replicates=200, seed=1)
    assert again.low - 0.05 < 0.8 < again.high + 0.05
    assert power_of_distance(HUMAN, said.value / 4, 24, replicates=100, seed=1).high < 0.6


def test_where_nothing_differs_five_percent_are_found() -> None:
    nothing = power_of_distance(HUMAN, 0.0, 24, replicates=300)
    assert nothing.low < 0.05 < nothing.high


def test_the_shift_said_is_found_with_the_power_said_by_the_test_of_a_comparison() -> None:
    values, groups, level = RANDOM.gamma(2.0, size=80), 30, 0.005
    said = smallest_shift(values, Shuffled((groups, groups), np.random.default_rng(1)), level, 0.8, 300)
    assert said.found.value == pytest.approx(said.sd * values.std(ddof=1))
    found, pair = 0, Pair(np.arange(groups), np.arange(groups, 2 * groups))
    for seed in range(120):
        random = np.random.default_rng((2, seed))
        ours, theirs = random.choice(values, groups), random.choice(values, groups) + said.found.value
        further = sum(
            inference.as_far_apart(ours, theirs, sides) for sides in resampling.permuted_sides(pair, random, 1999)
        )
        found += further / pair.permutations(1999) < level
    again = power(found, 120)
    assert again.low < 0.8 < again.high


def test_a_metric_that_does_not_vary_has_no_smallest_shift() -> None:
    shuffled = Shuffled((10, 10), np.random.default_rng(0), 99)
    assert np.isnan(smallest_shift(np.ones(20), shuffled, 0.05, 0.8, 20).found.value)


def test_a_pilot_of_the_references_kind_is_seldom_found_and_a_distant_one_always() -> None:
    random = np.random.default_rng(3)
    human, again = (music(random.normal(size=(60, 6)), random.normal(size=60), first) for first in (0, 100))
    distant = music(random.normal(size=(60, 6)) + 1.5, random.normal(size=60) + 3, 200)
    same, far = (of_pilot(human, one, "rnn", 24, 0.8, 80, 0) for one in (again, distant))
    assert [one.what for one in far] == [DISTANCE, "polyphony"]
    assert [one.power.value for one in far] == [1.0, 1.0]
    assert same[0].power.value < 0.4


def test_more_clips_find_less_and_the_plan_lies_between_sizes() -> None:
    human = music(POINTS, RANDOM.normal(size=60), 0)
    rows = [row for clips in (12, 48) for row in planning.smallest(human, clips, 0.8, 60, 0)]
    few, many = (one.smallest.value for one in rows if one.what == DISTANCE)
    assert few > 2 * many
    between = needed(rows, (few * many) ** 0.5)
    assert between is not None
    assert 12 < between < 48
    assert needed(rows, many / 2) is None
    assert needed(rows, few * 2) == 12


def test_a_comparison_of_a_handful_says_nothing_of_what_it_finds() -> None:
    pieces = pd.DataFrame({"system": ["human"] * 5 + ["rnn"] * 5, "piece": [*range(5)] * 2, "group": range(10)})
    values = pieces.assign(metric="polyphony", value=np.arange(10.0))
    assert finds(values, pieces, {"rnn": "human"}) == []


@pytest.mark.parametrize("given", ["", "x", "24,x", "3", "24,-5", "2.5"])
def test_what_is_no_number_of_clips_is_refused(given: str) -> None:
    with pytest.raises(UserError, match="--clips takes whole numbers from 8 up"):
        numbers(given)
