"""Machine code of numeric loops."""

from collections.abc import Callable
from typing import Any


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Machine code from the first call on, kept beside the module; not kept where nothing can be written."""
    from numba import njit

    made: Callable[..., Any]
    try:
        made = njit(cache=True)(function)
    except RuntimeError:
        made = njit(function)
    return made
