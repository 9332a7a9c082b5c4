"""Composer, title and licence of files, from the index that the user gives."""

import csv
from pathlib import Path

from clstm.runtime.errors import UserError
from evaluation.measurement.inputs import plain

CREDITS = ("composer", "title", "opus", "licence", "source")


def read_credits(path: Path) -> dict[str, dict[str, str]]:
    """Composer, title, opus, licence and source of files by their `plain` names, from a CSV with a column file.

    Raises `UserError` for any other file.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is not a table of text in UTF-8"
        raise UserError(f"--index {path} cannot be read as CSV ({reason}); give one with the column file") from error
    if not rows or "file" not in rows[0]:
        raise UserError(f"--index {path} has no column file; give one with file, and group, title, licence as known")
    return {
        plain(row["file"]): {name: row[name] for name in CREDITS if row.get(name)} for row in rows if row.get("file")
    }
