"""Every way out of a paid study in a real browser: its code is in view on a phone, and axe finds nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from accessibility import violations
from app_server import AppServer, running
from scripted_listener import newcomer
from task_study import PLAIN, write_task_study

import listening_study
from listening_study.protocol.configuration import Access, End
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind
from listening_study.store import Store
from listening_study.store.connection import migrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
BACK = "https://example.org/back?how="
PAID = Access(
    crowd_parameters=("PID",),
    completion_code="DONE",
    completion_url=BACK + "done",
    **{name: End(code=name.upper(), url=BACK + name) for name in ("screened_out", "no_consent", "closed", "withdrawn")},
)
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("endings") / "study"
    made = write_task_study(folder, [Task(kind=TaskKind.RATING, set="mos")], rows=1, seconds=0.8, design=PLAIN)
    study = replace(made, access=PAID)
    study.write()
    migrate(study.answers_path)
    return study


@pytest.fixture(scope="module")
def url(study: Study) -> Iterator[str]:
    with running(AppServer(APP, [str(study.folder)], log=study.folder.with_name("log"))) as server:
        yield server.url


def ends(page: "Page", code: str) -> None:
    """The code and the way back are wholly in view, said before anything about closing the page; light and dark."""
    page.get_by_text(code, exact=True).wait_for()
    page.get_by_text("before you close the page").wait_for()
    assert page.get_by_text("You can close this page now").count() == 0
    link = page.get_by_role("link", name="Back to the platform")
    place = link.bounding_box()
    assert place
    assert place["y"] + place["height"] <= PHONE["height"]
    assert place["height"] >= 44  # a target for a thumb
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.wait_for_timeout(300)
        assert violations(page) == []
    page.close()


def opened(browser: "Browser", address: str) -> "Page":
    page = browser.new_page(viewport=PHONE)
    page.goto(address)
    return page


@pytest.mark.slow  # seven pages
def test_every_way_out_has_its_code_in_view_and_nothing_that_axe_finds(
    browser: "Browser", study: Study, url: str
) -> None:
    for key in ("screened_out", "no_consent"):
        page = opened(browser, f"{url}/?PID=a")
        page.locator(f".st-key-{key} button").click()
        ends(page, key.upper())

    page = opened(browser, f"{url}/?t={newcomer(study, study.answers_path)}")
    page.locator(".st-key-withdraw button").click()
    page.locator(".st-key-withdraw-yes button").click()
    ends(page, "WITHDRAWN")

    page = opened(browser, f"{url}/?t={newcomer(study, study.answers_path)}")
    page.locator(".play:enabled").first.wait_for()
    page.keyboard.press("k")
    page.locator(".item:enabled").first.wait_for()
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    ends(page, "DONE")

    under_way = newcomer(study, study.answers_path)
    with closing(Store(study.answers_path)) as store:
        store.close_study()
    for address, answered in ((f"{url}/?PID=b", False), (f"{url}/?t={under_way}", True)):
        page = opened(browser, address)
        page.get_by_role("heading", name="The study is closed").wait_for()
        assert page.get_by_text("What you answered is stored").count() == answered
        ends(page, "CLOSED")
