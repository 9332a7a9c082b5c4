"""Listeners in a real browser, from consent to thanks: the sound plays, nothing is lost, nothing is given away."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile
from app_server import free_port

from evaluation.audio.render import RenderSettings
from listening_study.protocol import languages
from listening_study.protocol.configuration import Access, Clips, Configuration, Consent, Design
from listening_study.protocol.order import open_order
from listening_study.protocol.study import Study
from listening_study.stimuli.creation import create_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

CLIPS = 4
SECONDS = 1.5
SOURCES = re.compile(rb"zebrafinch|quokka|wombat", re.IGNORECASE)  # what `tiny_sources` calls its sources and pieces
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
NEXT = "[data-testid=stFormSubmitButton] button"
FOCUSED = """
    selector => { const e = document.activeElement; return (e.shadowRoot?.activeElement ?? e).matches(selector) }
"""
# Whether nothing is scrolled, and what has the focus is the player's, wholly in view, or the heading.
BEGINS = """
player => {
  let focused = document.activeElement
  while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  const place = (player ? focused.closest(".player") : focused.closest("h1"))?.getBoundingClientRect()
  const inView = place && place.top >= 0 && place.bottom <= innerHeight
  return Boolean(inView) && scrollY === 0 && [...document.querySelectorAll("*")].every(e => e.scrollTop === 0)
}
"""
DRAFT = "JSON.parse(sessionStorage.getItem('draft') ?? 'null')?.values"
PANEL = "number => JSON.parse(sessionStorage.getItem('draft')).panel === number"
SCROLLED = "[...document.querySelectorAll('*')].some(e => e.scrollTop > 0) || scrollY > 0"
# A browser that says 0.4 s late that a sound plays.
LATE = """
const play = HTMLMediaElement.prototype.play
HTMLMediaElement.prototype.play = async function () {
  await play.call(this)
  await new Promise(resolve => setTimeout(resolve, 400))
}
"""
# The least contrast of any text with what is behind it, by WCAG 2.2.
WORST_CONTRAST = """
() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number)
  const linear = part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  const weights = [0.2126, 0.7152, 0.0722]
  const luminance = colour => weights.reduce((sum, weight, k) => sum + weight * linear(colour[k] / 255), 0)
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor)
      if (colour.length < 4 || colour[3] === 1) return colour
    }
    return [255, 255, 255]
  }
  const texts = [...document.querySelectorAll("h1, p, label, button")].filter(
    e => e.innerText?.trim() && e.checkVisibility() && !e.closest(":disabled"))
  return Math.min(...texts.map(e => {
    const both = [rgb(getComputedStyle(e).color), behind(e)].map(luminance).sort((a, b) => b - a)
    return (both[0] + 0.05) / (both[1] + 0.05)
  }))
}
"""


@pytest.fixture(scope="module")
def made(tiny_sources: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Every kind of screen, and as few of each as can be."""
    folder = tmp_path_factory.mktemp("walk")
    music = {name: [*paths, *(copied(path, folder) for path in paths)] for name, paths in tiny_sources.items()}
    configuration = Configuration(
        title="A tiny study",
        clips=Clips(count=2, seconds=SECONDS, after=0),
        design=Design(practice=1, break_every=2),
        consent=Consent(contact="Ada Example, ada@example.org"),
        access=Access(completion_code="C0FFEE42"),
    )
    made = create_study(music, "zebrafinch", folder / "study", configuration, RenderSettings()).study
    assert made.practice
    return made.amend(headphones=made.headphones[:2])  # each must be heard


@pytest.fixture
def study(made: Study, tmp_path: Path) -> Study:
    """A copy of it, whose answers are one test's."""
    return copied_study(made, tmp_path / "study")


def copied_study(study: Study, folder: Path) -> Study:
    shutil.copytree(study.folder, folder)
    return replace(study, folder=folder)


def copied(path: Path, folder: Path) -> Path:
    copy = folder / f"more-{path.name}"
    waveform, rate = soundfile.read(path)
    soundfile.write(copy, waveform[::-1], rate)  # another piece
    return copy


@contextmanager
def serving(study: Study, port: int) -> Iterator[subprocess.Popen[str]]:
    """`clstm study serve`, as it is typed."""
    command = [sys.executable, "-c", "from clstm.cli.main import main; main()", "study", "serve", str(study.folder)]
    server = subprocess.Popen([*command, "--port", str(port), "--headless"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        assert "is open at" in server.stdout.readline()
        yield server
    finally:
        server.terminate()
        try:
            server.wait(20)
        finally:
            server.kill()
            if server.stdout:
                server.stdout.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def url(study: Study, port: int) -> Iterator[str]:
    with serving(study, port):
        yield f"http://localhost:{port}"


@pytest.fixture(scope="module")
def everybodys(made: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a study is served to all tests that read no answers: each browser is another listener."""
    port = free_port()
    with serving(copied_study(made, tmp_path_factory.mktemp("everybodys") / "study"), port):
        yield f"http://localhost:{port}"


class Wire:
    """Everything a page receives and asks for: what a curious listener could read."""

    def __init__(self, page: "Page") -> None:
        self.seen: list[bytes] = []
        self.hosts: set[str] = set()
        self.media: set[str] = set()
        page.on("request", self._requested)
        page.on("websocket", lambda websocket: websocket.on("framereceived", self._received))

    def _requested(self, request) -> None:
        self.seen.append(request.url.encode())
        if request.url.startswith("http"):
            self.hosts.add(request.url.split("/")[2].split(":")[0])
        if "/media/" in request.url and request.url.endswith(".flac"):
            self.media.add(request.url)

    def _received(self, frame: str | bytes) -> None:
        self.seen.append(frame.encode() if isinstance(frame, str) else frame)


def stored(study: Study, query: str) -> list[tuple]:
    with closing(sqlite3.connect(study.answers_path)) as database:
        return database.execute(query).fetchall()


def answers(study: Study) -> list[str]:
    return [answer for (answer,) in stored(study, "select answer from answers order by sequence")]


def title(page: "Page", text: str) -> None:
    page.get_by_role("heading", name=text, exact=True).wait_for()


def reload(page: "Page", text: str) -> None:
    """The same screen again."""
    page.reload()
    title(page, text)


def begin(page: "Page") -> None:
    for key in ("agreed", "old-enough"):
        page.locator(f".st-key-{key} label").click()
    page.locator(".st-key-begin button:enabled").click()


def player(page: "Page", stage: str, part: str = "") -> "Locator":
    """A part of the player of this stage: on a busy machine the last clip's player may stay for a moment."""
    return page.locator(f":is(.st-key-player-{stage}, .st-key-task-{stage}) .player {part}".rstrip())


def item(page: "Page", stage: str, number: int = 0) -> "Locator":
    """The options of what is asked on this stage: 0 who made it, 1 how sure, 3 to 5 the scales."""
    return page.locator(f".st-key-task-{stage} input[name=item-{number}]")


def opens(page: "Page", stage: str) -> None:
    """Wait until this stage can be answered."""
    from playwright.sync_api import expect

    expect(item(page, stage).first).to_be_enabled(timeout=60_000)


def waits(page: "Page", number: int) -> None:
    """Nothing can be answered about this clip yet."""
    from playwright.sync_api import expect

    expect(item(page, f"trial-{number}").first).to_be_disabled()


def hear(page: "Page", stage: str) -> None:
    """Press play and wait until the whole clip sounded."""
    from playwright.sync_api import expect

    player(page, stage, ".play:enabled").click()
    expect(player(page, stage, ".now")).to_have_attribute("style", re.compile(r"width: 100%"))


def choose(page: "Page", group: str, number: int) -> None:
    """The option of a question, by its place."""
    page.locator(f"[class*='st-key-{group}'] [data-testid=stRadioOption]").nth(number).click()


def answer_trial(page: "Page", number: int, said: str) -> None:
    """One click each: who made it, how sure, three scales one after the other, and what sends it."""
    stage = f"trial-{number}"
    opens(page, stage)
    page.locator(f".st-key-task-{stage} input[aria-keyshortcuts={said[0]}]").click()
    for question in (1, 3, 4, 5):
        item(page, stage, question).nth(2).click()
    page.locator(f".st-key-task-{stage} textarea").wait_for()
    page.locator(f".st-key-task-{stage} .on").click()


def fits(page: "Page") -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize(("size", "language"), [("phone", "en"), pytest.param("desktop", "zh", marks=pytest.mark.slow)])
def test_a_listener_walks_from_consent_to_thanks(
    browser: "Browser", url: str, study: Study, size: str, language: str
) -> None:
    width, height = SIZES[size]
    texts = languages.load(language)
    page = browser.new_page(viewport={"width": width, "height": height}, locale=language)
    wire, pages = Wire(page), []
    page.goto(url)
    title(page, "A tiny study")
    page.locator(".st-key-agreed").wait_for()  # before that, the words are those that come before the app
    page.get_by_text("ada@example.org").last.wait_for()
    assert page.locator(".st-key-begin button").is_disabled()
    assert page.evaluate("document.documentElement.lang") == language
    begin(page)

    title(page, texts.background_title)
    reload(page, texts.background_title)
    choose(page, "background-training", 1)
    page.locator(NEXT).click()

    title(page, texts.volume_title)
    hear(page, "volume")
    reload(page, texts.volume_title)
    hear(page, "volume")
    page.locator(".st-key-volume-done button:enabled").click()

    for number in range(len(study.headphones)):
        page.get_by_text(texts.headphones_progress.format(number=number + 1, count=len(study.headphones))).wait_for()
        if number == 1:
            reload(page, texts.headphones_title)
        hear(page, f"headphones-{number}")
        choose(page, f"quietest-{number}", 1)
        page.locator(f".st-key-headphones-{number}-done button:enabled").click()

    page.get_by_text(texts.practice_progress.format(number=1, count=1)).wait_for()
    reload(page, texts.trial_question)
    hear(page, "practice-0")
    item(page, "practice-0").first.click()
    page.locator(".st-key-practice-0-done button").click()

    said = ["human", "computer", "computer", "human"]
    for number, answer in enumerate(said):
        if number == 2:
            title(page, texts.break_title)
            reload(page, texts.break_title)
            page.locator(".st-key-break-2-done button").click()
        page.get_by_text(texts.trial_progress.format(number=number + 1, count=CLIPS)).wait_for()
        assert answers(study) == said[:number]  # the last answer was stored before this clip showed
        waits(page, number)
        if number == 3:
            reload(page, texts.trial_question)
        hear(page, f"trial-{number}")
        pages.append(page.content().encode())
        assert fits(page)
        answer_trial(page, number, answer)

    title(page, texts.interview_title)
    assert answers(study) == said
    reload(page, texts.interview_title)
    assert not page.get_by_text("C0FFEE42").is_visible()
    page.locator(".st-key-interview-done button").click()
    title(page, texts.thanks_title)
    page.get_by_text("C0FFEE42").wait_for()
    page.go_back()
    page.go_forward()
    title(page, texts.thanks_title)

    heard = stored(study, "select max(heard), max(plays) from hearings group by trial order by trial")
    assert heard == [(1.0, 1)] * CLIPS
    assert wire.hosts == {"localhost"}
    assert (
        len(wire.media) == 1 + len(study.headphones) + 1 + CLIPS
    )  # the scale, the tones, practice and every clip, each at its own
    assert any(texts.trial_question.encode() in text for text in wire.seen)  # what is searched can be read
    assert not [text for text in [*wire.seen, *pages] if SOURCES.search(text)]
    page.close()


def begins(page: "Page", player: bool = True) -> None:
    """The screen is at its top with the focus on its player or heading, and stays so."""
    page.wait_for_function(BEGINS, arg=player, timeout=20_000)
    page.wait_for_timeout(300)
    assert page.evaluate(BEGINS, player)


def wheel_to(page: "Page", selector: str) -> tuple[float, float]:
    """Turn the wheel until it is in view, as a listener does; returns where its middle is."""
    found = page.locator(selector).first
    found.wait_for()
    size = page.viewport_size
    assert size
    page.mouse.move(size["width"] / 2, size["height"] / 2)
    for _ in range(60):
        box = found.bounding_box()
        assert box
        middle = box["y"] + box["height"] / 2
        if 20 < middle < size["height"] - 20:
            return box["x"] + min(box["width"] / 2, 60), middle
        page.mouse.wheel(0, 120 if middle > 0 else -120)
        page.wait_for_timeout(50)
    raise AssertionError(f"the wheel does not reach {selector}")


def press(page: "Page", selector: str) -> None:
    """Scroll there by the wheel and click where it is seen; the driver scrolls nothing."""
    page.mouse.click(*wheel_to(page, selector))


def click_in_view(page: "Page", selector: str) -> None:
    """Click where it is seen, which is on the screen without scrolling."""
    found = page.locator(selector).first
    found.wait_for()
    box, size = found.bounding_box(), page.viewport_size
    assert box
    assert size
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= size["height"], selector
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def hear_by_mouse(page: "Page", stage: str) -> None:
    player(page, stage, ".play:enabled").wait_for()
    press(page, f":is(.st-key-player-{stage}, .st-key-task-{stage}) .player .play")


def play_by_key(page: "Page") -> None:
    """The focus is on the player, and on its button once the sound is there: nothing has to be looked for."""
    begins(page)
    page.wait_for_function(FOCUSED, arg=".player .play:enabled")
    page.keyboard.press("Space")


@pytest.mark.parametrize("size", [pytest.param("desktop", marks=pytest.mark.slow), "phone"])
def test_every_new_screen_begins_at_its_top_with_the_focus_on_its_player_or_heading(
    browser: "Browser", everybodys: str, size: str
) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(everybodys)
    begins(page, player=False)
    press(page, ".st-key-agreed label")
    press(page, ".st-key-old-enough label")
    press(page, ".st-key-begin button:enabled")
    title(page, "About you")
    begins(page, player=False)
    press(page, NEXT)
    title(page, "Set your volume")
    begins(page)
    hear_by_mouse(page, "volume")
    press(page, ".st-key-volume-done button:enabled")
    for number in range(2):
        page.locator(f"[class*=st-key-quietest-{number}]").wait_for()
        begins(page)
        hear_by_mouse(page, f"headphones-{number}")
        page.locator(f"[class*=st-key-quietest-{number}] input:enabled").first.wait_for(state="attached")
        press(page, f"[class*=st-key-quietest-{number}] [data-testid=stRadioOption]")
        press(page, f".st-key-headphones-{number}-done button:enabled")
    page.get_by_text("Practice 1 of 1").wait_for()
    begins(page)
    hear_by_mouse(page, "practice-0")
    opens(page, "practice-0")
    press(page, ".st-key-task-practice-0 .options label")
    page.wait_for_function(FOCUSED, arg=".st-key-practice-0-done button")  # the choice is closed: its focus goes on
    press(page, ".st-key-practice-0-done button")
    for number in range(CLIPS):
        if number == 2:
            title(page, "Time for a short break")
            begins(page, player=False)
            press(page, ".st-key-break-2-done button")
        page.get_by_text(f"Clip {number + 1} of {CLIPS}").wait_for()
        begins(page)
        task = f".st-key-task-trial-{number}"
        hear_by_mouse(page, f"trial-{number}")
        opens(page, f"trial-{number}")
        click_in_view(page, f"{task} .options label")
        click_in_view(page, f"{task} .of-4 label")
        for question in (3, 4, 5):
            item(page, f"trial-{number}", question).first.wait_for(state="attached")
            click_in_view(page, f"{task} .points label")
        page.locator(f"{task} textarea").wait_for()
        assert not page.evaluate(SCROLLED)
        page.mouse.wheel(0, 5000)
        page.wait_for_timeout(200)
        press(page, f"{task} .on")
    title(page, "What did you hear?")
    begins(page, player=False)
    page.mouse.wheel(0, 5000)
    press(page, ".st-key-interview-done button")
    title(page, "Thank you")
    begins(page, player=False)
    reload(page, "Thank you")
    begins(page, player=False)
    page.close()


def test_within_a_screen_neither_scroll_nor_focus_is_taken_from_a_listener(
    browser: "Browser", study: Study, port: int
) -> None:
    design = study.design.model_copy(update={"practice": 0, "background": False, "headphone_check": False})
    short = study.amend(design=design, practice=(), order_sha256=replaced_practice(study))
    with serving(short, port):
        page = browser.new_page(viewport={"width": 390, "height": 330})
        page.goto(f"http://localhost:{port}")
        title(page, "A tiny study")
        begin(page)
        title(page, "Set your volume")
        hear_by_mouse(page, "volume")
        press(page, ".st-key-volume-done button:enabled")
        page.get_by_text(f"Clip 1 of {CLIPS}").wait_for()
        play_by_key(page)
        opens(page, "trial-0")
        for key in "h3222":
            page.keyboard.press(key)
            page.wait_for_timeout(400)
        page.keyboard.press("k")  # once more: what it reports at its end draws the page again
        heard = len(stored(study, "select * from hearings"))
        press(page, ".st-key-task-trial-0 textarea")
        offset = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
        assert offset > 50
        page.keyboard.type("a knocking sound", delay=120)  # longer than the clip
        page.wait_for_timeout(500)
        assert len(stored(study, "select * from hearings")) > heard
        assert page.evaluate(FOCUSED, "textarea")
        assert page.evaluate(DRAFT)[-1] == "a knocking sound"
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == offset
        page.keyboard.press("Tab")
        page.wait_for_timeout(1500)
        assert not page.evaluate(BEGINS, True)
        press(page, ".st-key-withdraw button")
        page.wait_for_function(FOCUSED, arg=".st-key-withdraw-no button")
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") > 100
        page.keyboard.press("Enter")
        page.wait_for_function(FOCUSED, arg=".st-key-withdraw button")
        press(page, ".st-key-withdraw button")
        page.wait_for_function(FOCUSED, arg=".st-key-withdraw-no button")
        press(page, ".st-key-withdraw-yes button")
        title(page, "Your answers are deleted")
        begins(page, player=False)
        assert page.evaluate(DRAFT) is None
        page.close()


def test_what_sounds_before_a_busy_browser_says_that_it_plays_was_heard(
    browser: "Browser", study: Study, port: int
) -> None:
    design = study.design.model_copy(update={"practice": 0, "background": False, "headphone_check": False})
    short = study.amend(design=design, practice=(), order_sha256=replaced_practice(study))
    with serving(short, port):
        page = browser.new_page()
        page.add_init_script(LATE)
        page.goto(f"http://localhost:{port}")
        title(page, "A tiny study")
        begin(page)
        title(page, "Set your volume")
        hear(page, "volume")
        page.locator(".st-key-volume-done button:enabled").click()
        page.get_by_text(f"Clip 1 of {CLIPS}").wait_for()
        hear(page, "trial-0")
        opens(page, "trial-0")
        page.wait_for_timeout(500)
        assert stored(study, "select max(heard), max(plays) from hearings") == [(1.0, 1)]
        page.close()


def replaced_practice(study: Study) -> str:
    """The same order without practice; returns its hash."""
    return replace(open_order(study), practice=()).seal(study.order_path)


def test_the_whole_study_by_keyboard_alone(browser: "Browser", url: str, study: Study) -> None:
    page = browser.new_page()
    page.goto(url)
    title(page, "A tiny study")

    def to(selector: str) -> None:
        """Tab until the focus is there, as who cannot use a mouse would; it must be visible."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(FOCUSED, selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector} on {page.locator('h1').all_inner_texts()}")

    def press(selector: str, *keys: str) -> None:
        page.locator(selector).first.wait_for(state="attached")
        page.wait_for_timeout(300)  # until the page has settled
        to(selector)
        for key in keys or ("Enter",):
            page.keyboard.press(key)

    begins(page, player=False)
    press(".st-key-agreed input", "Space")
    press(".st-key-old-enough input", "Space")
    press(".st-key-begin button:enabled")
    title(page, "About you")
    begins(page, player=False)
    press(NEXT)
    title(page, "Set your volume")
    begins(page)
    play_by_key(page)
    press(".st-key-volume-done button:enabled")
    for number in range(2):
        page.locator(f"[class*=st-key-quietest-{number}]").wait_for()
        play_by_key(page)
        press(f"[class*=st-key-quietest-{number}] input:enabled", "Space")
        press(f".st-key-headphones-{number}-done button:enabled")
    page.get_by_text("Practice 1 of 1").wait_for()
    play_by_key(page)
    opens(page, "practice-0")
    page.keyboard.press("h")
    page.wait_for_function(FOCUSED, arg=".st-key-practice-0-done button")
    page.keyboard.press("Enter")
    for number in range(CLIPS):
        if number == 2:
            title(page, "Time for a short break")
            begins(page, player=False)
            press(".st-key-break-2-done button")
        page.get_by_text(f"Clip {number + 1} of {CLIPS}").wait_for()
        play_by_key(page)
        opens(page, f"trial-{number}")
        if number:
            page.keyboard.press("c")
        else:  # as any radio buttons: arrows choose and go no further
            to("input[name=item-0]")
            for key in ("Space", "ArrowRight", "ArrowRight"):
                page.keyboard.press(key)
            page.wait_for_timeout(500)
            page.keyboard.press("c")
        for place, key in enumerate("4123", 1):
            page.keyboard.press(key)
            page.wait_for_function(PANEL, arg=place)
        page.keyboard.press("Enter")
    title(page, "What did you hear?")
    begins(page, player=False)
    press(".st-key-interview-done button")
    title(page, "Thank you")
    begins(page, player=False)
    assert answers(study) == ["computer"] * CLIPS
    page.close()


def test_a_server_that_goes_away_is_said_and_the_same_page_goes_on_when_it_is_back(
    browser: "Browser", study: Study, port: int
) -> None:
    page = browser.new_page()
    with serving(study, port):
        page.goto(f"http://localhost:{port}")
        title(page, "A tiny study")
        begin(page)
        title(page, "About you")
    page.locator("#lost").wait_for()
    assert "connection is lost" in page.locator("#lost").inner_text()
    with serving(study, port):
        page.locator("#lost").wait_for(state="hidden")
        page.locator(NEXT).click()
        title(page, "Set your volume")
    page.close()


def test_a_clip_that_does_not_load_is_said_helped_with_and_stops_nobody(
    browser: "Browser", url: str, study: Study
) -> None:
    page = browser.new_page()
    page.goto(url)
    title(page, "A tiny study")
    begin(page)
    page.locator(NEXT).click()
    hear(page, "volume")
    page.locator(".st-key-volume-done button:enabled").click()
    for number in range(2):
        hear(page, f"headphones-{number}")
        choose(page, f"quietest-{number}", 0)
        page.locator(f".st-key-headphones-{number}-done button:enabled").click()
    item(page, "practice-0").first.wait_for(state="attached")
    page.route("**/media/**", lambda route: route.abort())
    page.reload()
    player(page, "practice-0", ".trouble strong").filter(has_text="The sound does not play").wait_for()
    player(page, "practice-0", ".retry").click()
    player(page, "practice-0", ".give-up").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text(f"Clip 1 of {CLIPS}").wait_for()
    player(page, "trial-0", ".retry").click()
    player(page, "trial-0", ".give-up").click()
    page.locator(".st-key-skip-0 button").click()
    page.get_by_text(f"Clip 2 of {CLIPS}").wait_for()
    assert answers(study) == [None]
    player(page, "trial-1", ".trouble strong").wait_for()
    page.unroute("**/media/**")
    player(page, "trial-1", ".retry").click()
    opens(page, "trial-1")  # the retry plays
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background_and_the_page_can_be_enlarged(
    browser: "Browser", everybodys: str, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 195, "height": 422})  # a phone at 200 %
    page = context.new_page()
    page.goto(everybodys)
    title(page, "A tiny study")
    begin(page)
    title(page, "About you")
    assert fits(page)
    worst = page.evaluate(WORST_CONTRAST)
    assert worst >= 4.5  # WCAG 2.2, 1.4.3, level AA
    context.close()


def test_the_server_has_no_way_to_results_key_or_answers(browser: "Browser", everybodys: str) -> None:
    page = browser.new_page()
    for path in ("sealed/key.json", "registration.json", "answers.sqlite", "study.json", "dashboard", "results"):
        for place in ("", "app/static/", "media/", "static/"):
            body = page.request.get(f"{everybodys}/{place}{path}").body()
            assert not re.search(SOURCES.pattern + rb"|key_sha256|SQLite format", body)
    page.close()
