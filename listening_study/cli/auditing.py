"""Auditing a study before it opens, and making the anchor: known-bad music that listeners must recognise."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import console, fail, progress, say, warn
from clstm.runtime.errors import UserError
from listening_study.cli.arguments import PREPARE, Database, StudyFolder
from listening_study.cli.planning import say_prospects

if TYPE_CHECKING:
    from rich.table import Table

    from listening_study.blinding.audit import BlindingAudit
    from listening_study.protocol.study import Study
    from listening_study.store import ListenerProgress

app = Commands(PREPARE)


@app.command()
def audit(
    folder: StudyFolder,
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write every finding to this file.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the permutations.")] = 0,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Check only the files; do not start the participants' server.")
    ] = False,
    walk: Annotated[
        Path | None,
        typer.Option(metavar="COPY", help="A copy of STUDY that you went through yourself, to say how long it takes."),
    ] = None,
    database: Database = None,
) -> None:
    """Check that only the music reveals a clip's source: not names, tags, bytes, loudness, order or the page.

    Properties that must be equal in all clips are compared exactly. Other properties are given to classifiers, tested
    by permutation and corrected for their number: at most 5 % of studies without a leak fail. The participants' server
    is started on a copy, on this machine only, and walked through; a simulated attacker, who knows the code, all that
    is published and one listener's traffic, tries to match clips and sources.

    Then it says what the design can find: how often so many listeners and clips find a difference or equivalence, in a
    few hundred simulated studies, and how long a participant takes.

    The sealed key and the secret order are opened, which the study's journal records; no answer is read. The exit
    status is 0 without a leak, 1 with one.

    For example:

        clstm study audit study --out audit.csv
    """
    from clstm.runtime.files import write_table
    from clstm.runtime.ownership import may_write_table
    from listening_study.blinding.audit import COLUMNS, examine, judge
    from listening_study.blinding.crawl import crawl
    from listening_study.protocol.key import open_key
    from listening_study.protocol.order import open_order
    from listening_study.protocol.registration import open_registration
    from listening_study.protocol.study import read_study
    from listening_study.stimuli.controls import stated_in, statement
    from listening_study.store.database import open_answers

    may_write_table(out, COLUMNS)
    study = read_study(folder)
    walked = _walked(study, walk) if walk else None
    key, order = open_key(study), open_order(study)
    with progress() as advance:
        evidence = examine(study, advance)
        traffic = None if no_server else crawl(study, advance)
    found = judge(study, key, order, evidence, traffic, seed=seed)
    console.print(_table(found))
    say(statement(stated_in(study.sound), open_registration(study).controls))
    if out:
        write_table(out, found.table())
        say(f"{out} made.")
    looked_at = "files and server" if traffic else "files only"
    outcome = f"leaks: {', '.join(leak.check for leak in found.leaks)}" if found.leaks else "no leak found"
    with open_answers(study, database) as store:
        store.log("audited", f"{outcome}, {looked_at}")
        taking_part = [] if study.synthetic else store.progress()
    say_prospects(study, walked or taking_part)
    _say_outcome(found, looked_at)


def _walked(study: "Study", folder: Path) -> "list[ListenerProgress]":
    """Who walked through the copy of `--walk`.

    Raises `UserError` for a copy of another study, one that only a program walked, and one without a whole walk.
    """
    from listening_study.protocol.study import read_study
    from listening_study.researchers.monitoring import durations
    from listening_study.store.database import open_answers

    copy = read_study(folder)
    if copy.key_sha256 != study.key_sha256 or copy.registration_sha256 != study.registration_sha256:
        raise UserError(f"--walk {folder} is not a copy of {study.folder}: its key or registration is another")
    if copy.synthetic:
        raise UserError(f"--walk {folder} was filled by `clstm study simulate`: nobody took that time")
    with open_answers(copy, str(copy.answers_path)) as store:
        walked = store.progress()
    if durations(copy, walked).empty:
        raise UserError(f"--walk {folder}: nobody has gone through it to the end; open it with `clstm study serve`")
    return walked


def _say_outcome(found: "BlindingAudit", looked_at: str) -> None:
    """Raises `typer.Exit` with status 1 for a leak."""
    if found.too_few:
        warn(
            f"{found.clips} clips are too few for the classifiers: no p can be smaller than {found.smallest_p:.2g};"
            " only the exact checks could fail"
        )
    for leak in found.leaks:
        fail(f"{leak.check}: {leak.detail or 'predicts the source'}")
    if found.leaks:
        fail(
            f"{len(found.leaks)} leaks: something other than the music reveals the source; fix this before the study"
            " opens"
        )
        raise typer.Exit(1)
    say(f"No leak found in {found.clips} clips, {looked_at}.")


@app.command()
def anchor(
    midi: Annotated[list[Path], typer.Argument(metavar="PATH", help="MIDI files, or folders searched recursively.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the MIDI files and anchor.json.")],
    count: Annotated[int | None, typer.Option(help="Number of files. Default: one per piece.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the notes, and of the choice of pieces.")] = 0,
) -> None:
    """Make an anchor, music known to be bad: each piece's notes at random pitches and times.

    Give it to a study as one more source, and register it as the anchor. If listeners cannot recognise even this, the
    study could not have found any difference, and calls nothing equivalent.

    For example:

        clstm study anchor songs --count 12 --out anchor
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
        numbers = [
            "" if finding.accuracy is None else f"{100 * finding.accuracy:.0f} %",
            *(
                "" if value is None else f"{value:.{digits}f}"
                for value, digits in ((finding.auc, 2), (finding.p, 4), (finding.corrected, 4))
            ),
        ]
        leak = "bold red" if finding in found.leaks else None
        shown.add_row(finding.check, finding.kind, *numbers, finding.verdict, style=leak)
    shown.caption = (
        f"Right: clips whose source the better classifier predicts; guessing predicts {100 * found.chance:.0f} %. "
        "AUC: probability that a human clip has the larger value. Music may differ between sources: reported only."
    )
    shown.caption_justify = "left"
    return shown
