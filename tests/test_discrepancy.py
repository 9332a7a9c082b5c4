"""The joint distance of sets of pieces, who is closer, and diversity apart from fidelity."""

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.stats import norm

from evaluation.statistics import coverage, discrepancy, ranks
from evaluation.statistics.discrepancy import Sets
from evaluation.statistics.effects import Interval, interval
from evaluation.statistics.resampling import Array

DIMENSIONS = 6
BANDWIDTH = 3.4
DRAWS = 200


def drawn(random: np.random.Generator, shifts: Mapping[str, Array], pieces: int, *, prompts: bool) -> dict[str, Array]:
    """Sets of normal points; with prompts, half of the variance is common to all sets."""
    common = random.normal(size=(pieces, DIMENSIONS))
    found = {}
    for name, shift in shifts.items():
        own = common if prompts else random.normal(size=(pieces, DIMENSIONS))
        found[name] = shift + (own + random.normal(size=(pieces, DIMENSIONS))) / np.sqrt(2)
    return found


def sets(points: Mapping[str, Array], *, prompts: bool) -> Sets:
    alike = discrepancy.gaussian_kernel(np.concatenate(list(points.values())), BANDWIDTH)
    groups = {name: np.arange(len(own)) + (0 if prompts else 1000 * n) for n, (name, own) in enumerate(points.items())}
    return Sets(groups, alike)


def along(axis: int, shift: float) -> Array:
    return np.asarray(shift * np.eye(DIMENSIONS)[axis])


def true(shift: float) -> float:
    """MMD^2 of two normal distributions whose means are so far apart: the expectation of the kernel in closed form."""
    scale = BANDWIDTH**2
    alike = (scale / (scale + 2)) ** (DIMENSIONS / 2)
    return float(2 * alike * (1 - np.exp(-(shift**2) / (2 * (scale + 2)))))


def naive(ours: Array, theirs: Array) -> float:
    """Gretton et al. 2012, equation 3, term by term."""

    def mean(one: Array, other: Array, *, same: bool) -> float:
        pairs = [
            np.exp(-((x - y) ** 2).sum() / (2 * BANDWIDTH**2))
            for i, x in enumerate(one)
            for j, y in enumerate(other)
            if not (same and i == j)
        ]
        return float(np.mean(pairs))

    return mean(ours, ours, same=True) + mean(theirs, theirs, same=True) - 2 * mean(ours, theirs, same=False)


def test_it_is_the_unbiased_estimate_of_gretton_and_others() -> None:
    points = drawn(np.random.default_rng(0), {"human": along(0, 0), "a": along(0, 1)}, 9, prompts=False)
    assert sets(points, prompts=False).squared()["a"] == pytest.approx(naive(points["human"], points["a"]))


@pytest.mark.parametrize("pieces", [12, 24, 50])
@pytest.mark.parametrize("prompts", [True, False])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_it_is_unbiased_at_every_size_and_with_shared_prompts(pieces: int, prompts: bool, shift: float) -> None:
    random = np.random.default_rng(1)
    shifts = {"human": along(0, 0), "a": along(0, shift)}
    found = [sets(drawn(random, shifts, pieces, prompts=prompts), prompts=prompts).squared()["a"] for _ in range(DRAWS)]
    assert np.mean(found) == pytest.approx(true(shift), abs=3.5 * np.std(found) / np.sqrt(DRAWS))


def test_pieces_of_one_group_are_not_compared() -> None:
    """Copies of each piece change nothing: they say nothing new."""
    points = drawn(np.random.default_rng(2), {"human": along(0, 0), "a": along(0, 1)}, 20, prompts=False)
    once = sets(points, prompts=False)
    twice = Sets(
        {name: np.repeat(own, 2) for name, own in once.groups.items()},
        discrepancy.gaussian_kernel(np.repeat(np.concatenate(list(points.values())), 2, axis=0), BANDWIDTH),
    )
    assert twice.squared()["a"] == pytest.approx(once.squared()["a"])


@pytest.mark.parametrize("prompts", [True, False])
def test_p_keeps_its_level_and_finds_a_difference(prompts: bool) -> None:
    random = np.random.default_rng(3)
    p = {0.0: [], 1.5: []}  # type: dict[float, list[float]]
    for shift, own in p.items():
        for _ in range(DRAWS):
            points = drawn(random, {"human": along(0, 0), "a": along(0, shift)}, 20, prompts=prompts)
            own.append(sets(points, prompts=prompts).p("a", random, 99))
    assert (np.array(p[0.0]) <= 0.05).mean() <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert (np.array(p[1.5]) <= 0.05).mean() > 0.8


@pytest.mark.parametrize("prompts", [True, False])
def test_intervals_hold_the_truth_and_equal_systems_are_not_ranked(prompts: bool) -> None:
    """Two different systems, equally far from people: who is closer must stay open."""
    random = np.random.default_rng(4)
    shifts = {"human": along(0, 0), "a": along(0, 1.5), "b": along(1, 1.5)}
    held = ranked = 0
    for _ in range(DRAWS):
        found = sets(drawn(random, shifts, 30, prompts=prompts), prompts=prompts)
        values, resampled = found.squared(), found.resampled(random, 500)
        own = interval(np.concatenate([[values["a"]], resampled["a"]]), 30)
        held += own.low <= true(1.5) <= own.high
        ranked += ranks.pairs(values, resampled, 30)[0].significant
    assert held / DRAWS >= 0.95 - 2.5 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert ranked / DRAWS <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / DRAWS)


def test_the_closer_of_two_systems_is_found() -> None:
    random = np.random.default_rng(5)
    points = drawn(random, {"human": along(0, 0), "near": along(0, 0.5), "far": along(0, 3)}, 40, prompts=True)
    found = sets(points, prompts=True)
    values = found.squared()
    (one,) = ranks.pairs(values, found.resampled(random, 500), 40)
    assert (one.closer, one.further, one.significant) == ("near", "far", True)
    assert ranks.ranks(values, [one]) == {"near": (1, 1), "far": (2, 2)}


def test_few_groups_are_less_certain_of_a_pair_and_equals_are_not_a_difference() -> None:
    drawn = 2 + np.random.default_rng(9).normal(size=2000)
    p = [ranks.pairs({"a": 2.0, "b": 0.0}, {"a": drawn, "b": 0 * drawn}, groups)[0].p for groups in (6, 20, 1000)]
    assert p == sorted(p, reverse=True)
    assert p[0] > 0.1
    assert p[2] == pytest.approx(2 * norm.sf(2), rel=0.1)
    (same,) = ranks.pairs({"a": 1.0, "b": 1.0}, {"a": drawn, "b": drawn}, 20)
    assert (same.p, same.significant) == (1.0, False)


def test_a_set_of_one_group_has_no_discrepancy() -> None:
    found = Sets({"human": np.array([1, 2]), "a": np.array([3, 3])}, np.eye(4))
    assert np.isnan(found.squared()["a"])
    with pytest.raises(ValueError, match="at least two groups"):
        found.p("a", np.random.default_rng(0))


def test_without_a_significant_pair_every_rank_is_possible() -> None:
    open_ = [ranks.Comparison(a, b, Interval(0.1, -0.1, 0.3), 0.4, 0.9) for a, b in (("a", "b"), ("a", "c"))]
    assert ranks.ranks({"a": 1.0, "b": 1.1, "c": 1.2}, open_) == dict.fromkeys("abc", (1, 3))


def test_one_distribution_has_density_1_and_the_expected_coverage() -> None:
    random = np.random.default_rng(6)
    found = []
    for _ in range(50):
        one, other = random.normal(size=(2, 100, DIMENSIONS))
        found.append(coverage.coverage(one, other, (np.arange(100), np.arange(100, 200))))
    assert np.mean([each.density for each in found]) == pytest.approx(1, abs=0.05)
    assert np.mean([each.coverage for each in found]) == pytest.approx(coverage.expected_coverage(100, 100), abs=0.01)
    assert 0.005 < np.mean([each.near_copies for each in found]) < 0.025


def test_too_little_variety_is_faithful_and_covers_little() -> None:
    random = np.random.default_rng(7)
    reference = random.normal(size=(100, 2))
    found = coverage.coverage(reference, 0.2 * random.normal(size=(100, 2)), (np.arange(100), np.arange(100, 200)))
    assert found.density > 1.2
    assert found.coverage < 0.7


def test_a_few_pieces_again_and_again_are_near_copies() -> None:
    random = np.random.default_rng(8)
    system = np.tile(random.normal(size=(4, 3)), (25, 1))
    found = coverage.coverage(random.normal(size=(100, 3)), system, (np.arange(100), np.arange(100, 200)))
    assert found.near_copies == 1


def test_too_few_pieces_have_no_neighbours() -> None:
    one, other = np.zeros((3, 2)), np.ones((8, 2))
    assert np.isnan(coverage.coverage(one, other, (np.arange(3), np.arange(3, 11))).density)


def test_near_copies_need_a_hundred_pieces_to_be_read() -> None:
    one, other = np.random.default_rng(9).normal(size=(2, 99, 3))
    found = coverage.coverage(one, other, (np.arange(99), np.arange(99, 198)))
    assert np.isfinite(found.density)
    assert np.isnan(found.near_copies)


def test_a_difference_without_any_resampling_error_has_no_p() -> None:
    """As of two sets, each of which holds one piece again and again: nothing is known of what chance does."""
    values, still = {"a": 0.3, "b": 0.1}, np.full(99, 0.1)
    (found,) = ranks.pairs(values, {"a": still + 0.2, "b": still}, groups=12)
    assert np.isnan(found.p)
    assert not found.significant
    assert ranks.ranks(values, [found]) == {"a": (1, 2), "b": (1, 2)}
