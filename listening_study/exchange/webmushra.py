"""Results of webMUSHRA, as its `service/write.php` appends them: one CSV per kind of test.

    mushra.csv              trial_id, rating_stimulus, rating_score 0..100, rating_time, rating_comment
    paired_comparison.csv   trial_id, choice_reference, choice_non_reference, choice_answer, choice_time, choice_comment
    lss.csv                 trial_id, stimuli_rating (or stimuli_rating1, 2, ...), stimuli, rating_time
    lms.csv                 trial_id, stimuli_rating, stimuli, rating_time

Before these are `session_test_id`, one column per question of the finish page, and in newer versions `session_uuid`, of
mushra.csv alone. They only tell sessions apart: nothing that participants said of themselves is imported, nor comments.
Times are ms. A trial is one item, such as a piece; its stimuli are the conditions.

A paired comparison plays a reference, A and B, and asks which of the two is the reference: an ABX test. The heading of
lss.csv counts the ratings of the first page only, so rows may be longer than it; they are read from both ends.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UnreadableFileError
from listening_study.exchange.mapping import Mapping, Stimuli, seconds

QUALITY, RATING = "quality", "rating"
ANSWERS = {"correct": 1.0, "incorrect": 0.0}
UNDECIDED = ("undecided", "unknown")  # of an ABX test that may be left undecided; neither right nor wrong
HIGHEST = 100  # of MUSHRA


@dataclass(frozen=True)
class Kind:
    """One kind of result file.

    columns : that it is known by; stimulus, time : of its columns; screens : whether a trial is one screen
    """

    task: str
    columns: tuple[str, ...]
    stimulus: str
    time: str
    screens: bool = False


KINDS = (
    Kind("mushra", ("rating_stimulus", "rating_score"), "rating_stimulus", "rating_time", screens=True),
    Kind("abx", ("choice_reference", "choice_answer"), "choice_non_reference", "choice_time"),
    Kind("rating", ("stimuli",), "stimuli", "rating_time"),
)


@dataclass(frozen=True)
class Row:
    """One row of a file. person : what tells sessions apart; ratings : by column"""

    line: int
    uuid: str
    person: tuple[str, ...]
    trial: str
    stimulus: str
    time: str
    ratings: dict[str, str]


def is_webmushra(heading: Sequence[str]) -> bool:
    return "session_test_id" in heading and "trial_id" in heading


def read_webmushra(path: Path, mapping: Mapping, stimuli: Stimuli) -> tuple[list[dict[str, Any]], list[str]]:
    """The judgements in one result file, and remarks on what is left out.

    `participant` is a tuple that tells sessions apart, the same in all files of one session as far as can be known.

    Raises `UnreadableFileError` for a file of another kind, and a row that is damaged.
    """
    kind, rows = _rows(path)
    found: list[dict[str, Any]] = []
    left_out = 0
    for who, session in _sessions(rows):
        trials: dict[object, int] = {}
        for row in session:
            number = trials.setdefault(row.trial if kind.screens else row.line, len(trials) + 1)
            values = _values(path, row, kind, mapping)
            left_out += not values
            about = _judgement(row, kind, mapping, stimuli) | {"part": path.name, "participant": who, "trial": number}
            found += [about | one for one in values]
    remarks = []
    if left_out:
        remarks.append(f"{path.name}: {left_out} of {len(rows)} rows have no answer, or an undecided one; left out")
    if not any(row.uuid or len(row.person) > 1 for row in rows):
        remarks.append(f"{path.name}: no column names participants; a stimulus that comes again begins another")
    return found, remarks


def _rows(path: Path) -> tuple[Kind, list[Row]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading, *lines = list(csv.reader(file)) or [[]]
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be read ({error.strerror})") from error
    except (ValueError, csv.Error) as error:
        raise UnreadableFileError(path, f"is no CSV ({error})") from error
    kind = next((one for one in KINDS if {*one.columns, one.stimulus, one.time} <= set(heading)), None)
    if kind is None or not is_webmushra(heading):
        raise UnreadableFileError(
            path, "is none of webMUSHRA's results that are read: mushra, paired_comparison, lss, lms"
        )
    return kind, [_row(path, number, heading, cells, kind) for number, cells in enumerate(lines, 2) if any(cells)]


def _row(path: Path, line: int, heading: list[str], cells: list[str], kind: Kind) -> Row:
    """One line. Ratings stand between the trial and the last two columns, however many the heading names."""
    begin = heading.index("trial_id")
    fits = len(cells) >= begin + 4 if kind.task == "rating" else len(cells) == len(heading)
    if not fits:
        raise UnreadableFileError(path, f"line {line} has {len(cells)} cells, the heading {len(heading)}")
    own = dict(zip(heading[: begin + 1], cells, strict=False))
    if kind.task == "rating":
        *given, stimulus, time = cells[begin + 1 :]
        names = [f"stimuli_rating{number}" for number in range(1, len(given) + 1)]
        ratings = dict(zip(names if len(given) > 1 else ["stimuli_rating"], given, strict=True))
    else:
        by = dict(zip(heading, cells, strict=True))
        stimulus, time = by[kind.stimulus], by[kind.time]
        ratings = {kind.columns[1]: by[kind.columns[1]]}
    uuid = own.pop("session_uuid", "")
    trial = own.pop("trial_id").strip()
    return Row(line, uuid, tuple(own.values()), trial, stimulus.strip(), time, ratings)


def _sessions(rows: list[Row]) -> Iterator[tuple[tuple[object, ...], list[Row]]]:
    """The rows of each session: of one uuid; without one, of equal answers until a stimulus of a trial comes again."""
    sessions: dict[tuple[tuple[str, ...], str, int], list[Row]] = {}
    times: dict[tuple[tuple[str, ...], str], int] = {}
    heard: dict[tuple[tuple[str, ...], str], set[tuple[str, str]]] = {}
    for row in rows:
        who, what = (row.person, row.uuid), (row.trial, row.stimulus)
        if what in heard.setdefault(who, set()) and not row.uuid:
            times[who] = times.get(who, 0) + 1
            heard[who] = set()
        heard[who].add(what)
        sessions.setdefault((*who, times.get(who, 0)), []).append(row)
    of_person: dict[tuple[str, ...], int] = {}
    for (person, _, _), own in sessions.items():
        number = of_person[person] = of_person.get(person, 0) + 1
        yield (*person, number), own


def _values(path: Path, row: Row, kind: Kind, mapping: Mapping) -> list[dict[str, Any]]:
    """What one row says: attribute and value; empty without an answer."""
    if kind.task == "abx":
        answer = row.ratings["choice_answer"].strip()
        if answer not in (*ANSWERS, *UNDECIDED):
            accepted = ", ".join((*ANSWERS, *UNDECIDED))
            raise UnreadableFileError(path, f"line {row.line}: the answer {answer!r} is not one of {accepted}")
        return [{"attribute": "abx", "value": ANSWERS[answer]}] if answer in ANSWERS else []
    found = []
    for place, (column, rating) in enumerate(row.ratings.items(), 1):
        try:
            value = mapping.number(rating)
        except ValueError as error:
            raise UnreadableFileError(path, f"line {row.line}: {error}") from error
        if value is not None and kind.task == "mushra" and not 0 <= value <= HIGHEST:
            raise UnreadableFileError(path, f"line {row.line}: a score of {value:g} is not between 0 and {HIGHEST}")
        usual = QUALITY if kind.task == "mushra" else RATING
        name = (mapping.attribute or usual) + (f" {place}" if len(row.ratings) > 1 else "")
        if value is not None:
            found.append({"attribute": mapping.attributes.get(column, name), "value": value})
    return found


def _judgement(row: Row, kind: Kind, mapping: Mapping, stimuli: Stimuli) -> dict[str, Any]:
    """All of a judgement but what was said."""
    stimulus = stimuli.find(row.stimulus, row.trial)
    return {
        "task": (mapping.task or kind.task) if kind.task == "rating" else kind.task,
        "kind": "main",
        "item": row.trial if kind.screens else f"{row.trial}/{row.stimulus}",
        "prompt": stimulus.prompt,
        "clip": stimulus.clip,
        "source": stimulus.source,
        "seconds": seconds(row.time),
    }
