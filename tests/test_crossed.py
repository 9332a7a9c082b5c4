"""The crossed model: textbook values where there are some, and error rates by simulation where there are none."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import binom, norm

from evaluation.statistics.inference import holm
from listening_study.analysis.crossed import LEAST_DESIGN, CrossedDifference, difference
from listening_study.analysis.listener_model import Spread, probabilities, respond
from listening_study.analysis.variance_components import SourceVariances

FULL, SUBSETS, INCOMPLETE = "all clips", "half of the clips each", "three in ten stop early"


@dataclass(frozen=True)
class Cell:
    """Studies of one kind. Each source in `shares` has `clips` clips; the first is the human one."""

    listeners: int
    shares: tuple[float, ...]
    slope: float = 0.8
    clips: int = 10
    pattern: str = FULL

    def draw(self, draws: int, seed: int) -> np.ndarray:
        """(draws, listeners, sources, clips)."""
        random = np.random.default_rng(seed)
        named = {str(number): share for number, share in enumerate(self.shares)}
        sources = [name for name in named for _ in range(self.clips)]
        spread = Spread(0.8, 0.8, self.slope)
        chance = probabilities(random, named, sources, self.listeners, spread, draws)
        answers = respond(random, chance).astype(float)
        if self.pattern == SUBSETS:
            each = self.clips // 2
            turned = np.arange(self.clips) - each * np.arange(self.listeners)[:, None]
            answers[:, np.tile(turned % self.clips >= each, len(self.shares))] = np.nan
        if self.pattern == INCOMPLETE:
            everything = len(sources)
            order = random.permuted(np.tile(np.arange(everything), (draws, self.listeners, 1)), axis=-1)
            stop = random.integers(1, everything, (draws, self.listeners, 1))
            stays = random.random((draws, self.listeners, 1)) > 0.3
            answers[(order >= stop) & ~stays] = np.nan
        return answers.reshape(draws, self.listeners, len(self.shares), self.clips)


def contrasts(answers: np.ndarray) -> list[CrossedDifference]:
    return [difference(answers[:, :, number], answers[:, :, 0]) for number in range(1, answers.shape[2])]


def rejections(answers: np.ndarray) -> int:
    """In how many studies any system differs significantly at 5 %, corrected by Holm."""
    p = np.stack([one.p() for one in contrasts(answers)])
    corrected = np.apply_along_axis(lambda one: holm(one.tolist()), 0, p)
    return int((corrected < 0.05).any(axis=0).sum())


def missed(found: CrossedDifference, truth: float) -> float:
    low, high = found.interval(0.95)
    return float(((low > truth) | (high < truth)).mean())


def at_most(share: float, draws: int) -> int:
    """What a binomial count of this share stays below but once in a thousand times."""
    return int(binom.ppf(0.999, draws, share))


def test_complete_answers_give_the_mean_squares_of_the_analysis_of_variance() -> None:
    system, human = np.random.default_rng(0).normal(0.5, 0.2, (2, 7, 9))
    found = difference(system, human)

    def clip_variance(answers: np.ndarray) -> tuple[float, float]:
        """From mean squares of the two-way layout: clips, and what is left."""
        listeners, clips = answers.shape
        rest = answers - answers.mean(0) - answers.mean(1, keepdims=True) + answers.mean()
        left = (rest**2).sum() / ((listeners - 1) * (clips - 1))
        return (answers.mean(0).var(ddof=1) * listeners - left) / listeners, left

    (one, one_left), (other, other_left) = clip_variance(system), clip_variance(human)
    slope = (system.mean(1) - human.mean(1)).var(ddof=1) - (one_left + other_left) / 9
    shared = np.cov(system.mean(1), human.mean(1))[0, 1]
    assert found.estimate == pytest.approx(system.mean() - human.mean())
    assert found.components.clip == pytest.approx((one + other) / 2)
    assert found.components.rest == pytest.approx((one_left + other_left) / 2)
    assert found.components.slope == pytest.approx(slope)
    assert found.components.listener == pytest.approx(shared)


@pytest.mark.parametrize("pattern", ["full", "subsets", "ragged"])
def test_components_are_unbiased_whoever_heard_what(pattern: str) -> None:
    random = np.random.default_rng(3)
    draws, listeners, clips = 4000, 8, 6
    shared, own = random.normal(0, 0.3, (draws, listeners, 1)), random.normal(0, 0.2, (2, draws, listeners, 1))
    about, left = random.normal(0, 0.4, (2, draws, 1, clips)), random.normal(0, 0.5, (2, draws, listeners, clips))
    answers = 0.5 + shared + own + about + left
    if pattern == "subsets":
        answers[..., (np.arange(clips) - 3 * np.arange(listeners)[:, None]) % clips >= 3] = np.nan
    if pattern == "ragged":
        answers[:, :, np.tri(listeners, clips, -2, dtype=bool)] = np.nan
    parts = difference(*answers).components
    for found, truth in ((parts.listener, 0.09), (parts.slope, 0.08), (parts.clip, 0.16), (parts.rest, 0.25)):
        assert abs(found.mean() - truth) < 4 * found.std() / np.sqrt(draws)


def test_many_studies_at_once_are_those_one_by_one() -> None:
    answers = Cell(6, (0.5, 0.7), pattern=INCOMPLETE).draw(5, seed=1)
    (together,) = contrasts(answers)
    for number, study in enumerate(answers):
        alone = difference(study[:, 1], study[:, 0])
        assert alone.p() == pytest.approx(together.p()[number])
        assert alone.p_equivalence(0.1) == pytest.approx(together.p_equivalence(0.1)[number])


def test_exchanging_sources_or_answers_turns_the_difference_round() -> None:
    answers = Cell(8, (0.8, 0.6), pattern=SUBSETS).draw(20, seed=2)
    human, system = answers[:, :, 0], answers[:, :, 1]
    found = difference(system, human)
    low, high = found.interval(0.95)
    for turned in (difference(human, system), difference(1 - system, 1 - human)):
        np.testing.assert_allclose(turned.estimate, -found.estimate)
        np.testing.assert_allclose(turned.p(), found.p(), rtol=1e-6)
        np.testing.assert_allclose(turned.interval(0.95), (-high, -low), atol=1e-9)


def test_p_is_below_the_level_exactly_when_the_interval_leaves_out_the_value() -> None:
    (found,) = contrasts(Cell(10, (0.6, 0.4)).draw(300, seed=3))
    for value in (0.0, -0.1, 0.2):
        low, high = found.interval(0.95)
        np.testing.assert_array_equal(found.p(value) < 0.05, (low > value) | (high < value))
    narrow, wide = found.interval(0.90, cautious=True)
    np.testing.assert_array_equal(found.p_equivalence(0.25) < 0.05, (narrow > -0.25) & (wide < 0.25))


def test_intervals_stay_within_what_shares_can_differ_by() -> None:
    (found,) = contrasts(Cell(5, (0.97, 0.03)).draw(300, seed=4))
    low, high = found.interval(0.95)
    assert low.min() >= -1
    assert (high < 1).all()
    assert (low <= found.estimate).all()
    assert (found.estimate <= high).all()


def test_the_log_odds_ratio_is_that_of_the_shares_within_its_interval() -> None:
    (found,) = contrasts(Cell(10, (0.6, 0.4)).draw(50, seed=5))
    ratio, low, high = found.log_odds_interval(0.95)
    system, human = found.system, found.human
    np.testing.assert_allclose(ratio, np.log(system / (1 - system)) - np.log(human / (1 - human)))
    assert (low < ratio).all()
    assert (ratio < high).all()


@pytest.mark.parametrize("shape", [(1, 10), (10, 1)], ids=["one listener", "one clip"])
def test_one_of_a_kind_tells_nothing_of_others(shape: tuple[int, int]) -> None:
    found = difference(np.zeros(shape), np.ones(shape))
    assert found.estimate == -1
    assert not found.estimable
    assert np.isnan([found.p(), found.p_equivalence(0.1), *found.interval(0.95)]).all()


def test_no_answers_tell_nothing() -> None:
    for empty in (np.empty((0, 0)), np.full((5, 10), np.nan)):
        found = difference(empty, empty)
        assert not found.estimable
        assert np.isnan([found.estimate, found.p(), found.p_equivalence(0.1)]).all()


def test_full_agreement_on_nothing_but_one_answer_shows_no_difference_and_no_equivalence() -> None:
    found = difference(np.zeros((5, 10)), np.zeros((5, 10)))
    low, high = found.interval(0.95)
    assert found.p() == 1
    assert low < -0.2
    assert high > 0.2
    assert found.p_equivalence(0.1) > 0.05


def test_perfect_separation_is_significant_with_a_plausible_p() -> None:
    found = difference(np.zeros((5, 10)), np.ones((5, 10)))
    assert 0.001 < found.p() < 0.05
    assert difference(np.zeros((40, 40)), np.ones((40, 40))).p() < found.p()
    assert difference(np.zeros((2, 2)), np.ones((2, 2))).p() > 0.05


def test_no_design_counts_answers_for_more_than_they_are() -> None:
    (found,) = contrasts(Cell(5, (0.5, 0.5), slope=0).draw(300, seed=6))
    assert found.design.min() >= LEAST_DESIGN
    assert found.cautious_design.min() >= 1


def test_answers_more_regular_than_random_ones_have_the_least_design_effect() -> None:
    """Every listener, and every clip, is called human exactly half of the time: both variances are below 0."""
    chessboard = np.indices((20, 20)).sum(0) % 2.0
    found = difference(chessboard, 1 - chessboard)
    half, belief, per_clip = 400.0, 0.1, 20.0  # answers in the minority; their worth of belief; answers about a clip
    assert found.design == pytest.approx((half * 0.65 + belief * per_clip) / (half + belief))
    assert found.cautious_design == pytest.approx((half * 1 + 1.0 * per_clip) / (half + 1.0))


@pytest.mark.parametrize("listeners", [5, 10, 20, 40])
def test_the_null_is_rejected_at_most_6_percent_of_the_time(listeners: int) -> None:
    draws = 1000
    for number, pattern in enumerate((FULL, SUBSETS, INCOMPLETE)):
        for sources in (2, 4):
            cell = Cell(listeners, (0.5,) * sources, slope=0.4, pattern=pattern)
            assert rejections(cell.draw(draws, seed=100 * listeners + 10 * number + sources)) <= at_most(0.06, draws)


def test_two_listeners_who_agree_by_chance_are_not_significant() -> None:
    answers = Cell(2, (0.5, 0.5), clips=40).draw(1000, seed=9)
    assert rejections(answers) <= at_most(0.06, 1000)


def test_pooled_answers_would_be_rejected_far_too_often() -> None:
    """The paper's five listeners and ten clips, 9 to 16 % by slope; forty listeners, one time in three."""

    def pooled(answers: np.ndarray) -> float:
        human, system = answers[:, :, 0].mean((1, 2)), answers[:, :, 1].mean((1, 2))
        count, middle = answers.shape[1] * answers.shape[3], (human + system) / 2
        z = (system - human) / np.sqrt(2 * middle * (1 - middle) / count)
        return float((2 * norm.sf(abs(z)) < 0.05).mean())

    for listeners, least, most in ((5, 0.07, 0.13), (20, 0.19, 0.28), (40, 0.29, 0.43)):
        answers = Cell(listeners, (0.5, 0.5), slope=0.0).draw(1000, seed=listeners)
        assert least < pooled(answers) < most
        assert rejections(answers) <= at_most(0.06, 1000)


def test_a_difference_there_is_is_found_more_often_with_more_listeners_and_clips() -> None:
    found = [rejections(Cell(people, (0.7, 0.5), clips=clips).draw(400, seed=7)) for people, clips in
             ((5, 5), (10, 10), (20, 20), (40, 40))]  # fmt: skip
    assert found == sorted(found)
    assert found[-1] > 380


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.8, 0.2), (0.7, 0.6)])
def test_intervals_cover_the_true_difference(shares: tuple[float, float]) -> None:
    draws = 1000
    for listeners in (5, 20):
        (found,) = contrasts(Cell(listeners, shares).draw(draws, seed=listeners))
        assert missed(found, shares[1] - shares[0]) * draws <= at_most(0.07, draws)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [FULL, SUBSETS, INCOMPLETE])
@pytest.mark.parametrize("sources", [2, 4])
@pytest.mark.parametrize("listeners", [5, 10, 20, 40])
def test_the_null_is_rejected_at_most_6_percent_of_the_time_everywhere(
    listeners: int, sources: int, pattern: str
) -> None:
    draws, seed = 1500, 1000 * listeners + 10 * sources + len(pattern)
    counts = []
    for share in (0.2, 0.5, 0.8):
        for slope in (0.0, 0.4, 0.8):
            seed += 1
            cell = Cell(listeners, (share,) * sources, slope=slope, pattern=pattern)
            counts.append(rejections(cell.draw(draws, seed)))
    assert max(counts) <= at_most(0.06, draws)
    assert 0.015 * len(counts) * draws < sum(counts) <= at_most(0.06, len(counts) * draws)  # nor is it timid


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [FULL, SUBSETS, INCOMPLETE])
@pytest.mark.parametrize("listeners", [5, 10, 20, 40])
def test_intervals_cover_93_to_97_percent_on_average_and_nowhere_less(listeners: int, pattern: str) -> None:
    draws, seed = 1500, 77 * listeners + len(pattern)
    shares = ((0.5, 0.5), (0.2, 0.2), (0.8, 0.8), (0.5, 0.4), (0.8, 0.6), (0.3, 0.7))
    rates = []
    for one in shares:
        for slope in (0.0, 0.8):
            seed += 1
            (found,) = contrasts(Cell(listeners, one, slope=slope, pattern=pattern).draw(draws, seed))
            rates.append(missed(found, one[1] - one[0]))
    assert 0.03 <= np.mean(rates) <= 0.07
    assert max(rates) * draws <= at_most(0.07, draws)


def test_two_listeners_give_at_most_two_degrees_of_freedom() -> None:
    """However alike their answers are: 2 (listeners - 1)^2, and the belief that it is 1 where all agree."""
    chessboard = np.indices((2, 40)).sum(0) % 2.0
    found = difference(chessboard, 1 - chessboard)
    half = 80.0  # answers in the minority
    assert found.df == pytest.approx((half * 2 + 0.1 * 1) / (half + 0.1))


def test_claims_of_equivalence_have_no_more_degrees_of_freedom_than_the_clips_of_one_source() -> None:
    chessboard = np.indices((40, 6)).sum(0) % 2.0
    found = difference(chessboard, 1 - chessboard)
    assert found.df > 6
    assert found.cautious_df == pytest.approx(6 - 1)


def test_a_rest_estimated_below_0_makes_no_share_surer() -> None:
    nan = np.nan
    answers = np.array([[0.0, 0.0, nan], [1.0, nan, 1.0], [0.0, 0.0, nan]])
    source = SourceVariances(answers)
    assert source.rest == pytest.approx(-2 / 19)
    assert source.rest_part == 0
