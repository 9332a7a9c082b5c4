"""Stopping between two steps of long work, never within one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def postponed_interrupt() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C and SIGTERM back within the block; the value says whether one came. A second one acts at once."""
    received = False

    def remember(number: int, frame: object) -> None:
        nonlocal received
        received = True
        signal.signal(number, previous[number])

    previous: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # elsewhere signals cannot be handled, nor arrive
        for asked in (signal.SIGINT, signal.SIGTERM):
            previous[asked] = signal.signal(asked, remember)
    try:
        yield lambda: received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
