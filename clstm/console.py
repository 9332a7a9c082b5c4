"""What every command shows: one console, one kind of progress bar, one way to say what was wrong."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

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


def warn(message: str) -> None:
    errors.print(message, style="yellow", markup=False, highlight=False, soft_wrap=True)


def fail(message: str) -> None:
    errors.print(message, style="bold red", markup=False, highlight=False, soft_wrap=True)
