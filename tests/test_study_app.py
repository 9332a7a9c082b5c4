"""The participants' page and the researcher's, driven without a browser."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import listening_study
from listening_study import languages
from listening_study.screens import trial
from listening_study.store import Store, connection
from listening_study.study import Study

PACKAGE = Path(listening_study.__file__).parent
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit leaves the app as `__main__`, and processes that later tests spawn would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def visit(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open the participants' page as a new tab would, at an address with or without a token."""
    monkeypatch.setattr(sys, "argv", ["streamlit", str(tiny_study.folder)])
    monkeypatch.setattr(trial, "REFLEX", timedelta(0))
    st.cache_resource.clear()

    def visit(token: str | None = None) -> AppTest:
        tab = AppTest.from_file(str(PACKAGE / "app.py"), default_timeout=30)
        if token:
            tab.query_params["t"] = token
        return tab.run()

    yield visit
    st.cache_resource.clear()


def begin(tab: AppTest) -> str:
    tab.checkbox(key="agreed").check().run()
    tab.button(key="begin").click().run()
    return str(tab.query_params["t"])


def reach_the_clips(tab: AppTest) -> str:
    token = begin(tab)
    tab.button(key="volume-done").click().run()
    return token


def answer(tab: AppTest, number: int, said: str = "human") -> None:
    tab.button(key=f"{said}-{number}").click().run()


def title(tab: AppTest) -> str:
    assert not tab.exception
    return tab.title[0].value


def stored(study: Study) -> list[tuple[int, str]]:
    with closing(Store(study.answers_path)) as store:
        return [(one.trial, one.answer) for one in store.answered_trials()]


def test_nobody_begins_without_agreeing(visit: Open) -> None:
    tab = visit()
    assert title(tab) == "A tiny study"
    assert tab.button(key="begin").disabled


def test_from_consent_to_thanks(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    begin(tab)
    assert title(tab) == "Set your volume"
    tab.button(key="volume-done").click().run()
    for number, said in enumerate(["human", "computer", "computer", "human"]):
        assert title(tab) == "Who made this music?"
        answer(tab, number, said)
        assert stored(tiny_study)[-1] == (number, said)
    assert title(tab) == "Thank you"
    assert len(stored(tiny_study)) == 4


def test_a_reload_goes_on_at_every_stage(visit: Open) -> None:
    tab = visit()
    token = begin(tab)
    assert title(visit(token)) == "Set your volume"
    tab.button(key="volume-done").click().run()
    for number in range(4):
        reloaded = visit(token)
        assert reloaded.button(key=f"human-{number}")
        answer(reloaded, number)
    assert title(visit(token)) == "Thank you"


def test_a_second_tab_cannot_answer_twice(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    token = reach_the_clips(tab)
    other = visit(token)
    answer(tab, 0, "human")
    answer(other, 0, "computer")
    assert stored(tiny_study) == [(0, "human")]
    assert other.button(key="human-1")


def test_the_second_half_of_a_double_click_does_not_answer_the_next_clip(
    visit: Open, tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = visit()
    reach_the_clips(tab)
    answer(tab, 0)
    monkeypatch.setattr(trial, "REFLEX", timedelta(hours=1))
    answer(tab, 1)
    assert stored(tiny_study) == [(0, "human")]
    assert tab.button(key="human-1")


def test_an_unknown_address_is_told_so_and_may_begin_anew(visit: Open) -> None:
    tab = visit("no-such-token")
    assert "does not belong" in tab.warning[0].value
    begin(tab)
    assert title(tab) == "Set your volume"
    assert not tab.warning


def test_the_participants_page_works_without_the_sealed_key(visit: Open, tiny_study: Study) -> None:
    shutil.rmtree(tiny_study.key_path.parent)
    tab = visit()
    reach_the_clips(tab)
    for number in range(4):
        answer(tab, number)
    assert title(tab) == "Thank you"


def test_a_locked_database_is_said_and_the_answer_can_be_given_again(
    visit: Open, tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    tab = visit()
    token = reach_the_clips(tab)
    with closing(sqlite3.connect(tiny_study.answers_path, isolation_level=None)) as other:
        other.execute("begin immediate")
        answer(tab, 0)
        assert "could not be stored" in tab.error[0].value
        assert stored(tiny_study) == []
        other.execute("rollback")
    again = visit(token)
    answer(again, 0)
    assert stored(tiny_study) == [(0, "human")]


def test_every_text_is_there_and_none_is_empty() -> None:
    texts = languages.load("en")
    assert all(text.strip() for text in vars(texts).values())


@pytest.fixture
def dashboard(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AppTest]:
    monkeypatch.setattr(sys, "argv", ["streamlit", str(tiny_study.folder)])
    return lambda: AppTest.from_file(str(PACKAGE / "dashboard.py"), default_timeout=30).run()


def test_the_dashboard_of_a_new_study_says_there_is_nothing_yet(dashboard: Callable[[], AppTest]) -> None:
    page = dashboard()
    assert title(page) == "A tiny study"
    assert "No answers yet" in page.info[0].value
    assert [figure.value for figure in page.metric] == ["0", "0", "0", "0"]


def test_the_dashboard_counts_listeners_and_shows_the_tally(
    dashboard: Callable[[], AppTest], tiny_study: Study
) -> None:
    with closing(Store(tiny_study.answers_path)) as store:
        store.admit("c" * 64)
        store.admit("c" * 64)
        for trial_number, clip in enumerate(tiny_study.clips):
            store.present(1, trial_number, clip)
            store.record(1, trial_number, "human")
    page = dashboard()
    assert not page.exception
    assert [figure.value for figure in page.metric] == ["2", "1", "1", "4"]
    table = page.dataframe[0].value
    assert list(table["Source"]) == ["zebrafinch", "quokka"]
    assert list(table["P(human)"]) == [1.0, 1.0]
