"""A real PostgreSQL for the tests that need one: the system's packages, started on a free port, gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from patience import PATIENCE

from evaluation import doctor


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    server = doctor.find_postgres()
    if server is None:
        pytest.skip(f"no PostgreSQL; {doctor.install_command(['postgresql'], doctor.package_manager())}")
    return str(Path(server).resolve().with_name(name))


class Server:
    """One server with its own data. `start` again after `kill`: the data are still there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to be run by root
        if self._user:
            shutil.chown(folder, self._user)
        initialise = [program("initdb"), "--pgdata", str(folder / "data"), "--username", "study", "--auth", "trust"]
        self._popen([*initialise, "--encoding", "UTF8", "--no-locale", "--no-sync"]).wait()

    def start(self) -> None:
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
        command = [program("postgres"), "-D", str(self.folder / "data"), *flags]
        self._process = self._popen(command)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self._address("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.05)
                if self._process.poll() is not None:  # what a killed one left behind takes a moment to go
                    self._process = self._popen(command)
            else:
                return

    def kill(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """At once, without a word to those who are connected."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def new_database(self) -> str:
        """The address of an empty database, as `--database` takes it."""
        name = f"study_{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name).replace("postgresql://", "postgresql+psycopg://")

    def _address(self, database: str) -> str:
        return f"postgresql://study@127.0.0.1:{self.port}/{database}"

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, user=self._user, cwd=self.folder, stdout=log, stderr=log)


@contextmanager
def running_postgres() -> Iterator[Server]:
    # Not pytest's folder: its parents are closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="clstm-postgres-"))
    try:
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder)
