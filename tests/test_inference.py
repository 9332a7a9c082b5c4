"""Chance, held to its word: p-values are uniform where nothing differs, intervals cover, a shift there is is found."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kstest, mannwhitneyu, wasserstein_distance

from evaluation import draws, inference
from evaluation.draws import Pair

PERMUTATIONS = 199

Sets = tuple[np.ndarray, np.ndarray, Pair]


def independent(random: np.random.Generator, size: int = 20, shift: float = 0.0) -> Sets:
    """Every piece a group of its own."""
    groups = np.arange(2 * size)
    return random.normal(size=size), random.normal(size=size) + shift, Pair(groups[:size], groups[size:])


def paired(random: np.random.Generator, groups: int = 20, shift: float = 0.0) -> Sets:
    """Two pieces of either set in each group, which gives half of the variance."""
    work = np.repeat(random.normal(size=groups), 2)
    names = np.repeat(np.arange(groups), 2)
    return work + random.normal(size=2 * groups), work + random.normal(size=2 * groups) + shift, Pair(names, names)


def clustered(random: np.random.Generator, groups: int = 16, shift: float = 0.0) -> Sets:
    """Three pieces a group, which resemble each other; no group in both sets."""
    one, other = (np.repeat(random.normal(size=groups), 3) + random.normal(size=3 * groups) for _ in range(2))
    names = np.repeat(np.arange(2 * groups), 3)
    return one, other + shift, Pair(names[: 3 * groups], names[3 * groups :])


def uneven(random: np.random.Generator, shift: float = 0.0) -> Sets:
    """Works that both sets have, five pieces of the reference and one of the system each."""
    work = random.normal(size=20) * 0.6
    names = np.arange(20)
    reference = np.repeat(work, 5) + random.normal(size=100)
    return reference, work + random.normal(size=20) + shift, Pair(np.repeat(names, 5), names)


def lopsided(random: np.random.Generator, shift: float = 0.0) -> Sets:
    """A reference of ten composers with ten pieces each, and a system whose pieces stand for themselves."""
    composers = np.repeat(random.normal(size=10) * 0.5, 10) + random.normal(size=100)
    system = random.normal(size=20) * 0.5 + random.normal(size=20) + shift
    return composers, system, Pair(np.repeat(np.arange(10), 10), 100 + np.arange(20))


def partly(random: np.random.Generator) -> Sets:
    """Thirty pieces of which only five of the system have the figure: the pieces that are there."""
    reference, system, _ = independent(random, 30)
    return reference, system[:5], Pair(np.arange(30), 30 + np.arange(5))


def discrete(random: np.random.Generator) -> Sets:
    reference, system, pair = independent(random)
    return np.round(reference), np.round(system), pair


def p_value(sets: Sets, random: np.random.Generator, permutations: int = PERMUTATIONS) -> float:
    reference, system, pair = sets
    tested = pair.tested(random)
    reference, system = reference[tested[0]], system[tested[1]]
    sides = draws.permuted_sides(Pair(pair.reference[tested[0]], pair.system[tested[1]]), random, permutations)
    counted = sum(inference.as_far_apart(reference, system, part) for part in sides)
    return inference.permutation_p(counted, permutations)


def effects(sets: Sets, random: np.random.Generator, size: int = 15) -> inference.Effects:
    reference, system, pair = sets
    samples = draws.equal_samples(pair, random, size, 200)
    return inference.effects(reference, system, samples, draws.resampled_weights(pair, random, 500), pair.groups)


@pytest.mark.parametrize("draw", [independent, paired, clustered, uneven, lopsided, partly])
def test_p_is_uniform_when_nothing_differs(draw: Callable[[np.random.Generator], Sets]) -> None:
    random = np.random.default_rng(1)
    p = np.array([p_value(draw(random), random) for _ in range(2500)])
    assert 0.04 <= (p <= 0.05).mean() <= 0.06
    assert kstest(p - random.uniform(0, 1 / (1 + PERMUTATIONS), len(p)), "uniform").pvalue > 0.01


def test_pieces_treated_as_independent_would_find_what_is_not_there() -> None:
    """Why groups are permuted and not pieces: the same music, its groups forgotten."""
    random = np.random.default_rng(2)
    forgotten = []
    for _ in range(400):
        reference, system, _ = clustered(random)
        alone = Pair(np.arange(len(reference)), np.arange(len(system)) + len(reference))
        forgotten.append(p_value((reference, system, alone), random))
    assert (np.array(forgotten) <= 0.05).mean() > 0.12


def test_of_discrete_figures_no_more_is_rejected() -> None:
    random = np.random.default_rng(3)
    p = np.array([p_value(discrete(random), random) for _ in range(2500)])
    assert (p <= 0.05).mean() <= 0.06


@pytest.mark.parametrize(("draw", "shift"), [(independent, 1.2), (paired, 0.9), (clustered, 1.6)])
def test_a_known_shift_is_found_and_measured(draw: Callable[..., Sets], shift: float) -> None:
    random = np.random.default_rng(4)
    p, differences = [], []
    for _ in range(100):
        sets = draw(random, shift=shift)
        p.append(p_value(sets, random))
        differences.append(effects(sets, random).difference.value)
    assert (np.array(p) <= 0.05).mean() > 0.8
    assert np.mean(differences) == pytest.approx(shift, abs=0.1)


@pytest.mark.parametrize(("draw", "shift"), [(independent, 0.7), (paired, 0.7), (clustered, 0.0)])
def test_intervals_cover_at_their_rate(draw: Callable[..., Sets], shift: float) -> None:
    """The true delta and distance are those of many more pieces. 500 draws: 95 % within 2 standard errors is 93 to 97;
    of the interval of a distance, in floors, less is said and promised."""
    random = np.random.default_rng(5)
    many = [draw(random, shift=shift) for _ in range(300)]
    reference, system = (np.concatenate([sets[side] for sets in many]) for side in (0, 1))
    delta = 2 * mannwhitneyu(system, reference).statistic / (len(system) * len(reference)) - 1
    samples = [draws.equal_samples(pair, random, 15, 20) for *_, pair in many]
    apart = [inference.distances(one, *sets[:2]) for one, sets in zip(samples, many, strict=True)]
    distance = float(np.mean([one for one, _ in apart]) / np.mean([floor for _, floor in apart]))
    covered = []
    for _ in range(500):
        found = effects(draw(random, shift=shift), random)
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


@pytest.mark.parametrize("draw", [independent, paired, clustered])
def test_a_system_that_is_no_different_is_one_noise_floor_away(draw: Callable[..., Sets]) -> None:
    random = np.random.default_rng(6)
    found = [effects(draw(random), random) for _ in range(400)]
    ratio = sum(one.distance.value * one.floor for one in found) / sum(one.floor for one in found)
    assert ratio == pytest.approx(1, abs=0.04)


def test_distances_are_scipys() -> None:
    random = np.random.default_rng(7)
    one, other = random.normal(size=(2, 12))
    assert inference.wasserstein(one, other) == pytest.approx(wasserstein_distance(one, other))
    reference, system, pair = independent(random)
    actual = wasserstein_distance(reference, system)
    for part in draws.permuted_sides(pair, random, 50):
        values = np.concatenate([reference, system])
        further = [wasserstein_distance(values[~side], values[side]) >= actual for side in part]
        assert inference.as_far_apart(reference, system, part) == sum(further)


def test_cliffs_delta_is_that_of_mann_and_whitney() -> None:
    random = np.random.default_rng(8)
    for sets in (independent(random, shift=0.5), discrete(random)):
        reference, system, _ = sets
        u = mannwhitneyu(system, reference).statistic
        assert effects(sets, random).delta.value == pytest.approx(2 * u / len(reference) / len(system) - 1)


def test_sets_without_overlap_are_as_far_apart_as_can_be() -> None:
    random = np.random.default_rng(9)
    reference, _, pair = independent(random)
    found = effects((reference, reference + 100, pair), random)
    assert found.delta.value == 1
    assert inference.magnitude(found.delta.value) == "large"
    assert p_value((reference, reference + 100, pair), random, 999) == 1 / 1000
    assert found.distance.value * found.floor == pytest.approx(100, abs=1)


def test_a_reference_that_never_varies_has_no_floor() -> None:
    random = np.random.default_rng(10)
    _, system, pair = independent(random)
    constant = np.zeros(20)
    assert np.isnan(effects((constant, system, pair), random).distance.value)
    same = effects((constant, constant, pair), random)
    assert (same.distance.value, same.difference.value) == (1, 0)
    assert p_value((constant, constant, pair), random) == 1


def test_samples_are_of_equal_size_and_never_of_one_group() -> None:
    random = np.random.default_rng(11)
    names = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 6, 7, 1, 2, 3])
    pair = Pair(names, names[::2])
    samples = draws.equal_samples(pair, random, 5, 300)
    for first, second, system in zip(samples.first, samples.second, samples.system, strict=True):
        assert len(set(first)) == len(set(second)) == len(set(system)) == samples.size
        assert not set(names[first]) & set(names[second])
        assert not set(names[first]) & set(names[::2][system])


def test_a_small_set_makes_the_samples_small() -> None:
    random = np.random.default_rng(12)
    samples = draws.equal_samples(Pair(np.arange(100), np.arange(100, 104)), random)
    assert samples.size == draws.largest_size(Pair(np.arange(100), np.arange(100, 104)), random) == 2
    lone = draws.equal_samples(Pair(np.arange(100), np.array([0, 1])), random)
    assert lone.size == 1


def test_a_few_shared_groups_are_never_all_in_one_half() -> None:
    shared = Pair(np.arange(100), np.repeat(np.arange(5), 10))
    assert draws.equal_samples(shared, np.random.default_rng(0)).size == 20


def test_the_ways_to_assign_pieces_bound_what_can_be_told() -> None:
    assert Pair(np.arange(4), np.arange(4)).assignments == pytest.approx(2**4)
    assert Pair(np.arange(3), 10 + np.arange(2)).assignments == pytest.approx(10)
    assert Pair(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 3])).assignments == pytest.approx(3 * 6 * 2)


def test_groups_of_one_set_are_exchanged_at_one_size_and_most_pieces_stay() -> None:
    pair = Pair(np.repeat([0, 1, 2, 3], [5, 5, 2, 5]), np.repeat([3, 4, 5, 6], [1, 5, 6, 1]))
    reference, system = pair.tested(np.random.default_rng(0))
    assert np.bincount(pair.reference[reference]).tolist() == [5, 5, 0, 5]
    assert np.bincount(pair.system[system]).tolist() == [0, 0, 0, 1, 5, 5]


def test_intervals_of_fewer_than_five_groups_are_not_given() -> None:
    random = np.random.default_rng(13)
    reference, system, _ = independent(random, 12)
    pair = Pair(np.repeat(np.arange(4), 3), 9 + np.arange(12))
    found = effects((reference, system, pair), random, 3)
    assert np.isnan([found.difference.low, found.delta.high, found.distance.low]).all()


def test_a_set_of_one_group_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two groups"):
        Pair(np.arange(5), np.zeros(3))


def test_holm_as_in_his_paper() -> None:
    np.testing.assert_allclose(inference.holm([0.01, 0.04, 0.03, np.nan, 0.005]), [0.03, 0.06, 0.06, np.nan, 0.02])
    assert inference.holm([]).tolist() == []
    np.testing.assert_array_equal(inference.holm([0.6, 0.9]), [1, 1])


def test_large_sets_are_worked_on_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(np.arange(30), np.arange(10, 50))
    monkeypatch.setattr(draws, "_AT_ONCE", 1000)
    parts = list(draws.permuted_sides(pair, np.random.default_rng(0), 100))
    assert len(parts) > 5
    assert sum(map(len, parts)) == 100
    assert sum(len(rows) for rows, _ in draws.resampled_weights(pair, np.random.default_rng(0), 100)) == 101
