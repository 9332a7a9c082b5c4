"""Planning a study: `clstm study power`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.console import console, progress_bar, warn
from clstm.runtime.ownership import may_write_table
from listening_study.cli.arguments import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listening_study.simulation.power import Assumptions, Power

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def power(
    listeners: Annotated[str, typer.Option(metavar="N,N,...", help="Numbers of listeners.")] = "10,20,40",
    clips: Annotated[str, typer.Option(metavar="N,N,...", help="Numbers of clips of each source.")] = "5,10,20",
    clips_each: Annotated[
        int | None, typer.Option(help="Clips of each source that one listener hears; left out: all.")
    ] = None,
    registered: Annotated[
        Path | None,
        typer.Option("--from", metavar="STUDY", help="Take systems, anchor, margin, level and clips from this study."),
    ] = None,
    systems: Annotated[int, typer.Option(help="Systems tested against the human source, the anchor not counted.")] = 3,
    p_human: Annotated[float, typer.Option(help="How often human clips are called human.")] = 0.7,
    difference: Annotated[
        float, typer.Option(help="What is to be found: how much more often systems are called human; below 0: less.")
    ] = -0.2,
    anchor: Annotated[float, typer.Option(help="How often clips of the anchor are called human.")] = 0.1,
    no_anchor: Annotated[bool, typer.Option("--no-anchor", help="A study without an anchor.")] = False,
    margin: Annotated[float, typer.Option(help="Margin of equivalence, as a difference of shares.")] = 0.1,
    alpha: Annotated[float, typer.Option(help="Level of the tests, Holm-corrected over systems and anchor.")] = 0.05,
    listener_sd: Annotated[float, typer.Option(help="Between listeners, in log-odds: readiness to say human.")] = 0.8,
    clip_sd: Annotated[float, typer.Option(help="Between clips of one source, in log-odds.")] = 0.8,
    slope_sd: Annotated[
        float, typer.Option(help="Between listeners, in log-odds: in the difference between two sources.")
    ] = 0.5,
    target: Annotated[float, typer.Option(help="The power that is wanted.")] = 0.8,
    replicates: Annotated[int, typer.Option(help="Studies drawn for each size and question.")] = 2000,
    seed: Annotated[int, typer.Option(help="Chooses what is drawn.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write the table here.")] = None,
) -> None:
    """Tell how many listeners and clips a study needs, from simulated studies analysed as real ones are.

    Power is that of telling a system apart when it differs, and that of showing it equivalent when it does not.
    Ctrl-C keeps the sizes that are done.

    Example: `clstm study power --listeners 20,40 --clips 10,20,40 --difference -0.15 --out power.csv`
    """
    from listening_study.analysis.listener_model import Spread
    from listening_study.simulation.power import Assumptions, powers

    if registered:
        systems, no_anchor, margin, alpha, clips, clips_each = _registered(registered)
    assumptions = Assumptions(
        systems=systems,
        p_human=p_human,
        difference=difference,
        anchor=None if no_anchor else anchor,
        margin=margin,
        alpha=alpha,
        spread=Spread(listener_sd, clip_sd, slope_sd),
        clips_each=clips_each,
    )
    _check(target, out)
    sizes = _numbers("--listeners", listeners), _numbers("--clips", clips)
    found: list[Power] = []
    with progress_bar() as bar:
        task = bar.add_task("Studies", total=len(set(sizes[0])) * len(set(sizes[1])) * replicates)
        drawn = powers(assumptions, *sizes, replicates, seed, lambda count: bar.advance(task, count))
        stopped = False
        try:
            for one in drawn:
                found.append(one)
        except KeyboardInterrupt:
            stopped = True
    if stopped:
        warn(f"Stopped: {len(found)} of the sizes are done.")
    if found:
        _print(found, assumptions, target)
        if out:
            _write(found, out)
    if stopped:
        raise typer.Exit(130)


def _registered(folder: Path) -> tuple[int, bool, float, float, str, int | None]:
    from listening_study.protocol.registration import open_registration
    from listening_study.protocol.study import read_study

    study = read_study(folder)
    plan = open_registration(study).plan
    systems = sum(source != plan.anchor for source in plan.contrasts)
    clips, each = study.size.clips, study.design.clips_each
    return systems, plan.anchor is None, plan.margin, plan.alpha, str(clips), each


def _numbers(option: str, given: str) -> list[int]:
    from clstm.runtime.errors import UserError

    try:
        return [int(one) for one in given.split(",")]
    except ValueError:
        raise UserError(f"{option} {given!r} are no whole numbers; give some from 2 up, such as 10,20,40") from None


def _check(target: float, out: Path | None) -> None:
    """Before the work: what would be wrong after it."""
    from clstm.runtime.errors import UserError

    if not 0 < target < 1:
        raise UserError(f"--target {target:g}: power lies between 0 and 1, such as 0.8")
    may_write_table(out, ("listeners", "clips"))


def _print(found: "Sequence[Power]", assumptions: "Assumptions", target: float) -> None:
    from rich.table import Table

    from listening_study.simulation.power import smallest

    table = Table()
    for heading in ("Listeners", "Clips a source", "Told apart", "Equivalent"):
        table.add_column(heading, justify="right")
    for one in found:
        equivalent = "" if one.equivalent != one.equivalent else f"{one.equivalent:.2f} ± {one.equivalent_error:.2f}"
        apart = f"{one.told_apart:.2f} ± {one.told_apart_error:.2f}"
        table.add_row(str(one.listeners), str(one.clips), apart, equivalent)
    console.print(table)
    asked = {
        "told_apart": f"Telling a difference of {assumptions.difference * 100:+g} percentage points",
        "equivalent": f"Showing equivalence within ±{assumptions.margin * 100:g} percentage points",
    }
    if assumptions.anchor is None:
        del asked["equivalent"]
        say("Without an anchor nothing can be shown equivalent.")
    for what, words in asked.items():
        enough = smallest(found, what, target)
        if enough:
            say(f"{words} with power {target:g}: {enough.listeners} listeners, {enough.clips} clips a source.")
        else:
            best = max(found, key=lambda one: getattr(one, what))
            reached = f"the best is {getattr(best, what):.2f}, with {best.listeners} listeners and {best.clips} clips"
            say(f"{words} with power {target:g}: none of these sizes; {reached} a source.")


def _write(found: "Sequence[Power]", out: Path) -> None:
    from dataclasses import asdict

    import pandas as pd

    from clstm.runtime.files import write_table

    write_table(out, pd.DataFrame([asdict(one) for one in found]))
    say(f"Wrote {out}")
