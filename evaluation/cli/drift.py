"""Watching for drift: `clstm spectra record` and `check`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import console, progress, say, warn
from evaluation.cli.arguments import BUNDLED, Gain, Soundfont, Workers

TOLERANCE = (
    "How far a metric may move: a value in its unit, or a percentage of the value recorded, as in `centroid=2%`. {} "
    "Can be repeated."
)

app = Commands(about="Detect changes in music or in its measurement: record metrics once, check them later.")


@app.command("record")
def record_command(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="MIDI or audio files, or folders searched recursively.")
    ],
    out: Annotated[Path, typer.Option(metavar="BASELINE.json", help="The baseline; an earlier one is replaced.")],
    soundfont: Soundfont = None,
    gain: Gain = 0.8,
    rate: Annotated[int, typer.Option(help="Sample rate of all measurements, Hz.")] = 44100,
    reverb: Annotated[bool, typer.Option("--reverb", help="Render MIDI with reverb.")] = False,
    chorus: Annotated[bool, typer.Option("--chorus", help="Render MIDI with chorus.")] = False,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help=TOLERANCE.format("Kept in the baseline for every check.")),
    ] = None,
    workers: Workers = None,
) -> None:
    """Measure every file and record its metrics, with everything they depend on.

    The baseline contains each file's metrics, or why one is missing; its SHA-256; and the environment: versions of
    FluidSynth and of the measuring libraries, the SoundFont's hash, every setting. Files are named relative to the
    baseline: put it under version control beside them.

    For example:

        clstm spectra record music/ --out baseline.json
    """
    from clstm.music.left_out import sentence
    from evaluation.audio.render import RenderSettings
    from evaluation.drift.check import record
    from evaluation.drift.tolerances import of_options

    tolerances = of_options(tolerance or ())
    settings = RenderSettings(soundfont=soundfont, sample_rate=rate, gain=gain, reverb=reverb, chorus=chorus)
    with progress() as advance:
        baseline = record(inputs, out, settings, workers, advance, tolerances)
    unreadable = {name: piece.unreadable for name, piece in baseline.files.items() if piece.unreadable}
    for name, reason in unreadable.items():
        warn(f"{name}: {reason}; recorded as unreadable")
    if words := sentence(piece.left_out for piece in baseline.files.values()):
        warn(words)
    say(f"{len(baseline.files) - len(unreadable)} of {len(baseline.files)} files recorded in {out}")


@app.command("check")
def check_command(
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE.json", help="Made by `clstm spectra record`.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT", help="Files or folders to check instead. Default: those recorded."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE.xml", help="Also write the result as JUnit XML, one case per file.")
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option(metavar="SF2", help=f"The SoundFont recorded, recognised by its hash. {BUNDLED}")
    ] = None,
    same_bytes: Annotated[
        bool, typer.Option("--bytes", help="Report a file whose bytes differ, even if it sounds as recorded.")
    ] = False,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help=TOLERANCE.format("Used instead of the baseline's.")),
    ] = None,
    workers: Workers = None,
) -> None:
    """Measure again, and report what changed.

    Tolerances: 0.1 dB for levels, 0.5 LU for the loudness range, 0.5 % for all else, or what the
    baseline or `--tolerance` say of a metric. A metric that was missing must be
    missing for the same reason; files that are new or gone are named. Audio must have the same rate, channels and
    length, with no channel swapped or inverted.

    The exit status is 0 if nothing changed, 1 if something did, 2 for an error of the user, and 3 if the environment is
    another one (a SoundFont, a library, a setting, the definition of a metric), so that changes prove nothing.

    For example:

        clstm spectra check baseline.json --junit spectra.xml
        clstm spectra check baseline.json --tolerance centroid=2%
    """
    from clstm.runtime.ownership import may_write_text
    from evaluation.drift.check import check
    from evaluation.drift.report import junit_cases, summary, table
    from evaluation.drift.tolerances import of_options
    from evaluation.junit import write_junit

    may_write_text(junit, '<testsuite name="clstm spectra', "JUnit's XML", "--junit")
    tolerances = of_options(tolerance or ())
    with progress() as advance:
        result = check(
            baseline,
            inputs or (),
            soundfont,
            workers,
            advance,
            same_bytes,
            tolerances,
        )
    if junit:
        write_junit(junit, f"clstm spectra {baseline.name}", junit_cases(result))
    if result.moved:
        console.print(table(result))
    for line in summary(result):
        say(line)
    raise typer.Exit(result.status)
