"""The tidy table of judgements, one row per value that a listener gave, whatever the task and the program.

A screen is a trial: one clip or several, each with one value per attribute. Values by task:

    source         1: said to be made by a human, 0: by a computer; attribute "source"
    rating, continuation, mushra    the number given
    preference     1 for the clip chosen, 0 for the other, 0.5 for both without a difference; attribute "preference"
    abx            1: identified, 0: not; attribute "abx"
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clstm.runtime.errors import UnreadableFileError
from listening_study.analysis.codebook import Column

TASKS = ("source", "rating", "preference", "continuation", "mushra", "abx")
KINDS = ("main", "catch", "repeat")
REFERENCE, ANCHOR_35, ANCHOR_70 = "reference", "anchor 3.5 kHz", "anchor 7 kHz"  # sources that only MUSHRA has

COLUMNS = (
    Column("participant", "", "number of the participant"),
    Column("block", "", "of the study's tasks, from 1"),
    Column("task", "", ", ".join(TASKS)),
    Column("trial", "", "position of the screen in this participant's order, from 1"),
    Column("kind", "", "main; catch: a check of attention; repeat: a screen seen before"),
    Column("item", "", "which screen it is, the same for every participant who has it"),
    Column("prompt", "", "piece that was heard first; empty without one"),
    Column("position", "", "of the clip on the screen, from 1; empty where it is not known"),
    Column("clip", "", "the clip's name"),
    Column("source", "", "system that made the music; of MUSHRA also reference, anchor 3.5 kHz, anchor 7 kHz"),
    Column("is_human", "", "whether that source is the human one; empty where none is named"),
    Column("attribute", "", "what was judged"),
    Column("value", "", "what was said of the clip; which numbers, depends on the task"),
    Column("heard", "share", "of the clip; empty where it is not known"),
    Column("plays", "", "times started from the beginning; empty where it is not known"),
    Column("seconds", "s", "from shown to answered; empty where it is not known"),
    Column("shown_at", "UTC", "ISO 8601; empty where it is not known"),
    Column("answered_at", "UTC", "ISO 8601; empty where it is not known"),
)
NAMES = [column.name for column in COLUMNS]
NEEDED = ("participant", "block", "task", "trial", "kind", "item", "clip", "source", "attribute", "value")
COUNTS = ("participant", "block", "trial", "position", "plays")
NUMBERS = ("value", "heard", "seconds")
TEXTS = ("task", "kind", "item", "prompt", "clip", "source", "attribute", "shown_at", "answered_at")


def judgements(rows: Iterable[dict[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """A table of judgements from rows that may lack columns, checked, by participant, block and trial.

    Counts are whole numbers, <NA> where they are missing; texts that are missing are empty.

    Raises `ValueError` with the row and what is wrong in it.

    >>> own = {"participant": 1, "block": 1, "task": "rating", "trial": 1, "kind": "main", "item": "a", "clip": "a"}
    >>> judgements([own | {"source": "lstm", "attribute": "quality", "value": 4}])[["source", "value"]].values.tolist()
    [['lstm', 4.0]]
    >>> judgements([own | {"source": "lstm", "attribute": "quality", "value": "good"}])
    Traceback (most recent call last):
    ValueError: row 1: value is 'good', which is no number
    """
    table = pd.DataFrame(rows).reindex(columns=NAMES)
    for name in (*COUNTS, *NUMBERS):
        table[name] = _numbers(table[name])
    for name in COUNTS:
        _refuse(table, name, lambda values: values.notna() & ((values % 1 != 0) | (values < 0)), "no count")
        table[name] = table[name].astype("Int64")
    for name in TEXTS:
        table[name] = table[name].astype(object).where(table[name].notna(), "").map(str).astype(object)
    table["is_human"] = pd.array([_flag(value) for value in table["is_human"]], dtype="boolean")
    for name in NEEDED:
        _refuse(table, name, lambda values: values.isna() | (values.astype(str) == ""), "missing")
    _refuse(table, "task", lambda values: ~values.isin(TASKS), f"not one of {', '.join(TASKS)}")
    _refuse(table, "kind", lambda values: ~values.isin(KINDS), f"not one of {', '.join(KINDS)}")
    _refuse(table, "value", lambda values: ~np.isfinite(values), "not finite")
    _refuse_twice(table)
    return table.sort_values(["participant", "block", "trial"], kind="stable", ignore_index=True)


def _numbers(column: pd.Series) -> pd.Series:
    """Raises `ValueError` for the first that is none; empty text is a missing one."""
    column = column.replace("", np.nan)
    found = pd.to_numeric(column, errors="coerce")
    wrong = found.isna() & column.notna()
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"row {at + 1}: {column.name} is {column.iloc[at]!r}, which is no number")
    return found.astype(float)


def _flag(value: object) -> bool | None:
    known: dict[object, bool] = {True: True, False: False, "True": True, "False": False, "true": True, "false": False}
    return known.get(value) if isinstance(value, str | bool | np.bool_) else None


def _refuse(table: pd.DataFrame, name: str, wrong: Callable[[pd.Series], Any], why: str) -> None:
    bad = np.flatnonzero(np.asarray(wrong(table[name]), bool))
    if len(bad):
        value = table[name].iloc[bad[0]]
        plain = value.item() if isinstance(value, np.generic) else value
        said = "" if pd.isna(value) or value == "" else f" is {plain!r},"
        raise ValueError(f"row {bad[0] + 1}: {name}{said or ' is'} {why}")


def _refuse_twice(table: pd.DataFrame) -> None:
    where = ["participant", "block", "trial", "clip", "position", "attribute"]
    twice = np.flatnonzero(table.duplicated(where))
    if len(twice):
        row = table.iloc[twice[0]]
        raise ValueError(
            f"row {twice[0] + 1}: participant {row['participant']} judges {row['clip']} for {row['attribute']} "
            f"a second time in trial {row['trial']}"
        )


def read_judgements(path: Path) -> pd.DataFrame:
    """The table in a CSV that this kit wrote. Raises `UnreadableFileError` for anything else."""
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False)
        if missing := [name for name in NAMES if name not in raw.columns]:
            raise UnreadableFileError(path, f"is no table of judgements: it has no column {missing[0]}")
        return judgements(raw)
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnreadableFileError(path, f"is no table of judgements ({error})") from error


def of_answers(answers: pd.DataFrame, block: int = 1) -> pd.DataFrame:
    """The answers of a study, human or computer, as judgements; clips that would not play are left out.

    answers : columns as in the codebook; block : of the study's tasks, from 1, that asks it
    """
    said = answers[answers["said_human"].notna()]
    return judgements(
        pd.DataFrame(
            {
                **{name: said[name] for name in ("participant", "trial", "kind", "clip", "is_human")},
                **{name: said[name] for name in ("heard", "plays", "seconds", "shown_at", "answered_at")},
                "block": block,
                "task": "source",
                "item": said["clip"],
                "position": 1,
                "source": said["source"].fillna("catch"),
                "attribute": "source",
                "value": said["said_human"],
            }
        ).reset_index(drop=True)
    )
