"""Every task of a study in a real browser: what is pressed is stored, on one screen, by key, and heard first."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accessibility import violations
from app_server import AppServer, running
from scripted_listener import newcomer
from task_study import write_task_study

import listening_study
from listening_study.protocol.items import items
from listening_study.protocol.order import open_order
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Attribute, AttributeWords, Task, TaskKind
from listening_study.store import Store
from listening_study.store.connection import migrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
WORDS = AttributeWords(question="How beautiful is it?", low="ugly", high="beautiful")
TASKS = [
    Task(kind=TaskKind.RATING, set="mos"),
    Task(kind=TaskKind.RATING, attributes=(Attribute(name="beauty", scale="slider", words={"en": WORDS}),)),
    Task(kind=TaskKind.PREFERENCE, no_difference=True),
    Task(kind=TaskKind.CONTINUATION, set="musicality"),
    Task(kind=TaskKind.ABX),
    Task(kind=TaskKind.MUSHRA),
]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
# Whatever is pressed on a task is wholly in view, and nothing is scrolled.
IN_VIEW = """
() => {
  const root = [...document.querySelectorAll("*")].map(e => e.shadowRoot).find(r => r?.querySelector(".task"))
  const there = [...root.querySelectorAll(".task button, .task .item")].filter(e => e.checkVisibility())
  const below = there.filter(e => e.getBoundingClientRect().bottom > innerHeight)
  return there.length > 0 && below.length === 0 && [...document.querySelectorAll("*")].every(e => e.scrollTop === 0)
}
"""
# The least contrast of what surrounds a control with what is behind it, by WCAG 2.2, 1.4.11.
EDGES = """
() => {
  const root = [...document.querySelectorAll("*")].map(e => e.shadowRoot).find(r => r?.querySelector(".task"))
  const paint = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const rgb = colour => {
    paint.fillStyle = colour
    paint.fillRect(0, 0, 1, 1)
    return paint.getImageData(0, 0, 1, 1).data
  }
  const linear = part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  const luminance = colour => [0.2126, 0.7152, 0.0722].reduce((sum, w, k) => sum + w * linear(rgb(colour)[k] / 255), 0)
  const page = getComputedStyle(root.querySelector(".task")).getPropertyValue("--st-background-color")
  const there = ".options label, .points label, .ways-on button, .switch, .halt, .play, textarea"
  const controls = [...root.querySelectorAll(there)]
  return Math.min(...controls.filter(e => e.checkVisibility()).map(e => {
    const style = getComputedStyle(e)
    const edge = parseFloat(style.borderWidth) ? style.borderTopColor : style.backgroundColor
    const both = [luminance(edge), luminance(page)].sort((a, b) => b - a)
    return (both[0] + 0.05) / (both[1] + 0.05)
  }))
}
"""
# Notes when sounds begin and how they are faded.
NOTED = """
window.starts = []
window.fades = []
window.ends = 0
const note = (kind, name, noted) => {
  const before = kind.prototype[name]
  kind.prototype[name] = function (...given) { noted(given); return before.apply(this, given) }
}
note(AudioBufferSourceNode, "start", given => starts.push(given))
note(AudioScheduledSourceNode, "stop", () => { ends += 1 })
note(AudioParam, "linearRampToValueAtTime", given => fades.push(given))
"""
LOADED = "[...performance.getEntriesByType('resource')].filter(e => e.name.includes('/media/')).length"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = write_task_study(tmp_path_factory.mktemp("tasks") / "study", TASKS, rows=1, seconds=0.8)
    migrate(study.answers_path)
    return study


@pytest.fixture(scope="module")
def url(study: Study) -> Iterator[str]:
    with running(AppServer(APP, [str(study.folder)], log=study.folder.with_name("log"))) as server:
        yield server.url


def judged(study: Study, participant: int) -> dict[int, list[tuple[str, str, float]]]:
    """Clip, attribute and value by trial."""
    query = "select trial, clip, attribute, value from judgements where participant = ? order by sequence"
    found: dict[int, list[tuple[str, str, float]]] = {}
    with closing(sqlite3.connect(study.answers_path)) as database:
        for trial, *judgement in database.execute(query, (participant,)):
            found.setdefault(trial, []).append(tuple(judgement))
    return found


def participant_of(study: Study, token: str) -> int:
    with closing(Store(study.answers_path)) as store:
        listener = store.find(token)
        assert listener
        return listener.id


def slot_of(study: Study, participant: int) -> int:
    with closing(sqlite3.connect(study.answers_path)) as database:
        return int(database.execute("select slot from participants where id = ?", (participant,)).fetchone()[0])


class Walk:
    """One listener at the study's screens."""

    def __init__(self, browser: "Browser", study: Study, url: str, size: dict[str, int], **how: str) -> None:
        self.study, self.token = study, newcomer(study, study.answers_path)
        self.page = browser.new_page(viewport=size, **how)
        self.page.add_init_script(NOTED)
        self.page.goto(f"{url}/?t={self.token}")

    def at(self, number: int) -> "Page":
        """Wait for this screen, from 1, until it can be heard."""
        from playwright.sync_api import expect

        self.page.get_by_text(f"Screen {number} of {len(TASKS)}").wait_for()
        self.page.locator(f".task[data-task=trial-{number - 1}]").wait_for()
        expect(self.page.locator(".task")).to_have_count(1)  # the last one may stay for a moment
        self.page.locator(".play:enabled, .switch:enabled").first.wait_for(state="attached")
        return self.page

    def hear(self) -> None:
        """Press K until everything on the screen was heard."""
        from playwright.sync_api import TimeoutError as NotSeenError

        page, playing = self.page, self.page.locator(".play[aria-label^=Pause]")
        while page.locator(".item:disabled").count():
            page.keyboard.press("k")
            with suppress(NotSeenError):  # a busy machine looks when the sound is over
                playing.wait_for(timeout=3000)
            playing.wait_for(state="detached")

    def press(self, keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(300)  # a panel that was answered makes room for the next

    def send(self) -> None:
        assert self.page.evaluate(IN_VIEW)
        assert self.page.evaluate(EDGES) >= 3
        assert violations(self.page) == []
        self.page.keyboard.press("Enter")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), pytest.param(DESKTOP, "dark", marks=pytest.mark.slow)])
def test_every_task_is_answered_on_one_screen_by_keys(
    browser: "Browser", study: Study, url: str, size: dict[str, int], scheme: str
) -> None:
    walk = Walk(browser, study, url, size, color_scheme=scheme)
    page = walk.at(1)
    page.keyboard.press("4")  # too early
    walk.hear()
    walk.press("4")
    walk.send()
    walk.at(2)
    walk.hear()
    page.locator(".on").click()  # nothing is said yet: it is marked, and has the focus
    page.locator(".item.missing").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".item.missing").wait_for(state="detached")
    walk.send()
    walk.at(3)
    walk.hear()
    walk.press("b")
    page.reload()  # what was heard of several sounds, and chosen, is still there
    walk.at(3)
    page.locator(".item input:checked").wait_for(state="attached")
    page.locator(".item input:enabled").first.wait_for()
    page.locator(".item input:checked").focus()
    walk.send()
    walk.at(4)
    walk.hear()
    walk.press("5")
    walk.hear()  # the second continuation has a panel of its own
    walk.press("2")
    walk.send()
    walk.at(5)
    walk.hear()
    walk.press("a")
    walk.send()
    walk.at(6)
    participant = participant_of(study, walk.token)
    found = judged(study, participant)
    order = items(study, open_order(study), slot_of(study, participant))
    assert [[value for *_, value in found[trial]] for trial in range(5)] == [[4], [51], [0, 1], [5, 2], [1]]
    for trial, item in enumerate(order[:4]):
        assert [clip for clip, *_ in found[trial]] == list(item.clips)
    assert found[4][0][0] == order[4].clips[2]  # X
    page.close()


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Study, str]]:
    """A study of MUSHRA alone."""
    study = write_task_study(tmp_path_factory.mktemp("mushra") / "study", [TASKS[-1]], rows=2, seconds=0.8)
    migrate(study.answers_path)
    with running(AppServer(APP, [str(study.folder)], log=study.folder.with_name("log"))) as server:
        yield study, server.url


def test_mushra_switches_in_step_without_a_gap_and_is_sent_when_all_was_heard_and_rated(
    browser: "Browser", compared: tuple[Study, str]
) -> None:
    from playwright.sync_api import expect

    study, url = compared
    token = newcomer(study, study.answers_path)
    page = browser.new_page(viewport=DESKTOP)
    page.add_init_script(NOTED)
    page.goto(f"{url}/?t={token}")
    page.locator(".switch:enabled").first.wait_for()
    assert page.locator(".item:enabled").count() == 0  # nothing can be rated unheard
    for key in "rabcde":
        page.keyboard.press(key)
        page.wait_for_timeout(1100)
    starts, fades = page.evaluate("starts"), page.evaluate("fades")
    assert len(starts) == 6
    assert len({tuple(start) for start in starts}) == 1  # all at one time, from one place
    assert page.evaluate("ends") == 0
    for step in range(5):  # each switch fades one in and all others out, together
        values, times = zip(*fades[6 * step : 6 * step + 6], strict=True)
        assert values == tuple(float(place == step + 1) for place in range(6))
        assert len(set(times)) == 1
    expect(page.locator(".item:disabled")).to_have_count(0)
    page.locator(".on").click()
    expect(page.locator(".item.missing")).to_have_count(5)
    for place in range(5):
        page.locator(".slider input").nth(place).focus()
        for _ in range(place + 1):
            page.keyboard.press("ArrowUp")
    assert page.evaluate(IN_VIEW)
    assert page.evaluate(EDGES) >= 3
    assert violations(page) == []
    page.reload()  # what was heard and rated is still there
    page.locator(".switch:enabled").first.wait_for()
    expect(page.locator(".slider output")).to_have_text(["51", "52", "53", "54", "55"])
    page.locator(".on").click()
    page.get_by_text("Screen 2 of 2").wait_for()
    found = judged(study, participant_of(study, token))
    assert [value for *_, value in found[0]] == [51, 52, 53, 54, 55]
    page.close()


def test_mushra_asks_for_a_larger_screen_below_600_px(browser: "Browser", compared: tuple[Study, str]) -> None:
    study, url = compared
    page = browser.new_page(viewport=PHONE)
    page.goto(f"{url}/?t={newcomer(study, study.answers_path)}")
    page.get_by_text("This screen needs more room.").wait_for()
    assert not page.locator(".switch").first.is_visible()
    page.set_viewport_size({"width": 600, "height": 900})
    page.locator(".switch:enabled").first.wait_for()
    page.close()


def test_the_next_clips_are_loaded_while_these_are_answered_and_a_draft_survives_a_reload(
    browser: "Browser", study: Study, url: str
) -> None:
    walk = Walk(browser, study, url, PHONE)
    asked: list[str] = []
    walk.page.on("request", lambda request: asked.append(request.url) if "/media/" in request.url else None)
    page = walk.at(1)
    page.wait_for_function(
        "[...performance.getEntriesByType('resource')].filter(e => e.name.includes('/media/')).length >= 2"
    )
    walk.hear()
    walk.press("3")
    page.reload()
    walk.at(1)
    assert page.locator(".item input").nth(2).is_checked()  # 3, from the best
    page.wait_for_timeout(500)
    before = len(asked)
    page.locator(".on").click()
    walk.at(2)
    walk.hear()
    assert len([address for address in asked[before:] if address in asked[:before]]) == 0
    page.close()


def test_the_names_of_a_screen_are_spoken_in_order(browser: "Browser", study: Study, url: str) -> None:
    walk = Walk(browser, study, url, PHONE)
    walk.at(1)
    walk.hear()
    spoken = walk.page.locator(".task").aria_snapshot()
    order = ["Clip player", "Play again", "How good is this music?", "5 · excellent", "1 · bad", "Next"]
    assert [spoken.index(name) for name in order] == sorted(spoken.index(name) for name in order)
    walk.page.close()
