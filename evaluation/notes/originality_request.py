"""`clstm originality` in one call, and its result for the terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from clstm.runtime.errors import UserError
from clstm.runtime.files import write_table
from clstm.runtime.finding import MIDI, find
from clstm.runtime.ownership import may_write_table
from clstm.runtime.progress import Progress, silent
from evaluation.measurement.inputs import read_groups
from evaluation.measurement.options.named_paths import named_path
from evaluation.notes.originality import COLUMNS, Originality, measure_originality

SHOWN = 10  # pieces named in the terminal; the CSV has all
HEADINGS = ("\npieces", "\nmedian", "\nlargest", "corpus\nmedian", "\n99 %", "\nlargest", "\nflagged")


@dataclass(frozen=True)
class OriginalityRequest:
    """Which music is searched for in which corpus.

    sources : NAME=PATH each
    corpus : a folder of MIDI files
    index : a CSV of columns file, group: pieces of one group are not compared with each other
    seconds : only the beginning of each piece of the systems; None is all of it
    pedal : whether notes last as long as a pedal holds them, which decides how long pieces are
    seed : of the places from which the corpus's excerpts are taken
    """

    sources: tuple[str, ...]
    corpus: Path
    out: Path
    index: Path | None = None
    seconds: float | None = None
    seed: int = 0
    workers: int | None = None
    pedal: bool = False


def search(request: OriginalityRequest, progress: Progress = silent) -> tuple[Originality, list[str]]:
    """The longest runs that systems share with a corpus, also written to `request.out`; and what the user should know.

    Raises `UserError` before the work for what cannot be searched or written.
    """
    may_write_table(request.out, COLUMNS)
    files: dict[str, list[Path]] = {}
    remarks: list[str] = []
    for name, path in map(named_path, request.sources):
        if name in files:
            raise UserError(f"the name {name!r} is given twice; give each system its own")
        music = find([path], MIDI)
        files[name] = music.files
        remarks += music.remarks
    music = find([request.corpus], MIDI)
    remarks += music.remarks
    groups = read_groups(request.index) if request.index else None
    if groups is not None:
        remarks += _without_group(request, groups, music.files)
    found = measure_originality(
        *(files, music.files, groups),
        seconds=request.seconds,
        seed=request.seed,
        pedal=request.pedal,
        workers=request.workers,
        progress=progress,
    )
    write_table(request.out, found.table)
    return found, [*remarks, *_left_out(found, grouped=bool(groups))]


def _without_group(request: OriginalityRequest, groups: Mapping[str, str], pieces: list[Path]) -> list[str]:
    unnamed = [piece for piece in pieces if not groups.get(piece.stem)]
    if len(unnamed) == len(pieces):
        raise UserError(
            f"{request.index} lists none of the {len(pieces)} files in {request.corpus}; its column file must"
        )
    if not unnamed:
        return []
    return [f"{request.index} names no group of {len(unnamed)} of {len(pieces)} files, {unnamed[0].name} first"]


def _left_out(found: Originality, *, grouped: bool) -> list[str]:
    failed = found.table[found.table["notes"].isna()]
    remarks = [f"Left out of the corpus: {rejected}" for rejected in found.rejected]
    remarks += [f"Left out: {file}: {why}" for file, why in zip(failed["file"], failed["note"], strict=True)]
    if found.twins:
        pair = " is ".join(Path(name).name for name in found.twins[0])
        treated = "" if grouped else "; treated as one group"
        remarks.append(
            f"{len(found.twins)} of {len(found.corpus)} corpus files are the same music as another ({pair}){treated}"
        )
    return [*remarks, *filter(None, [found.left_out])]


def readable(found: Originality) -> Table:
    """Each system's matches and those of the corpus's own excerpts, in notes."""
    groups = len({piece.group for piece in found.corpus})
    shown = Table(
        title=f"Longest run shared with {len(found.corpus):,} pieces in {groups:,} groups, notes", box=SIMPLE_HEAD
    )
    shown.add_column("", overflow="fold")
    for heading in HEADINGS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for system, own in found.own.items():
        table = found.table[found.table["system"] == system]
        match = table["match_notes"].dropna()
        itself = [f"{np.median(own):.0f}", f"{np.percentile(own, 99):.0f}", f"{own.max()}"] if len(own) else ["-"] * 3
        flagged = f"{int(table['flagged'].sum())}" if table["as_long"].notna().any() else "-"
        shown.add_row(Text(system), f"{len(match)}", f"{match.median():.0f}", f"{match.max():.0f}", *itself, flagged)
    return shown


def flagged_passages(found: Originality) -> list[str]:
    """The passages to listen to, one line each, at most `SHOWN`."""
    table = found.table
    flagged = table[table["flagged"] == 1].sort_values(["as_long", "match_notes"], ascending=[True, False])
    rows: list[Mapping[Any, Any]] = list(flagged.head(SHOWN).to_dict("records"))
    lines = [_passage(row) for row in rows]
    return lines + [f"... and {len(flagged) - SHOWN} more"] * (len(flagged) > SHOWN)


def _passage(row: Mapping[Any, Any]) -> str:
    moved = f", {row['semitones']:+d} semitones" if row["semitones"] else ""
    return (
        f"{row['system']}, {Path(row['file']).name}: {row['match_notes']} notes in {row['match_seconds']:.1f} s at "
        f"{row['match_at']:.1f} s, as in {Path(row['corpus_file']).name} at {row['corpus_at']:.1f} s{moved}; "
        f"{100 * row['as_long']:.1f} % of {row['excerpts']} excerpts of the corpus share as much"
    )
