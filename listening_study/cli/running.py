"""Running one: `clstm study serve | dashboard | password | status | invite | close | reopen | backup | withdraw`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.console import warn
from listening_study.cli.arguments import LOOPBACK, Database, Headless, StudyFolder, say

if TYPE_CHECKING:
    from listening_study.protocol.study import Study

app = typer.Typer(rich_markup_mode="markdown")

FEW_PAGES = 500  # open at once; fewer are worth a line

PublicUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where participants find it when a TLS proxy stands before it: https://..."),
]


@app.command()
def serve(
    folder: StudyFolder,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines take part.")
    ] = LOOPBACK,
    headless: Headless = False,
    database: Database = None,
    public_url: PublicUrl = None,
) -> None:
    """Open the study to participants, until Ctrl-C. Answers are kept; serve it again any time.

    Example: `clstm study serve study --port 8600 --headless --public-url https://study.example.org`
    """
    from listening_study.protocol.order import open_order
    from listening_study.protocol.study import read_study
    from listening_study.server.serving import Site
    from listening_study.server.serving import serve as run
    from listening_study.store.database import begin_serving, open_answers

    site = Site(address, port, public_url)
    study = read_study(folder)
    open_order(study)
    with open_answers(study, database) as store:
        begin_serving(study, store)
    _warn_of_readers(study)
    _warn_of_little_room()
    announce = _announce("study")
    run("app", study, site, address=database, announce=announce, open_browser=not headless)


def _warn_of_readers(study: "Study") -> None:
    """In one line, which private files others on this machine may read."""
    from clstm.runtime.private_files import is_open_to_others

    if wide := [str(path) for path in study.private_paths if is_open_to_others(path)]:
        warn(f"Others on this machine may read what must stay private; close it: chmod go= {' '.join(wide)}")


def _warn_of_little_room() -> None:
    """In one line, how many listeners fit, where that is few."""
    from listening_study.server.connections import pages_that_fit

    if (fit := pages_that_fit()) < FEW_PAGES:
        warn(f"About {fit} listeners can have the study open at once: the system limits open files (ulimit -Hn)")


@app.command()
def invite(
    folder: StudyFolder,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many links.")],
    url: Annotated[str, typer.Option(metavar="URL", help="Where participants find the study.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="CSV file to write; it must not exist yet.")],
    database: Database = None,
) -> None:
    """Make links that let one listener in each, for a study with `mode = "tokens"`.

    The links are nowhere else: the study keeps only their hashes.

    Example: `clstm study invite study --count 30 --url https://study.example.org --out links.csv`
    """
    from clstm.runtime.errors import UserError
    from clstm.runtime.private_files import private_file
    from listening_study.protocol.study import read_study
    from listening_study.server.serving import web_address
    from listening_study.store.database import open_answers

    study = read_study(folder)
    web_address("--url", url)
    if study.access.mode != "tokens":
        raise UserError(f'{folder} lets in whoever has its link (mode = "open"): it needs no invitations')
    if out.exists():
        raise UserError(f"{out} exists, and may hold links that were sent; choose another --out")
    with open_answers(study, database) as store, private_file(out) as file:
        file.writelines(["link\n", *(f"{url.rstrip('/')}/?t={token}\n" for token in store.invite(count))])
    say(f"Wrote {out}: {count} links")


@app.command()
def close(folder: StudyFolder, database: Database = None) -> None:
    """Admit nobody and take no answers from now on. Participants are told; what is stored stays.

    Example: `clstm study close study`
    """
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        was_open = store.is_open()
        store.close_study()
    say(f"{folder} is closed" if was_open else f"{folder} was closed already")


@app.command()
def reopen(folder: StudyFolder, database: Database = None) -> None:
    """Admit listeners and take answers again. The results will say so, and whether tallies had been seen.

    Example: `clstm study reopen study`
    """
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        was_open = store.is_open()
        store.reopen()
    say(f"{folder} was open already" if was_open else f"{folder} is open again")


@app.command()
def status(folder: StudyFolder, database: Database = None) -> None:
    """Say who takes part and how far they are. Not what they answered: that stays sealed.

    Example: `clstm study status study`
    """
    from datetime import UTC, datetime

    from listening_study.protocol.registration import open_registration
    from listening_study.protocol.study import read_study
    from listening_study.researchers.monitoring import describe, listeners, turnout
    from listening_study.store.database import open_answers

    study = read_study(folder)
    target = open_registration(study).plan.listeners
    with open_answers(study, database) as store:
        table = listeners(study, store.progress(), datetime.now(UTC))
        for line in describe(study, turnout(table), target, store):
            say(line)


@app.command()
def backup(
    folder: StudyFolder,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Copy to write; an older one is replaced.")],
    database: Database = None,
) -> None:
    """Copy the answers into one checked SQLite file, while the study runs. PostgreSQL has pg_dump for that.

    It holds the answers alone: keep copies of STUDY/order.json and STUDY/sealed, too, for their owner's eyes only.

    Example: `clstm study backup study --out answers-copy.sqlite`
    """
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        store.backup(out)
    say(f"Wrote {out}, {out.stat().st_size / 1024:.0f} KiB")


@app.command()
def withdraw(
    folder: StudyFolder,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="From the participant's link: what follows ?t=")],
    database: Database = None,
) -> None:
    """Remove all that is stored of one participant, for good; only that somebody withdrew, and the day, stay.

    Backups made before still hold it: delete them, too.

    Example: `clstm study withdraw study Xk3n0iVbq1cWm5T9zLr2Dg`
    """
    from clstm.runtime.errors import UserError
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        if not store.withdraw(token):
            raise UserError("nobody takes part with this token; copy what follows ?t= in the participant's link")
        say(f"Removed; {store.withdrawals()} withdrew so far. Delete backups made before.")


@app.command()
def password(
    folder: StudyFolder,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from the standard input, one line.")] = False,
) -> None:
    """Set the dashboard's password. The study's folder keeps a salted scrypt hash of it.

    Example: `clstm study password study`
    """
    import sys

    from listening_study.protocol.study import read_study
    from listening_study.researchers.passwords import hashed, write_hash

    study = read_study(folder)
    if stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        given = typer.prompt("Password for the dashboard", hide_input=True, confirmation_prompt=True)
    write_hash(study.password_path, hashed(given))
    say(f"Set; {study.password_path} has its hash. A dashboard that runs takes it when it is started again.")


@app.command()
def dashboard(
    folder: StudyFolder,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8502,
    address: Annotated[
        str, typer.Option(help="Address to listen on. Others than this machine should reach it through TLS only.")
    ] = LOOPBACK,
    headless: Headless = False,
    database: Database = None,
) -> None:
    """Open the researcher's page: progress, exposure of clips, comments, export; tallies once the study is closed.

    It asks for the password that `clstm study password` set; without one, it makes one for this run and prints it.

    Example: `clstm study dashboard study`
    """
    from listening_study.protocol.study import read_study
    from listening_study.researchers.passwords import VARIABLE, hashed, new_password, read_hash
    from listening_study.server.serving import Site
    from listening_study.server.serving import serve as run

    study = read_study(folder)
    kept, made = read_hash(study.password_path), None
    if kept is None:
        made = new_password()
        kept = hashed(made)
    note = f"Password for this run: {made}" if made else "It asks for the password you set."
    announce = _announce("dashboard", note)
    run(
        "dashboard",
        study,
        Site(address, port),
        address=database,
        environment={VARIABLE: kept},
        announce=announce,
        open_browser=not headless,
    )


def _announce(what: str, note: str = "") -> Callable[[str], None]:
    def announce(url: str) -> None:
        say(f"The {what} is open at {url} (Ctrl-C closes it)")
        if note:
            say(note)

    return announce
