"""The results of a study: `clstm study results` and `agreement`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import progress, say, warn
from evaluation.cli.arguments import Embeddings, Workers
from listening_study.cli.arguments import CONCLUDE, Database, StudyFolder, StudySeed

app = Commands(CONCLUDE)


@app.command()
def results(
    folder: StudyFolder,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write tables, figures and a summary to this folder.")
    ] = None,
    database: Database = None,
) -> None:
    """Open the sealed key of a closed study, and report which sources listeners recognised.

    Prints the verdict on the registered contrasts, and the paper's tally. `--out` adds every table as CSV with a
    codebook, figures as SVG and PNG, `summary.md` and `results.json`. The study's journal records that the key was
    opened. A folder that `clstm study import` wrote is analysed in the same way, task by task.

    For example:

        clstm study results study --out results
    """
    from listening_study.exchange.importing import is_import
    from listening_study.protocol.study import read_study
    from listening_study.results.export import write_results
    from listening_study.results.results import read_results
    from listening_study.results.terminal import print_results
    from listening_study.store.database import open_answers

    if is_import(folder):
        _of_import(folder, out)
        return
    study = read_study(folder)
    with open_answers(study, database) as store:
        found = read_results(study, store)
    print_results(found)
    if out:
        written = write_results(found, out)
        say(f"Wrote {len(written)} files to {out}; start with {out / 'summary.md'}")


def _of_import(folder: Path, out: Path | None) -> None:
    from listening_study.exchange.importing import read_import
    from listening_study.results.imported import conclude_import, write_concluded
    from listening_study.results.terminal import print_imported

    imported = read_import(folder)
    found = conclude_import(imported)
    print_imported(imported, found)
    if out:
        written = write_concluded(imported, found, out)
        say(f"Wrote {len(written)} files to {out}; start with {out / 'summary.md'}")


@app.command()
def agreement(
    folder: StudyFolder,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=PATH", help="Sources with their MIDI, as `create` had them: notes count too."),
    ] = None,
    embedding: Embeddings = None,
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write the table.")] = None,
    database: Database = None,
    seed: StudySeed = 0,
    workers: Workers = None,
) -> None:
    """Say which metrics and distances go with what listeners said of the clips of a closed study.

    For every task: who made a clip, each attribute that was rated, which of two clips was preferred, and which two
    were distinguished. Rank correlations over clips, or pairs of them, within sources and over all, with 95 % intervals
    for other clips and listeners, and p corrected by Holm over each block. The clips are measured as they were heard. A
    distance is from the study's human clips of other pieces: in all metrics, by view, and in each `--embedding` of
    sound; in ABX, it is between the two clips.

    For example:

        clstm study agreement study
        clstm study agreement study human=songs lstm=out/lstm --out agreement.csv
    """
    from clstm.runtime.files import write_table
    from clstm.runtime.ownership import may_write_table
    from evaluation.agreement import WRITTEN, sentence
    from evaluation.embeddings.requested import requested
    from listening_study.protocol.study import read_study
    from listening_study.results import agreement as agreeing
    from listening_study.results.results import read_results
    from listening_study.results.terminal import print_agreement
    from listening_study.stimuli.sources import parse_sources
    from listening_study.store.database import open_answers

    study, asked, given = read_study(folder), requested(embedding or ()), parse_sources(sources or ())
    may_write_table(out, WRITTEN)
    with open_answers(study, database) as store:
        results = read_results(study, store)
    with progress() as advance:
        found = agreeing.agreement(results, given, asked, seed=seed, workers=workers, progress=advance)
    for remark in found.remarks:
        warn(remark)
    print_agreement(results, found.table)
    for number, own in found.table.groupby("block", sort=False):
        say(f"Block {number}, {own['task'].iloc[0]}: {sentence(own)}")
    if out is not None:
        write_table(out, found.table)
        say(f"{out} made.")
