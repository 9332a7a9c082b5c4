"""A command may replace only what it wrote itself.

This is checked before the work, so that no hours are lost because of a name. A file is ours if it begins as the files
that the command writes; a folder, if its record is ours and it holds no other files.
"""

import csv
import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UserError
from clstm.runtime.names import location, readable
from clstm.runtime.old_names import column

BEGINNING = 4096  # bytes in which a file shows what it is; a PDF does so in as many at its end


def may_write_table(out: Path | None, columns: Collection[str], option: str = "--out") -> None:
    """Raise `UserError` when a file is there that is no earlier table: CSV whose heading is `columns`.

    An earlier version may have written the first half of them, by their old names, or more than are named here. None is
    no file to write.
    """

    def is_table(path: Path) -> bool:
        with path.open(encoding="utf-8-sig", newline="") as file:
            heading = next(csv.reader(file), [])
        enough = len(heading) >= max(2, len(columns) / 2)
        return enough and all(column(found) == column(name) for found, name in zip(heading, columns, strict=False))

    _may_write(out, is_table, f"a table that begins with {', '.join(list(columns)[:2])}", option)


def may_write_text(out: Path | None, mark: str, what: str, option: str = "--out") -> None:
    """Raise `UserError` when a file is there that does not hold `mark` in its beginning or at its end.

    what : what it should be

    >>> _ = Path("thesis.tex").write_text("years of work")
    >>> may_write_text(Path("thesis.tex"), "% Made by clstm", "a table", "--latex")
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: --latex thesis.tex exists and is not a table that this command wrote; ...
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
    """Raise `UserError` when two outputs, by their options, are one file: the second would replace the first.

    >>> must_differ(out=Path("table.csv"), latex=Path("table.tex"), figure=None)
    >>> must_differ(out=Path("table.csv"), latex=Path("music/../table.csv"))
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: --latex and --out are both music/../table.csv; give each a file of its own
    """
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
    files : given its content, returns all that the command writes there, as paths in the folder; the name of a folder
        includes all files in it. Raises for the record of something else
    what : such as "a corpus"
    """
    _check_folder(out, option)
    if not out.exists():
        return
    for path in inputs:
        if path.resolve().is_relative_to(out.resolve()):
            raise UserError(
                f"{option} {readable(out)} would be replaced, and contains {readable(path)}, which this command reads;"
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
            f"{option} {readable(out)} would be replaced, and contains {readable(strange[0])}{more}, which this command"
            " did not write; move what you want to keep, or name another folder"
        )


def may_write_files(
    out: Path, names: Iterable[str], written: Mapping[str, str], digest: Callable[[Path], str], option: str = "--out"
) -> None:
    """Raise `UserError` when `out` is a file, or holds a file of one of these `names` that this command did not write.

    written : the files that it wrote there before, and their hashes by `digest`, "" for those it did not finish. A file
        that was changed since is no longer ours
    """
    _check_folder(out, option)
    for path in (out / name for name in names if os.path.lexists(out / name)):
        if path.name not in written or not path.is_file():
            raise UserError(f"{readable(path)} exists, and this command did not write it; name another folder")
        if written[path.name] and digest(path) != written[path.name]:
            raise UserError(f"{readable(path)} was changed since this command wrote it; name another folder")


def _check_folder(out: Path, option: str) -> None:
    """Raise `UserError` where no folder can be made."""
    _check_place(out, option)
    if out.exists() and not out.is_dir():
        raise UserError(f"{option} {readable(out)} is a file; give a folder")


def strangers(folder: Path, known: Collection[str]) -> list[str]:
    """Files in a folder, at any depth, that are not among the `known` paths, nor in one of them that is a folder.

    >>> strangers(Path("music"), ["human", "mine/lstm.mid"])
    ['a=b/song.mid']
    """
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            continue
        named = {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)}
        if not named & set(known) and path.name not in (".DS_Store", "Thumbs.db", "desktop.ini"):
            found.append(inside.as_posix())
    return found
