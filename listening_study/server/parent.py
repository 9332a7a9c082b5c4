"""A server ends with the command that started it, however that one ends: Ctrl-C, SIGTERM, a closed terminal, SIGKILL.

The command holds the writing end of a pipe and never writes; the system closes it when the command ends, and the
server's reading end sees that. Linux is also asked for a signal when the parent dies, which reaches a server that is
too busy for its threads.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "CLSTM_STUDY_PARENT"  # number of the pipe's reading end, for the server
GRACE = 5.0  # seconds to stop cleanly
_PR_SET_PDEATHSIG = 1


@contextmanager
def lifeline() -> Iterator[int]:
    """Held by the command: yields the reading end, for the server to inherit."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def end_with_parent() -> None:
    """In the server: stop as after SIGTERM once the command that started it has ended; without one, do nothing."""
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # The pipe also notices a parent that ended before the signal was asked for.
    threading.Thread(target=_watch, args=(int(number),), daemon=True, name="parent").start()


def _watch(reading: int) -> None:
    os.read(reading, 1)  # until it is closed
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
