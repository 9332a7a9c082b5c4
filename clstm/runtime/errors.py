"""What a user can get wrong, in one small family: what was received, what is accepted, what to do.

Every message is one line. At the command's edge it becomes one red line and exit status 2 (`clstm.cli.main.main`);
any other exception is our own mistake and keeps its traceback.
"""

from collections.abc import Iterable
from typing import TypeVar

from clstm.runtime.names import readable

Choice = TypeVar("Choice", bound=str)


class UserError(Exception):
    """An error the user can fix. The message says what was received, what is accepted and what to do."""

    def _render_traceback_(self) -> list[str]:
        r"""What IPython and Jupyter show in place of a traceback, where it is not caught: one line.

        >>> UserError("--seconds 0 is not a length")._render_traceback_()
        ['\x1b[31mUserError\x1b[0m: --seconds 0 is not a length']
        """
        return [f"\x1b[31m{type(self).__name__}\x1b[0m: {readable(self)}"]


class UnreadableFileError(UserError):
    """One file cannot be used. `reason` is for tables of rejected files; the message also names the file."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{readable(path)}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[object, str]]:  # it travels back from worker processes
        return type(self), (self.path, self.reason)


class NoNotesError(UnreadableFileError):
    """A file that is sound but holds no note with a pitch."""


class LostProcessError(UnreadableFileError):
    """The process that worked on a file died, ran too long or out of memory; another time it may not."""


class NothingUsableError(UserError):
    """Every input was rejected, or there was none."""


class MismatchError(UserError):
    """Two things do not belong together: a corpus of another version, weights of another shape."""


class NotWrittenError(OSError):
    """A file or folder that the system does not let us write, for whatever reason; `filename` is its name."""


class MissingToolError(UserError):
    """Something is not installed. The message holds the command that installs it."""


def choice(option: str, given: str, accepted: Iterable[Choice]) -> Choice:
    """`given`, when it is one of `accepted`; a `UserError` naming them otherwise.

    >>> choice("--mode", "stream", ["window", "stream"])
    'stream'
    >>> choice("--mode", "steam", ["window", "stream"])
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: --mode 'steam' is not known; choose one of: window, stream
    """
    for one in (accepted := list(accepted)):
        if one == given:
            return one
    raise UserError(f"{option} {given!r} is not known; choose one of: {', '.join(accepted)}")
