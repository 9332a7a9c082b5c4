"""SIGKILL of the server at random moments of many sessions: no acknowledged answer is lost, none is there twice."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from app_server import AppServer
from minimal_study import write_study
from patience import PATIENCE
from scripted_listener import Listener, check
from task_study import EVERY_TASK, write_task_study

import listening_study
from listening_study.protocol.configuration import Design
from listening_study.protocol.study import Study
from listening_study.store.connection import migrate

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
LONGEST_WAIT = 0.15  # seconds after a submission until the kill


@dataclass
class Killing:
    """A server, those who listen, and one who kills the server again and again.

    Every second kill waits for somebody to send an answer and then a moment, mostly shorter than the acknowledgement
    takes; the others come any time after the server is back.
    """

    server: AppServer
    kills: int
    at_once: int  # listeners
    per_kill: int  # acknowledged answers before the next kill, on average
    random: Random
    everybody: list[Listener] = field(default_factory=list)
    in_window: int = 0
    _submitted: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    async def run(self) -> None:
        self.server.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(self.at_once):
                    tasks.create_task(self._chair())
                tasks.create_task(self._kill_again_and_again())
        finally:
            self.server.kill()

    async def _chair(self) -> None:
        """One listener after another, until the killing is over; who has begun goes on to the end."""
        while not self._over:
            random = Random(self.random.random())
            listener = Listener(
                (self.server.url,),
                random,
                thinks=(0, 0.1),
                patience=PATIENCE,
                on_submit=lambda _: self._submitted.set(),
            )
            self.everybody.append(listener)
            await listener.take_part()

    @property
    def _acknowledged(self) -> int:
        return sum(len(one.acknowledged) for one in self.everybody)

    async def _kill_again_and_again(self) -> None:
        for number in range(self.kills):
            while self._acknowledged < self.per_kill * number:  # noqa: ASYNC110  a sum has no event
                await asyncio.sleep(0.05)
            if number % 4:
                self._submitted.clear()
                await self._submitted.wait()
                await asyncio.sleep(self.random.uniform(0, LONGEST_WAIT))
            else:
                await asyncio.sleep(self.random.uniform(0, 2))
            self.server.kill()
            self.in_window += any(listener.outstanding is not None for listener in self.everybody)
            await asyncio.to_thread(self.server.start)
        self._over = True


def assert_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert not database.execute("PRAGMA foreign_key_check").fetchall()


DESIGN = Design(catch=1, repeats=1, practice=0, break_every=3, background=False, headphone_check=False)


def source_study(folder: Path) -> Study:
    return write_study(folder, each=2, seconds=0.5, design=DESIGN)


def study_of_every_task(folder: Path) -> Study:
    design = DESIGN.model_copy(update={"catch": 0})
    return write_task_study(folder, EVERY_TASK, rows=1, seconds=0.3, design=design)


def kill_again_and_again(study: Study, folder: Path, kills: int, at_once: int, per_kill: int, seed: int) -> int:
    """Returns how many answers there are, all of them acknowledged in the end."""
    migrate(study.answers_path)
    server = AppServer(APP, [str(study.folder)], log=folder / "log")
    killing = Killing(server, kills, at_once, per_kill, Random(seed))
    asyncio.run(killing.run())
    answers = check(study, study.answers_path, killing.everybody)
    assert_whole(study.answers_path)
    twice = sum(len(tries) > 1 for one in killing.everybody for tries in one.submitted.values())
    print(
        f"{kills} kills (seed {seed}), {killing.in_window} of them between submission and acknowledgement; "
        f"{len(killing.everybody)} listeners, {answers} answers, {twice} of them sent again; "
        f"{sum(one.reconnections for one in killing.everybody)} reconnections; none lost, none twice"
    )
    assert killing.in_window >= kills / 2
    return answers


def test_four_kills_lose_no_answer_and_double_none(tmp_path: Path) -> None:
    kill_again_and_again(source_study(tmp_path / "study"), tmp_path, kills=4, at_once=5, per_kill=0, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("make", [source_study, study_of_every_task])
def test_a_hundred_kills_lose_no_answer_and_double_none(make: Callable[[Path], Study], tmp_path: Path) -> None:
    assert kill_again_and_again(make(tmp_path / "study"), tmp_path, kills=100, at_once=20, per_kill=5, seed=2) >= 500
