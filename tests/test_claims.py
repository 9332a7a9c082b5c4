"""A claim of the paper holds, does not hold, or is inconclusive, as tests of its direction say; and what the controls,
sounds and decodings change."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.measurement.systems import Measurements
from reports.content.listeners import ListenerContrast, StudyContent
from reports.content.report import ModelRole, SystemContent
from reports.content.rows import AccuracyPairRow, AccuracyRow, ClaimRow, ReachPairRow
from reports.findings import claim_tests, paper_claims
from reports.findings.claim_tests import FAILS, HOLDS, UNKNOWN, ClaimEvidence, ClaimSize, judge
from reports.findings.claims_of_listeners import NOT_TESTED, of_listening

PARTS: dict[ModelRole, str] = {"lstm": "LSTM", "c-lstm": "C-LSTM"}
METRICS = sorted({claim.metric for claim in paper_claims.CLAIMS})
SYSTEMS = ("human", "played", "LSTM", "C-LSTM")
USUAL = (2.0, 0.1)
PERMUTATIONS = 999

Given = dict[str, dict[str, tuple[float, float]]]


def measured(given: Given, seed: int = 0, pieces: int = 20, groups: int | None = None) -> Measurements:
    """Some pieces a system, each a group of its own unless all systems share `groups`; every metric normal.

    given : by metric and system a mean and standard deviation other than the usual
    """
    random = np.random.default_rng(seed)
    rows, about = [], []
    for system in SYSTEMS:
        for piece in range(pieces):
            group = f"{system}-{piece}" if groups is None else f"{piece % groups}"
            about.append((system, f"{piece}", f"{system}/{piece}.mid", group, 30.0, "", ""))
            for metric in METRICS:
                mean, spread = given.get(metric, {}).get(system, USUAL)
                rows.append((system, f"{piece}", metric, random.normal(mean, spread), "", ""))
    figures = pd.DataFrame(rows, columns=["system", "piece", "metric", "value", "unit", "note"])
    table = pd.DataFrame(about, columns=["system", "piece", "file", "group", "seconds", "remarks", "rejected"])
    return Measurements(figures, table)


def judged(text: str, given: Given, parts: dict[ModelRole, str] = PARTS, **how: Any) -> ClaimRow:
    rows = claim_tests.table({"": (measured(given, **how), "human")}, parts, [], permutations=PERMUTATIONS)
    return next(row for row in rows if text in row.claim)


@pytest.mark.parametrize(("lstm", "verdict"), [(1.0, HOLDS), (3.0, FAILS), (2.0, UNKNOWN)])
def test_a_claim_of_less_holds_where_there_is_less(lstm: float, verdict: str) -> None:
    row = judged("fewer ups and downs", {"level_spread": {"LSTM": (lstm, 0.1)}})
    assert row.verdict == verdict
    assert row.value == pytest.approx(lstm - 2, abs=0.1)
    assert row.low < row.value < row.high
    assert row.unit == "dB"


def test_a_claim_between_the_models_is_about_them_and_not_about_people() -> None:
    given = {"level_spread": {"LSTM": (1.0, 0.1), "C-LSTM": (1.8, 0.1)}}
    between, beside = (judged(text, given) for text in ("more ups and downs than the LSTM", "fewer ups"))
    assert (between.verdict, beside.verdict) == (HOLDS, HOLDS)
    assert between.value == pytest.approx(0.8, abs=0.1)


def test_a_share_is_given_in_points() -> None:
    row = judged("near its maximum", {"time_near_maximum": {"LSTM": (2.5, 0.1)}})
    assert row.value == pytest.approx(50, abs=10)
    assert row.unit == "points"


def test_unequal_spread_is_no_claims_direction() -> None:
    """What was published: "always loud: holds" of +0.29 points [-5.1, 5.9], where only the spread differed."""
    given: Given = {"time_near_maximum": {"human": (0.4, 0.21), "LSTM": (0.4, 0.10)}}
    parts = {"lstm": PARTS["lstm"]}  # fewer claims: what is corrected for fewer is found sooner
    verdicts = [judged("near its maximum", given, parts, seed=seed).verdict for seed in range(40)]
    assert verdicts.count(UNKNOWN) >= 37


def test_false_verdicts_over_the_whole_table_are_rare() -> None:
    """Nothing differs but for spreads of 2 to 1: of the tables at most one in twenty has any verdict."""
    given = {metric: {"LSTM": (2.0, 0.2)} for metric in METRICS if metric not in NULLS}
    given |= {metric: dict.fromkeys(SYSTEMS, (null, 0.1)) for metric, null in NULLS.items()}
    wrong = 0
    for seed in range(40):
        rows = claim_tests.table({"": (measured(given, seed), "human")}, PARTS, [], permutations=PERMUTATIONS)
        wrong += any(row.verdict != UNKNOWN for row in rows)
    assert wrong <= 5


NULLS = {claim.metric: claim.null for claim in paper_claims.CLAIMS if claim.other is None}


@pytest.mark.parametrize(
    "claim", [claim for claim in paper_claims.CLAIMS if claim.other is None], ids=lambda one: one.text
)
@pytest.mark.parametrize(("by", "above"), [(0.5, True), (-0.5, False), (0.0, None)])
def test_a_mean_is_compared_with_what_the_claim_names(claim: paper_claims.Claim, by: float, above: bool | None) -> None:
    system = {"human": "human", "c-lstm": "C-LSTM"}[claim.one]
    row = judged(claim.text, {claim.metric: {system: (claim.null + by, 0.1)}})
    assert row.verdict == (UNKNOWN if above is None else HOLDS if above == claim.more else FAILS)


def test_what_changes_without_the_control_or_with_another_sound_is_said() -> None:
    base = measured({"level_spread": {"LSTM": (1.0, 0.1), "played": (0.2, 0.1)}})
    other = measured({"level_spread": {"LSTM": (3.0, 0.1)}})
    music = {"": (base, "human"), "reverb": (other, "human"), "human music as played": (base, "played")}
    rows = claim_tests.table(music, PARTS, [])
    row = next(row for row in rows if "fewer ups and downs" in row.claim)
    assert row.verdict == HOLDS
    assert row.otherwise == "reverb: does not hold; human music as played: does not hold"


def test_claims_about_systems_that_are_not_there_are_left_out() -> None:
    rows = claim_tests.table({"": (measured({}), "human")}, {"lstm": "LSTM"}, [])
    assert rows
    assert not [row for row in rows if "C-LSTM" in row.claim]


def test_too_few_groups_are_said_to_be() -> None:
    row = judged("fewer ups", {"level_spread": {"LSTM": (1.0, 0.01)}}, groups=6)
    assert (row.verdict, row.otherwise) == (UNKNOWN, claim_tests.TOO_FEW)
    assert judged("fewer ups", {"level_spread": {"LSTM": (1.0, 0.01)}}, groups=12).verdict == HOLDS


def test_copies_of_one_piece_are_no_evidence() -> None:
    """Twelve pieces by each system, of which the LSTM's are one piece twelve times."""
    found = measured({"level_spread": {"LSTM": (1.5, 0.1)}}, pieces=12)
    strikes = [
        "60:0,500,1000" if system == "LSTM" else f"{40 + int(piece)}:{17 * int(piece)},900"
        for system, piece in zip(found.pieces["system"], found.pieces["piece"], strict=True)
    ]
    rows = claim_tests.table({"": (replace(found, pieces=found.pieces.assign(strikes=strikes)), "human")}, PARTS, [])
    assert next(row for row in rows if "fewer ups" in row.claim).verdict == UNKNOWN


def test_a_system_plays_the_part_of_the_model_that_made_it_whatever_its_name() -> None:
    given = [
        {"name": "Mine", "role": "system", "model": "c-lstm"},
        {"name": "LSTM", "role": "system", "model": None, "generated": {"model": "lstm"}},
        {"name": "Ours", "role": "system", "model": "c-lstm-plus"},
        {"name": "Second", "role": "system", "model": "c-lstm"},
        {"name": "rnn", "role": "reference", "model": "rnn"},
    ]
    about = [SystemContent(colour="", shown="", median_seconds=1.0, inputs=(), **one) for one in given]
    assert paper_claims.parts_of(about) == {"c-lstm": "Mine"}


# One family


EVIDENCE = ClaimEvidence("A claim", "the paper", "accuracy", (1.0, 0.5, 1.5), "points", p=0.001)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, HOLDS),
        ({"more": False}, FAILS),
        ({"measured": (-1.0, -1.5, -0.5)}, FAILS),
        ({"p": 0.2}, UNKNOWN),
        ({"p": None}, UNKNOWN),
        ({"measured": (1.0, -0.1, 2.1)}, UNKNOWN),  # its interval does not leave out 0
        ({"measured": (1.0, None, None)}, UNKNOWN),
        ({"null": 1.2}, UNKNOWN),
        ({"null": 3.0}, FAILS),
    ],
)
def test_a_verdict_needs_a_test_and_an_interval_that_agree(changed: dict[str, Any], verdict: str) -> None:
    (row,) = judge([replace(EVIDENCE, **changed)])
    assert row.verdict == verdict


def test_all_claims_are_one_family_prediction_and_the_papers_sizes_included() -> None:
    sized = replace(EVIDENCE, p=0.02, sizes=(ClaimSize("an advantage of 1.07 points", 0.001, "0.1 points"),))
    (alone,), (beside, *_) = judge([replace(EVIDENCE, p=0.02)]), judge([sized, replace(EVIDENCE, p=0.9)])
    assert (alone.p_holm, alone.verdict) == (0.02, HOLDS)
    assert (beside.p_holm, beside.verdict) == (0.04, HOLDS)
    crowd = judge([sized, *[replace(EVIDENCE, p=0.9)] * 2])
    assert (crowd[0].p_holm, crowd[0].verdict) == (0.06, UNKNOWN)
    assert crowd[0].ruled_out == "an advantage of 1.07 points is ruled out (at most 0.1 points)"


def test_what_is_not_ruled_out_is_said() -> None:
    (row,) = judge([replace(EVIDENCE, p=0.5, sizes=(ClaimSize("an advantage of 1.07 points", 0.3, "1.2 points"),))])
    assert row.ruled_out == "an advantage of 1.07 points is not ruled out (at most 1.2 points)"


PAIR = {
    "horizon": "next",
    "system": "mine",
    "kind": "lstm",
    "other": "yours",
    "other_kind": "rnn",
    "accuracy": 0.002,
    "accuracy_low": 0.001,
    "accuracy_high": 0.003,
    "accuracy_p": 0.001,
    "accuracy_upper": 0.0029,
    "paper_points": 1.59,
    "paper_points_p": 0.0001,
    "paper_errors": 0.328,
    "paper_errors_p": 0.2,
    "errors_removed_upper": 0.4,
    "groups": 40,
}


def test_prediction_is_judged_by_kinds_and_not_by_names() -> None:
    (one,) = claim_tests.of_prediction([], [AccuracyPairRow(**PAIR)])
    (row,) = judge([one])
    assert row.claim == "The LSTM predicts better than the RNN"
    assert (row.verdict, row.value, row.low) == (HOLDS, pytest.approx(0.2), pytest.approx(0.1))
    assert "the paper’s advantage of 1.59 points is ruled out (at most 0.290 points)" in row.ruled_out
    assert "removing 32.8 % of the other’s errors is not ruled out (at most 40.0 %)" in row.ruled_out
    named = {name: value for name, value in PAIR.items() if "kind" not in name} | {"system": "lstm", "other": "rnn"}
    assert claim_tests.of_prediction([], [AccuracyPairRow(**named)]) == []


def test_accuracy_is_compared_with_baselines_that_know_no_music() -> None:
    skill = {"skill_accuracy": -0.1, "skill_accuracy_low": -0.2, "skill_accuracy_high": -0.05, "skill_accuracy_p": 0.01}
    own = AccuracyRow(system="mine", role="model", kind="c-lstm", horizon="next", groups=30, **skill)
    (one,) = claim_tests.of_prediction([own], [])
    assert judge([one])[0].verdict == FAILS


@pytest.mark.parametrize("swapped", [False, True])
def test_the_gradient_vanishes_where_less_of_it_is_far_back(swapped: bool) -> None:
    row: dict[str, Any] = {"system": "one", "other": "two", "seconds": 5.0, "p": 0.001, "groups": 30}
    row |= {"kind": "rnn", "other_kind": "lstm"}
    row |= {"difference": -0.1, "low": -0.15, "high": -0.05}
    if swapped:
        row |= {"kind": "lstm", "other_kind": "rnn", "difference": 0.1, "low": 0.05, "high": 0.15}
    (found,) = judge(claim_tests.of_reach([ReachPairRow(**(row | {"seconds": 1.0})), ReachPairRow(**row)]))
    assert (found.verdict, found.value, found.low, found.high) == (HOLDS, pytest.approx(-10), pytest.approx(-15), -5)
    assert claim_tests.of_reach([]) == []


def test_without_listeners_nothing_is_said_of_listening() -> None:
    numbers = {"difference": -0.3, "low": -0.4, "high": -0.2, "p_holm": 0.01}
    contrast = ListenerContrast(source="LSTM", human="human", verdict="significant difference", **numbers)
    about = {"title": "x", "listeners": 1, "complete": 1, "registered": 1, "key_sha256": "", "human": "human"}
    real = StudyContent(seconds=10.0, as_played=True, contrasts=(contrast,), **about)
    for study in (None, real.model_copy(update={"note": "SYNTHETIC: no listener took part"})):
        rows = of_listening(study, PARTS)
        assert {(row.verdict, row.value, row.otherwise) for row in rows} == {
            (NOT_TESTED, None, "no listener has taken part")
        }
    row, other = of_listening(real, PARTS)
    assert (row.verdict, row.value) == (HOLDS, -30)
    assert other.verdict == NOT_TESTED  # the study has no music of it


@pytest.mark.parametrize(
    ("low", "high", "verdict", "expected"),
    [
        (-0.4, -0.2, "significant difference", HOLDS),
        (0.2, 0.4, "significant difference", FAILS),
        (-0.4, 0.1, "significant difference", UNKNOWN),
        (-0.4, -0.2, "inconclusive", UNKNOWN),
        (None, None, "significant difference", UNKNOWN),
    ],
)
def test_listeners_recognise_music_only_where_test_and_interval_agree(
    low: float | None, high: float | None, verdict: str, expected: str
) -> None:
    contrast = ListenerContrast(source="LSTM", human="human", difference=0.1, low=low, high=high, verdict=verdict)
    about = {"title": "x", "listeners": 1, "complete": 1, "registered": 1, "key_sha256": "", "human": "human"}
    study = StudyContent(seconds=10.0, as_played=True, contrasts=(contrast,), **about)
    (row,) = of_listening(study, {"lstm": "LSTM"})
    assert row.verdict == expected
