"""The listener without a browser, against a small app that has one of each."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from app_server import AppServer, running

from listening_study.streamlit_internals.page_client import GoneError, Session, UnclickableError

APP = """
import time
import streamlit as st

LONG = "All work and no play. " * 1000  # longer than what the page keeps for later

@st.cache_resource
def player():
    return st.components.v2.component("player", html="<audio></audio>", js="export default () => {}")

state = st.session_state
st.title("A small app")
st.markdown(f"token {st.query_params.get('t')}, language {st.context.locale}")
if st.button("Count"):
    state["count"] = state.get("count", 0) + 1
st.button("Never", disabled=True)
st.markdown(f"counted {state.get('count', 0)}")
if st.checkbox("More"):
    st.text_input("Deeper", key="deeper")
if st.button("Move"):
    st.query_params["t"] = "another"
    state["moved"] = True
    st.rerun()
if state.get("moved"):
    st.markdown("moved")
with st.form("trial"):
    said = st.radio("Who?", ["Human", "Computer"], index=None, key="who")
    sure = st.segmented_control("How sure?", [1, 2, 3, 4], key="sure")
    known = st.checkbox("I know it", key="known")
    comment = st.text_area("Comment", key="comment")
    if st.form_submit_button("Answer"):
        state["answer"] = (said, sure, known, comment)
st.markdown(f"answer {state.get('answer')}")
heard = player()(key="player", data={"clip": "abc"}, on_heard_change=lambda: None, on_ended_change=lambda: None)
st.markdown(f"heard {heard.heard}, ended {heard.ended}")
if st.button("Wait", key="wait"):
    time.sleep(1)
@st.fragment
def part():
    if st.button("Inside", key="inside"):
        state["pressed"] = state.get("pressed", 0) + 1
    st.markdown(f"inside {state.get('pressed', 0)}")
part()
st.audio(b"not really a sound", format="audio/flac")
st.markdown(LONG)
st.markdown(f"drawn at {time.time_ns()}")
"""

Visit = Callable[[Callable[[Session], Awaitable[None]]], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP)
    with running(AppServer(folder / "app.py", log=folder / "log")) as server:
        yield server


@pytest.fixture
def visit(server: AppServer) -> Visit:
    """Open a page and do something there."""

    def visit(do: Callable[[Session], Awaitable[None]]) -> None:
        async def go() -> None:
            async with await Session.connect(server.url, "a token", keep_frames=True, language="de-AT") as page:
                await do(page)

        asyncio.run(go())

    return visit


def test_a_page_shows_what_the_app_draws(visit: Visit) -> None:
    async def look(page: Session) -> None:
        assert page.all_of("heading")[0].label == "A small app"
        assert "token a token, language de-AT" in page.text
        assert page.find("player").data == {"clip": "abc"}
        assert [button.label for button in page.all_of("button")[:2]] == ["Count", "Never"]
        assert any(b"A small app" in frame for frame in page.frames)

    visit(look)


def test_a_button_counts_once_for_each_press(visit: Visit) -> None:
    async def press(page: Session) -> None:
        for number in (1, 2):
            await page.click("Count")
            assert f"counted {number}\n" in page.text
        await page.rerun()
        assert "counted 2\n" in page.text

    visit(press)


def test_a_disabled_button_is_not_pressed_and_an_unknown_one_is_said(visit: Visit) -> None:
    async def press(page: Session) -> None:
        with pytest.raises(UnclickableError, match="'Never' is disabled"):
            await page.click("Never")
        with pytest.raises(LookupError, match="nothing on the page is called 'Nowhere'; there are: Count, Never"):
            await page.click("Nowhere")

    visit(press)


def test_what_is_filled_in_arrives_at_once_but_in_a_form_with_its_button(visit: Visit) -> None:
    async def answer(page: Session) -> None:
        await page.fill("who", "Computer")
        await page.fill("sure", "4")
        await page.fill("I know it", True)
        await page.fill("comment", "„ja“ <b>\n=1+1")
        await page.rerun()
        assert "answer None" in page.text
        await page.click("Answer")
        assert f"answer {('Computer', 4, True, '„ja“ <b>' + chr(10) + '=1+1')!r}" in page.text

    visit(answer)


def test_what_is_not_drawn_again_is_gone(visit: Visit) -> None:
    async def fold(page: Session) -> None:
        assert not page.has("deeper")
        await page.fill("More", True)
        assert page.has("deeper")
        await page.fill("deeper", "text")
        await page.fill("More", False)
        assert not page.has("deeper")

    visit(fold)


def test_the_app_may_change_the_address_and_start_anew(visit: Visit) -> None:
    async def move(page: Session) -> None:
        assert page.token == "a token"
        await page.click("Move")
        assert page.token == "another"
        assert "moved" in page.text
        assert "token another" in page.text

    visit(move)


def test_a_component_says_its_state_and_what_happened(visit: Visit) -> None:
    async def play(page: Session) -> None:
        await page.report("player", heard=0.5)
        assert "heard 0.5, ended None" in page.text
        await page.trigger("player", "ended", 3)
        assert "heard 0.5, ended 3" in page.text
        await page.rerun()
        assert "heard 0.5, ended None" in page.text

    visit(play)


def test_a_fragment_is_drawn_alone(visit: Visit) -> None:
    async def press(page: Session) -> None:
        drawn = page.all_of("markdown")[-1].label
        await page.click("inside")
        assert "inside 1" in page.text
        assert page.has("who")
        assert page.all_of("markdown")[-1].label == drawn

    visit(press)


def test_what_the_page_kept_is_not_sent_again(visit: Visit) -> None:
    async def look(page: Session) -> None:
        first = sum(map(len, page.frames))
        page.frames.clear()
        await page.rerun()
        assert sum(map(len, page.frames)) < first - 20_000
        assert page.text.count("All work") == 1000

    visit(look)


def test_media_can_be_fetched(visit: Visit) -> None:
    async def fetch(page: Session) -> None:
        address = page.all_of("audio")[0].content.url
        assert await page.fetch(address) == b"not really a sound"
        with pytest.raises(GoneError, match="does not give /media/nothing: HTTP Error 404"):
            await page.fetch("/media/nothing")

    visit(fetch)


def test_waiting_for_something_that_does_not_come_ends(visit: Visit) -> None:
    async def wait(page: Session) -> None:
        began = time.monotonic()
        await page.press("wait")
        with pytest.raises(GoneError, match=r"did not answer within 0\.1 s"):
            await page.settle(0.1)
        await page.settle()
        assert time.monotonic() - began > 1

    visit(wait)


def test_a_server_that_dies_is_noticed_and_found_again(server: AppServer) -> None:
    async def go() -> None:
        page = await Session.connect(server.url)
        await page.press("wait")
        server.kill()
        with pytest.raises(GoneError, match="closed the connection"):
            await page.settle()
        with pytest.raises(GoneError, match="cannot be reached"):
            await Session.connect(server.url)
        server.start()
        async with await Session.connect(server.url, session_id=page.session_id) as page:
            assert "A small app" in page.text

    asyncio.run(go())
