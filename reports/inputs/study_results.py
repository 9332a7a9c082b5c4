"""A listening study's results, read from the folder that `clstm study results --out` writes.

Its `results.json` and `clips.csv` are all that reports know of studies: neither package imports the other.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from reports.content.listeners import HeardClip, ListenerContrast, ListenerTally, StudyContent
from reports.content.rows import rows_as

HINT = "give the folder that `clstm study results --out` wrote"
SHARES = ("p_human", "low", "high")
DIFFERS = "significant difference"  # a study's own verdict on a contrast


def read_study(folder: Path) -> StudyContent:
    """A study's results, of this version or an earlier one. Raises `UserError` for a folder that holds none.

    A source on which no answer counts has no share; clips without answers are left out.
    """
    path = Path(folder) / "results.json"
    try:
        found = old_names.translated(read_json(path))
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
