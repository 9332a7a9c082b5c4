"""A listening study's results, read from the folder that `clstm study results --out` writes.

Its `results.json` and `clips.csv`, and `agreement.csv` where `clstm study agreement --out` wrote it there, are all that
reports know of studies: neither package imports the other.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.agreement import COLUMNS, METRIC, sentence
from reports.content.listeners import HeardClip, ListenerContrast, ListenerTally, StudyContent
from reports.content.rows import TableContent, rows_as
from reports.numbers import number

HINT = "give the folder that `clstm study results --out` wrote"
SHARES = ("p_human", "low", "high")
DIFFERS = "significant difference"  # a study's own verdict on a contrast
SOURCE = "source"  # the task of saying who made the music
AGREEMENT = "agreement.csv"
NONE = "–"


def read_study(folder: Path) -> StudyContent:
    """A study's results, of this version or an earlier one. Raises `UserError` for a folder that holds none.

    A source on which no answer counts has no share; clips without answers are left out. A study in which nobody was
    asked who made the music is refused: a report has a place for that task alone.
    """
    path = Path(folder) / "results.json"
    try:
        found = old_names.translated(read_json(path))
        if (tasks := found.get("tasks")) and SOURCE not in [task["kind"] for task in tasks]:
            raise UserError(
                f"--study {folder} has no answers to human or computer, which a report shows; its results are in "
                f"{path.with_name('summary.md')}"
            )
        registered = [row for row in found["contrasts"] if row["analysis"] == "registered"]
        return StudyContent(
            title=str(found["title"]),
            note=str(found.get("note", "")),
            listeners=int(found["listeners"]),
            complete=int(found["complete"]),
            registered=int(found["registration"]["listeners"]),
            key_sha256=str(found["key_sha256"]),
            human=str(found["registration"]["human"]),
            seconds=float(found["seconds"]),
            as_played=bool(found["sound"]["as_played"]),
            verdict=tuple(str(row["words"]) for row in registered),
            contrasts=tuple(ListenerContrast.model_validate(row) for row in registered),
            tally=tuple(map(_tally, found["tally"])),
            clips=tuple(_clips(path.with_name("clips.csv"))),
            agreement=_agreement(path.with_name(AGREEMENT), str(found.get("note", ""))),
        )
    except OSError as error:
        raise UserError(f"--study {folder} has no readable results.json ({error.strerror}); {HINT}") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UserError(f"--study {path} is not a study's results ({_reason(error)}); {HINT}") from error


def _tally(row: dict[str, Any]) -> ListenerTally:
    return ListenerTally.model_validate(row if row["answers"] else row | dict.fromkeys(SHARES))


def _clips(path: Path) -> list[HeardClip]:
    table = old_names.table(pd.read_csv(path, dtype={"clip": str, "source": str, "piece": str}))
    return rows_as(HeardClip, table[table["answers"] > 0])


def _agreement(path: Path, note: str) -> TableContent | None:
    """What goes with the answers: distances, then metrics, those that do most first; None where there is no table."""
    if not path.is_file():
        return None
    table = _read_agreement(path)
    order = table.reindex(table["within"].abs().sort_values(ascending=False, kind="stable").index)
    metrics, distances = (order[(order["kind"] == METRIC) == yes] for yes in (True, False))
    mark = f"{note}. " if note else ""
    return TableContent(
        key="agreement",
        title="What goes with listeners’ judgements",
        look=(
            f"{mark}{sentence(table)} Rank correlations over the study’s clips, as they were heard, with the share of "
            "listeners who took them for human; 95 % intervals; p corrected by Holm. Over all clips, sources that "
            "differ are enough for a correlation."
        ),
        columns=("Quantity", "Clips", "Within sources", "p (Holm), within", "Over all clips", "p (Holm), over all"),
        rows=tuple(
            (str(row["label"]), str(row["clips"]), *_ways(row))
            for part in (distances, metrics)
            for row in part.to_dict("records")
        ),
        files=("tables/agreement.csv",),
        folded=True,
    )


def _read_agreement(path: Path) -> pd.DataFrame:
    """Raises `UserError` for another table."""
    try:
        table = pd.read_csv(path)[list(COLUMNS)]
        return table.astype({name: float for name in COLUMNS if name.startswith(("within", "overall"))})
    except (ValueError, KeyError, OSError) as error:
        raise UserError(f"--study {path} is no table that `clstm study agreement --out` wrote; remove it") from error


def _ways(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    cells: list[str] = []
    for way in ("within", "overall"):
        value, low, high, p = (row[f"{way}{end}"] for end in ("", "_low", "_high", "_p_holm"))
        known = not pd.isna(value)
        cells += [f"{number(value, 2)} [{number(low, 2)}, {number(high, 2)}]" if known else NONE]
        cells += [NONE if not known else "< 0.001" if p < 0.001 else f"{p:.3f}"]
    return tuple(cells)


def _reason(error: Exception) -> str:
    """What is wrong with results, without the words of Python."""
    match error:
        case KeyError():
            return f"it has no {error.args[0]}"
        case ValidationError():
            return f"its {'.'.join(map(str, error.errors()[0]['loc']))} cannot be read"
        case TypeError() | AttributeError():
            return "a value is of another kind"
    return "it is not JSON, or a value is of another kind"
