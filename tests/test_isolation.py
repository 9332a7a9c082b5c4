"""A file that kills or stalls its reader costs itself alone."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from clstm.runtime import processes
from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.processes import in_processes


@pytest.fixture(autouse=True)
def started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes as users get them, not the forked ones of other tests."""
    monkeypatch.setattr(processes, "get_context", multiprocessing.get_context)


def length_of_name(path: Path) -> int:
    if path.name == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.name == "hang":
        time.sleep(600)
    if path.name == "bad":
        raise UnreadableFileError(path, "no good")
    if path.name == "huge":
        np.zeros(2**50)
    if path.name == "bug":
        raise ZeroDivisionError("ours")
    return len(path.name)


def test_crash_and_hang_cost_their_own_file() -> None:
    paths = [Path(name) for name in ("a", "crash", "bbb", "hang", "bad", "huge", "cc")]
    results = dict(in_processes(length_of_name, paths, workers=2, seconds=5))
    assert list(results) == paths
    assert [results[Path(name)] for name in ("a", "bbb", "cc")] == [1, 3, 2]
    reasons = [str(results[Path(name)]) for name in ("crash", "hang", "bad", "huge")]
    assert "died (exit code" in reasons[0]
    assert "more than 5 s" in reasons[1]
    assert reasons[2] == "bad: no good"
    assert reasons[3] == "huge: working on it needs more memory than there is"


def test_our_own_mistakes_are_raised() -> None:
    with pytest.raises(ZeroDivisionError, match="ours"):
        list(in_processes(length_of_name, [Path("bug"), Path("a")], workers=1))


def test_no_workers_are_refused() -> None:
    with pytest.raises(UserError, match="-1 workers can do nothing"):
        in_processes(length_of_name, [Path("a")], workers=-1)


def test_results_keep_their_order_beyond_the_look_ahead() -> None:
    paths = [Path("x" * length) for length in range(1, 60)]
    assert [result for _, result in in_processes(length_of_name, paths, workers=2)] == list(range(1, 60))


def test_nothing_to_do_is_no_mistake() -> None:
    assert list(in_processes(length_of_name, [])) == []
