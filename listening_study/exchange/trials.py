"""Judgements as jsPsych writes trials, one object each, for tools that read jsPsych's data; and back again.

`trial_type`, `trial_index`, `time_elapsed`, `rt`, `stimulus` and `response` are as jsPsych has them: times in ms,
buttons counted from 0. What jsPsych has no name for has the name of the table's column, and `judgements` holds every
value with its clip and source, so that nothing is lost.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from listening_study.exchange.judgements import judgements

TYPES = {
    "source": "audio-button-response",
    "rating": "survey-likert",
    "preference": "audio-button-response",
    "continuation": "survey-likert",
    "mushra": "audio-slider-response",
    "abx": "audio-button-response",
}
SCREEN = ("participant", "block", "task", "trial", "kind", "item", "prompt", "shown_at", "answered_at")
OF_CLIP = ("position", "clip", "source", "is_human", "attribute", "value", "heard", "plays")
Trial = dict[str, Any]


def trials(table: pd.DataFrame) -> list[Trial]:
    """One object per trial of each participant, in the order of the participants and of their trials.

    table : of judgements
    """
    found = []
    for (_, _, _), rows in table.groupby(["participant", "block", "trial"], sort=True):
        found.append(
            _trial([{str(name): _plain(value) for name, value in row.items()} for row in rows.to_dict("records")])
        )
    return list(_numbered(found))


def _trial(rows: Sequence[Mapping[str, Any]]) -> Trial:
    first = rows[0]
    clips = list(dict.fromkeys(row["clip"] for row in rows))
    said = [{name: row[name] for name in OF_CLIP} for row in rows]
    return {
        "trial_type": TYPES[first["task"]],
        "rt": None if first["seconds"] is None else round(first["seconds"] * 1000, 3),
        "stimulus": _one_or_all([f"clips/{clip}.flac" for clip in clips]),
        "response": _response(first["task"], rows, clips),
        **{name: first[name] for name in SCREEN},
        "judgements": said,
    }


def _response(task: str, rows: Sequence[Mapping[str, Any]], clips: Sequence[str]) -> Any:
    """As the plugin would have it: the button's number, or what was given, by attribute where there are several."""
    values = [row["value"] for row in rows]
    if task == "source":
        return int(values[0] == 0)  # the buttons are human, computer
    if task == "preference":
        return values.index(1.0) if 1.0 in values else None
    if task == "abx":
        return values[0] == 1
    by_clip = [{row["attribute"]: row["value"] for row in rows if row["clip"] == clip} for clip in clips]
    return _one_or_all([next(iter(said.values())) if len(said) == 1 else said for said in by_clip])


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _numbered(found: Sequence[Trial]) -> Iterator[Trial]:
    """With `trial_index` from 0 for each participant, and `time_elapsed` since their first trial began."""
    begun: dict[int, str] = {}
    count: dict[int, int] = {}
    for trial in found:
        who = trial["participant"]
        index = count[who] = count.get(who, -1) + 1
        begin = begun.setdefault(who, trial["shown_at"])
        rest = {name: value for name, value in trial.items() if name != "trial_type"}
        yield {
            "trial_type": trial["trial_type"],
            "trial_index": index,
            "time_elapsed": _elapsed(begin, trial["answered_at"]),
            **rest,
        }


def _elapsed(begin: str, end: str) -> int | None:
    if not begin or not end:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)) / timedelta(milliseconds=1))


def _plain(value: Any) -> Any:
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def as_json(rows: Iterable[Trial], note: str = "") -> str:
    r"""A JSON list with one object a line, each with the note, where there is one.

    >>> as_json([{"rt": 1}, {"rt": None}])
    '[\n{"rt": 1},\n{"rt": null}\n]\n'
    """
    mark = {"note": note} if note else {}
    return "[\n" + ",\n".join(json.dumps(mark | row, ensure_ascii=False) for row in rows) + "\n]\n"


def is_ours(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether `trials` made these objects."""
    return bool(rows) and all({*SCREEN, "judgements"} <= set(row) for row in rows)


def table_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The table that `trials` made these objects of. Raises `ValueError` for what is damaged in it."""
    listed = []
    for number, row in enumerate(rows, 1):
        about = {name: row[name] for name in SCREEN}
        rt, said = row.get("rt"), row["judgements"]
        if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
            raise ValueError(f"trial {number}: judgements is no list of objects")
        if rt is not None and not isinstance(rt, int | float):
            raise ValueError(f"trial {number}: rt is {rt!r}, which is no number")
        listed += [about | {"seconds": None if rt is None else rt / 1000} | one for one in said]
    return judgements(listed)
