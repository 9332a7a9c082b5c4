"""Data of jsPsych: one object a trial, as JSON, as JSON lines (JATOS) or as CSV, one participant a file or many.

jsPsych names the plugin of a trial (`trial_type`), what was played (`stimulus`), what was answered (`response`) and
after how many ms (`rt`). What a participant is called, and which system a clip is of, each experiment says in its own
way: in columns that it adds, which a mapping names, or in a table of stimuli. Rows that name no clip of either are no
trials: instructions, questionnaires, practice.

A response is a number, a word, or one number per question of a page ({"Q0": 3}). Buttons and points of jsPsych's scales
are counted from 0.
"""

import csv
import json
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UnreadableFileError
from listening_study.exchange.mapping import MISSING, PARTICIPANTS, Columns, Mapping, Stimuli, Stimulus, seconds

Row = dict[str, Any]
RATING = "rating"
UNKNOWN = "is neither jsPsych's data nor a result file of webMUSHRA"
SIDES = 2  # of a preference
TRIES = (0, 1)  # that a listener was right, or said human


def read_jspsych(path: Path, mapping: Mapping, stimuli: Stimuli) -> tuple[list[Row], list[str]]:
    """The judgements in one file, and remarks on what is left out.

    `participant` is what the data call the participant; without a name for them, the file and its part.

    Raises `UnreadableFileError` for a file of another kind, and a response that the mapping does not explain.
    """
    parts = trials_in(path)
    task, columns = mapping.task or RATING, mapping.columns
    rows = [(part, row) for part, own in enumerate(parts) for row in own]
    names = {name for _, row in rows for name in row}
    if not {"trial_type", *_listed(columns.stimulus)} & names:
        raise UnreadableFileError(path, UNKNOWN)
    name = _participant_column(path, columns, names)
    found: list[Row] = []
    numbers: dict[object, int] = {}
    left_out = unanswered = 0
    for number, (part, row) in enumerate(rows, 1):
        clips = _clips(row, mapping, stimuli, task)
        if clips is None:
            left_out += 1
            continue
        try:
            values = _values(row, mapping, task, clips)
        except ValueError as error:
            raise UnreadableFileError(path, f"trial {number}: {error}") from error
        who = str(row.get(name, "")) if name else f"{path.name}/{part}"
        numbers[who] = numbers.get(who, 0) + 1
        unanswered += not values
        about = {
            "part": task,
            "participant": (who,),
            "task": task,
            "trial": numbers[who],
            "kind": "main",
            "item": " | ".join(sorted(clip.clip for clip in clips)),
            "seconds": seconds(row.get(columns.milliseconds)),
        }
        for position, attribute, value in values:
            clip = clips[position - 1]
            said = {"position": position, "attribute": attribute, "value": value}
            found.append(about | said | {"clip": clip.clip, "source": clip.source, "prompt": clip.prompt})
    if rows and not found:
        raise UnreadableFileError(path, _nothing(mapping, stimuli))
    return found, list(_remarks(path, len(rows), left_out, unanswered, name))


def _nothing(mapping: Mapping, stimuli: Stimuli) -> str:
    if not stimuli.known and not mapping.columns.source:
        return "does not say which clip is of which system: give --stimuli CSV, or source in [columns] of --mapping"
    return "has no answered trial whose clip is known; check [where] and [columns] of --mapping, and --stimuli"


def _remarks(path: Path, rows: int, left_out: int, unanswered: int, name: str | None) -> Iterator[str]:
    if left_out:
        yield f"{path.name}: {left_out} of {rows} rows are no trials with a known clip, and are left out"
    if unanswered:
        yield f"{path.name}: {unanswered} trials have no response, and are left out"
    if name is None:
        yield f"{path.name}: no column names participants; the file counts as one, or each list in it"


def trials_in(path: Path) -> list[list[Row]]:
    """The rows of a file, by participant where it keeps them apart. Raises `UnreadableFileError`.

    >>> _ = Path("two.json").write_text('[{"rt": 1}, {"rt": 2}]')
    >>> trials_in(Path("two.json"))
    [[{'rt': 1}, {'rt': 2}]]
    >>> _ = Path("two.jsonl").write_text('[{"rt": 1}]' + chr(10) + '[{"rt": 2}]')
    >>> trials_in(Path("two.jsonl"))
    [[{'rt': 1}], [{'rt': 2}]]
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnreadableFileError(path, f"is no text in UTF-8 ({error})") from error
    if text.lstrip()[:1] not in ("[", "{"):
        return [_table(path, text)]
    try:
        content = json.loads(text)
    except RecursionError as error:
        raise UnreadableFileError(path, "is nested too deeply") from error
    except ValueError:
        content = _lines(path, text)
    if isinstance(content, dict):
        content = content.get("trials", [content])  # as jsPsych's own `jsPsych.data.get()` prints itself
    listed = content if isinstance(content, list) else [content]
    parts = listed if listed and all(isinstance(one, list) for one in listed) else [listed]
    if not all(isinstance(row, dict) for own in parts for row in own):
        raise UnreadableFileError(path, "is no list of trials, as jsPsych writes it")
    return parts


def _lines(path: Path, text: str) -> list[Any]:
    """JSON lines: a trial each, or the trials of a participant each."""
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(path, f"is no JSON ({error})") from error


def _table(path: Path, text: str) -> list[Row]:
    """A CSV. Cells that hold an object or a list are JSON, as jsPsych writes them."""
    try:
        rows = list(csv.DictReader(StringIO(text, newline="")))
    except csv.Error as error:
        raise UnreadableFileError(path, f"is no CSV ({error})") from error
    if not rows or len(rows[0]) < SIDES:
        raise UnreadableFileError(path, UNKNOWN)
    return [{str(name): _cell(value) for name, value in row.items()} for row in rows]


def _cell(value: object) -> object:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _listed(columns: str | list[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else columns


def _participant_column(path: Path, columns: Columns, names: Collection[str]) -> str | None:
    """Which column names the participant. Raises `UnreadableFileError` for one that is named and not there."""
    if columns.participant and columns.participant not in names:
        raise UnreadableFileError(path, f"has no column {columns.participant}, which the mapping names as participant")
    return columns.participant or next((name for name in PARTICIPANTS if name in names), None)


def _clips(row: Row, mapping: Mapping, stimuli: Stimuli, task: str) -> list[Stimulus] | None:
    """The clips of a trial; None for a row that is no trial."""
    for column, wanted in mapping.where.items():
        accepted = wanted if isinstance(wanted, list) else [wanted]
        if str(row.get(column, "")).lower() not in [str(one).lower() for one in accepted]:
            return None
    names = _several(row, mapping.columns.stimulus)
    sources = _several(row, mapping.columns.source) if mapping.columns.source else []
    wanted_clips = SIDES if task == "preference" else 1
    if len(names) != wanted_clips or (mapping.columns.source and len(sources) != wanted_clips):
        return None
    if sources:
        return [Stimulus(source, name) for source, name in zip(sources, names, strict=True)]
    return [stimuli.find(name) for name in names] if all(name in stimuli for name in names) else None


def _several(row: Row, columns: str | list[str]) -> list[str]:
    """The texts of one column, which may hold a list, or of several; empty where one is missing."""
    cells = [row.get(one) for one in columns] if isinstance(columns, list) else row.get(columns)
    listed = cells if isinstance(cells, list) else [cells]
    texts = [str(one).strip() for one in listed if isinstance(one, str | int)]
    return texts if len(texts) == len(listed) and not set(texts) & set(MISSING) else []


def _values(row: Row, mapping: Mapping, task: str, clips: list[Stimulus]) -> list[tuple[int, str, float]]:
    """Position, attribute and value of all that a trial says; empty without a response. Raises `ValueError`."""
    if task == "preference":
        return _preferred(row, mapping, clips)
    given = _responses(row, mapping, task)
    found = [(1, name, value) for name, response in given.items() if (value := _number(mapping, response)) is not None]
    if task in ("source", "abx") and (wrong := [value for _, _, value in found if value not in TRIES]):
        raise ValueError(
            f"{wrong[0]:g} is neither 1 nor 0, as an answer to {task} must be; [values] of the mapping may say which is"
        )
    return found


def _responses(row: Row, mapping: Mapping, task: str) -> dict[str, Any]:
    """What was answered, by attribute."""
    usual = mapping.attribute or (task if task in ("source", "abx") else RATING)
    columns = mapping.columns.response
    if isinstance(columns, list):
        return {mapping.attributes.get(name, name): row.get(name) for name in columns}
    response = row.get(columns)
    if isinstance(response, dict):
        return {mapping.attributes.get(str(name), str(name)): one for name, one in response.items()}
    return {mapping.attributes.get(columns, usual): response}


def _number(mapping: Mapping, response: object) -> float | None:
    if isinstance(response, dict | list):
        raise ValueError("the response is a list; name the columns that hold one number each")  # noqa: TRY004 of data
    return mapping.number(response)


def _preferred(row: Row, mapping: Mapping, clips: list[Stimulus]) -> list[tuple[int, str, float]]:
    """Both clips of a preference: 1 and 0, or 0.5 each. The response is the clip's name, or its number from 0."""
    if isinstance(mapping.columns.response, list):
        raise ValueError("a preference has one response")  # noqa: TRY004 of a mapping
    response = str(row.get(mapping.columns.response, "")).strip()
    if response in MISSING or response == "None":
        return []
    names = _several(row, mapping.columns.stimulus)
    if mapping.no_difference is not None and response == str(mapping.no_difference):
        chosen = None
    elif response in names:
        chosen = names.index(response)
    elif response in ("0", "1"):
        chosen = int(response)
    else:
        raise ValueError(f"the response {response!r} is neither 0 nor 1, nor one of the two clips")
    attribute = mapping.attribute or "preference"
    return [(place + 1, attribute, 0.5 if chosen is None else float(chosen == place)) for place in range(len(clips))]
