"""`clstm table` and `clstm methods`: from a report to a paper."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import say

app = Commands(MEASURE)

Report = Annotated[
    Path, typer.Argument(metavar="REPORT", help="The folder of a report or of `clstm compare`.", show_default=False)
]


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
