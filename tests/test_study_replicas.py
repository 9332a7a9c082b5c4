"""Two servers on one PostgreSQL, at every task: a participant goes on at the other when one is killed."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from app_server import AppServer, running
from minimal_study import write_study
from patience import PATIENCE
from postgres_server import Server, running_postgres
from scripted_listener import Listener, answer_of, check, hear, newcomer, some_response, task_on, trial_on
from task_study import EVERY_TASK, write_task_study

import listening_study
from listening_study.protocol.configuration import Design
from listening_study.protocol.study import Study
from listening_study.store import Store
from listening_study.store.connection import migrate
from listening_study.streamlit_internals.page_client import GoneError, Session

pytestmark = pytest.mark.slow

APP = Path(listening_study.__file__).with_name("participants") / "app.py"


def source_study(folder: Path) -> Study:
    return write_study(folder, seconds=0.5, design=Design(repeats=1, practice=0))


def study_of_every_task(folder: Path) -> Study:
    return write_task_study(folder, EVERY_TASK, rows=1, seconds=0.5)


@pytest.fixture(scope="module", params=[source_study, study_of_every_task])
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    made: Study = request.param(tmp_path_factory.mktemp("replicas") / "study")
    return made


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def database(study: Study, postgres: Server) -> str:
    address = postgres.new_database()
    migrate(address)
    return address


@pytest.fixture(scope="module")
def replicas(study: Study, database: str) -> Iterator[tuple[AppServer, AppServer]]:
    environment = {"CLSTM_STUDY_DATABASE": database}
    one, other = (
        AppServer(APP, [str(study.folder)], log=study.folder.with_name(name), environment=environment)
        for name in ("one", "other")
    )
    with running(one), running(other):
        yield one, other


def test_a_clip_heard_at_one_is_answered_at_the_other(
    replicas: tuple[AppServer, AppServer], study: Study, database: str
) -> None:
    one, other = replicas
    response = some_response(Random(0))

    async def go() -> str | None:
        token = newcomer(study, database)
        async with await Session.connect(one.url, token) as page:
            await hear(page, study.seconds)
            one.kill()
            with pytest.raises(GoneError):
                await page.report(task_on(page).key, answer=answer_of(task_on(page), response))
        async with await Session.connect(other.url, token) as page:
            # It need not be heard again.
            await page.report(task_on(page).key, answer=answer_of(task_on(page), response))
            assert trial_on(page) == 1
        return token

    token = asyncio.run(go())
    one.start()
    with closing(Store(database)) as store:
        owner = store.find(token or "")
        assert owner
        assert [answer.response for answer in store.answered_trials() if answer.participant == owner.id] == [response]
        store.withdraw(token or "")  # leaves the others' test as it found it


def test_ten_go_on_when_one_replica_dies_and_when_the_other_does(
    replicas: tuple[AppServer, AppServer], study: Study, database: str
) -> None:
    one, other = replicas
    everybody = [
        Listener((one.url, other.url)[:: 1 if number % 2 else -1], Random(number), thinks=(0, 0.2), patience=PATIENCE)
        for number in range(10)
    ]

    async def answered(count: int) -> None:
        while sum(len(listener.acknowledged) for listener in everybody) < count:  # noqa: ASYNC110  a sum has no event
            await asyncio.sleep(0.01)

    async def kill_in_turn() -> None:
        whole = study.trials * len(everybody)
        for part, server in ((0.25, one), (0.5, other), (0.75, one)):
            await answered(round(part * whole))
            server.kill()
            await asyncio.to_thread(server.start)

    async def go() -> None:
        await asyncio.gather(kill_in_turn(), *(listener.take_part() for listener in everybody))

    asyncio.run(go())
    moved = sum(listener.reconnections for listener in everybody)
    assert check(study, database, everybody) == study.trials * 10
    assert moved >= 10
    print(f"10 listeners, 3 kills, {moved} reconnections; none lost, none twice")
