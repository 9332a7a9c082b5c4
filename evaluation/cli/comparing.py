"""Measuring systems and comparing them: `clstm measure` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import console, progress, say, warn
from evaluation.cli.arguments import (
    Cluster,
    Instrument,
    Limits,
    OtherSoundfont,
    Pedal,
    Reference,
    Robustness,
    Seconds,
    Seed,
    Soundfont,
    Systems,
    Workers,
)

app = Commands(MEASURE)

Grid = Annotated[
    str,
    typer.Option(
        help="`auto`: compare each system with the reference under the limits of its own music. Or which MIDI passes "
        "through the score matrix and one velocity first: `reference`, `all`, `none`."
    ),
]
Groups = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV",
        help="A table with the columns file and group. Pieces of one group (a work, a composer) are not independent.",
    ),
]


@app.command("measure")
def measure_command(
    systems: Systems,
    out: Annotated[Path, typer.Option(metavar="CSV", help="The table: system, piece, metric, value, unit, note.")],
    soundfont: Soundfont = None,
    instrument: Instrument = None,
    pedal: Pedal = False,
    same_grid: Annotated[
        bool, typer.Option("--same-grid", help="First pass MIDI through the score matrix, at one velocity.")
    ] = False,
    control: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS",
            help="First put these limits on MIDI, as `compare` does on the reference: "
            "`grid=1/8,offsets=true,velocity=80`; also `range`, `instruments`, `drums`, `pedal`.",
        ),
    ] = None,
    seconds: Seconds = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="notes", help="Measure only the metrics of `notes`; nothing is rendered, so it is fast."),
    ] = None,
    pieces: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="A second table: each file, its length, remarks, and what was left out of it."
        ),
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Measure every metric of sound and notes, of every file, as one tidy table.

    A metric that does not exist for a file, such as the loudness of silence, is empty and its note says why.
    Measurements are cached: if stopped, the same command continues.

    For example:

        clstm measure human=music/human lstm=music/lstm --out metrics.csv
        clstm measure lakh=lmd_full --only notes --out notes.csv --pieces files.csv
    """
    from clstm.runtime.errors import choice
    from clstm.runtime.names import counted
    from evaluation.audio.render import RenderSettings
    from evaluation.measurement.table import MeasurementRequest, make_table

    settings = RenderSettings(soundfont=soundfont, instrument=instrument)
    notes_only = only is not None and choice("--only", only, ("notes",)) == "notes"
    request = MeasurementRequest(
        *(tuple(systems), out, settings, same_grid, pedal, seconds, workers, cluster, control, notes_only, pieces)
    )
    with progress() as advance:
        made = make_table(request, advance)
    for remark in made.remarks:
        warn(remark)
    say(f"{made.measured:,} of {counted(made.total, 'file')} measured, {out} made.")


@app.command("compare")
def compare_command(
    systems: Systems,
    reference: Reference,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the results; an earlier comparison there is replaced.")
    ],
    grid: Grid = "auto",
    limits: Limits = None,
    groups: Groups = None,
    seconds: Seconds = None,
    robustness: Robustness = False,
    other_soundfont: OtherSoundfont = None,
    soundfont: Soundfont = None,
    instrument: Instrument = None,
    pedal: Pedal = False,
    seed: Seed = 0,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Compare systems with a reference: which metrics differ, and by how much.

    Each metric has its distance from the reference (1 is the distance between two halves of the reference), a
    confidence interval, a permutation test corrected for the number of metrics, and an effect size. A system that
    writes on a grid, or at one velocity, is compared with the reference on that grid, or at one velocity; one without
    limits with the reference as it is. As it was played, the reference is one more system. `clstm describe` shows the
    limits. If stopped, the same command continues.

    For example:

        clstm compare human=human lstm=lstm --reference human --out verdict
        clstm compare human=human lstm=lstm --reference human --out verdict --robustness
    """
    import shlex
    import sys

    from clstm.runtime.errors import choice
    from evaluation.audio.render import RenderSettings
    from evaluation.comparison import compare, references, tables
    from evaluation.measurement.named_paths import named_paths

    request = compare.ComparisonRequest(
        *(named_paths(systems), reference, out, RenderSettings(soundfont=soundfont, instrument=instrument)),
        grid=choice("--grid", grid, references.GRIDS),
        pedal=pedal,
        groups=groups,
        seconds=seconds,
        robustness=robustness,
        other_soundfont=other_soundfont,
        seed=seed,
        workers=workers,
        cluster=cluster,
        command=shlex.join(["clstm", *sys.argv[1:]]),
        limits=tuple(limits or ()),
    )
    with progress() as advance:
        made = compare.make_verdict(request, advance)
    for remark in made.remarks:
        warn(remark)
    for part in tables.readable(made.table, made.reference):
        console.print(part)
    for line in made.summary:
        say(line)
    say(f"All numbers, with intervals: {out / 'verdict.md'}")
