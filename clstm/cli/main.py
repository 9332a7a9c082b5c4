"""The one command `clstm`: the commands of this package, and those that the others add by entry point."""

import errno
import os
import sys
from functools import cache
from importlib.metadata import entry_points, version

import typer

from clstm.cli import corpus, demo, generation, prediction, training
from clstm.runtime import shadowing
from clstm.runtime.commands import Commands, gather
from clstm.runtime.console import console, fail, warn
from clstm.runtime.errors import NotWrittenError, UserError

app = Commands(
    about="Compare generated music with human music: train and generate, measure the sound, ask listeners, watch for"
    " changes."
)


@app.callback(invoke_without_command=True)
def _root(show_version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if show_version:
        console.print(version("clstm"))
        raise typer.Exit


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CANNOT_WRITE = (
    *(*NO_ROOM, errno.EACCES, errno.EROFS, errno.EPERM),
    *(errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP),
)


COMPLETING = "_CLSTM_COMPLETE"  # set by a shell that asks for completions


@cache  # it adds to `app`: a second time would name every command twice
def load_commands() -> typer.Typer:
    """The app with our commands and those of every package of the entry-point group `clstm.commands`."""
    gather(app, demo.app, corpus.app, training.app, generation.app, prediction.app)
    entries = sorted(entry_points(group="clstm.commands"), key=lambda entry: entry.name)
    hidden = shadowing.put_ours_first(shadowing.package_of(entry) for entry in entries)
    if hidden and COMPLETING not in os.environ:  # while a word is typed, a warning would land in that line
        warn(hidden)
    for entry in entries:
        try:
            shadowing.check(shadowing.package_of(entry))
            package: typer.Typer = entry.load()
        except ImportError as error:  # one broken package must not take the others' commands away
            warn(f"The commands of {entry.name} are missing: {error}")
            continue
        gather(app, package)
    return app


def main() -> None:
    """Run the command line. A user's mistake is one red line and exit status 2; Ctrl-C is 130.

    Within a command it is Typer that turns Ctrl-C into 130; here only what comes before, while packages load.
    """
    # Threads of OpenMP wait for each other spinning, which makes training four times slower on a machine that is also
    # doing something else. A short spin costs nothing on a quiet one; torch reads this when it is first imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        load_commands()()
    except UserError as error:
        fail(str(error))
        sys.exit(2)
    except OSError as error:
        if error.errno not in CANNOT_WRITE and not isinstance(error, NotWrittenError):
            raise
        where = f" ({error.filename})" if error.filename else ""
        remedy = "make room, or choose another folder" if error.errno in NO_ROOM else "choose another name or folder"
        fail(f"Cannot write: {error.strerror}{where}. Nothing is half-written; {remedy}.")
        sys.exit(2)
    except KeyboardInterrupt:
        warn("Stopped.")
        sys.exit(130)
