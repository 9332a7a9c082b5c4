"""Measuring systems and comparing them: `clstm measure` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import console, progress, say, warn
from evaluation.cli.arguments import (
    Cluster,
    Instrument,
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
        help="Which MIDI passes through the score matrix and one velocity first: `reference`, `all`, `none`; or "
        "`auto`: the reference, where all other MIDI has these limits."
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
    seconds: Seconds = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Measure every metric of sound and notes, of every file, as one tidy table.

    A metric that does not exist for a file, such as the loudness of silence, is empty and its note says why.
    Measurements are cached: if stopped, the same command continues.

    For example:

        clstm measure human=music/human lstm=music/lstm --out metrics.csv
    """
    from evaluation.audio.render import RenderSettings
    from evaluation.measurement.table import MeasurementRequest, make_table

    settings = RenderSettings(soundfont=soundfont, instrument=instrument)
    request = MeasurementRequest(tuple(systems), out, settings, same_grid, pedal, seconds, workers, cluster)
    with progress() as advance:
        made = make_table(request, advance)
    for remark in made.remarks:
        warn(remark)
    say(f"{made.measured} of {made.total} files measured, {out} made.")


@app.command("compare")
def compare_command(
    systems: Systems,
    reference: Reference,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the results; an earlier comparison there is replaced.")
    ],
    grid: Grid = "auto",
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
    confidence interval, a permutation test corrected for the number of metrics, and an effect size. Where all
    systems write on the grid of the score matrix and at one velocity, like the models, the reference is compared on it
    too; as it was played, it is one more system. If stopped, the same command continues.

    For example:

        clstm compare human=human lstm=lstm --reference human --out verdict
        clstm compare human=human lstm=lstm --reference human --out verdict --robustness
    """
    import shlex
    import sys

    from clstm.runtime.errors import choice
    from evaluation.audio.render import RenderSettings
    from evaluation.comparison import compare, tables
    from evaluation.measurement.named_paths import named_paths

    request = compare.ComparisonRequest(
        *(named_paths(systems), reference, out, RenderSettings(soundfont=soundfont, instrument=instrument)),
        grid=choice("--grid", grid, compare.GRIDS),
        pedal=pedal,
        groups=groups,
        seconds=seconds,
        robustness=robustness,
        other_soundfont=other_soundfont,
        seed=seed,
        workers=workers,
        cluster=cluster,
        command=shlex.join(["clstm", *sys.argv[1:]]),
    )
    with progress() as advance:
        made = compare.make_verdict(request, advance)
    for remark in made.remarks:
        warn(remark)
    console.print(tables.readable(made.table, made.reference))
    for line in made.summary:
        say(line)
    say(f"All numbers, with intervals: {out / 'verdict.md'}")
