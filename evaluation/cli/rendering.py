"""`clstm render`: MIDI to audio."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import MAKE, Commands
from clstm.runtime.console import progress, say, warn
from evaluation.cli.arguments import Gain, Instrument, MidiFiles, Soundfont, Workers

app = Commands(MAKE)


class AudioFormat(StrEnum):
    flac = "flac"
    wav = "wav"


@app.command("render")
def render_command(
    midi: MidiFiles,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the audio and `render.json`.")],
    audio: Annotated[AudioFormat, typer.Option("--format", help="16-bit audio of this format.")] = AudioFormat.flac,
    soundfont: Soundfont = None,
    instrument: Instrument = None,
    gain: Gain = 0.8,
    rate: Annotated[int, typer.Option(help="Sample rate, Hz.")] = 44100,
    wet: Annotated[bool, typer.Option("--wet", help="Use FluidSynth's reverb and chorus.")] = False,
    same_grid: Annotated[
        bool,
        typer.Option("--same-grid", help="First pass MIDI through the score matrix, at one velocity, like a model's."),
    ] = False,
    workers: Workers = None,
) -> None:
    """Render MIDI to audio with FluidSynth: one SoundFont, one gain, nothing normalised.

    Loud music stays louder than soft music. `render.json` contains every setting, and the loudness, peak and number of
    clipped samples of each file.

    For example:

        clstm render music/c-lstm bwv804.mid --out audio --format wav
    """
    from clstm.runtime.finding import MIDI, find
    from clstm.runtime.names import counted
    from evaluation.audio.render import RenderSettings
    from evaluation.measurement.render_folder import render_folder

    settings = RenderSettings(
        soundfont=soundfont, instrument=instrument, sample_rate=rate, gain=gain, reverb=wet, chorus=wet
    )
    found = find(midi, MIDI)
    with progress() as advance:
        folder = render_folder(
            found.files, out, settings, suffix=f".{audio}", on_grid=same_grid, workers=workers, progress=advance
        )
    clipped = [
        f"{one.file}: {counted(one.clipped, 'sample')} beyond full scale "
        f"{'was' if one.clipped == 1 else 'were'} clipped; lower --gain"
        for one in folder.rendered
        if one.clipped
    ]
    rejected = [f"Rejected {error}" for error in folder.rejected]
    for remark in filter(None, (*found.remarks, *rejected, *folder.remarks, *clipped)):
        warn(remark)
    say(f"{len(folder.rendered):,} of {counted(len(found.files), 'file')} rendered to {out}")
