"""The dashboard's password: kept as a salted scrypt hash (RFC 7914), compared in constant time, slow to guess."""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from clstm.runtime.errors import UserError
from listening_study.protocol.private_files import write_private

VARIABLE = "CLSTM_DASHBOARD_PASSWORD"  # how the dashboard learns the hash
SHORTEST = 8  # characters
DELAY = 1.0  # seconds that a wrong password costs
TRIES = 5  # wrong ones in a row, after which nobody gets in for LOCKED
LOCKED = 300.0  # seconds

_COST, _BLOCK, _LANES = 2**15, 8, 1  # scrypt's N, r and p: 32 MiB and about 0.1 s


class LockedError(Exception):
    """Too many wrong passwords. `seconds` until the next try counts."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many wrong passwords; locked for {seconds:.0f} s")
        self.seconds = seconds


def new_password() -> str:
    """A random password, short enough to type: 96 bits.

    >>> len(new_password())  # characters of 6 bits
    16
    """
    return secrets.token_urlsafe(12)


def hashed(password: str) -> str:
    """What to keep of a password. Raises `UserError` for one that is short."""
    if len(password) < SHORTEST:
        raise UserError(f"a password of {len(password)} characters is too short; use {SHORTEST} or more")
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _COST, _BLOCK, _LANES)
    return json.dumps({"scrypt": digest.hex(), "salt": salt.hex(), "n": _COST, "r": _BLOCK, "p": _LANES})


def matches(password: str, kept: str) -> bool:
    """Whether this is the password `kept` was made of."""
    content = json.loads(kept)
    digest = _scrypt(password, bytes.fromhex(content["salt"]), content["n"], content["r"], content["p"])
    return hmac.compare_digest(digest, bytes.fromhex(content["scrypt"]))


def write_hash(path: Path, kept: str) -> None:
    write_private(path, kept + "\n")


def read_hash(path: Path) -> str | None:
    """What `write_hash` wrote, None where no password was set. Raises `UserError` for a damaged file."""
    if not path.exists():
        return None
    try:
        kept = path.read_text(encoding="utf-8")
        matches("", kept)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged; set the password again with `clstm study password`") from error
    return kept


class PasswordGate:
    """Checks passwords and counts wrong ones. One for all sessions, so that opening many does not help to guess."""

    def __init__(
        self, kept: str, clock: Callable[[], float] = time.monotonic, wait: Callable[[float], object] = time.sleep
    ) -> None:
        self._kept = kept
        self._clock = clock
        self._wait = wait
        self._turn = threading.Lock()
        self._failures = 0
        self._locked_until = -float("inf")

    def admits(self, password: str) -> bool:
        """Raises `LockedError` while it is locked, also for the right password."""
        with self._turn:
            if (left := self._locked_until - self._clock()) > 0:
                raise LockedError(left)
            if matches(password, self._kept):
                self._failures = 0
                return True
            self._failures += 1
            if self._failures >= TRIES:
                self._failures = 0
                self._locked_until = self._clock() + LOCKED
            self._wait(DELAY)
            return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    content = password.encode(errors="replace")
    return hashlib.scrypt(content, salt=salt, n=n, r=r, p=p, maxmem=2 * 128 * n * r, dklen=32)
