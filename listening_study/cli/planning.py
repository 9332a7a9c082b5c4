"""Planning a study: `clstm study power`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.runtime.commands import Commands
from clstm.runtime.console import console, progress, say, warn
from clstm.runtime.ownership import may_write_table
from listening_study.cli.arguments import PREPARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listening_study.analysis.tasks.power import TaskPower
    from listening_study.protocol.study import Study
    from listening_study.simulation.power import Assumptions, Power
    from listening_study.store import ListenerProgress

app = Commands(PREPARE)


@app.command()
def power(
    listeners: Annotated[str, typer.Option(metavar="N,N,...", help="Numbers of listeners.")] = "10,20,40",
    clips: Annotated[str, typer.Option(metavar="N,N,...", help="Numbers of clips of each source.")] = "5,10,20",
    clips_each: Annotated[
        int | None, typer.Option(help="Clips of each source that one listener hears. Default: all.")
    ] = None,
    registered: Annotated[
        Path | None,
        typer.Option("--from", metavar="STUDY", help="Use the systems, anchor, margin, level and clips of this study."),
    ] = None,
    systems: Annotated[int, typer.Option(help="Systems compared with the human source, without the anchor.")] = 3,
    p_human: Annotated[float, typer.Option(help="Share of human clips that are called human.")] = 0.7,
    difference: Annotated[
        float,
        typer.Option(help="The difference to detect: share of system clips called human, minus that of human clips."),
    ] = -0.2,
    anchor: Annotated[float, typer.Option(help="Share of the anchor's clips that are called human.")] = 0.1,
    no_anchor: Annotated[bool, typer.Option("--no-anchor", help="A study without an anchor.")] = False,
    margin: Annotated[float, typer.Option(help="Equivalence margin, as a difference of shares.")] = 0.1,
    alpha: Annotated[float, typer.Option(help="Significance level, Holm-corrected over systems and anchor.")] = 0.05,
    listener_sd: Annotated[
        float, typer.Option(help="Standard deviation between listeners, in log-odds, of the tendency to say human.")
    ] = 0.8,
    clip_sd: Annotated[float, typer.Option(help="Standard deviation between clips of one source, in log-odds.")] = 0.8,
    slope_sd: Annotated[
        float, typer.Option(help="Standard deviation between listeners, in log-odds, of the difference of two sources.")
    ] = 0.5,
    target: Annotated[float, typer.Option(help="The power to reach.")] = 0.8,
    replicates: Annotated[int, typer.Option(help="Simulated studies per size and question.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the random number generator.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write the table to this file.")] = None,
) -> None:
    """Estimate how many listeners and clips a study needs, from simulated studies.

    Power is the probability of a significant difference if a system differs, and of equivalence if it does not.
    Simulated studies are analysed like real ones. Ctrl-C keeps the sizes that are done.

    For example:

        clstm study power --listeners 20,40 --clips 10,20 --difference -0.15
    """
    from listening_study.analysis.listener_model import Spread
    from listening_study.simulation.power import Assumptions

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
    found, stopped = _simulated(assumptions, sizes, replicates, seed)
    if stopped:
        warn(f"Stopped: {len(found)} of the sizes are done.")
    if found:
        _print(found, assumptions, target)
        if out:
            _write(found, out)
    if stopped:
        raise typer.Exit(130)


@app.command("task-power")
def task_power(
    task: Annotated[str, typer.Argument(metavar="TASK", help="rating, preference, continuation, mushra or abx.")],
    effect: Annotated[
        float,
        typer.Option(help="To detect: a difference in points; of choices, a share beyond one half, such as 0.1."),
    ],
    listeners: Annotated[str, typer.Option(metavar="N,N,...", help="Numbers of listeners.")] = "10,20,40",
    clips: Annotated[
        str, typer.Option(metavar="N,N,...", help="Prompts on which one listener compares two systems.")
    ] = "6,12,24",
    points: Annotated[
        int | None, typer.Option(help="Points of the scale of a rating or continuation. Default: 5.", min=2)
    ] = None,
    matched: Annotated[
        bool, typer.Option("--matched", help="Each listener rates both systems after every prompt, not one of them.")
    ] = False,
    margin: Annotated[
        float | None, typer.Option(help="Also the power of equivalence within this, in units of the effect.")
    ] = None,
    comparisons: Annotated[int, typer.Option(help="Comparisons that the level is divided by.", min=1)] = 1,
    alpha: Annotated[float, typer.Option(help="Significance level.")] = 0.05,
    replicates: Annotated[int, typer.Option(help="Simulated studies per size and question.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the random number generator.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write the table to this file.")] = None,
) -> None:
    """Estimate how many listeners and prompts a block of ratings or choices needs, from simulated studies.

    Power is the probability of a significant difference between two systems that differ by `--effect`, and with
    `--margin` that of equivalence where they do not. Simulated studies are analysed like real ones.

    For example:

        clstm study task-power rating --effect 0.5 --comparisons 3
        clstm study task-power preference --effect 0.15 --listeners 20,40
    """
    from clstm.runtime.errors import choice
    from listening_study.analysis.tasks.power import Plan, Scale, power
    from listening_study.protocol.tasks import TaskKind

    kind = TaskKind(choice("TASK", task, [str(kind) for kind in TaskKind if kind is not TaskKind.SOURCE]))
    rated = kind in (TaskKind.RATING, TaskKind.CONTINUATION)
    scale = Scale(1, points or 5, (1 + (points or 5)) / 2) if rated else None
    plan = Plan(kind, effect, None, scale, matched or not rated, margin, alpha / comparisons)
    may_write_table(out, ("listeners", "clips"))
    found = []
    with progress() as advance:
        sizes = [(one, other) for one in _numbers("--listeners", listeners) for other in _numbers("--clips", clips)]
        for number, (one, other) in enumerate(sizes, 1):
            found.append(power(plan, one, other, replicates, seed))
            advance("Sizes", number, len(sizes))
    _print_task_power(found)
    if out:
        _write(found, out)


def _print_task_power(found: "Sequence[TaskPower]") -> None:
    from rich.table import Table

    table = Table()
    for heading in ("Listeners", "Prompts", "Significant difference", "Equivalent"):
        table.add_column(heading, justify="right")
    for one in found:
        equivalent = "" if one.equivalent != one.equivalent else f"{one.equivalent:.2f} ± {one.equivalent_error:.2f}"
        significant = f"{one.significant:.2f} ± {one.significant_error:.2f}"
        table.add_row(str(one.listeners), str(one.clips), significant, equivalent)
    console.print(table)


def say_prospects(study: "Study", walked: "Sequence[ListenerProgress]" = ()) -> None:
    """What the design can find, and how long it takes: measured on those who went through it, else estimated."""
    from listening_study.protocol.registration import open_registration
    from listening_study.researchers.monitoring import duration, durations
    from listening_study.simulation.prospects import assumed, prospects, sentences
    from listening_study.simulation.task_prospects import task_prospects

    registered = open_registration(study)
    if study.asks_source:
        for line in sentences(prospects(assumed(study, registered), registered.plan.listeners, study.size.clips)):
            say(line)
    for block in task_prospects(study, registered):
        say(block.sentence(registered.plan.listeners))
    say(duration(study, durations(study, walked)))


def _simulated(
    assumptions: "Assumptions", sizes: tuple[list[int], list[int]], replicates: int, seed: int
) -> tuple[list["Power"], bool]:
    """The power of every size, or of those that were done before Ctrl-C; and whether it was pressed."""
    from listening_study.simulation.power import powers

    found: list[Power] = []
    with progress() as advance:
        try:
            for one in powers(assumptions, *sizes, replicates, seed, advance):
                found.append(one)  # noqa: PERF402  what was drawn before Ctrl-C is kept
        except KeyboardInterrupt:
            return found, True
    return found, False


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
        raise UserError(f"{option} takes whole numbers from 2 up, such as 10,20,40; got {given!r}") from None


def _check(target: float, out: Path | None) -> None:
    """Find before the work what would fail after it."""
    from clstm.runtime.errors import UserError

    if not 0 < target < 1:
        raise UserError(f"--target must lie between 0 and 1, such as 0.8; got {target:g}")
    may_write_table(out, ("listeners", "clips"))


def _print(found: "Sequence[Power]", assumptions: "Assumptions", target: float) -> None:
    from rich.table import Table

    from listening_study.simulation.power import smallest

    table = Table()
    for heading in ("Listeners", "Clips per source", "Significant difference", "Equivalent"):
        table.add_column(heading, justify="right")
    for one in found:
        equivalent = "" if one.equivalent != one.equivalent else f"{one.equivalent:.2f} ± {one.equivalent_error:.2f}"
        significant = f"{one.significant_difference:.2f} ± {one.significant_difference_error:.2f}"
        table.add_row(str(one.listeners), str(one.clips), significant, equivalent)
    console.print(table)
    asked = {
        "significant_difference": f"Detecting a difference of {assumptions.difference * 100:+g} percentage points",
        "equivalent": f"Showing equivalence within ±{assumptions.margin * 100:g} percentage points",
    }
    if assumptions.anchor is None:
        del asked["equivalent"]
        say("Without an anchor, equivalence cannot be shown.")
    for what, words in asked.items():
        enough = smallest(found, what, target)
        if enough:
            say(f"{words} with power {target:g}: {enough.listeners} listeners, {enough.clips} clips per source.")
        else:
            best = max(found, key=lambda one: getattr(one, what))
            reached = f"the best is {getattr(best, what):.2f}, with {best.listeners} listeners and {best.clips} clips"
            say(f"{words} with power {target:g}: none of these sizes; {reached} per source.")


def _write(found: "Sequence[Power] | Sequence[TaskPower]", out: Path) -> None:
    from dataclasses import asdict

    import pandas as pd

    from clstm.runtime.files import write_table

    write_table(out, pd.DataFrame([asdict(one) for one in found]))
    say(f"Wrote {out}")
