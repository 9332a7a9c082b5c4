"""Plain files, and how large they are, before they are opened: a pipe would never open, a device never end."""

import errno
import stat
from pathlib import Path

LARGEST = 32 * 10**9  # bytes; two hours of stereo at 384 kHz in 32 bits are 22

_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def size_of(path: Path) -> int:
    """The size of a file in bytes. Raises `OSError` for what is no plain file, or larger than any music read."""
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        kind = _KINDS.get(stat.S_IFMT(about.st_mode), "a device")
        raise OSError(errno.EINVAL, f"{kind}, no file", str(path))
    if about.st_size > LARGEST:
        raise OSError(errno.EFBIG, f"{about.st_size / 1e9:.0f} GB; at most {LARGEST / 1e9:.0f} are read", str(path))
    return about.st_size
