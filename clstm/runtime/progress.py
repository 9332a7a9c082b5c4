"""How long work reports itself: one form for all of it, so that any of it can be shown by one bar."""

from typing import Protocol


class Progress(Protocol):
    """Told again and again what is being done, how much of it is done, and how much there is."""

    def __call__(self, what: str, done: int, total: int, /) -> object: ...


def silent(_what: str, _done: int, _total: int, /) -> None:
    """Progress that nobody watches."""
