"""The words follow the numbers: other numbers, other words, and never more than is shown."""

from typing import Any

import pytest

from evaluation.comparison.verdict import VerdictRow
from reports.content.listeners import StudyContent
from reports.content.report import ControlContent, SystemContent
from reports.content.rows import AccuracyRow, CorrelationRow
from reports.findings.sentences import on_accuracy, on_correlation, summary


def system(name: str, role: str) -> SystemContent:
    return SystemContent(name=name, role=role, colour="", shown="", median_seconds=1.0, inputs=())


SYSTEMS = [system("Bach", "reference"), system("LSTM", "system")]


def row(metric: str = "level_spread", verdict: str = "differs", **changed: Any) -> VerdictRow:
    sizes = {"system_n": 50, "reference_n": 60, "system_pieces": 50, "reference_pieces": 60}
    distance = {"distance": 2.5, "distance_low": 1.5, "distance_high": 3.5, "size": 25, "p": 0.001, "flips": ""}
    distance |= {"delta": -0.61}
    way = {"direction": "lower", "magnitude": "large"} if verdict == "differs" else {}
    return VerdictRow(**({"system": "LSTM", "metric": metric, "verdict": verdict} | way | sizes | distance | changed))


def said(*rows: VerdictRow, **parts: Any) -> str:
    return " ".join(one.text for one in summary(list(rows), SYSTEMS, "Bach, same grid", **parts))


def test_what_differs_is_named_with_its_direction_distance_and_interval() -> None:
    words = said(row(), row("flatness", "inconclusive"))
    assert "LSTM differs significantly from Bach, same grid in 1 of 2 metrics" in words
    assert "level spread (lower; 2.5 [1.5, 3.5] noise floors of 25 pieces, δ −0.61)" in words
    assert "corrected for 2 tests; 50 pieces against 60" in words


@pytest.mark.parametrize(
    ("changed", "there", "gone"),
    [
        ({"verdict": "inconclusive", "direction": "", "magnitude": ""}, "in any of 1 metrics", "lower"),
        ({"direction": "higher", "magnitude": "small"}, "higher", "lower"),
        ({"distance": 4.0}, "4.0 [1.5", "2.5 [1.5"),
        ({"distance_low": None, "distance_high": None}, "(lower; 2.5 noise floors of 25", "["),
        ({"direction": "varies more", "magnitude": ""}, "(varies more; 2.5", "lower"),
        ({"direction": "in distribution", "magnitude": ""}, "(differs in distribution; 2.5", "lower"),
        ({"size": 9}, "noise floors of 9 pieces", "of 25"),
        ({"system_n": 7}, "7 pieces against 60", "50 pieces"),
        ({"metric": "flatness"}, "flatness of the long-term power spectrum (lower", "level spread"),
        ({"flips": "other velocities"}, "With another sound, 1 of these 1 conclusions", "zzz"),
        ({"verdict": "no verdict", "system_pieces": 1}, "No conclusion on whether", "significantly from"),
        (
            {"verdict": "no verdict", "note": "too few groups"},
            "there are too few groups of pieces for",
            "significantly from",
        ),
    ],
)
def test_other_numbers_give_other_words(changed: dict[str, Any], there: str, gone: str) -> None:
    assert gone not in said(row(**changed))
    assert there in said(row(**changed))
    assert said(row(**changed)) != said(row())


def test_inconclusive_is_never_called_equal() -> None:
    words = said(row(verdict="inconclusive", distance_high=3.4))
    assert "which does not mean equal" in words
    assert "up to 3.4 noise floors of 25 pieces (level spread) are not ruled out" in words
    partly = said(row(), row("flatness", "inconclusive"))
    assert "time domain 1 of 1, frequency domain 0 of 1; the other metrics are inconclusive" in partly


def test_the_reference_without_a_control_differs_in_what_the_control_removes() -> None:
    control = ControlContent(name="Bach, same grid", limits="", removes=("the velocities", "the pedal"))
    words = said(row(system="Bach"), controls=[control])
    assert words.startswith("Bach without a control differs significantly from Bach, same grid")
    assert words.endswith(
        "The difference from Bach, same grid is what this control removes: the velocities and the pedal."
    )
    unknown = said(row(system="Bach"))
    assert unknown.startswith("Bach without a control differs")
    assert "removes" not in unknown
    assert "removes" not in said(row(), controls=[control])


def test_songs_are_summed_up_together() -> None:
    rows = [row(system=name, verdict="no verdict", system_pieces=1) for name in ("LSTM", "Bach")]
    (one,) = summary(rows, SYSTEMS, "Bach, same grid")
    assert one.text.startswith("No conclusion on whether LSTM and Bach differ from Bach, same grid in any one metric: ")


def test_nothing_to_compare_says_nothing() -> None:
    assert summary([], SYSTEMS, "Bach") == []


def skilled(name: str, low: float, role: str = "model", p: float | None = 0.001) -> AccuracyRow:
    skill = {"skill_nats": low + 0.05, "skill_nats_low": low, "skill_nats_high": low + 0.1, "skill_nats_p": p}
    return AccuracyRow(system=name, role=role, horizon="next", **skill)


def test_a_model_predicts_better_only_where_test_and_interval_say_so() -> None:
    words = on_accuracy([skilled("lstm", 0.2), skilled("rnn", -0.02), skilled("Markov", 0.9, "baseline")])
    assert words.startswith("lstm predicts the next frame with 25.0 % [20.0, 30.0] less cross-entropy than the best ")
    two = on_accuracy([skilled("lstm", 0.2), skilled("c-lstm", 0.4)])
    assert "than the best trivial baseline and c-lstm with 45.0 % [40.0, 50.0]." in two
    assert "Not significantly better than it: rnn" in words
    assert "Markov" not in words
    assert on_accuracy([skilled("rnn", -0.02)]).startswith("None of 1 networks predicts")
    assert on_accuracy([skilled("rnn", 0.02, p=0.06)]).startswith("None of 1 networks predicts")
    both = on_accuracy([skilled("lstm", 0.2, p=0.03), skilled("rnn", 0.2, p=0.03)])
    assert both.startswith("None of 2 networks predicts")  # corrected for two
    assert on_accuracy([]) == ""


def test_a_table_of_a_version_without_tests_gives_no_sentence() -> None:
    assert on_accuracy([skilled("lstm", 0.2, p=None)]) == ""


def correlated(metric: str, within: float, p: float | None) -> CorrelationRow:
    interval = {"within_low": within - 0.2, "within_high": within + 0.2}
    return CorrelationRow(metric=metric, clips=40, within=within, within_p_holm=p, **interval)


def test_metrics_correlate_with_judgements_only_where_a_test_says_so() -> None:
    words = on_correlation([correlated("flatness", -0.5, 0.01), correlated("spread", 0.9, 0.2)])
    assert words.startswith("1 of 2 metrics correlates significantly with listeners’ judgements within sources")
    assert "flatness of the long-term power spectrum (−0.50 [−0.70, −0.30])" in words
    assert "does not show that none is related" in on_correlation([correlated("flatness", 0.3, 0.2)])
    assert on_correlation([correlated("flatness", 0.3, None)]) == ""


def test_a_synthetic_study_is_called_that_in_every_sentence() -> None:
    about = {"title": "x", "listeners": 1, "complete": 1, "registered": 1, "key_sha256": "", "human": "A"}
    verdict = ("A differs significantly.", "B is inconclusive.")
    synthetic = {"note": "SYNTHETIC: no listener took part", "seconds": 10.0, "as_played": True, "verdict": verdict}
    study = StudyContent(**about, **synthetic)
    parts = {"study": study, "correlation": [correlated("flatness", 0.3, 0.2)]}
    texts = [one.text for one in summary([], SYSTEMS, "Bach", **parts)]
    assert len(texts) == 3
    assert all(text.startswith("[Synthetic answers, no listener took part] ") for text in texts)
    real = summary([], SYSTEMS, "Bach", study=study.model_copy(update={"note": ""}))
    assert [one.text for one in real] == list(verdict)
