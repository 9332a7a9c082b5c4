"""A listener in a real browser, from consent to thanks: the sound plays, nothing is lost, nothing is given away."""

import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from listening_study.study import Study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

CLIPS = 4
SOURCES = re.compile(rb"zebrafinch|quokka|wombat", re.IGNORECASE)  # what `tiny_study` calls its sources and pieces
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}


@pytest.fixture
def url(tiny_study: Study) -> Iterator[str]:
    """Where `clstm study serve` has opened the tiny study."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from clstm.cli import main; main()", "study", "serve", str(tiny_study.folder)]
    server = subprocess.Popen([*command, "--port", str(port), "--headless"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        assert "is open at" in server.stdout.readline()
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        finally:
            server.kill()
            server.stdout.close()


class Wire:
    """Everything a page receives and asks for: what a curious listener could read."""

    def __init__(self, page: "Page") -> None:
        self.seen: list[bytes] = []
        self.hosts: set[str] = set()
        self.media: list[str] = []
        page.on("request", self._requested)
        page.on("websocket", lambda websocket: websocket.on("framereceived", self._received))

    def _requested(self, request) -> None:
        self.seen.append(request.url.encode())
        self.hosts.add(request.url.split("/")[2].split(":")[0])
        if request.url.endswith(".flac") and request.url not in self.media:
            self.media.append(request.url)

    def _received(self, frame: str | bytes) -> None:
        self.seen.append(frame.encode() if isinstance(frame, str) else frame)


def answers(study: Study) -> list[str]:
    with closing(sqlite3.connect(study.answers_path)) as database:
        return [answer for (answer,) in database.execute("select answer from answers order by sequence")]


def begin(page: "Page") -> None:
    page.get_by_text("I have read this and agree").click()
    page.get_by_role("button", name="Begin").click()


def hear(page: "Page") -> None:
    """Press play and wait until the sound moves."""
    page.wait_for_function("document.querySelector('audio')?.readyState >= 3")
    page.evaluate("document.querySelector('audio').play()")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.2")


def fits(page: "Page") -> bool:
    """Whether nothing is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_a_listener_walks_from_consent_to_thanks(
    browser: "Browser", url: str, tiny_study: Study, tmp_path: Path, size: str
) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    wire = Wire(page)
    page.goto(url)
    page.get_by_role("heading", name="A tiny study").wait_for()
    assert page.get_by_role("button", name="Begin").is_disabled()
    begin(page)

    page.get_by_role("heading", name="Set your volume").wait_for()
    hear(page)
    page.reload()
    page.get_by_role("button", name="I hear it well").click()

    said = ["human", "computer", "computer", "human"]
    pages = []
    for number, answer in enumerate(said):
        page.get_by_text(f"Clip {number + 1} of {CLIPS}").wait_for()
        assert answers(tiny_study) == said[:number]  # the last answer was stored before this clip showed
        if number == 2:
            page.reload()
            page.get_by_text(f"Clip {number + 1} of {CLIPS}").wait_for()
        hear(page)
        assert page.evaluate("document.querySelector('audio').duration") == pytest.approx(2.0, abs=0.01)
        assert fits(page)
        pages.append(page.content().encode())
        page.wait_for_timeout(900)  # longer than a double click
        page.get_by_role("button", name=answer.capitalize()).click()

    page.get_by_role("heading", name="Thank you").wait_for()
    assert answers(tiny_study) == said
    page.reload()
    page.get_by_role("heading", name="Thank you").wait_for()

    assert wire.hosts == {"localhost"}
    assert len(wire.media) == 1 + CLIPS  # the scale and every clip have an address of their own
    assert any(b"Who made this music?" in text for text in wire.seen)  # what is searched can be read
    assert not [text for text in [*wire.seen, *pages] if SOURCES.search(text)]
    page.close()


def test_a_double_click_answers_one_clip(browser: "Browser", url: str, tiny_study: Study) -> None:
    page = browser.new_page()
    page.goto(url)
    begin(page)
    page.get_by_role("button", name="I hear it well").click()
    page.get_by_text(f"Clip 1 of {CLIPS}").wait_for()
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Human").dblclick()
    page.get_by_text(f"Clip 2 of {CLIPS}").wait_for()
    page.wait_for_timeout(500)
    assert answers(tiny_study) == ["human"]
    assert page.get_by_text(f"Clip 2 of {CLIPS}").is_visible()
    page.close()


def test_both_answers_look_alike_after_one_was_pressed(browser: "Browser", url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    begin(page)
    page.get_by_role("button", name="I hear it well").click()
    page.get_by_text(f"Clip 1 of {CLIPS}").wait_for()
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Human").click()
    page.get_by_text(f"Clip 2 of {CLIPS}").wait_for()
    page.wait_for_timeout(500)
    looks = [
        page.get_by_role("button", name=name).evaluate(
            "b => [b.offsetWidth, b.offsetHeight, ...['backgroundColor', 'borderColor', 'color', 'boxShadow']"
            ".map(style => getComputedStyle(b)[style])]"
        )
        for name in ("Human", "Computer")
    ]
    assert looks[0] == looks[1]
    page.close()


def test_the_server_has_no_way_to_results_key_or_answers(browser: "Browser", url: str) -> None:
    page = browser.new_page()
    for path in ("sealed/key.json", "answers.sqlite", "study.json", "dashboard", "results", "%2e%2e/study.json"):
        for place in ("", "app/static/", "media/", "static/"):
            body = page.request.get(f"{url}/{place}{path}").body()
            assert not re.search(SOURCES.pattern + rb"|key_sha256|SQLite format", body)
    page.close()
