"""Pools of processes that start at once: the server they fork off has everything imported that tests need.

`clstm.runtime.forking.server` has the server; Python has one at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from typing import TYPE_CHECKING

from clstm.runtime.forking import server

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


def start_server() -> None:
    """Start it anew, with all that pools of tests need."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    server.start(*LIBRARIES)


@contextmanager
def server_with(libraries: list[str]) -> Iterator[None]:
    """While it lasts, the server has these libraries instead; it starts when the first process is needed."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    forkserver.set_forkserver_preload([*libraries, server.IMPORTED])
    try:
        yield
    finally:
        start_server()
