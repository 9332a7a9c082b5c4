"""The verbs about drift: `clstm spectra record | check`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Notice when the music, or what measures it, drifts: record figures once, check against them ever after.",
)

Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")]
BUNDLED = "Default: TimGM6mb.sf2, which comes along."


@app.command("record")
def record_command(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="MIDI or audio files, or folders searched recursively.")
    ],
    out: Annotated[Path, typer.Option(metavar="BASELINE.json", help="The baseline; an old one is replaced.")],
    soundfont: Annotated[Path | None, typer.Option(help=f"An .sf2 or .sf3 file for MIDI. {BUNDLED}")] = None,
    gain: Annotated[float, typer.Option(help="The synthesizer's gain, the same for every file.")] = 0.8,
    rate: Annotated[int, typer.Option(help="Sample rate at which all is measured, Hz.")] = 44100,
    reverb: Annotated[bool, typer.Option("--reverb", help="Render MIDI with reverb.")] = False,
    chorus: Annotated[bool, typer.Option("--chorus", help="Render MIDI with chorus.")] = False,
    workers: Workers = None,
) -> None:
    """Measure every file and write the figures down, with all they depend on.

    The baseline holds each file's figures, or why they are missing; its sha256; and the environment: the versions of
    FluidSynth and of the libraries that measure, the SoundFont's hash, every setting. Inputs are named relative to it:
    put it under version control beside them.

    Example: `clstm spectra record music/ --out baseline.json`
    """
    from clstm.music.left_out import sentence
    from clstm.runtime.console import progress, say, warn
    from evaluation.audio.render import RenderSettings
    from evaluation.drift.check import record

    settings = RenderSettings(soundfont=soundfont, sample_rate=rate, gain=gain, reverb=reverb, chorus=chorus)
    with progress() as advance:
        baseline = record(inputs, out, settings, workers, lambda done, total: advance("Measuring", done, total))
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
        typer.Argument(metavar="INPUT...", help="Files or folders in the place of those recorded. Default: the same."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE.xml", help="Write the result as JUnit's XML too, a case a file.")
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option(help=f"The .sf2 or .sf3 file recorded, known again by its hash. {BUNDLED}")
    ] = None,
    same_bytes: Annotated[
        bool, typer.Option("--bytes", help="A file of other bytes has moved, even where it sounds as recorded.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Measure again as recorded, and say what moved: levels by more than 0.1 dB, loudness range 0.5 LU, all else 0.5 %.

    A figure that was missing must be missing for the same reason; a file that came or went is named too. Audio must
    have the form recorded: its rate, channels and length, none of its channels swapped or inverted. The exit
    status is 0 when nothing moved; 1 when something did; 2 for a mistake of yours; 3 when the environment is another
    one (a SoundFont, a library, a setting, a catalogue of figures), so that what moved proves nothing.

    Example: `clstm spectra check baseline.json --junit spectra.xml`
    """
    from clstm.runtime.console import console, progress, say
    from clstm.runtime.ownership import may_write_text
    from evaluation.drift.check import check
    from evaluation.drift.report import summary, table, write_junit

    may_write_text(junit, '<testsuite name="clstm spectra', "JUnit's XML", "--junit")
    with progress() as advance:
        result = check(
            baseline,
            inputs or (),
            soundfont,
            workers,
            lambda done, total: advance("Measuring", done, total),
            same_bytes,
        )
    if junit:
        write_junit(result, junit)
    if result.moved:
        console.print(table(result))
    for line in summary(result):
        say(line)
    raise typer.Exit(result.status)
