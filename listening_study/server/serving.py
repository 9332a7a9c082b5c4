"""Starting one of the two pages with restrictive settings, and stopping it cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from clstm.runtime.errors import UserError
from listening_study.protocol.study import Study
from listening_study.server import parent
from listening_study.store import database
from listening_study.store.connection import migrate
from listening_study.streamlit_internals.addresses import HEALTH
from listening_study.streamlit_internals.options import (
    PROXY_VARIABLE,
    SETTINGS,
    SMALL_MESSAGES,
    public_settings,
    site_settings,
)

START_LIMIT = 60.0  # seconds a server may take to answer
STOP_LIMIT = 5.0  # seconds it may take to stop

PAGES = {"app": "participants/app.py", "dashboard": "researchers/dashboard.py"}  # within `listening_study`


@dataclass(frozen=True)
class Site:
    """Where an app listens, and the public address it has behind a proxy, if any."""

    address: str
    port: int
    public_url: str | None = None

    def settings(self) -> dict[str, str]:
        """As options of Streamlit. Raises `UserError` for a malformed public URL.

        >>> behind = Site("127.0.0.1", 8501, "https://study.example.org").settings()
        >>> behind["server.port"], behind["browser.serverAddress"], behind["browser.serverPort"]
        ('8501', 'study.example.org', '443')
        """
        here = site_settings(self.address, self.port)
        if self.public_url is None:
            return here
        scheme, host, port, path = web_address("--public-url", self.public_url)
        return here | public_settings(host, port or (443 if scheme == "https" else 80), path)

    @property
    def local_url(self) -> str:
        name = "localhost" if self.address in ("0.0.0.0", "127.0.0.1", "::") else self.address  # noqa: S104  compared, not bound
        host = f"[{name}]" if ":" in name else name
        path = self.settings().get("server.baseUrlPath")
        return f"http://{host}:{self.port}" + (f"/{path}" if path else "")

    @property
    def url(self) -> str:
        return self.public_url or self.local_url


def web_address(option: str, url: str) -> tuple[str, str, int | None, str]:
    """Scheme, host, port and path of an http(s) URL without a query. Raises `UserError` for anything else.

    >>> web_address("--url", "https://study.example.org/bach/")
    ('https', 'study.example.org', None, 'bach')
    """
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment):
            return parts.scheme, parts.hostname, parts.port, parts.path.strip("/")
    except ValueError:
        pass
    raise UserError(f"{option} {url!r} is not the address of a page; give one like https://study.example.org")


def serve(
    app: str,
    study: Study,
    site: Site,
    *,
    address: str | None = None,
    environment: Mapping[str, str] | None = None,
    announce: Callable[[str], object],
    open_browser: bool,
) -> None:
    """Run `listening_study/<app>.py` on a study until it is stopped. `announce` gets the URL once it answers.

    address : of the answers' database, where it is not the file in the study's folder
    environment : further variables for the app; not flags, which all users of a machine can read

    Raises `UserError` for a port in use, an address that is not this machine's, a database that cannot be used.
    """
    launched = command(app, study, site)
    _check_free(site)
    migrate(address or study.answers_path)
    variables = {name: value for name, value in os.environ.items() if name != database.VARIABLE}
    variables |= {database.VARIABLE: address} if address else {}
    variables |= {PROXY_VARIABLE: study.access.trusted_proxy} | dict(environment or {})
    _stop_on(signal.SIGTERM)  # what a service manager sends
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        _stop_on(signal.SIGHUP)  # what a terminal sends that is closed
    with parent.lifeline() as line:
        server = subprocess.Popen(launched, env=variables | {parent.VARIABLE: str(line)}, pass_fds=(line,))
        _wait_and_stop(server, site, announce, open_browser=open_browser)


def _wait_and_stop(
    server: subprocess.Popen[bytes], site: Site, announce: Callable[[str], object], *, open_browser: bool
) -> None:
    """Wait until the server ends or is stopped, and stop it."""
    try:
        _wait_until_it_answers(server, f"{site.local_url}{HEALTH}")
        announce(site.url)
        if open_browser:
            webbrowser.open(site.url)
        if status := server.wait():
            raise UserError(f"the server ended by itself (exit status {status}); all acknowledged answers are stored")
    except KeyboardInterrupt:
        pass  # the intended way to stop it
    finally:
        server.terminate()
        try:
            server.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            server.kill()


def command(app: str, study: Study, site: Site) -> list[str]:
    """The command line that starts a page, of `PAGES`, on a study."""
    settings = SETTINGS | (SMALL_MESSAGES if app == "app" else {}) | site.settings()
    flags = [f"--{name}={value}" for name, value in settings.items()]
    script = Path(__file__).parents[1] / PAGES[app]
    launcher = [sys.executable, "-P", "-m", "listening_study.server.launching", "run"]  # -P: not from here
    return [*launcher, str(script), *flags, "--", str(study.folder.resolve())]


def _stop_on(number: int) -> None:
    signal.signal(number, _stop)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_free(site: Site) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in site.address else socket.AF_INET) as trial:
            # Without this, the port of a server that has just stopped would count as used.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((site.address, site.port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"cannot serve at {site.address}:{site.port} ({reason}); choose another --port or --address"
        ) from error


def _wait_until_it_answers(server: subprocess.Popen[bytes], url: str) -> None:
    opener = build_opener(ProxyHandler({}))  # not through a proxy of the network
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise UserError(f"the server ended at once (exit status {server.returncode}); its message is above")
        try:
            with opener.open(url, timeout=2):
                return
        except (URLError, HTTPException, OSError):
            time.sleep(0.1)
    raise UserError(f"the server did not answer at {url} within {START_LIMIT:g} s; is the machine overloaded?")
