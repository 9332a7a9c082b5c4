"""The verbs that measure music and hold sets of it against each other."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode="markdown")

Systems = Annotated[
    list[str], typer.Argument(metavar="NAME=PATH...", help="Each system and its MIDI or audio, a file or folder.")
]
Soundfont = Annotated[Path | None, typer.Option(help="SoundFont for MIDI. Default: TimGM6mb.sf2, which comes along.")]
Seconds = Annotated[float | None, typer.Option(min=0.125, help="Only the first so many seconds of every piece.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")]
Cluster = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="A Dask scheduler whose workers measure instead.")
]


@app.command("measure")
def measure_command(
    systems: Systems,
    out: Annotated[Path, typer.Option(help="The CSV to write: system, piece, metric, value, unit, note.")],
    soundfont: Soundfont = None,
    same_grid: Annotated[
        bool, typer.Option("--same-grid", help="MIDI first through the score matrix and one velocity.")
    ] = False,
    seconds: Seconds = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Measure music: every figure of sound and notes of every file, as one tidy table.

    A figure that does not exist for a file, such as the loudness of silence, is empty and its note says why. Files that
    were measured before are not measured again: stopped, the same command goes on.

    Example: `clstm measure human=music/human lstm=music/lstm --out metrics.csv`
    """
    from dataclasses import replace
    from math import isfinite

    from clstm.runtime.console import progress, say, warn
    from clstm.runtime.errors import UserError
    from clstm.runtime.files import write_table
    from clstm.runtime.ownership import may_write_table
    from evaluation.audio.render import RenderSettings
    from evaluation.measurement.inputs import not_used, takes
    from evaluation.measurement.measure import COLUMNS, left_out, measure_systems
    from evaluation.measurement.named_paths import music_files, named_path

    may_write_table(out, COLUMNS)
    if seconds is not None and not isfinite(seconds):
        raise UserError(f"--seconds {seconds} is no length; give seconds, such as 30")
    named = [named_path(system) for system in systems]
    if len({name for name, _ in named}) < len(named):
        raise UserError("a name is given twice; every system needs a name of its own")
    music = {name: music_files(path) for name, path in named}
    pieces = {
        name: [replace(take, same_grid=same_grid) for take in takes(found.files, cut=seconds)]
        for name, found in music.items()
    }
    for name, beside in music.items():
        for remark in beside.remarks:
            warn(f"{name}: {remark}")
    for remark in not_used([take.path for own in pieces.values() for take in own]):
        warn(remark)
    total = sum(map(len, pieces.values()))
    done = 0
    with progress() as advance:

        def measured(_: Path) -> None:
            nonlocal done
            done += 1
            advance("Measuring", done, total)

        found = measure_systems(pieces, RenderSettings(soundfont=soundfont), measured, workers, cluster)
    for row in found.pieces.to_dict("records"):
        if row["rejected"]:
            warn(f"Rejected {row['file']}: {row['rejected']}")
        elif row["remarks"]:
            warn(f"{row['file']}: {row['remarks']}")
    for line in left_out(found):
        warn(line)
    write_table(out, found.values)
    say(f"{(found.pieces['rejected'] == '').sum()} of {total} files measured, {out} made.")


@app.command("compare")
def compare_command(
    systems: Systems,
    reference: Annotated[str, typer.Option(help="The name of the system the others are held against.")],
    out: Annotated[Path, typer.Option(help="The folder to write; an earlier comparison there is replaced.")],
    grid: Annotated[
        str,
        typer.Option(
            help="MIDI that goes through the score matrix and one velocity first: the reference's, for systems whose "
            "music is so limited; all, for systems with performances of their own; none."
        ),
    ] = "reference",
    groups: Annotated[
        Path | None,
        typer.Option(help="A CSV of columns file and group: pieces of one work or composer are no independent draws."),
    ] = None,
    seconds: Seconds = None,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Again with another SoundFont, reverb, other velocities; mark what comes out otherwise.",
        ),
    ] = False,
    other_soundfont: Annotated[
        Path | None, typer.Option(help="The other SoundFont. Default: FluidR3_GM.sf2, where systems install it.")
    ] = None,
    soundfont: Soundfont = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every draw: splits, resamples, permutations.")] = 0,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Hold systems against a reference: what differs, by how much, how sure.

    Every figure of sound and notes, with its distance from the reference in units of what the reference's own halves
    differ by, its interval, a permutation test corrected for the number of figures, and an effect size. A reference of
    MIDI is taken on the grid of the score matrix and at one velocity, as music written in score matrices is, so that
    composition is compared with composition; as it is, it is one of the others. Every file counts. Stopped, the same
    command goes on.

    Example: `clstm compare human=music/human lstm=music/lstm --reference human --out verdict --robustness`
    """
    import shlex
    import sys

    from clstm.runtime.console import console, progress, say, warn
    from clstm.runtime.errors import choice
    from evaluation.audio.render import RenderSettings
    from evaluation.comparison import compare, tables

    request = compare.ComparisonRequest(
        tuple(systems),
        reference,
        out,
        RenderSettings(soundfont=soundfont),
        grid=choice("--grid", grid, compare.GRIDS),
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
