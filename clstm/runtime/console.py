"""The output of all commands: one console, one kind of progress bar, one form of warnings and errors."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderableType
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
from rich.segment import Segment

from clstm.runtime.names import printable, readable


class _Console(Console):
    """A console on which no text, such as a file's name, is a command to the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


console = _Console()
errors = _Console(stderr=True)


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
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each kind of work that reports its progress."""
    with progress_bar() as bar:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield advance


def say(message: str) -> None:
    """Print a line of results, unwrapped and without markup."""
    console.print(message, markup=False, highlight=False, soft_wrap=True)


def warn(message: str) -> None:
    """Print a warning, as one line: the name of a file in it cannot begin another."""
    errors.print(readable(message), style="yellow", markup=False, highlight=False, soft_wrap=True)


def fail(message: str) -> None:
    """Print an error, as one line."""
    errors.print(readable(message), style="bold red", markup=False, highlight=False, soft_wrap=True)
