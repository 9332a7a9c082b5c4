"""Runs a verb and kills it at one moment after another: `python killed.py MOMENTS WORD...`, in one process that forks.

A moment is a step that changes a disk: a file opened to be written, a folder made, a name changed, a database opened.
First the verb runs to its end to count them; then it is killed with SIGKILL just before each of so many of them, evenly
spread, the first and the last among them. What a whole run made is taken away by then: it is moved to `whole`. What a
run that was killed in its last steps has made whole is moved to `late-<moment>`.

It prints how many moments there were.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clstm.cli.main import main

STEPS = ("os.mkdir", "os.rename", "os.chmod", "os.remove", "os.rmdir", "sqlite3.connect")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def attend(on_step: Callable[[], object]) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        written = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if written or event in STEPS:
            on_step()

    sys.addaudithook(hook)


def run(words: list[str], last: int | None) -> tuple[int, int]:
    """Run in a process of its own, killed at a step or not; returns its status and the steps it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)

        attend(step)
        sys.argv = ["clstm", *words]
        status: Any = 1
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
        finally:
            os.write(writing, str(steps).encode())
            os._exit(status)
    os.close(writing)
    said = os.read(reading, 100)
    os.close(reading)
    return os.waitpid(child, 0)[1], int(said or 0)


if __name__ == "__main__":
    moments, words = int(sys.argv[1]), sys.argv[2:]
    out = Path(words[words.index("--out") + 1])
    status, steps = run(words, None)
    assert status == 0, status
    out.rename(out.with_name("whole"))
    chosen = sorted({1 + round(k * (steps - 1) / (moments - 1)) for k in range(moments)})
    for moment in chosen:
        status, _ = run(words, moment)
        assert status == signal.SIGKILL, (moment, status)
        if out.exists():
            out.rename(out.with_name(f"late-{moment}"))
    status, _ = run(words, None)
    assert status == 0, status
    print(len(chosen), "of", steps)
