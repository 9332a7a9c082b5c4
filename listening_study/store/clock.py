"""A clock without steps for as long as a process runs.

The system's clock may be set while a study runs, by an hour or by a second. Times taken from it before and after would
be in the wrong order: an answer would come before its clip, hearing would seem to follow its answer, and an active
participant would lose their place. So it is read once, and from then on only the elapsed time is added.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def system_time() -> datetime:
    return datetime.now(UTC)


def elapsed() -> float:
    """Monotonic seconds, including those that the machine slept where the system counts them."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class SteadyClock:
    """The system's time when this was created plus the time elapsed since. A wrong start time is kept."""

    def __init__(self, wall: Callable[[], datetime] = system_time, gone: Callable[[], float] = elapsed) -> None:
        self._gone = gone
        self._began, self._first = wall(), gone()

    def __call__(self) -> datetime:
        return self._began + timedelta(seconds=self._gone() - self._first)
