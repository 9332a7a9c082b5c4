"""Making a study: `clstm study create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.console import progress_bar, warn
from listening_study.configuration import Clips, Configuration, Loudness
from listening_study.verbs import say

if TYPE_CHECKING:
    from listening_study.creation import Created

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def create(
    sources: Annotated[list[str], typer.Argument(metavar="NAME=PATH...", help="MIDI or audio files or folders.")],
    human: Annotated[str, typer.Option(metavar="NAME", help="The source made by humans.")],
    out: Annotated[Path, typer.Option(metavar="STUDY", help="Folder to make; it must not exist yet.")],
    clips: Annotated[int, typer.Option(help="Clips of each source, from different songs where there are enough.")] = 10,
    seconds: Annotated[float, typer.Option(help="Length of a clip.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Chooses songs and segments, and the order for each listener.")] = 0,
    title: Annotated[str, typer.Option(help="What participants read first.")] = "Listening study",
    loudness: Annotated[
        Loudness, typer.Option(help="Bring all clips to -23 LUFS, or keep differences in loudness.")
    ] = Loudness.MATCHED,
    as_played: Annotated[
        bool, typer.Option("--as-played", help="Keep the timing and dynamics of MIDI files: no common score matrix.")
    ] = False,
    soundfont: Annotated[Path | None, typer.Option(metavar="FILE", help="SoundFont to render MIDI with.")] = None,
) -> None:
    """Make a blind study of short clips, equal in length, loudness and format, under random names.

    Human and generated MIDI go through the same score matrix, one velocity and one SoundFont, so that only the notes
    differ. Which clip is whose is sealed in STUDY/sealed; keep that folder from participants.

    Example: `clstm study create human=songs/ lstm=out/lstm/ c-lstm=out/c-lstm/ --human human --out study`
    """
    from evaluation.render import RenderSettings
    from listening_study.creation import create_study
    from listening_study.sources import parse_sources

    cut = Clips(count=clips, seconds=seconds, after=0, loudness=loudness, as_played=as_played)
    configuration = Configuration(title=title, seed=seed, clips=cut)
    files = parse_sources(sources)
    with progress_bar() as bar:
        task = bar.add_task("Clips", total=clips * len(files))
        settings = RenderSettings(soundfont=soundfont)
        created = create_study(files, human, out, configuration, settings, lambda: bar.advance(task))
    _print_created(created)


def _print_created(created: "Created") -> None:
    for notice in created.notices:
        warn(notice)
    study = created.study
    channels = "mono" if created.mono else "stereo"
    largest = f"{created.largest / 1024:.0f} KiB at most"
    say(f"{study.folder}: {len(study.clips)} clips of {study.seconds:g} s, {channels}, {largest}")
    replaced = ", ".join(f"{source} {count}" for source, count in created.replaced.items())
    say(f"Nearly silent segments replaced: {replaced}")
    say(f"Sealed key: {study.key_path}, SHA-256 {study.key_sha256}")
    say(f"Open it to participants: clstm study serve {study.folder}")
