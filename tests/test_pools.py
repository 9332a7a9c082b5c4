"""The forked processes of the tests' pools are as those that start anew: what a test promises of the one holds."""

import importlib
import os
from pathlib import Path

import numpy as np
import pytest
from pools import LIBRARIES

from clstm.runtime import processes
from clstm.runtime.processes import in_processes


def process_and_environment(path: Path) -> tuple[int, str | None, bool]:
    """Its number, a variable, and whether it sees what a test patched."""
    return os.getpid(), os.environ.get(path.name), hasattr(processes, "patched")


def test_a_process_has_the_environment_of_now_and_nothing_that_was_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "patched", True, raising=False)
    numbers = set()
    for value in ("one", "two"):
        monkeypatch.setenv("A_VARIABLE", value)
        ((_, found),) = in_processes(process_and_environment, [Path("A_VARIABLE")])
        assert not isinstance(found, Exception)
        assert found[1:] == (value, False)
        numbers.add(found[0])
    assert len(numbers | {os.getpid()}) == 3


def draw(path: Path) -> float:
    return float(np.random.default_rng().random())


def test_processes_do_not_draw_the_same_numbers() -> None:
    (one, other) = (dict(in_processes(draw, [Path("a")]))[Path("a")] for _ in range(2))
    assert one != other


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_server_has_what_it_is_told_to_import(name: str) -> None:
    """It passes over what cannot be imported, and every process would import it again."""
    importlib.import_module(name)
