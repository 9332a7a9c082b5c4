"""SIGKILL of the server at random moments of many sessions: no acknowledged answer is lost, none is there twice."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from app_server import AppServer
from minimal_study import write_study
from patience import PATIENCE
from scripted_listener import Listener, check

import listening_study
from listening_study.protocol.configuration import Design
from listening_study.store.connection import migrate

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
AT_ONCE = 5  # listeners
LONGEST_WAIT = 0.15  # seconds after a submission until the kill


@dataclass
class Killing:
    """A server, those who listen, and one who kills the server again and again.

    Every second kill waits for somebody to send an answer and then a moment, mostly shorter than the acknowledgement
    takes; the others come any time after the server is back.
    """

    server: AppServer
    kills: int
    random: Random
    everybody: list[Listener] = field(default_factory=list)
    in_window: int = 0
    _submitted: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    async def run(self) -> None:
        self.server.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(AT_ONCE):
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

    async def _kill_again_and_again(self) -> None:
        for number in range(self.kills):
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


def kill_again_and_again(folder: Path, kills: int, seed: int) -> None:
    design = Design(catch=1, repeats=1, practice=0, break_every=3, background=False, headphone_check=False)
    study = write_study(folder / "study", each=2, seconds=0.5, design=design)
    migrate(study.answers_path)
    server = AppServer(APP, [str(study.folder)], log=folder / "log")
    killing = Killing(server, kills, Random(seed))
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


def test_four_kills_lose_no_answer_and_double_none(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, kills=4, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_kills_lose_no_answer_and_double_none(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, kills=100, seed=2)
