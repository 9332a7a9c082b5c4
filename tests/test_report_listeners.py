"""A listening study's results on the report's page: as they are, synthetic ones marked, anything else refused."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from test_page import content, render_page, system

from clstm.runtime.errors import UserError
from listening_study.protocol.study import Study
from listening_study.results.export import write_results
from listening_study.results.results import read_results
from listening_study.simulation.rehearsal import simulate
from listening_study.store import Store
from reports.content.listeners import StudyContent
from reports.inputs.study_results import read_study


@pytest.fixture
def results(tiny_study: Study, tmp_path: Path) -> Path:
    """Of a rehearsal."""
    copy = simulate(tiny_study, tmp_path / "rehearsal", {"expert": 6}, 1)
    with closing(Store(copy.answers_path)) as store:
        write_results(read_results(copy, store), tmp_path / "results")
    return tmp_path / "results"


def page(study: StudyContent) -> str:
    colours = {row.source: "#123456" for row in study.tally}
    return render_page(content(system("Human", "reference"), study=study.model_copy(update={"colours": colours})), [])


def test_the_page_has_the_verdict_and_the_tally_and_says_what_is_synthetic(results: Path) -> None:
    study = read_study(results)
    html = page(study)
    found = json.loads((results / "results.json").read_text())
    registered = [row["words"] for row in found["contrasts"] if row["analysis"] == "registered"]
    assert list(study.verdict) == registered
    assert all(words in html for words in registered)
    for row in found["tally"]:
        assert f"{row['said_human']} of {row['answers']}" in html
    assert "SYNTHETIC: no listener took part" in html


def test_a_study_in_which_no_answer_counts_is_shown_as_that(tiny_study: Study, tmp_path: Path) -> None:
    with closing(Store(tiny_study.answers_path)) as store:
        store.close_study()
        write_results(read_results(tiny_study, store), tmp_path / "results")
    html = page(read_study(tmp_path / "results"))
    assert html.count("no answer counts") == 2
    assert "there are no answers about" in html
    assert "SYNTHETIC" not in html


def test_names_and_words_are_shown_as_they_are(results: Path) -> None:
    study = read_study(results)
    nasty = "<b>'x' & \"y\"</b>"
    html = page(study.model_copy(update={"title": nasty, "verdict": (nasty,)}))
    assert nasty not in html
    assert html.count("&lt;b&gt;") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "has no readable results.json"),
        ("{", "is not a study's results"),
        ("[]", "is not a study's results"),
        ('{"title": "x"}', "is not a study's results"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "results.json").write_text(text)
    with pytest.raises(UserError, match=message) as refused:
        read_study(tmp_path)
    assert "\n" not in str(refused.value)
