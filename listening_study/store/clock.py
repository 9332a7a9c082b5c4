"""What time it is, from one start of a process to its end without steps.

The system's clock may be set while a study runs, by an hour or by a second. Times taken from it before and after would
be in the wrong order: a clip would close, an answer would come before its clip, what was heard would count as heard too
late, and somebody at work would lose their place. So it is looked at once, and then only how much time goes by.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def system_time() -> datetime:
    return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that never go back, those that the machine slept included where the system counts them."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class SteadyClock:
    """The system's time when this was made, and what went by since. A server that started with a wrong one keeps it."""

    def __init__(self, wall: Callable[[], datetime] = system_time, gone: Callable[[], float] = elapsed) -> None:
        self._gone = gone
        self._began, self._first = wall(), gone()

    def __call__(self) -> datetime:
        return self._began + timedelta(seconds=self._gone() - self._first)
