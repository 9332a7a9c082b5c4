"""Drawn listeners are those the model describes: shares, spreads, and the same again from the same seed."""

import numpy as np
import pytest
from scipy.special import logit

from listening_study.analysis.listener_model import Spread, log_odds, probabilities, respond, spread_of_shares


def drawn(spread: Spread, seed: int = 0, **p_human: float) -> np.ndarray:
    """(4 draws, 400 listeners, 400 clips a source)."""
    sources = [name for name in p_human for _ in range(400)]
    return probabilities(np.random.default_rng(seed), p_human, sources, 400, spread, draws=4)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.97])
def test_shares_are_those_asked_for_whatever_the_spread(share: float) -> None:
    spread = Spread(0.8, 0.8, 0.8)
    assert drawn(spread, human=share).mean() == pytest.approx(share, abs=0.015)


def test_a_share_of_0_or_1_is_kept_to_the_letter() -> None:
    chances = drawn(Spread(), never=0.0, always=1.0)
    assert (chances[..., :400] == 0).all()
    assert (chances[..., 400:] == 1).all()


def test_spreads_are_those_asked_for() -> None:
    spread = Spread(listener=0.7, clip=0.4, slope=0.9)
    odds = logit(drawn(spread, one=0.5, other=0.3)).reshape(4, 400, 2, 400)
    by_listener = odds.mean(3)
    between = by_listener[..., 0] - by_listener[..., 1]
    assert between.std(axis=1).mean() == pytest.approx(0.9, rel=0.05)
    assert odds.mean(1).std(axis=-1).mean() == pytest.approx(0.4, rel=0.05)
    shared = [np.cov(draw.T)[0, 1] for draw in by_listener]
    assert np.sqrt(np.mean(shared)) == pytest.approx(0.7, rel=0.1)


def test_a_seed_gives_the_same_listeners_again() -> None:
    first, again, other = (respond(np.random.default_rng(seed), drawn(Spread(), seed, human=0.5)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_middle_follows_from_the_share() -> None:
    assert log_odds(0.5, 1.2) == pytest.approx(0, abs=1e-8)
    assert log_odds(0.2, 0.0) == pytest.approx(logit(0.2))
    assert abs(log_odds(0.2, 1.5)) > abs(logit(0.2))  # a spread draws shares towards 1/2


def test_spreads_in_shares_lead_back_to_log_odds() -> None:
    spread = Spread(listener=0.6, clip=0.8, slope=0.5)
    chances = drawn(spread, one=0.6, other=0.6).reshape(4, 400, 2, 400)
    by_listener = chances.mean(3)
    shared = np.sqrt(np.mean([np.cov(draw.T)[0, 1] for draw in by_listener]))
    slope = (by_listener[..., 0] - by_listener[..., 1]).std(axis=1).mean()
    clip = chances.mean(1).std(axis=-1).mean()
    back = spread_of_shares(0.6, Spread(shared, clip, slope))
    assert back.listener == pytest.approx(0.6, rel=0.1)
    assert back.clip == pytest.approx(0.8, rel=0.1)
    assert back.slope == pytest.approx(0.5, rel=0.1)


def test_listeners_and_clips_that_do_not_differ_have_no_spread() -> None:
    assert spread_of_shares(0.3, Spread(0, 0, 0)) == Spread(0, 0, 0)
