"""The verbs about notes alone: what is taken from a corpus, and what the score matrix costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from evaluation.notes.originality import Originality

app = typer.Typer(rich_markup_mode="markdown")

SHOWN = 10  # pieces named on the screen; the CSV has all

LOSSES = {
    "out_of_range": "Out of range",
    "merged": "Merged with a note of the same 1/8 s",
    "doubled": "  of these, two voices on one key",
    "lengthened": "Lengthened to 1/8 s",
    "run_together": "Runs become chords",
    "spread": "Chords come apart",
    "in_order": "Still behind the same note",
}
MOVED = {
    "onset_shift_mean": ("Onsets moved, mean", " ms"),
    "length_change_mean": ("Lengths changed, mean", " ms"),
    "velocity_sd": ("Velocities lost, SD within a piece", ""),
}


@app.command("originality")
def originality_command(
    systems: Annotated[
        list[str], typer.Argument(metavar="NAME=PATH...", help="Systems: a MIDI file, or a folder of them, each.")
    ],
    corpus: Annotated[Path, typer.Option(help="The music they may have copied from: a folder of MIDI files.")],
    out: Annotated[Path, typer.Option(help="The CSV to write, a row a piece.")],
    index: Annotated[
        Path | None,
        typer.Option(help="A CSV of columns file, group: pieces of one group are not held against each other."),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="Only so much of the beginning of each piece of the systems.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the places the corpus's excerpts are taken from.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
) -> None:
    """Find the longest run of notes each piece shares with a corpus, in any key.

    Scales and repeated notes are everybody's, so it is held against what the corpus's own pieces share: one excerpt of
    each, as long as the piece in question, with the pieces of other groups. Give the music a model learnt from as the
    corpus, and its continuations without their seeds.

    Example: `clstm originality C-LSTM=music/c-lstm human=music/human --corpus ~/midi --out originality.csv`
    """
    from clstm.runtime.console import console, progress, say, warn
    from clstm.runtime.errors import UserError
    from clstm.runtime.files import write_table
    from clstm.runtime.finding import MIDI, find
    from clstm.runtime.ownership import may_write_table
    from evaluation.measurement.inputs import read_groups
    from evaluation.measurement.named_paths import named_path
    from evaluation.notes.originality import COLUMNS, measure_originality

    may_write_table(out, COLUMNS)
    files: dict[str, list[Path]] = {}
    left_out: list[str] = []
    for name, path in map(named_path, systems):
        if name in files:
            raise UserError(f"the name {name!r} is given twice; give each system its own")
        music = find([path], MIDI)
        files[name] = music.files
        left_out += music.remarks
    music = find([corpus], MIDI)
    pieces = music.files
    for remark in (*left_out, *music.remarks):
        warn(remark)
    groups = None
    if index:
        groups = read_groups(index)
        unnamed = [piece for piece in pieces if not groups.get(piece.stem)]
        if len(unnamed) == len(pieces):
            raise UserError(f"{index} names none of the {len(pieces)} files in {corpus}; its column file must")
        if unnamed:
            warn(f"{index} names no group of {len(unnamed)} of {len(pieces)} files, {unnamed[0].name} first")
    with progress() as advance:
        found = measure_originality(
            files, pieces, groups, seconds=seconds, seed=seed, workers=workers, progress=advance
        )
    write_table(out, found.table)
    for rejected in found.rejected:
        warn(f"Left out of the corpus: {rejected}")
    failed = found.table[found.table["notes"].isna()]
    for file, reason in zip(failed["file"], failed["note"], strict=True):
        warn(f"Left out: {file}: {reason}")
    if found.twins:
        told = "" if groups else "; held to be one group"
        pair = " is ".join(Path(name).name for name in found.twins[0])
        warn(f"{len(found.twins)} of {len(found.corpus)} corpus files are the same music as another ({pair}){told}")
    if found.left_out:
        warn(found.left_out)
    console.print(_systems(found))
    _say_flagged(found.table)
    say(f"{out} made.")


def _systems(found: "Originality") -> "Table":
    """Each system's matches beside those of the corpus's own excerpts, in notes."""
    import numpy as np
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    groups = len({piece.group for piece in found.corpus})
    shown = Table(
        title=f"Longest run shared with {len(found.corpus):,} pieces in {groups:,} groups, notes", box=SIMPLE_HEAD
    )
    shown.add_column("", overflow="fold")
    for heading in ("\npieces", "\nmedian", "\nlargest", "corpus\nmedian", "\n99 %", "\nlargest", "\nflagged"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for system, own in found.own.items():
        table = found.table[found.table["system"] == system]
        match = table["match_notes"].dropna()
        itself = [f"{np.median(own):.0f}", f"{np.percentile(own, 99):.0f}", f"{own.max()}"] if len(own) else ["-"] * 3
        flagged = f"{int(table['flagged'].sum())}" if table["as_long"].notna().any() else "-"
        shown.add_row(Text(system), f"{len(match)}", f"{match.median():.0f}", f"{match.max():.0f}", *itself, flagged)
    return shown


def _say_flagged(table: "pd.DataFrame") -> None:
    from clstm.runtime.console import say

    flagged = table[table["flagged"] == 1].sort_values(["as_long", "match_notes"], ascending=[True, False])
    rows: list[Mapping[Any, Any]] = list(flagged.head(SHOWN).to_dict("records"))
    for row in rows:
        moved = f", {row['semitones']:+d} semitones" if row["semitones"] else ""
        say(
            f"{row['system']}, {Path(row['file']).name}: {row['match_notes']} notes in {row['match_seconds']:.1f} s at "
            f"{row['match_at']:.1f} s, as in {Path(row['corpus_file']).name} at {row['corpus_at']:.1f} s{moved}; "
            f"{100 * row['as_long']:.1f} % of {row['excerpts']} excerpts of the corpus share as much"
        )
    if len(flagged) > SHOWN:
        say(f"... and {len(flagged) - SHOWN} more")


@app.command("grid-audit")
def grid_audit_command(
    midi: Annotated[list[Path], typer.Argument(metavar="MIDI...", help="MIDI files, or folders searched recursively.")],
    out: Annotated[Path, typer.Option(help="The CSV to write, a row a piece.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
) -> None:
    """Say what each piece loses in the score matrix (78 pitches, 1/8 s, no velocity), and why.

    Notes out of range, merged, lengthened and moved, runs that become chords and chords that come apart; in all, and
    the pieces that lose most.

    Example: `clstm grid-audit ~/midi --out audit.csv`
    """
    from clstm.music.left_out import from_columns, sentence
    from clstm.runtime.console import console, progress, say, warn
    from clstm.runtime.files import write_table
    from clstm.runtime.finding import MIDI, find
    from clstm.runtime.ownership import may_write_table
    from evaluation.notes.grid_audit import COLUMNS, audit_files

    may_write_table(out, COLUMNS)
    found = find(midi, MIDI)
    for remark in found.remarks:
        warn(remark)
    files = found.files
    with progress() as advance:
        table, rejected = audit_files(files, workers, lambda done, total: advance("Reading", done, total))
    write_table(out, table)
    for error in rejected:
        warn(f"Left out: {error}")
    if words := sentence(from_columns(table)):
        warn(words)
    console.print(_losses(table))
    worst = table[table["lost"] > 0].sort_values("lost", ascending=False, kind="stable").head(SHOWN)
    for file, reason in zip(worst["file"], worst["reason"], strict=True):
        say(f"{Path(file).name}: {reason}")
    say(f"{out} made.")


def _losses(table: "pd.DataFrame") -> "Table":
    """What all pieces lose together."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from evaluation.notes.grid_audit import totals

    lost = totals(table)
    shown = Table(title=f"{table['notes'].sum():,} notes of {len(table):,} pieces on the grid", box=SIMPLE_HEAD)
    shown.add_column("")
    shown.add_column("of the notes", justify="right")
    for name, words in LOSSES.items():
        shown.add_row(words, f"{100 * lost[name]:.2f} %")
    for name, (words, unit) in MOVED.items():
        shown.add_row(words, f"{lost[name]:.1f}{unit}")
    return shown
