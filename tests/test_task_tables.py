"""Ratings, preferences, MUSHRA and ABX as tables and in words: what is true of the data is said, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from task_data import Spreads, compared, marked, preference_table, rated, rating_table

from clstm.runtime.errors import UserError
from listening_study.analysis.tasks.abx import COLUMNS as ABX
from listening_study.analysis.tasks.abx import identify, signs_p
from listening_study.analysis.tasks.mushra import score, screen
from listening_study.analysis.tasks.power import Plan, observed, power
from listening_study.analysis.tasks.preferences import PAIRS, prefer
from listening_study.analysis.tasks.ratings import COLUMNS, rate
from listening_study.analysis.tasks.worths import worths
from listening_study.protocol.tasks import TaskKind
from listening_study.results.phrases import phrases

SIGNIFICANT, EQUIVALENT, INCONCLUSIVE = "significant difference", "equivalent within the margin", "inconclusive"


def study(listeners: int = 20, prompts: int = 10, seed: int = 0, **effects: float) -> pd.DataFrame:
    """Ratings of a human source and of systems with the given effects."""
    sources = {}
    for name, effect in effects.items():
        system, sources["human"] = (one[0] for one in rated(listeners, prompts, 1, seed, effect=effect))
        sources[name] = system
    return rating_table(sources)


def row(table: pd.DataFrame, source: str) -> pd.Series:
    (found,) = [one for _, one in table.iterrows() if one["source"] == source]
    return found


def test_a_worse_system_is_said_to_be_rated_lower() -> None:
    found = row(rate(study(lstm=-1.2), "human"), "lstm")
    assert found["verdict"] == SIGNIFICANT
    assert "lstm differs significantly from human on musicality: rated" in found["words"]
    assert "points lower (95 % interval −" in found["words"]
    assert found["high"] < 0
    assert found["log_odds_high"] < 0
    assert found["matched"] == 10
    assert row(rate(study(lstm=1.2), "human"), "lstm")["words"].count("points higher") == 1


def test_the_means_are_those_of_all_ratings_and_their_difference_is_the_estimate() -> None:
    table = study(lstm=-0.5)
    found = rate(table, "human")
    means = table.groupby("source")["value"].mean()
    assert found.set_index("source")["mean"].to_dict() == pytest.approx(means.to_dict())
    assert row(found, "lstm")["difference"] == pytest.approx(means["lstm"] - means["human"])
    assert list(found.columns) == list(COLUMNS)


def test_equivalence_asks_for_a_margin_and_for_an_anchor_that_was_recognised() -> None:
    table = study(30, 12, seed=3, lstm=0.0, noise=-1.5)
    assert row(rate(table, "human", anchor="noise"), "lstm")["verdict"] == INCONCLUSIVE
    alone = row(rate(table, "human", margin=1.0), "lstm")
    assert (alone["equivalence"], "no anchor registered" in alone["words"]) == (INCONCLUSIVE, True)
    found = rate(table, "human", margin=1.0, anchor="noise")
    assert row(found, "lstm")["verdict"] == EQUIVALENT
    assert "equivalent within the margin of ±1 points" in row(found, "lstm")["words"]
    missed = rate(study(8, 6, seed=3, lstm=0.0, noise=0.0), "human", margin=1.0, anchor="noise")
    assert "does not differ significantly" in row(missed, "lstm")["words"]


def test_holm_counts_every_system_and_attribute_that_was_registered() -> None:
    table = study(10, 6, lstm=-1.2, rnn=-1.2)
    two = pd.concat([table, table.assign(attribute="structure")])
    found = rate(two, "human")
    tested = found[found["source"] != "human"]
    assert (tested["p_holm"] >= tested["p"]).all()
    assert tested["p_holm"].min() == pytest.approx(4 * tested["p"].min())
    one = rate(two, "human", contrasts=["lstm"])
    assert row(one[one["attribute"] == "structure"], "rnn")["p_holm"] == row(found[:3], "rnn")["p"]


def test_what_cannot_be_compared_says_why() -> None:
    table = study(10, 6, lstm=-1.0)
    for judgements, why in (
        (table[table["participant"] == 1], "one listener"),
        (table[table["prompt"] == "piece 1"], "one clip"),
        (table[table["source"] == "lstm"], "no answers about human"),
    ):
        found = row(rate(judgements, "human"), "lstm")
        assert why in found["words"]
        assert found["verdict"] == INCONCLUSIVE
        assert np.isnan(found["p"])
    assert rate(table[:0], "human").empty


def test_repeats_catch_trials_and_missing_values_do_not_count() -> None:
    table = study(lstm=-0.5)
    more = pd.concat([table, table[:20].assign(kind="repeat", value=5.0), table[:5].assign(value=np.nan)])
    pd.testing.assert_frame_equal(rate(more, "human"), rate(table, "human"))


def test_sliders_have_no_cumulative_link() -> None:
    table = study(lstm=-1.0)
    noise = np.random.default_rng(0).integers(0, 10, len(table))
    found = row(rate(table.assign(value=table["value"] * 19 + noise), "human"), "lstm")
    assert np.isnan(found["log_odds"])
    assert found["verdict"] == SIGNIFICANT


def test_all_the_same_is_inconclusive_and_all_apart_is_significant() -> None:
    table = study(lstm=0.0)
    assert row(rate(table.assign(value=4.0), "human"), "lstm")["verdict"] == INCONCLUSIVE
    apart = table.assign(value=np.where(table["source"] == "human", 5.0, 1.0))
    found = row(rate(apart, "human"), "lstm")
    assert found["verdict"] == SIGNIFICANT
    assert np.isfinite(found["log_odds"])


def test_the_better_system_is_preferred_and_ranks_first() -> None:
    found = prefer(preference_table(compared(30, 12, [0.0, 1.8, 0.1], seed=1)))
    pair = found.pairs[(found.pairs["source"].isin(["a", "b"])) & (found.pairs["other"].isin(["a", "b"]))].iloc[0]
    assert pair["verdict"] == SIGNIFICANT
    assert pair["words"].startswith("b was preferred significantly to a: in ")
    ranks = found.systems.set_index("source")
    assert ranks.loc["b", ["rank_low", "rank_high"]].tolist() == [1, 1]
    assert ranks.loc["a", ["rank_low", "rank_high"]].tolist() == [2, 3]
    assert ranks.loc["b", "words"] == "b: rank 1 of 3 (simultaneous 95 % intervals of ranks)."
    assert list(found.pairs.columns) == list(PAIRS)


def test_a_pair_has_one_share_whichever_was_heard_first() -> None:
    made = compared(10, 8, [0.0, 0.7], seed=2)
    table = preference_table(made)
    found = prefer(table).pairs.iloc[0]
    won = table[table["source"] == found["source"]]["value"].mean()
    assert found["share"] == pytest.approx(won)
    assert found["trials"] == 80
    turned = prefer(table.assign(position=3 - table["position"])).pairs.iloc[0]
    share = turned["share"] if turned["source"] == found["source"] else 1 - turned["share"]
    assert share == pytest.approx(won)


def test_no_difference_counts_half_and_has_a_model_of_ties() -> None:
    found = prefer(preference_table(compared(20, 10, [0.0, 0.0], seed=3, ties=True)))
    assert 0 < found.pairs["no_difference"].item() < 200
    assert found.pairs["verdict"].item() == INCONCLUSIVE
    assert np.isfinite(found.systems["worth"]).all()


def test_systems_that_are_not_connected_have_no_ranks() -> None:
    table = preference_table(compared(10, 6, [0.0, 0.5], seed=4))
    other = table.assign(source=table["source"].map({"a": "c", "b": "d"}), trial=table["trial"] + 100)
    found = prefer(pd.concat([table, other]))
    assert found.systems["rank_low"].isna().all()
    assert "no rank" in found.systems["words"].iloc[0]
    assert len(found.pairs) == 2
    assert prefer(table[:0]).pairs.empty


def test_who_always_wins_has_a_finite_worth() -> None:
    table = preference_table(compared(12, 10, [0.0, 0.5], seed=5))
    found = prefer(table.assign(value=(table["source"] == "b").astype(float)))
    assert np.isfinite(found.systems["worth"]).all()
    assert found.systems.set_index("source").loc["b", "rank_high"] == 1
    assert found.pairs["verdict"].item() == SIGNIFICANT


def test_phrases_say_for_whom_something_is_shown_and_for_whom_nothing() -> None:
    made = preference_table(compared(30, 12, [0.0, 1.8, 0.1], seed=1))
    found = prefer(made)
    (pairs,) = phrases(TaskKind.PREFERENCE, found.pairs)
    shown = found.pairs[found.pairs["verdict"] == SIGNIFICANT]
    assert len(shown) == 2
    assert pairs.startswith("b was preferred significantly to ")
    assert pairs.endswith(": inconclusive.")
    (ranks,) = phrases(TaskKind.PREFERENCE, found.systems)
    assert ranks.startswith("Ranks, simultaneous intervals: b 1; ")
    (heard,) = phrases(TaskKind.ABX, identify(abx_table(codec=0.75, copy=0.5)))
    assert heard == "codec was told from the reference significantly more often than by chance; copy: inconclusive."
    rated = rate(study(30, 12, seed=3, lstm=0.0, noise=-1.5), "human", margin=1.0, anchor="noise")
    assert phrases(TaskKind.RATING, rated) == [
        "Musicality: noise was rated significantly lower than human; lstm is equivalent to human within the margin."
    ]
    assert phrases(TaskKind.RATING, rated[:0]) == ["No judgement counts."]


def mushra(listeners: int = 12, items: int = 8, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    means = {"reference": 98, "codec": 80, "anchor 7 kHz": 55, "anchor 3.5 kHz": 25}
    grids = {}
    for name, middle in means.items():
        noise = 1 if name == "reference" else 8
        grids[name] = np.clip(np.round(middle + random.normal(0, noise, (listeners, items))), 0, 100)
    return rating_table(grids, "quality")


def test_mushra_leaves_out_who_cannot_find_the_reference_or_likes_the_anchor() -> None:
    table = mushra()
    assert not screen(table)["excluded"].any()
    first = (
        (table["participant"] == 1) & (table["source"] == "reference") & table["prompt"].isin(["piece 0", "piece 1"])
    )
    second = (table["participant"] == 2) & (table["source"] == "anchor 7 kHz")
    third = (table["participant"] == 3) & (table["source"] == "reference") & (table["prompt"] == "piece 0")
    spoiled = table.assign(value=table["value"].mask(first | third, 80.0).mask(second, 95.0))
    found = screen(spoiled).set_index("participant")
    assert found.index[found["excluded"]].tolist() == [1, 2]  # 2 of 8 items are 25 %, 1 of 8 is 12.5 %
    assert found.loc[1, "reason"] == "rated the hidden reference below 90 in 25 % of the items"
    assert found.loc[2, "reason"] == "rated the mid-range anchor above 90 in 100 % of the items"
    assert (score(spoiled)["listeners"] == 10).all()


def test_items_whose_anchor_is_hardly_degraded_exclude_nobody() -> None:
    table = mushra()
    easy = (table["source"] == "anchor 7 kHz") & (table["prompt"].isin(["piece 0", "piece 1"]))
    spoiled = table.assign(value=table["value"].mask(easy & (table["participant"] <= 6), 95.0))
    assert not screen(spoiled)["excluded"].any()


def test_mushra_scores_are_compared_with_the_hidden_reference() -> None:
    found = score(mushra(), margin=30.0)
    codec = row(found, "codec")
    assert (codec["verdict"], codec["equivalence"]) == (SIGNIFICANT, EQUIVALENT)
    assert "within the margin of ±30 points" in codec["words"]
    assert codec["median"] == pytest.approx(80, abs=3)
    assert found["source"].iloc[0] == "reference"
    assert row(found, "anchor 7 kHz")["p_holm"] == row(found, "anchor 7 kHz")["p"]  # not in the family


def test_signs_are_counted_exactly() -> None:
    scores = [4, 2, 0, -2, 6, 1]
    signs = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1).T
    assert signs_p(scores) == pytest.approx((signs @ np.array(scores) >= sum(scores)).mean())


def abx_table(**chances: float) -> pd.DataFrame:
    tables = [
        rating_table({name: marked(20, 12, 1, seed=number, chance=chance)[0]}, "abx")
        for number, (name, chance) in enumerate(chances.items())
    ]
    return pd.concat(tables)


def test_an_audible_difference_is_identified_and_chance_is_not() -> None:
    found = identify(abx_table(codec=0.75, copy=0.5))
    codec = row(found, "codec")
    assert codec["verdict"] == SIGNIFICANT
    assert codec["words"].startswith("codec was identified significantly more often than by chance: ")
    assert codec["p_binomial"] == pytest.approx(binom.sf(codec["correct"] - 1, 240, 0.5))
    assert row(found, "copy")["verdict"] == INCONCLUSIVE
    assert list(found.columns) == list(ABX)


def test_one_good_ear_is_somebody_and_not_everybody() -> None:
    grid = np.tile([1.0, 0.0], (10, 20))
    grid[0] = 1.0
    grid[1:, 0] = np.where(np.arange(9) < 5, 1.0, 0.0)
    found = identify(rating_table({"codec": grid}, "abx")).iloc[0]
    assert found["identifying"] == 1
    assert found["p"] > 0.05


def test_an_inaudible_difference_needs_an_anchor() -> None:
    even = np.tile([[1.0, 0.0], [0.0, 1.0]], (20, 10))
    clear = np.ones((40, 20))
    found = identify(rating_table({"codec": even, "noise": clear}, "abx"), margin=0.15, anchor="noise")
    assert row(found, "codec")["verdict"] == EQUIVALENT
    without = identify(rating_table({"codec": even}, "abx"), margin=0.15)
    assert row(without, "codec")["verdict"] == INCONCLUSIVE
    assert "no anchor registered" in row(without, "codec")["words"]


def test_abx_is_exact_its_level_is_never_above_5_percent() -> None:
    random = np.random.default_rng(1)
    p = [signs_p((2 * random.binomial(8, 0.5, 20) - 8).tolist()) for _ in range(2000)]
    assert binom.ppf(0.001, 2000, 0.03) < np.sum(np.array(p) < 0.05) <= binom.ppf(0.999, 2000, 0.05)


@pytest.mark.parametrize(
    ("task", "effect", "margin"),
    [
        (TaskKind.RATING, -0.6, 0.5),
        (TaskKind.CONTINUATION, 0.6, None),
        (TaskKind.MUSHRA, -10.0, 10.0),
        (TaskKind.PREFERENCE, 0.15, 0.15),
        (TaskKind.ABX, 0.15, 0.1),
    ],
)
def test_power_grows_with_listeners_and_is_the_level_without_an_effect(
    task: TaskKind, effect: float, margin: float | None
) -> None:
    plan = Plan(task, effect, margin=margin)
    few, many = (power(plan, *size, replicates=300) for size in ((8, 6), (40, 20)))
    assert few.significant < many.significant > 0.8
    assert np.isnan(many.equivalent) == (margin is None)
    nothing = power(Plan(task, 0.0), 20, 10, replicates=1000)
    assert nothing.significant <= binom.ppf(0.999, 1000, 0.06) / 1000


def test_spreads_are_those_of_the_pilot() -> None:
    truth = Spreads(listener=0.6, slope=0.5, prompt=0.2, clip=0.5, taste=0.0, rest=0.6)
    system, human = (one[0] for one in rated(80, 50, 1, seed=1, spreads=truth, middle=3.0))
    found = observed(rating_table({"a": system, "b": human}), "a", "b")
    assert (found.slope, found.clip, found.listener) == pytest.approx((0.5, 0.5, 0.6), rel=0.25)
    assert found.rest == pytest.approx(np.hypot(0.6, np.sqrt(1 / 12)), rel=0.1)  # with that of rounding
    with pytest.raises(UserError, match="too few ratings of a and b"):
        observed(rating_table({"a": system[:1], "b": human[:1]}), "a", "b")


@pytest.mark.slow
def test_of_equal_systems_ranks_are_kept_apart_at_most_6_percent_of_the_time() -> None:
    draws = 200
    table = [worths(compared(20, 12, [0.0, 0.0, 0.0], seed=seed), 3) for seed in range(draws)]
    assert sum(one.rank_low.max() > 1 for one in table) <= binom.ppf(0.999, draws, 0.06)
    held = np.mean([(one.low <= 0) & (one.high >= 0) for one in table])
    assert 0.92 < held < 0.98  # three systems of 200 studies


@pytest.mark.slow
def test_of_equal_systems_4_to_6_percent_have_significant_log_odds() -> None:
    draws = 200
    system, human = rated(20, 8, draws, seed=7)
    p = [
        row(rate(rating_table({"human": human[draw], "lstm": system[draw]}), "human"), "lstm")["log_odds_p"]
        for draw in range(draws)
    ]
    assert binom.ppf(0.0005, draws, 0.04) <= (np.array(p) < 0.05).sum() <= binom.ppf(0.9995, draws, 0.06)


def test_a_latin_square_has_less_power_than_pairs() -> None:
    pairs, square = (power(Plan(TaskKind.RATING, 0.3, matched=one), 20, 12, 400) for one in (True, False))
    assert square.significant < pairs.significant


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(TaskKind.SOURCE, 0.1), "planning of its own"),
        (Plan(TaskKind.PREFERENCE, 0.6), "less than 0.5"),
        (Plan(TaskKind.ABX, -0.1), "less often than by chance"),
        (Plan(TaskKind.RATING, 0.5, margin=0.0), "above 0"),
        (Plan(TaskKind.RATING, 0.5, alpha=0.7), "level"),
    ],
)
def test_plans_that_cannot_be_drawn_are_refused(plan: Plan, message: str) -> None:
    with pytest.raises(UserError, match=message):
        power(plan, 10, 10)
    with pytest.raises(UserError, match="at least 2"):
        power(Plan(TaskKind.ABX, 0.1), 1, 10)
