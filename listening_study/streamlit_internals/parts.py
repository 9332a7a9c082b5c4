"""Looking up a part of Streamlit that may be gone in its next version, with an error that says what it was used for."""

from collections.abc import Container
from typing import Any

import streamlit


class StreamlitChangedError(ImportError):
    """The installed Streamlit lacks a part that the study needs."""


def part(owner: Any, name: str, use: str) -> Any:
    """The attribute `name` of a module, class or message of Streamlit.

    use : what the study needs it for, to complete "it was used ..."

    Raises `StreamlitChangedError` when there is none.

    >>> part(streamlit, "title", "for headings").__name__
    'title'
    """
    require(hasattr(owner, name), f"{getattr(owner, '__name__', owner)}.{name}", use)
    return getattr(owner, name)


def require_name(names: Container[str], name: str, use: str) -> None:
    """Raise `StreamlitChangedError` when `name` is not among the names that Streamlit has."""
    require(name in names, name, use)


def require(there: bool, name: str, use: str) -> None:
    """Raise `StreamlitChangedError` unless it is there.

    >>> require(False, "st.gone", "for headings")
    Traceback (most recent call last):
    listening_study.streamlit_internals.parts.StreamlitChangedError: Streamlit ... no longer has st.gone; ...
    """
    if not there:
        raise StreamlitChangedError(
            f"Streamlit {streamlit.__version__} no longer has {name}; it was used {use}. "
            "Install the version in constraints.txt"
        )
