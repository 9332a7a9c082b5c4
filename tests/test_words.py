"""The words follow the numbers: other numbers, other words, and never more than is shown."""

from typing import Any

import pytest

from reports.words import on_accuracy, on_correlation, summary

SYSTEMS = [{"name": name, "role": role} for name, role in (("Bach", "reference"), ("LSTM", "system"))]


def row(metric: str = "level_spread", verdict: str = "differs", **changed: Any) -> dict[str, Any]:
    sizes = {"system_n": 50, "reference_n": 60, "system_pieces": 50, "reference_pieces": 60}
    distance = {"distance": 2.5, "distance_low": 1.5, "distance_high": 3.5, "p": 0.001, "flips": ""}
    how = "lower (large)" if verdict == "differs" else ""
    return {"system": "LSTM", "metric": metric, "verdict": verdict, "how": how, "note": ""} | sizes | distance | changed


def said(*rows: dict[str, Any], **parts: Any) -> str:
    return " ".join(one["text"] for one in summary(list(rows), SYSTEMS, "Bach, same grid", **parts))


def test_what_differs_is_named_with_its_direction_distance_and_interval() -> None:
    words = said(row(), row("flatness", "not told apart"))
    assert "LSTM is told apart from Bach, same grid in 1 of 2 figures" in words
    assert "level spread (lower; 2.5 [1.5, 3.5] noise floors)" in words
    assert "corrected for 2 tests; 50 pieces against 60" in words


@pytest.mark.parametrize(
    ("changed", "there", "gone"),
    [
        ({"verdict": "not told apart", "how": ""}, "in none of 1 figures", "lower"),
        ({"how": "higher (small)"}, "higher", "lower"),
        ({"distance": 4.0}, "4.0 [1.5", "2.5 [1.5"),
        ({"distance_low": None, "distance_high": None}, "(lower; 2.5 noise floors)", "["),
        ({"system_n": 7}, "7 pieces against 60", "50 pieces"),
        ({"metric": "flatness"}, "flatness (lower", "level spread"),
        ({"flips": "other velocities"}, "With another sound, 1 of these 1", "zzz"),
        ({"verdict": "no verdict", "system_pieces": 1}, "cannot be told: one of them is a single piece", "told apart"),
        ({"verdict": "no verdict", "note": "its groups are too few to tell anything apart"}, "too few", "told apart"),
    ],
)
def test_other_numbers_give_other_words(changed: dict[str, Any], there: str, gone: str) -> None:
    assert gone not in said(row(**changed))
    assert there in said(row(**changed))
    assert said(row(**changed)) != said(row())


def test_not_told_apart_is_never_called_alike() -> None:
    words = said(row(verdict="not told apart", distance_high=3.4))
    assert "no proof of being alike" in words
    assert "up to 3.4 noise floors (level spread) are not ruled out" in words
    partly = said(row(), row("flatness", "not told apart"))
    assert "time domain 1 of 1, frequency domain 0 of 1; what is not told apart is not shown to be alike" in partly


def test_the_reference_as_played_is_said_to_be_that() -> None:
    words = said(row(system="Bach"))
    assert words.startswith("Bach, as it was played, is told apart")
    assert "what performance adds" in words


def test_songs_are_summed_up_together() -> None:
    rows = [row(system=name, verdict="no verdict", system_pieces=1) for name in ("LSTM", "Bach")]
    (one,) = summary(rows, SYSTEMS, "Bach, same grid")
    assert one["text"].startswith("Whether LSTM and Bach differ from Bach, same grid cannot be told")


def test_nothing_to_compare_says_nothing() -> None:
    assert summary([], SYSTEMS, "Bach") == []


def skilled(name: str, low: float, role: str = "model") -> dict[str, Any]:
    skill = {"skill_nats": low + 0.05, "skill_nats_low": low, "skill_nats_high": low + 0.1}
    return {"system": name, "role": role, "horizon": "next"} | skill


def test_a_model_predicts_better_only_where_the_interval_says_so() -> None:
    words = on_accuracy([skilled("lstm", 0.2), skilled("rnn", -0.02), skilled("Markov", 0.9, "baseline")])
    assert "lstm 25.0 % [20.0, 30.0]" in words
    assert "Not shown to predict better than it: rnn" in words
    assert "Markov" not in words
    assert on_accuracy([skilled("rnn", -0.02)]).startswith("None of 1 networks is shown")
    assert on_accuracy([]) == ""


def correlated(metric: str, within: float, p: float | None) -> dict[str, Any]:
    interval = {"within_low": within - 0.2, "within_high": within + 0.2}
    return {"metric": metric, "clips": 40, "within": within, "within_p_holm": p} | interval


def test_figures_go_with_listeners_only_where_that_is_sure() -> None:
    words = on_correlation([correlated("flatness", -0.5, 0.01), correlated("spread", 0.9, 0.2)])
    assert words.startswith("1 of 2 figures go with what listeners took for human")
    assert "flatness (−0.50 [−0.70, −0.30])" in words
    assert "that they do not is not shown either" in on_correlation([correlated("flatness", 0.3, 0.2)])
    assert on_correlation([correlated("flatness", 0.3, None)]) == ""


def test_a_synthetic_study_is_called_that_in_every_sentence() -> None:
    study = {"note": "SYNTHETIC: no listener took part", "verdict": ["A was told apart.", "B was not."]}
    parts = {"study": study, "correlation": [correlated("flatness", 0.3, 0.2)]}
    texts = [one["text"] for one in summary([], SYSTEMS, "Bach", **parts)]
    assert len(texts) == 3
    assert all(text.startswith("[Synthetic answers, no listener took part] ") for text in texts)
    real = summary([], SYSTEMS, "Bach", study=study | {"note": ""})
    assert [one["text"] for one in real] == study["verdict"]
