"""Chance, held to its word: p-values are uniform where nothing differs, intervals cover, a shift there is is found."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, mannwhitneyu, ttest_ind, ttest_rel, wasserstein_distance

from evaluation.statistics import effects, inference, means, resampling
from evaluation.statistics.resampling import Pair

PERMUTATIONS = 199
# Draws of a rate near 5 %, and what passes for 5 %: about two standard errors of so many (.97 and .44 points) more.
# What was found wanting rejected 11 to 25 %.
FEW, MANY = 500, 2500
HIGHEST = {FEW: 0.07, MANY: 0.06}

Sets = tuple[np.ndarray, np.ndarray, Pair]


def independent(random: np.random.Generator, size: int = 20, shift: float = 0.0) -> Sets:
    """Every piece a group of its own."""
    groups = np.arange(2 * size)
    return random.normal(size=size), random.normal(size=size) + shift, Pair(groups[:size], groups[size:])


def paired(
    random: np.random.Generator, groups: int = 20, shift: float = 0.0, apart: float = 0.0, each: int = 2
) -> Sets:
    """Pieces of either set in each group, which gives half of the variance; `apart`: what a set makes of a group is
    its own by so much (an interaction of group and set), without any difference of the means."""
    work = random.normal(size=groups)
    names = np.repeat(np.arange(groups), each)
    one, other = (np.repeat(work + apart * random.normal(size=groups), each) for _ in range(2))
    return one + random.normal(size=len(one)), other + random.normal(size=len(one)) + shift, Pair(names, names)


def clustered(random: np.random.Generator, groups: int = 16, shift: float = 0.0) -> Sets:
    """Three pieces a group, which resemble each other; no group in both sets."""
    one, other = (np.repeat(random.normal(size=groups), 3) + random.normal(size=3 * groups) for _ in range(2))
    names = np.repeat(np.arange(2 * groups), 3)
    return one, other + shift, Pair(names[: 3 * groups], names[3 * groups :])


def uneven(random: np.random.Generator, shift: float = 0.0, apart: float = 0.0) -> Sets:
    """Works that both sets have, five pieces of the reference and one of the system each."""
    work = random.normal(size=20) * 0.6
    names = np.arange(20)
    reference = np.repeat(work + apart * random.normal(size=20), 5) + random.normal(size=100)
    system = work + apart * random.normal(size=20) + random.normal(size=20)
    return reference, system + shift, Pair(np.repeat(names, 5), names)


def mixed(random: np.random.Generator, apart: float = 0.0) -> Sets:
    """Ten works of 1 to 5 pieces of either set, and works of three that only one of them has."""
    work = random.normal(size=28)
    ours = np.repeat(np.arange(20), [*random.integers(1, 6, 10), *[3] * 10])
    theirs = np.repeat([*range(10), *range(20, 28)], [*random.integers(1, 6, 10), *[3] * 8])
    sets = ((work + apart * random.normal(size=28))[own] + random.normal(size=len(own)) for own in (ours, theirs))
    return (*sets, Pair(ours, theirs))  # type: ignore[return-value]


def lopsided(random: np.random.Generator, shift: float = 0.0) -> Sets:
    """A reference of ten composers with ten pieces each, and a system whose pieces stand for themselves."""
    composers = np.repeat(random.normal(size=10) * 0.5, 10) + random.normal(size=100)
    system = random.normal(size=20) * 0.5 + random.normal(size=20) + shift
    return composers, system, Pair(np.repeat(np.arange(10), 10), 100 + np.arange(20))


def interacting(draw: Callable[..., Sets], **given: Any) -> Callable[[np.random.Generator], Sets]:
    return partial(draw, apart=0.5, **given)


def partly(random: np.random.Generator) -> Sets:
    """Thirty pieces of which only five of the system have the metric: the pieces that are there."""
    reference, system, _ = independent(random, 30)
    return reference, system[:5], Pair(np.arange(30), 30 + np.arange(5))


def discrete(random: np.random.Generator) -> Sets:
    reference, system, pair = independent(random)
    return np.round(reference), np.round(system), pair


def p_value(sets: Sets, random: np.random.Generator, permutations: int = PERMUTATIONS) -> float:
    reference, system, pair = sets
    tested = pair.tested(random)
    reference, system = reference[tested[0]], system[tested[1]]
    subset = Pair(pair.reference[tested[0]], pair.system[tested[1]])
    sides = resampling.permuted_sides(subset, random, permutations)
    counted = sum(inference.as_far_apart(reference, system, part) for part in sides)
    return counted / subset.permutations(permutations)


def effects_of(sets: Sets, random: np.random.Generator, size: int = 15) -> effects.Effects:
    reference, system, pair = sets
    samples = resampling.equal_samples(pair, random, size, 200)
    return effects.effects(reference, system, samples, resampling.resampled_weights(pair, random, 500), pair.groups)


def direction_p(sets: Sets, random: np.random.Generator) -> float:
    return means.direction_p(*sets, random, PERMUTATIONS)


def spread_p(sets: Sets, random: np.random.Generator) -> float:
    reference, system, pair = sets
    return means.direction_p(means.from_median(reference), means.from_median(system), pair, random, PERMUTATIONS)


@pytest.fixture(params=[FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def draws(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("draw", [independent, paired, clustered, uneven, mixed, lopsided, partly])
def test_p_is_uniform_when_nothing_differs(draw: Callable[[np.random.Generator], Sets], draws: int) -> None:
    random = np.random.default_rng(1)
    p = np.array([p_value(draw(random), random) for _ in range(draws)])
    assert 0.1 - HIGHEST[draws] <= (p <= 0.05).mean() <= HIGHEST[draws]
    assert kstest(p - random.uniform(0, 1 / (1 + PERMUTATIONS), len(p)), "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    "draw",
    [
        interacting(paired, groups=10, each=5),
        interacting(paired, groups=20, each=3),
        interacting(uneven),
        interacting(mixed),
    ],
)
def test_what_each_set_makes_of_a_group_is_no_difference_of_the_sets(
    draw: Callable[[np.random.Generator], Sets],
    draws: int,
) -> None:
    """Exchanging pieces within a group rejected 11 to 19 % of the first two."""
    random = np.random.default_rng(1)
    p = np.array([p_value(draw(random), random) for _ in range(draws)])
    assert 0.1 - HIGHEST[draws] <= (p <= 0.05).mean() <= HIGHEST[draws]


def exchanged_by_piece(sets: Sets, random: np.random.Generator) -> float:
    """The test as it was: pieces of a group trade places in it, whoever made them."""
    reference, system, pair = sets
    number = np.concatenate([pair.reference, pair.system])
    side = np.repeat([False, True], [len(reference), len(system)])
    groups = np.argsort(number, kind="stable")
    shuffled = np.argsort(number[groups] + random.random((PERMUTATIONS, len(number))), axis=1)
    sides = np.empty((PERMUTATIONS, len(number)), dtype=np.bool_)
    sides[:, groups] = side[groups][shuffled]
    return (1 + inference.as_far_apart(reference, system, sides)) / (1 + PERMUTATIONS)


def test_exchanging_groups_costs_little_power_and_exchanging_pieces_keeps_no_level() -> None:
    random = np.random.default_rng(2)
    shifted = [paired(random, 20, shift=0.5, each=3) for _ in range(600)]
    whole, pieces = (np.array([test(sets, random) for sets in shifted]) for test in (p_value, exchanged_by_piece))
    assert (whole <= 0.05).mean() > 0.9 * (pieces <= 0.05).mean() > 0.5
    null = [paired(random, 10, apart=0.5, each=5) for _ in range(400)]
    assert np.mean([exchanged_by_piece(sets, random) <= 0.05 for sets in null]) > 0.15


def test_a_difference_within_every_pair_is_found_where_groups_overlap() -> None:
    """Exchanging pieces within a group, also those of one side among themselves, hides what its two sides differ by."""
    random = np.random.default_rng(3)
    found = []
    for _ in range(100):
        work, names = np.repeat(3 * random.normal(size=20), 3), np.repeat(np.arange(20), 3)
        own = 0.7 * np.repeat(random.normal(size=20), 3)  # what is a piece's own, and the same on either side
        noise = 0.2 * random.normal(size=(2, 60))
        sets = work + own + noise[0], work + own + noise[1] + 0.5, Pair(names, names)
        found.append((p_value(sets, random) <= 0.05, direction_p(sets, random) <= 0.05))
    assert np.mean(found, axis=0)[0] > 0.5
    assert np.mean(found, axis=0)[1] > 0.95


def spreads(random: np.random.Generator, sizes: tuple[int, int], ratio: float, skewed: bool = False) -> Sets:
    """Equal means, unequal spread."""
    draw = (lambda size: random.exponential(size=size) - 1) if skewed else (lambda size: random.normal(size=size))
    groups = np.arange(sum(sizes))
    return draw(sizes[0]), ratio * draw(sizes[1]), Pair(groups[: sizes[0]], groups[sizes[0] :])


@pytest.mark.parametrize("sizes", [(100, 20), (20, 100)])
@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_unequal_spread_gives_no_direction(sizes: tuple[int, int], ratio: float, draws: int) -> None:
    """The distance is significant in 25 % of these and more, and its sign was taken for a direction."""
    random = np.random.default_rng(4)
    p = np.array([direction_p(spreads(random, sizes, ratio), random) for _ in range(draws)])
    assert 0.03 <= (p <= 0.05).mean() <= HIGHEST[draws]


def test_the_distance_alone_would_point_somewhere() -> None:
    random = np.random.default_rng(5)
    p = np.array([p_value(spreads(random, (100, 20), 2.0), random) for _ in range(300)])
    assert (p <= 0.05).mean() > 0.2


@pytest.mark.parametrize("test", [direction_p, spread_p])
@pytest.mark.parametrize(
    "draw",
    [independent, clustered, lopsided, interacting(paired, groups=10, each=5), interacting(uneven), interacting(mixed)],
)
def test_directions_keep_their_level(
    test: Callable[..., float], draw: Callable[[np.random.Generator], Sets], draws: int
) -> None:
    random = np.random.default_rng(6)
    p = np.array([test(draw(random), random) for _ in range(draws)])
    assert 0.03 <= (p <= 0.05).mean() <= HIGHEST[draws]


@pytest.mark.parametrize("sizes", [(100, 100), (30, 30)])
def test_a_difference_of_means_is_no_difference_of_spread(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(7)
    p = []
    for _ in range(1000):
        reference, system, pair = spreads(random, sizes, 1.0, skewed=True)
        p.append(spread_p((reference, system + 3, pair), random))
    assert (np.array(p) <= 0.05).mean() <= 0.065


def test_the_direction_is_welchs_and_the_paired_t() -> None:
    """Squared, to the last digits: the order of permuted t is what the p comes from."""
    random = np.random.default_rng(8)
    reference, system, lone = spreads(random, (12, 30), 2.0)
    nothing = np.zeros((1, 42))
    sets = [
        means.group_means(values, numbers, 42)
        for values, numbers in zip((reference, system), lone.numbered[:2], strict=True)
    ]
    assert means._squared(*sets, nothing)[0] == pytest.approx(
        ttest_ind(reference, system, equal_var=False).statistic ** 2
    )
    one, other = random.normal(size=(2, 15))
    assert means._squared(one, other, np.zeros((1, 15)))[0] == pytest.approx(ttest_rel(one, other).statistic ** 2)


def test_crossed_groups_give_the_t_of_the_sets_they_make() -> None:
    random = np.random.default_rng(9)
    reference, system, pair = mixed(random)
    ours, theirs, groups = pair.numbered
    a, b = means.group_means(reference, ours, groups), means.group_means(system, theirs, groups)
    crossed = np.concatenate(list(resampling.permuted_groups(pair, random, 20)))
    swapped = [np.where(row, b, a) for row in crossed], [np.where(row, a, b) for row in crossed]
    expected = [means._squared(one, other, np.zeros((1, groups)))[0] for one, other in zip(*swapped, strict=True)]
    assert means._squared(a, b, crossed.astype(float)) == pytest.approx(expected)


def test_a_constant_has_no_direction_and_a_constant_shift_has() -> None:
    random = np.random.default_rng(10)
    pair = Pair(np.arange(12), np.arange(12))
    assert means.direction_p(np.full(12, 0.1), np.full(12, 0.1), pair, random, 999) == 1
    same = random.normal(size=12)
    assert means.direction_p(same, same.copy(), pair, random, 999) == 1
    assert means.direction_p(same, same + 1, pair, random, 9999) < 0.002


def test_a_mean_is_held_against_a_value_by_its_groups() -> None:
    random = np.random.default_rng(11)
    rejected = [
        inference.mean_against(
            np.repeat(random.normal(size=12), 4) + 0.3 * random.normal(size=48),
            np.repeat(np.arange(12), 4),
            0.0,
            random,
            199,
        )
        for _ in range(500)
    ]
    assert np.mean([one.p <= 0.05 for one in rejected]) <= 0.07
    assert np.mean([one.found.low <= 0 <= one.found.high for one in rejected]) > 0.9
    sure = inference.mean_against(1 + 0.1 * random.normal(size=20), np.arange(20), 0.0, random)
    assert sure.p < 0.001 < 0.9 < sure.found.low
    few = inference.mean_against(1 + 0.1 * random.normal(size=4), np.arange(4), 0.0, random)
    assert few.least_p == 2 / 16
    assert few.p == pytest.approx(2 / 16, abs=0.02)


def test_pieces_treated_as_independent_would_find_what_is_not_there() -> None:
    """Why groups are permuted and not pieces: the same music, its groups forgotten."""
    random = np.random.default_rng(2)
    forgotten = []
    for _ in range(400):
        reference, system, _ = clustered(random)
        alone = Pair(np.arange(len(reference)), np.arange(len(system)) + len(reference))
        forgotten.append(p_value((reference, system, alone), random))
    assert (np.array(forgotten) <= 0.05).mean() > 0.12


def test_of_discrete_metrics_no_more_is_rejected() -> None:
    random = np.random.default_rng(3)
    p = np.array([p_value(discrete(random), random) for _ in range(FEW)])
    assert (p <= 0.05).mean() <= HIGHEST[FEW]


@pytest.mark.parametrize(("draw", "shift"), [(independent, 1.2), (paired, 0.9), (clustered, 1.6)])
def test_a_known_shift_is_found_and_measured(draw: Callable[..., Sets], shift: float) -> None:
    random = np.random.default_rng(4)
    p, differences = [], []
    for _ in range(100):
        sets = draw(random, shift=shift)
        p.append(p_value(sets, random))
        differences.append(effects_of(sets, random).difference.value)
    assert (np.array(p) <= 0.05).mean() > 0.8
    assert np.mean(differences) == pytest.approx(shift, abs=0.1)


@pytest.mark.parametrize(
    ("draw", "shift"),
    # Pairs are the middle: each group counts once, as in the first, and both sets have it.
    [(independent, 0.7), pytest.param(paired, 0.7, marks=pytest.mark.slow), (clustered, 0.0)],
)
def test_intervals_cover_at_their_rate(draw: Callable[..., Sets], shift: float) -> None:
    """The true delta and distance are those of many more pieces. 500 draws: 95 % within 2 standard errors is 93 to 97;
    of the interval of a distance, in floors, less is said and promised."""
    random = np.random.default_rng(5)
    many = [draw(random, shift=shift) for _ in range(300)]
    reference, system = (np.concatenate([sets[side] for sets in many]) for side in (0, 1))
    delta = 2 * mannwhitneyu(system, reference).statistic / (len(system) * len(reference)) - 1
    samples = [resampling.equal_samples(pair, random, 15, 20) for *_, pair in many]
    apart = [effects.distances(one, *sets[:2]) for one, sets in zip(samples, many, strict=True)]
    distance = float(np.mean([one for one, _ in apart]) / np.mean([floor for _, floor in apart]))
    covered = []
    for _ in range(500):
        found = effects_of(draw(random, shift=shift), random)
        covered.append(
            (
                found.difference.low <= shift <= found.difference.high,
                found.delta.low <= delta <= found.delta.high,
                found.distance.low <= distance <= found.distance.high,
            )
        )
    rates = np.mean(covered, axis=0)
    assert (rates[:2] >= 0.925).all()
    assert (rates[:2] <= 0.975).all()
    assert rates[2] >= 0.85


@pytest.mark.parametrize("draw", [independent, pytest.param(paired, marks=pytest.mark.slow), clustered])  # the middle
def test_a_system_that_is_no_different_is_one_noise_floor_away(draw: Callable[..., Sets]) -> None:
    random = np.random.default_rng(6)
    found = [effects_of(draw(random), random) for _ in range(250)]
    ratio = sum(one.distance.value * one.floor for one in found) / sum(one.floor for one in found)
    assert ratio == pytest.approx(1, abs=0.05)


def test_distances_are_scipys() -> None:
    random = np.random.default_rng(7)
    one, other = random.normal(size=(2, 12))
    assert effects.wasserstein(one, other) == pytest.approx(wasserstein_distance(one, other))
    reference, system, pair = independent(random)
    actual = wasserstein_distance(reference, system)
    for part in resampling.permuted_sides(pair, random, 50):
        values = np.concatenate([reference, system])
        further = [wasserstein_distance(values[~side], values[side]) >= actual for side in part]
        assert inference.as_far_apart(reference, system, part) == sum(further)


def test_cliffs_delta_is_that_of_mann_and_whitney() -> None:
    random = np.random.default_rng(8)
    for sets in (independent(random, shift=0.5), discrete(random)):
        reference, system, _ = sets
        u = mannwhitneyu(system, reference).statistic
        assert effects_of(sets, random).delta.value == pytest.approx(2 * u / len(reference) / len(system) - 1)


def test_sets_without_overlap_are_as_far_apart_as_can_be() -> None:
    random = np.random.default_rng(9)
    reference, _, pair = independent(random)
    found = effects_of((reference, reference + 100, pair), random)
    assert found.delta.value == 1
    assert effects.magnitude(found.delta.value) == "large"
    assert p_value((reference, reference + 100, pair), random, 999) == 1 / 1000
    assert found.distance.value * found.floor == pytest.approx(100, abs=1)


def test_a_reference_that_never_varies_has_no_floor() -> None:
    random = np.random.default_rng(10)
    _, system, pair = independent(random)
    constant = np.zeros(20)
    assert np.isnan(effects_of((constant, system, pair), random).distance.value)
    same = effects_of((constant, constant, pair), random)
    assert (same.distance.value, same.difference.value) == (1, 0)
    assert p_value((constant, constant, pair), random) == 1


def test_samples_are_of_equal_size_and_never_of_one_group() -> None:
    random = np.random.default_rng(11)
    names = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 6, 7, 1, 2, 3])
    pair = Pair(names, names[::2])
    samples = resampling.equal_samples(pair, random, 5, 300)
    for first, second, system in zip(samples.first, samples.second, samples.system, strict=True):
        assert len(set(first)) == len(set(second)) == len(set(system)) == samples.size
        assert not set(names[first]) & set(names[second])
        assert not set(names[first]) & set(names[::2][system])


def test_a_small_set_makes_the_samples_small() -> None:
    random = np.random.default_rng(12)
    samples = resampling.equal_samples(Pair(np.arange(100), np.arange(100, 104)), random)
    assert samples.size == resampling.largest_size(Pair(np.arange(100), np.arange(100, 104)), random) == 2
    lone = resampling.equal_samples(Pair(np.arange(100), np.array([0, 1])), random)
    assert lone.size == 1


def test_a_few_shared_groups_are_never_all_in_one_half() -> None:
    shared = Pair(np.arange(100), np.repeat(np.arange(5), 10))
    assert resampling.equal_samples(shared, np.random.default_rng(0)).size == 20


def test_the_ways_to_assign_groups_bound_what_can_be_told() -> None:
    assert Pair(np.arange(4), np.arange(4)).assignments == pytest.approx(2**4)
    assert Pair(np.arange(4), np.arange(4)).least_p == pytest.approx(2 / 2**4)
    assert Pair(np.arange(3), 10 + np.arange(2)).assignments == pytest.approx(10)
    assert Pair(np.arange(3), 10 + np.arange(2)).least_p == pytest.approx(1 / 10)
    assert Pair(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 3])).assignments == pytest.approx(2**2 * 2)


def test_what_is_exchanged_is_of_one_size() -> None:
    pair = Pair(np.repeat([0, 1, 2, 3], [5, 5, 2, 5]), np.repeat([3, 4, 5, 6], [1, 5, 6, 1]))
    reference, system = pair.tested(np.random.default_rng(0))
    shared = 1  # piece of the group that both have: the system has one
    assert np.bincount(pair.reference[reference]).tolist() == [5, 5, 0, shared]
    assert np.bincount(pair.system[system]).tolist() == [0, 0, 0, shared, 5, 5]


def test_one_large_group_does_not_put_out_many_small_ones() -> None:
    pair = Pair(np.repeat(np.arange(20), [60, *[1] * 19]), np.repeat(20 + np.arange(20), [60, *[1] * 19]))
    assert [own.sum() for own in pair.tested(np.random.default_rng(0))] == [20, 20]


def test_a_pair_of_one_shared_group_is_not_tested() -> None:
    with pytest.raises(ValueError, match="at least two groups"):
        Pair(np.zeros(5), np.zeros(5))
    assert Pair(np.array([0, 0, 1]), np.array([0, 2])).least_p == pytest.approx(2 / 4)


def test_intervals_of_fewer_than_five_groups_are_not_given() -> None:
    random = np.random.default_rng(13)
    reference, system, _ = independent(random, 12)
    pair = Pair(np.repeat(np.arange(4), 3), 9 + np.arange(12))
    found = effects_of((reference, system, pair), random, 3)
    assert np.isnan([found.difference.low, found.delta.high, found.distance.low]).all()


def test_a_set_of_one_group_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two groups"):
        Pair(np.arange(5), np.zeros(3))


def test_holm_as_in_his_paper() -> None:
    np.testing.assert_allclose(inference.holm([0.01, 0.04, 0.03, np.nan, 0.005]), [0.03, 0.06, 0.06, np.nan, 0.02])
    assert inference.holm([]).tolist() == []
    np.testing.assert_array_equal(inference.holm([0.6, 0.9]), [1, 1])


@pytest.mark.parametrize(
    ("reference", "system"), [(range(6), range(6, 12)), (range(7), range(7)), (range(5), range(3, 9))]
)
def test_where_every_exchange_can_be_counted_p_is_never_below_the_least(reference: range, system: range) -> None:
    pair = Pair(np.array(reference), np.array(system))
    for seed in range(20):
        random = np.random.default_rng(seed)
        apart = np.zeros(len(reference)), np.ones(len(system)) + random.normal(size=len(system)) / 100
        assert p_value((*apart, pair), random, 9_999) >= pair.least_p
    every = np.concatenate(list(resampling.permuted_groups(pair, np.random.default_rng(0))))
    assert len(np.unique(every, axis=0)) == len(every) == pair.assignments == pair.permutations()


def test_counting_every_exchange_gives_the_p_of_many_drawn() -> None:
    random = np.random.default_rng(3)
    pair = Pair(np.arange(6), np.arange(3, 10))
    reference, system = random.normal(size=6), random.normal(size=7) + 1
    every = int(pair.assignments)
    counted = means.direction_p(reference, system, pair, random, every)
    drawn = [means.direction_p(reference, system, pair, random, every - 1) for _ in range(100)]
    assert np.mean(drawn) == pytest.approx(counted, abs=4 * np.std(drawn) / 10 + 1 / every)


def test_large_sets_are_worked_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(np.arange(30), np.arange(10, 50))
    monkeypatch.setattr(resampling, "_AT_ONCE", 1000)
    parts = list(resampling.permuted_sides(pair, np.random.default_rng(0), 100))
    assert len(parts) > 5
    assert sum(map(len, parts)) == 101
    assert sum(len(rows) for rows, _ in resampling.resampled_weights(pair, np.random.default_rng(0), 100)) == 101
