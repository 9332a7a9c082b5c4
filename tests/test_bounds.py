"""Bounds of `clstm compare --fail-over`: what breaks them, and what a user gets wrong."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from clstm.runtime.errors import UserError
from evaluation.bounds import asked, junit_cases, kept, of_options, outcomes, sentences
from evaluation.distance.joint import Distance
from evaluation.distance.space import JOINT
from evaluation.statistics.effects import Interval

SYSTEMS = ("human", "lstm", "mine")


def far(system: str, value: float, low: float, high: float) -> Distance:
    return Distance(system, "human", JOINT, 50, Interval(value, low, high), 0.001, 0.001, 0.01)


DISTANCES = [far("lstm", 0.2, 0.15, 0.25), far("mine", 0.12, 0.09, 0.15), far("human", 0.9, 0.8, 1.0)]


def row(system: str, low: float, high: float, metric: str = "polyphony") -> dict[str, object]:
    verdict = {"system": system, "metric": metric, "verdict": "differs", "difference": (low + high) / 2}
    return verdict | {"difference_low": low, "difference_high": high}


TABLE = pd.DataFrame([row("lstm", -1.5, -0.5), row("mine", 0.2, 0.6)])


def states(*texts: str) -> list[tuple[str, str]]:
    found = outcomes(of_options(texts, SYSTEMS, "human"), DISTANCES, TABLE)
    return [(one.system, one.state) for one in found]


def test_a_bound_is_broken_where_the_whole_interval_lies_above_it() -> None:
    assert states("distance=100") == [("lstm", "broken"), ("mine", "kept")]
    assert states("distance=80") == [("lstm", "broken"), ("mine", "broken")]


def test_a_share_is_of_the_value_of_the_system_named_which_is_not_bound_itself() -> None:
    assert states("distance=0.4*lstm") == [("mine", "broken")]  # 90 above 80
    assert states("distance=0.5*lstm") == [("mine", "kept")]  # 90 below 100


def test_a_bound_of_a_metric_is_of_the_difference_up_or_down() -> None:
    assert states("polyphony=0.4") == [("lstm", "broken"), ("mine", "kept")]
    assert states("mine:polyphony=0.1") == [("mine", "broken")]
    assert states("polyphony=1*lstm") == [("mine", "kept")]


def test_a_share_of_a_system_that_met_another_reference_is_no_bound() -> None:
    found = [DISTANCES[0], replace(DISTANCES[1], against="human, same grid")]
    (one,) = outcomes(of_options(["distance=0.5*lstm"], SYSTEMS, "human"), found, TABLE)
    assert one.state == "unknown"
    assert one.words.endswith("mine is compared with human, same grid, lstm with human; give both one --grid")


def test_a_metric_that_is_the_same_in_all_pieces_keeps_every_bound() -> None:
    table = pd.DataFrame([row("mine", np.nan, np.nan) | {"verdict": "no verdict", "note": "the same in both sets"}])
    (one,) = outcomes(of_options(["mine:polyphony=0"], SYSTEMS, "human"), [], table)
    assert one.state == "kept"


def test_without_an_interval_no_bound_is_kept() -> None:
    assert states("novelty=1") == [("lstm", "unknown"), ("mine", "unknown")]
    few = outcomes(of_options(["distance=100"], SYSTEMS, "human"), [far("lstm", 0.2, np.nan, np.nan)], TABLE)
    assert few[0].words == "lstm: distance 200 cannot be judged against 100: too few groups for an interval"
    assert few[1].words == "mine: distance - cannot be judged against 100: it has no value"


def test_each_broken_bound_is_a_line_and_a_failed_case() -> None:
    found = outcomes(of_options(["distance=100"], SYSTEMS, "human"), DISTANCES, TABLE)
    line = "lstm: distance 200 [150, 250] is above 100"
    assert sentences(found)[0] == f"--fail-over distance=100: {line}"
    assert [(case.of, case.name, case.result, case.message) for case in junit_cases(found)] == [
        ("lstm", "distance=100", "failure", line),
        ("mine", "distance=100", "passed", ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("distance", "'distance' is not distance=VALUE or METRIC=VALUE"),
        ("distance=", "'' is no bound"),
        ("distance=-1", "'-1' is no bound; give a number from 0 up"),
        ("distance=nan", "'nan' is no bound"),
        ("distance=inf", "'inf' is no bound"),
        ("distance=0.5*gpt", "'gpt' is not one of the systems (lstm, mine)"),
        ("distance=0.5*human", "'human' is not one of the systems"),
        ("distance=x*lstm", "'x' is no bound"),
        ("gpt:distance=1", "'gpt' is not one of the systems"),
        ("human:distance=1", "'human' is not one of the systems"),
        ("mine:distance=1*mine", "mine cannot be bound by its own value"),
        ("polyfony=1", "did you mean polyphony?"),
        ("distnce=1", "did you mean distance?"),
    ],
)
def test_what_is_no_bound_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        of_options([text], SYSTEMS, "human")
    assert said in str(error.value)
    assert str(error.value).startswith("--fail-over ")
    assert "\n" not in str(error.value)


def test_a_share_of_the_only_system_binds_nobody() -> None:
    with pytest.raises(UserError, match="lstm is the only system"):
        of_options(["distance=1*lstm"], ["human", "lstm"], "human")


def test_the_xml_must_have_a_bound_and_a_place_that_stays(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none is given"):
        asked([], tmp_path / "found.xml", SYSTEMS, "human", tmp_path / "out")
    with pytest.raises(UserError, match="which is replaced as a whole"):
        asked(["distance=1"], tmp_path / "out" / "found.xml", SYSTEMS, "human", tmp_path / "out")
    (tmp_path / "notes.xml").write_text("<mine/>")
    with pytest.raises(UserError, match="not JUnit's XML"):
        asked(["distance=1"], tmp_path / "notes.xml", SYSTEMS, "human", tmp_path / "out")


def test_the_xml_counts_its_cases_and_can_be_written_again(tmp_path: Path) -> None:
    path, said = tmp_path / "found.xml", list[str]()
    for _ in range(2):
        bounds = asked(["distance=100", "novelty=1"], path, SYSTEMS, "human", tmp_path / "out")
        assert not kept(bounds, DISTANCES, TABLE, path, said.append)
    suite = ET.parse(path).getroot()[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "3", "errors": "0", "skipped": "0"}
    assert [len(case) for case in suite] == [1, 0, 1, 1]
    assert said[3] == "1 of 4 bounds are kept (the lower end of an interval above its bound breaks it)."
    assert kept(of_options(["distance=999"], SYSTEMS, "human"), DISTANCES, TABLE, None, said.append)
