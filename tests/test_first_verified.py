"""The first screen of a report is verified: its words follow from the report's own tables."""

import json
from pathlib import Path

import pytest
from test_page import content, judged, system

from reports.content.report import RECORD
from reports.content.rows import DistanceRow
from reports.findings.standing import first_screen
from reports.verification.first import check_first_screen
from reports.verification.holdings import Verification
from reports.verification.manifest import Places


def checked(folder: Path) -> Verification:
    found = Verification()
    check_first_screen(folder, Places(folder), found)
    return found


@pytest.fixture
def report(tmp_path: Path) -> Path:
    verdict = [judged("lstm")]
    distances = [DistanceRow(system="lstm", against="human", space="joint", distance=0.1, p=0.001)]
    first = first_screen("human", verdict, distances, [], ["lstm"])
    made = content(system("human", "reference"), system("lstm"), verdict=verdict, distances=distances, first=first)
    (tmp_path / RECORD).write_text(json.dumps(made.to_json()))
    return tmp_path


def changed(report: Path, **parts: object) -> None:
    record = json.loads((report / RECORD).read_text())
    (report / RECORD).write_text(json.dumps(record | {"first": record["first"] | parts}))


def test_an_unchanged_first_screen_holds(report: Path) -> None:
    found = checked(report)
    assert found.holds
    assert found.checked == {"standings": 1}


def test_another_answer_does_not(report: Path) -> None:
    changed(report, answer="lstm is as good as human music.")
    (said,) = checked(report).failures
    assert said.startswith("the answer was “lstm is as good as human music.")


def test_another_phrase_does_not(report: Path) -> None:
    standing = json.loads((report / RECORD).read_text())["first"]["standings"][0]
    changed(report, standings=[standing | {"phrases": [{"text": "brighter", "metric": "centroid"}]}])
    assert checked(report).failures == ["lstm: its standing on the first screen does not follow from the tables"]


def test_words_of_another_version_are_not_compared_and_a_report_of_before_has_none(report: Path) -> None:
    changed(report, wording=99, answer="Otherwise.")
    found = checked(report)
    assert found.holds
    assert found.remarks == ["the first screen was not compared: this version has other words"]
    record = json.loads((report / RECORD).read_text())
    del record["first"]
    (report / RECORD).write_text(json.dumps(record))
    assert checked(report) == Verification()
