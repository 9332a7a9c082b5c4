"""How far a call is, in a notebook: a bar below the cell, which goes when the work is done.

Only where a kernel of Jupyter runs the code. Elsewhere nothing is printed: a script gives a `progress` of its own.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clstm.notebook import markup
from clstm.runtime.progress import Progress, silent

EVERY = 0.2  # seconds between two drawings of the bar


@contextmanager
def waiting(progress: Progress | None) -> Iterator[Progress]:
    """Yield the `progress` given; without one, a bar in a notebook, and nothing elsewhere."""
    display = None if progress is not None else _display()
    if display is None:
        yield progress or silent
        return
    shown = display({"text/html": "", "text/plain": ""}, raw=True, display_id=True)
    last = 0.0

    def advance(what: str, done: int, total: int) -> None:
        nonlocal last
        if done < total and time.monotonic() < last + EVERY:
            return
        last = time.monotonic()
        shown.update({"text/html": bar(what, done, total), "text/plain": f"{what} {done}/{total}"}, raw=True)

    try:
        yield advance
    finally:
        shown.update({"text/html": "", "text/plain": ""}, raw=True)


def bar(what: str, done: int, total: int) -> str:
    """
    >>> bar("Measuring", 3, 8)
    '<progress value="3" max="8"></progress> Measuring: 3 of 8'
    """
    return f'<progress value="{done}" max="{max(total, 1)}"></progress> {markup.text(what)}: {done:,} of {total:,}'


def _display() -> Any:
    """IPython's `display`, where a kernel runs; None elsewhere. IPython is not imported where it is not in use."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    if running is None or not hasattr(running, "kernel"):
        return None
    from IPython.display import display

    return display
