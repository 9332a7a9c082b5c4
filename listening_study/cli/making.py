"""Making a study: `clstm study config | create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clstm.runtime.console import progress_bar, warn
from clstm.runtime.errors import UserError
from listening_study.cli.arguments import say, unused
from listening_study.protocol.configuration import Loudness

if TYPE_CHECKING:
    from listening_study.stimuli.creation import Created

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def config(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file; left out: print it.")] = None,
) -> None:
    """Write a configuration with every key, its default and what it means, to change and give to `create`.

    Example: `clstm study config --out study.toml`
    """
    from clstm.runtime.files import write_text
    from listening_study.protocol.template import template

    if out is None:
        print(template(), end="")
    else:
        write_text(unused(out), template())
        say(f"Wrote {out}")


@app.command()
def create(
    out: Annotated[Path, typer.Option(metavar="STUDY", help="Folder to make; it must not exist yet.")],
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=PATH]...", help="MIDI or audio files or folders.")
    ] = None,
    human: Annotated[str | None, typer.Option(metavar="NAME", help="The source made by humans.")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Everything about the study; options given here go before it.")
    ] = None,
    clips: Annotated[
        int | None, typer.Option(help="Clips of each source, from different songs where there are enough; 10.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of a clip; 10.")] = None,
    after: Annotated[
        float | None, typer.Option(help="Seconds of each piece, or after its seed, where no clip begins; 10.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Chooses songs and segments; 0.")] = None,
    title: Annotated[str | None, typer.Option(help="What participants read first.")] = None,
    loudness: Annotated[
        Loudness | None, typer.Option(help="Bring all clips to -23 LUFS, or keep differences in loudness.")
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(metavar="NAME", help="A source known to be bad, that listeners must tell apart.")
    ] = None,
    as_played: Annotated[
        bool | None, typer.Option("--as-played", help="Keep the timing and dynamics of MIDI files: no score matrix.")
    ] = None,
    soundfont: Annotated[Path | None, typer.Option(metavar="FILE", help="SoundFont to render MIDI with.")] = None,
) -> None:
    """Make a blind study of short clips, equal in length, loudness and format, under random names.

    Human and generated MIDI go through the same score matrix, one velocity and one SoundFont, so that only the notes
    differ. Which clip is whose is sealed in STUDY/sealed; keep that folder from participants. Every listener's order
    comes from the secret in STUDY/order.json: each server of the study needs that file, and nobody else may read it.

    Example: `clstm study create human=songs/ lstm=out/lstm/ c-lstm=out/c-lstm/ --human human --out study`

    Example: `clstm study create --config study.toml --out study`
    """
    from evaluation.audio.render import RenderSettings
    from listening_study.protocol.template import read_configuration, validated
    from listening_study.stimuli.creation import create_study
    from listening_study.stimuli.sources import parse_sources

    given: dict[str, Any] = read_configuration(config).model_dump() if config else {"clips": {}, "registration": {}}
    cut: dict[str, Any] = {
        "count": clips,
        "seconds": seconds,
        "after": after,
        "loudness": loudness,
        "as_played": as_played,
    }
    cut["soundfont"] = str(soundfont) if soundfont else None
    given["clips"] |= {name: value for name, value in cut.items() if value is not None}
    given["registration"] |= {"anchor": anchor} if anchor else {}
    given |= {
        name: value for name, value in {"seed": seed, "title": title, "human": human}.items() if value is not None
    }
    configuration = validated(given, str(config or "create"))
    named = sources or [f"{name}={path}" for name, paths in configuration.sources.items() for path in paths]
    if not named:
        raise UserError("no sources; give NAME=PATH of human music and of each system's, or name them in --config")
    if configuration.human is None:
        raise UserError("which source is made by humans? Give --human NAME, or human in --config")
    files = parse_sources(named)
    with progress_bar() as bar:
        task = bar.add_task("Clips", total=configuration.clips.count * len(files))
        font = configuration.clips.soundfont
        settings = RenderSettings(soundfont=Path(font) if font else None)
        created = create_study(files, configuration.human, out, configuration, settings, lambda: bar.advance(task))
    _print_created(created)


def _print_created(created: "Created") -> None:
    for notice in created.notices:
        warn(notice)
    study = created.study
    channels = "mono" if created.mono else "stereo"
    say(f"{study.folder}: {len(study.clips)} clips of {study.seconds:g} s, {channels}, {created.size // 1024} KiB each")
    beside = (("practice", len(study.practice)), ("catch", len(study.catch)))
    say("Beside them: " + ", ".join(f"{count} {what} clips" for what, count in beside))
    replaced = ", ".join(f"{source} {count}" for source, count in created.replaced.items())
    say(f"Nearly silent segments replaced: {replaced}")
    say(f"Sealed key: {study.key_path}, SHA-256 {study.key_sha256}")
    say(f"Secret order: {study.order_path}, SHA-256 {study.order_sha256}")
    say(f"Registered: {study.registration_path}, SHA-256 {study.registration_sha256}")
    say(f"Before it opens: clstm study audit {study.folder}")
    say(f"Open it to participants: clstm study serve {study.folder}")
