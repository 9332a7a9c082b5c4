"""How another program's results are read: which column holds what (`study-import.toml`), and which clip is of which
system (a CSV).

Both are optional where the results say it themselves: webMUSHRA's conditions are then the systems, and jsPsych's own
names of columns are used.
"""

import math
import tomllib
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clstm.runtime.errors import UnreadableFileError, UserError
from listening_study.exchange.judgements import ANCHOR_35, ANCHOR_70, REFERENCE

Task = Literal["source", "rating", "preference", "continuation", "mushra", "abx"]
MISSING = ("", "NA", "null", "undefined")
OWN_CONDITIONS = {"reference": REFERENCE, "anchor35": ANCHOR_35, "anchor70": ANCHOR_70}  # what webMUSHRA adds itself
PARTICIPANTS = ("participant", "subject", "subject_id", "participant_id", "PROLIFIC_PID", "run_id", "session_id")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Section):
    """Names of columns.

    stimulus, source : one, or of a preference those of both clips, in the order of the screen; without a table of
        stimuli, `source` says which system each is of
    response : one, or one per attribute
    """

    participant: str | None = None
    stimulus: str | list[str] = "stimulus"
    source: str | list[str] | None = None
    response: str | list[str] = "response"
    milliseconds: str = "rt"


class Mapping(_Section):
    """All that a mapping may say; every key has a default.

    where : only rows whose columns have these values are trials
    values : the number that a response stands for, where it is a word
    add : to every number, such as 1 where a scale's points are counted from 0
    attribute : what is judged, where there is one; attributes : where there are several, by the name of the question or
        column
    no_difference : the response to a preference that prefers neither
    human : the source made by humans
    """

    task: Task | None = None
    human: str | None = None
    attribute: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    add: float = 0
    no_difference: str | int | None = None
    columns: Columns = Columns()
    where: dict[str, str | int | bool | list[str | int]] = Field(default_factory=dict)
    values: dict[str, float] = Field(default_factory=dict)

    def number(self, response: object) -> float | None:
        """The number that a response stands for; None where there is none. Raises `ValueError` for a word without one.

        >>> Mapping(values={"good": 4}).number("good"), Mapping(add=1).number(" 0 "), Mapping().number("NA")
        (4.0, 1.0, None)
        """
        text = str(response).strip()
        if text in self.values:
            return self.values[text]
        if response is None or text in MISSING:
            return None
        if text in ("true", "True", "false", "False"):
            return float(text in ("true", "True"))
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is no number; the mapping's [values] may say which it stands for") from None
        if not math.isfinite(value):
            return None
        return value + self.add


def read_mapping(path: Path) -> Mapping:
    """Raises `UnreadableFileError` for a file that is no TOML, or has a key or value that is not accepted."""
    try:
        return Mapping.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"] if not str(part).startswith(("dict[", "list[")))
        if fault["type"] == "extra_forbidden":
            accepted = ", ".join((Columns if len(fault["loc"]) > 1 else Mapping).model_fields)
            raise UnreadableFileError(path, f"{where} is not a key; keys are {accepted}") from None
        raise UnreadableFileError(path, f"{where} is {fault['input']!r}; {fault['msg']}") from None
    except ValueError as error:
        raise UnreadableFileError(path, f"is not a TOML file ({error})") from error


def seconds(milliseconds: object) -> float | None:
    """A time in ms as seconds; None for what is no time.

    >>> seconds("1500"), seconds("null"), seconds(-1)
    (1.5, None, None)
    """
    try:
        time = float(str(milliseconds))
    except ValueError:
        return None
    return time / 1000 if math.isfinite(time) and time >= 0 else None


@dataclass(frozen=True)
class Stimulus:
    """What is known of a clip: its system, and of which piece or prompt it is."""

    source: str
    clip: str
    prompt: str = ""


@dataclass(frozen=True)
class Stimuli:
    """Which clip is of which system, by trial and name, or by name alone. Without a table a name is its own system."""

    known: Lookup[tuple[str, str], Stimulus] = field(default_factory=dict)
    path: Path | None = None

    def __contains__(self, name: str) -> bool:
        """Whether the table has a clip of this name, whatever its folder."""
        return any(key == ("", one) for key in self.known for one in (name, PurePosixPath(name).name))

    def find(self, name: str, trial: str = "") -> Stimulus:
        """Raises `UserError` for a clip that the table does not have.

        >>> Stimuli().find("anchor35", "piece-1")
        Stimulus(source='anchor 3.5 kHz', clip='piece-1/anchor35', prompt='')
        """
        clip = f"{trial}/{name}" if trial else name
        for key in ((trial, name), ("", name), ("", PurePosixPath(name).name)):
            if found := self.known.get(key):
                return replace(found, clip=found.clip or clip)
        if self.known and name not in OWN_CONDITIONS:
            where = f" of {trial}" if trial else ""
            raise UserError(f"{name!r}{where} is not in {self.path}; every clip needs a row: stimulus, source")
        return Stimulus(OWN_CONDITIONS.get(name, name), clip)


def read_stimuli(path: Path) -> Stimuli:
    """A CSV with the columns stimulus and source, and as far as known trial, clip and prompt.

    Raises `UnreadableFileError` for anything else.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnreadableFileError(path, f"is no CSV ({' '.join(str(error).split())})") from error
    known: dict[tuple[str, str], Stimulus] = {}
    for column in ("stimulus", "source"):
        if column not in table:
            raise UnreadableFileError(path, f"has no column {column}; it needs stimulus and source")
    rows: list[dict[Any, Any]] = table.to_dict("records")
    for number, row in enumerate(rows, 2):
        key = (row.get("trial", "").strip(), row["stimulus"].strip())
        if not key[1] or not row["source"].strip():
            raise UnreadableFileError(path, f"line {number} has an empty stimulus or source")
        if key in known:
            raise UnreadableFileError(path, f"line {number}: {' of '.join(filter(None, key[::-1]))} is listed twice")
        known[key] = Stimulus(row["source"].strip(), row.get("clip", "").strip(), row.get("prompt", "").strip())
    if not known:
        raise UnreadableFileError(path, "has no rows")
    return Stimuli(known, path)
