"""Measuring systems and comparing them: `clstm measure` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands, Continuing
from clstm.runtime.console import console, progress, say, warn
from clstm.runtime.finding import named_paths
from clstm.runtime.forking import server
from evaluation.cli.arguments import (
    Cluster,
    Embeddings,
    Instrument,
    Likelihood,
    Limits,
    Margin,
    OtherSoundfont,
    Pedal,
    Reference,
    Replicates,
    Robustness,
    Seconds,
    Seed,
    Skip,
    Soundfont,
    Systems,
    Workers,
)
from evaluation.measurement import IMPORTS

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
        help="A table with the columns file and group. Pieces of one group (a work, a composer) are not independent. "
        "A column replicate says which training of its system made a file.",
    ),
]


@app.command("measure", cls=Continuing)
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
    replicates: Replicates = False,
    seconds: Seconds = None,
    skip: Skip = None,
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

    sources = named_paths(systems)
    if only is None:
        server.start(*IMPORTS)

    from evaluation.api.measuring import measure
    from evaluation.audio.render import RenderSettings

    settings = RenderSettings(soundfont=soundfont, instrument=instrument)
    if only is not None:
        choice("--only", only, ("notes",))
    with progress() as advance:
        found = measure(
            sources,
            out=out,
            pieces=pieces,
            only=only,
            control=control,
            same_grid=same_grid,
            pedal=pedal,
            seconds=seconds,
            skip=skip,
            replicates=replicates,
            settings=settings,
            workers=workers,
            cluster=cluster,
            progress=advance,
        )
    for remark in found.remarks:
        warn(remark)
    say(f"{found.made.measured:,} of {counted(found.made.total, 'file')} measured, {out} made.")


@app.command("compare", cls=Continuing)
def compare_command(
    systems: Systems,
    reference: Reference,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the results; an earlier comparison there is replaced.")
    ],
    grid: Grid = "auto",
    limits: Limits = None,
    embedding: Embeddings = None,
    skip: Skip = None,
    groups: Groups = None,
    replicates: Replicates = False,
    seconds: Seconds = None,
    likelihood: Likelihood = None,
    robustness: Robustness = False,
    other_soundfont: OtherSoundfont = None,
    soundfont: Soundfont = None,
    instrument: Instrument = None,
    pedal: Pedal = False,
    margin: Margin = "",
    seed: Seed = 0,
    fail_over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOUND",
            help="Fail where a system is certainly above a bound: `distance=150`, MMD² × 1000 of all metrics; "
            "`distance=0.5*NAME`, a share of another system's; `METRIC=VALUE`, a difference of means in the metric's "
            "unit; `NAME:distance=150`, for one system. Can be repeated.",
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xml", help="Also write the bounds as JUnit XML, one case per system and bound."),
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Compare systems with a reference: which metrics differ, and by how much.

    Each metric has its distance from the reference (1 is the typical distance between two samples of the reference), a
    confidence interval, a permutation test corrected for the number of metrics, and an effect size. A system that
    writes on a grid, or at one velocity, is compared with the reference on that grid, or at one velocity; one without
    limits with the reference as it is. As it was played, the reference is one more system. `clstm describe` shows the
    limits. If stopped, the same command continues.

    The exit status is 1 where a bound of `--fail-over` is broken: where the whole 95 % interval lies above it.

    For example:

        clstm compare human=human lstm=lstm --reference human --out verdict
        clstm compare human=human lstm=lstm --reference human --out verdict --robustness
        clstm compare human=a mine=b --reference human --out d --fail-over distance=150
    """
    import shlex
    import sys

    from clstm.runtime.errors import choice

    sources = named_paths(systems)
    server.start(*IMPORTS)

    from evaluation import bounds
    from evaluation.api.comparing import compare
    from evaluation.audio.render import RenderSettings
    from evaluation.comparison import terminal
    from evaluation.comparison.sets.references import GRIDS

    asked = bounds.asked(fail_over or (), junit, list(sources), reference, out)
    with progress() as advance:
        found = compare(
            sources,
            reference,
            out=out,
            grid=choice("--grid", grid, GRIDS),
            limits=limits,
            embeddings=embedding,
            skip=skip,
            groups=groups,
            replicates=replicates,
            seconds=seconds,
            likelihood=likelihood,
            robustness=robustness,
            other_soundfont=other_soundfont,
            settings=RenderSettings(soundfont=soundfont, instrument=instrument),
            pedal=pedal,
            margin=margin,
            seed=seed,
            workers=workers,
            cluster=cluster,
            command=shlex.join(["clstm", *sys.argv[1:]]),
            progress=advance,
        )
    for remark in found.remarks:
        warn(remark)
    for part in terminal.readable(found.table, found.reference):
        console.print(part)
    for line in found.summary:
        say(line)
    say(f"All numbers, with intervals: {out / 'verdict.md'}")
    if not bounds.kept(asked, found.comparison.near.distances, found.table, junit, say):
        raise typer.Exit(1)
