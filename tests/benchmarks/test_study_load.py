"""How many may take part at once. `make bench` runs it and prints the figures.

Listeners speak the app's own websocket from this one process over loopback; the server is the real `clstm study serve`
in processes of its own. Everyone fetches every clip, lets it sound for its ten seconds, reports that as the player
does, thinks for 3 to 5 s and answers. Measured is the time from sending an answer to the first of the next screen,
which the app draws only after the answer is committed. Listeners arrive spread over one trial's length, so they do not
step in time.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest
from app_server import free_port
from minimal_study import write_study
from scripted_listener import Listener, kept_answers
from task_study import EVERY_TASK, write_task_study

from listening_study.protocol.configuration import Design
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SECONDS = 10.0  # of a clip
THINKS = (3.0, 5.0)  # seconds
TRIALS = 5
SCREENS = 3  # of another task, where two to five sounds are heard on each
LIMIT = 1.0  # s, for 95 % of the acknowledgements
STEPS = (125, 150, 175, 200, 250, 300, 400)
NOISE = 1e-4  # makes clips as large as those of real music, 400 kB


@dataclass(frozen=True)
class Load:
    """What came of so many at once."""

    listeners: int
    waits: np.ndarray  # seconds, one an answer
    stored: int
    server: float  # cores used
    client: float
    memory: float  # MB, highest of the server
    late: float  # seconds the client itself was late at worst

    @property
    def p95(self) -> float:
        return float(np.percentile(self.waits, 95))

    def __str__(self) -> str:
        p50 = np.percentile(self.waits, 50)
        return (
            f"{self.listeners} listeners at once: {len(self.waits)} answers, {self.stored} stored; acknowledged within "
            f"{p50:.3f} s (half), {self.p95:.3f} s (95 %), {self.waits.max():.3f} s (all); server {self.server:.2f} "
            f"cores, {self.memory:.0f} MB; client {self.client:.2f} cores, late by {self.late:.3f} s at worst"
        )


def test_a_hundred_at_once_are_acknowledged_within_a_second(tmp_path: Path) -> None:
    load = listen(tmp_path, 100, SECONDS, THINKS, TRIALS)
    print(load)
    assert load.stored == len(load.waits) == 100 * TRIALS
    assert load.p95 <= LIMIT


@pytest.mark.parametrize("task", EVERY_TASK[1:], ids=lambda task: task.kind)
def test_a_hundred_at_once_at_every_other_task(task: Task, tmp_path: Path) -> None:
    load = listen(tmp_path, 100, SECONDS, THINKS, SCREENS, task)
    print(f"{task.kind}: {load}")
    assert load.stored == len(load.waits) == 100 * SCREENS
    assert load.p95 <= LIMIT


def test_where_the_limit_is(tmp_path: Path) -> None:
    within = 100
    for listeners in STEPS:
        load = listen(tmp_path, listeners, SECONDS, THINKS, TRIALS)
        print(load)
        assert load.stored == len(load.waits)
        if load.p95 > LIMIT:
            break
        within = listeners
    print(
        f"limit of one process: {within} at once; beyond it, serve the same study twice with --database "
        "postgresql+psycopg://... behind a proxy that keeps a listener at one of them"
    )


def test_smoke_with_short_clips_and_no_thinking(tmp_path: Path) -> None:
    """Only that the benchmark itself works: nothing here is a figure."""
    load = listen(tmp_path, 10, 1.0, (0.0, 0.1), 2)
    print("smoke, not a figure:", load)
    assert load.stored == len(load.waits) == 20


def listen(
    folder: Path,
    listeners: int,
    seconds: float,
    thinks: tuple[float, float],
    trials: int,
    task: Task | None = None,
) -> Load:
    """task : another one than `source`"""
    folder = folder / f"{listeners}"
    if task:
        study = write_task_study(folder, [task], rows=trials, seconds=seconds, design=Design(practice=1), noise=NOISE)
    else:
        study = write_study(folder, each=-(-trials // 2), seconds=seconds, design=Design(practice=1), noise=NOISE)
    with serving(study) as (url, pid):
        return asyncio.run(_listen(study, url, pid, listeners, seconds, thinks, trials))


async def _listen(
    study: Study, url: str, pid: int, listeners: int, seconds: float, thinks: tuple[float, float], trials: int
) -> Load:
    acts = (thinks[0] / 3, thinks[1] / 3)
    everybody = [Listener((url,), Random(number), seconds, thinks, acts) for number in range(listeners)]
    meter = Meter(pid)
    watching = asyncio.create_task(meter.watch())
    spread = seconds + sum(thinks) / 2

    async def arrive(number: int, listener: Listener) -> None:
        await asyncio.sleep(spread * number / listeners)
        await listener.take_part(trials)

    await asyncio.gather(*(arrive(*one) for one in enumerate(everybody)))
    watching.cancel()
    kept = kept_answers(study, study.answers_path, everybody)
    waits = np.array([wait for listener in everybody for wait in listener.waits])
    return Load(listeners, waits, kept, *meter.figures())


class Meter:
    """How busy the server and this process were, from Linux's /proc."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = time.monotonic(), _cpu(pid), time.process_time()
        self._memory = 0.0
        self._late = 0.0

    async def watch(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.1)
            self._late = max(self._late, time.monotonic() - before - 0.1)
            self._memory = max(self._memory, _memory(self._pid))

    def figures(self) -> tuple[float, float, float, float]:
        """Cores of the server, cores of this process, MB of the server, seconds late."""
        wall, server, client = self._began
        took = time.monotonic() - wall
        return (_cpu(self._pid) - server) / took, (time.process_time() - client) / took, self._memory, self._late


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def serving(study: Study) -> Iterator[tuple[str, int]]:
    """`clstm study serve` as it is typed. Yields its address and the process that serves."""
    port = free_port()
    command = [sys.executable, "-c", "from clstm.cli.main import main; main()", "study", "serve", str(study.folder)]
    command += ["--port", str(port), "--headless"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            assert "is open at" in server.stdout.readline()
            child = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()[0]
            yield f"http://127.0.0.1:{port}", int(child)
        finally:
            server.terminate()
            server.wait()
