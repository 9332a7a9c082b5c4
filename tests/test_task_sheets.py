"""The screens of tasks, driven without a browser: what is heard and asked, and what a reply becomes."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from page_parts import Parts
from patience import PATIENCE
from scripted_listener import newcomer
from streamlit.testing.v1 import AppTest
from task_study import PLAIN, write_task_study

import listening_study
from listening_study.participants.task.asked import Asked, AskedKind, accepted
from listening_study.participants.task.judged import Judged
from listening_study.protocol import languages
from listening_study.protocol.items import Item, fault, items
from listening_study.protocol.languages import Wording
from listening_study.protocol.order import open_order
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind
from listening_study.store import Store
from listening_study.store.connection import migrate

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
TASKS = [
    Task(kind=TaskKind.SOURCE),
    Task(kind=TaskKind.RATING, set="mirex-2025"),
    Task(kind=TaskKind.PREFERENCE, no_difference=True),
    Task(kind=TaskKind.PREFERENCE),
    Task(kind=TaskKind.CONTINUATION, set="musicality"),
    Task(kind=TaskKind.MUSHRA),
    Task(kind=TaskKind.ABX),
]
Open = Callable[[str], AppTest]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    design = PLAIN.model_copy(update={"must_hear": 0.0, "questions": (), "break_every": 3})
    return write_task_study(tmp_path_factory.mktemp("tasks") / "study", TASKS, rows=1, seconds=0.1, design=design)


@pytest.fixture
def visit(made: Study, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> Iterator[Open]:
    monkeypatch.setattr(sys, "argv", ["streamlit", str(made.folder)])
    st.cache_resource.clear()
    migrate(made.answers_path)

    def visit(token: str) -> AppTest:
        tab = AppTest.from_file(str(APP), default_timeout=PATIENCE)
        tab.query_params["t"] = token
        return tab.run()

    yield visit
    st.cache_resource.clear()


def screens(study: Study, slot: int = 0) -> list[Item]:
    return items(study, open_order(study), slot)


def judged(study: Study, item: Item, language: str = "en") -> Judged:
    return Judged(study, item, Wording(language, languages.load(language), validated=True))


def lowest(asked: tuple[Asked, ...]) -> list[int]:
    return [1 if one.kind is AskedKind.SCALE else 0 for one in asked]


@pytest.mark.parametrize("language", ["en", "de", "es", "zh"])
def test_every_reply_our_page_can_send_is_a_judgement_that_the_task_accepts(made: Study, language: str) -> None:
    for item in screens(made):
        if item.task is TaskKind.SOURCE:
            continue
        sheet = judged(made, item, language).sheet("trial-0")
        assert sorted(place for panel in sheet.panels for place in panel) == list(range(len(sheet.asked)))
        for one in sheet.asked:
            assert one.label
        values = lowest(sheet.asked)
        assert accepted(sheet.asked, values) == values
        judgements = judged(made, item, language).judgements(values)
        assert fault(made.blocks[item.block], item, judgements) is None
        assert [one.clip for one in judgements] == sorted((one.clip for one in judgements), key=item.clips.index)


def test_what_is_heard_first_stands_first_and_clips_have_letters_in_their_order(made: Study) -> None:
    named = {item.task: [sound.name for sound in judged(made, item).sounds()] for item in screens(made)[6:]}
    assert named == {
        TaskKind.RATING: [""],
        TaskKind.PREFERENCE: ["A", "B"],
        TaskKind.CONTINUATION: ["Beginning", "A", "B"],
        TaskKind.MUSHRA: ["Reference", "A", "B", "C", "D", "E"],
        TaskKind.ABX: ["A", "B", "X"],
    }
    (continuation,) = [item for item in screens(made) if item.task is TaskKind.CONTINUATION]
    sheet = judged(made, continuation).sheet("trial-0")
    assert sheet.alone
    assert [one.of for one in sheet.asked] == [1, 2]


def test_a_listener_answers_every_task_and_each_reply_is_stored_once(visit: Open, made: Study, parts: Parts) -> None:
    tab = visit(newcomer(made, made.answers_path))
    order = screens(made)
    for number, item in enumerate(order):
        if number and number % 3 == 0 and number < len(order) - 1:
            tab.button(key=f"break-{number}-done").click().run()
        data = parts.shown[f"task-trial-{number}"]
        assert len(data["next"]) == len(_sounds(made, order[number + 1]) if number + 1 < len(order) else data["sounds"])
        if item.task is TaskKind.SOURCE:
            parts.answer(tab, number)
            continue
        values = lowest(judged(made, item).asked())
        parts.send(tab, f"trial-{number}", [*values, 0])  # one too many
        parts.send(tab, f"trial-{number}", [None] * len(values))
        assert f"Screen {number + 1} of {len(order)}" in tab.get("progress")[0].proto.text
        parts.send(tab, f"trial-{number}", values)
    assert tab.title[0].value == "Thank you"
    with closing(Store(made.answers_path)) as store:
        assert len(store.judged_trials()) == len(order) - 6
        assert len(store.answered_trials()) == 6
        (progress,) = store.progress()
        assert progress.answered == len(order)


def _sounds(study: Study, item: Item) -> list[object]:
    return [None] if item.task is TaskKind.SOURCE else list(judged(study, item).sounds())


def test_a_pair_cannot_be_heard_in_the_time_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: Parts
) -> None:
    pair = [Task(kind=TaskKind.PREFERENCE)]
    study = write_task_study(tmp_path / "study", pair, rows=1, seconds=0.1, design=PLAIN)
    study = study.amend(seconds=10.0)
    migrate(study.answers_path)
    monkeypatch.setattr(sys, "argv", ["streamlit", str(study.folder)])
    st.cache_resource.clear()
    tab = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    tab.query_params["t"] = newcomer(study, study.answers_path)
    tab.run()
    shown = "update presentations set shown_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', ?)"
    for ago, count in ((12, 0), (20, 1)):
        with closing(sqlite3.connect(study.answers_path)) as database:
            database.execute(shown, (f"-{ago} seconds",))
            database.commit()
        tab.session_state["shown"] = None
        parts.send(tab, "trial-0", [0])
        with closing(Store(study.answers_path)) as store:
            assert len(store.judged_trials()) == count
    st.cache_resource.clear()


def test_a_screen_that_will_not_play_is_skipped(visit: Open, made: Study, parts: Parts) -> None:
    with closing(Store(made.answers_path)) as store:
        before = len(store.answered_trials())
    parts.heard, parts.given_up = 0.0, True
    tab = visit(newcomer(made, made.answers_path))
    tab.button(key="skip-0").click().run()
    with closing(Store(made.answers_path)) as store:
        assert len(store.answered_trials()) == before + 1
