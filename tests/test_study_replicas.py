"""Two servers on one PostgreSQL: a participant goes on at the other when one is killed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from app_server import AppServer, running
from postgres_server import running_postgres
from wire_listener import Listener, check
from wire_study import write_study

import listening_study
from listening_study.configuration import Design
from listening_study.store.connection import migrate
from listening_study.study import Study

pytestmark = pytest.mark.slow

APP = Path(listening_study.__file__).with_name("app.py")
PATIENCE = 60.0  # seconds


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgres() as postgres:
        address = postgres.new_database()
        migrate(address)
        yield address


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("replicas") / "study", seconds=0.5, design=Design(repeats=1, practice=0))


@pytest.fixture(scope="module")
def replicas(study: Study, database: str) -> Iterator[tuple[AppServer, AppServer]]:
    environment = {"CLSTM_STUDY_DATABASE": database}
    one, other = (
        AppServer(APP, [str(study.folder)], log=study.folder.with_name(name), environment=environment)
        for name in ("one", "other")
    )
    with running(one), running(other):
        yield one, other


def test_ten_go_on_when_one_replica_dies_and_when_the_other_does(
    replicas: tuple[AppServer, AppServer], study: Study, database: str
) -> None:
    one, other = replicas
    everybody = [
        Listener((one.url, other.url)[:: 1 if number % 2 else -1], Random(number), thinks=(0, 0.2), patience=PATIENCE)
        for number in range(10)
    ]

    async def answered(count: int) -> None:
        while sum(len(listener.acknowledged) for listener in everybody) < count:
            await asyncio.sleep(0.01)

    async def kill_in_turn() -> None:
        whole = study.layout.trials * len(everybody)
        for part, server in ((0.25, one), (0.5, other), (0.75, one)):
            await answered(round(part * whole))
            server.kill()
            await asyncio.to_thread(server.start)

    async def go() -> None:
        await asyncio.gather(kill_in_turn(), *(listener.take_part() for listener in everybody))

    asyncio.run(go())
    moved = sum(listener.reconnections for listener in everybody)
    assert check(study, database, everybody) == study.layout.trials * 10
    assert moved >= 10
    print(f"10 listeners, 3 kills, {moved} reconnections; none lost, none twice")
