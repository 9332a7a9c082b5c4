"""Tallies by hand."""

import pandas as pd
import pytest

from listening_study.analysis import PAPER, answers_table, columns, tally, turnout, wilson
from listening_study.key import Key, Origin
from listening_study.store import AnsweredTrial, Progress

KEY = Key(
    human="Bach",
    sources=("model", "Bach"),
    replaced={},
    clips={
        "b1": Origin("Bach", "bwv1.mid", 1.0, -20.0, -3.0),
        "b2": Origin("Bach", "bwv2.mid", 2.0, -20.0, -3.0),
        "m1": Origin("model", "0.mid", 0.0, -20.0, -3.0),
        "m2": Origin("model", "1.mid", 0.0, -20.0, -3.0),
    },
)


def answered(**said: str) -> list[AnsweredTrial]:
    """One letter a listener, h or c, under each clip's name."""
    shown, done = "2026-01-01T10:00:00.000+00:00", "2026-01-01T10:00:12.500+00:00"
    words = {"h": "human", "c": "computer"}
    trials = [
        (listener, clip, words[letter]) for clip, letters in said.items() for listener, letter in enumerate(letters)
    ]
    return [
        AnsweredTrial(number + 1, listener + 1, number, clip, word, shown, done)
        for number, (listener, clip, word) in enumerate(trials)
    ]


def row(table: pd.DataFrame, source: str) -> dict:
    return table.set_index("source").loc[source].to_dict()


def test_a_clip_counts_as_human_when_most_of_its_listeners_said_so() -> None:
    table = tally(answers_table(answered(b1="hhc", b2="hhh", m1="hcc", m2="hhc"), KEY), KEY)
    assert list(table["source"]) == ["model", "Bach"]
    bach, model = row(table, "Bach"), row(table, "model")
    assert bach | {"majority_human": 2, "ties": 0, "answers": 6, "said_human": 5} == bach
    assert model | {"majority_human": 1, "ties": 0, "answers": 6, "said_human": 3, "p_human": 0.5} == model


def test_a_tie_is_no_majority_and_is_stated() -> None:
    bach = row(tally(answers_table(answered(b1="hc", b2="hh"), KEY), KEY), "Bach")
    assert (bach["majority_human"], bach["ties"]) == (1, 1)


def test_clips_nobody_heard_are_not_counted_as_heard() -> None:
    bach = row(tally(answers_table(answered(b1="h"), KEY), KEY), "Bach")
    assert (bach["clips"], bach["clips_heard"]) == (2, 1)


def test_without_answers_there_is_a_row_a_source_and_no_share() -> None:
    answers = answers_table([], KEY)
    assert list(answers.columns) == columns("answers")
    table = tally(answers, KEY)
    assert list(table["answers"]) == [0, 0]
    assert table["p_human"].isna().all()
    assert (list(table["low"]), list(table["high"])) == ([0, 0], [1, 1])


def test_answers_are_joined_to_their_origin() -> None:
    (record,) = answers_table(answered(m1="h"), KEY).to_dict("records")
    assert (
        record
        | {
            "source": "model",
            "is_human": False,
            "piece": "0.mid",
            "answer": "human",
            "seconds": 12.5,
            "trial": 1,
        }
        == record
    )


def test_the_tables_have_exactly_the_columns_of_the_codebook() -> None:
    answers = answers_table(answered(b1="h"), KEY)
    assert list(answers.columns) == columns("answers")
    assert list(tally(answers, KEY).columns) == columns("tally")
    assert not answers.isna().any(axis=None)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (2, 10, 0.0567, 0.5098), (10, 10, 0.7225, 1.0), (15, 30, 0.3315, 0.6685), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval_has_its_published_values(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_whoever_answered_every_clip_is_complete() -> None:
    people = [Progress(1, "t", 4, "t"), Progress(2, "t", 3, "t"), Progress(3, "t", 0, None)]
    counts = turnout(people, clips=4)
    assert (counts.listeners, counts.complete, counts.incomplete, counts.answers) == (3, 1, 2, 7)


def test_the_papers_row_is_the_papers() -> None:
    assert PAPER == (("sample song", 10, 10), ("LSTM", 10, 0), ("C-LSTM", 10, 2))
