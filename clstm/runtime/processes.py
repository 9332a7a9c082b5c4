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
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from clstm.formats.table import NATIVE
from clstm.runtime.errors import LostProcessError, UnreadableFileError, UserError
from clstm.runtime.forking.server import process_context

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_AHEAD = 16  # items per worker
HOPELESS = 3  # items one after another whose processes died before they began: it is not the items
FOREVER = 30 * 86400.0  # seconds: of work that is ours, no file's
TIME_LIMIT = 120.0  # seconds per file; a MIDI file reads in well under one, a symphony in MusicXML in half of it


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

    The processes start at the call, before the first result is asked for; for no items none start.
    """
    if pool := _pool(function, items, workers, seconds):
        return _results(pool)
    return iter(())


@contextmanager
def in_background(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    seconds: float = TIME_LIMIT,
) -> Iterator[Iterator[tuple[Item, Result | UnreadableFileError]]]:
    """`in_processes` during the block, to whose end its results may be asked for: where it ends early, they end too."""
    pool = _pool(function, items, workers, seconds)
    if pool is None:
        yield iter(())
        return
    results = _results(pool)
    try:
        yield results
    finally:
        pool.stop()


def _pool(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int | None, seconds: float
) -> "_Pool[Item, Result] | None":
    if workers is not None and workers < 1:
        raise UserError(f"{workers} workers can do nothing; give at least 1")
    return _Pool(function, items, min(workers or default_workers(), len(items)), seconds) if items else None


@dataclass(frozen=True, eq=False)
class _Work(Generic[Result]):
    name: str
    function: Callable[[], Result]

    def __str__(self) -> str:
        return self.name

    def __call__(self) -> Result:
        return self.function()


@contextmanager
def beside(name: str, function: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Call a function in a process of its own during the block. The value waits for its result, or raises its error.

    name : of the work, for a message where its process dies

    >>> with beside("an example", dict) as result:
    ...     result()
    {}
    """
    with in_background(_Work.__call__, [_Work(name, function)], workers=1, seconds=FOREVER) as results:

        def wait_for_it() -> Result:
            ((_, result),) = results
            if isinstance(result, UnreadableFileError):
                raise result
            return result

        yield wait_for_it


class _Pool(Generic[Item, Result]):
    """Processes, and the items that wait for their turn or to be taken: only so many, for the results of a large folder
    would fill the memory."""

    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item], workers: int, seconds: float) -> None:
        self.function, self.workers, self.seconds = function, workers, seconds
        self.remaining = iter(items)
        self.waiting: deque[tuple[Item, Future[Result]]] = deque()
        self.start(workers)
        self.schedule(LOOK_AHEAD * workers)

    def start(self, workers: int) -> None:
        from pebble import ProcessPool

        # Ctrl-C is ours
        ignore_interrupts = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
        self.processes = ProcessPool(max_workers=workers, context=process_context(), **ignore_interrupts)

    def stop(self) -> None:
        self.processes.stop()
        self.processes.join()

    def schedule(self, count: int) -> None:
        for item in islice(self.remaining, count):
            self.waiting.append((item, self.submit(item)))

    def submit(self, item: Item) -> "Future[Result]":
        try:
            return cast("Future[Result]", self.processes.schedule(self.function, args=(item,), timeout=self.seconds))
        except RuntimeError:
            if self.processes.active:
                raise
            return _broken()  # since the last time

    def breaks(self, future: "Future[Result]") -> bool:
        """Wait for the result; whether the pool broke before it came.

        It breaks when a process dies before it has said what it works on (killed for memory, or at once), and then
        nobody knows whose fault that was. What was scheduled at that moment may never come to an end.
        """
        while not wait([future], timeout=1).done and self.processes.active:
            pass
        return _is_lost(future)

    def again(self, item: Item) -> "Future[Result]":
        """The pool broke: the item once more, in a process of its own, then whatever else was lost in new ones."""
        self.stop()
        self.start(1)
        future = self.submit(item)
        result = _broken() if self.breaks(future) else future
        self.stop()
        self.start(self.workers)
        self.waiting = deque((one, self.submit(one) if _is_lost(old) else old) for one, old in self.waiting)
        return result


def _broken() -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(BrokenExecutor())
    return future


def _is_lost(future: "Future[Any]") -> bool:
    return not future.done() or isinstance(future.exception(), BrokenExecutor)


def _results(pool: _Pool[Item, Result]) -> Iterator[tuple[Item, Result | UnreadableFileError]]:
    died = 0  # items one after another whose processes did, twice
    try:
        while pool.waiting:
            item, future = pool.waiting.popleft()
            pool.schedule(1)
            if pool.breaks(future):
                future = pool.again(item)
            died = died + 1 if _is_lost(future) else 0
            if died == HOPELESS:
                raise UserError(
                    "the processes that work on files die before they begin: there is too little memory, or a script "
                    'starts them again and again, for want of: if __name__ == "__main__":'
                )
            yield item, _outcome(item, future, pool.seconds)
    finally:  # done, or the caller stopped early, or Ctrl-C: do not wait for the rest
        pool.stop()


def _outcome(item: Item, future: "Future[Any]", seconds: float) -> Any:
    from pebble import ProcessExpired

    try:
        return future.result()
    except UnreadableFileError as error:
        return error
    except TimeoutError:
        return LostProcessError(item, f"reading it took more than {seconds:g} s")
    except MemoryError:
        return LostProcessError(item, "working on it needs more memory than there is")
    except ProcessExpired as error:
        form = NATIVE.get(Path(str(item)).suffix.lower())
        died = f"the process working on it died (exit code {error.exitcode})"
        return LostProcessError(item, form.failed(error.exitcode) if form and error.exitcode else died)
    except BrokenExecutor:
        return LostProcessError(item, "the process working on it died, twice")


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
