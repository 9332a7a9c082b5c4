"""A reader in a process of its own: libraries in C may crash on a damaged file, and write what they like to the screen.

In a worker process (`clstm.runtime.processes`), which may crash, the reader is called directly.

    python -m clstm.formats.isolated kern < score.krn    # a line of remarks as JSON, then the bytes of a MIDI file
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process

from clstm.formats.building import Converted, FormatError
from clstm.formats.table import CONVERT, Format

TIME_LIMIT = 120.0  # seconds

_REFUSED = 3  # exit status: standard output has the reason


def isolated(reader: Callable[[bytes], Converted], data: bytes, form: Format) -> Converted:
    """`reader(data)`, one of `clstm.formats.scores`. Raises `FormatError`, also where its process died."""
    if parent_process() is not None:
        with _silenced():
            return reader(data)
    # -P: no module of the user's folder replaces one of ours
    command = [sys.executable, "-P", "-m", __name__, reader.__name__]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise FormatError(f"{form.library} took more than {TIME_LIMIT:g} s to read it; {CONVERT}") from error
    if done.returncode == _REFUSED:
        raise FormatError(done.stdout.decode())
    if done.returncode:
        raise FormatError(form.failed(done.returncode))
    remarks, _, midi = done.stdout.partition(b"\n")
    return Converted(midi, tuple(json.loads(remarks)))


@contextmanager
def _silenced() -> Iterator[None]:
    """Nothing reaches the screen, from C neither."""
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    _flush()
    try:
        for number in (1, 2):
            os.dup2(nowhere, number)
        yield
    finally:
        _flush()
        for number, before in enumerate(kept, start=1):
            os.dup2(before, number)
            os.close(before)
        os.close(nowhere)


def _flush() -> None:
    """What C and Python have not written yet."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    with suppress(OSError, AttributeError, TypeError):  # where the C library cannot be loaded by itself
        ctypes.CDLL(None).fflush(None)


def main(name: str) -> int:
    from clstm.formats import scores

    data = sys.stdin.buffer.read()
    try:
        with _silenced():
            converted = getattr(scores, name)(data)
    except FormatError as error:
        sys.stdout.buffer.write(str(error).encode())
        return _REFUSED
    sys.stdout.buffer.write(json.dumps(converted.remarks).encode() + b"\n" + converted.midi)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
