"""The researcher's page shows how the study goes, and the tallies only once it is closed and unsealed."""

import csv as reader
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from patience import PATIENCE
from streamlit.testing.v1 import AppTest

from listening_study.protocol.configuration import Access
from listening_study.protocol.order import open_order
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.researchers import monitoring, passwords
from listening_study.store import Agreement, Store, database
from listening_study.store.connection import migrate

PASSWORD = "correct horse"
FORGED = "<b>bold</b> **stars** <script>alert(1)</script>"
LONG_AGO = timedelta(days=2)


@pytest.fixture
def store(tiny_study: Study) -> Iterator[Store]:
    migrate(tiny_study.answers_path)
    with closing(Store(tiny_study.answers_path)) as store:
        yield store


@pytest.fixture(scope="session")
def kept() -> str:
    return passwords.hashed(PASSWORD)


@pytest.fixture
def page(tiny_study: Study, store: Store, kept: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The dashboard before anybody entered a password."""
    monkeypatch.setattr(passwords, "DELAY", 0)
    monkeypatch.setenv(passwords.VARIABLE, kept)
    monkeypatch.delenv(database.VARIABLE, raising=False)
    monkeypatch.setattr(sys, "argv", ["dashboard.py", str(tiny_study.folder)])
    yield AppTest.from_file(str(Path(monitoring.__file__).with_name("dashboard.py")), default_timeout=PATIENCE).run()
    st.cache_resource.clear()


def enter(page: AppTest, password: str = PASSWORD) -> AppTest:
    page.text_input[0].input(password)
    return page.button[0].click().run()


def said(page: AppTest) -> str:
    """Every word on the page."""
    texts = [
        element.value
        for kind in ("title", "subheader", "caption", "info", "warning", "error", "text", "markdown")
        for element in page.get(kind)
    ]
    texts += [f"{metric.label}: {metric.value}" for metric in page.metric]
    texts += [frame.value.to_csv() for frame in page.dataframe]
    return "\n".join(map(str, texts))


def take_part(
    study: Study,
    store: Store,
    *,
    answers: int | None = None,
    says: Callable[[int], str] = lambda _: "human",
    comment: str | None = None,
) -> int:
    """A listener who goes through, or gives so many answers."""
    token = store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2), registration=study.registration_sha256)
    listener = store.find(token)
    assert listener
    store.pass_stage(listener.id, "volume")
    order = open_order(study).trials(study, listener.slot)
    for number, trial in enumerate(order[:answers]):
        store.present(listener.id, number, trial.clip)
        store.report(listener.id, number, heard=1.0, plays=1, event="end")
        store.record(listener.id, number, Response(says(number), comment=comment))
    if answers is None:
        store.pass_stage(listener.id, "finished")
    return listener.id


def test_platform_ids_are_shown_when_asked_for_and_only_where_they_are_stored(page: AppTest, tiny_study: Study) -> None:
    enter(page)
    assert "Payments" not in said(page)
    replace(tiny_study, access=Access(crowd_parameters=("PID",))).write()
    with closing(Store(tiny_study.answers_path)) as store:
        store.admit(Agreement("c" * 64, arrival={"PID": "person-4711"}), reissue_after=timedelta(hours=2))
    st.cache_resource.clear()
    page.run()
    assert "Payments" in said(page)
    assert "person-4711" not in said(page)
    page.checkbox(key="payments").check().run()
    assert not page.exception
    assert "person-4711,under way,0,4" in said(page)


def test_the_study_is_closed_here_once_that_is_confirmed(page: AppTest, store: Store) -> None:
    enter(page)
    assert page.button(key="close").disabled
    page.checkbox(key="closing").check().run()
    assert store.is_open()
    page.button(key="close").click().run()
    assert not page.exception
    assert not store.is_open()
    assert "Closed." in said(page)
    assert "close" not in {button.key for button in page.button}


def test_how_long_it_took_is_measured_on_those_who_went_through(page: AppTest, tiny_study: Study, store: Store) -> None:
    take_part(tiny_study, store, answers=1)
    enter(page)
    assert "an estimate, nobody has gone through it yet" in said(page)
    take_part(tiny_study, store)
    page.run()
    assert "takes 0 minutes: measured on one who went through everything" in said(page)


def test_a_full_study_is_said_to_be_open_only_for_those_who_have_begun(
    page: AppTest, tiny_study: Study, store: Store
) -> None:
    replace(tiny_study, access=Access(full_at=1)).write()
    st.cache_resource.clear()
    enter(page)
    assert "Open." in said(page)
    take_part(tiny_study, store)
    page.run()
    assert "Full, open only for those who have begun." in said(page)


# --- the door ---


def test_without_the_password_nothing_is_shown(page: AppTest, tiny_study: Study) -> None:
    assert not page.exception
    assert tiny_study.title not in said(page)
    assert not page.metric
    enter(page, "guessed")
    assert "Wrong password." in said(page)
    assert not page.metric


def test_the_password_opens_it_for_this_session_alone(page: AppTest, tiny_study: Study) -> None:
    enter(page)
    assert not page.exception
    assert page.title[0].value == tiny_study.title
    other = AppTest.from_file(str(Path(monitoring.__file__).with_name("dashboard.py")), default_timeout=PATIENCE).run()
    assert tiny_study.title not in said(other)
    (leave,) = (button for button in page.button if button.label == "Leave")
    leave.click().run()
    assert tiny_study.title not in said(page)


def test_many_wrong_passwords_lock_every_session_out(page: AppTest) -> None:
    for _ in range(passwords.TRIES):
        enter(page, "guessed")
    other = AppTest.from_file(str(Path(monitoring.__file__).with_name("dashboard.py")), default_timeout=PATIENCE).run()
    enter(other)
    assert "Wait 5 minutes." in said(other)
    assert not other.metric


# --- while it runs ---


def test_a_study_nobody_began_says_so(page: AppTest) -> None:
    enter(page)
    assert "Nobody has begun yet" in said(page)
    assert "Complete: 0 of 20" in said(page)


def test_progress_is_counted_and_no_tally_is_shown(page: AppTest, tiny_study: Study, store: Store) -> None:
    take_part(tiny_study, store)
    take_part(tiny_study, store, answers=1, comment=FORGED)
    enter(page)
    words = said(page)
    for part in ("Listeners: 2", "Complete: 1 of 20", "Under way: 1", "Answers: 5", "Sealed while the study is open"):
        assert part in words
    for leak in ("zebrafinch", "quokka", "P(human)", "said human"):
        assert leak not in words
    assert [text.value for text in page.text] == [FORGED], "as it was typed, in an element that renders nothing"


def test_lost_answers_are_said_and_tried_again(page: AppTest, tiny_study: Study) -> None:
    enter(page)
    hidden = tiny_study.answers_path.with_suffix(".hidden")
    st.cache_resource.clear()
    tiny_study.answers_path.rename(hidden)
    tiny_study.answers_path.mkdir()
    page.run()
    assert not page.exception
    assert "cannot be reached now" in said(page)
    tiny_study.answers_path.rmdir()
    hidden.rename(tiny_study.answers_path)
    (again,) = (button for button in page.button if button.label == "Try again")
    again.click().run()
    assert "Complete: 0 of 20" in said(page)


# --- unsealing ---


def unseal(page: AppTest) -> None:
    (sure,) = page.checkbox
    sure.check().run()
    (button,) = (button for button in page.button if button.label == "Unseal the results")
    button.click().run()


def test_a_closed_study_is_unsealed_by_a_button_and_the_journal_has_it(
    page: AppTest, tiny_study: Study, store: Store
) -> None:
    take_part(tiny_study, store)
    store.close_study()
    enter(page)
    assert "zebrafinch" not in said(page)
    (button,) = (button for button in page.button if button.label == "Unseal the results")
    assert button.disabled
    unseal(page)
    assert not page.exception
    assert "zebrafinch" in said(page)
    assert [one.event for one in store.journal()] == ["registered", "closed", "unsealed"]
    page.run()
    assert [one.event for one in store.journal()].count("unsealed") == 1, "looking again opens nothing new"


def test_the_tally_is_what_was_answered(page: AppTest, tiny_study: Study, store: Store) -> None:
    for _ in range(3):
        take_part(tiny_study, store, says=lambda trial: "human" if trial == 0 else "computer")
    store.close_study()
    enter(page)
    unseal(page)
    tally = page.dataframe[0].value.set_index("source")
    assert list(tally["answers"]) == [6, 6]
    assert tally["said human"].sum() == 3
    assert tally["P(human)"].sum() == pytest.approx(0.5)
    assert "inconclusive" in said(page)


def test_answers_after_unsealing_are_pointed_out_and_hidden_while_open(
    page: AppTest, tiny_study: Study, store: Store
) -> None:
    take_part(tiny_study, store)
    store.close_study()
    enter(page)
    unseal(page)
    store.reopen()
    take_part(tiny_study, store, answers=3)
    page.run()
    assert "zebrafinch" not in said(page)
    assert "3 answers came when the results could be known" in said(page)
    store.close_study()
    page.run()
    assert "zebrafinch" in said(page)
    assert "3 answers came when the results could be known" in said(page)


def test_another_registration_than_the_first_listeners_is_pointed_out(page: AppTest, store: Store) -> None:
    store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2), registration="another")
    enter(page)
    assert "The registration has changed since the first listener was admitted" in said(page)


# --- the tables behind it ---


def test_listeners_are_complete_under_way_or_gone(tiny_study: Study, store: Store) -> None:
    take_part(tiny_study, store)
    take_part(tiny_study, store, answers=2)
    now = datetime.now(UTC)
    assert list(monitoring.listeners(tiny_study, store.progress(), now)["state"]) == ["complete", "under way"]
    later = monitoring.listeners(tiny_study, store.progress(), now + LONG_AGO)
    assert list(later["state"]) == ["complete", "left"]
    assert monitoring.turnout(later) == monitoring.Turnout(2, 1, 0, 1, 0, 6)
    unfinished = monitoring.unfinished(tiny_study, later).query("listeners > 0")
    assert list(unfinished.itertuples(index=False, name=None)) == [("clips 3–3", "left", 1)]


def test_nobody_is_nowhere(tiny_study: Study) -> None:
    table = monitoring.listeners(tiny_study, [], datetime.now(UTC))
    assert monitoring.turnout(table) == monitoring.Turnout(0, 0, 0, 0, 0, 0)
    assert monitoring.unfinished(tiny_study, table)["listeners"].sum() == 0
    assert list(monitoring.exposure(tiny_study, [])["answers"]) == [0, 0, 0, 0]


def test_every_clip_is_counted_where_it_was_answered(tiny_study: Study, store: Store) -> None:
    for answers in (None, None, 1):
        take_part(tiny_study, store, answers=answers)
    counts = monitoring.exposure(tiny_study, store.answered_trials())
    assert sorted(counts["answers"]) == [2, 2, 2, 3]
    assert set(counts["clip"]) == set(tiny_study.clips)


def test_exports_hold_no_answer_and_no_formula(tiny_study: Study, store: Store) -> None:
    listener = take_part(tiny_study, store, comment="=HYPERLINK(1)")
    store.pass_stage(listener, "interview", {"rhythm": "@SUM(A1)"})
    files = {name: make() for name, make in monitoring.exports(tiny_study, store).items()}
    rows = {name: list(reader.DictReader(io.StringIO(text))) for name, text in files.items()}
    assert {row["comment"] for row in rows["comments.csv"]} == {"'=HYPERLINK(1)"}
    assert [row["reply"] for row in rows["replies.csv"]] == ["'@SUM(A1)"]
    assert [row["answers"] for row in rows["exposure.csv"]] == ["1"] * 4
    assert [row["trial"] for row in rows["times.csv"]] == ["1", "2", "3", "4"]
    assert [row["state"] for row in rows["progress.csv"]] == ["complete"]
    assert not any(word in text for text in files.values() for word in ("human", "zebrafinch", "quokka"))
