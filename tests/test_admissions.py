"""Newcomers come in at a limited rate; the others wait on a page that opens by itself; who has a place never does."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from app_server import free_port
from patience import PATIENCE
from streamlit.testing.v1 import AppTest

import listening_study
from listening_study.participants import admission_rate
from listening_study.participants.admission_rate import Admissions
from listening_study.protocol.configuration import Access
from listening_study.protocol.languages import load
from listening_study.protocol.study import Study
from listening_study.store import Store
from listening_study.streamlit_internals.page_client import Session

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
BUSY = load("en").busy_title


class Clock:
    now = 1e6

    def __call__(self) -> float:
        return self.now


def test_no_more_than_the_limit_come_in_within_any_minute() -> None:
    clock = Clock()
    door = Admissions(3, 0, clock)
    came = []
    for _ in range(300):
        clock.now += 1.5
        if door.let_in(None):
            came.append(clock.now)
    assert all(later - earlier >= admission_rate.WINDOW for earlier, later in zip(came, came[3:], strict=False))
    assert len(came) == pytest.approx(300 * 1.5 / 60 * 3, abs=3)


def test_without_limits_everybody_comes_in_and_nothing_is_kept() -> None:
    door = Admissions(0, 0)
    assert all(door.let_in("192.0.2.1") for _ in range(1000))
    assert not door._recent


def test_one_address_does_not_keep_the_others_out_and_is_forgotten() -> None:
    clock = Clock()
    door = Admissions(10, 2, clock)
    assert [door.let_in("192.0.2.1") for _ in range(4)] == [True, True, False, False]
    assert door.let_in("192.0.2.2")
    assert [door.let_in(f"2001:db8::{n}") for n in range(3)] == [True, True, False]  # one customer's network
    assert [door.let_in(None) for _ in range(3)] == [True] * 3  # counted in the total alone
    clock.now += admission_rate.WINDOW
    assert door.let_in("192.0.2.1")
    assert len(door._recent) == 1


Open = Callable[..., AppTest]


@pytest.fixture
def visit(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open the page of a study that lets one in per minute."""
    replace(tiny_study, access=Access(admissions=1)).write()
    with closing(Store(tiny_study.answers_path)):
        monkeypatch.setattr(sys, "argv", ["streamlit", str(tiny_study.folder)])
    st.cache_resource.clear()

    def visit(token: str = "") -> AppTest:
        tab = AppTest.from_file(str(APP), default_timeout=PATIENCE)
        if token:
            tab.query_params["t"] = token
        return tab.run()

    yield visit
    st.cache_resource.clear()


def agree(tab: AppTest) -> AppTest:
    tab.checkbox(key="agreed").check()
    tab.checkbox(key="old-enough").check().run()
    return tab.button(key="begin").click().run()


def title(tab: AppTest) -> str:
    assert not tab.exception
    return str(tab.title[0].value)


def test_who_comes_too_soon_waits_is_let_in_by_itself_and_agreed_once(
    visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = agree(visit()), agree(visit())
    assert title(first) != BUSY
    assert title(second) == BUSY
    assert load("en").busy_text in [text.value for text in second.markdown]
    assert title(second.run()) == BUSY
    monkeypatch.setattr(admission_rate, "WINDOW", 0.0)
    second.run()  # as the page does every few seconds
    assert title(second) == title(first)
    assert second.query_params["t"] != first.query_params["t"]


def test_who_has_a_place_is_never_held_back(visit: Open) -> None:
    first = agree(visit())
    token = first.query_params["t"]
    assert title(agree(visit())) == BUSY
    assert title(visit(token)) == title(first)


def test_who_waits_is_told_when_the_study_is_closed(visit: Open, tiny_study: Study) -> None:
    agree(visit())
    second = agree(visit())
    with closing(Store(tiny_study.answers_path)) as store:
        store.close_study()
    assert title(second.run()) == load("en").closed_title


# --- the address that a proxy forwards ---


@contextmanager
def served(study: Study, log: Path) -> Iterator[str]:
    """`clstm study serve`, and where it is."""
    port = free_port()
    words = ["study", "serve", str(study.folder), "--port", str(port), "--headless"]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", "from clstm.cli.main import main; main()", *words],
            stdout=subprocess.PIPE,
            stderr=said,
        )
        try:
            assert process.stdout
            assert process.stdout.readline().startswith(b"The study is open at")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)
            if process.stdout:
                process.stdout.close()


async def come(url: str, forwarded: str) -> bool:
    """Agree on a page that a proxy forwards; whether that led in."""
    async with await Session.connect(url, headers={"X-Forwarded-For": forwarded}) as page:
        await page.fill("agreed", True)
        await page.fill("old-enough", True)
        await page.click("begin")
        assert page.token or BUSY in [element.label for element in page.elements]
        return page.token is not None


FORWARDED = ("203.0.113.7", "203.0.113.7", "203.0.113.8", "198.51.100.1, 203.0.113.7")


@pytest.mark.parametrize(("proxy", "came"), [("127.0.0.1", [True, False, True, False]), ("", [True] * 4)])
def test_newcomers_are_counted_by_a_forwarded_address_only_where_its_proxy_is_trusted(
    tiny_study: Study, tmp_path: Path, proxy: str, came: list[bool]
) -> None:
    """What a visitor puts in front of the list is not believed; no address is written anywhere."""
    study = replace(tiny_study, access=Access(trusted_proxy=proxy, admissions_per_address=1))
    study.write()

    async def all_come(url: str) -> list[bool]:
        return [await come(url, forwarded) for forwarded in FORWARDED]

    with served(study, tmp_path / "log") as url:
        assert asyncio.run(all_come(url)) == came
    for file in [tmp_path / "log", *study.folder.glob("answers*")]:
        assert b"203.0.113" not in file.read_bytes()
