"""Making a study: `clstm study config` and `create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import progress, say, warn
from clstm.runtime.errors import UserError
from clstm.runtime.names import counted
from evaluation.cli.arguments import Soundfont
from listening_study.cli.arguments import PREPARE, unused
from listening_study.cli.planning import say_prospects
from listening_study.protocol.configuration import Loudness

if TYPE_CHECKING:
    from listening_study.protocol.configuration import Configuration
    from listening_study.stimuli.creation import Created

app = Commands(PREPARE)


@app.command()
def config(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file. Default: print it.")] = None,
) -> None:
    """Write a configuration with every key, its default and what it means, for `create`.

    For example:

        clstm study config --out study.toml
    """
    from clstm.runtime.files import write_text
    from listening_study.protocol.template import template

    if out is None:
        typer.echo(template(), nl=False)
    else:
        write_text(unused(out), template())
        say(f"Wrote {out}")


Clips = Annotated[int | None, typer.Option(help="Clips per source, from different songs where possible. Default: 10.")]
Seconds = Annotated[float | None, typer.Option(help="Length of a clip. Default: 10.")]
After = Annotated[
    float | None,
    typer.Option(help="Skip this many seconds at the start of a piece, or after its prompt. Default: 10."),
]
LoudnessChoice = Annotated[
    Loudness | None, typer.Option(help="Bring all clips to -23 LUFS, or keep differences of loudness.")
]
Anchor = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A source known to be bad, which listeners must be able to recognise."),
]
AsPlayed = Annotated[
    bool | None, typer.Option("--as-played", help="Keep MIDI as it is written: no limits of one source for the others.")
]
LengthsByPedal = Annotated[
    bool | None,
    typer.Option("--pedal", help="Let notes last as long as the pedal holds them, where limits leave no pedal."),
]


@app.command()
def create(
    out: Annotated[Path, typer.Option(metavar="STUDY", help="Folder of the study; it must not exist yet.")],
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=PATH", help="Each source, and its MIDI or audio: files or folders."),
    ] = None,
    human: Annotated[str | None, typer.Option(metavar="NAME", help="The source made by humans.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="TOML", help="The configuration; options given here take precedence."),
    ] = None,
    clips: Clips = None,
    seconds: Seconds = None,
    after: After = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the random choice of songs and clips. Default: 0.")] = None,
    title: Annotated[str | None, typer.Option(help="The title that participants read.")] = None,
    loudness: LoudnessChoice = None,
    anchor: Anchor = None,
    as_played: AsPlayed = None,
    pedal: LengthsByPedal = None,
    soundfont: Soundfont = None,
    instrument: Annotated[
        int | None, typer.Option(metavar="PROGRAM", help="With --as-played: one General MIDI program for everything.")
    ] = None,
) -> None:
    """Make a blind study of short clips, equal in length, loudness and format, under random names.

    MIDI of all sources passes through the limits that the systems' music has, such as the score matrix and one velocity
    of a model, and through one SoundFont, so that only the music differs. The key, which says which source each clip is
    from, is in STUDY/sealed: keep it from participants. The order of clips comes from the secret in STUDY/order.json:
    each server of the study needs that file, and nobody else may read it.

    A few lines say what the design can find, from simulated studies, and about how long a participant takes.

    For example:

        clstm study create human=songs lstm=out/lstm --human human --out study
        clstm study create --config study.toml --out study
    """
    from listening_study.protocol.template import read_configuration, validated

    given: dict[str, Any] = read_configuration(config).model_dump() if config else {"clips": {}, "registration": {}}
    font = str(soundfont) if soundfont else None
    cut = {
        "count": clips,
        "seconds": seconds,
        "after": after,
        "loudness": loudness,
        "as_played": as_played,
        "pedal": pedal,
        "instrument": instrument,
    }
    given["clips"] |= _stated(**cut, soundfont=font)
    given["registration"] |= _stated(anchor=anchor or None)
    given |= _stated(seed=seed, title=title, human=human)
    _print_created(_create(sources or [], validated(given, str(config or "create")), out))


def _stated(**options: object) -> dict[str, object]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def _create(sources: list[str], configuration: "Configuration", out: Path) -> "Created":
    from evaluation.audio.render import RenderSettings
    from listening_study.stimuli.creation import create_study
    from listening_study.stimuli.sources import parse_sources

    named = sources or [f"{name}={path}" for name, paths in configuration.sources.items() for path in paths]
    if not named:
        raise UserError("no sources; give NAME=PATH of human music and of each system's, or name them in --config")
    if configuration.human is None:
        raise UserError("which source is made by humans? Give --human NAME, or human in --config")
    files = parse_sources(named)
    font = configuration.clips.soundfont
    settings = RenderSettings(soundfont=Path(font) if font else None, instrument=configuration.clips.instrument)
    with progress() as advance:
        return create_study(files, configuration.human, out, configuration, settings, advance)


def _print_created(created: "Created") -> None:
    from listening_study.stimuli.controls import statement

    for notice in created.notices:
        warn(notice)
    study = created.study
    channels = "mono" if created.mono else "stereo"
    say(
        f"{study.folder}: {counted(len(study.clips), 'clip')} of {study.seconds:g} s, {channels}, "
        f"{created.size // 1024} KiB each"
    )
    beside = (("practice", len(study.practice)), ("catch", len(study.catch)))
    say("Also: " + ", ".join(f"{count} {what} clips" for what, count in beside))
    say(statement(created.control.control, created.control.reasons()))
    replaced = ", ".join(f"{source} {count}" for source, count in created.replaced.items())
    say(f"Nearly silent segments replaced: {replaced}")
    say(f"Sealed key: {study.key_path}, SHA-256 {study.key_sha256}")
    say(f"Secret order: {study.order_path}, SHA-256 {study.order_sha256}")
    say(f"Registered: {study.registration_path}, SHA-256 {study.registration_sha256}")
    say_prospects(study)
    say(f"Audit it before it opens: clstm study audit {study.folder}")
    say(f"Open it to participants: clstm study serve {study.folder}")
