"""`study.toml`: read and checked, and written as a template, both by the models of `configuration`."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from clstm.runtime.errors import UnreadableFileError, UserError
from listening_study.protocol.configuration import Configuration
from listening_study.protocol.endings import check_endings
from listening_study.protocol.tasks import Task, TaskKind


def read_configuration(path: Path) -> Configuration:
    """Raises `UnreadableFileError` for a file that is not TOML, `UserError` for a key or value that is not accepted."""
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnreadableFileError(path, f"is not a TOML file ({error})") from error
    return validated(content, str(path))


def validated(content: dict[str, Any], origin: str) -> Configuration:
    """A configuration from plain values. Raises `UserError` with the first fault, `origin` saying where it is.

    >>> validated({"clips": {"count": 4}}, "study.toml").clips.count
    4
    >>> validated({"clip": {"count": 4}}, "study.toml")
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: study.toml: clip is not a key; `clstm study config` shows them all
    """
    try:
        configuration = Configuration.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        if fault["type"] == "task":
            raise UserError(f"{origin}: {_place(fault['loc'])}: {fault['msg']}") from None
        if fault["type"] == "extra_forbidden":
            raise UserError(f"{origin}: {where} is not a key; `clstm study config` shows them all") from None
        more = f", and {error.error_count() - 1} more faults" if error.error_count() > 1 else ""
        raise UserError(f"{origin}: {where} is {fault['input']!r}; {_plain(fault['msg'])}{more}") from None
    check_endings(configuration.access)
    check_tasks(configuration)
    return configuration


def _place(location: tuple[int | str, ...]) -> str:
    """Where a fault in the tasks is: `block 1` is the first.

    >>> _place(("tasks", 0)), _place(("tasks", 1, "attributes", 0))
    ('tasks, block 1', 'tasks, block 2, attributes.0')
    """
    block, *rest = location[1:]
    inner = ".".join(map(str, rest))
    return f"tasks, block {int(block) + 1}" + (f", {inner}" if inner else "")


def template() -> str:
    """Every key of a configuration with its comment and default; keys without a default are commented out.

    >>> tomllib.loads(template())["clips"]["seconds"]
    10.0
    """
    lines = ["# A listening study. Every key may be left out; the values here are the defaults.", ""]
    return "\n".join([*lines, *_section(Configuration, Configuration(), ""), *_blocks(), ""])


def _section(model: type[BaseModel], values: BaseModel, name: str) -> Iterator[str]:
    parts = []
    for key, field in model.model_fields.items():
        value = getattr(values, key)
        if field.annotation == tuple[Task, ...]:
            continue
        if isinstance(value, BaseModel):
            parts.append((key, value, field.description or (type(value).__doc__ or "").split("] ", 1)[1]))
            continue
        yield f"# {field.description}"
        yield f"# {key} =" if value is None or value == {} else f"{key} = {_toml(value)}"
    for key, part, about in parts:
        inner = f"{name}.{key}" if name else key
        yield ""
        yield f"# {about}"
        yield f"[{inner}]"
        yield from _section(type(part), part, inner)


def _blocks() -> Iterator[str]:
    """One block of tasks, commented out: without its first `# ` each line is as in the sections above."""
    yield ""
    yield f"# {Configuration.model_fields['tasks'].description}. Remove the first # of these lines:"
    yield "# [[tasks]]"
    for key, field in Task.model_fields.items():
        yield f"# # {field.description}"
        unset = field.default is None or key == "attributes"  # which is a table of its own
        yield f"# # {key} =" if unset else f"# {key} = {_toml(field.default)}"


def _toml(value: Any) -> str:
    """A plain value in TOML, which writes these as JSON does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _plain(message: str) -> str:
    """Pydantic's message as part of a sentence: "Input should be ..." to "it should be ..."."""
    return message.replace("Input should", "it should").replace("String should", "it should")


def check_tasks(configuration: Configuration) -> None:
    """Raises `UserError` for tasks that no study can have, whatever its music.

    >>> check_tasks(Configuration(tasks=({"kind": "continuation", "set": "mos"},)))
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: tasks, block 1: a continuation follows its prompt at once, ...
    """
    revealed = False
    for number, task in enumerate(configuration.tasks, 1):
        where = f"tasks, block {number}"
        if task.kind is TaskKind.SOURCE:
            if sum(one.kind is TaskKind.SOURCE for one in configuration.tasks) > 1:
                raise UserError(f"{where}: only one block can ask for human or computer; leave the others out")
            if revealed:
                raise UserError(f"{where}: mushra shows which music is human; put source before it")
            if task != Task():
                raise UserError(f"{where}: source has no keys of its own; use clips.count and those of [design]")
        revealed = revealed or task.kind is TaskKind.MUSHRA
        if task.kind is TaskKind.CONTINUATION and configuration.clips.after:
            raise UserError(
                f"{where}: a continuation follows its prompt at once, but clips.after leaves out "
                f"{configuration.clips.after:g} s; set it to 0"
            )
        if task.count is not None and task.count > configuration.clips.count:
            raise UserError(f"{where}: count is {task.count}, but clips.count only {configuration.clips.count}")
        for attribute in task.asked:
            for language in configuration.words.languages:
                if language not in attribute.words:
                    raise UserError(f"{where}: {attribute.name} has no words in {language}; see words.languages")
