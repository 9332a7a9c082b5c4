"""`clstm plan`: how many clips a comparison needs."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.commands import MEASURE, Commands
from clstm.runtime.console import console, progress, say, warn
from clstm.runtime.ownership import may_write_table
from evaluation.cli.arguments import Reference, Seconds, Seed, Systems, Workers

if TYPE_CHECKING:
    from rich.table import Table

    from evaluation.distance.planning import Row

app = Commands(MEASURE)


@app.command("plan")
def plan_command(
    systems: Systems,
    reference: Reference,
    clips: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of clips, of the reference and of each system.")
    ] = "24,50,100,200,400",
    distance: Annotated[
        float | None, typer.Option(help="A distance to find, MMD² × 1000: says how many clips it takes.")
    ] = None,
    difference: Annotated[
        float | None, typer.Option(help="A difference to find in one metric, in standard deviations of the reference.")
    ] = None,
    target: Annotated[float, typer.Option(help="The power to reach.")] = 0.8,
    simulations: Annotated[int, typer.Option(help="Simulated comparisons per number of clips.")] = 200,
    seconds: Seconds = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write all numbers, every metric's too.")] = None,
    workers: Workers = None,
) -> None:
    """Estimate how many clips a comparison needs, from simulated comparisons of your own music.

    Comparisons are drawn from the reference by whole groups and tested as `clstm compare` tests them. For each number
    of clips: the smallest distance and the smallest difference of one metric that are found with the power asked for.
    With a few clips of a system, also the power to find that system.

    For example:

        clstm plan human=music/human --reference human
        clstm plan human=human mine=pilot --reference human --clips 24,50 --distance 50
    """
    from evaluation import plans
    from evaluation.distance import planning

    asked = plans.Plan(
        *(tuple(systems), reference, plans.numbers(clips), distance, difference, target, simulations),
        *(seconds, seed, workers),
    )
    plans.check(asked)
    may_write_table(out, planning.COLUMNS)
    with progress() as advance:
        made = plans.make(asked, advance)
    for remark in made.remarks:
        warn(remark)
    console.print(_table(made.rows, target))
    for line in made.sentences:
        say(line)
    if out is not None:
        from clstm.runtime.files import write_table

        write_table(out, planning.as_table(made.rows))
        say(f"{out} made.")


def _table(rows: "list[Row]", target: float) -> "Table":
    """One row per number of clips."""
    from rich.table import Table

    from evaluation.distance.planning import DISTANCE, expected, middle_sd

    pilots = list(dict.fromkeys(one.system for one in rows if one.system))
    shown = Table(title=f"Found with power {target:g}", title_justify="left")
    headings = ["Clips", "Distance (MMD² × 1000)", "One metric (SD)"]
    headings += [heading for name in pilots for heading in (f"Power for {name}", f"Metrics of {name}")]
    for heading in headings:
        shown.add_column(heading, justify="right")
    for clips in dict.fromkeys(one.clips for one in rows):
        whole = {one.system: one for one in rows if one.clips == clips and one.what == DISTANCE}
        low, high = (f"{1000 * end:.0f}" for end in (whole[""].smallest.low, whole[""].smallest.high))
        middle, least, most = middle_sd(rows, clips)
        cells = [str(clips), f"{1000 * whole[''].smallest.value:.0f} [{low}, {high}]"]
        cells += [f"{middle:.2f} ({least:.2f} to {most:.2f})" if isfinite(middle) else "none"]
        for name in pilots:
            one = whole[name].power
            found, of = expected(rows, name, clips)
            cells += [f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]", f"{found:.0f} of {of}"]
        shown.add_row(*cells)
    return shown
