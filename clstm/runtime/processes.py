"""Run a function over files, or over jobs with a file each, in processes that may crash.

Native decoders crash or hang on some corrupt files, and a huge one needs more memory than there is. Here that costs the
one file: its process is killed at the time limit, or replaced when it dies, and the rest goes on.

Also here: how to stop long work between two of its steps, never within one (`postponed_interrupt`).
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from clstm.runtime.errors import UnreadableFileError, UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_AHEAD = 16  # items per worker
TIME_LIMIT = 20.0  # seconds per file; the longest real piece tried reads in well under one


def default_workers() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    seconds: float = TIME_LIMIT,
) -> Iterator[tuple[Item, Result | UnreadableFileError]]:
    """Give (item, function(item)) in the order of `items`, or (item, UnreadableFileError) where the function raised
    it, ran longer than `seconds`, out of memory, or took its process with it. An item is a path, or prints as one. Any
    other error is ours and is raised.

    The processes start at the call, before the first result is asked for.
    """
    from pebble import ProcessPool

    if workers is not None and workers < 1:
        raise UserError(f"{workers} workers can do nothing; give at least 1")
    workers = min(workers or default_workers(), max(len(items), 1))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # theirs: each is one core's worth, and threads would only spin
    ignore_interrupts = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}  # Ctrl-C is ours
    pool = ProcessPool(max_workers=workers, context=get_context("spawn"), **ignore_interrupts)
    # Only so many wait for their turn or to be taken: the results of a large folder would fill the memory.
    remaining = iter(items)
    waiting: deque[tuple[Item, Any]] = deque()

    def schedule(count: int) -> None:
        for item in islice(remaining, count):
            waiting.append((item, pool.schedule(function, args=(item,), timeout=seconds)))

    schedule(LOOK_AHEAD * workers)
    return _results(pool, waiting, schedule, seconds)


def _results(
    pool: Any, waiting: "deque[tuple[Item, Any]]", schedule: Callable[[int], None], seconds: float
) -> Iterator[tuple[Item, Result | UnreadableFileError]]:
    from pebble import ProcessExpired

    try:
        while waiting:
            item, future = waiting.popleft()
            schedule(1)
            try:
                yield item, future.result()
            except UnreadableFileError as error:
                yield item, error
            except TimeoutError:
                yield item, UnreadableFileError(item, f"reading it took more than {seconds:g} s")
            except MemoryError:
                yield item, UnreadableFileError(item, "working on it needs more memory than there is")
            except (ProcessExpired, CancelledError) as error:
                code = getattr(error, "exitcode", None)
                yield item, UnreadableFileError(item, f"the process working on it died (exit code {code})")
    finally:  # done, or the caller stopped early, or Ctrl-C: do not wait for the rest
        pool.stop()
        pool.join()


@contextmanager
def postponed_interrupt() -> Iterator[Callable[[], bool]]:
    """Postpone Ctrl-C and SIGTERM to the end of the block; the value says whether one came. A second acts at once."""
    received = False

    def remember(number: int, _frame: object) -> None:
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
