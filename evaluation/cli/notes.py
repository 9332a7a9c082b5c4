"""Notes alone: what is copied from a corpus, and what the score matrix costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import console, progress, say, warn
from evaluation.cli.arguments import MidiFiles, Pedal, Workers

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

app = Commands(MEASURE)

WORST = 10  # pieces named in the terminal; the CSV has all

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
        list[str], typer.Argument(metavar="NAME=PATH", help="Each system, and its MIDI: a file or a folder.")
    ],
    corpus: Annotated[Path, typer.Option(metavar="DIR", help="MIDI files that the systems may have copied from.")],
    out: Annotated[Path, typer.Option(metavar="CSV", help="The table, one row per piece.")],
    index: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="A table with the columns file and group: pieces of one group are not compared with each other.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="Use only this many seconds from the start of each system's pieces.")
    ] = None,
    pedal: Pedal = False,
    seed: Annotated[int, typer.Option(help="Seed of the random number generator: where excerpts are taken.")] = 0,
    workers: Workers = None,
) -> None:
    """Find the longest run of notes that each piece shares with a corpus, in any key.

    Scales and repeated notes are in all music. So each run is compared with what the corpus's own pieces share with
    pieces of other groups, in excerpts of the same length. As the corpus, give the music a model was trained on; as the
    system, its continuations without their prompts.

    For example:

        clstm originality lstm=music/lstm --corpus ~/midi --out originality.csv
    """
    from evaluation.notes.originality_request import OriginalityRequest, flagged_passages, readable, search

    request = OriginalityRequest(tuple(systems), corpus, out, index, seconds, seed, workers, pedal)
    with progress() as advance:
        found, remarks = search(request, advance)
    for remark in remarks:
        warn(remark)
    console.print(readable(found))
    for line in flagged_passages(found):
        say(line)
    say(f"{out} made.")


@app.command("grid-audit")
def grid_audit_command(
    midi: MidiFiles,
    out: Annotated[Path, typer.Option(metavar="CSV", help="The table, one row per piece.")],
    pedal: Pedal = False,
    workers: Workers = None,
) -> None:
    """Report what each piece loses in the score matrix (78 pitches, 1/8 s, no velocity), and why.

    Notes that are out of range, merged, lengthened or moved; runs that become chords, and chords that come apart.
    Prints the totals, and the pieces that lose most.

    For example:

        clstm grid-audit ~/midi --out audit.csv
    """
    from clstm.music.left_out import from_columns, sentence
    from clstm.runtime.files import write_table
    from clstm.runtime.finding import MIDI, find
    from clstm.runtime.ownership import may_write_table
    from evaluation.notes.grid_audit import COLUMNS, audit_files

    may_write_table(out, COLUMNS)
    found = find(midi, MIDI)
    with progress() as advance:
        table, rejected = audit_files(found.files, workers, advance, pedal=pedal)
    write_table(out, table)
    left_out = [f"Left out: {error}" for error in rejected]
    unsaid = sentence(from_columns(table), remedy="--pedal obeys it", one_instrument=True)
    for remark in filter(None, (*found.remarks, *left_out, unsaid)):
        warn(remark)
    console.print(_losses(table))
    worst = table[table["lost"] > 0].sort_values("lost", ascending=False, kind="stable").head(WORST)
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
