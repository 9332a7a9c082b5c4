"""What every command shows: one console, one kind of progress bar, one way to say what was wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[str, int, int], None]  # told (what, done, total) as work goes on

console = Console()
errors = Console(stderr=True)


def progress_bar() -> Progress:
    """A bar with count, share, time spent and time left. On standard error, so that tables can be piped."""
    return Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=errors,
    )


@contextmanager
def progress() -> Iterator[Advance]:
    """A bar for each kind of work that reports itself."""
    with progress_bar() as bar:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield advance


def say(message: str) -> None:
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    errors.print(message, style="yellow", markup=False, highlight=False, soft_wrap=True)


def fail(message: str) -> None:
    errors.print(message, style="bold red", markup=False, highlight=False, soft_wrap=True)
