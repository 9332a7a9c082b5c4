"""Errors and remarks in the words of Python: commands and `import clstm as cl` share functions that name options.

Called as `cl.compare(...)`, "--reference 'x' is not one of the systems" says "reference 'x' is not one of the systems".
"""

import re
from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from clstm.notebook.result import Result
from clstm.runtime.errors import UserError

OTHERWISE = {"without_audio": "unheard", "single_file": "single"}  # arguments by options
OPTION = re.compile(r"--([a-z][a-z-]*[a-z])")


def in_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose errors, and the remarks of whose result, name its arguments in place of a command's options;
    other options are left.

    >>> def cut(seconds):
    ...     raise UserError("--seconds 0 is not a length; give --only notes")
    >>> in_arguments(cut)(0)
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: seconds 0 is not a length; give --only notes
    """
    names = _arguments(function)

    def argument(found: re.Match[str]) -> str:
        name = found[1].replace("-", "_")
        near = (name, f"{name}s", OTHERWISE.get(name, ""))
        return next((one for one in near if one in names), found[0])

    def words(said: str) -> str:
        return OPTION.sub(argument, said)

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        try:
            found = function(*given, **named)
        except UserError as error:
            error.args = tuple(words(one) if isinstance(one, str) else one for one in error.args)
            raise
        return found.in_words(words) if isinstance(found, Result) else found

    return called


def _arguments(function: Callable[..., Any]) -> set[str]:
    """Names of all arguments, with those of a `TypedDict` that is unpacked."""
    found = set()
    for name, one in signature(function).parameters.items():
        unpacked = getattr(one.annotation, "__args__", ()) if one.kind is one.VAR_KEYWORD else ()
        found |= set(unpacked[0].__annotations__) if unpacked else {name}
    return found
