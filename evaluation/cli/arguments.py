"""Arguments that mean the same in several commands."""

from pathlib import Path
from typing import Annotated

import typer

BUNDLED = "Default: TimGM6mb.sf2, which is included."

Systems = Annotated[
    list[str],
    typer.Argument(metavar="NAME=PATH", help="Each system, and its MIDI or audio: a file or a folder."),
]
MidiFiles = Annotated[list[Path], typer.Argument(metavar="MIDI", help="MIDI files, or folders searched recursively.")]
Soundfont = Annotated[
    Path | None,
    typer.Option(
        metavar="SF2",
        help="SoundFont to render MIDI with: an .sf2 or .sf3 file; the name of one that is installed, such as "
        f"FluidR3_GM; or `better`, the best one installed. {BUNDLED}",
    ),
]
Instrument = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=127,
        metavar="PROGRAM",
        help="Play all MIDI on this one General MIDI program, 0 for the piano, without drums. Default: as written.",
    ),
]
Pedal = Annotated[
    bool,
    typer.Option(
        "--pedal",
        help="Count notes as long as the pedal holds them, not as keys are down; it always sounds.",
    ),
]
Gain = Annotated[float, typer.Option(help="Gain of the synthesizer, the same for every file.")]
Seconds = Annotated[
    float | None, typer.Option(min=0.125, help="Use only this many seconds from the start of each piece.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Number of processes. Default: one per core.")]
Cluster = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="A Dask scheduler: its workers measure, not this machine.")
]

Replicates = Annotated[
    bool,
    typer.Option(
        "--replicates",
        help="The sub-folders of each system are its trainings: lstm=DIR with DIR/1, DIR/2, ... Then trainings count, "
        "and not only pieces.",
    ),
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME:LIMITS",
        help="What a system cannot have, which notes do not show, as in `rnn:range=21-108,instruments=0-7+drums,"
        "pedal=none`. Can be repeated.",
    ),
]

Skip = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=SECONDS",
        help="Cut so many seconds, such as a prompt, from the start of a system's files. Can be repeated.",
    ),
]
Likelihood = Annotated[
    Path | None, typer.Option(metavar="CSV", help="From `clstm likelihood --out`: nats under trained models.")
]
Reference = Annotated[str, typer.Option(metavar="NAME", help="The system that all others are compared with.")]
Robustness = Annotated[
    bool,
    typer.Option(
        "--robustness", help="Repeat with another SoundFont, reverb and velocities; flag conclusions that change."
    ),
]
OtherSoundfont = Annotated[
    Path | None,
    typer.Option(metavar="SF2", help="The other SoundFont, a file or a name. Default: the system's FluidR3_GM.sf2."),
]
Margin = Annotated[
    str,
    typer.Option(
        metavar="MARGIN",
        help="Also say which systems are no worse than others by a margin: MMD² × 1000 as it is printed (20), or a "
        "share of a system's (NAME=10%).",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random number generator.")]
Embeddings = Annotated[
    list[str] | None,
    typer.Option(
        "--embedding",
        metavar="NAME[=FOLDER]",
        help="Compare in this embedding too: of sound `musicnn`, `clap`, `mert`, `vggish`; of notes `clamp2`, "
        "`clamp3`; or a plug-in, with FOLDER of its weights; or any NAME with a FOLDER of arrays (.npy) of your own. "
        "Can be repeated.",
    ),
]
