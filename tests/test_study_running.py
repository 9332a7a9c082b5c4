"""`clstm study serve`, `dashboard` and the other verbs of a study that runs, as they are typed."""

import asyncio
import io
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.request import urlopen

import pytest
from patience import PATIENCE
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from clstm.cli import main
from clstm.runtime.errors import UserError
from listening_study.protocol.configuration import Access
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.researchers import passwords
from listening_study.server import serving
from listening_study.server.serving import Site
from listening_study.store import Agreement, Store, database
from listening_study.store.connection import migrate

Run = Callable[..., int]
COMMENT = "the left hand wobbles like a tired zebrafinch"
VERBS = {
    "serve": [],
    "dashboard": [],
    "password": ["--stdin"],
    "status": [],
    "invite": ["--count", 1, "--url", "https://x.org", "--out", "links.csv"],
    "close": [],
    "reopen": [],
    "backup": ["--out", "copy.sqlite"],
    "withdraw": ["token"],
}


@pytest.fixture(autouse=True)
def no_other_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(database.VARIABLE, raising=False)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`clstm study ...`; returns the exit status."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["clstm", "study", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        return int(stopped.value.code or 0)

    return run


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def store(tiny_study: Study) -> Iterator[Store]:
    migrate(tiny_study.answers_path)
    with closing(Store(tiny_study.answers_path)) as store:
        yield store


def answer_one(study: Study, store: Store) -> str:
    """A listener with one answer; returns their token."""
    token = store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=2))
    listener = store.find(token)
    assert listener
    store.present(listener.id, 0, study.clips[0])
    store.record(listener.id, 0, Response("human", comment=COMMENT))
    return token


@contextmanager
def started(*arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command itself, as a process of its own."""
    command = [sys.executable, "-c", "from clstm.cli.main import main; main()", "study", *map(str, arguments)]
    # A test run started in the background ignores Ctrl-C, and so would the server.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    told = {**os.environ, **environment}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=heed, env=told)  # noqa: PLW1509  one signal, and no more
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout
        process.stdout.close()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


# --- mistakes ---


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_that_is_no_study_is_one_line(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert run(verb, tmp_path, *VERBS[verb]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path} is not a study (no readable study.json); make one with `clstm study create`\n"
    )


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "password"])
def test_a_database_that_is_not_there_is_one_line_without_its_password(
    run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str], verb: str, free_port: int, tmp_path: Path
) -> None:
    replace(tiny_study, access=Access(mode="tokens")).write()
    url = f"postgresql+psycopg://study:secret@127.0.0.1:{free_port}/name"
    given = [tmp_path / word if str(word).endswith((".csv", ".sqlite")) else word for word in VERBS[verb]]
    extra = ["--headless", "--port", free_port] if verb in ("serve", "dashboard") else []
    assert run(verb, tiny_study.folder, *given, *extra, "--database", url) == 2
    error = capsys.readouterr().err
    assert f"study:***@127.0.0.1:{free_port}/name cannot be used" in error
    assert error.count("\n") == 1
    assert "secret" not in error
    assert {file.name for file in tmp_path.iterdir()} == {"study"}


def test_answers_of_another_study_are_not_added_to(
    run: Run, tiny_study: Study, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=1), registration="another")
    assert run("serve", tiny_study.folder) == 2
    assert "was admitted under the registration another" in capsys.readouterr().err
    assert len(store.progress()) == 1


@pytest.mark.parametrize("name", ["volume.flac", "clips"])
def test_a_study_that_lacks_a_sound_is_not_served(
    run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tiny_study.folder / name).rename(tiny_study.folder / "elsewhere")
    assert run("serve", tiny_study.folder) == 2
    assert "is incomplete: it lacks" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["serve", "dashboard"])
def test_a_taken_port_is_one_line(run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(verb, tiny_study.folder, "--port", port, "--headless") == 2
    message = capsys.readouterr().err
    assert f"cannot serve at 127.0.0.1:{port} (Address already in use)" in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    "url", ["study.example.org", "ftp://study.example.org", "https://", "https://x.org:port", "https://x.org?a=b"]
)
def test_a_public_url_that_is_none_is_one_line(
    run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert run("serve", tiny_study.folder, "--public-url", url, "--headless") == 2
    assert f"--public-url {url!r} is not the address of a page" in capsys.readouterr().err


# --- serving ---


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_address_answers_and_stops_cleanly(tiny_study: Study, free_port: int, how: int) -> None:
    with started("serve", tiny_study.folder, "--port", free_port, "--headless") as server:
        assert line(server).startswith(f"The study is open at http://localhost:{free_port} ")
        with urlopen(f"http://localhost:{free_port}/", timeout=PATIENCE) as page:
            assert page.status == 200
        server.send_signal(how)
        assert server.wait(PATIENCE) == 0
    with socket.create_server(("127.0.0.1", free_port)):
        pass  # nothing is left behind it


async def stream(port: int, origin: str, path: str = "") -> str:
    """Open the app's websocket as a page of this origin would; what the server says to that."""
    url = f"ws://127.0.0.1:{port}{path}/_stcore/stream"
    try:
        async with connect(url, origin=Origin(origin), proxy=None):
            return "open"
    except InvalidStatus as refused:
        return f"refused {refused.response.status_code}"


def test_behind_a_proxy_its_page_connects_other_pages_do_not_and_nobody_asks_the_network(
    tiny_study: Study, free_port: int
) -> None:
    public = "https://study.example.org/music"
    with socket.create_server(("127.0.0.1", 0)) as network:
        network.settimeout(0.1)
        # Whatever asks the network goes through this proxy.
        proxy = f"http://127.0.0.1:{network.getsockname()[1]}"
        surroundings = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy)
        options = ("--port", free_port, "--headless", "--public-url", public)
        with started("serve", tiny_study.folder, *options, **surroundings, no_proxy="", NO_PROXY="") as server:
            assert line(server).startswith(f"The study is open at {public} ")
            assert asyncio.run(stream(free_port, "https://study.example.org", "/music")) == "open"
            assert asyncio.run(stream(free_port, f"http://127.0.0.1:{free_port}", "/music")) == "open"
            for foreign in ("https://evil.example.com", "http://8.8.8.8"):
                assert asyncio.run(stream(free_port, foreign, "/music")) == "refused 403"
        with pytest.raises(TimeoutError):
            network.accept()


def test_the_public_url_is_where_the_browser_is_sent() -> None:
    assert Site("127.0.0.1", 8501).url == "http://localhost:8501"
    assert Site("::1", 8501).url == "http://[::1]:8501"
    assert Site("0.0.0.0", 8501, "https://x.org/a/").local_url == "http://localhost:8501/a"
    settings = Site("0.0.0.0", 8501, "https://x.org/a/").settings()
    assert (settings["browser.serverAddress"], settings["browser.serverPort"]) == ("x.org", "443")
    assert settings["server.baseUrlPath"] == "a"
    assert Site("0.0.0.0", 8501, "http://x.org:8080").settings()["browser.serverPort"] == "8080"


def test_what_is_not_an_app_is_not_served(tiny_study: Study, free_port: int) -> None:
    """No way past the app to a file: the key, the answers, the code."""
    with started("serve", tiny_study.folder, "--port", free_port, "--headless") as server:
        line(server)
        secrets = [
            tiny_study.key_path.read_bytes()[:40],
            tiny_study.registration_path.read_bytes()[:40],
            b"SQLite format",
        ]
        for path in (
            "/sealed/key.json",
            "/../sealed/key.json",
            "/%2e%2e/sealed/key.json",
            "/app/static/../../sealed/key.json",
            "/media/../sealed/key.json",
            "/media/%2e%2e%2fsealed%2fkey.json",
            f"/media/{tiny_study.key_path}",
            f"/{tiny_study.key_path}",
            "/component/x/..%2f..%2fsealed/key.json",
            "/answers.sqlite",
            "/registration.json",
            "/_stcore/upload_file/x/y",
            "/dashboard",
        ):
            with socket.create_connection(("127.0.0.1", free_port), timeout=PATIENCE) as client:
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                answer = b"".join(iter(partial(client.recv, 65536), b""))
            assert answer.startswith(b"HTTP/1.1 ")
            assert not any(secret in answer for secret in secrets), path


def test_the_dashboard_prints_a_password_for_this_run_where_none_was_set(tiny_study: Study, free_port: int) -> None:
    with started("dashboard", tiny_study.folder, "--port", free_port, "--headless") as server:
        assert line(server).startswith(f"The dashboard is open at http://localhost:{free_port} ")
        printed = re.fullmatch(r"Password for this run: (\S{16})\n", line(server))
        assert printed
    assert not tiny_study.password_path.exists()


def test_neither_password_nor_database_is_in_the_list_of_processes(
    run: Run, tiny_study: Study, monkeypatch: pytest.MonkeyPatch, free_port: int, tmp_path: Path
) -> None:
    started = []

    def note(command: list[str], env: dict[str, str], **_: object) -> None:
        started.append((command, env))
        raise UserError("noted")

    monkeypatch.setattr(serving.subprocess, "Popen", note)
    url = f"sqlite:///{tmp_path}/secret.sqlite"
    assert run("dashboard", tiny_study.folder, "--port", free_port, "--headless", "--database", url) == 2
    ((command, environment),) = started
    assert "secret" not in " ".join(command)
    assert environment[database.VARIABLE] == url
    assert '"scrypt"' in environment[passwords.VARIABLE]
    assert "scrypt" not in " ".join(command)


# --- the password ---


def test_a_password_from_the_standard_input_is_kept_as_a_hash(
    run: Run, tiny_study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse\n"))
    assert run("password", tiny_study.folder, "--stdin") == 0
    assert stat.S_IMODE(tiny_study.password_path.stat().st_mode) == 0o600
    assert passwords.matches("correct horse", tiny_study.password_path.read_text())
    assert "correct horse" not in tiny_study.password_path.read_text() + capsys.readouterr().out


def test_a_password_is_asked_for_twice(run: Run, tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["correct horse", "corect horse", "correct horse", "correct horse"])
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: next(typed), raising=False)
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: next(typed))
    assert run("password", tiny_study.folder) == 0
    assert passwords.matches("correct horse", tiny_study.password_path.read_text())
    assert next(typed, None) is None


def test_a_short_password_is_one_line(
    run: Run, tiny_study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert run("password", tiny_study.folder, "--stdin") == 2
    assert "a password of 5 characters is too short" in capsys.readouterr().err
    assert not tiny_study.password_path.exists()


# --- invitations ---


def test_invitations_are_links_that_let_in(run: Run, tiny_study: Study, store: Store, tmp_path: Path) -> None:
    replace(tiny_study, access=Access(mode="tokens")).write()
    out = tmp_path / "links.csv"
    arguments = ("--count", 3, "--url", "https://study.example.org/", "--out", out)
    assert run("invite", tiny_study.folder, *arguments) == 0
    heading, *links = out.read_text().splitlines()
    assert (heading, len(set(links))) == ("link", 3)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    for link in links:
        assert link.startswith("https://study.example.org/?t=")
        assert store.invited(link.partition("?t=")[2])


def test_invitations_are_not_written_over_others_nor_for_an_open_study(
    run: Run, tiny_study: Study, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "links.csv"
    arguments = ("--count", 3, "--url", "https://study.example.org", "--out", out)
    assert run("invite", tiny_study.folder, *arguments) == 2
    assert "needs no invitations" in capsys.readouterr().err
    replace(tiny_study, access=Access(mode="tokens")).write()
    out.write_text("sent yesterday")
    assert run("invite", tiny_study.folder, *arguments) == 2
    assert "may contain links that were sent" in capsys.readouterr().err
    assert run("invite", tiny_study.folder, *arguments[:2], "--url", "x.org", "--out", tmp_path / "other.csv") == 2
    assert store.invitations() == (0, 0)


# --- closing, watching, copying, withdrawing ---


def test_a_study_is_closed_and_reopened(
    run: Run, tiny_study: Study, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [run(verb, tiny_study.folder) for verb in ("reopen", "close", "close")] == [0, 0, 0]
    assert not store.is_open()
    assert run("reopen", tiny_study.folder) == 0
    assert store.is_open()
    folder = tiny_study.folder
    assert capsys.readouterr().out.splitlines() == [
        f"{folder} was open already",
        f"{folder} is closed",
        f"{folder} was closed already",
        f"{folder} is open again",
    ]


def test_status_says_who_takes_part_and_not_what_they_answered(
    run: Run, tiny_study: Study, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_one(tiny_study, store)
    assert run("status", tiny_study.folder) == 0
    assert capsys.readouterr().out.splitlines() == [
        "A tiny study: open",
        "Listeners: 1; 0 complete of 20 registered, 1 under way, 0 left, 0 extra",
        "Answers: 1; withdrawn: 0",
    ]


def test_a_backup_can_be_taken_while_the_study_runs_and_put_in_place(
    run: Run, tiny_study: Study, store: Store, tmp_path: Path
) -> None:
    answer_one(tiny_study, store)
    assert run("backup", tiny_study.folder, "--out", tmp_path / "copy.sqlite") == 0
    with closing(Store(tmp_path / "copy.sqlite")) as copy:
        assert copy.answered_trials() == store.answered_trials()


def test_a_backup_never_replaces_the_answers(
    run: Run, tiny_study: Study, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_one(tiny_study, store)
    assert run("backup", tiny_study.folder, "--out", tiny_study.answers_path) == 2
    assert "is the database of the answers" in capsys.readouterr().err
    assert len(store.answered_trials()) == 1


def test_withdrawal_by_token_removes_all(
    run: Run, tiny_study: Study, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    token = answer_one(tiny_study, store)
    assert run("withdraw", tiny_study.folder, token) == 0
    assert "Withdrawals so far: 1" in capsys.readouterr().out
    assert store.progress() == []
    assert all(COMMENT.encode() not in file.read_bytes() for file in tiny_study.folder.glob("answers*"))
    assert run("withdraw", tiny_study.folder, token) == 2
    assert "no participant has this token" in capsys.readouterr().err


def test_the_environment_names_the_database(
    tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    other = tmp_path / "other.sqlite"
    monkeypatch.setenv(database.VARIABLE, f"sqlite:///{other}")
    assert run("close", tiny_study.folder) == 0
    with closing(Store(tiny_study.answers_path)) as store:
        assert store.is_open()
    with database.open_answers(tiny_study) as store:
        assert not store.is_open()
    monkeypatch.setenv(database.VARIABLE, "mysql://x")
    with pytest.raises(UserError, match="cannot be kept in mysql"), database.open_answers(tiny_study):
        pass
