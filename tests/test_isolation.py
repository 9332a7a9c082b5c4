"""A file that kills or stalls its reader costs itself alone."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.processes import in_processes


def length_of_name(path: Path) -> int:
    if path.name == "crash":
        time.sleep(0.2)  # as a decoder that reads before it crashes; for what dies at once see below
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


def die_unless(spared: int, mark: Path | None) -> str:
    """Kill this process, but not the `spared` one; with a mark, only the first time."""
    if os.getpid() != spared and not (mark and mark.exists()):
        if mark:
            mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "it"


class Deadly:
    """Kills the process that receives it, before that can say what it has received; the mark makes it do so once."""

    def __init__(self, mark: Path | None = None) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return die_unless, (os.getpid(), self.mark)


def length(item: object) -> int:
    return len(str(item))


def test_a_process_that_dies_before_it_says_what_it_works_on_costs_one_item(tmp_path: Path) -> None:
    """A pool of pebble breaks then, with all its items."""
    once, always = Deadly(tmp_path / "mark"), Deadly()
    results = list(in_processes(length, ["a", once, "bbb", always, "cc"], workers=1))
    assert [item for item, _ in results] == ["a", once, "bbb", always, "cc"]
    found = [result for _, result in results]
    assert [*found[:3], found[4]] == [1, 2, 3, 2]
    assert isinstance(found[3], UnreadableFileError)
    assert str(found[3]).endswith("the process working on it died, twice")


def test_where_every_process_dies_no_item_is_to_blame() -> None:
    results = in_processes(length, ["a", *(Deadly() for _ in range(50))], workers=1)
    assert next(results) == ("a", 1)
    with pytest.raises(UserError, match="processes that work on files die before they begin") as mistake:
        list(results)
    assert "\n" not in str(mistake.value)


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
