"""A real Streamlit server for tests, started as `listening_study.server.serving` does it, and killed without a word."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from patience import PATIENCE

from listening_study.server import serving
from listening_study.streamlit_internals import options

_OPENER = build_opener(ProxyHandler({}))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class AppServer:
    """One app on one port. `start` again after `kill`."""

    def __init__(
        self,
        script: Path,
        arguments: Sequence[str] = (),
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        before: Callable[[], object] | None = None,
    ) -> None:
        """`settings` go before Streamlit's as they are in a study; `before` is called in the new process."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        all_settings = options.SETTINGS | options.SMALL_MESSAGES | serving.Site("127.0.0.1", self.port).settings()
        flags = [f"--{name}={value}" for name, value in (all_settings | dict(settings or {})).items()]
        self._words = ["run", str(script), *flags, "--", *arguments]
        self._launcher = ["-m", "listening_study.server.launching"]
        self._before = before
        self._environment = {**os.environ, **(environment or {})}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def launch_by(self, *words: str) -> None:
        """What Python is started with, in place of the study's own launcher."""
        self._launcher = list(words)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def log(self) -> str:
        """All that the server said on its terminal."""
        return self._log.read_text()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._launcher, *self._words],
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
                preexec_fn=self._before,  # noqa: PLW1509  sets a limit, and no more
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            try:
                _OPENER.open(f"{self.url}/_stcore/health", timeout=10).close()
            except OSError:
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """At once, with all it started."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def running(server: AppServer) -> Iterator[AppServer]:
    server.start()
    try:
        yield server
    finally:
        server.kill()
