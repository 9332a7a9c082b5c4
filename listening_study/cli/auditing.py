"""Auditing a study before it opens, and making the known-bad music that shows whether listeners could tell anything."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.console import console, fail, progress_bar, warn
from listening_study.cli.arguments import Database, StudyFolder, say

if TYPE_CHECKING:
    from rich.table import Table

    from listening_study.blinding.audit import BlindingAudit

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def audit(
    folder: StudyFolder,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write every finding to this CSV.")] = None,
    seed: Annotated[int, typer.Option(help="Of the permutations.")] = 0,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Only the files: do not start the participants' server.")
    ] = False,
    database: Database = None,
) -> None:
    """Fail if anything but the music tells a clip's source: names, tags, bytes, loudness, order, what the page sends.

    What must be alike in all clips is compared exactly; what is incidental is given to classifiers, tested by
    permutation and corrected for their number, so that at most 5 % of studies without a leak fail. The participants'
    server is started on a copy, on this machine alone, and walked through; an attacker who knows the code, all that is
    published and one listener's traffic tries to put each clip with its source. The sealed key and the secret order are
    opened, the key noted in the study's journal; no answer is seen: the study stays sealed. The exit status is 0 when
    clean, 1 when there is a leak.

    Example: `clstm study audit study --out audit.csv`
    """
    from clstm.runtime.files import write_table
    from clstm.runtime.ownership import may_write_table
    from listening_study.blinding.audit import COLUMNS, examine, judge
    from listening_study.blinding.crawl import walk
    from listening_study.protocol.key import open_key
    from listening_study.protocol.order import open_order
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    may_write_table(out, COLUMNS)
    study = read_study(folder)
    key, order = open_key(study), open_order(study)
    with progress_bar() as bar:
        task = bar.add_task("Clips", total=len(study.clips))
        evidence = examine(study, lambda: bar.advance(task))
        walked = None
        if not no_server:
            task = bar.add_task("Server", total=None)
            walked = walk(study, lambda done, total: bar.update(task, completed=done, total=total))
    found = judge(study, key, order, evidence, walked, seed=seed)
    console.print(_table(found))
    if out:
        write_table(out, found.table())
        say(f"{out} made.")
    if found.too_few:
        warn(
            f"{found.clips} clips are too few for the classifiers: no p value can be smaller than "
            f"{found.smallest_p:.2g}; only the exact checks could fail"
        )
    for leak in found.leaks:
        fail(f"{leak.check}: {leak.detail or 'predicts the source'}")
    looked_at = "files and server" if walked else "files only"
    outcome = f"leaks: {', '.join(leak.check for leak in found.leaks)}" if found.leaks else "no leak found"
    with open_answers(study, database) as store:
        store.log("audited", f"{outcome}, {looked_at}")
    if found.leaks:
        fail(f"{len(found.leaks)} leaks: something other than the music tells the source; mend this before it opens")
        raise typer.Exit(1)
    say(f"No leak found in {found.clips} clips, {looked_at}.")


@app.command()
def anchor(
    midi: Annotated[list[Path], typer.Argument(metavar="PATH...", help="MIDI files, or folders searched recursively.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the MIDI files and anchor.json.")],
    count: Annotated[int | None, typer.Option(help="How many to make. Default: one a piece.")] = None,
    seed: Annotated[int, typer.Option(help="Of the notes, and of which pieces come first.")] = 0,
) -> None:
    """Make music that is known to be bad: each piece's notes at random pitches and times, as many and as long.

    Give it to a study as one more source and register it as the anchor: when listeners cannot tell even this from human
    music, they could not have told anything, and nothing is called equivalent.

    Example: `clstm study anchor songs --count 12 --out anchor`
    """
    from clstm.runtime.finding import MIDI, find
    from listening_study.stimuli.anchor import make_anchor

    found = find(midi, MIDI)
    for remark in found.remarks:
        warn(remark)
    made = make_anchor(found.files, out, count=count, seed=seed)
    for rejected in made.rejected:
        warn(f"Left out: {rejected}")
    if made.left_out:
        warn(made.left_out)
    say(f"{out}: {len(made.files)} MIDI files of random notes. Name it in [registration]: anchor = NAME")


def _table(found: "BlindingAudit") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    shown = Table(
        title=f"{found.clips} clips of {found.sources} sources",
        box=SIMPLE_HEAD,
        title_justify="left",
        padding=(0, 1, 0, 0),
    )
    for heading in ("", "Kind", "Right", "AUC", "p", "Holm p", "Verdict"):
        shown.add_column(
            heading, justify="right" if heading in ("Right", "AUC", "p", "Holm p") else "left", no_wrap=True
        )
    kind = None
    for finding in found.findings:
        if kind not in (None, finding.kind):
            shown.add_section()
        kind = finding.kind
        figures = [
            "" if finding.accuracy is None else f"{100 * finding.accuracy:.0f} %",
            *(
                "" if figure is None else f"{figure:.{digits}f}"
                for figure, digits in ((finding.auc, 2), (finding.p, 4), (finding.corrected, 4))
            ),
        ]
        leak = "bold red" if finding in found.leaks else None
        shown.add_row(finding.check, finding.kind, *figures, finding.verdict, style=leak)
    shown.caption = (
        f"Right: clips whose source the better classifier names; guessing names {100 * found.chance:.0f} %. "
        "AUC: chance that a human clip has the larger value. Music may differ between sources: it is reported only."
    )
    shown.caption_justify = "left"
    return shown
