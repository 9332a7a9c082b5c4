"""Promises about what is written: every verb is explained, shown by example, and in the README; examples are true."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from clstm.cli.main import load_commands

README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
MAKEFILE = Path(__file__).parents[1].joinpath("Makefile").read_text(encoding="utf-8")
LINES = re.compile(r"^ *(?:\.venv/bin/)?(clstm [^\n`#]+)", re.MULTILINE)
INLINE = re.compile(r"`(clstm [^`]+)`")


def verbs(command: Any, path: tuple[str, ...] = ("clstm",)) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with the words that call it."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        yield from verbs(inner, (*path, name))


VERBS = dict(verbs(typer.main.get_command(load_commands())))
SILENT = {"clstm report": "make"}  # the verb of a group that need not be said


def examples(text: str) -> list[str]:
    """Every `clstm ...` of a text, whether it has a line of its own or stands in a sentence; continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", text)
    return [found.strip() for found in [*LINES.findall(text), *INLINE.findall(text)]]


def said(example: str) -> str:
    """With the verb that need not be said."""
    for group, verb in SILENT.items():
        if example.startswith(f"{group} ") and " ".join(example.split()[:3]) not in VERBS:
            return example.replace(group, f"{group} {verb}", 1)
    return example


def unknown_parts(example: str) -> list[str]:
    """What an example uses that its command does not have."""
    words = shlex.split(said(example))
    depth = 3 if " ".join(words[:3]) in VERBS else 2
    verb = VERBS.get(" ".join(words[:depth]))
    if verb is None:
        groups = {" ".join(name.split()[:2]) for name in VERBS}
        return [] if words[1:2] in (["--help"], ["--version"]) or example in groups else [example]
    options = {name for option in verb.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    given = [word for word in words[depth:] if re.match(r"-\D", word)]  # -0.15 is a value
    return [word for word in given if word.split("=")[0] not in options]


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_has_help_with_an_example(verb: str) -> None:
    assert verb in " ".join(examples(VERBS[verb].help or ""))


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_explained(verb: str) -> None:
    assert [option.name for option in VERBS[verb].params if not getattr(option, "help", None)] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_is_in_the_readme(verb: str) -> None:
    assert any(said(example).startswith(verb) for example in examples(README))


@pytest.mark.parametrize("example", examples(README))
def test_examples_in_the_readme_use_what_there_is(example: str) -> None:
    assert unknown_parts(example) == []


@pytest.mark.parametrize("verb", VERBS)
def test_examples_in_the_help_use_what_there_is(verb: str) -> None:
    assert [unknown_parts(example) for example in examples(VERBS[verb].help or "")] == [[]] * len(
        examples(VERBS[verb].help or "")
    )


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", README)) <= targets
