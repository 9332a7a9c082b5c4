"""The tasks' models agree with R 4.2.2 on five data sets. R ran once; its numbers are kept here, its calls beside them.

lme4 1.1-31 with lmerTest 3.1-3 (REML, degrees of freedom of Satterthwaite), ordinal 2022.11-16 (maximum likelihood by
Laplace's approximation), BradleyTerry2 1.1-2. The data are drawn by `task_data`. Standard errors of `clmm` and `glmer`
allow for the standard deviations being estimated, ours are given them: they are compared within 3 %.
"""

import numpy as np
import pandas as pd
import pytest
from task_data import UNMATCHED, Spreads, compared, rated, rating_table

from listening_study.analysis.tasks.cumulative_link import Answers, fit
from listening_study.analysis.tasks.means import difference
from listening_study.analysis.tasks.worths import modelled


def indicators(names: pd.Series) -> np.ndarray:
    return pd.get_dummies(names).to_numpy(float)


def test_matched_ratings_agree_with_lmer() -> None:
    """lmer(system - human ~ 1 + (1 | listener) + (1 | prompt))"""
    system, human = (one[0] for one in rated(12, 8, 1, seed=8, spreads=Spreads(slope=1.0)))
    found = difference(system, human)
    assert found.estimate == pytest.approx(0.114583333)
    assert np.sqrt(found.variance) == pytest.approx(0.259310952, rel=1e-5)
    assert found.df == pytest.approx(11.4288208, rel=1e-4)
    assert found.components == pytest.approx([0.274350540, 0.256766395, 1.179247223], rel=1e-5)


def test_ratings_of_different_music_agree_with_lmer() -> None:
    """lmer(value ~ x + (1 | listener) + (0 + x | listener) + (1 | clip)), x = 1/2 of the system and -1/2 of the human

    Our variance of clips is that of their part in x: four times as large.
    """
    spreads = Spreads(slope=0.8, prompt=0.8)
    system, human = (one[0] for one in rated(14, 7, 1, seed=5, pattern=UNMATCHED, spreads=spreads))
    found = difference(system, human)
    assert found.estimate == pytest.approx(1.22448980)
    assert np.sqrt(found.variance) == pytest.approx(0.407575353, rel=1e-4)
    assert found.df == pytest.approx(12.1146265, rel=1e-4)
    assert found.components == pytest.approx([0.0209703442, 4 * 0.5274756357, 0.6817106473], rel=1e-3)


def test_the_cumulative_link_model_agrees_with_clmm() -> None:
    """clmm(factor(value) ~ source + (1 | listener) + (1 | listener:source) + (1 | prompt:source) + (1 | prompt))"""
    one, other = (each[0] for each in rated(15, 8, 1, seed=3))
    better = np.roll(np.clip(rated(15, 8, 1, seed=3, effect=0.8)[0][0], 1, 5), 3, axis=1)
    table = rating_table({"a": one, "b": other, "c": better})
    groups = [
        table["participant"].astype(str),
        table["participant"].astype(str) + table["source"],
        table["prompt"] + table["source"],
        table["prompt"],
    ]
    random = [indicators(group) for group in groups]
    category = table["value"].to_numpy(int) - 1
    found = fit(Answers(category, indicators(table["source"])[:, 1:], random, np.eye(4)), restricted=False)
    assert found.fixed == pytest.approx([-0.115865819, 1.856372096], abs=2e-3)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0.546939606, 0.559720584], rel=0.03)
    assert found.thresholds == pytest.approx([-4.248528838, -1.460924941, 0.622549711, 2.705584365], abs=2e-3)
    assert found.deviations == pytest.approx([2.112584142, 0.313915183, 0.940607716, 0.577059427], abs=2e-3)
    assert found.log_likelihood == pytest.approx(-425.11765, abs=1e-3)


def test_preferences_agree_with_glmer() -> None:
    """glmer(preferred ~ 0 + x + first + (0 + x | listener) + (0 + x | prompt), binomial)

    x is 1 where system 1 is heard first and -1 where it is second, first is 1. A listener's effect on x is the
    difference of two of ours. glmer's search stopped at a log-likelihood 0.001 below ours.
    """
    made = compared(20, 10, [0, 0.6], seed=4, deviation=0.8)
    found = fit(modelled(made, 2), restricted=False)
    assert found.fixed == pytest.approx([1.257431131, 0.167515487], abs=5e-3)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0.506994454, 0.185541297], rel=0.03)
    assert found.deviations * np.sqrt(2) == pytest.approx([1.488404777, 0.998696132], abs=5e-3)
    assert found.log_likelihood == pytest.approx(-106.727797, abs=2e-3)


def test_worths_without_random_effects_agree_with_bradleyterry2() -> None:
    """BTm(preferred, player1, player2, ~ system + first, id = "system")"""
    made = compared(20, 12, [0, 0.6, 1.0, -0.3], seed=6)
    answers = modelled(made, 4)
    found = fit(Answers(answers.category, answers.fixed, [], answers.thresholds))
    assert found.fixed == pytest.approx([0.824984014, 0.905419670, 0.403936188, 0.254552036], abs=1e-5)
    errors = [0.238829075, 0.240450587, 0.234199893, 0.135733167]
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(errors, abs=1e-5)
