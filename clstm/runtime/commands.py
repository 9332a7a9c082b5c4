"""How commands are laid out, the same in all packages: in panels, with examples that can be pasted, and old names.

A module of commands makes `app = Commands()` and adds its own with `@app.command()`; the `main` of a package gathers
them: `app = gather(Commands(), making.app, running.app)`. Examples come last in the docstring, after a line
"For example:", each on a line of its own; help prints them as they are, never broken.
"""

import copy
import re
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from clstm.runtime.console import console, warn
from clstm.runtime.errors import UserError
from clstm.runtime.old_names import OPTIONS

App = TypeVar("App", bound=typer.Typer)

PANELS = MAKE, MEASURE, LISTEN, WATCH = "Make music", "Measure", "Listen", "Watch"
_EXAMPLES = re.compile(r"\n *For example:\n+(?P<lines>.*)", re.DOTALL)


def _show(self: Any, context: Any, formatter: Any, show: Callable[[Any, Any, Any], None]) -> None:
    """Show the help without its examples, as Typer does; then the examples."""
    text = self.help or ""
    shown = copy.copy(self)
    shown.help = _EXAMPLES.sub("", text)
    show(shown, context, formatter)
    if found := _EXAMPLES.search(text):
        lines = [line.strip() for line in found["lines"].splitlines() if line.strip()]
        console.print("\n".join(["", " For example:", "", *lines]), markup=False, highlight=False, soft_wrap=True)


def _without_types(params: list[Any]) -> list[Any]:
    """Flags show no type: they take no value."""
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params


class Command(TyperCommand):
    """A command: its flags show no type, its examples are not broken, and old names of options are understood.

    stopped : what is said after Ctrl-C; "" says nothing
    """

    stopped = ""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if self.stopped:
                warn(self.stopped.format(ctx.command_path))
            raise

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _show(self, ctx, formatter, TyperCommand.format_help)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {name for param in self.params for name in (*param.opts, *param.secondary_opts)}
        args = renamed(args, own)
        try:
            return super().parse_args(ctx, list(args))
        except typer.BadParameter as error:
            if given := _given(error, args):
                raise UserError(_not_accepted(*given, error.message, ctx.command_path)) from error
            raise  # of an argument, or missing


class Continuing(Command):
    """A command that goes on where it was stopped, as its help says."""

    stopped = "Stopped. The same `{}` continues: what is done is kept."


class Resumable(Command):
    """A command that goes on where it was stopped when it is told to."""

    stopped = "Stopped. The same `{}` with --resume continues exactly there."


def _given(error: typer.BadParameter, args: list[str]) -> tuple[str, str] | None:
    """The option that is not accepted, and the last value given for it; None where it was not given by name."""
    names = error.param.opts if error.param is not None else []
    options = _before_dashes(args)
    found = None
    for at, arg in enumerate(options):
        name, equals, value = arg.partition("=")
        if name in names and (equals or at + 1 < len(options)):
            found = name, value if equals else options[at + 1]
    return found


def _before_dashes(args: list[str]) -> list[str]:
    """Those that may be options.

    >>> _before_dashes(["--seed", "1", "--", "--a-file"])
    ['--seed', '1']
    """
    return args[: args.index("--")] if "--" in args else args


def _not_accepted(option: str, value: str, why: str, command: str) -> str:
    """One line.

    >>> _not_accepted("--instrument", "200", "Input should be at most 127", "clstm render")
    "--instrument '200' is not accepted: input should be at most 127; `clstm render --help` says what is"
    """
    why = why.removeprefix("Value error, ").rstrip(".")
    return f"{option} {value!r} is not accepted: {why[:1].lower()}{why[1:]}; `{command} --help` says what is"


class Group(TyperGroup):
    """A group of commands, in the order of the panels."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _without_types(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _show(self, ctx, formatter, TyperGroup.format_help)

    def list_commands(self, ctx: Any) -> list[str]:
        panels = {name: getattr(command, "rich_help_panel", None) for name, command in self.commands.items()}
        places = {panel: place for place, panel in enumerate(PANELS)}
        return sorted(super().list_commands(ctx), key=lambda name: places.get(str(panels.get(name)), len(places)))


def renamed(args: list[str], own: set[str]) -> list[str]:
    """Arguments with today's names of options, for a command that has the options `own`; one warning for each old name.

    >>> renamed(["rnn", "--prompt", "song.mid"], {"--prompt"})
    ['rnn', '--prompt', 'song.mid']
    """
    options = _before_dashes(args)
    found = [_renamed(given, own) for given in options]
    for old, new in dict.fromkeys((old, new) for old, new, _ in found if old != new):
        say_renamed(old, new)
    return [new + rest for _, new, rest in found] + args[len(options) :]


def _renamed(given: str, own: set[str]) -> tuple[str, str, str]:
    """The name given and today's, which can be the same, and what follows the name."""
    name, equals, value = given.partition("=")
    negative = name.startswith("--no-")
    new = OPTIONS.get(f"--{name[5:]}" if negative else name, "")
    new = f"--no-{new[2:]}" if negative else new
    if name in own or new not in own:
        return name, name, equals + value
    return name, new, equals + value


def say_renamed(old: str, new: str) -> None:
    """One warning line."""
    warn(f"{old} is now called {new}; the old name works in this version only")


class Commands(typer.Typer):
    """The commands of a module, of a package, or of a group.

    panel : the heading under which the help lists them; a command can have another
    about : what the help of a group says first
    """

    def __init__(self, panel: str | None = None, *, cls: type[TyperGroup] = Group, about: str | None = None) -> None:
        super().__init__(
            cls=cls, help=about, no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False
        )
        self.panel = panel

    def command(self, name: str | None = None, **options: Any) -> Callable[[Any], Any]:
        return super().command(name, **{"cls": Command, "rich_help_panel": self.panel} | options)

    def group(self, name: str, commands: typer.Typer, panel: str) -> "Commands":
        """Add commands as a group of this name. Returns itself."""
        self.add_typer(commands, name=name, rich_help_panel=panel)
        return self


def gather(app: App, *others: typer.Typer) -> App:
    """Add the commands and groups of others to an application. Returns it."""
    for other in others:
        app.registered_commands += other.registered_commands
        app.registered_groups += other.registered_groups
    return app
