"""A real browser at a busy study: the page says so, waits, and opens by itself."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from app_server import AppServer, running
from minimal_study import write_study
from test_study_walk import SIZES, WORST_CONTRAST, begin, fits, title

import listening_study
from listening_study.protocol import languages
from listening_study.protocol.configuration import Access
from listening_study.store.connection import migrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
# As the study launches it, but a minute lasts until there is a file of this name.
LAUNCH = """
import pathlib, runpy, threading, time
from listening_study.participants import admission_rate

admission_rate.WINDOW = 1e9

def wait():
    while not pathlib.Path({!r}).exists():
        time.sleep(0.1)
    admission_rate.WINDOW = 0.0

threading.Thread(target=wait, daemon=True).start()
runpy.run_module("listening_study.server.launching", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(("size", "language"), [("phone", "en"), pytest.param("desktop", "de", marks=pytest.mark.slow)])
def test_a_newcomer_waits_at_a_busy_study_and_its_page_opens_by_itself(
    browser: "Browser", tmp_path: Path, size: str, language: str
) -> None:
    width, height = SIZES[size]
    texts = languages.load(language)
    study = write_study(tmp_path / "study", access=Access(admissions=1))
    migrate(study.answers_path)
    server = AppServer(APP, [str(study.folder)], log=tmp_path / "log")
    server.launch_by("-c", LAUNCH.format(str(tmp_path / "over")))
    with running(server):
        pages = [browser.new_page(viewport={"width": width, "height": height}, locale=language) for _ in range(2)]
        for page in pages:
            page.goto(server.url)
            title(page, study.title)
        first, second = pages
        begin(first)
        title(first, texts.background_title)
        begin(second)
        title(second, texts.busy_title)
        assert second.get_by_text(texts.busy_text).is_visible()
        second.wait_for_function("document.activeElement.matches('h1')")  # a screen reader says it
        assert fits(second)
        assert second.evaluate(WORST_CONTRAST) >= 4.5
        second.screenshot(path=tmp_path / "busy.png")
        first.reload()  # who has a place goes on meanwhile
        title(first, texts.background_title)
        (tmp_path / "over").touch()
        title(second, texts.background_title)  # nobody touched it
        assert "?t=" in second.url
        for page in pages:
            page.close()
