"""What a command may replace: what it wrote itself. Anything else is somebody's, and stays.

Asked before the work, so that hours of it are not lost to a name. A file is ours when it begins as what we write in its
place; a folder when its record is ours and it holds nothing that we did not put there.
"""

import csv
import json
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UserError
from clstm.runtime.names import location, readable

BEGINNING = 4096  # bytes in which a file shows what it is; a PDF does so in as many at its end


def may_write_table(out: Path | None, columns: Collection[str], option: str = "--out") -> None:
    """Raise `UserError` when a file is there that is no earlier table: CSV whose heading is `columns`.

    An earlier version may have written the first half of them, or more than are named here. None is no file to write.
    """

    def is_table(path: Path) -> bool:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = next(csv.reader(file), [])
        enough = len(heading) >= max(2, len(columns) / 2)
        return enough and all(found == name for found, name in zip(heading, columns, strict=False))

    _may_write(out, is_table, f"a table that begins with {', '.join(list(columns)[:2])}", option)


def may_write_text(out: Path | None, mark: str, what: str, option: str = "--out") -> None:
    """Raise `UserError` when a file is there that does not hold `mark` in its beginning or at its end.

    what : what it should be
    """

    def is_marked(path: Path) -> bool:
        with path.open("rb") as file:
            beginning = file.read(BEGINNING)
            file.seek(max(path.stat().st_size - BEGINNING, 0))
            return mark.encode() in beginning or mark.encode() in file.read(BEGINNING)

    _may_write(out, is_marked, what, option)


def _may_write(out: Path | None, is_ours: Callable[[Path], bool], what: str, option: str) -> None:
    if out is None:
        return
    _check_place(out, option)
    if not out.exists():
        return
    if out.is_dir():
        raise UserError(f"{option} {readable(out)} is a folder; give a file")
    if not out.is_file():
        raise UserError(f"{option} {readable(out)} is not a plain file; give another name")
    try:
        ours = _is_empty(out) or is_ours(out)
    except (OSError, ValueError, csv.Error):
        ours = False
    if not ours:
        raise UserError(
            f"{option} {readable(out)} exists and is not {what} that this command wrote; give another name, or remove"
            " it"
        )


def _is_empty(path: Path) -> bool:
    """Nothing, or the line break of a table without rows and columns."""
    return path.stat().st_size <= len("\r\n") and not path.read_bytes().strip(b"\r\n")


def must_differ(**outputs: Path | None) -> None:
    """Raise `UserError` when two outputs, by their options, are one file: the second would replace the first."""
    seen: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is not None and (other := seen.setdefault(location(path), option)) != option:
            raise UserError(f"--{option} and --{other} are both {readable(path)}; give each a file of its own")


def _check_place(out: Path, option: str) -> None:
    """Raise `UserError` where nothing can be written: below a file, or through a link that leads to itself."""
    try:
        place = out.resolve()
    except (OSError, RuntimeError) as error:
        raise UserError(f"{option} {readable(out)} is a link that leads to itself; give another name") from error
    above = next((parent for parent in place.parents if os.path.lexists(parent)), place.parent)
    if not above.is_dir():
        raise UserError(f"{option} {readable(out)} cannot be made: {readable(above)} is a file; give another place")


def may_replace(
    out: Path,
    record: str,
    files: Callable[[dict[str, Any]], Iterable[str]],
    what: str,
    option: str = "--out",
    inputs: Iterable[Path] = (),
) -> None:
    """Raise `UserError` when `out` is a folder, not empty, that this command did not write, or a file; and when it
    holds an input, which would be replaced with it.

    record : the JSON file that such a folder holds
    files : from what it says, all that the command puts there, as paths in the folder; a folder's name stands for all
        that is in it. Raises for a record of something else
    what : such as "a corpus"
    """
    _check_place(out, option)
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"{option} {readable(out)} is a file; give a folder")
    for path in inputs:
        if path.resolve().is_relative_to(out.resolve()):
            raise UserError(
                f"{option} {readable(out)} would be replaced, and holds {readable(path)}, which this command reads;"
                " name another folder"
            )
    if not any(out.iterdir()):
        return
    try:
        content = json.loads((out / record).read_text(encoding="utf-8"))
        known = {record, *files(content)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(
            f"{option} {readable(out)} is not empty and not {what} that this command wrote; name another folder, or"
            " empty it"
        ) from None
    if strange := strangers(out, known):
        more = f" and {len(strange) - 1} more" * (len(strange) > 1)
        raise UserError(
            f"{option} {readable(out)} would be replaced, and holds {readable(strange[0])}{more}, which this command"
            " did not write; move what you want to keep, or name another folder"
        )


def strangers(folder: Path, known: Collection[str]) -> list[str]:
    """Files in a folder, at any depth, that are not among the `known` paths, nor in one of them that is a folder."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            continue
        named = {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)}
        if not named & set(known) and path.name not in (".DS_Store", "Thumbs.db", "desktop.ini"):
            found.append(inside.as_posix())
    return found
