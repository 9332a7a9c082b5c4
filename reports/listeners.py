"""What listeners said: a listening study's results, read from the folder that `clstm study results --out` writes.

Its `results.json` is all that reports know of studies: neither package imports the other.
"""

import json
from pathlib import Path
from typing import Any

from clstm.errors import UserError

COUNTS = ("clips_heard", "majority_human", "answers", "said_human")
SHARES = ("p_human", "low", "high")


def read_study(folder: Path) -> dict[str, Any]:
    """What the page shows of a study. Raises `UserError` for a folder that holds no results.

    returns title, note (that it is synthetic, else ""), listeners, complete, registered, key_sha256; verdict, the words
    of each registered contrast; tally, a row a source: source, is_human, `COUNTS`, and `SHARES` 0..1, None where no
    answer counts
    """
    path = Path(folder) / "results.json"
    hint = "give the folder that `clstm study results --out` wrote"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            "title": str(found["title"]),
            "note": str(found.get("note", "")),
            "listeners": int(found["listeners"]),
            "complete": int(found["complete"]),
            "registered": int(found["registration"]["listeners"]),
            "key_sha256": str(found["key_sha256"]),
            "verdict": [str(row["words"]) for row in found["contrasts"] if row["analysis"] == "registered"],
            "tally": [_source(row) for row in found["tally"]],
        }
    except OSError as error:
        raise UserError(f"--study {folder} has no readable results.json ({error.strerror}); {hint}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"--study {path} is not a study's results ({error!r}); {hint}") from error


def _source(row: dict[str, Any]) -> dict[str, Any]:
    counts = {name: int(row[name]) for name in COUNTS}
    shares = {name: float(row[name]) if counts["answers"] else None for name in SHARES}
    return {"source": str(row["source"]), "is_human": bool(row["is_human"]), **counts, **shares}
