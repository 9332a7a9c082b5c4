"""Files for their owner's eyes alone, from the first byte on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from clstm.files import replacing


@contextmanager
def private_file(path: Path) -> Iterator[TextIO]:
    """A text file to write into, mode 0600; it is whole, or not there."""
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 a path cannot open a descriptor
            yield file
