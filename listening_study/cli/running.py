"""Running a study: serve it, invite listeners, follow it, close it, back it up."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import say, warn
from listening_study.cli.arguments import LOOPBACK, RUN, Database, Headless, StudyFolder

if TYPE_CHECKING:
    from listening_study.protocol.study import Study

app = Commands(RUN)

FEW_PAGES = 500  # open at once; fewer deserve a warning

PublicUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The address of the study behind a TLS proxy: https://..."),
]


@app.command()
def serve(
    folder: StudyFolder,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 admits other machines.")] = LOOPBACK,
    headless: Headless = False,
    database: Database = None,
    public_url: PublicUrl = None,
) -> None:
    """Serve the study to participants, until Ctrl-C. Answers are stored; it can be served again at any time.

    For example:

        clstm study serve study --headless --public-url https://study.example.org
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
    """Warn, in one line, of private files that others on this machine may read."""
    from listening_study.protocol.private_files import is_open_to_others

    if wide := [str(path) for path in study.private_paths if is_open_to_others(path)]:
        warn(f"Others on this machine may read private files; to prevent it: chmod go= {' '.join(wide)}")


def _warn_of_little_room() -> None:
    """Warn, in one line, if only few listeners can take part at once."""
    from listening_study.server.connections import pages_that_fit

    if (fit := pages_that_fit()) < FEW_PAGES:
        warn(f"About {fit} listeners can have the study open at once: the system limits open files (ulimit -Hn)")


@app.command()
def invite(
    folder: StudyFolder,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Number of links.")],
    url: Annotated[str, typer.Option(metavar="URL", help="The address of the study.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The links, as CSV; the file must not exist yet.")],
    database: Database = None,
) -> None:
    """Make links that admit one listener each, for a study with `mode = "tokens"`.

    Keep the file: the study stores only hashes of the links.

    For example:

        clstm study invite study --count 30 --url https://example.org --out links.csv
    """
    from clstm.runtime.errors import UserError
    from listening_study.protocol.private_files import private_file
    from listening_study.protocol.study import read_study
    from listening_study.server.serving import web_address
    from listening_study.store.database import open_answers

    study = read_study(folder)
    web_address("--url", url)
    if study.access.mode != "tokens":
        raise UserError(f'{folder} admits everybody who has its link (mode = "open"): it needs no invitations')
    if out.exists():
        raise UserError(f"{out} exists and may contain links that were sent; choose another --out")
    with open_answers(study, database) as store, private_file(out) as file:
        file.writelines(["link\n", *(f"{url.rstrip('/')}/?t={token}\n" for token in store.invite(count))])
    say(f"Wrote {out}: {count} links")


@app.command()
def close(folder: StudyFolder, database: Database = None) -> None:
    """Close the study: admit nobody, accept no more answers. Participants are told; stored answers stay.

    For example:

        clstm study close study
    """
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        was_open = store.is_open()
        store.close_study()
    say(f"{folder} is closed" if was_open else f"{folder} was closed already")


@app.command()
def reopen(folder: StudyFolder, database: Database = None) -> None:
    """Open a closed study again. The results will say so, and whether anybody had seen tallies.

    For example:

        clstm study reopen study
    """
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        was_open = store.is_open()
        store.reopen()
    say(f"{folder} was open already" if was_open else f"{folder} is open again")


@app.command()
def status(folder: StudyFolder, database: Database = None) -> None:
    """Show who takes part and how far they are; what they answered stays sealed.

    For example:

        clstm study status study
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
    out: Annotated[Path, typer.Option(metavar="FILE", help="The copy; an older one is replaced.")],
    database: Database = None,
) -> None:
    """Copy the answers into one checked SQLite file, while the study runs. For PostgreSQL, use pg_dump.

    The copy contains only the answers: also keep private copies of STUDY/order.json and STUDY/sealed.

    For example:

        clstm study backup study --out answers-copy.sqlite
    """
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    with open_answers(read_study(folder), database) as store:
        store.backup(out)
    say(f"Wrote {out}, {out.stat().st_size / 1024:.0f} KiB")


@app.command()
def withdraw(
    folder: StudyFolder,
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="What follows ?t= in the participant's link, or their platform's id.")
    ],
    database: Database = None,
) -> None:
    """Delete all data of one participant, permanently; the study records only the day of the withdrawal.

    With the id of a recruiting platform, the first of `crowd_parameters`, all who came with it are deleted. Earlier
    backups still hold the data: delete them, too.

    For example:

        clstm study withdraw study Xk3n0iVbq1cWm5T9zLr2Dg
    """
    from clstm.runtime.errors import UserError
    from listening_study.protocol.study import read_study
    from listening_study.store.database import open_answers

    study = read_study(folder)
    with open_answers(study, database) as store:
        known = store.withdraw(token)
        for parameter in study.access.crowd_parameters[:1]:
            known = known or bool(store.withdraw_arrived(parameter, token))
        if not known:
            raise UserError("no participant has this token; copy what follows ?t= in the participant's link")
        say(f"Removed. Withdrawals so far: {store.withdrawals()}. Delete earlier backups.")


@app.command()
def password(
    folder: StudyFolder,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input, one line.")] = False,
) -> None:
    """Set the password of the dashboard. The study stores a salted scrypt hash of it.

    For example:

        clstm study password study
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
    say(f"Password set; {study.password_path} has its hash. A running dashboard uses it after a restart.")


@app.command()
def dashboard(
    folder: StudyFolder,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8502,
    address: Annotated[
        str, typer.Option(help="Address to listen on. Use TLS for access from other machines.")
    ] = LOOPBACK,
    headless: Headless = False,
    database: Database = None,
) -> None:
    """Open the researchers' page: progress, exposure of clips, comments, export; tallies after closing.

    It asks for the password set by `clstm study password`. Without one, it makes one for this run and prints it.

    For example:

        clstm study dashboard study
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
