"""The verbs of the evaluation."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluation.cli import compare, drift, notes

app = typer.Typer(rich_markup_mode="markdown")


class AudioFormat(StrEnum):
    flac = "flac"
    wav = "wav"


@app.command("render")
def render_command(
    midi: Annotated[list[Path], typer.Argument(metavar="MIDI...", help="MIDI files, or folders searched recursively.")],
    out: Annotated[Path, typer.Option(help="Folder for the audio and render.json.")],
    audio: Annotated[AudioFormat, typer.Option("--format", help="16-bit audio of this format.")] = AudioFormat.flac,
    soundfont: Annotated[
        Path | None, typer.Option(help="An .sf2 or .sf3 file. Default: TimGM6mb.sf2, which comes along.")
    ] = None,
    gain: Annotated[float, typer.Option(help="The synthesizer's gain, the same for every file.")] = 0.8,
    rate: Annotated[int, typer.Option(help="Sample rate, Hz.")] = 44100,
    wet: Annotated[bool, typer.Option("--wet", help="With FluidSynth's reverb and chorus.")] = False,
    same_grid: Annotated[
        bool, typer.Option("--same-grid", help="First through the score matrix and one velocity, as a model's music.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")] = None,
) -> None:
    """Render MIDI to audio with FluidSynth: one SoundFont, one gain, nothing normalised.

    Loud music stays louder than soft music. `render.json` holds every setting, and loudness, peak and clipped samples
    of each file.

    Example: `clstm render generated/c-lstm bwv804.mid --out audio --format wav`
    """
    from clstm.runtime.console import console, progress_bar, warn
    from clstm.runtime.finding import MIDI, find
    from evaluation.audio.render import RenderSettings
    from evaluation.measurement.render_folder import render_folder

    settings = RenderSettings(soundfont=soundfont, sample_rate=rate, gain=gain, reverb=wet, chorus=wet)
    found = find(midi, MIDI)
    files = found.files
    with progress_bar() as bar:
        task = bar.add_task("Rendering", total=len(files))
        folder = render_folder(
            files,
            out,
            settings,
            suffix=f".{audio}",
            on_grid=same_grid,
            workers=workers,
            progress=lambda _: bar.advance(task),
        )
    for remark in found.remarks:
        warn(remark)
    for rejected in folder.rejected:
        warn(f"Rejected {rejected}")
    if folder.left_out:
        warn(folder.left_out)
    for rendered in folder.rendered:
        if rendered.clipped:
            warn(f"{rendered.file}: {rendered.clipped} samples beyond full scale were clipped; lower --gain")
    console.print(f"{len(folder.rendered)} of {len(files)} files rendered to {out}", markup=False, soft_wrap=True)


@app.command("doctor")
def doctor_command() -> None:
    """Say what is installed, which FluidSynth and SoundFont are used, and the command that mends what is missing.

    The exit status is 0 when everything needed is there, 1 when not.

    Example: `clstm doctor`
    """
    import platformdirs

    from clstm.runtime.console import console
    from clstm.runtime.errors import MissingToolError
    from evaluation import doctor
    from evaluation.audio.synthesizer import default_soundfont

    try:
        soundfont = default_soundfont()
    except MissingToolError:
        soundfont = None
    findings = doctor.examine(soundfont, platformdirs.user_cache_path("clstm"))
    console.print(doctor.table(findings))
    for finding in findings:
        if finding.fix:
            console.print(f"{finding.name}: {finding.fix}", markup=False, highlight=False, soft_wrap=True)
    if not doctor.fit(findings):
        raise typer.Exit(1)


for room in (compare, notes):
    app.registered_commands += room.app.registered_commands
app.add_typer(drift.app, name="spectra")
