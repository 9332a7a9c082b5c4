"""How long work reports its progress: one form for all of it, so that one bar can show any of it."""

from typing import Protocol


class Progress(Protocol):
    """Called repeatedly with what is being done, how much of it is done, and how much there is."""

    def __call__(self, what: str, done: int, total: int, /) -> object: ...


def silent(_what: str, _done: int, _total: int, /) -> None:
    """Discard the report."""


def titled(progress: Progress, title: str) -> Progress:
    """The same progress, under one title whatever is done.

    >>> titled(lambda what, done, total: print(what, done, total), "Rendering")("Reading", 3, 8)
    Rendering 3 8
    """
    return lambda _, done, total: progress(title, done, total)
