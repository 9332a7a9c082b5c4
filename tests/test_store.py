"""Nothing answered is lost, doubled or forged: in SQLite always, in PostgreSQL in `make test-all`."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sql
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from postgres_server import Server, running_postgres

from clstm.runtime.errors import MismatchError, UserError
from listening_study.protocol.design import Recruitment
from listening_study.protocol.items import Judgement
from listening_study.protocol.questions import Response
from listening_study.store import (
    LONGEST_TEXT,
    Agreement,
    ClosedError,
    FullError,
    Listener,
    RefusedError,
    Store,
    UnavailableError,
    connection,
    schema,
)

CONSENT = "c" * 64
AGREEMENT = Agreement(CONSENT)
TWO_HOURS = timedelta(hours=2)
COMMENT = "the left hand wobbles like a tired zebrafinch"
FULL = Response("computer", 4, False, 1, 5, 3, COMMENT)


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "answers.sqlite"
    connection.migrate(path)
    return path


@pytest.fixture
def path(migrated: Path, tmp_path: Path) -> Path:
    """A SQLite file with empty tables, alone in its folder."""
    return Path(shutil.copy(migrated, tmp_path))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest) -> Path | str:
    """A database of each kind with empty tables."""
    if request.param == "sqlite":
        return request.getfixturevalue("path")
    address = request.getfixturevalue("postgres").new_database()
    connection.migrate(address)
    return address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(address: Path | str, clock: Clock) -> Iterator[Store]:
    with closing(Store(address, clock)) as store:
        yield store


def admit(store: Store, **given: str) -> str:
    return store.admit(AGREEMENT, reissue_after=TWO_HOURS, **given)


def admitted(store: Store) -> Listener:
    return found(store, admit(store))


def found(store: Store, token: str) -> Listener:
    listener = store.find(token)
    assert listener
    return listener


def answer(store: Store, participant: int, trials: int = 1, response: Response = FULL) -> None:
    for trial in range(trials):
        store.present(participant, trial, f"clip{trial}")
        assert store.record(participant, trial, response)


# --- tokens ---


def test_a_listener_is_found_by_token_and_by_nothing_else(store: Store) -> None:
    token = admit(store)
    assert store.find(token) == Listener(id=1, slot=0, language="en", consent=CONSENT, answered=0)
    for wrong in (token[:-1], token + "A", token.swapcase(), "", "\0", "\ud800", "ü" * 5000):
        assert store.find(wrong) is None


def test_tokens_are_long_and_never_alike(store: Store) -> None:
    tokens = {*store.invite(200), admit(store)}
    assert len(tokens) == 201
    assert min(map(len, tokens)) >= 22  # 16 bytes, in base 64


def test_the_token_itself_is_not_stored(path: Path) -> None:
    with closing(Store(path)) as store:
        (invitation,) = store.invite(1)
        tokens = admit(store), admit(store, invitation=invitation)
        written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert CONSENT.encode() in written
    assert not any(token.encode() in written for token in tokens)


# --- places in the design ---


def test_listeners_who_come_at_once_get_different_places(address: Path | str) -> None:
    stores = [Store(address) for _ in range(4)]
    with ThreadPoolExecutor(12) as pool:
        tokens = list(pool.map(lambda turn: admit(stores[turn % 4]), range(60)))
    assert sorted(found(stores[0], token).slot for token in tokens) == list(range(60))
    assert [one.event for one in stores[0].journal()] == ["registered"]
    for store in stores:
        store.close()


def test_the_place_of_who_stayed_away_goes_to_one_of_those_who_come_at_once(address: Path | str, clock: Clock) -> None:
    stores = [Store(address, clock) for _ in range(4)]
    gone = [admitted(stores[0]) for _ in range(5)]
    clock.pass_time(hours=2, seconds=1)
    with ThreadPoolExecutor(12) as pool:
        tokens = list(pool.map(lambda turn: admit(stores[turn % 4]), range(20)))
    assert sorted(found(stores[0], token).slot for token in tokens) == list(range(20))
    assert [one.participant for one in stores[0].progress() if one.extra] == [one.id for one in gone]
    for store in stores:
        store.close()


def test_a_place_is_kept_by_every_sign_of_life(store: Store, clock: Clock) -> None:
    holder = admitted(store)
    signs: list[Callable[[], object]] = [
        lambda: store.choose_language(holder.id, "de"),
        lambda: store.pass_stage(holder.id, "volume"),
        lambda: store.present(holder.id, 0, "abc"),
        lambda: store.report(holder.id, 0, heard=0.5, plays=1, event="play"),
        lambda: store.present(holder.id, 0, "abc"),
        lambda: store.record(holder.id, 0, FULL),
    ]
    for places, sign in enumerate(signs, 1):
        clock.pass_time(minutes=90)
        sign()
        clock.pass_time(minutes=90)
        newcomer = admitted(store)
        store.pass_stage(newcomer.id, "finished")
        assert newcomer.slot == places


def test_who_finished_keeps_the_place_for_ever(store: Store, clock: Clock) -> None:
    store.pass_stage(admitted(store).id, "finished")
    clock.pass_time(days=400)
    assert admitted(store).slot == 1


def test_a_late_returner_goes_on_with_the_same_order_as_an_extra(store: Store, clock: Clock) -> None:
    late = admit(store)
    store.present(1, 0, "abc")
    clock.pass_time(hours=3)
    successor = admitted(store)
    assert (successor.id, successor.slot) == (2, 0)
    assert found(store, late).slot == 0
    assert store.record(1, 0, FULL)
    store.pass_stage(1, "finished")
    assert [(one.participant, one.slot, one.extra) for one in store.progress()] == [(1, 0, True), (2, 0, False)]
    assert admitted(store).slot == 1


def test_the_place_of_who_withdrew_goes_to_the_next_and_no_number_is_given_again(store: Store) -> None:
    tokens = [admit(store) for _ in range(3)]
    for participant in (1, 2, 3):
        answer(store, participant)
    assert store.withdraw(tokens[1])
    assert store.withdraw(tokens[2])
    newcomers = [admitted(store) for _ in range(3)]
    assert [(one.id, one.slot) for one in newcomers] == [(4, 1), (5, 2), (6, 3)]
    answer(store, 4)
    assert [one.sequence for one in store.answered_trials()] == [1, 4]


# --- invitations, opening and closing ---


def test_an_invitation_lets_one_listener_in_and_is_their_token(store: Store) -> None:
    first, second = store.invite(2)
    assert store.invited(first)
    assert store.find(first) is None
    assert admit(store, invitation=first) == first
    assert found(store, first).slot == 0
    assert not store.invited(first)
    assert store.invited(second)
    assert store.invitations() == (2, 1)


@pytest.mark.parametrize("which", ["unknown", "used"])
def test_an_invitation_that_is_unknown_or_used_is_refused(store: Store, which: str) -> None:
    (used,) = store.invite(1)
    admit(store, invitation=used)
    with pytest.raises(RefusedError, match="unknown or was used"):
        admit(store, invitation=used if which == "used" else "guessed")
    assert len(store.progress()) == 1


def test_one_invitation_used_at_once_lets_one_in(store: Store) -> None:
    (token,) = store.invite(1)

    def attempt(_: int) -> bool:
        try:
            return bool(admit(store, invitation=token))
        except RefusedError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    assert len(store.progress()) == 1


def test_a_closed_study_admits_nobody_and_takes_no_answers_until_it_is_reopened(store: Store) -> None:
    listener = admitted(store)
    answer(store, listener.id)
    store.present(listener.id, 1, "def")
    store.close_study()
    assert not store.is_open()
    with pytest.raises(ClosedError):
        store.record(listener.id, 1, FULL)
    with pytest.raises(ClosedError):
        admit(store)
    assert not store.record(listener.id, 0, FULL), "what was stored before is acknowledged again"
    store.reopen()
    assert store.is_open()
    assert store.record(listener.id, 1, FULL)


ENOUGH = Recruitment(listeners=3, trials=2)


def test_once_enough_are_complete_nobody_is_admitted_and_those_who_began_finish(store: Store) -> None:
    early = [found(store, store.admit(AGREEMENT, reissue_after=TWO_HOURS, recruitment=ENOUGH)) for _ in range(4)]
    for listener in early[:2]:
        answer(store, listener.id, 2)
    answer(store, early[2].id, 1)
    assert not store.is_full(ENOUGH)
    store.present(early[2].id, 1, "clip1")
    store.record(early[2].id, 1, FULL)
    assert store.is_full(ENOUGH)
    assert not store.is_full(None)
    with pytest.raises(FullError):
        store.admit(AGREEMENT, reissue_after=TWO_HOURS, recruitment=ENOUGH)
    assert store.is_open()
    answer(store, early[3].id, 2)
    assert len(store.progress()) == 4


def test_an_invitation_refused_because_enough_took_part_is_not_used_up(store: Store) -> None:
    (invitation,) = store.invite(1)
    full = Recruitment(listeners=1, trials=1)
    answer(store, admitted(store).id)
    with pytest.raises(FullError):
        store.admit(AGREEMENT, reissue_after=TWO_HOURS, invitation=invitation, recruitment=full)
    assert store.invited(invitation)


def test_one_who_withdraws_makes_room_again(store: Store) -> None:
    full = Recruitment(listeners=1, trials=1)
    token = admit(store)
    answer(store, found(store, token).id)
    store.note_full(full)
    store.note_full(full)
    store.withdraw(token)
    assert not store.is_full(full)
    assert store.admit(AGREEMENT, reissue_after=TWO_HOURS, recruitment=full)
    store.note_full(full)
    assert [(one.event, one.detail) for one in store.journal()] == [
        ("registered", ""),
        ("full", "1 complete listeners"),
    ]


def test_two_servers_take_no_more_than_those_who_had_begun_when_it_was_full(address: Path | str) -> None:
    full = Recruitment(listeners=5, trials=2)

    def take_part(turn: int) -> bool:
        """Whether somebody who came was admitted, and finished."""
        server = servers[turn % 2]
        try:
            listener = found(server, server.admit(AGREEMENT, reissue_after=TWO_HOURS, recruitment=full))
        except FullError:
            return False
        answer(server, listener.id, 2)
        return True

    at_once = 4
    with closing(Store(address)) as one, closing(Store(address)) as other, ThreadPoolExecutor(at_once) as pool:
        servers = (one, other)
        finished = sum(pool.map(take_part, range(40)))
        with pytest.raises(FullError):
            other.admit(AGREEMENT, reissue_after=TWO_HOURS, recruitment=full)
        assert finished == len(one.progress())
    assert full.listeners <= finished < full.listeners + at_once


def arriving(store: Store, **parameters: str) -> str:
    return store.admit(replace(AGREEMENT, arrival=parameters), reissue_after=TWO_HOURS)


def test_platform_ids_are_read_by_participant(store: Store) -> None:
    admit(store)
    token = arriving(store, PID="p-1", STUDY="s")
    arriving(store, PID="p-2", STUDY="s")
    assert store.arrival(found(store, token).id) == {"PID": "p-1", "STUDY": "s"}
    assert [(one.participant, dict(one.parameters)) for one in store.arrivals()] == [
        (2, {"PID": "p-1", "STUDY": "s"}),
        (3, {"PID": "p-2", "STUDY": "s"}),
    ]


def test_one_may_withdraw_by_the_platforms_id_however_often_they_came(store: Store) -> None:
    others = admit(store), arriving(store, PID="p-2", STUDY="s")
    for _ in range(2):
        answer(store, found(store, arriving(store, PID="p-1", STUDY="s")).id)
    assert store.withdraw_arrived("PID", "s") == 0
    assert store.withdraw_arrived("PID", "p-1") == 2
    assert [one.participant for one in store.progress()] == [found(store, token).id for token in others]
    assert store.answered_trials() == []
    assert store.withdrawals() == 2


def test_platform_ids_are_deleted_on_their_day_and_nothing_else_is(store: Store, clock: Clock) -> None:
    token = arriving(store, PID="p-1")
    answer(store, found(store, token).id)
    day = (clock.now + timedelta(days=10)).date()
    store.delete_arrivals(None)
    store.delete_arrivals(day)
    assert len(store.arrivals()) == 1
    clock.pass_time(days=10)
    store.delete_arrivals(day)
    store.delete_arrivals(day)
    assert store.arrivals() == []
    assert len(store.answered_trials()) == 1
    assert found(store, token)
    assert [(one.event, one.detail) for one in store.journal()][1:] == [("ids deleted", "of 1 participants")]


def test_a_deleted_id_leaves_no_copy_in_the_files(path: Path, clock: Clock) -> None:
    with closing(Store(path, clock)) as store:
        arriving(store, PID="zebrafinch-4711")
        store.delete_arrivals(clock.now.date())
        files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"zebrafinch-4711" not in files


def test_the_journal_has_what_happened_once(store: Store, clock: Clock) -> None:
    assert store.registered() is None
    admit(store, registration="a1b2")
    admit(store, registration="changed")
    store.reopen()  # it is open
    for _ in range(2):
        clock.pass_time(days=1)
        store.close_study()
    store.log("unsealed", "a1b2")
    store.reopen()
    assert store.registered() == "a1b2"
    assert [(one.event, one.detail, one.happened_at[:10]) for one in store.journal()] == [
        ("registered", "a1b2", "2026-03-01"),
        ("closed", "", "2026-03-02"),
        ("unsealed", "a1b2", "2026-03-03"),
        ("reopened", "", "2026-03-03"),
    ]


# --- stages ---


def test_a_stage_is_passed_once_and_its_first_replies_stay(store: Store) -> None:
    token = admit(store)
    assert store.pass_stage(1, "background", {"training": "ten years", "age": "<b>30</b>"})
    assert not store.pass_stage(1, "background", {"training": "none"})
    assert found(store, token).stages == {"background"}
    assert {one.question: one.reply for one in store.replies()} == {"training": "ten years", "age": "<b>30</b>"}
    assert {one.stage for one in store.replies()} == {"background"}


def test_a_stage_passed_in_many_tabs_at_once_is_passed_once(store: Store) -> None:
    listener = admitted(store)
    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(lambda turn: store.pass_stage(listener.id, "interview", {"q": str(turn)}), range(16)))
    assert sum(passed) == 1
    assert len(store.replies()) == 1


def test_a_reply_too_long_is_refused_whole(store: Store) -> None:
    listener = admitted(store)
    with pytest.raises(RefusedError, match=f"'q' has {LONGEST_TEXT + 1} characters"):
        store.pass_stage(listener.id, "interview", {"p": "fine", "q": "x" * (LONGEST_TEXT + 1)})
    assert store.replies() == []
    assert store.pass_stage(listener.id, "interview", {"q": "音" * LONGEST_TEXT})


def test_a_language_is_chosen(store: Store) -> None:
    token = store.admit(replace(AGREEMENT, language="es"), reissue_after=TWO_HOURS)
    assert found(store, token).language == "es"
    store.choose_language(1, "zh")
    assert found(store, token).language == "zh"


def test_a_crowd_platforms_parameters_are_stored_and_cut(store: Store) -> None:
    token = store.admit(replace(AGREEMENT, arrival={"PID": "x" * 500, "S": "\0y"}), reissue_after=TWO_HOURS)
    with store._engine.begin() as reader:
        assert dict(reader.execute(sql.text("select parameter, value from arrivals")).all()) == {
            "PID": "x" * 200,
            "S": "y",
        }
    assert store.withdraw(token)


# --- being shown and hearing ---


def test_a_clip_was_first_shown_once(store: Store, clock: Clock) -> None:
    listener = admitted(store)
    first = store.present(listener.id, 0, "abc")
    assert first == clock.now
    clock.pass_time(minutes=5)
    assert store.present(listener.id, 0, "abc") == first


@pytest.mark.parametrize("trial", [-1, 1, 3, 10**30])
def test_only_the_next_clip_is_shown(store: Store, trial: int) -> None:
    listener = admitted(store)
    answer(store, listener.id, 2)
    with pytest.raises(RefusedError, match="is not the next"):
        store.present(listener.id, trial, "abc")


def test_a_trial_keeps_its_clip(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    with pytest.raises(RefusedError, match="another clip"):
        store.present(listener.id, 0, "def")


def test_the_most_that_was_reported_counts_as_heard(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    assert store.heard(listener.id, 0) == 0
    for share, plays in ((0.25, 1), (1.0, 1), (0.5, 2)):
        store.report(listener.id, 0, heard=share, plays=plays, event="pause")
    assert store.heard(listener.id, 0) == 1.0
    assert store.heard(listener.id, 1) == 0
    store.record(listener.id, 0, FULL)
    (one,) = store.answered_trials()
    assert (one.heard, one.plays) == (1.0, 2)


def test_what_is_heard_after_answering_does_not_count(store: Store, clock: Clock) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    store.report(listener.id, 0, heard=0.5, plays=1, event="play")
    store.record(listener.id, 0, FULL)
    clock.pass_time(seconds=1)
    store.report(listener.id, 0, heard=1.0, plays=3, event="end")
    (one,) = store.answered_trials()
    assert (one.heard, one.plays) == (0.5, 1)


@pytest.mark.parametrize(
    ("trial", "heard", "plays", "event"),
    [
        (1, 0.5, 1, "play"),
        (-1, 0.5, 1, "play"),
        (10**30, 0.5, 1, "play"),
        (0, 1.5, 1, "play"),
        (0, -0.1, 1, "play"),
        (0, float("nan"), 1, "play"),
        (0, 0.5, -1, "play"),
        (0, 0.5, 10**30, "play"),
        (0, 0.5, 1, "=cmd()"),
        (0, 0.5, 1, "p" * 17),
    ],
)
def test_a_report_that_cannot_be_is_refused(store: Store, trial: int, heard: float, plays: int, event: str) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    with pytest.raises(RefusedError):
        store.report(listener.id, trial, heard=heard, plays=plays, event=event)
    assert store.heard(listener.id, 0) == 0


# --- answering ---


def test_an_answer_is_there_after_reopening(address: Path | str) -> None:
    with closing(Store(address)) as store:
        listener = admitted(store)
        store.present(listener.id, 0, "abc", "catch")
        assert store.record(listener.id, 0, FULL)
    with closing(Store(address)) as again:
        (one,) = again.answered_trials()
    assert (one.sequence, one.participant, one.trial, one.clip, one.kind) == (1, listener.id, 0, "abc", "catch")
    assert (one.response, one.consent) == (FULL, CONSENT)
    assert one.shown_at <= one.answered_at


def test_an_answer_is_on_disk_before_recording_returns(path: Path) -> None:
    with closing(Store(path)) as store, closing(sqlite3.connect(path)) as other:
        answer(store, admitted(store).id)
        assert other.execute("select answer from answers").fetchall() == [("computer",)]


@pytest.mark.parametrize("response", [Response("human"), Response(None), FULL, replace(FULL, known=True, confidence=1)])
def test_an_answer_comes_back_as_it_was_given(store: Store, response: Response) -> None:
    answer(store, admitted(store).id, response=response)
    (one,) = store.answered_trials()
    assert one.response == response


def test_a_second_answer_to_a_trial_changes_nothing_and_is_logged(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    assert store.record(listener.id, 0, Response("human"))
    assert not store.record(listener.id, 0, Response("computer", comment="on second thoughts"))
    assert [one.response.answer for one in store.answered_trials()] == ["human"]
    with store._engine.begin() as reader:
        rows = reader.execute(sql.select(schema.revisions).order_by(schema.revisions.c.sequence)).all()
    assert [(json.loads(row.submitted)["answer"], row.kept) for row in rows] == [("human", True), ("computer", False)]


def test_answers_from_many_tabs_at_once_are_one(address: Path | str) -> None:
    stores = [Store(address) for _ in range(2)]
    listener = admitted(stores[0])
    stores[0].present(listener.id, 0, "abc")
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda turn: stores[turn % 2].record(listener.id, 0, FULL), range(16)))
    assert sum(stored) == 1
    assert len(stores[0].answered_trials()) == 1
    for store in stores:
        store.close()


@pytest.mark.parametrize("trial", [0, 1, -1, 10**30])
def test_an_answer_to_a_clip_never_shown_is_refused(store: Store, trial: int) -> None:
    listener, other = admitted(store), admitted(store)
    store.present(other.id, 0, "abc")
    with pytest.raises(RefusedError, match=f"trial {trial} was not shown"):
        store.record(listener.id, trial, FULL)
    assert store.answered_trials() == []


def test_an_answer_out_of_turn_is_refused(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    with pytest.raises(RefusedError, match="is not the next"):
        store.present(listener.id, 1, "def")
    with pytest.raises(RefusedError, match="was not shown"):
        store.record(listener.id, 1, FULL)


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ({"answer": "robot"}, "'robot' is not one of human, computer"),
        ({"answer": ""}, "is not one of"),
        ({"confidence": 0}, "confidence 0"),
        ({"confidence": 5}, "between 1 and 4"),
        ({"rhythm": 6}, "between 1 and 5"),
        ({"melody": 10**30}, "melody"),
        ({"repetitiveness": 2.5}, "repetitiveness 2.5"),
        ({"rhythm": True}, "rhythm True"),
        ({"melody": "3"}, "melody '3'"),
        ({"known": 2}, "neither yes nor no"),
        ({"comment": "x" * (LONGEST_TEXT + 1)}, f"the comment has {LONGEST_TEXT + 1} characters"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(store: Store, forged: dict[str, object], message: str) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    with pytest.raises(RefusedError, match=message):
        store.record(listener.id, 0, replace(FULL, **forged))
    assert store.answered_trials() == []


def test_a_comment_is_kept_as_it_was_written(store: Store) -> None:
    comment = "=1+1 <script>alert('x')</script> '; drop table answers; -- 音楽 🎹\n\tend"
    answer(store, admitted(store).id, response=replace(FULL, comment=f"\0{comment}\ud800"))
    (one,) = store.answered_trials()
    assert one.response.comment == f"{comment}?"


def test_nobody_answers_for_a_participant_who_is_not_there(store: Store) -> None:
    for act in (
        lambda: store.record(9, 0, FULL),
        lambda: store.present(9, 0, "abc"),
        lambda: store.pass_stage(9, "volume"),
        lambda: store.report(9, 0, heard=0.5, plays=1, event="play"),
        lambda: store.choose_language(9, "de"),
    ):
        with pytest.raises(RefusedError, match="no participant 9"):
            act()


@pytest.mark.parametrize("row", [(1, 7, "human"), (1, 0, "robot"), (9, 0, "human")])
def test_the_database_itself_refuses_what_cannot_be(store: Store, row: tuple[int, int, str]) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "abc")
    insert = sql.text("insert into answers (participant, trial, answer, answered_at) values (:p, :t, :a, 'now')")
    with pytest.raises(sql.exc.IntegrityError), store._engine.begin() as forger:
        forger.execute(insert, dict(zip("pta", row, strict=True)))


def test_a_listener_goes_on_where_they_were(store: Store) -> None:
    token = admit(store)
    store.pass_stage(1, "volume")
    answer(store, 1, 3)
    assert store.find(token) == Listener(1, 0, "en", CONSENT, answered=3, stages=frozenset({"volume"}))


def test_progress_counts_those_who_never_answered(store: Store, clock: Clock) -> None:
    admitted(store)
    clock.pass_time(minutes=3)
    answer(store, admitted(store).id)
    first, second = store.progress()
    assert (first.answered, first.seen_at, first.extra, first.stages) == (0, first.consented_at, False, frozenset())
    assert (second.answered, second.slot) == (1, 1)
    assert second.seen_at > first.seen_at


# --- withdrawal ---


def rows_of_everybody(store: Store) -> dict[str, int]:
    with store._engine.begin() as reader:
        return {
            table.name: reader.scalar(sql.select(sql.func.count()).select_from(table)) or 0
            for table in schema.metadata.sorted_tables
        }


def test_withdrawal_removes_every_row_and_leaves_a_tombstone_with_the_day(store: Store) -> None:
    (token,) = store.invite(1)
    store.admit(replace(AGREEMENT, arrival={"PID": "x"}), reissue_after=TWO_HOURS, invitation=token)
    store.pass_stage(1, "interview", {"q": "a reply"})
    store.present(1, 0, "abc")
    store.report(1, 0, heard=1, plays=1, event="end")
    store.judge(1, 0, [Judgement("abc", "musicality", 5)])  # it also has a row in `answers`
    assert all(count == 1 for name, count in rows_of_everybody(store).items() if name != "withdrawals")
    assert store.withdraw(token)
    assert {name for name, count in rows_of_everybody(store).items() if count} == {"journal", "withdrawals"}
    assert store.withdrawals() == 1
    assert store.find(token) is None
    assert not store.invited(token)
    assert not store.withdraw(token)
    with store._engine.begin() as reader:
        assert reader.execute(sql.select(schema.withdrawals)).one() == (1, "2026-03-01")


def test_withdrawal_leaves_the_others_alone(store: Store) -> None:
    tokens = [admit(store) for _ in range(3)]
    for participant in (1, 2, 3):
        answer(store, participant, 2)
    store.withdraw(tokens[1])
    assert [one.participant for one in store.progress()] == [1, 3]
    assert [one.participant for one in store.answered_trials()] == [1, 1, 3, 3]


def test_withdrawal_leaves_no_copy_in_the_files(path: Path) -> None:
    """Not even of rows that SQLite moved from page to page while others were written, as it does with these."""
    random = Random(7)

    def files() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    with closing(Store(path)) as store:
        tokens = [admit(store) for _ in range(8)]
        answered = [0] * 8
        for _ in range(60):
            one = random.randrange(8)
            comment = f"comment of {one}. " + "x" * random.choice([5, 50, 300, 1500, 1900])
            store.present(one + 1, answered[one], "abc")
            store.record(one + 1, answered[one], Response("human", comment=comment))
            answered[one] += 1
        for one, token in enumerate(tokens):
            assert f"comment of {one}.".encode() in files()
            assert store.withdraw(token)
            assert f"comment of {one}.".encode() not in files()
            assert sha256(token.encode()).hexdigest().encode() not in files()


def test_withdrawal_while_somebody_reads_for_long_says_what_is_left_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    with closing(Store(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        token = admit(store)
        answer(store, 1)
        reader.execute("begin")
        reader.execute("select count(*) from answers").fetchall()
        with pytest.raises(UnavailableError, match="closing the study does that, too"):
            store.withdraw(token)
        assert store.progress() == []
        reader.execute("commit")
        store.close_study()
        assert all(COMMENT.encode() not in file.read_bytes() for file in path.parent.iterdir())


# --- what a database cannot do ---


def test_every_connection_syncs_fully_checks_references_and_overwrites_what_it_deletes(path: Path) -> None:
    with closing(Store(path)) as store, store._engine.connect() as open_connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        pragmas = [open_connection.exec_driver_sql(f"pragma {name}").scalar() for name in names]
    assert pragmas == ["wal", 2, 1, 1, 10_000]


def test_a_locked_database_is_said_and_nothing_is_stored(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    with closing(Store(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(UnavailableError, match="locked"):
            admit(store)
        other.execute("rollback")
        assert store.progress() == []
        admit(store)


def test_too_many_at_once_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.05)
    with (
        closing(Store(path)) as store,
        ThreadPoolExecutor(1) as pool,
        store._writing(),
        pytest.raises(UnavailableError, match="too many at once"),
    ):
        pool.submit(admit, store).result()


FILL = """
import resource, sys
from datetime import timedelta
from listening_study.protocol.questions import Response
from listening_study.store import Agreement, Store, UnavailableError
from pathlib import Path

store = Store(Path(sys.argv[1]))
store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2))
limit = Path(sys.argv[1] + "-wal").stat().st_size + 1_000_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))  # as a full disk would
acknowledged = 0
try:
    for trial in range(1000):
        store.present(1, trial, "abc")
        assert store.record(1, trial, Response("human", comment="x" * 2000))
        acknowledged += 1
except UnavailableError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))  # space was made
store.present(1, acknowledged, "abc")
assert store.record(1, acknowledged, Response("human"))
print(acknowledged + 1)
"""


def test_where_no_more_can_be_written_it_is_said_and_the_next_try_succeeds(path: Path) -> None:
    filled = subprocess.run([sys.executable, "-c", FILL, path], capture_output=True, text=True, check=True)
    message, acknowledged = filled.stdout.splitlines()
    assert "cannot be reached now (disk I/O error)" in message
    with closing(Store(path)) as store:
        assert len(store.answered_trials()) == int(acknowledged) > 5
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_a_full_disk_is_said_and_nothing_is_stored(path: Path) -> None:
    with closing(Store(path)) as store:
        listener = admitted(store)
        store.present(listener.id, 0, "abc")

        def no_more_pages(driver: sqlite3.Connection, *_: object) -> None:
            driver.execute(f"pragma max_page_count = {driver.execute('pragma page_count').fetchone()[0]}")

        sql.event.listen(store._engine, "connect", no_more_pages)
        store._engine.dispose()
        stored = 0
        with pytest.raises(UnavailableError, match="full"):  # noqa: PT012 some answers fit in pages there are
            while True:
                store.present(listener.id, stored, "abc")
                stored += store.record(listener.id, stored, Response("human", comment="x" * 2000))
        sql.event.remove(store._engine, "connect", no_more_pages)
        store._engine.dispose()
        assert len(store.answered_trials()) == stored
        store.present(listener.id, stored, "abc")
        assert store.record(listener.id, stored, FULL)


# --- the schema ---


def test_the_migrations_lead_to_the_schema(address: Path | str) -> None:
    engine = connection.connect(address)
    with engine.connect() as open_connection:
        context = MigrationContext.configure(open_connection)
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_migrating_again_keeps_the_answers(store: Store, address: Path | str) -> None:
    answer(store, admitted(store).id)
    connection.migrate(address)
    assert len(store.answered_trials()) == 1


FIRST_ROWS = """
insert into participants (token_digest, slot, consent, consented_at, volume_checked_at)
    values ('d1', 0, 'c1', '2026-01-01', '2026-01-02'), ('d2', 1, 'c2', '2026-01-05', null);
insert into presentations
    values (1, 0, 'abc', '2026-01-03'), (1, 1, 'def', '2026-01-03'), (2, 0, 'def', '2026-01-06');
insert into answers (participant, trial, answer, answered_at)
    values (1, 0, 'human', '2026-01-04'), (2, 0, 'computer', '2026-01-07'), (1, 1, 'human', '2026-01-08')
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def first_schema(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A database of the first version of the schema, with two listeners and three answers."""
    sqlite = request.param == "sqlite"
    address = tmp_path / "answers.sqlite" if sqlite else request.getfixturevalue("postgres").new_database()
    config = Config()
    config.set_main_option("script_location", "listening_study.store:migrations")
    engine = connection.connect(address)
    with engine.execution_options(writes="alone").begin() as open_connection:
        config.attributes["connection"] = open_connection
        command.upgrade(config, "0001")
        for statement in FIRST_ROWS.split(";"):
            open_connection.execute(sql.text(statement))
    engine.dispose()
    return address


def test_a_study_of_the_first_schema_loses_nothing(first_schema: Path | str) -> None:
    connection.migrate(first_schema)
    with closing(Store(first_schema)) as store:
        assert [
            (one.sequence, one.participant, one.trial, one.clip, one.kind, one.response, one.consent, one.answered_at)
            for one in store.answered_trials()
        ] == [
            (1, 1, 0, "abc", "main", Response("human"), "c1", "2026-01-04"),
            (2, 2, 0, "def", "main", Response("computer"), "c2", "2026-01-07"),
            (3, 1, 1, "def", "main", Response("human"), "c1", "2026-01-08"),
        ]
        first, second = store.progress()
        assert (first.slot, first.seen_at, first.stages, first.extra) == (0, "2026-01-08", {"volume"}, False)
        assert (second.slot, second.seen_at, second.stages) == (1, "2026-01-07", frozenset())
        listener = admitted(store)
        assert listener.id == 3
        answer(store, listener.id)
        assert store.answered_trials()[-1].sequence == 4
    engine = connection.connect(first_schema)
    with engine.connect() as open_connection:
        assert compare_metadata(MigrationContext.configure(open_connection), schema.metadata) == []
    engine.dispose()


def test_two_servers_may_migrate_at_once(first_schema: Path | str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(connection.migrate, [first_schema] * 4))
    with closing(Store(first_schema)) as store:
        assert len(store.answered_trials()) == 3


def test_a_migration_that_fails_changes_nothing(first_schema: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Operations, "create_index", power_cut)
    with pytest.raises(KeyboardInterrupt):
        connection.migrate(first_schema)
    engine = connection.connect(first_schema)
    assert sorted(sql.inspect(engine).get_table_names()) == [
        "alembic_version",
        "answers",
        "participants",
        "presentations",
    ]
    engine.dispose()


def written_by_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("update alembic_version set version_num = '9999'")


def damaged(path: Path) -> None:
    path.write_bytes(b"this is no database, and long enough to be sure of it" * 100)


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [(written_by_a_newer_version, MismatchError, "newer version"), (damaged, UserError, "not a database")],
)
def test_a_file_that_cannot_be_used_is_one_line(
    path: Path, harm: Callable[[Path], None], error: type[UserError], message: str
) -> None:
    harm(path)
    with pytest.raises(error, match=message) as raised:
        connection.migrate(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://root:secret@host/name", "cannot be kept in mysql"),
        ("postgresql+asyncpg://host/name", "give a postgresql"),
        ("nonsense://", "cannot be kept in nonsense"),
        ("://", "not the address of a database"),
        ("postgresql://host:port/name", "not the address of a database"),
        ("postgresql://study:secret@127.0.0.1:1/name", r"study:\*\*\*@127.0.0.1:1/name cannot be used"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_line_without_the_password(url: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        connection.migrate(url)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


# --- backup ---


def test_a_backup_of_a_study_under_way_is_whole(path: Path, tmp_path: Path) -> None:
    copies = []
    with closing(Store(path)) as store, ThreadPoolExecutor(1) as pool:
        listeners = [admitted(store) for _ in range(4)]
        answering = pool.submit(lambda: [answer(store, one.id, 20) for one in listeners])
        while not answering.done():
            copies.append(tmp_path / f"copy{len(copies)}.sqlite")
            store.backup(copies[-1])
        answering.result()
        store.backup(copies[-1])
        everything = store.answered_trials()
    assert sorted(file.name for file in tmp_path.iterdir() if "copy" in file.name) == sorted(
        copy.name for copy in copies
    ), "one file each"
    for copy in copies:
        with closing(Store(copy)) as restored:
            answers = restored.answered_trials()
        assert answers == everything[: len(answers)]
    assert answers == everything


def test_a_backup_replaces_an_older_one_but_never_the_answers(path: Path, tmp_path: Path) -> None:
    with closing(Store(path)) as store:
        admitted(store)
        store.backup(tmp_path / "copy.sqlite")
        older = (tmp_path / "copy.sqlite").read_bytes()
        admitted(store)
        store.backup(tmp_path / "copy.sqlite")
        assert (tmp_path / "copy.sqlite").read_bytes() != older
        with pytest.raises(UserError, match="is the database of the answers"):
            store.backup(tmp_path / "folder" / ".." / path.name)
        assert len(store.progress()) == 2
        (tmp_path / "mine.txt").write_text("mine")
        with pytest.raises(UserError, match="not a copy of a study's answers"):
            store.backup(tmp_path / "mine.txt")


def test_a_backup_of_damaged_answers_is_refused_and_leaves_the_older_one(path: Path, tmp_path: Path) -> None:
    with closing(Store(path)) as store:
        answer(store, admitted(store).id, 30)
        copy = tmp_path / "copies" / "copy.sqlite"
        store.backup(copy)
    older = copy.read_bytes()
    content = bytearray(path.read_bytes())
    for page in range(8, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    with closing(Store(path)) as store, pytest.raises(UserError, match=r"damaged|malformed"):
        store.backup(copy)
    assert [file.name for file in copy.parent.iterdir()] == ["copy.sqlite"]
    assert copy.read_bytes() == older


def test_a_place_is_kept_for_exactly_as_long_as_is_said(store: Store, clock: Clock) -> None:
    first = admitted(store)
    clock.pass_time(hours=2)
    assert admitted(store).slot == first.slot + 1
    clock.pass_time(milliseconds=1)
    assert admitted(store).slot == first.slot


def test_up_to_ten_thousand_plays_are_believed(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "clip")
    store.report(listener.id, 0, heard=1.0, plays=10_000, event="play")
    with pytest.raises(RefusedError, match="10001 plays"):
        store.report(listener.id, 0, heard=1.0, plays=10_001, event="play")


def test_a_comment_without_a_letter_is_none(store: Store) -> None:
    listener = admitted(store)
    store.present(listener.id, 0, "clip")
    store.record(listener.id, 0, Response("human", comment="\0"))
    assert store.answered_trials()[0].response.comment is None
