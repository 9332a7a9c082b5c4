"""New processes in no time: they fork off a server that has imported our code once.

A process that starts from nothing imports it again, a second or two of a core, and every pool has one for each core.
The server is a process without threads that does nothing but fork. Its children are processes as any other: they can be
killed, they run out of time and memory by themselves, and nothing of this program reaches them but what it hands over:
the function, its items, and the environment of the moment. Windows has no such server, and every process there starts
from nothing.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import context, get_context, resource_tracker
from multiprocessing.context import BaseContext

PACKAGES = ("clstm", "evaluation", "listening_study", "reports")
IMPORTED = "clstm.runtime.forking.imported"  # what the server imports, which imports the rest
NEEDED = "CLSTM_NEEDED"

if sys.platform != "win32":
    from multiprocessing import forkserver

    class _Process(context.ForkServerProcess):
        """One that gets the environment of the moment it starts at, not the server's."""

        def start(self) -> None:
            self._environment = dict(os.environ)
            super().start()

        def run(self) -> None:
            os.environ.clear()
            os.environ.update(self._environment)
            super().run()

    class _Context(context.ForkServerContext):
        Process = _Process


def process_context() -> BaseContext:
    """Where processes come from: the server, which starts if it does not run."""
    if sys.platform == "win32":
        return get_context("spawn")
    start()
    return _Context()


def start(*needed: str) -> None:
    """Start the server, if it does not run: it imports what this program has of ours, and the modules `needed`, while
    the program goes on. By itself it starts with the first pool."""
    if sys.platform == "win32":
        return
    ours = sorted(name for name in sys.modules if name.partition(".")[0] in PACKAGES)
    forkserver.set_forkserver_preload([IMPORTED])
    resource_tracker.ensure_running()  # the server would start it, and so unblock Ctrl-C
    with _environment(_as_here() | {NEEDED: ",".join([*ours, *needed])}):
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _as_here() -> dict[str, str]:
    """With these variables Python finds the modules that it finds here, and no others, and arrays use one core."""
    places = os.pathsep.join(map(os.path.abspath, sys.path))
    return {"PYTHONPATH": places, "PYTHONSAFEPATH": "1", "OPENBLAS_NUM_THREADS": "1"}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The variables during the block; no other is touched, for threads may read them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
