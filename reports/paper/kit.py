"""All that goes from a report into a paper, in one folder.

KEY.pdf, KEY.svg             figures two columns wide: ranking, largest (distances), distributions; of one piece of each
                             system waveform, spectrum and sonogram
KEY-one-column.pdf, .svg     the same, one column wide
figures.tex                  every figure in one column with its caption; figures-two-columns.tex: in both
captions.md                  the captions alone
table.tex, table.md          the table of `clstm table --bold`, in the narrowest form that is one table
methods.tex, methods.md      the paragraph of `clstm methods`
references.bib               what it cites
paper.tex                    all of it in a paper in the class of IEEE, to be compiled here

The same report gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from clstm.runtime.files import write_text
from clstm.runtime.progress import Progress, silent
from evaluation.figures.style import WIDTHS, save
from reports.figures.drawing import DrawChart, Job, draw
from reports.figures.songs import DrawnPiece
from reports.paper import floats
from reports.paper.illustrations import illustrations
from reports.paper.methods import write_methods
from reports.paper.record import read_record
from reports.paper.table import TableRequest, fitting, make_table

FOLDER = "paper"  # of a report
SUFFIXES = (".pdf", ".svg")  # LaTeX takes the one, word processors the other


def write_kit(
    report: Path,
    out: Path,
    songs: Sequence[DrawnPiece] = (),
    metrics: Sequence[str] = (),
    progress: Progress = silent,
) -> None:
    """Write the folder `out`. songs : one piece of each system to draw; metrics : of table and methods, as chosen

    Raises `UserError` for what is no report or comparison, and for metrics that it does not have.
    """
    draw(write_texts(report, out, songs, metrics), partial(progress, "Drawing for print"))


def write_texts(report: Path, out: Path, songs: Sequence[DrawnPiece] = (), metrics: Sequence[str] = ()) -> list[Job]:
    """The folder of `write_kit` without its figures; returns what is to be drawn."""
    record = read_record(report)
    figures = list(illustrations(record, songs))
    captions = {one.key: one.caption for one in figures}
    out.mkdir(parents=True, exist_ok=True)
    table = fitting(TableRequest(report, out / "table.tex", tuple(metrics), bold=True))
    make_table(table)
    make_table(replace(table, out=out / "table.md", format="md"))
    write_methods(report, out, metrics)
    for columns, name in floats.FLOATS.items():
        write_text(out / name, floats.floats(captions, columns))
    write_text(out / floats.CAPTIONS, floats.captions_in_markdown(captions))
    results = ["table", *(["figures"] if figures else [])]
    write_text(out / floats.PAPER, floats.paper(f"A comparison with {record.reference}", results))
    return [_Figure(one.key, one.draw, out) for one in figures]


@dataclass(frozen=True, eq=False)
class _Figure(Job):
    make: DrawChart
    out: Path

    def draw(self) -> None:
        for ending, width in WIDTHS.items():
            drawn = self.make(width=width)
            for suffix in SUFFIXES:
                save(drawn, self.out / f"{self.key}{ending}{suffix}")
