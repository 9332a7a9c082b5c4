"""The verbs of the listening study: `clstm study create | serve | results | dashboard`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.console import console, progress_bar, warn
from listening_study.plan import Loudness, Plan

if TYPE_CHECKING:
    from listening_study.creation import Created

app = typer.Typer(rich_markup_mode="markdown")
study = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="A blind listening study: made by a human or by a computer? Create it, serve it, read its results.",
)
app.add_typer(study, name="study")

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder made by `clstm study create`.")]
Headless = Annotated[bool, typer.Option("--headless", help="Do not open a browser here.")]
LOOPBACK = "127.0.0.1"


@study.command()
def create(
    sources: Annotated[list[str], typer.Argument(metavar="NAME=PATH...", help="MIDI or audio files or folders.")],
    human: Annotated[str, typer.Option(metavar="NAME", help="The source made by humans.")],
    out: Annotated[Path, typer.Option(metavar="STUDY", help="Folder to make; it must not exist yet.")],
    clips: Annotated[int, typer.Option(help="Clips of each source, from different songs where there are enough.")] = 10,
    seconds: Annotated[float, typer.Option(help="Length of a clip.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Chooses songs and segments, and the order for each listener.")] = 0,
    title: Annotated[str, typer.Option(help="What participants read first.")] = Plan.title,
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

    plan = Plan(clips, seconds, seed, title, loudness, as_played)
    files = parse_sources(sources)
    with progress_bar() as bar:
        task = bar.add_task("Clips", total=clips * len(files))
        settings = RenderSettings(soundfont=soundfont)
        created = create_study(files, human, out, plan, settings, lambda: bar.advance(task))
    _print_created(created)


@study.command()
def serve(
    folder: StudyFolder,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines take part.")
    ] = LOOPBACK,
    headless: Headless = False,
) -> None:
    """Open the study to participants, until Ctrl-C. Answers are kept; serve it again any time.

    Example: `clstm study serve study --address 0.0.0.0 --port 8600 --headless`
    """
    from listening_study.serving import serve as run
    from listening_study.study import read_study

    run("app", read_study(folder), address=address, port=port, announce=_announce("study"), open_browser=not headless)


@study.command()
def dashboard(
    folder: StudyFolder,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8502,
    headless: Headless = False,
) -> None:
    """Open the researcher's page on this machine: progress, tally, export. It shows what the study keeps blind.

    Example: `clstm study dashboard study`
    """
    from listening_study.serving import serve as run
    from listening_study.study import read_study

    announce = _announce("dashboard")
    run("dashboard", read_study(folder), address=LOOPBACK, port=port, announce=announce, open_browser=not headless)


@study.command()
def results(
    folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write answers.csv, tally.csv and codebook.csv here.")
    ] = None,
) -> None:
    """Print the tally: which clips most listeners took for human, and what they answered, source by source.

    Example: `clstm study results study --out tables`
    """
    from listening_study.results import read_results, write_results
    from listening_study.store.connection import migrate
    from listening_study.study import read_study
    from listening_study.terminal import print_results

    opened = read_study(folder)
    migrate(opened.answers_path)
    found = read_results(opened)
    print_results(found)
    if out:
        for path in write_results(found, out):
            _say(f"Wrote {path}")


def _announce(what: str) -> Callable[[str], None]:
    return lambda url: _say(f"The {what} is open at {url} (Ctrl-C closes it)")


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_created(created: "Created") -> None:
    for notice in created.notices:
        warn(notice)
    study = created.study
    channels = "mono" if created.mono else "stereo"
    largest = f"{created.largest / 1024:.0f} KiB at most"
    _say(f"{study.folder}: {len(study.clips)} clips of {study.seconds:g} s, {channels}, {largest}")
    replaced = ", ".join(f"{source} {count}" for source, count in created.replaced.items())
    _say(f"Nearly silent segments replaced: {replaced}")
    _say(f"Sealed key: {study.key_path}, SHA-256 {study.key_sha256}")
    _say(f"Open it to participants: clstm study serve {study.folder}")
