"""A server of the study beside clients that hang, vanish or come in hundreds, and a command that is killed."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from app_server import AppServer, free_port, running
from patience import PATIENCE

import listening_study
from listening_study.protocol.study import Study
from listening_study.server import connections
from listening_study.store.connection import migrate
from listening_study.streamlit_internals.page_client import Session

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
REQUEST = b"GET /_stcore/health HTTP/1.1\r\nHost: localhost\r\n"
HURRIED = (
    "from listening_study.streamlit_internals.http_protocol import ImpatientProtocol; ImpatientProtocol.limit = 0.5; "
)
LAUNCH = "import runpy; runpy.run_module('listening_study.server.launching', run_name='__main__', alter_sys=True)"


@contextmanager
def served(
    study: Study, log: Path, *, before: Callable[[], object] | None = None, **settings: str
) -> Iterator[AppServer]:
    """The app; it waits no more than half a second for a request."""
    migrate(study.answers_path)
    server = AppServer(APP, [str(study.folder)], log=log, settings=settings, before=before)
    server.launch_by("-c", HURRIED + LAUNCH)
    with running(server):
        yield server


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answer(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    try:
        return b"".join(iter(partial(client.recv, 65536), b""))
    except ConnectionResetError:
        return b""


def drip(client: socket.socket, word: bytes) -> None:
    """One byte now and then, until the server has enough of it."""
    while True:
        try:
            client.sendall(word)
        except OSError:
            return
        time.sleep(0.1)


HALF = {
    "nothing": b"",
    "half a request": REQUEST,
    "half a handshake": REQUEST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    "half a body": REQUEST + b"Content-Length: 100\r\n\r\nabc",
    "half a second request": REQUEST + b"\r\n" + REQUEST,
}


def test_connections_that_never_come_to_the_point_are_closed_and_pages_stay(tiny_study: Study, tmp_path: Path) -> None:
    with served(tiny_study, tmp_path / "log") as server, ExitStack() as clients:

        def client(words: bytes) -> socket.socket:
            one = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
            clients.callback(one.close)
            one.sendall(words)
            return one

        async def listen() -> None:
            async with await Session.connect(server.url) as page:
                hanging = {what: client(words) for what, words in HALF.items()}
                for what, one in hanging.items():
                    answered = await asyncio.to_thread(answer, one)
                    assert answered.count(b"HTTP/1.1 ") <= 1, what
                await asyncio.to_thread(drip, client(REQUEST + b"X-Slow: "), b"a")
                await page.rerun()
                assert page.lost is None

        asyncio.run(listen())
        whole = client(REQUEST + b"Connection: close\r\n\r\n")
        assert answer(whole).startswith(b"HTTP/1.1 200")
        assert "Traceback" not in server.log


HANDSHAKE = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {}\r\n\r\n"
)


def test_a_page_that_answers_no_ping_is_given_up(tiny_study: Study, tmp_path: Path) -> None:
    with (
        served(tiny_study, tmp_path / "log", **{"server.websocketPingInterval": "1"}) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as page,
    ):
        page.sendall(HANDSHAKE.format(server.url).encode())
        said = answer(page)  # ends when the server closes
        assert said.startswith(b"HTTP/1.1 101 ")
        assert b"keepalive ping timeout" in said


def limited(soft: int, hard: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_takes_as_many_files_as_it_may(tiny_study: Study, tmp_path: Path) -> None:
    """With a soft limit of 64 a handful of pages would lock everybody out."""

    async def crowd(url: str) -> None:
        pages = [await Session.connect(url) for _ in range(25)]
        assert all(page.lost is None for page in pages)
        for page in pages:
            await page.close()

    with served(tiny_study, tmp_path / "log", before=partial(limited, 64, 400)) as server:
        assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (400, 400)
        asyncio.run(crowd(server.url))
        assert "Too many open files" not in server.log


@pytest.mark.parametrize(("hard", "fit"), [(1024, 240), (resource.RLIM_INFINITY, 16368), (32, 0)])
def test_how_many_pages_fit_follows_from_the_hard_limit(monkeypatch: pytest.MonkeyPatch, hard: int, fit: int) -> None:
    monkeypatch.setattr(connections.resource, "getrlimit", lambda _: (32, hard))
    assert connections.pages_that_fit() == fit


def test_a_limit_that_the_system_does_not_tell_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [256]

    def set_limit(_: int, wanted: tuple[int, int]) -> None:
        if wanted[0] > 10_240:  # as on macOS
            raise ValueError("current limit exceeds maximum limit")
        now[0] = wanted[0]

    monkeypatch.setattr(connections.resource, "getrlimit", lambda _: (now[0], resource.RLIM_INFINITY))
    monkeypatch.setattr(connections.resource, "setrlimit", set_limit)
    connections.raise_file_limit()
    assert 5_000 < now[0] <= 10_240


# --- the command that started it ---


@pytest.fixture
def command(tiny_study: Study) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`clstm study serve` and its port, with few files to be had."""
    port = free_port()
    words = ["study", "serve", str(tiny_study.folder), "--port", str(port), "--headless"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from clstm.cli.main import main; main()", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(limited, 256, 1024),  # noqa: PLW1509  there are no other threads
        start_new_session=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline().startswith("The study is open at")
        try:
            yield process, port
        finally:
            process.kill()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_the_server_ends_with_the_command_that_started_it(
    command: tuple[subprocess.Popen[str], int], how: signal.Signals
) -> None:
    process, port = command
    (server,) = children(process.pid)
    with closing(socket.create_connection(("127.0.0.1", port))):
        process.send_signal(how)
        assert process.wait(PATIENCE) == (0 if how == signal.SIGHUP else -signal.SIGKILL)
        until(lambda: not alive(server))
    socket.create_server(("127.0.0.1", port)).close()
    assert process.stderr
    assert process.stderr.read().startswith(
        "About 240 listeners can have the study open at once: the system limits open files (ulimit -Hn)\n"
    )


def test_a_server_whose_command_died_before_it_could_ask_ends_too(tmp_path: Path) -> None:
    """The signal is asked for too late then; the pipe tells."""
    reading, writing = os.pipe()
    script = (
        "import signal, time; from listening_study.server import parent; "
        "parent._PR_SET_PDEATHSIG = 0; parent.GRACE = 0.1; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); parent.end_with_parent(); time.sleep(1e4)"
    )
    told = {**os.environ, "CLSTM_STUDY_PARENT": str(reading)}
    os.close(writing)
    server = subprocess.Popen([sys.executable, "-c", script], env=told, pass_fds=(reading,))
    os.close(reading)
    assert server.wait(PATIENCE) == 1
