"""The verbs of the reports."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

app = typer.Typer(rich_markup_mode="markdown")


class MakeByDefault(TyperGroup):
    """`clstm report NAME=PATH ...` is `clstm report make NAME=PATH ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


report_app = typer.Typer(
    cls=MakeByDefault,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Compare systems on one page (`make`, which need not be said), and check a report that was made.",
)
app.add_typer(report_app, name="report")


@report_app.command("make")
def make(
    systems: Annotated[
        list[str], typer.Argument(metavar="NAME=PATH...", help="Each system and its MIDI or audio, a file or folder.")
    ],
    reference: Annotated[str, typer.Option(help="The name of the system the others are held against.")],
    out: Annotated[Path, typer.Option(help="The folder to write; an earlier report there is replaced.")],
    accuracy: Annotated[Path | None, typer.Option(help="The CSV of `clstm accuracy`: how well models predict.")] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="The CSV of `clstm accuracy --pairs`: is one model better than another?")
    ] = None,
    reach: Annotated[Path | None, typer.Option(help="The CSV of `clstm reach`: how far each model looks back.")] = None,
    reach_pairs: Annotated[
        Path | None, typer.Option(help="The CSV of `clstm reach --pairs`: does the gradient vanish?")
    ] = None,
    study: Annotated[
        Path | None, typer.Option(help="What `clstm study results --out` wrote, to show what listeners said.")
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option(
            help="A CSV with the column file, and group, composer, title, licence, source as known: pieces of a group "
            "are no independent draws; the rest is the credits."
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=RUN", help="The run that made a system's music; bundled models are known."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYSTEM:LABEL=PATH",
            help="A system's music decoded another way, as in `lstm:threshold 0.15=DIR`: which claims change with it?",
        ),
    ] = None,
    grid: Annotated[
        str,
        typer.Option(help="MIDI that goes through the score matrix and one velocity: the reference's, all, or none."),
    ] = "reference",
    seconds: Annotated[
        float | None, typer.Option(min=0.125, help="Only the first so many seconds of every piece.")
    ] = None,
    robustness: Annotated[
        bool,
        typer.Option("--robustness", help="Again with another SoundFont, reverb, other velocities: what changes?"),
    ] = False,
    other_soundfont: Annotated[
        Path | None, typer.Option(help="The other SoundFont. Default: FluidR3_GM.sf2, where systems install it.")
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option(help="SoundFont for MIDI; by default the one bundled with pretty_midi.")
    ] = None,
    without_audio: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A system whose audio is left out, for music that may not be handed on."),
    ] = None,
    single_file: Annotated[
        bool, typer.Option("--single-file", help="--out is one HTML file that holds everything.")
    ] = False,
    page_only: Annotated[
        bool, typer.Option("--page-only", help="Without figures for print (PDF, PNG, one column): a third of the size.")
    ] = False,
    title: Annotated[str | None, typer.Option(help="The page's title.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every draw: samples, splits, resamples, permutations.")] = 0,
) -> None:
    """Compare systems on one page: a summary in words, verdict, figures, players, numbers, and how it was made.

    A system is any MIDI or audio file, or a folder of them, from any generator. MIDI is rendered with one SoundFont;
    audio is taken as it is. Open `index.html` in the folder: it needs no network. What was measured is remembered:
    stopped, the same command goes on.

    Example: `clstm report make Bach=music/bach LSTM=out/lstm --reference Bach --out report`, or without `make`
    """
    import shlex
    import sys

    from clstm.runtime.console import console, progress, warn
    from clstm.runtime.errors import choice
    from evaluation.audio.render import RenderSettings
    from evaluation.comparison.compare import GRIDS
    from reports.build import ReportRequest, make_report

    request = ReportRequest(
        tuple(systems),
        reference,
        out,
        title=title,
        index=index,
        accuracy=accuracy,
        pairs=pairs,
        reach=reach,
        reach_pairs=reach_pairs,
        study=study,
        weights=tuple(weights or ()),
        variants=tuple(variant or ()),
        unheard=tuple(without_audio or ()),
        settings=RenderSettings(soundfont=soundfont),
        grid=choice("--grid", grid, GRIDS),
        seconds=seconds,
        robustness=robustness,
        other_soundfont=other_soundfont,
        seed=seed,
        single=single_file,
        for_print=not page_only,
        command=shlex.join(["clstm", *sys.argv[1:]]),
    )
    with progress() as advance:
        content = make_report(request, advance)
    for remark in content["remarks"]:
        warn(remark)
    for said in content["summary"]:
        console.print(f"{said['about']}: {said['text']}", soft_wrap=True, highlight=False, markup=False)
    failures = sum(len(system["failures"]) for system in content["systems"] if system["role"] != "control")
    console.print(f"{len(content['systems'])} systems compared" + (f", {failures} files left out" if failures else ""))
    page = out if single_file else out / "index.html"
    console.print(f"Open {page}", soft_wrap=True, highlight=False, markup=False)


@report_app.command("verify")
def verify_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a report.", show_default=False)],
    systems: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=PATH...", help="Where a system's music lies now, if not where it was."),
    ] = None,
    weights: Annotated[
        list[str] | None, typer.Option(metavar="NAME=RUN", help="Where the run of a system lies now.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPTION=PATH", help="Where a table that was given with the music lies now, as in index=index.csv."
        ),
    ] = None,
    soundfont: Annotated[Path | None, typer.Option(help="Where the SoundFont lies now.")] = None,
) -> None:
    """Render and measure everything again: is the report still what its inputs give?

    A report may come from anywhere: of the files it names, only plain ones below the working directory or the report
    are opened. Name the others; what was not read is said.

    Inputs, weights, SoundFont and the report's own files are held against their hashes, figures against the tolerances
    of `clstm spectra check`, and every conclusion is drawn anew. The exit status is 0 when all holds, 1 when not.

    Example: `clstm report verify report`
    """
    from clstm.runtime.console import fail, progress, say, warn
    from evaluation.measurement.named_paths import named_path
    from reports.verification.holdings import Elsewhere
    from reports.verification.verify import verify

    music, runs, files = (dict(map(named_path, given or ())) for given in (systems, weights, file))
    with progress() as advance:
        found = verify(folder, Elsewhere(music, runs, files, soundfont), advance)
    for remark in found.remarks:
        warn(remark)
    for failure in found.failures:
        fail(failure)
    say(", ".join(f"{count:,} {what}" for what, count in found.checked.items()) + " compared.")
    if not found.holds:
        fail(f"{folder} does not hold: not all is as it was.")
        raise typer.Exit(1)
    say(f"{folder} holds.")


@app.command("reach-figure")
def reach_figure(
    curves: Path = typer.Argument(..., help="The CSV of `clstm reach`.", show_default=False),
    out: Path = typer.Option(..., help="The figure to write, .svg, .pdf or .png."),
) -> None:
    """Draw how far back each model looks.

    Example: `clstm reach-figure reach.csv --out reach.svg`
    """
    from clstm.runtime.console import say
    from clstm.runtime.errors import choice
    from clstm.runtime.files import replacing
    from clstm.runtime.ownership import may_write_text
    from evaluation.figures import style
    from reports.figures import reach

    choice("the ending of --out", out.suffix, style.FORMATS)
    may_write_text(out, style.MADE, "a figure")
    figure = reach.draw(reach.read(curves))
    with replacing(out) as temporary:
        style.save(figure, temporary)
    say(f"{out} made.")
