"""Starting one of the two Streamlit apps, settings closed, and stopping it cleanly."""

import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from clstm.errors import UserError
from listening_study.store.connection import migrate
from listening_study.study import Study

START_LIMIT = 60.0  # seconds a server may take to answer
STOP_LIMIT = 5.0  # seconds it may take to stop

# Everything by flag: nothing depends on a .streamlit folder of the user or of the directory we are started in.
_SETTINGS = {
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showSidebarNavigation": "false",
    "client.toolbarMode": "viewer",
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",
    "runner.magicEnabled": "false",
    "server.enableCORS": "true",
    "server.enableStaticServing": "false",
    "server.enableXsrfProtection": "true",
    "server.fileWatcherType": "none",
    "server.headless": "true",
    "server.maxUploadSize": "1",
    "server.runOnSave": "false",
    "theme.baseRadius": "12px",
    "theme.light.primaryColor": "#2f6f6d",
    "theme.light.backgroundColor": "#fbfaf7",
    "theme.light.secondaryBackgroundColor": "#efede6",
    "theme.light.textColor": "#22292b",
    "theme.dark.primaryColor": "#367d7a",
    "theme.dark.backgroundColor": "#14191b",
    "theme.dark.secondaryBackgroundColor": "#1f2729",
    "theme.dark.textColor": "#e8ecec",
}


def serve(
    app: str, study: Study, *, address: str, port: int, announce: Callable[[str], object], open_browser: bool
) -> None:
    """Run `listening_study/<app>.py` on a study until it is stopped. `announce` gets the URL once it answers.

    Raises `UserError` for a port that is taken or an address that is not this machine's.
    """
    _check_free(address, port)
    migrate(study.answers_path)
    script = Path(__file__).with_name(f"{app}.py")
    settings = _SETTINGS | {"server.address": address, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in settings.items()]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags, "--", str(study.folder.resolve())]
    signal.signal(signal.SIGTERM, _stop)  # what a service manager sends
    server = subprocess.Popen(command)
    try:
        url = f"http://{'localhost' if address in ('0.0.0.0', '127.0.0.1', '::') else address}:{port}"
        _wait_until_it_answers(server, f"{url}/_stcore/health")
        announce(url)
        if open_browser:
            webbrowser.open(url)
        server.wait()
    except KeyboardInterrupt:
        pass  # how it is meant to be stopped
    finally:
        server.terminate()
        try:
            server.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            server.kill()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _check_free(address: str, port: int) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server that just stopped is no hindrance
            trial.bind((address, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot serve at {address}:{port} ({reason}); choose another --port or --address") from error


def _wait_until_it_answers(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise UserError(f"the server ended at once (exit status {server.returncode}); its message is above")
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, HTTPException, OSError):
            time.sleep(0.1)
    raise UserError(f"the server did not answer at {url} within {START_LIMIT:g} s; is the machine overloaded?")
