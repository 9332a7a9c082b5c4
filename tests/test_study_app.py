"""The participants' page, driven without a browser."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from page_parts import Parts
from patience import PATIENCE
from streamlit.testing.v1 import AppTest

import listening_study
from listening_study.participants.player import Hearing, validated
from listening_study.protocol.configuration import Access, Consent, Design
from listening_study.protocol.order import open_order
from listening_study.protocol.questions import Question
from listening_study.protocol.study import Study
from listening_study.store import Agreement, Store, connection

PACKAGE = Path(listening_study.__file__).parent
Open = Callable[..., AppTest]


@pytest.fixture
def visit(tiny_study: Study, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> Iterator[Open]:
    """Open the participants' page as a new tab would, at an address with or without a token."""
    monkeypatch.setattr(sys, "argv", ["streamlit", str(tiny_study.folder)])
    st.cache_resource.clear()

    def visit(token: str | None = None, **parameters: str) -> AppTest:
        tab = AppTest.from_file(str(PACKAGE / "participants" / "app.py"), default_timeout=PATIENCE)
        for name, value in {**parameters, **({"t": token} if token else {})}.items():
            tab.query_params[name] = value
        tab.parts = parts
        return tab.run()

    yield visit
    st.cache_resource.clear()


def changed(study: Study, **parts: Any) -> Study:
    """The study with parts of its description changed, on disk."""
    new = replace(study, **parts)
    new.write()
    return new


def with_practice(study: Study, **parts: Any) -> Study:
    """One practice clip, made by a computer."""
    clip = study.clips[0]
    order = replace(open_order(study), practice=((clip, "computer"),))
    return changed(study, practice=(clip,), order_sha256=order.seal(study.order_path), **parts)


def begin(tab: AppTest) -> str:
    for box in tab.checkbox:
        box.check()
    tab.run()
    tab.button(key="begin").click().run()
    return str(tab.query_params["t"][0] if isinstance(tab.query_params["t"], list) else tab.query_params["t"])


def reach_the_clips(tab: AppTest) -> str:
    token = begin(tab)
    tab.button(key="volume-done").click().run()
    return token


def answer(tab: AppTest, number: int | str, said: str = "human", *further: Any) -> None:
    tab.parts.answer(tab, number, said, *further)


def title(tab: AppTest) -> str:
    assert not tab.exception
    return tab.title[0].value


def stored(study: Study) -> list[tuple[int, str | None]]:
    with closing(Store(study.answers_path)) as store:
        return [(one.trial, one.response.answer) for one in store.answered_trials()]


def test_nobody_begins_without_agreeing_and_being_old_enough(visit: Open) -> None:
    tab = visit()
    assert title(tab) == "A tiny study"
    assert tab.button(key="begin").disabled
    tab.checkbox(key="agreed").check().run()
    assert tab.button(key="begin").disabled
    tab.checkbox(key="old-enough").check().run()
    assert not tab.button(key="begin").disabled


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


def test_every_stage_and_every_question(visit: Open, tiny_study: Study) -> None:
    design = Design(practice=1, break_every=2, must_hear=0)
    study = with_practice(tiny_study, design=design)
    tab = visit()
    begin(tab)
    assert title(tab) == "About you"
    tab.radio(key="background-training").set_value(2)
    tab.button(key="background-done").click().run()
    tab.radio(key="volume-device").set_value(0)
    tab.button(key="volume-done").click().run()
    answer(tab, "practice-0")
    assert "No: this one was made by a computer." in tab.info[0].value
    tab.button(key="practice-0-done").click().run()
    for number in range(4):
        if number == 2:
            assert title(tab) == "Time for a short break"
            tab.button(key="break-2-done").click().run()
        answer(tab, number, "human", 3, True, *[number + 1] * 3, "  <script>alert(1)</script> ")
    assert title(tab) == "What did you hear?"
    tab.text_area(key="interview-rhythm").input("uneven")
    tab.button(key="interview-done").click().run()
    assert title(tab) == "Thank you"
    with closing(Store(study.answers_path)) as store:
        responses = [one.response for one in store.answered_trials()]
        replies = {(one.stage, one.question): one.reply for one in store.replies()}
        (progress,) = store.progress()
    assert [one.rhythm for one in responses] == [1, 2, 3, 4]
    assert {one.comment for one in responses} == {"<script>alert(1)</script>"}
    assert {(one.confidence, one.known) for one in responses} == {(4, True)}
    assert replies == {
        ("background", "training"): "2",
        ("volume", "device"): "0",
        ("practice-0", "answer"): "human",
        ("interview", "rhythm"): "uneven",
    }
    assert "finished" in progress.stages


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0],
        [None, 0, None],
        [0, None, None],
        [2, 0, None],
        [-1, 0, None],
        [True, 0, None],
        [0, 4, None],
        [0, 0.5, None],
        [0, "0", None],
        [0, 0, 7],
        [0, 0, "x" * 2001],
        [0, 0, None, 0],
        "human",
        {"answer": "human"},
    ],
)
def test_what_our_page_does_not_send_is_not_stored(visit: Open, tiny_study: Study, parts: Parts, values: Any) -> None:
    questions = (Question.CONFIDENCE, Question.COMMENT)
    changed(tiny_study, design=tiny_study.design.model_copy(update={"questions": questions}))
    tab = visit()
    reach_the_clips(tab)
    parts.send(tab, "trial-0", values)
    assert title(tab) == "Who made this music?"
    assert stored(tiny_study) == []
    answer(tab, 0, "computer", 1, None)
    assert stored(tiny_study) == [(0, "computer")]


def test_an_answer_before_the_clip_was_heard_is_refused(visit: Open, tiny_study: Study, parts: Parts) -> None:
    changed(tiny_study, seconds=0.0, design=tiny_study.design.model_copy(update={"must_hear": 1.0}))
    parts.heard = 0.9
    tab = visit()
    reach_the_clips(tab)
    answer(tab, 0)
    assert "listen to the clip first" in tab.warning[0].value
    assert stored(tiny_study) == []
    parts.heard = 1.0
    answer(tab, 0)
    assert stored(tiny_study) == [(0, "human")]


@pytest.mark.parametrize("given_up", [False, True])
def test_the_volume_is_set_once_it_was_heard_or_will_not_play(visit: Open, parts: Parts, given_up: bool) -> None:
    parts.alone = 0.5
    tab = visit()
    begin(tab)
    assert tab.button(key="volume-done").disabled
    parts.alone, parts.given_up = (0.0, True) if given_up else (1.0, False)
    assert not tab.run().button(key="volume-done").disabled


def test_the_side_of_human_is_balanced_between_listeners_and_is_one_listeners_own(
    visit: Open, tiny_study: Study, parts: Parts
) -> None:
    sides = []
    for _ in range(4):
        tab = visit()
        reach_the_clips(tab)
        own = set()
        for number in range(4):
            own.add(parts.shown[f"task-trial-{number}"]["items"][0]["options"])
            answer(tab, number, "computer")
        sides += own
    assert sorted(sides) == [("Computer", "Human")] * 2 + [("Human", "Computer")] * 2
    assert {said for _, said in stored(tiny_study)} == {"computer"}


def test_a_clip_said_to_be_heard_sooner_than_it_lasts_stays_locked(visit: Open, tiny_study: Study) -> None:
    changed(tiny_study, seconds=60.0, design=tiny_study.design.model_copy(update={"must_hear": 1.0}))
    tab = visit()
    token = reach_the_clips(tab)
    with closing(Store(tiny_study.answers_path)) as store:
        listener = store.find(token)
        assert listener
        store.report(listener.id, 0, heard=1.0, plays=1, event="end")
    answer(visit(token), 0)
    assert stored(tiny_study) == []


def test_a_reload_goes_on_at_every_stage(visit: Open) -> None:
    tab = visit()
    token = begin(tab)
    assert title(visit(token)) == "Set your volume"
    tab.button(key="volume-done").click().run()
    for number in range(4):
        reloaded = visit(token)
        answer(reloaded, number)
    assert title(visit(token)) == "Thank you"


def test_a_second_tab_cannot_answer_twice(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    token = reach_the_clips(tab)
    other = visit(token)
    answer(tab, 0, "human")
    answer(other, 0, "computer")
    assert stored(tiny_study) == [(0, "human")]
    assert "Clip 2 of 4" in other.get("progress")[0].proto.text


def test_a_double_click_leaves_the_next_clip_unanswered(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    reach_the_clips(tab)
    answer(tab, 0)
    answer(tab, 0)
    assert stored(tiny_study) == [(0, "human")]


def test_an_unknown_address_is_told_so_and_may_begin_anew(visit: Open) -> None:
    tab = visit("no-such-token")
    assert "does not belong" in tab.warning[0].value
    begin(tab)
    assert title(tab) == "Set your volume"
    assert not tab.warning


def test_the_participants_page_works_without_the_key_and_the_registration(visit: Open, tiny_study: Study) -> None:
    shutil.rmtree(tiny_study.key_path.parent)
    tiny_study.registration_path.unlink()
    tab = visit()
    reach_the_clips(tab)
    for number in range(4):
        answer(tab, number)
    assert title(tab) == "Thank you"


def test_a_locked_database_is_said_and_the_answer_is_kept_to_be_given_again(
    visit: Open, tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    tab = visit()
    reach_the_clips(tab)
    with closing(sqlite3.connect(tiny_study.answers_path, isolation_level=None)) as other:
        other.execute("begin immediate")
        answer(tab, 0)
        assert "could not be stored" in tab.error[0].value
        assert stored(tiny_study) == []
        other.execute("rollback")
    answer(tab, 0)
    assert stored(tiny_study) == [(0, "human")]


def test_consent_says_what_the_configuration_says_and_its_hash_is_stored(visit: Open, tiny_study: Study) -> None:
    consent = Consent(contact="ada@example.org", ethics="2026-17", retention="ten years", minimum_age=0)
    access = Access(crowd_parameters=("PROLIFIC_PID",))
    changed(tiny_study, consent=consent, access=access)
    tab = visit(PROLIFIC_PID="p-1", other="x")
    told = "\n".join(block.value for block in tab.markdown)
    assert all(part in told for part in ("ada@example.org", "2026-17", "ten years", "PROLIFIC_PID"))
    token = begin(tab)
    assert dict(tab.query_params) in ({"t": token}, {"t": [token]})  # the platform's id leaves the address
    with closing(sqlite3.connect(tiny_study.answers_path)) as database:
        assert database.execute("select parameter, value from arrivals").fetchall() == [("PROLIFIC_PID", "p-1")]
        (first,) = database.execute("select consent from participants").fetchone()
    changed(tiny_study, consent=consent.model_copy(update={"version": "2"}), access=access)
    st.cache_resource.clear()
    begin(visit())
    with closing(sqlite3.connect(tiny_study.answers_path)) as database:
        hashes = {row[0] for row in database.execute("select consent from participants")}
    assert len(hashes) == 2
    assert first in hashes
    assert all(len(one) == len(sha256().hexdigest()) for one in hashes)


def test_with_tokens_only_those_invited_get_in_and_each_link_once(visit: Open, tiny_study: Study) -> None:
    changed(tiny_study, access=Access(mode="tokens"))
    with closing(Store(tiny_study.answers_path)) as store:
        (invitation,) = store.invite(1)
    assert title(visit()) == "A personal link is needed"
    assert title(visit("guessed")) == "A personal link is needed"
    tab = visit(invitation)
    assert begin(tab) == invitation
    assert title(visit(invitation)) == "Set your volume"
    with closing(Store(tiny_study.answers_path)) as store:
        assert len(store.progress()) == 1


def test_a_closed_study_takes_nobody_in_and_no_answer(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    reach_the_clips(tab)
    with closing(Store(tiny_study.answers_path)) as store:
        store.close_study()
    answer(tab, 0)
    assert title(tab) == "The study is closed"
    assert title(visit()) == "The study is closed"
    assert stored(tiny_study) == []


def test_once_enough_took_part_newcomers_are_told_so_and_those_who_began_finish(visit: Open, tiny_study: Study) -> None:
    changed(tiny_study, access=Access(full_at=1))
    first, second, late = visit(), visit(), visit()
    reach_the_clips(first)
    token = reach_the_clips(second)
    for box in late.checkbox:
        box.check()
    late.run()
    for number in range(4):
        answer(first, number)
    assert title(first) == "Thank you"
    late.button(key="begin").click().run()  # its page still offered it
    newcomer = visit()
    for tab in (late, newcomer):
        assert title(tab) == "The study is closed"
        assert "Enough people have taken part" in tab.markdown[0].value
    again = visit(token)
    for number in range(4):
        answer(again, number)
    assert title(again) == "Thank you"
    with closing(Store(tiny_study.answers_path)) as store:
        assert len(store.progress()) == 2
        assert [one.detail for one in store.journal() if one.event == "full"] == ["1 complete listeners"]


def test_who_answered_every_clip_holds_the_place_and_gets_through_though_the_study_closes(
    visit: Open, tiny_study: Study
) -> None:
    changed(
        tiny_study, access=Access(completion_code="C0FFEE"), design=Design(practice=0, must_hear=0, background=False)
    )
    tab = visit()
    reach_the_clips(tab)
    for number in range(4):
        answer(tab, number)
    assert title(tab) == "What did you hear?"
    with closing(Store(tiny_study.answers_path)) as store:
        (progress,) = store.progress()
        assert "finished" in progress.stages
        store.close_study()
    tab.text_area(key="interview-rhythm").input("uneven")
    tab.button(key="interview-done").click().run()
    assert tab.code[0].value == "C0FFEE"
    with closing(Store(tiny_study.answers_path)) as store:
        assert [one.reply for one in store.replies() if one.stage == "interview"] == ["uneven"]


def test_a_withdrawal_that_leaves_something_to_overwrite_is_a_withdrawal_to_the_listener(
    visit: Open, tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    tab = visit()
    reach_the_clips(tab)
    answer(tab, 0)
    tab.button(key="withdraw").click().run()
    with closing(sqlite3.connect(tiny_study.answers_path, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from answers").fetchall()
        tab.button(key="withdraw-yes").click().run()
    assert title(tab) == "Your answers are deleted"
    assert stored(tiny_study) == []


def test_practice_keeps_what_was_said_before_the_truth_was_told(visit: Open, tiny_study: Study) -> None:
    with_practice(tiny_study, design=Design(practice=1, must_hear=0, background=False))
    tab = visit()
    begin(tab)
    tab.radio(key="volume-device").set_value(0)
    tab.button(key="volume-done").click().run()
    answer(tab, "practice-0", "human")
    assert tab.parts.shown["task-practice-0"]["closed"]
    answer(tab, "practice-0", "computer")
    tab.button(key="practice-0-done").click().run()
    with closing(Store(tiny_study.answers_path)) as store:
        assert [one.reply for one in store.replies() if one.stage == "practice-0"] == ["human"]


def test_the_completion_code_shows_only_when_everything_is_stored(visit: Open, tiny_study: Study) -> None:
    changed(tiny_study, access=Access(completion_code="C0FFEE", completion_url="https://example.org/done"))
    tab = visit()
    reach_the_clips(tab)
    for number in range(4):
        assert not tab.code
        answer(tab, number)
    assert tab.code[0].value == "C0FFEE"


def test_withdrawing_is_asked_once_more_and_removes_everything(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    token = reach_the_clips(tab)
    answer(tab, 0)
    tab.button(key="withdraw").click().run()
    tab.button(key="withdraw-no").click().run()
    assert stored(tiny_study) == [(0, "human")]
    tab.button(key="withdraw").click().run()
    tab.button(key="withdraw-yes").click().run()
    assert title(tab) == "Your answers are deleted"
    assert stored(tiny_study) == []
    assert "does not belong" in visit(token).warning[0].value
    with closing(Store(tiny_study.answers_path)) as store:
        assert store.withdrawals() == 1


def test_the_language_can_be_switched_and_is_remembered(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    token = reach_the_clips(tab)
    tab.selectbox(key="language-choice").set_value("de").run()
    assert title(tab) == "Wer hat diese Musik gemacht?"
    assert "noch nicht geprüft" in tab.caption[0].value
    assert title(visit(token)) == "Wer hat diese Musik gemacht?"
    with closing(Store(tiny_study.answers_path)) as store:
        assert store.progress()[0].language == "de"


def test_reviewed_wording_is_shown_and_not_marked(visit: Open, tiny_study: Study) -> None:
    path = tiny_study.words_path("es")
    path.parent.mkdir(exist_ok=True)
    path.write_text('reviewed = "M. R., 2026"\ntrial_question = "¿Quién?"\n', encoding="utf-8")
    tab = visit()
    reach_the_clips(tab)
    tab.selectbox(key="language-choice").set_value("es").run()
    assert title(tab) == "¿Quién?"
    assert not tab.caption


def test_a_clip_that_will_not_play_stops_nobody(visit: Open, tiny_study: Study, parts: Parts) -> None:
    tab = visit()
    reach_the_clips(tab)
    parts.heard, parts.given_up = 0.0, True
    tab.run()
    tab.button(key="skip-0").click().run()
    assert stored(tiny_study) == [(0, None)]
    assert tab.button(key="skip-1")


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "end",
        [],
        {},
        {"event": "end", "heard": 2.0, "plays": 1, "number": 1},
        {"event": "end", "heard": float("nan"), "plays": 1, "number": 1},
        {"event": "drop table", "heard": 1.0, "plays": 1, "number": 1},
        {"event": "end", "heard": 1.0, "plays": -1, "number": 1},
        {"event": "end", "heard": 1.0, "plays": 1, "number": 10**9},
    ],
)
def test_a_report_that_no_player_sends_counts_as_nothing_heard(forged: object) -> None:
    assert validated(forged) == Hearing()


def test_a_listener_who_came_back_late_goes_on(visit: Open, tiny_study: Study) -> None:
    tab = visit()
    token = reach_the_clips(tab)
    answer(tab, 0)
    with closing(Store(tiny_study.answers_path)) as store:
        store.admit(Agreement("c" * 64), reissue_after=timedelta(0))
    again = visit(token)
    answer(again, 1)
    assert [number for number, _ in stored(tiny_study)] == [0, 1]
