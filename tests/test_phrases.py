"""Plain words rest on a significant test, and none contradicts another."""

from evaluation.comparison.phrases import WORDS, phrases
from evaluation.comparison.verdict import VerdictRow
from evaluation.metrics.catalogue import METRICS


def row(metric: str, direction: str = "higher", delta: float = 0.8, **changed: object) -> VerdictRow:
    return VerdictRow.model_validate(
        {"system": "a", "metric": metric, "verdict": "differs", "direction": direction, "magnitude": "large"}
        | {"delta": delta}
        | changed
    )


def said(*rows: VerdictRow) -> list[str]:
    return [phrase.text for phrase in phrases(rows)]


def test_what_is_inconclusive_has_no_phrase_however_large() -> None:
    assert said(row("centroid", verdict="inconclusive", delta=1.0), row("novelty", verdict="no verdict")) == []


def test_a_difference_in_distribution_alone_is_called_neither_more_nor_less() -> None:
    assert said(row("centroid", "in distribution")) == []


def test_a_spread_is_said_of_the_metric_itself_and_after_the_means() -> None:
    assert said(row("centroid", "varies more", delta=0.9), row("novelty", delta=0.3, magnitude="small")) == [
        "slightly more contrast between passages",
        "centroid of the long-term power spectrum varies more",
    ]


def test_less_energy_below_is_brighter_and_said_once() -> None:
    assert said(row("energy_below_1000_hz", "lower", -0.9), row("rolloff_85", delta=0.7)) == ["far brighter"]


def test_nothing_is_said_where_metrics_of_one_subject_disagree() -> None:
    assert said(row("centroid"), row("rolloff_85", "lower"), row("polyphony", magnitude="medium")) == [
        "more notes at once"
    ]


def test_fewer_distinct_runs_and_better_compression_both_mean_repetition() -> None:
    assert said(row("distinct_4_grams", "lower", -0.9), row("compression_ratio", delta=0.8)) == ["repeats far more"]


def test_no_more_than_two_the_largest_effects_first() -> None:
    rows = [row("novelty", delta=0.5), row("polyphony", delta=0.9), row("note_density", "lower", -0.7)]
    assert said(*rows) == ["far more notes at once", "far fewer notes per second"]


def test_every_tested_metric_has_words_except_shares_of_single_instruments() -> None:
    tested = {name for name, metric in METRICS.items() if metric.tested}
    without = {name for name in tested - set(WORDS) if METRICS[name].view != "instruments"}
    assert not without
    assert not set(WORDS) - set(METRICS)
