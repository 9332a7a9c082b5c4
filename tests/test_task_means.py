"""Means of ratings, and shares: textbook values where there are some, else error rates by simulation."""

import numpy as np
import pytest
from scipy.stats import binom, ttest_1samp
from task_data import BOTH, LATIN, UNMATCHED, Spreads, marked, rated

from listening_study.analysis.crossed import LEAST_DESIGN
from listening_study.analysis.tasks.components import layout
from listening_study.analysis.tasks.means import Estimate, difference, mean
from listening_study.analysis.tasks.shares import share

PATTERNS = [BOTH, LATIN, UNMATCHED]
CALM = Spreads(slope=0.0, clip=0.0)  # listeners and prompts differ, but not in what they make of the systems


def within(count: int, draws: int, low: float, high: float) -> bool:
    """Whether a binomial count fits a share between low and high, but for one time in a thousand."""
    return bool(binom.ppf(0.0005, draws, low) <= count <= binom.ppf(0.9995, draws, high))


def rejections(found: Estimate) -> int:
    return int((found.p() < 0.05).sum())


def test_pairs_are_the_quasi_f_of_the_two_way_layout() -> None:
    """Variance and degrees of freedom by mean squares (Clark 1973; Satterthwaite 1946)."""
    system, human = np.random.default_rng(1).normal(size=(2, 9, 7)) + np.arange(9)[:, None] * np.array([[[0.4]], [[0]]])
    system = system + np.arange(7)
    apart = system - human
    rest = apart - apart.mean(0) - apart.mean(1, keepdims=True) + apart.mean()
    squares = [apart.mean(1).var(ddof=1) / 9, apart.mean(0).var(ddof=1) / 7, -(rest**2).sum() / (8 * 6) / 63]
    found = difference(system, human)
    assert found.estimate == pytest.approx(system.mean() - human.mean())
    assert found.variance == pytest.approx(sum(squares), rel=1e-3)  # caution about agreement has one value's weight
    df = sum(squares) ** 2 / sum(one**2 / n for one, n in zip(squares, (8, 6, 48), strict=True))
    assert found.df == pytest.approx(df)


def test_without_variance_between_listeners_clips_alone_decide() -> None:
    clips = np.random.default_rng(2).normal(size=12)
    found = difference(np.tile(clips, (15, 1)), np.zeros((15, 12)), step=1e-9)
    assert found.df == pytest.approx(11)
    assert found.p() == pytest.approx(ttest_1samp(clips, 0).pvalue, rel=0.05)


def test_lenient_listeners_and_pleasing_prompts_count_for_no_source() -> None:
    system, human = (one[0] for one in rated(8, 6, 1, seed=3, pattern=LATIN))
    there, then = np.arange(8)[:, None] * 3.0, np.arange(6) * 5.0
    found, moved = difference(system, human), difference(system + there + then, human + there + then)
    assert moved.estimate == pytest.approx(float(found.estimate))
    assert moved.components == pytest.approx(found.components)
    assert moved.df == pytest.approx(float(found.df))


@pytest.mark.parametrize(("pattern", "answers"), [(BOTH, 2), (LATIN, 1)], ids=[BOTH, LATIN])
def test_components_are_unbiased_whoever_heard_what(pattern: str, answers: int) -> None:
    """answers : whose rests are in one value; the analysis of pairs takes their difference."""
    random = np.random.default_rng(4)
    draws, listeners, prompts = 3000, 8, 6
    slope, clip, rest = 0.5, 0.4, 0.6
    shared = random.normal(0, 1, (draws, listeners, 1)) + random.normal(0, 1, (draws, 1, prompts))
    apart = random.normal(0, slope, (draws, listeners, 1)) + random.normal(0, clip, (draws, 1, prompts))
    system, human = (
        shared + side * apart + random.normal(0, rest, (draws, listeners, prompts)) for side in (0.5, -0.5)
    )
    if pattern == LATIN:
        first = (np.arange(listeners)[:, None] + np.arange(prompts)) % 2 == 0
        system[:, ~first], human[:, first] = np.nan, np.nan
    found = difference(system, human).components
    truth = np.array([slope**2, clip**2, answers * rest**2])
    assert (np.abs(found.mean(0) - truth) < 4 * found.std(0) / np.sqrt(draws)).all()


def test_many_studies_at_once_are_those_one_by_one() -> None:
    system, human = rated(6, 5, 4, seed=5)
    system[0, 0, 0] = np.nan  # another pattern in one of them
    together = difference(system, human)
    for number in range(4):
        alone = difference(system[number], human[number])
        assert alone.p() == pytest.approx(together.p()[number])
        assert alone.p_equivalence(0.3) == pytest.approx(together.p_equivalence(0.3)[number])


def test_exchanging_the_sources_turns_the_difference_round() -> None:
    system, human = rated(7, 6, 20, seed=6, pattern=LATIN)
    found, turned = difference(system, human), difference(human, system)
    np.testing.assert_allclose(turned.estimate, -found.estimate, atol=1e-12)
    np.testing.assert_allclose(turned.p(), found.p())


def test_p_is_below_the_level_exactly_when_the_interval_leaves_out_the_value() -> None:
    found = difference(*rated(8, 6, 300, seed=7, effect=0.5))
    low, high = found.interval(0.95)
    np.testing.assert_array_equal(found.p(0.3) < 0.05, (low > 0.3) | (high < 0.3))
    narrow, wide = found.interval(0.90, cautious=True)
    np.testing.assert_array_equal(found.p_equivalence(1.0) < 0.05, (narrow > -1) & (wide < 1))


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (0, 0)], ids=["one listener", "one clip", "nothing"])
def test_one_of_a_kind_tells_nothing_of_others(shape: tuple[int, int]) -> None:
    for found in (difference(np.zeros(shape), np.ones(shape)), mean(np.ones(shape))):
        assert not found.estimable
        assert np.isnan([found.p(), *found.interval(0.95)]).all()


def test_ratings_that_are_all_the_same_are_no_proof_of_equality_but_a_large_difference_is_one() -> None:
    same = difference(np.full((10, 10), 4.0), np.full((10, 10), 4.0))
    assert same.p() == 1
    assert same.p_equivalence(0.1) > 0.05
    assert difference(np.full((10, 10), 1.0), np.full((10, 10), 5.0)).p() < 0.001


def test_shares_stay_within_0_and_1_and_invert_their_test() -> None:
    values = marked(8, 6, 300, seed=8, chance=0.9)
    found = share(values)
    low, high = found.interval(0.95)
    assert 0 <= low.min() < high.max() <= 1
    np.testing.assert_array_equal(found.p(0.8) < 0.05, (low > 0.8) | (high < 0.8))


def test_answers_that_vary_less_than_independent_ones_are_worth_more_but_not_endlessly() -> None:
    turned = (np.arange(20)[:, None] + np.arange(10)) % 2.0  # each listener, and each clip, has one half
    assert LEAST_DESIGN < share(turned).design < 1 < share(np.tile([1.0, 0.0], (20, 5))).design


def test_the_layout_of_complete_pairs_has_textbook_weights() -> None:
    found = layout(np.ones((4, 3), dtype=bool))
    assert found.weights == pytest.approx(np.full(12, 1 / 12))
    assert found.parts == pytest.approx([1 / 4, 1 / 3, 1 / 12])
    assert found.fewest == pytest.approx(2)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("spreads", [Spreads(), CALM], ids=["listeners and prompts differ by system", "they do not"])
def test_of_equal_systems_4_to_6_percent_differ_significantly(pattern: str, spreads: Spreads) -> None:
    draws = 1500
    for listeners, prompts in ((20, 8), (20, 20)):
        found = difference(*rated(listeners, prompts, draws, 10 * listeners + prompts, pattern, spreads=spreads))
        assert within(rejections(found), draws, 0.04, 0.06)


def test_intervals_of_a_mean_hold_it_95_percent_of_the_time() -> None:
    draws = 1500
    values, _ = rated(20, 12, draws, seed=9)
    many, _ = rated(200, 200, 40, seed=10)
    low, high = mean(values).interval(0.95)
    truth = many.mean()
    assert within(int(((low <= truth) & (truth <= high)).sum()), draws, 0.93, 0.97)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_at_the_margin_equivalence_is_claimed_at_most_5_percent_of_the_time(pattern: str) -> None:
    draws = 1500
    found = difference(*rated(20, 12, draws, 11, pattern, effect=1.0))
    margin = _truth(1.0)
    assert within(int((found.p_equivalence(margin) < 0.05).sum()), draws, 0.0, 0.05)


@pytest.mark.parametrize("chance", [0.5, 0.8])
def test_intervals_of_a_share_hold_it_95_percent_of_the_time(chance: float) -> None:
    draws = 1500
    for listeners, pairs in ((20, 8), (40, 20)):
        found = share(marked(listeners, pairs, draws, listeners + pairs, chance))
        low, high = found.interval(0.95)
        assert within(int(((low <= chance) & (chance <= high)).sum()), draws, 0.94, 0.97)
        if chance != 0.5:
            assert within(int((found.p_equivalence(chance - 0.5) < 0.05).sum()), draws, 0.0, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("listeners", [20, 40])
@pytest.mark.parametrize("prompts", [8, 12, 20])
def test_error_rates_are_those_promised_everywhere(pattern: str, listeners: int, prompts: int) -> None:
    draws = 3000
    differing = [Spreads(), CALM, Spreads(slope=0.6, clip=0.1), Spreads(slope=0.1, clip=0.6), Spreads(taste=0.8)]
    for number, spreads in enumerate(differing):
        found = difference(*rated(listeners, prompts, draws, 100 + number, pattern, spreads=spreads))
        assert within(rejections(found), draws, 0.04, 0.06), spreads
        low, high = found.interval(0.95)
        assert within(int(((low <= 0) & (high >= 0)).sum()), draws, 0.93, 0.97), spreads


def _truth(effect: float) -> float:
    """The difference of expected ratings, after rounding and at the scale's ends."""
    system, human = rated(100, 100, 100, seed=12, effect=effect)
    return float(system.mean() - human.mean())
