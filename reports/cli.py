"""The verbs of the reports."""

from pathlib import Path

import typer

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def report(
    systems: list[str] = typer.Argument(
        ..., metavar="NAME=PATH...", help="Each system and its MIDI or audio, a file or folder."
    ),
    reference: str = typer.Option(..., help="The name of the system the others are held against."),
    out: Path = typer.Option(..., help="The folder to write; an earlier report there is replaced."),
    accuracy: Path | None = typer.Option(None, help="The CSV of `clstm accuracy`, for the paper's Table 2."),
    study: Path | None = typer.Option(
        None, help="What `clstm study results --out` wrote, to show what listeners said."
    ),
    soundfont: Path | None = typer.Option(
        None, help="SoundFont for MIDI; by default the one bundled with pretty_midi."
    ),
    title: str | None = typer.Option(None, help="The page's title."),
    seed: int = typer.Option(0, help="Recorded in the report; nothing in it is drawn at random."),
) -> None:
    """Compare systems on one page: figures, players, numbers, and how it was made.

    A system is any MIDI or audio file, or a folder of them, from any generator. MIDI is rendered with one SoundFont;
    audio is taken as it is. Open `index.html` in the folder: it needs no network.

    Example: `clstm report Bach=music/bach LSTM=out/lstm --reference Bach --out report`
    """
    import shlex
    import sys

    from rich.progress import TaskID

    from clstm.console import console, progress_bar
    from evaluation.render import RenderSettings
    from reports.report import Request, make_report

    command = shlex.join(["clstm", *sys.argv[1:]])
    settings = RenderSettings(soundfont=soundfont)
    request = Request(tuple(systems), reference, out, title, accuracy, study, settings, seed, command)
    with progress_bar() as bar:
        tasks: dict[str, TaskID] = {}

        def progress(doing: str, done: int, total: int) -> None:
            if doing not in tasks:
                tasks[doing] = bar.add_task(doing, total=total)
            bar.update(tasks[doing], completed=done)

        content = make_report(request, progress)
    failures = sum(len(system["failures"]) for system in content["systems"])
    console.print(f"{len(content['systems'])} systems compared" + (f", {failures} files left out" if failures else ""))
    console.print(f"Open {out / 'index.html'}", soft_wrap=True, highlight=False, markup=False)


@app.command("reach-figure")
def reach_figure(
    curves: Path = typer.Argument(..., help="The CSV of `clstm reach`.", show_default=False),
    out: Path = typer.Option(..., help="The figure to write, .svg or .png."),
) -> None:
    """Draw how far back each model looks.

    Example: `clstm reach-figure reach.csv --out reach.svg`
    """
    from clstm.console import say
    from clstm.errors import choice
    from clstm.files import replacing
    from reports import figures, reach

    choice("the ending of --out", out.suffix, (".svg", ".png"))
    figure = reach.draw(reach.read(curves))
    with replacing(out) as temporary:
        figures.save(figure, temporary, dpi=200)
    say(f"{out} made.")
