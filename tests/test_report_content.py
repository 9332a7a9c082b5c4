"""A report is one typed object: it survives its file, its schema is published, and earlier formats are still read."""

import json
from pathlib import Path

import pandas as pd
import pytest
from test_page import claim, content, judged, numbers, system

from clstm.runtime.errors import UserError
from reports.content.report import FORMAT, RECORD, SCHEMA, ReportContent, read_report, schema
from reports.content.rows import SummaryLine

PUBLISHED = Path(__file__).parents[1] / "reports/published/replication"


def made() -> ReportContent:
    systems = system("A", "reference"), system("B", generated={"model": "lstm", "with_prompt": True})
    said = SummaryLine(about="B", text="B differs significantly.")
    rows = judged("B", against="A"), judged("B", "no verdict", against="A", distance=float("nan"))
    return content(*systems, verdict=rows, claims=[claim("One")], summary=[said], numbers=numbers(systems))


def test_a_report_read_from_its_file_is_the_one_that_was_written(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(json.dumps(made().to_json(), allow_nan=False), encoding="utf-8")
    assert read_report(tmp_path) == made()
    assert read_report(tmp_path).verdict[1].distance is None, "JSON has no NaN"


def test_the_published_schema_is_that_of_the_types() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema(), "write it again: python -m reports.content.report"
    properties = json.loads(schema())["properties"]
    assert set(properties) == set(made().to_json())


@pytest.mark.parametrize("name", ["report", "bwv804"])
def test_a_published_report_of_the_earlier_format_is_read_in_todays_names(name: str) -> None:
    before = json.loads((PUBLISHED / name / RECORD).read_text(encoding="utf-8"))
    now = read_report(PUBLISHED / name)
    assert now.format <= FORMAT
    old = pd.DataFrame(before["verdict"])
    if "how" in old:
        assert [row.words for row in now.verdict] == old["how"].tolist()
    assert [(row.system, row.metric, row.verdict, row.delta, row.p_holm) for row in now.verdict] == [
        (row["system"], row["metric"], row["verdict"], row["delta"], row["p_holm"]) for row in before["verdict"]
    ]
    assert [(row.metric, row.median) for row in now.numbers] == [
        (row["metric"], row["median"]) for row in before["numbers"]
    ]
    assert [row.claim for row in now.claims] == [row["claim"] for row in before["claims"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "has no readable report.json"),
        ("{", "is not JSON"),
        ("[]", "is damaged at its beginning"),
        ('{"made_by": "clstm report"}', "is damaged at title"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line_without_pythons_words(
    text: str | None, message: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / RECORD).write_text(text)
    with pytest.raises(UserError, match=message) as refused:
        read_report(tmp_path)
    assert "\n" not in str(refused.value)
    assert "Error" not in str(refused.value)


def test_a_report_of_a_later_format_is_not_misread(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(json.dumps(made().to_json() | {"format": 99}))
    with pytest.raises(UserError, match="has format 99; this version reads 2 and 3"):
        read_report(tmp_path)
