"""Where a report may be written: a new or empty place, or that of an earlier report; never over the music it reads."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from clstm.runtime.ownership import may_replace, may_write_text
from reports.content.report import MADE_BY, RECORD

MANIFEST = "manifest.json"
MARK = f'<meta name="generator" content="{MADE_BY}">'
ENDINGS = (".html", ".htm")


def check_output(out: Path, sources: Mapping[str, Path], single: bool = False) -> Path:
    """`out`, resolved. Raises `UserError` unless it is new, empty or an earlier report, outside of the music it reads.

    sources : the music, by name; single : whether one file is to be written
    """
    if not str(out).strip() or out == Path():
        raise UserError("--out is empty or the working directory itself; give a folder of its own, such as report")
    place = _resolved(out)
    for name, path in sources.items():
        source = path.resolve()
        if source.is_relative_to(place):
            raise UserError(
                f"--out {readable(out)} contains the music of {name} and would be replaced; choose another folder"
            )
        if path.is_dir() and place.is_relative_to(source):
            raise UserError(
                f"--out {readable(out)} lies within the music of {name} and would be read as music; choose another"
                " folder"
            )
    if single:
        if place.suffix.lower() not in ENDINGS:
            raise UserError(
                f"--out {readable(out)} is not the name of a page; with --single-file give a file such as report.html"
            )
        may_write_text(place, MARK, "a report")
    else:
        may_replace(place, RECORD, partial(_written, place), "a report")
    return place


def _resolved(out: Path) -> Path:
    try:
        return out.resolve()
    except (OSError, RuntimeError) as error:
        raise UserError(f"--out {readable(out)} is a link that leads to itself; give another name") from error


def _written(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """The files of an earlier report, besides its record. Raises `ValueError` for a record of something else."""
    if record["made_by"] != MADE_BY:
        raise ValueError(record["made_by"])
    return [MANIFEST, *json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]]
