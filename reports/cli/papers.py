"""`clstm paper`, `clstm table` and `clstm methods`: from a report to a paper."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import progress, say, warn

app = Commands(MEASURE)

Report = Annotated[
    Path, typer.Argument(metavar="REPORT", help="The folder of a report or of `clstm compare`.", show_default=False)
]


@app.command("paper")
def paper_command(
    report: Report,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of figures, captions, table, methods and BibTeX.")],
    systems: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=PATH", help="Where a system's music is now, if it was moved."),
    ] = None,
    pieces: Annotated[
        list[str] | None,
        typer.Option(
            "--piece",
            metavar="PIECE",
            help="The piece whose waveform, spectrum and sonogram are drawn, by its file's name: of every system, or "
            "SYSTEM=PIECE; can be repeated. Default: those that the report shows.",
        ),
    ] = None,
    metrics: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="Metrics of table and methods, as in `clstm table`.")
    ] = None,
    soundfont: Annotated[Path | None, typer.Option(metavar="SF2", help="Where the SoundFont is now.")] = None,
) -> None:
    """Write everything that goes into a paper: figures one and two columns wide, captions, table, methods, BibTeX.

    `paper.tex` in the folder puts all of it into a paper in the class of IEEE. A report has such a folder already; this
    makes another, of other pieces or metrics. A comparison has no pieces to draw.

    For example:

        clstm paper report --piece 004-bwv276 --out paper
        clstm paper verdict --metrics notes,distance --out paper
    """
    from evaluation.measurement.options.named_paths import named_path
    from reports.paper.kit import write_kit
    from reports.paper.pieces import pieces_or_why
    from reports.verification.holdings import Elsewhere

    elsewhere = Elsewhere(music=dict(map(named_path, systems or ())), soundfont=soundfont)
    with progress() as advance:
        songs, remark = pieces_or_why(report, tuple(pieces or ()), elsewhere, advance)
        write_kit(report, out, songs, tuple(metrics or ()), advance)
    if remark:
        warn(remark)
    say(f"{out / 'paper.tex'} written, with all that it needs")


@app.command("table")
def table_command(
    report: Report,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File of the table.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Metrics by name, label or view (`notes`), `distance`, `distances`, `density`, `coverage`, `all`; "
            "with commas, or repeated. Default: the distance and what papers print most.",
        ),
    ] = None,
    style: Annotated[
        str, typer.Option(help="`mean-sd`, `median-iqr`, or `ci`: the difference from the reference with its interval.")
    ] = "mean-sd",
    form: Annotated[str, typer.Option("--format", help="`latex`, `md` or `csv`.")] = "latex",
    bold: Annotated[bool, typer.Option("--bold", help="Mark the system that is significantly closest.")] = False,
    rank: Annotated[bool, typer.Option("--rank", help="Print the ranks that the tests leave possible.")] = False,
    columns: Annotated[
        int, typer.Option(min=1, max=2, help="Columns of the page that the table spans: `table` or `table*`.")
    ] = 1,
    transpose: Annotated[bool, typer.Option("--transpose", help="Put the systems in rows.")] = False,
) -> None:
    """Write a table for a paper: LaTeX with booktabs, Markdown or CSV, with a caption that says how it was made.

    A table that does not fit becomes several. Nothing is bold because it looks best.

    For example:

        clstm table report --bold --rank --out table.tex
        clstm table report --metrics notes --style median-iqr --columns 2 --out t.tex
    """
    from clstm.runtime.errors import choice
    from reports.paper.lines import STYLES
    from reports.paper.table import FORMATS, TableRequest, make_table

    chosen = choice("--style", style, STYLES)
    kind = choice("--format", form, FORMATS)
    request = TableRequest(
        *(report, out, tuple(metrics or ()), chosen, kind), bold=bold, rank=rank, columns=columns, transpose=transpose
    )
    for remark in make_table(request):
        say(remark)
    say(f"{out} written")


@app.command("methods")
def methods_command(
    report: Report,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for methods.tex, methods.md and references.bib.")],
    metrics: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="Only these metrics, as in `clstm table`.")
    ] = None,
) -> None:
    """Write the paragraph on methods of a report, ready to paste, and the BibTeX of everything that it cites.

    Every number in it is read from the report.

    For example:

        clstm methods report --out paper
    """
    from reports.paper.methods import write_methods

    for path in write_methods(report, out, tuple(metrics or ())):
        say(f"{path} written")
