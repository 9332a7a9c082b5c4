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
        if fault["type"] == "extra_forbidden":
            raise UserError(f"{origin}: {where} is not a key; `clstm study config` shows them all") from None
        more = f", and {error.error_count() - 1} more faults" if error.error_count() > 1 else ""
        raise UserError(f"{origin}: {where} is {fault['input']!r}; {_plain(fault['msg'])}{more}") from None
    check_endings(configuration.access)
    return configuration


def template() -> str:
    """Every key of a configuration with its comment and default; keys without a default are commented out.

    >>> tomllib.loads(template())["clips"]["seconds"]
    10.0
    """
    lines = ["# A listening study. Every key may be left out; the values here are the defaults.", ""]
    return "\n".join([*lines, *_section(Configuration, Configuration(), ""), ""])


def _section(model: type[BaseModel], values: BaseModel, name: str) -> Iterator[str]:
    parts = []
    for key, field in model.model_fields.items():
        value = getattr(values, key)
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


def _toml(value: Any) -> str:
    """A plain value in TOML, which writes these as JSON does."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _plain(message: str) -> str:
    """Pydantic's message as part of a sentence: "Input should be ..." to "it should be ..."."""
    return message.replace("Input should", "it should").replace("String should", "it should")
