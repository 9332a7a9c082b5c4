"""What listeners said: a listening study's results, read from the folder that `clstm study results --out` writes.

Its `results.json` and `clips.csv` are all that reports know of studies: neither package imports the other.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from clstm.runtime.errors import UserError
from clstm.runtime.json_files import read_json

COUNTS = ("clips_heard", "majority_human", "answers", "said_human")
SHARES = ("p_human", "low", "high")
CONTRAST = ("source", "human", "difference", "low", "high", "p_holm", "verdict")
CLIP = ["clip", "source", "piece", "start", "answers", "p_human"]


def read_study(folder: Path) -> dict[str, Any]:
    """What the page shows of a study. Raises `UserError` for a folder that holds no results.

    returns title, note (that it is synthetic, else ""), listeners, complete, registered, key_sha256, human (the human
    source), seconds (of a clip), as_played (whether human clips kept their touch); verdict, the words of each
    registered contrast; contrasts, those rows; tally, a row a source: source, is_human, `COUNTS`, and `SHARES` 0..1,
    None where no answer counts; clips, a row a clip with answers: clip, source, piece, start (s), answers, p_human
    """
    path = Path(folder) / "results.json"
    hint = "give the folder that `clstm study results --out` wrote"
    try:
        found = read_json(path)
        registered = [row for row in found["contrasts"] if row["analysis"] == "registered"]
        return {
            "title": str(found["title"]),
            "note": str(found.get("note", "")),
            "listeners": int(found["listeners"]),
            "complete": int(found["complete"]),
            "registered": int(found["registration"]["listeners"]),
            "key_sha256": str(found["key_sha256"]),
            "human": str(found["registration"]["human"]),
            "seconds": float(found["seconds"]),
            "as_played": bool(found["sound"]["as_played"]),
            "verdict": [str(row["words"]) for row in registered],
            "contrasts": [{name: row[name] for name in CONTRAST} for row in registered],
            "tally": [_source(row) for row in found["tally"]],
            "clips": _clips(path.with_name("clips.csv")),
        }
    except OSError as error:
        raise UserError(f"--study {folder} has no readable results.json ({error.strerror}); {hint}") from error
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise UserError(f"--study {path} is not a study's results ({error!r}); {hint}") from error


def _source(row: dict[str, Any]) -> dict[str, Any]:
    counts = {name: int(row[name]) for name in COUNTS}
    shares = {name: float(row[name]) if counts["answers"] else None for name in SHARES}
    return {"source": str(row["source"]), "is_human": bool(row["is_human"]), **counts, **shares}


def _clips(path: Path) -> list[dict[str, Any]]:
    table = pd.read_csv(path)[CLIP]
    return [{str(name): value for name, value in row.items()} for row in table[table["answers"] > 0].to_dict("records")]
