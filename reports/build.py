"""From systems to a folder that holds the whole report: page, players, figures, tables and their provenance.

index.html               the page; opens from disk and needs nothing but this folder
audio/*.mp3              the beginning of every piece, or of as many as were asked for
listening/*.js           what the page draws of each of these pieces (`reports.listening.views`)
figures/*                every figure one and two journal columns wide (SVG, PDF, PNG)
tables/*                 every table as CSV, as it is read, and in LaTeX
distances.csv, pairs.csv how far each system is in all metrics together and by view, and who is closer
verdict.csv              every number of the verdict (`evaluation.comparison.verdict.COLUMNS`)
metrics.csv, pieces.csv  tidy: every metric of every file; every file, its group and how its sound was converted
report.json              all numbers of the page and their provenance (`reports.content.report`, `reports/schema.json`)
literature.csv           numbers of the literature with their overlap; power.csv: what so many pieces can find
continuations.csv        true continuations (by clip: continuation_pieces.csv) and likelihood.csv, where there are any
trainings.csv            of systems with several trainings: each training's values; between.csv: their tests
variants.csv             tidy: every metric of the same systems decoded another way, if any were given
paper/*                  what goes into a paper: figures, captions, table, methods, BibTeX (`reports.paper.kit`)
manifest.json            when it was made, from what, and the hash of every file above

The same inputs give the same bytes, but for the time in index.html and manifest.json.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any

import pandas as pd

from clstm.runtime.files import replacing, write_json, write_table, write_text
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress, silent
from evaluation.comparison import closeness, papers
from evaluation.comparison.compare import Comparison, judge
from evaluation.comparison.tables import sizes
from evaluation.distance import planning
from evaluation.distance import trained as trainings
from evaluation.measurement.cache import sha256
from evaluation.prompting.continuations import CONTINUATIONS, OF_PIECES
from evaluation.prompting.likelihood import LIKELIHOOD
from reports.assembly import content_of
from reports.content.report import FORMAT, MADE_BY, RECORD, ReportContent
from reports.figures import drawing
from reports.figures.drawing import ChosenChart
from reports.findings import tables, tables_of_blocks
from reports.findings.latex import latex
from reports.inputs import variants as decoded
from reports.inputs.networks import NetworkDiagram
from reports.inputs.output import MANIFEST
from reports.inputs.request import ReportRequest, read_inputs
from reports.inputs.systems import matches_of, systems_of, within
from reports.inputs.variants import MeasuredVariant
from reports.listening.excerpts import make_excerpts
from reports.listening.section import listening_of
from reports.listening.selection import select
from reports.numbers import listed
from reports.page.page import render_page
from reports.page.single_file import single_file
from reports.paper.kit import FOLDER as PAPER
from reports.paper.kit import write_texts

PAGE = "index.html"
FIGURES = "figures"  # a folder of the report

Printed = Mapping[str, tuple[pd.DataFrame, str]]  # by the file's name: a table and its caption


def make_report(request: ReportRequest, progress: Progress = silent) -> ReportContent:
    """Write the report to `request.out`, whole or not at all; returns what `report.json` holds.

    Raises `UserError` for anything that cannot be compared or an `out` that is not ours to replace.
    """
    inputs = read_inputs(request)
    asked = inputs.comparison
    verdict = judge(asked, progress)
    variants = decoded.measure(inputs.variants, verdict.systems, asked.settings, asked.groups, asked.seconds, progress)
    systems = systems_of(verdict, asked.sources, asked.reference)
    matches = matches_of(systems)
    names = {system.name: file_name(number, system.name) for number, system in enumerate(systems)}
    unheard = inputs.choices.without_audio
    if asked.reference in unheard:
        unheard += tuple(verdict.references.controls)  # the same music
    choice = select(systems, matches, asked.settings, most=inputs.samples, single=inputs.single, seed=asked.seed)
    with _new_folder(asked.out, inputs.single) as folder:
        excerpts = make_excerpts(
            systems, names, choice, folder, asked.settings, partial(progress, "Rendering"), unheard
        )
        songs, figures = list(excerpts.songs.values()), folder / FIGURES
        figures.mkdir()
        kinds = drawing.kinds_of(
            songs, score_matrix=any(control.of_a_score_matrix for control in verdict.references.controls.values())
        )
        sheets = drawing.of_songs(kinds, songs, figures) if inputs.for_print else []
        with drawing.begun(sheets) as begun:
            content = content_of(inputs, verdict, systems, variants, excerpts, progress)
            _write_tables(_tables(content), folder / "tables")
            _write_data(verdict, variants, _pieces(verdict, asked.sources, asked.reference), folder)
            _write_beside(verdict, folder)
            if "accuracy" in inputs.files:
                copyfile(inputs.files["accuracy"], folder / "accuracy.csv")
            record, created = content.to_json(), datetime.now(UTC).isoformat(timespec="seconds")
            write_json(folder / RECORD, record)
            charts = _charts(content, verdict.values, inputs.networks)
            jobs = drawing.of_tables(charts, figures, for_print=inputs.for_print)
            if kit := inputs.for_print and bool(content.verdict):
                compared = [excerpts.songs[system.name] for system in systems if system.role != "control"]
                jobs += write_texts(folder, folder / PAPER, compared)
            drawing.draw(jobs, partial(progress, "Drawing"), begun, len(sheets))
        drawn = drawing.drawn_of(kinds, songs, charts, figures, for_print=inputs.for_print)
        listening = listening_of(systems, names, matches, choice, excerpts, unheard)
        write_text(folder / PAGE, render_page(content, drawn, listening, created, verdict.values, kit=kit))
        write_json(folder / MANIFEST, _manifest(record["provenance"], folder, created))
    return content


def file_name(number: int, name: str) -> str:
    """A name that any file system and any browser accepts; the number keeps similar names distinct.

    >>> file_name(2, "Pièce <b>“x”</b>")
    '2-piece-b-x-b'
    """
    letters = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return "-".join([str(number), *re.findall("[a-z0-9]+", letters)])[:60]


@contextmanager
def _new_folder(out: Path, single: bool) -> Iterator[Path]:
    """A folder to write into, which takes the place of `out` in the end.

    single : `out` becomes one file instead, a page with all that the folder holds
    """
    with replacing(out) as target:
        folder = target.with_name(f"{target.name}.folder") if single else target
        folder.mkdir()
        try:
            yield folder
            if single:
                write_text(target, single_file(folder))
        finally:
            if single:
                rmtree(folder, ignore_errors=True)


def _charts(content: ReportContent, tidy: pd.DataFrame, networks: Sequence[NetworkDiagram]) -> list[ChosenChart]:
    """The figures of tables that this report has, in the order of the page."""
    colours = {system.name: system.colour for system in content.systems}
    return [
        *drawing.of_distances(content.distances, colours),
        *drawing.of_verdict(content.verdict, colours),
        *drawing.of_trainings(content.trainings, content.training_tests, colours),
        *drawing.of_networks(networks),
        *drawing.of_numbers(content.numbers, tidy, colours),
        *drawing.of_listeners(content.study, content.correlation),
        *drawing.of_blocks(content.study),
    ]


def _tables(content: ReportContent) -> Printed:
    """Every table of the report as it is read in print."""
    names = [system.name for system in content.systems]
    made = {
        "summary": (tables.of_summary(content.summary), f"What the report on {content.reference} finds, in words."),
        "numbers": (
            tables.of_numbers(content.numbers, names),
            "Median over the files of each system, with the interquartile range.",
        ),
    }
    if content.distances:
        caption = (
            "All metrics together: MMD² × 1000 with 95 % intervals; by view, * is p < 0.05 after Holm’s correction."
        )
        made["distances"] = (tables.of_distances(content.distances), caption)
    if content.pairs:
        caption = (
            f"Who is closer, of every pair of systems{_under(content)}; p is corrected by Holm over the pairs, and "
        )
        made["pairs"] = (tables.of_pairs(content.pairs), f"{caption}over all pairs and views by view.")
    if content.verdict:
        caption = (
            f"Distance of each system from {content.compared_with} in noise floors, with 95 % intervals: 1 is the "
            f"distance of two of its own samples of {sizes(content.verdict)} pieces. {tables.MARKS}"
        )
        made["verdict"] = (tables.of_verdict(content.verdict), caption + _each_against(content))
    made |= {one.key: (one.table, f"{one.title}. {one.look}") for one in content.beside}
    if content.accuracy:
        caption = "Accuracy of prediction, with trivial baselines."
        made["accuracy"] = (tables.of_accuracy(content.accuracy), caption)
    if study := content.study:
        note = f" {study.note}." if study.note else ""
        caption = f"Clips taken for human; ranges are descriptive.{note}"
        if study.asks_source:
            made["listeners"] = (tables.of_listeners(study.tally), caption)
        for block in study.blocks:
            made[block.name] = (tables_of_blocks.of_block(block), f"{block.title}; 95 % intervals.{note}")
    if content.correlation:
        caption = "Rank correlation of metrics with the share of listeners who took a clip for human."
        made["correlation"] = (tables.of_correlation(content.correlation), caption)
    if content.claims:
        caption = "The claims of Huang, Huang and Cai (2018), and what is measured here."
        made["claims"] = (tables.of_claims(content.claims), caption)
    return made


def _under(content: ReportContent) -> str:
    return f", all under the same limits ({content.ranked_under})" if content.ranked_under else ""


def _each_against(content: ReportContent) -> str:
    """What each system is compared with, where that is not one thing; in one sentence."""
    if content.compared_with == content.against:
        return ""
    pairs = {row.system: row.against for row in content.verdict}
    return f" Compared are {listed([f'{system} with {against}' for system, against in pairs.items()])}."


def _manifest(provenance: Mapping[str, Any], folder: Path, created: str) -> dict[str, Any]:
    """Last of all: it holds the hashes of all other files. provenance : as report.json has it"""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        "made_by": MADE_BY,
        "format": FORMAT,
        "created": created,
        **provenance,
        "outputs": {path.relative_to(folder).as_posix(): sha256(path) for path in files},
    }


def _write_tables(printed: Printed, folder: Path) -> None:
    """Every table as it is read, in CSV and LaTeX."""
    folder.mkdir()
    for name, (table, caption) in printed.items():
        write_table(folder / f"{name}.csv", table)
        write_text(folder / f"{name}.tex", latex(table, caption, name))


def _write_data(verdict: Comparison, variants: Sequence[MeasuredVariant], pieces: pd.DataFrame, folder: Path) -> None:
    """The data behind the tables."""
    write_table(folder / "verdict.csv", verdict.table)
    write_table(folder / closeness.DISTANCES, closeness.table(verdict.near))
    if verdict.near.ranking:
        write_table(folder / closeness.PAIRS, closeness.pairs(verdict.near.ranking))
    write_table(folder / "metrics.csv", verdict.measurements.values)
    write_table(folder / "pieces.csv", pieces)
    if verdict.trained.values:
        write_table(folder / trainings.VALUES, trainings.values_table(verdict.trained))
        write_table(folder / trainings.TESTS, trainings.tests_table(verdict.trained))
    if verdict.others:
        others = [table.assign(sound=name) for name, table in verdict.others.items()]
        write_table(folder / "robustness.csv", pd.concat(others))
    if variants:
        write_table(folder / "variants.csv", decoded.tidy(variants))


def _write_beside(verdict: Comparison, folder: Path) -> None:
    """What is described beside the verdict."""
    if len(verdict.printed):
        write_table(folder / papers.PAPERS, verdict.printed)
    if verdict.finds:
        write_table(folder / planning.FILE, planning.as_table(verdict.finds))
    if verdict.true:
        write_table(folder / CONTINUATIONS, verdict.true.sets)
        write_table(folder / OF_PIECES, verdict.true.pieces)
    if verdict.likely:
        write_table(folder / LIKELIHOOD, verdict.likely.table)


def _pieces(verdict: Comparison, sources: Mapping[str, Path], reference: str) -> pd.DataFrame:
    """Every file by its name within its system, so that the table reveals nothing of the machine; a control has the
    files of its reference."""
    places = {**sources, **dict.fromkeys(verdict.references.controls, sources[reference])}
    pieces = verdict.measurements.pieces
    rows = zip(pieces["system"], pieces["file"], strict=True)
    files = [within(Path(file), Path(readable(places[system]))) for system, file in rows]
    groups = [group.rsplit("/", 1)[-1] for group in pieces["group"]]
    return pieces.assign(file=files, group=groups).drop(columns=["strikes", "vectors"], errors="ignore")
