"""What is concluded: never more than was shown, and never a traceback, whatever the listeners did."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from listening_study.analysis.crossed import difference
from listening_study.analysis.inference import COLUMNS, Conclusions, conclude
from listening_study.analysis.listener_model import Spread, probabilities, respond
from listening_study.protocol.configuration import Registration
from listening_study.protocol.registration import Registered, register

SIGNIFICANT, EQUIVALENT, INCONCLUSIVE = "significant difference", "equivalent within the margin", "inconclusive"


def table(listeners: int, clips: int, seed: int = 0, **shares: float) -> pd.DataFrame:
    """Answers as the analysis has them; listeners and clips differ, but about shares of 0 and 1 all agree."""
    random = np.random.default_rng(seed)
    sources = [source for source in shares for _ in range(clips)]
    said = respond(random, probabilities(random, shares, sources, listeners, Spread(0.5, 0.5, 0.3)))[0]
    people, heard = np.indices(said.shape)
    return pd.DataFrame(
        {
            "participant": people.ravel() + 1,
            "clip": [f"clip-{number}" for number in heard.ravel()],
            "source": [sources[number] for number in heard.ravel()],
            "said_human": said.ravel().astype(int),
        }
    )


def registered(
    *systems: str, anchor: str | None = None, margin: float = 0.1, contrasts: tuple[str, ...] = ()
) -> Registered:
    return register("human", ("human", *systems), Registration(anchor=anchor, margin=margin, contrasts=contrasts))


def row(found: Conclusions, source: str) -> "pd.Series[str]":
    rows = found.contrasts[found.contrasts["source"] == source]
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_row_holds_what_its_columns_say() -> None:
    answers = table(20, 10, human=0.8, lstm=0.5, noise=0.1)
    found = conclude(answers, registered("lstm", "noise", anchor="noise"))
    assert tuple(found.contrasts.columns) == COLUMNS
    lstm = row(found, "lstm")
    shares = answers.groupby("source")["said_human"].mean()
    assert lstm["p_system"] == pytest.approx(shares["lstm"])
    assert lstm["difference"] == pytest.approx(shares["lstm"] - shares["human"])
    assert lstm["low"] < lstm["difference"] < lstm["high"]
    assert (lstm["listeners"], lstm["clips"], lstm["human_clips"]) == (20, 10, 10)
    assert lstm["p"] <= lstm["p_holm"] <= 2 * lstm["p"]
    assert lstm["verdict"] == SIGNIFICANT
    assert "less often" in lstm["words"]


def test_the_order_of_rows_and_the_names_of_participants_do_not_matter() -> None:
    answers = table(8, 6, human=0.7, lstm=0.5)
    shuffled = answers.sample(frac=1, random_state=1)
    shuffled = shuffled.assign(participant=100 - shuffled["participant"])
    one, other = (conclude(each, registered("lstm")).contrasts for each in (answers, shuffled))
    pd.testing.assert_frame_equal(one, other)


def test_a_system_called_human_more_often_differs_significantly_in_that_direction() -> None:
    found = conclude(table(30, 20, human=0.4, lstm=0.8), registered("lstm"))
    assert row(found, "lstm")["verdict"] == SIGNIFICANT
    assert "more often" in row(found, "lstm")["words"]


def test_equals_are_equivalent_where_the_anchor_was_recognised() -> None:
    answers = table(40, 40, human=0.8, lstm=0.8, noise=0.1)
    found = conclude(answers, registered("lstm", "noise", anchor="noise"))
    lstm = row(found, "lstm")
    assert (lstm["verdict"], lstm["equivalence"]) == (EQUIVALENT, EQUIVALENT)
    assert -0.1 < lstm["equivalent_low"] < lstm["equivalent_high"] < 0.1
    assert row(found, "noise")["verdict"] == SIGNIFICANT


@pytest.mark.parametrize(
    ("anchor", "share", "reason"),
    [
        (None, 0.1, "no anchor registered"),
        ("noise", 0.8, "does not differ significantly"),
        ("noise", 0.99, "called human more often"),
    ],
)
def test_without_a_known_bad_source_that_was_recognised_nothing_is_equivalent(
    anchor: str | None, share: float, reason: str
) -> None:
    answers = table(40, 40, human=0.8, lstm=0.8, noise=share)
    found = conclude(answers, registered("lstm", "noise", anchor=anchor))
    lstm = row(found, "lstm")
    assert lstm["tost_p_holm"] < 0.05
    assert (lstm["verdict"], lstm["equivalence"]) == (INCONCLUSIVE, INCONCLUSIVE)
    assert reason in lstm["words"]
    assert any(reason in note for note in found.notes)


def test_a_significant_but_small_difference_is_called_both() -> None:
    answers = table(60, 60, human=0.95, lstm=0.88, noise=0.1)
    lstm = row(conclude(answers, registered("lstm", "noise", anchor="noise", margin=0.2)), "lstm")
    assert (lstm["verdict"], lstm["equivalence"]) == (SIGNIFICANT, EQUIVALENT)
    assert "within the margin" in lstm["words"]


def test_few_answers_show_neither_difference_nor_equivalence() -> None:
    found = conclude(table(5, 5, human=0.6, lstm=0.5, noise=0.0), registered("lstm", "noise", anchor="noise"))
    lstm = row(found, "lstm")
    assert (lstm["verdict"], lstm["equivalence"]) == (INCONCLUSIVE, INCONCLUSIVE)
    assert "neither" in lstm["words"]


def test_an_anchor_that_is_no_contrast_has_its_own_row_and_no_part_in_the_correction() -> None:
    answers = table(10, 10, human=0.8, lstm=0.5, noise=0.2)
    alone = row(conclude(answers, registered("lstm", "noise", contrasts=("lstm",))), "lstm")
    found = conclude(answers, registered("lstm", "noise", anchor="noise", contrasts=("lstm",)))
    assert row(found, "lstm")["p_holm"] == alone["p_holm"] == alone["p"]
    assert row(found, "noise")["p_holm"] == row(found, "noise")["p"]
    assert row(found, "noise")["is_anchor"]


def test_more_contrasts_ask_for_more_evidence() -> None:
    answers = table(10, 10, human=0.8, one=0.6, two=0.6, three=0.6)
    few = row(conclude(answers, registered("one", "two", "three", contrasts=("one",))), "one")
    many = row(conclude(answers, registered("one", "two", "three")), "one")
    assert few["p"] == many["p"]
    assert few["p_holm"] < many["p_holm"]
    assert few["p_permutation_holm"] <= many["p_permutation_holm"]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (table(0, 0, human=0.5, lstm=0.5), "no answers about lstm or human"),
        (table(5, 10, human=0.5), "no answers about lstm"),
        (table(5, 10, lstm=0.5), "no answers about human"),
        (table(1, 10, human=1.0, lstm=0.0), "one listener"),
        (table(10, 1, human=1.0, lstm=0.0), "one clip"),
        (table(5, 10, human=0.5, lstm=0.5).assign(said_human=pd.NA), "no answers"),
    ],
    ids=["nothing", "no system", "no human", "one listener", "one clip", "never answered"],
)
def test_a_contrast_without_a_result_says_why(answers: pd.DataFrame, reason: str) -> None:
    lstm = row(conclude(answers, registered("lstm")), "lstm")
    assert lstm["verdict"] == INCONCLUSIVE
    assert reason in lstm["words"]
    assert np.isnan(lstm[["low", "high", "p", "p_holm", "tost_p"]].astype(float)).all()


def test_whoever_always_says_computer_shows_nothing() -> None:
    found = conclude(table(10, 10, human=0.0, lstm=0.0, noise=0.0), registered("lstm", "noise", anchor="noise"))
    assert set(found.contrasts["verdict"]) == {INCONCLUSIVE}
    assert (found.contrasts["p"] == 1).all()
    assert any("were the same" in note for note in found.notes)


def test_both_networks_of_the_papers_listening_test_differ_significantly() -> None:
    """Five listeners, ten clips per source; all sample and LSTM clips recognised, 2 of the C-LSTM's taken for human."""
    answers = table(5, 30, human=1.0, lstm=0.0)
    taken = answers[answers["source"] == "human"].assign(source="c-lstm")
    taken = taken.assign(clip="c" + taken["clip"], said_human=taken["clip"].isin(["clip-0", "clip-1"]).astype(int))
    answers = pd.concat([answers, taken])
    first = answers.groupby("source")["clip"].transform(lambda clip: pd.factorize(clip)[0] < 10)
    found = conclude(answers[first], registered("lstm", "c-lstm"))
    assert set(found.contrasts["verdict"]) == {SIGNIFICANT}
    assert (found.contrasts["clips"] == 10).all()
    assert found.contrasts["p_holm"].between(1e-6, 0.05).all()


def test_answers_not_given_are_not_counted() -> None:
    answers = table(10, 10, human=0.7, lstm=0.4)
    dropped = answers.index % 7 == 0
    left_out = conclude(answers[~dropped], registered("lstm")).contrasts
    missing = answers.assign(said_human=answers["said_human"].astype("Int64").mask(dropped))
    pd.testing.assert_frame_equal(conclude(missing, registered("lstm")).contrasts, left_out)


def test_listeners_who_heard_different_sources_are_analysed_all_the_same() -> None:
    answers = table(10, 10, human=0.9, lstm=0.1)
    disjoint = answers[(answers["participant"] <= 5) == (answers["source"] == "human")]
    assert row(conclude(disjoint, registered("lstm")), "lstm")["verdict"] == SIGNIFICANT


def test_a_model_and_a_permutation_that_disagree_are_named() -> None:
    found = conclude(table(40, 3, human=1.0, lstm=0.0), registered("lstm"))  # six clips: p is at least 1 / 10
    assert row(found, "lstm")["p_permutation"] == pytest.approx(0.1)
    assert any("disagree" in note for note in found.notes) == (row(found, "lstm")["p_holm"] < 0.05)


def test_components_are_told_in_shares_and_in_log_odds() -> None:
    rows = [
        conclude(table(60, 60, seed=seed, human=0.6, lstm=0.6), registered("lstm")).components.iloc[0]
        for seed in range(8)
    ]
    found = pd.DataFrame(rows).drop(columns="source").astype(float).mean()
    assert found["listener_log_odds"] == pytest.approx(0.5, rel=0.2)
    assert found["clip_log_odds"] == pytest.approx(0.5, rel=0.1)
    assert found["slope_log_odds"] == pytest.approx(0.3, rel=0.3)
    assert 0 < found["clip"] < found["clip_log_odds"] / 4  # a share moves by a quarter of the log-odds at most


def false_equivalence(listeners: int, clips: int, human: float, system: float, draws: int, seed: int) -> int:
    random = np.random.default_rng(seed)
    sources = ["human"] * clips + ["system"] * clips
    chance = probabilities(random, {"human": human, "system": system}, sources, listeners, Spread(0.8, 0.8, 0.5), draws)
    answers = respond(random, chance).astype(float)
    found = difference(answers[..., clips:], answers[..., :clips])
    return int((found.p_equivalence(abs(human - system)) < 0.05).sum())


@pytest.mark.parametrize(("human", "system"), [(0.9, 0.8), (0.8, 0.9), (0.5, 0.4), (0.95, 0.85), (0.8, 0.5)])
def test_at_the_edge_of_the_margin_equivalence_is_claimed_at_most_6_percent_of_the_time(
    human: float, system: float
) -> None:
    draws = 1000
    for listeners, clips in ((10, 10), (20, 20), (40, 20)):
        claimed = false_equivalence(listeners, clips, human, system, draws, seed=listeners + clips)
        assert claimed <= binom.ppf(0.999, draws, 0.06)


@pytest.mark.slow
@pytest.mark.parametrize("listeners", [5, 10, 20, 40])
@pytest.mark.parametrize("clips", [10, 20, 40])
def test_at_the_edge_of_the_margin_equivalence_is_claimed_at_most_6_percent_of_the_time_everywhere(
    listeners: int, clips: int
) -> None:
    draws = 1500
    shares = ((0.5, 0.4), (0.5, 0.6), (0.8, 0.7), (0.7, 0.8), (0.2, 0.3), (0.9, 0.8), (0.8, 0.5), (0.4, 0.6))
    claimed = [
        false_equivalence(listeners, clips, *one, draws, seed=10 * listeners + clips + number)
        for number, one in enumerate(shares)
    ]
    assert max(claimed) <= binom.ppf(0.999, draws, 0.06)
    assert sum(claimed) <= binom.ppf(0.999, draws * len(shares), 0.06)


def test_fewer_than_five_listeners_or_clips_are_remarked_on_and_five_are_not() -> None:
    for listeners, clips, words in ((4, 5, "Fewer than five listeners"), (5, 4, "Fewer than five clips of a source")):
        notes = conclude(table(listeners, clips, human=0.6, lstm=0.5), registered("lstm")).notes
        assert [note.partition(":")[0] for note in notes if note.startswith("Fewer")] == [words]
    notes = conclude(table(5, 5, human=0.6, lstm=0.5), registered("lstm")).notes
    assert not [note for note in notes if note.startswith("Fewer")]
