"""Nobody gets in: what a hostile participant may send to the real server, and what any address of it gives."""

import asyncio
import itertools
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import quote

import pandas as pd
import pytest
from app_server import AppServer, running
from minimal_study import NAMES, write_study
from patience import PATIENCE
from scripted_listener import (
    Listener,
    answer_of,
    hear,
    newcomer,
    pass_screen,
    players,
    some_response,
    task_on,
    trial_on,
)
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

import listening_study
from clstm.runtime.spreadsheet import csv
from listening_study.blinding import participant
from listening_study.participants.screens.trial import TOLERANCE
from listening_study.protocol.configuration import Design
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.store import AnsweredTrial, Store
from listening_study.store import Listener as Participant
from listening_study.store.connection import migrate
from listening_study.streamlit_internals.page_client import GoneError, Session

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
ELSEWHERE = "http://elsewhere.example"
COMMENT = "kingfisher"  # in the answers of somebody else
SECONDS = 1.0  # of a clip
ENOUGH = SECONDS - TOLERANCE + 0.05  # after so many seconds answers open
HASH = "5ca1ab1e" * 8  # of the dashboard's password
BANNERS = re.compile(rb"Traceback|site-packages|(uvicorn|starlette|streamlit|python)/\d", re.IGNORECASE)

Visit = Callable[[Callable[[Session], Awaitable[None]]], None]


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Open:
    """A study that is being served, and somebody who took part in it to the end."""

    study: Study
    server: AppServer
    somebody: Listener
    frames: list[bytes]  # all that somebody's page received

    def ask(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> Answered:
        """Exactly this path, however odd."""
        with closing(HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answered(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def stored(self, token: str | None) -> list[AnsweredTrial]:
        with closing(Store(self.study.answers_path)) as store:
            owner = store.find(token or "")
            assert owner
            return [one for one in store.answered_trials() if one.participant == owner.id]

    def participant(self, token: str | None) -> Participant:
        with closing(Store(self.study.answers_path)) as store:
            owner = store.find(token or "")
            assert owner
            return owner

    @property
    def secret(self) -> list[bytes]:
        """What no address may give."""
        files = [self.study.folder / "study.json", self.study.registration_path, self.study.key_path]
        files.append(self.study.order_path)
        return [
            *(path.read_bytes()[:60] for path in files),
            *(name.encode() for name in NAMES),
            COMMENT.encode(),
            HASH.encode(),
            b"SQLite format",
            b"root:x:0",
            str(self.study.folder).encode(),
        ]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("security")
    study = write_study(folder / "study", each=2, seconds=SECONDS, design=Design(practice=1, break_every=2))
    study = replace(study, headphones=study.headphones[:1])
    study.write()
    study.password_path.write_text(json.dumps({"hash": HASH}))
    migrate(study.answers_path)
    with running(AppServer(APP, [str(study.folder)], log=folder / "log")) as server:
        somebody = Listener((server.url,), Random(0), ENOUGH, comment=COMMENT, keep_frames=True)
        asyncio.run(somebody.take_part())
        yield Open(study, server, somebody, somebody.frames)
        assert server.running


@pytest.fixture
def visit(opened: Open) -> Visit:
    """Do something at the first trial of a new participant."""

    def visit(do: Callable[[Session], Awaitable[None]]) -> None:
        async def go() -> None:
            token = newcomer(opened.study, opened.study.answers_path)
            async with await Session.connect(opened.server.url, token, keep_frames=True) as page:
                assert trial_on(page) == 0
                await do(page)

        asyncio.run(go())

    return visit


async def send_and_wait(page: Session, frame: bytes | str) -> None:
    await page.send_raw(frame)
    await page.settle()


# --- addresses ---

CLIMBS = [
    "../" * 8,
    "..%2f" * 8,
    "%2e%2e/" * 8,
    "%2e%2e%2f" * 8,
    "%252e%252e%252f" * 8,
    "..\\" * 8,
    "..%5c" * 8,
    "....//" * 8,
    "/",
    "%2f",
    "\\\\localhost\\",
    "file:%2f%2f",
    "",
]
PLACES = ["", "media", "static", "app/static", "component", "component/{player}", "_stcore", "_stcore/upload_file/x"]
PLACES += ["_stcore/bidi-components", "_stcore/bidi-components/{player}", "_stcore/agent", "static/js"]


@pytest.mark.parametrize("place", PLACES)
def test_no_path_leads_to_a_file_of_the_study(opened: Open, place: str) -> None:
    page = opened.ask("/").body
    folder = opened.study.folder
    names = [opened.study.answers_path, opened.study.key_path, folder / "study.json", opened.study.password_path]
    targets = [str(path)[1:] for path in names] + [path.name for path in names] + ["sealed/key.json", "etc/passwd"]
    component = opened.somebody.players[0].content.component_name
    for climb, target in itertools.product(CLIMBS, targets):
        path = f"/{place.format(player=quote(component, safe=''))}/{climb}{target}"
        answered = opened.ask(re.sub("^/+", "/", path) if climb else path)
        assert answered.status >= 400 or answered.body == page, path
        assert not [secret for secret in opened.secret if secret in answered.body], path
        assert not BANNERS.search(answered.body), path


def test_no_address_shows_results_answers_or_the_researchers_page(opened: Open) -> None:
    page = opened.ask("/").body
    for name in (
        "dashboard",
        "results",
        "answers",
        "answers.csv",
        "export",
        "admin",
        "api",
        "sealed",
        "clips",
        "words",
    ):
        for path in (f"/{name}", f"/{name}/", f"/app/{name}", f"/~/+/{name}"):
            answered = opened.ask(path)
            assert answered.status >= 300 or answered.body == page


def test_a_clips_own_name_is_no_address_of_it(opened: Open) -> None:
    for clip in opened.study.clips:
        for place in ("media", "app/static", "clips", "static", "_stcore/media"):
            assert b"fLaC" not in opened.ask(f"/{place}/{clip}.flac").body


def test_nothing_is_said_about_versions_and_no_traceback_is_shown(opened: Open) -> None:
    for path in ("/", "/nowhere", "/media/none", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics"):
        answered = opened.ask(path)
        assert not BANNERS.search(answered.body)
        assert not BANNERS.search(repr(answered.headers).encode())


def test_the_servers_own_figures_name_nobody(opened: Open) -> None:
    figures = opened.ask("/_stcore/metrics").body
    token = (opened.somebody.token or "").encode()
    assert not [secret for secret in [*opened.secret, token] if secret in figures]


def test_programs_are_not_invited(opened: Open) -> None:
    answered = opened.ask("/_stcore/agent/interact", "POST", {"Content-Type": "application/json"}, b"{}")
    assert answered.status >= 400


# --- uploads and other origins ---


def test_uploads_are_refused_even_with_everything_right(opened: Open) -> None:
    boundary = {"Content-Type": "multipart/form-data; boundary=B"}
    body = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhello\r\n--B--\r\n'
    cookie = opened.ask("/_stcore/health").headers["set-cookie"].split(";")[0]
    allowed = boundary | {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}

    async def upload() -> None:
        async with await Session.connect(opened.server.url) as page:
            path = f"/_stcore/upload_file/{page.session_id}/file"
            for headers in (boundary, allowed):
                for method in ("PUT", "POST"):
                    answered = await asyncio.to_thread(opened.ask, path, method, headers, body)
                    assert answered.status in (403, 404, 405, 413), (method, answered)

    asyncio.run(upload())


def test_a_page_from_elsewhere_may_not_connect(opened: Open) -> None:
    async def connect() -> None:
        for origin in (ELSEWHERE, "null", "http://127.0.0.1.elsewhere.example", "https://share.streamlit.io"):
            with pytest.raises(GoneError, match="rejected"):
                await Session.connect(opened.server.url, origin=origin)

    asyncio.run(connect())


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/media/none"])
def test_no_answer_is_meant_for_other_origins(opened: Open, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        allowed = opened.ask(path, method, {"Origin": ELSEWHERE}).headers.get("access-control-allow-origin", "")
        assert allowed not in ("*", ELSEWHERE)


def test_no_other_site_may_steer_the_page_from_around_it(opened: Open) -> None:
    assert not any(json.loads(opened.ask("/_stcore/host-config").body)["allowedOrigins"])


# --- tokens ---


def test_no_other_token_is_anybodys(opened: Open) -> None:
    token = opened.somebody.token
    assert token
    assert len(token) >= 22  # 128 random bits
    changed = ("B" if token[0] == "A" else "A") + token[1:]
    others = [secrets.token_urlsafe(16), changed, token[:-1], f"{token}A", token.swapcase(), f" {token}"]
    others += ["", "0", "1", "%", "' OR 1=1 --", "\ud800", "ÿ" * 300, "A" * 50_000]

    async def try_out() -> None:
        for other in others:
            query = "t=" + quote(other, safe="", errors="surrogatepass")
            async with await Session.connect(opened.server.url, query=query, keep_frames=True) as page:
                assert page.has("begin")
                assert not page.all_of("exception")
                assert not any(COMMENT.encode() in frame for frame in page.frames)

    asyncio.run(try_out())


def test_somebody_elses_token_shows_nothing_of_their_answers(opened: Open) -> None:
    async def look() -> None:
        async with await Session.connect(opened.server.url, opened.somebody.token, keep_frames=True) as page:
            assert not any(COMMENT.encode() in frame for frame in page.frames)
            assert not page.has("begin")

    asyncio.run(look())


# --- forged answers ---


async def send(page: Session, response: Response) -> None:
    """Send an answer to the trial on the page."""
    await page.report(task_on(page).key, answer=answer_of(task_on(page), response))


async def answer(page: Session, comment: str = "said") -> Response:
    """As any participant does."""
    response = some_response(Random(7), comment)
    await hear(page, ENOUGH)
    await send(page, response)
    return response


def test_an_answer_before_the_clip_was_heard_is_not_taken(opened: Open, visit: Visit) -> None:
    async def forge(page: Session) -> None:
        await send(page, some_response(Random(1)))
        assert opened.stored(page.token) == []
        assert trial_on(page) == 0

    visit(forge)


def test_a_clip_cannot_be_heard_faster_than_it_lasts(opened: Open, visit: Visit) -> None:
    stored: list[list[AnsweredTrial]] = []

    async def forge(page: Session) -> None:
        began = time.monotonic()
        await hear(page, 0)
        await send(page, some_response(Random(1)))
        if time.monotonic() - began < SECONDS / 2:  # an attempt as long as the clip shows nothing
            stored.append(opened.stored(page.token))

    while not stored:
        visit(forge)
    assert stored == [[]]


def test_answers_to_clips_not_shown_yet_or_long_answered_are_not_taken(opened: Open, visit: Visit) -> None:
    """The component of a later trial has an id that another participant may tell."""
    sent: dict[int, WidgetState] = {}

    async def replay(page: Session, number: int, comment: str) -> None:
        state = json.loads(sent[number].json_value)
        state["answer"]["values"][-1] = comment
        await page.send([WidgetState(id=sent[number].id, json_value=json.dumps(state))])
        await page.settle()

    async def note(page: Session) -> None:
        for number in range(2):
            assert trial_on(page) == number
            await hear(page, ENOUGH)
            task = task_on(page)
            answered = answer_of(task, some_response(Random(number), "first"))
            state = {"report": participant.report(task, 1.0, 3), "answer": answered}
            sent[number] = WidgetState(id=task.id, json_value=json.dumps(state))
            await page.report(task.key, answer=answered)
        await pass_screen(page, Random(0))
        assert trial_on(page) == 2
        for number in (0, 1):
            await replay(page, number, "second")
        assert [one.response.comment for one in opened.stored(page.token)] == ["first", "first"]

    async def forge(page: Session) -> None:
        await hear(page, ENOUGH)
        await replay(page, 1, "second")
        assert opened.stored(page.token) == []
        assert trial_on(page) == 0

    visit(note)
    visit(forge)


# Place in the answer: maker, confidence, known, rhythm, melody, repetitiveness, comment.
FORGED: list[tuple[int, object]] = [
    (0, "Robot"),
    (0, 2),
    (0, -1),
    (0, True),
    (0, None),
    (1, 9),
    (1, 0.5),
    (3, 0),
    (3, float("nan")),
    (3, 1e308),
    (2, "perhaps"),
    (6, 7),
    (6, ["a", "b"]),
]


def test_what_nobody_was_offered_is_not_taken(opened: Open) -> None:
    async def forge(place: int, value: object) -> None:
        token = newcomer(opened.study, opened.study.answers_path)
        async with await Session.connect(opened.server.url, token) as page:
            await hear(page, ENOUGH)
            answered = answer_of(task_on(page), some_response(Random(1)))
            values = answered["values"]
            assert isinstance(values, list)
            values[place] = value
            await page.report(task_on(page).key, answer=answered)
            for odd in (None, 3, "human", [], {}, {"values": None}, {"values": [0]}, {"values": {"0": 0}}):
                await page.report(task_on(page).key, answer=odd)
            assert not page.all_of("exception")
            assert trial_on(page) == 0
        assert opened.stored(token) == []

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as tasks:
            for place, value in FORGED:
                tasks.create_task(forge(place, value))

    asyncio.run(all_of_them())


def test_a_comment_of_100_kb_does_not_get_in_and_nobody_is_stuck(opened: Open, visit: Visit) -> None:
    async def forge(page: Session) -> None:
        await answer(page, "x" * 100_000)
        assert all(len(one.response.comment or "") <= 2000 for one in opened.stored(page.token))
        if trial_on(page) == 0:
            await answer(page, "shorter")
        assert len(opened.stored(page.token)) == 1
        assert trial_on(page) == 1

    visit(forge)


def test_an_answer_sent_ten_times_is_there_once(opened: Open, visit: Visit) -> None:
    async def forge(page: Session) -> None:
        await hear(page, ENOUGH)
        task = task_on(page)
        answered = answer_of(task, some_response(Random(1)))
        state = {"report": participant.report(task, 1.0, 3), "answer": answered}
        states = [WidgetState(id=task.id, json_value=json.dumps(state))]
        for _ in range(10):
            await page.send(states)
        await page.settle()
        await page.send(states)
        await page.settle()
        assert [one.trial for one in opened.stored(page.token)] == [0]
        assert trial_on(page) == 1

    visit(forge)


def test_a_player_that_lies_about_the_share_gets_nowhere(opened: Open, visit: Visit) -> None:
    async def forge(page: Session) -> None:
        (player,) = players(page)
        await asyncio.sleep(ENOUGH)
        for number, heard in enumerate([-1, 7, 1e308, float("nan"), "much", None, [1], {"a": 1}], 1):
            await page.report(player.key, report=participant.report(player, heard, number))
            await page.report(player.key, report=heard)
        await page.report(player.key, report={**participant.report(player), "heard": [1.0, 1.0]})
        await page.report(player.key, report={**participant.report(player), "heard": 1.0})
        with closing(Store(opened.study.answers_path)) as store:
            assert store.heard(opened.participant(page.token).id, 0) == 0
        await send(page, some_response(Random(1)))
        assert opened.stored(page.token) == []
        assert not page.all_of("exception")
        assert trial_on(page) == 0

    visit(forge)


# --- frames ---


def test_frames_no_page_sends_end_that_connection_alone(opened: Open, visit: Visit) -> None:
    async def forge(page: Session) -> None:
        url = opened.server.url
        huge = BackMsg()
        huge.rerun_script.widget_states.widgets.add(id="comment", string_value="x" * 2**21)
        for frame in (b"\xff" * 100, "text", huge.SerializeToString()):
            async with await Session.connect(url) as other:
                with pytest.raises(GoneError):
                    await send_and_wait(other, frame)
        await page.rerun()
        assert trial_on(page) == 0

    visit(forge)


def test_what_else_a_page_may_ask_for_harms_nobody_and_tells_nothing(opened: Open, visit: Visit) -> None:
    """Streamlit's own requests: some are for the developer alone."""
    requests = [BackMsg(clear_cache=True), BackMsg(stop_script=True), BackMsg(load_git_info=True)]
    requests += [BackMsg(set_run_on_save=True), BackMsg(debug_shutdown_runtime=True), BackMsg(app_heartbeat=True)]
    skills = BackMsg()
    skills.backend_operation_request.install_skills.SetInParent()

    async def ask(page: Session) -> None:
        async with await Session.connect(opened.server.url, keep_frames=True) as other:
            for request in [*requests, skills]:
                await other.send_raw(request.SerializeToString())
            await asyncio.sleep(0.2)
            kinds = {ForwardMsg.FromString(frame).WhichOneof("type") for frame in other.frames}
            assert "git_info_changed" not in kinds
        await answer(page)
        assert len(opened.stored(page.token)) == 1

    visit(ask)


# --- what is told ---


def test_nothing_on_the_wire_names_a_source_a_piece_or_a_place_on_the_server(opened: Open) -> None:
    whole = [*opened.frames, *opened.somebody.media]
    assert any(b"A wired study" in frame for frame in opened.frames)  # what is searched can be read
    assert sum(media.startswith(b"fLaC") for media in opened.somebody.media) >= len(opened.study.clips)
    words = [name.encode() for name in NAMES] + [str(opened.study.folder).encode(), b"Traceback", b"sealed"]
    assert not [word for word in words for part in whole if word in part]


def test_script_and_formulas_in_a_comment_stay_text(opened: Open, visit: Visit) -> None:
    script = '=HYPERLINK("http://elsewhere.example")<script>alert(1)</script>'

    async def say(page: Session) -> None:
        await hear(page, ENOUGH)
        page.frames.clear()
        await send(page, some_response(Random(1), script))
        comment = opened.stored(page.token)[0].response.comment
        assert comment == script
        assert csv(pd.DataFrame({"comment": [comment]})).splitlines()[1].startswith("\"'=")
        assert not any(script.encode() in frame for frame in page.frames)

    visit(say)
