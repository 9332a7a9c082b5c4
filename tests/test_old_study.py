"""A study of the format before orders had a secret, made and answered by the version that wrote it.

`old_study/study` has three complete listeners and one under way, `orders.json` that one's token and every order as that
version computed it, `traffic.json` what its page was sent with each clip.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from click.testing import Result
from page_parts import Parts
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import listening_study
from listening_study.blinding.attack import ReceivedTrial, attack, words
from listening_study.blinding.audit import BlindingVerdict, examine, judge
from listening_study.cli.main import app
from listening_study.protocol.key import open_key
from listening_study.protocol.order import COMPUTABLE, doubts, open_order
from listening_study.protocol.study import Study, read_study
from listening_study.results.export import provenance
from listening_study.results.results import read_results
from listening_study.results.summary import caveats
from listening_study.store import Store
from listening_study.store.database import open_answers

OLD = Path(__file__).with_name("old_study")


@pytest.fixture
def old(tmp_path: Path) -> Study:
    shutil.copytree(OLD / "study", tmp_path / "study")
    return read_study(tmp_path / "study")


@pytest.fixture(scope="module")
def noted() -> Any:
    return json.loads((OLD / "orders.json").read_text())


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["study", *(str(argument) for argument in arguments)])


def said(ran: Result) -> str:
    return " ".join(ran.output.split())


def test_an_old_study_is_read_with_the_orders_it_had(old: Study, noted: Any) -> None:
    assert (len(old.clips), old.sources, old.size.trials, old.has_secret_order) == (20, 2, 22, False)
    order = open_order(old)
    assert [truth for _, truth in order.practice] == ["human", "computer"]
    for slot, expected in enumerate(noted["orders"]):
        assert [[trial.clip, trial.kind] for trial in order.trials(old, slot)] == expected


def test_every_old_answer_is_to_the_clip_the_order_says(old: Study) -> None:
    order = open_order(old)
    with open_answers(old) as store:
        slots = {one.participant: one.slot for one in store.progress()}
        answered = store.answered_trials()
    assert len(answered) == 3 * 22 + 5
    for one in answered:
        trial = order.trials(old, slots[one.participant])[one.trial]
        assert (one.clip, one.kind) == (trial.clip, trial.kind)


@pytest.fixture
def visit(old: Study, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> Iterator[Any]:
    monkeypatch.setattr(sys, "argv", ["streamlit", str(old.folder)])
    st.cache_resource.clear()

    def visit(token: str | None = None) -> AppTest:
        tab = AppTest.from_file(
            str(Path(listening_study.__file__).with_name("participants") / "app.py"), default_timeout=30
        )
        if token:
            tab.query_params["t"] = token
        return tab.run()

    yield visit
    st.cache_resource.clear()


def test_who_was_under_way_in_an_old_study_goes_on_in_the_old_order(
    visit: Any, old: Study, noted: Any, parts: Parts
) -> None:
    tab = visit(noted["under_way"])
    for number in range(5, 22):
        assert not tab.exception
        parts.answer(tab, number, "human")
    assert tab.title[0].value == "Thank you"
    with open_answers(old) as store:
        own = [[one.clip, one.kind] for one in store.answered_trials() if one.participant == 4]
    assert own == noted["orders"][3]


def test_a_newcomer_to_an_old_study_is_told_the_truth_about_practice(visit: Any, parts: Parts) -> None:
    tab = visit()
    for box in tab.checkbox:
        box.check()
    tab.run()
    tab.button(key="begin").click().run()
    tab.button(key="volume-done").click().run()
    parts.answer(tab, "practice-0", "human")
    assert "human" in tab.success[0].value
    tab.button(key="practice-0-done").click().run()
    parts.answer(tab, "practice-1", "human")
    assert "computer" in tab.info[0].value


def test_an_old_study_is_closed_and_concluded_and_the_results_say_that_its_order_could_be_computed(
    old: Study, tmp_path: Path
) -> None:
    assert run("close", old.folder).exit_code == 0
    ran = run("results", old.folder, "--out", tmp_path / "results")
    assert ran.exit_code == 0, ran.output
    assert said(ran).count(COMPUTABLE) == 1
    assert (tmp_path / "results" / "summary.md").read_text().count(COMPUTABLE) == 1
    with open_answers(old) as store:
        found = read_results(old, store)
    assert found.complete == 3
    assert caveats(found).count(COMPUTABLE) == 1
    assert provenance(found)["order_sha256"] is None


def test_the_audit_of_an_old_study_fails_and_says_that_its_order_could_be_computed(old: Study) -> None:
    ran = run("audit", old.folder, "--no-server")
    assert ran.exit_code == 1
    assert said(ran).count(COMPUTABLE) == 1
    assert "20 of 20 clips assigned to their source" in said(ran)


def test_one_listener_of_an_old_study_could_put_every_clip_with_its_source(old: Study) -> None:
    """What the old page was sent: by names where study.json is known, by the order where nothing was said."""
    sources = {clip: origin.source for clip, origin in open_key(old).clips.items()}
    practice = {clip for clip, _ in open_order(old).practice}
    traffic = json.loads((OLD / "traffic.json").read_text())
    heard = [ReceivedTrial(one["clip"], words(" ".join(one["sent"]))) for one in traffic if one["clip"] not in practice]
    for silent in (False, True):
        met = [ReceivedTrial(shown.clip) for shown in heard] if silent else heard
        found = attack(old, open_order(old), sources, met)
        assert (found.value, found.found, found.clips) == ("0", 20, 20)
        assert found.p <= 0.001


def test_a_simulated_copy_of_an_old_study_keeps_its_order(old: Study, tmp_path: Path, noted: Any) -> None:
    ran = run("simulate", old.folder, "--listeners", "guesser=2", "--out", tmp_path / "copy")
    assert ran.exit_code == 0, ran.output
    copy = read_study(tmp_path / "copy")
    assert copy.synthetic
    assert doubts(copy) == [COMPUTABLE]
    with closing(Store(copy.answers_path)) as store:
        assert [[one.clip, one.kind] for one in store.answered_trials()][:22] == noted["orders"][0]


def test_nothing_but_its_order_and_its_open_files_is_wrong_with_an_old_study(old: Study) -> None:
    old.key_path.chmod(0o600)
    old.answers_path.chmod(0o600)
    for clip in (old.folder / "clips").iterdir():
        os.utime(clip, (0, 0))  # a checkout gives each a time of its own
    found = judge(old, open_key(old), open_order(old), examine(old))
    exact = {one.check for one in found.findings if one.kind == "exact" and one.verdict is BlindingVerdict.LEAK}
    assert exact == set()
    assert "one listener's traffic" in {leak.check for leak in found.leaks}
