"""Pools of processes that start at once: their processes fork off one server that has the libraries imported.

`clstm.runtime.processes` starts each process of a pool anew, which imports librosa, SciPy and the rest again: seconds
that tests would spend hundreds of times. Here the server imports them once. Its children are processes as any other:
they can be killed, they run out of time and memory by themselves, and nothing a test patched reaches them. What a
process inherits when it starts anew, the environment, is handed to them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import context, forkserver
from typing import TYPE_CHECKING

import pytest

from clstm.runtime import processes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIBRARIES = [
    "evaluation.measurement.measure", "fluidsynth", "librosa", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg", "pebble", "platformdirs", "pretty_midi",
    "pyloudnorm", "pytest", "reports.figures.drawing", "reports.listening.excerpts", "scipy.signal", "scipy.stats",
    "soundfile",
]  # fmt: skip


def empty_figure(*_given: object, **_more: object) -> "Figure":
    """In place of a figure: processes that draw find it here."""
    from matplotlib.figure import Figure

    return Figure()


class _Process(context.ForkServerProcess):
    """One that gets the environment as it is when the process starts."""

    def start(self) -> None:
        self._environment = dict(os.environ)
        super().start()

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self._environment)
        super().run()


class _Context(context.ForkServerContext):
    Process = _Process


@contextmanager
def forked_pools() -> Iterator[None]:
    """While it lasts, pools fork."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is imported, as in `in_processes`
    forking = _Context()
    with pytest.MonkeyPatch.context() as patch, server_with(LIBRARIES):
        patch.setattr(processes, "get_context", lambda method: forking)
        yield


@contextmanager
def server_with(libraries: list[str]) -> Iterator[None]:
    """While it lasts, the server that processes fork off has these libraries; it starts when the first is needed.

    Python has one server. The last one's libraries are those of the next after it.
    """
    server = forkserver._forkserver  # type: ignore[attr-defined]
    before = list(server._preload_modules)
    server._stop()
    server.set_forkserver_preload([*libraries, "frozen"])
    try:
        yield
    finally:
        server._stop()
        server.set_forkserver_preload(before)
