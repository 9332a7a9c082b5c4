"""Pools fork off a server, and yet their processes are as any that start from nothing: nothing of the program reaches
them but what it hands over."""

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE
from pools import LIBRARIES

import evaluation.measurement
import reports.figures
import reports.listening
from clstm.runtime import processes
from clstm.runtime.errors import UserError
from clstm.runtime.processes import beside, in_processes

SCRIPT = """
import os, sys
from pathlib import Path
from clstm.runtime import processes
from clstm.runtime.forking import server

def where(path):
    import evaluation
    return evaluation.__file__, os.environ.get("PYTHONPATH"), os.environ.get("PYTHONSAFEPATH"), os.getppid()

if __name__ == "__main__":
    server.start("evaluation.measurement.inputs")
    found = [result for _, result in processes.in_processes(where, [Path("a"), Path("b")], workers=2)]
    print(found[0][0])
    print(found[0][1:3] == (os.environ.get("PYTHONPATH"), None))
    print(found[0][3] not in (os.getpid(), 1) and len({one[3] for one in found}) == 1)
"""


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


@pytest.mark.parametrize(
    "name", [*LIBRARIES, *evaluation.measurement.IMPORTS, *reports.figures.IMPORTS, *reports.listening.IMPORTS]
)
def test_the_server_has_what_it_is_told_to_import(name: str) -> None:
    """It passes over what cannot be imported, and every process would import it again."""
    importlib.import_module(name)


def test_the_server_finds_our_modules_and_not_those_of_the_folder_it_starts_in(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "evaluation").mkdir(parents=True)
    (tmp_path / "theirs" / "evaluation" / "__init__.py").write_text("raise SystemExit('theirs')\n")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "script.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "scripts" / "script.py")]
    done = subprocess.run(
        command, cwd=tmp_path / "theirs", capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [evaluation.__file__, "True", "True"]


def test_what_the_server_cannot_import_is_left_to_the_processes(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise OSError('no library of that name')\n")
    code = SCRIPT.replace('"evaluation.measurement.inputs"', '"broken", "evaluation.measurement.inputs"')
    (tmp_path / "script.py").write_text(code)
    command = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.stdout.splitlines()[1:], done.stderr) == (["True", "True"], "")


def test_ctrl_c_while_the_server_imports_says_nothing(tmp_path: Path) -> None:
    """The terminal sends it to every process of a command."""
    (tmp_path / "slow_to_import.py").write_text("import time\nopen('begun', 'w').close()\ntime.sleep(2)\n")
    code = (
        "import signal, time\nfrom clstm.runtime.forking import server\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background ignores it
        "server.start('slow_to_import')\ntime.sleep(60)\n"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(command.pid, signal.SIGINT)
    _, said = command.communicate(timeout=PATIENCE)
    assert said.count("Traceback") == 1, "the program's own"
    assert "slow_to_import" not in said


def refuse() -> None:
    raise UserError("not so")


def test_work_beside_has_its_result_or_its_error() -> None:
    with beside("a number", os.getpid) as number:
        assert number() != os.getpid()
    with beside("a refusal", refuse) as refused, pytest.raises(UserError, match="not so"):
        refused()
    with beside("nobody asks", os.getpid):
        pass
