"""What befalls a phone at every task: a proxy that cuts, no network, sleep, a second tab. Nothing is lost or double."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from app_server import AppServer, running
from cutting_proxy import CuttingProxy
from scripted_listener import newcomer
from task_study import EVERY_TASK, write_task_study

import listening_study
from listening_study.protocol.study import Study
from listening_study.store import Store
from listening_study.store.connection import migrate
from listening_study.store.records import AnsweredTrial
from listening_study.streamlit_internals.options import public_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(3600)]

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
SIZE = {"width": 820, "height": 1180}  # MUSHRA is compared on a wider screen than a phone's
SECONDS = 1.5  # of a sound
AWAY = 3  # seconds asleep


# How long nothing ran in a page, ms: a page that does not sleep looks every tenth of a second.
LONGEST_PAUSE = """
window.pause = 0
let last = performance.now()
setInterval(() => { window.pause = Math.max(window.pause, performance.now() - last); last = performance.now() }, 100)
"""


class Place:
    """A study of every task that is served, and the proxy before it."""

    def __init__(self, study: Study, proxy: CuttingProxy) -> None:
        self.study, self.proxy = study, proxy

    def stored(self, token: str) -> dict[int, object]:
        """What a listener answered, by trial; each was stored once."""
        with closing(Store(self.study.answers_path)) as store:
            listener = store.find(token)
            assert listener
            rows = [*store.answered_trials(), *store.judged_trials()]
        own = [one for one in rows if one.participant == listener.id]
        found = {one.trial: one.response if isinstance(one, AnsweredTrial) else one.judgements for one in own}
        assert len(found) == len(own)
        return found


@contextmanager
def served(folder: Path, lifetime: float | None = None) -> Iterator[Place]:
    study = write_task_study(folder / "study", EVERY_TASK, rows=1, seconds=SECONDS)
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


class Listener:
    """Someone at the study's screens, who goes on as anybody would: tries again until the next screen is there."""

    def __init__(self, context: "BrowserContext", place: Place, token: str = "") -> None:
        self.place, self.token = place, token or newcomer(place.study, place.study.answers_path)
        self.page: Page = context.new_page()
        self.page.add_init_script(LONGEST_PAUSE)
        self.page.goto(f"http://127.0.0.1:{place.proxy.port}/?t={self.token}")

    def task(self, number: int) -> str:
        return f".task[data-task=trial-{number}]"

    def at(self, number: int) -> None:
        """Wait until this screen can be heard."""
        from playwright.sync_api import expect

        self.page.locator(self.task(number)).wait_for()
        expect(self.page.locator(".task")).to_have_count(1)  # the last one may stay for a moment
        self.page.locator(".play:enabled, .switch:enabled").first.wait_for(state="attached")

    def is_at(self, number: int) -> bool:
        return self.page.locator(self.task(number)).count() > 0

    def hear(self, number: int) -> None:
        """Play what was not heard until everything on this screen can be answered."""
        switches = self.page.locator(".switch")  # of MUSHRA, whose sounds run together
        while self.is_at(number) and self.page.locator(".item:disabled").count():
            for place in range(switches.count() or 1):
                if switches.count():
                    switches.nth(place).click()
                else:
                    self.page.keyboard.press("k")
                self.page.wait_for_timeout(1000 * SECONDS + 400)

    def choose(self, place: int = 0) -> None:
        """Answer what is in view by what a finger reaches: a moved slider, or the option at this place."""
        from playwright.sync_api import Error

        for item in self.page.locator(".item:visible").all():
            with suppress(Error):  # the next screen may be there meanwhile
                if item.locator("input[type=range]").count():
                    if item.locator("output").inner_text() == "–":  # not yet moved
                        item.locator("input[type=range]").focus(timeout=2000)
                        self.page.keyboard.press("ArrowLeft" if place else "ArrowRight")
                elif item.locator("label:visible").count() and not item.locator("input:checked").count():
                    item.locator("label:visible").nth(place).click(timeout=2000)

    def draft(self, number: int) -> tuple[list[float], list[object]]:
        """What was heard of each sound of this screen, and chosen, as the page would begin with after a reload."""
        kept = self.page.evaluate("JSON.parse(sessionStorage.getItem('draft') ?? '{}')")
        if not str(kept.get("name")).endswith(f"/trial-{number}"):
            return [], []
        return [one["share"] for one in kept["heard"]], kept["values"]

    def has_kept(self, number: int, before: tuple[list[float], list[object]]) -> bool:
        """Whether what was heard and chosen is still there, unless the screen is gone."""
        heard, chosen = self.draft(number)
        more = all(now >= then for then, now in zip(before[0], heard, strict=False))
        same = all(then is None or now == then for then, now in zip(before[1], chosen, strict=False))
        return not self.is_at(number) or (len(heard) == len(before[0]) > 0 and more and same)

    def send(self, number: int) -> None:
        """Answer, panel by panel, until this screen is gone."""
        for _ in range(40):
            self.hear(number)  # a panel may have a sound of its own
            if not self.is_at(number):
                return
            self.choose()
            self.page.wait_for_timeout(300)
            if self.is_at(number):
                self.page.keyboard.press("Enter")
            self.page.wait_for_timeout(700)
        raise AssertionError(f"still at {self.task(number)}: {self.page.locator('body').inner_text()}")


@pytest.fixture
def context(browser: "Browser") -> Iterator["BrowserContext"]:
    context = browser.new_context(viewport=SIZE)
    yield context
    context.close()


def test_a_proxy_that_cuts_every_connection_after_a_while_takes_nothing(
    context: "BrowserContext", tmp_path: Path
) -> None:
    with served(tmp_path, lifetime=10) as place:
        listener = Listener(context, place)
        for number in range(place.study.trials):
            listener.at(number)
            listener.send(number)
        assert place.proxy.cuts >= 3
        assert sorted(place.stored(listener.token)) == list(range(place.study.trials))


def test_a_network_lost_amid_a_sound_and_at_the_moment_of_sending_takes_nothing(
    context: "BrowserContext", place: Place
) -> None:
    listener = Listener(context, place)
    page, lost = listener.page, listener.page.locator("#lost")
    for number in range(place.study.trials):
        listener.at(number)
        page.keyboard.press("k")
        page.wait_for_timeout(500)
        place.proxy.refuse(refusing=True)
        lost.wait_for()  # it is said
        before = listener.draft(number)
        place.proxy.refuse(refusing=False)
        lost.wait_for(state="hidden")
        assert listener.has_kept(number, before)
        listener.hear(number)
        listener.choose()
        before = listener.draft(number)
        place.proxy.refuse(refusing=True)
        for _ in range(3):  # what was heard whole can be answered; what is sent now arrives later
            page.keyboard.press("Enter")
            listener.choose()
        lost.wait_for()
        place.proxy.refuse(refusing=False)
        lost.wait_for(state="hidden")
        assert listener.has_kept(number, before)
        listener.send(number)
    assert sorted(place.stored(listener.token)) == list(range(place.study.trials))


@contextmanager
def asleep(browser: "Browser") -> Iterator[None]:
    """No page runs, as on a phone that sleeps."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    pages = [one["id"] for one in processes if one["type"] == "renderer"]
    for process in pages:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in pages:
            os.kill(process, signal.SIGCONT)


def test_a_phone_that_sleeps_amid_a_sound_goes_on(browser: "Browser", context: "BrowserContext", place: Place) -> None:
    listener = Listener(context, place)
    page = listener.page
    for number in range(place.study.trials):
        listener.at(number)
        page.keyboard.press("k")
        page.wait_for_timeout(500)
        before = listener.draft(number)
        with asleep(browser):
            place.proxy.refuse(refusing=True)  # a server or a network gives a sleeping phone up
            time.sleep(AWAY)
        page.wait_for_timeout(500)
        place.proxy.refuse(refusing=False)
        assert listener.has_kept(number, before)
        listener.send(number)
    assert page.evaluate("pause") > 1000 * AWAY - 500  # it did sleep
    assert sorted(place.stored(listener.token)) == list(range(place.study.trials))


def test_of_two_tabs_of_one_listener_the_first_answer_counts(context: "BrowserContext", place: Place) -> None:
    listener = Listener(context, place)
    for number in range(place.study.trials):
        listener.at(number)
        listener.hear(number)
        listener.choose(1)
        other = Listener(context, place, listener.token)
        other.at(number)
        other.send(number)
        if number + 1 < place.study.trials:
            other.at(number + 1)
        other.page.close()
        first = place.stored(listener.token)[number]
        listener.send(number)  # what this tab still shows is answered otherwise, and goes on
        assert place.stored(listener.token)[number] == first
    assert sorted(place.stored(listener.token)) == list(range(place.study.trials))
