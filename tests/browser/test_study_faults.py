"""What befalls a phone at every task: a proxy that cuts, no network, sleep, a second tab. Nothing is lost."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from app_server import AppServer, running
from cutting_proxy import CuttingProxy
from scripted_listener import newcomer
from task_study import write_task_study

import listening_study
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind
from listening_study.store import Store
from listening_study.store.connection import migrate
from listening_study.streamlit_internals.options import public_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
TASKS = [
    Task(kind=TaskKind.SOURCE),
    Task(kind=TaskKind.RATING, set="mos"),
    Task(kind=TaskKind.PREFERENCE),
    Task(kind=TaskKind.CONTINUATION, set="musicality"),
    Task(kind=TaskKind.ABX),
    Task(kind=TaskKind.MUSHRA),
]
# MUSHRA is compared on a wider screen.
SIZE = {"width": 820, "height": 1180}
SECONDS = 1.5  # of a sound


@dataclass
class Place:
    """A study that is served, and the proxy before it."""

    study: Study
    proxy: CuttingProxy

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}"

    def stored(self, token: str) -> list[int]:
        """Trials of a listener, in the order of arrival."""
        with closing(Store(self.study.answers_path)) as store:
            listener = store.find(token)
            assert listener
            found = [*store.answered_trials(), *store.judged_trials()]
        return sorted(one.trial for one in found if one.participant == listener.id)


@contextmanager
def served(folder: Path, lifetime: float | None = None) -> Iterator[Place]:
    study = write_task_study(folder / "study", TASKS, rows=1, seconds=SECONDS)
    migrate(study.answers_path)
    with CuttingProxy(lifetime) as proxy:
        known = public_settings("127.0.0.1", proxy.port, "")
        with running(AppServer(APP, [str(study.folder)], log=folder / "log", settings=known)) as server:
            proxy.to = server.port
            yield Place(study, proxy)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with served(tmp_path_factory.mktemp("faults")) as place:
        yield place


def at(page: "Page", number: int) -> None:
    """Wait for this screen, from 1, until it can be heard."""
    from playwright.sync_api import expect

    page.get_by_text(f"Screen {number} of").wait_for()
    expect(page.locator(".task")).to_have_count(1)
    page.locator(".play:enabled, .switch:enabled").first.wait_for(state="attached")


def hear(page: "Page") -> None:
    """Play what was not heard until everything can be answered."""
    while page.locator(".item:disabled").count():
        page.keyboard.press("k")
        page.wait_for_timeout(1000 * SECONDS + 400)


def choose(page: "Page") -> None:
    """Answer every item by what a finger reaches: a middle point, the first option, a moved slider."""
    from playwright.sync_api import Error

    for item in page.locator(".item:visible").all():
        slider = item.locator("input[type=range]")
        if slider.count():
            slider.focus()
            page.keyboard.press("ArrowRight")
        elif item.locator("label:visible").count():
            with suppress(Error):  # the next screen may be there meanwhile
                item.locator("label:visible").first.click(timeout=3000)


def send(page: "Page", number: int) -> None:
    """Answer panel by panel until the next screen, or the end, is there."""
    next_ = re.compile(f"Screen {number + 1} of|Thank you")
    for _ in range(20):
        if page.get_by_text(next_).count():
            return
        choose(page)
        page.wait_for_timeout(400)
        page.keyboard.press("Enter")
        page.wait_for_timeout(600)
    page.get_by_text(next_).wait_for()


@contextmanager
def listening(browser: "Browser", place: Place) -> Iterator[tuple["Page", str]]:
    token = newcomer(place.study, place.study.answers_path)
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{place.url}/?t={token}")
    yield page, token
    page.close()


def test_a_proxy_that_cuts_every_connection_after_a_while_takes_nothing(browser: "Browser", tmp_path: Path) -> None:
    with served(tmp_path, lifetime=20) as place, listening(browser, place) as (page, token):
        for number in range(1, place.study.trials + 1):
            at(page, number)
            hear(page)
            send(page, number)
        assert place.proxy.cuts >= 3
        assert place.stored(token) == list(range(place.study.trials))


def test_without_a_network_the_page_says_so_keeps_what_was_heard_and_chosen_and_goes_on(
    browser: "Browser", place: Place
) -> None:
    with listening(browser, place) as (page, token):
        for number in range(1, place.study.trials + 1):
            at(page, number)
            hear(page)
            place.proxy.refuse(refusing=True)
            page.locator("#lost").wait_for()
            choose(page)
            place.proxy.refuse(refusing=False)
            page.locator("#lost").wait_for(state="hidden")
            assert not page.locator(".item:disabled").count()  # nothing has to be heard again
            send(page, number)
        assert place.stored(token) == list(range(place.study.trials))


def test_a_phone_that_sleeps_while_a_sound_plays_goes_on_when_it_wakes(browser: "Browser", place: Place) -> None:
    with listening(browser, place) as (page, token):
        phone = page.context.new_cdp_session(page)
        for number in range(1, place.study.trials + 1):
            at(page, number)
            page.keyboard.press("k")
            page.wait_for_timeout(500)
            phone.send("Page.setWebLifecycleState", {"state": "frozen"})
            place.proxy.refuse(refusing=True)  # the connection does not outlive the sleep
            page.wait_for_timeout(3000)
            place.proxy.refuse(refusing=False)
            phone.send("Page.setWebLifecycleState", {"state": "active"})
            at(page, number)
            hear(page)
            send(page, number)
        assert place.stored(token) == list(range(place.study.trials))


def test_of_two_tabs_the_first_answer_counts_and_the_other_tab_catches_up(browser: "Browser", place: Place) -> None:
    with listening(browser, place) as (page, token):
        other = page.context.new_page()
        for number in range(1, place.study.trials + 1):
            at(page, number)
            other.goto(f"{place.url}/?t={token}")
            at(other, number)
            hear(other)
            page.bring_to_front()
            hear(page)
            send(page, number)
            other.bring_to_front()
            send(other, number)  # too late: it shows the same screen as the first
        assert place.stored(token) == list(range(place.study.trials))
