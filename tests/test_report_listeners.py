"""A listening study's results on the report's page: as they are, synthetic ones marked, anything else refused."""

import json
from contextlib import closing
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prompted_sources import study_of
from test_page import content, render_page, system

from clstm.runtime.errors import UserError
from clstm.runtime.files import write_table
from evaluation.agreement import agreement, compared, of_study, sentence
from evaluation.metrics.catalogue import METRICS
from listening_study.protocol.study import Study
from listening_study.results.export import write_results
from listening_study.results.results import read_results
from listening_study.simulation.rehearsal import simulate
from listening_study.store import Store
from reports.content.listeners import StudyContent
from reports.findings.claims_of_listeners import of_listening
from reports.inputs.study_results import read_study


@pytest.fixture
def results(tiny_study: Study, tmp_path: Path) -> Path:
    """Of a rehearsal."""
    copy = simulate(tiny_study, tmp_path / "rehearsal", {"expert": 6}, 1)
    with closing(Store(copy.answers_path)) as store:
        write_results(read_results(copy, store), tmp_path / "results")
    return tmp_path / "results"


def page(study: StudyContent) -> str:
    colours = {row.source: "#123456" for row in (*study.tally, *(row for block in study.blocks for row in block.rows))}
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


@pytest.fixture
def quantities() -> pd.DataFrame:
    """Of 14 metrics of 24 clips, the first goes with the answers; and a distance that does not."""
    random = np.random.default_rng(1)
    heard = pd.DataFrame({"source": ["a", "b"] * 12, "judged": random.random(24)})
    metrics = pd.DataFrame(random.random((24, 14)), columns=compared(pd.DataFrame(columns=list(METRICS)))[:14])
    metrics.iloc[:, 0] = heard["judged"] + random.random(24) / 20
    one = agreement({"metric": metrics, "distance": pd.DataFrame({"joint": random.random(24)})}, heard)
    return of_study({(1, "source", "human or computer"): one})


def test_what_goes_with_the_judgements_is_shown_where_it_is_beside_the_results(
    results: Path, quantities: pd.DataFrame
) -> None:
    assert read_study(results).agreement == ()
    write_table(results / "agreement.csv", quantities)
    study = read_study(results)
    (table,) = study.agreement
    assert table.look.startswith("SYNTHETIC: no listener took part. 1 of 15 metrics and distances correlates")
    rows = table.rows
    assert len(rows) == 1 + 14
    assert rows[0][0] == "Distance from people, all metrics"
    assert rows[1][0] == quantities.loc[0, "label"]
    assert rows[1][3] == f"{quantities.loc[0, 'within_p_holm']:.3f}"
    html = render_page(content(system("Human", "reference"), beside=study.agreement), [])
    assert html.count("What goes with listeners’ judgements") >= 1
    assert sentence(quantities) in unescape(html)
    assert "agreement" not in study.model_dump()  # it is among the tables beside


def test_a_study_without_human_or_computer_is_shown_and_claims_nothing_of_it(tmp_path: Path) -> None:
    copy = simulate(study_of(tmp_path, [{"kind": "rating", "set": "mos"}]), tmp_path / "filled", {"typical": 4})
    with closing(Store(copy.answers_path)) as store:
        write_results(read_results(copy, store), tmp_path / "results")
    study = read_study(tmp_path / "results")
    assert (study.tally, study.contrasts, study.clips, len(study.blocks)) == ((), (), (), 1)
    html = page(study)
    assert "discrimination" not in html
    assert "Taken for human" not in html
    assert "inconclusive" not in " ".join(study.verdict)
    row, *_ = of_listening(study.model_copy(update={"note": ""}), {"lstm": "quokka"})
    assert (row.verdict, row.otherwise) == ("not tested", "listeners were not asked who made the music")
    record = json.loads((tmp_path / "results" / "results.json").read_text())
    del record["blocks"]
    (tmp_path / "results" / "results.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="of an earlier version, without its blocks; make the results again"):
        read_study(tmp_path / "results")


def test_every_block_has_a_table_of_what_goes_with_it(results: Path, quantities: pd.DataFrame) -> None:
    parts = [quantities.assign(block=1), quantities.assign(block=2, task="rating", question="structure")]
    parts += [parts[1].assign(question="coherency"), quantities.assign(block=3, task="preference", overall=np.nan)]
    write_table(results / "agreement.csv", pd.concat(parts, ignore_index=True))
    one, several, pairs = read_study(results).agreement
    assert [table.key for table in (one, several, pairs)] == [f"agreement-block-{number}" for number in (1, 2, 3)]
    assert several.columns[:2] == ("Quantity", "Attribute")
    assert [row[1] for row in several.rows] == ["structure"] * 15 + ["coherency"] * 15
    assert pairs.columns == ("Quantity", "Pairs of clips", "Within sources", "p (Holm), within sources")
    assert "own level taken out" in several.look


def test_another_table_in_its_place_is_refused(results: Path) -> None:
    for data in (b"", b"one,two\n1,2\n", b"\x00\xff"):
        (results / "agreement.csv").write_bytes(data)
        with pytest.raises(UserError, match=r"agreement\.csv is no table that `clstm study agreement --out` wrote"):
            read_study(results)


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
