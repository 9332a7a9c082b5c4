"""Promises of the command line as a whole: help one can read and paste from, panels, and options by their old names."""

import re
import shlex
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.runtime import commands, old_names
from clstm.runtime.errors import UserError

APP = load_commands()
ROOT = typer.main.get_command(APP)


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, (*path, name))


EVERY = dict(walk(ROOT))


@pytest.fixture(scope="module")
def helps() -> dict[tuple[str, ...], str]:
    """What every command and group shows on a terminal of 80 columns."""
    runner = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    return {path: runner.invoke(APP, [*path, "--help"]).output for path in EVERY}


def test_no_help_shows_a_type_for_a_flag(helps: dict[tuple[str, ...], str]) -> None:
    assert [path for path, text in helps.items() if "<bool" in text or "BOOLEAN" in text] == []


def test_the_help_lists_commands_in_panels_by_what_they_are_for(helps: dict[tuple[str, ...], str]) -> None:
    places = [helps[()].index(f"─ {panel} ─") for panel in commands.PANELS]
    assert places == sorted(places)
    assert "─ Commands ─" not in helps[()]
    listed = {name: command.rich_help_panel for (name, *rest), command in walk_named() if not rest}
    assert (listed["generate"], listed["report"], listed["study"], listed["spectra"]) == commands.PANELS


def walk_named() -> Iterator[tuple[tuple[str, ...], Any]]:
    return ((path, command) for path, command in EVERY.items() if path)


@pytest.mark.parametrize("path", [path for path, command in EVERY.items() if not hasattr(command, "commands")])
def test_every_example_is_one_line_to_paste(path: tuple[str, ...], helps: dict[tuple[str, ...], str]) -> None:
    _, _, examples = helps[path].partition("For example:\n")
    lines = [line for line in examples.splitlines() if line]
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "clstm"
        assert len(line) <= 80
        # The words parse as arguments of the command, or of a default of its group.
        typed = words[1 + len(path) :] if tuple(words[1 : 1 + len(path)]) == path else words[len(path) :]
        EVERY[path].make_context(" ".join(path), typed, resilient_parsing=False)


def test_hidden_commands_are_not_listed(helps: dict[tuple[str, ...], str]) -> None:
    assert EVERY[("reach-figure",)].hidden
    assert "reach-figure" not in helps[()]


def app_with_prompts() -> typer.Typer:
    app = commands.Commands()

    @app.command()
    def go(
        prompt: Annotated[list[str], typer.Option("--prompt")] = [],  # noqa: B006  Typer copies it
        with_prompt: bool = False,
        rest: Annotated[list[str], typer.Argument()] = [],  # noqa: B006
    ) -> None:
        print(prompt, with_prompt, rest)

    return app


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        (["--seed-midi", "a.mid", "--seed-midi=b.mid"], "['a.mid', 'b.mid'] False []"),
        (["--with-seed"], "[] True []"),
        (["--with-seed", "--no-with-seed"], "[] False []"),
        (["--", "--seed-midi"], "[] False ['--seed-midi']"),
    ],
)
def test_old_options_work_and_warn_by_their_new_name(typed: list[str], understood: str) -> None:
    result = CliRunner().invoke(app_with_prompts(), typed)
    assert result.exit_code == 0
    assert result.stdout.strip() == understood
    renamed = [
        word.partition("=")[0] for word in typed[: typed.index("--") if "--" in typed else None] if "seed" in word
    ]
    warned = re.findall(r"^(--\S+) is now called (--\S+);", result.stderr, re.MULTILINE)
    assert [old for old, _ in warned] == list(dict.fromkeys(renamed)), "each name once"
    assert all("prompt" in new for _, new in warned)


def test_every_old_option_leads_to_one_that_a_command_has() -> None:
    options = {name for _, command in walk_named() for param in command.params for name in param.opts}
    assert set(old_names.OPTIONS.values()) <= options
    assert not set(old_names.OPTIONS) & options


def test_an_old_option_of_another_command_stays_unknown() -> None:
    result = CliRunner().invoke(APP, ["doctor", "--seed-midi", "a.mid"])
    assert result.exit_code == 2
    assert "--seed-midi" in result.stderr


@pytest.mark.parametrize(
    "typed", [["--instrument", "200"], ["--instrument=200"], ["--instrument", "1", "--instrument", "200"]]
)
def test_a_value_that_is_not_accepted_is_repeated_in_one_line(typed: list[str]) -> None:
    result = CliRunner().invoke(APP, ["render", "a.mid", "--out", "x", *typed])
    assert isinstance(result.exception, UserError)
    said = str(result.exception)
    assert said.startswith("--instrument '200' is not accepted: ")
    assert "127" in said
    assert said.endswith("render --help` says what is")
    assert "\n" not in said


def test_a_missing_option_is_still_named_with_the_usage() -> None:
    result = CliRunner().invoke(APP, ["render", "a.mid"])
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_a_report_shows_its_own_options_and_how_to_verify_one(helps: dict[tuple[str, ...], str]) -> None:
    shown = helps["report",]
    assert "--robustness" in shown
    assert "--reference" in shown
    assert "make | verify" in shown.splitlines()[1]
    assert re.search(r"│ verify +Render and measure everything again", shown)


def test_the_help_says_that_a_command_goes_on_and_so_does_ctrl_c() -> None:
    for path, command in EVERY.items():
        help_says = "the same command continues" in " ".join((getattr(command, "help", None) or "").split())
        assert help_says == isinstance(command, commands.Continuing), path
    assert isinstance(EVERY["train",], commands.Resumable)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (commands.Continuing, "Stopped. The same `clstm go` continues: what is done is kept."),
        (commands.Resumable, "Stopped. The same `clstm go` with --resume continues exactly there."),
        (commands.Command, ""),
    ],
)
def test_ctrl_c_says_what_goes_on(kind: type[commands.Command], said: str) -> None:
    app = commands.Commands()

    @app.command("stay")
    def stay() -> None: ...

    @app.command("go", cls=kind)
    def go() -> None:
        raise KeyboardInterrupt

    stopped = CliRunner().invoke(app, ["go"], prog_name="clstm")
    assert stopped.exit_code == 130
    assert stopped.stderr.strip() == said
