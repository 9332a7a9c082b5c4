"""Krippendorff's alpha of any number of listeners, where some heard little."""

import pandas as pd
import pytest

from listening_study.analysis.agreement import alpha


def answers(*rows: tuple[int, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["participant", "clip", "said_human"])


@pytest.mark.parametrize("listeners", [2, 3, 5])
def test_any_number_of_listeners_who_agree_have_an_alpha_of_one(listeners: int) -> None:
    assert alpha(answers(*((who, clip, clip == "a") for who in range(listeners) for clip in "ab"))) == 1


def test_two_listeners_of_one_clip_who_disagree_agree_as_much_as_chance() -> None:
    """1 - (n - 1) * 2 / (2 * 1 * 1), with n = 2 values, one of each."""
    assert alpha(answers((1, "a", 1), (2, "a", 0))) == pytest.approx(0)
