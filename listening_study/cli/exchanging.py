"""A study handed on, and results of other programs taken in: `clstm study import` and `archive`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import fail, say, warn
from clstm.runtime.errors import UserError
from clstm.runtime.names import counted
from listening_study.cli.arguments import CONCLUDE, Database

app = Commands(CONCLUDE)


@app.command("import")
def import_(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULTS...", help="Result files of webMUSHRA or jsPsych, or folders of them."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Write the judgements to this folder.")],
    stimuli: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="Which clip is of which system: columns stimulus, source [trial, clip, prompt]."
        ),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="TOML", help="Which columns hold what, and which numbers words stand for.")
    ] = None,
    human: Annotated[str | None, typer.Option(metavar="NAME", help="The source made by humans.")] = None,
) -> None:
    """Read results of webMUSHRA or jsPsych as judgements: one row per participant, clip and attribute.

    webMUSHRA: mushra.csv, paired_comparison.csv, lss.csv, lms.csv; its conditions are the systems, unless `--stimuli`
    says so. jsPsych: JSON, JSON lines or CSV, with `--stimuli` or a column of systems named in `--mapping`.
    Participants are numbered; what they said of themselves is not read.

    For example:

        clstm study import results/my_test --human reference --out imported
        clstm study import data.json --stimuli stimuli.csv --mapping map.toml --out new
    """
    from listening_study.exchange.importing import import_results, may_write, overview, write_import
    from listening_study.exchange.mapping import Mapping, Stimuli, read_mapping, read_stimuli
    from listening_study.exchange.terminal import print_overview

    may_write(out)
    given = read_mapping(mapping) if mapping else Mapping()
    given = given.model_copy(update={"human": human} if human is not None else {})
    imported = import_results(results, given, read_stimuli(stimuli) if stimuli else Stimuli())
    for remark in imported.remarks:
        warn(remark)
    print_overview(overview(imported.table))
    written = write_import(imported, out)
    say(
        f"{counted(imported.participants, 'participant')}, {counted(len(imported.table), 'judgement')}; "
        f"wrote {len(written)} files to {out}, the table is {out / 'judgements.csv'}"
    )


@app.command()
def archive(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="Folder made by `clstm study create`; the study is closed.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="ZIP", help="The archive to write.")] = None,
    verify: Annotated[
        Path | None, typer.Option(metavar="ZIP", help="Check an archive instead: is every file as it was?")
    ] = None,
    creator: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help='Who made it: "Family, Given; Affiliation; ORCID". May be repeated.'),
    ] = None,
    licence: Annotated[
        str, typer.Option("--license", metavar="SPDX", help="How it may be used, such as CC-BY-4.0.")
    ] = "",
    title: Annotated[str | None, typer.Option(help="Its title. Default: that of the study.")] = None,
    description: Annotated[str, typer.Option(metavar="TEXT", help="What it is about, in a sentence or more.")] = "",
    comments: Annotated[
        bool, typer.Option("--comments", help="Include what participants wrote in their own words.")
    ] = False,
    unseal: Annotated[
        bool, typer.Option("--unseal", help="Open the sealed key, where results were not read yet.")
    ] = False,
    database: Database = None,
) -> None:
    """Freeze a closed study in one file, ready for Zenodo or OSF.

    It holds clips, texts, design, registration and key; every table without ids, times of day and free texts; codebook,
    README and the SHA-256 of every file. Made again, it is the same to the bit. `--creator` adds `CITATION.cff` and
    `.zenodo.json`.

    For example:

        clstm study archive study --out study.zip --creator "Lovelace, Ada"
        clstm study archive --verify study.zip
    """
    if verify is not None:
        if folder or out:
            raise UserError("--verify checks an archive and writes none; leave out STUDY and --out")
        _verify(verify)
        return
    if folder is None or out is None:
        raise UserError("give STUDY and --out ZIP to make an archive, or --verify ZIP to check one")
    from listening_study.archive.contents import digest
    from listening_study.archive.metadata import Metadata, check_licence, parse_creator
    from listening_study.archive.writing import archive as write
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    study = read_study(folder)
    people = tuple(map(parse_creator, creator or ()))
    metadata = Metadata(title or study.title, people, check_licence(licence), description)
    with open_answers(study, database) as store:
        files = write(study, store, out, metadata, comments=comments, unseal=unseal)
    if not people:
        warn("no --creator: the archive has no CITATION.cff and no .zenodo.json")
    say(f"Wrote {out}: {len(files)} files, {out.stat().st_size // 1024} KiB, SHA-256 {digest(out)}")
    say(f"Publish that hash, too; anybody can check the file with it: clstm study archive --verify {out.name}")


def _verify(path: Path) -> None:
    """Raises `typer.Exit` with status 1 for an archive that was changed."""
    from listening_study.archive.verification import verify

    found = verify(path)
    for fault in found.faults:
        fail(fault)
    if found.faults:
        fail(f"{path} is not as it was made: {len(found.faults)} faults")
        raise typer.Exit(1)
    say(f"{path}: all {found.files} files are as they were when it was made")
    say(f"SHA-256 {found.sha256}; compare it with the one that was published")
