"""What is described: the tally, confusion, d', ROC and agreement, on answers with known figures."""

import numpy as np
import pandas as pd
import pytest

from listening_study.analysis.agreement import alpha
from listening_study.analysis.codebook import CODEBOOK, codebook, columns
from listening_study.analysis.detection import d_prime, roc, scores
from listening_study.analysis.exclusion import counted
from listening_study.analysis.tally import PAPER, clips, confusion, ratings, tally, wilson
from listening_study.protocol.configuration import Exclusions
from listening_study.protocol.key import Key, Origin
from listening_study.protocol.questions import RATINGS

KEY = Key(
    human="human",
    sources=("human", "lstm"),
    replaced={},
    clips={
        name: Origin("human" if name[0] == "h" else "lstm", f"{name}.mid", 10.0, -20.0, -3.0)
        for name in ("h1", "h2", "m1", "m2")
    },
    aside={},
)
NOTHING = Exclusions(catch_missed=None, known=False, heard=0.0)


def answers(*rows: tuple[int, str, float], **more: object) -> pd.DataFrame:
    """participant, clip, said_human."""
    table = pd.DataFrame(rows, columns=["participant", "clip", "said_human"])
    table["source"] = [KEY.clips[clip].source for clip in table["clip"]]
    table["kind"] = "main"
    defaults = {"confidence": np.nan, "known": False, "heard": 1.0, "extra": False, "rhythm": np.nan, "melody": np.nan}
    table = table.assign(**defaults | more)
    return table.reindex(columns=[*dict.fromkeys([*table.columns, *columns("answers")])])


def listeners(count: int, **more: object) -> pd.DataFrame:
    table = pd.DataFrame({"participant": range(1, count + 1)})
    return table.assign(complete=True, catch_missed=0, median_delay=3.0, headphones_passed=True, **more)


def row(table: pd.DataFrame, source: str) -> dict:
    (found,) = table[table["source"] == source].to_dict("records")
    return found


def test_a_clip_counts_as_human_when_most_of_its_listeners_said_so() -> None:
    table = tally(answers((1, "m1", 1), (2, "m1", 1), (3, "m1", 0), (1, "m2", 0)), KEY)
    found = row(table, "lstm")
    assert (found["majority_human"], found["ties"], found["clips_heard"]) == (1, 0, 2)
    assert (found["said_human"], found["answers"], found["p_human"]) == (2, 4, 0.5)


def test_a_tie_is_no_majority_and_is_stated() -> None:
    found = row(tally(answers((1, "h1", 1), (2, "h1", 0)), KEY), "human")
    assert (found["majority_human"], found["ties"]) == (0, 1)


def test_without_answers_there_is_a_row_a_source_and_no_share() -> None:
    table = tally(answers(), KEY)
    assert list(table["source"]) == ["human", "lstm"]
    assert table["p_human"].isna().all()
    assert list(zip(table["low"], table["high"], strict=True)) == [(0.0, 1.0)] * 2
    assert clips(answers(), KEY)["p_human"].isna().all()
    assert ratings(answers(), KEY).empty


def test_the_confusion_table_counts_every_answer_twice_once_by_maker_and_once_by_source() -> None:
    table = confusion(answers((1, "h1", 1), (1, "h2", 0), (1, "m1", 0), (1, "m2", 0)), KEY)
    assert table[["made_by", "source", "said_human", "said_computer"]].to_numpy().tolist() == [
        ["human", "", 1, 1],
        ["computer", "", 0, 2],
        ["human", "human", 1, 1],
        ["computer", "lstm", 0, 2],
    ]


def test_tables_have_exactly_the_columns_of_the_codebook() -> None:
    given = answers((1, "h1", 1), (1, "m1", 0), rhythm=3.0)
    made = {"tally": tally, "clips": clips, "confusion": confusion, "ratings": ratings}
    for name, make in made.items():
        assert list(make(given, KEY).columns) == columns(name)
    assert len(codebook()) == sum(map(len, CODEBOOK.values()))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0)]
)
def test_wilsons_interval_has_its_published_values(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_the_papers_row_is_the_papers() -> None:
    assert PAPER == (("sample song", 10, 10), ("LSTM", 10, 0), ("C-LSTM", 10, 2))


def test_who_always_says_computer_has_no_d_prime_and_a_criterion_for_computer() -> None:
    told, criterion = d_prime(0, 40, 0, 40)
    assert told == 0
    assert criterion > 2


def test_d_prime_has_its_textbook_value_and_never_becomes_infinite() -> None:
    told, criterion = d_prime(8413, 10000, 1587, 10000)  # one standard deviation to either side
    assert told == pytest.approx(2.0, abs=1e-3)
    assert criterion == pytest.approx(0.0, abs=1e-3)
    assert np.isfinite(d_prime(10, 10, 0, 10)).all()
    assert np.isnan(d_prime(0, 0, 3, 10)).all()


def test_the_roc_of_sure_and_right_answers_has_area_one_and_of_guesses_a_half() -> None:
    sure = answers((1, "h1", 1), (1, "m1", 0), confidence=4.0)
    assert list(scores(sure)) == [8, 1]
    assert list(scores(answers((1, "h1", 1), (1, "m1", 0)))) == [5, 4]  # without a confidence: guessed
    assert roc(np.array([8.0, 7.0]), np.array([1.0, 2.0]))[2] == 1
    assert roc(np.array([1.0, 8.0]), np.array([1.0, 8.0]))[2] == 0.5
    assert np.isnan(roc(np.array([]), np.array([1.0]))[2])


def test_alpha_is_one_when_all_agree_and_has_krippendorffs_own_value() -> None:
    assert alpha(answers((1, "h1", 1), (2, "h1", 1), (1, "m1", 0), (2, "m1", 0))) == 1
    # Krippendorff 2011, "Computing Krippendorff's alpha-reliability", A: two observers, ten binary values.
    observers = "0100000000", "1110010100"
    rows = [(who + 1, clip, int(value)) for who, values in enumerate(observers) for clip, value in enumerate(values)]
    table = pd.DataFrame(rows, columns=["participant", "clip", "said_human"])
    assert alpha(table) == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("given", [(), ((1, "h1", 1),), ((1, "h1", 1), (2, "h1", 1)), ((1, "h1", 1), (2, "m1", 0))])
def test_alpha_of_one_listener_or_one_answer_does_not_exist(given: tuple) -> None:
    assert np.isnan(alpha(answers(*given)))


@pytest.mark.parametrize(
    ("exclusions", "change", "left"),
    [
        ({"incomplete": True}, {"complete": [True, False, True]}, {1, 3}),
        ({"catch_missed": 1}, {"catch_missed": [1, 2, 0]}, {1, 3}),
        ({"fastest_median": 0.5}, {"median_delay": [0.4, 0.6, np.nan]}, {2, 3}),
        ({"headphones": True}, {"headphones_passed": [False, True, None]}, {2, 3}),
    ],
)
def test_each_registered_exclusion_leaves_out_whom_it_names_and_counts_them(
    exclusions: dict, change: dict, left: set[int]
) -> None:
    given = answers(*[(who, clip, 1) for who in (1, 2, 3) for clip in ("h1", "m1")])
    kept, flow = counted(given, listeners(3).assign(**change), NOTHING.model_copy(update=exclusions))
    assert set(kept["participant"]) == left
    assert flow.iloc[-1][["listeners", "answers"]].tolist() == [1, 2]


def test_known_pieces_unheard_clips_extras_and_other_trials_do_not_count() -> None:
    given = answers(*[(1, "h1", 1)] * 4, (1, "m1", np.nan), (1, "m2", 0), (1, "h2", 1))
    given["known"] = [True, None, False, False, False, False, False]
    given["heard"] = [1, 0.5, 1, 1, 1, 1, 1]
    given["extra"] = [False, False, True, False, False, False, False]
    given["kind"] = ["main"] * 5 + ["repeat", "catch"]
    kept, flow = counted(given, listeners(1), Exclusions(extras=True))
    assert list(kept.index) == [3]
    assert dict(zip(flow["reason"], flow["answers"], strict=True)) == {
        "would not play on the listener's device": 1,
        "listener missed more than 1 catch trials": 0,
        "listener's place had been given to another": 1,
        "listener knows the piece": 1,
        "less than 100% of the clip was heard": 1,
    }
    assert len(counted(given, listeners(1), None)[0]) == 4


def test_ratings_are_counted_by_source_and_question() -> None:
    table = ratings(answers((1, "h1", 1), (2, "h1", 1), (1, "m1", 0), rhythm=[5.0, 4.0, 1.0]), KEY)
    assert table[table["source"] == "human"].iloc[0][["mean", "ratings", "rated_5"]].tolist() == [4.5, 2, 1]
    assert set(table["question"]) == {"rhythm"}
    assert RATINGS == ("rhythm", "melody", "repetitiveness")
