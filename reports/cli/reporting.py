"""`clstm report`: make a report, and verify one."""

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clstm.runtime.commands import Commands, Continuing, Group
from clstm.runtime.console import fail, progress, say, warn
from clstm.runtime.finding import named_paths
from clstm.runtime.forking import server
from evaluation.measurement import IMPORTS as MEASURING
from reports.cli.options import ReportOptions, taking
from reports.figures import IMPORTS as DRAWING
from reports.listening import IMPORTS as LISTENING

if TYPE_CHECKING:
    from reports.content.report import ReportContent


class MakeByDefault(Group):
    """`clstm report NAME=PATH ...` is `clstm report make NAME=PATH ...`, and its help has the options of `make`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        made = self.commands["make"]
        shown = copy(self)
        shown.params, shown.help = made.params, made.help
        Group.format_help(shown, ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[make | verify]", *self.commands["make"].collect_usage_pieces(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = Commands(
    cls=MakeByDefault, about="Compare systems on one page (`make`, the default), and verify a report that was made."
)


@app.command("make", cls=Continuing)
@taking(ReportOptions)
def make(options: ReportOptions) -> None:
    """Compare systems on one page: summary, verdict, figures, players, all numbers, and how they were made.

    A system is any MIDI or audio file, or a folder of them, from any generator. MIDI is rendered with one SoundFont;
    audio is used as it is. Open `index.html` in the folder; it needs no network. Measurements are cached: if stopped,
    the same command continues.

    For example:

        clstm report make human=human lstm=lstm --reference human --out report
        clstm report human=human lstm=lstm --reference human --out report
    """
    import shlex
    import sys

    named_paths(options.sources)  # a mistyped path is said before anything starts
    server.start(*MEASURING, *LISTENING, *DRAWING)

    from reports.api import of_request  # takes a second, while the processes get ready

    with progress() as advance:
        found = of_request(options.request(shlex.join(["clstm", *sys.argv[1:]])), advance)
    _say_summary(found.content)
    say(f"Open {found.page}")


def _say_summary(content: "ReportContent") -> None:
    """The first screen in words; the page has every sentence."""
    from evaluation.distance.sentences import RANKING
    from reports.findings import standing

    for remark in content.remarks:
        warn(remark)
    for line in standing.lines(content.first):
        say(line)
    told = {one.system for one in content.first.standings} | {RANKING}
    for said in content.summary:
        if said.about not in told:
            say(f"{said.about}: {said.text}")
    failures = sum(len(system.failures) for system in content.systems if system.role != "control")
    say(f"{len(content.systems)} systems compared" + (f", {failures} files left out" if failures else ""))


@app.command("verify")
def verify_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a report.", show_default=False)],
    systems: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=PATH", help="Where a system's music is now, if it was moved."),
    ] = None,
    weights: Annotated[
        list[str] | None, typer.Option(metavar="NAME=RUN", help="Where a system's run is now, if it was moved.")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTION=PATH", help="Where an input table is now, such as index=index.csv."),
    ] = None,
    soundfont: Annotated[Path | None, typer.Option(metavar="SF2", help="Where the SoundFont is now.")] = None,
) -> None:
    """Render and measure everything again: do the inputs still give the same report?

    Inputs, weights, SoundFont and the report's own files are compared with their hashes, values with the tolerances of
    `clstm spectra check`, and every conclusion is derived again. Page, players and figures are compared by hash alone.
    The exit status is 0 if all is the same, 1 if not.

    A report may come from anywhere: of the files it names, only plain files below the working directory or the report
    are opened. Name the others here; what was not read is listed.

    For example:

        clstm report verify report
    """
    from evaluation.measurement.options.named_paths import named_path
    from reports.verification.holdings import Elsewhere
    from reports.verification.verify import verify

    music, runs, files = (dict(map(named_path, given or ())) for given in (systems, weights, file))
    with progress() as advance:
        found = verify(folder, Elsewhere(music, runs, files, soundfont), advance)
    for remark in found.remarks:
        warn(remark)
    for failure in found.failures:
        fail(failure)
    say(", ".join(f"{count:,} {what}" for what, count in found.checked.items()) + " compared.")
    say("The page, its players, drawings of pieces and figures were compared by hash alone, not made again.")
    if not found.holds:
        fail("Verification failed: the report differs from its inputs.")
        raise typer.Exit(1)
    say(f"{folder} is verified: its inputs give the same report.")
