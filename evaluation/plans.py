"""A plan of a comparison: from folders of music to how many clips are enough (`evaluation.distance.planning`).

With pilots the music is measured and controlled as a comparison does it, so that the plan is of that comparison.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.names import counted
from clstm.runtime.progress import Progress, silent, titled
from evaluation.audio.render import RenderSettings
from evaluation.comparison.compare import ComparisonRequest, judge
from evaluation.distance import planning
from evaluation.distance.planning import Music, Row
from evaluation.measurement.inputs import measurement_inputs
from evaluation.measurement.options.named_paths import music_files, named_paths
from evaluation.measurement.systems import measure_systems


@dataclass(frozen=True)
class Plan:
    """What the user asked for. distance : MMD^2 x 1000; difference : in standard deviations; either to be found"""

    systems: tuple[str, ...]
    reference: str
    clips: tuple[int, ...]
    distance: float | None = None
    difference: float | None = None
    target: float = planning.TARGET
    simulations: int = 200
    seconds: float | None = None
    seed: int = 0
    workers: int | None = None


@dataclass(frozen=True)
class Made:
    rows: list[Row]
    sentences: list[str]
    remarks: list[str]


def numbers(given: str) -> tuple[int, ...]:
    """Numbers of clips. Raises `UserError` for what is none.

    >>> numbers("24,50")
    (24, 50)
    """
    try:
        found = tuple(sorted({int(one) for one in given.split(",")}))
    except ValueError:
        found = ()
    if not found or min(found) < planning.FEWEST:
        raise UserError(f"--clips takes whole numbers from {planning.FEWEST} up, such as 24,50,100; got {given!r}")
    return found


def check(asked: Plan) -> None:
    """Raise `UserError` for numbers out of range."""
    if not 0 < asked.target < 1:
        raise UserError(f"--target must lie between 0 and 1, such as 0.8; got {asked.target:g}")
    if asked.simulations < 20:
        raise UserError(f"--simulations {asked.simulations}: at least 20; with 200, power is known within 6 %")
    for option, wanted in (("--distance", asked.distance), ("--difference", asked.difference)):
        if wanted is not None and not (isfinite(wanted) and wanted > 0):
            raise UserError(f"{option} must be above 0; got {wanted:g}")


def make(asked: Plan, progress: Progress = silent) -> Made:
    """Measure, simulate, and say how many clips are enough. Raises `UserError` for what cannot be planned."""
    reference, pilots, remarks = _music(asked, progress)
    found = planning.plan(
        *(reference, pilots, asked.clips),
        target=asked.target,
        replicates=asked.simulations,
        seed=asked.seed,
        progress=progress,
    )
    rows = list(found)
    return Made(rows, _sentences(asked, rows, reference, list(pilots)), remarks)


def _music(asked: Plan, progress: Progress) -> tuple[Music, dict[str, tuple[Music, Music]], list[str]]:
    """The reference, each pilot with what it is compared with, and caveats."""
    paths = named_paths(list(asked.systems))
    if asked.reference not in paths:
        raise UserError(f"--reference {asked.reference!r} is not one of the systems given ({', '.join(paths)})")
    if len(paths) == 1:
        files = music_files(paths[asked.reference])
        inputs = {asked.reference: measurement_inputs(files.files, {}, asked.seconds)}
        measured = measure_systems(inputs, RenderSettings(), titled(progress, "Measuring"), asked.workers)
        against, remarks = {}, list(files.remarks)
    else:
        request = ComparisonRequest(paths, asked.reference, Path(), seconds=asked.seconds, seed=asked.seed)
        compared = judge(request, progress)
        measured, remarks = compared.measurements, compared.remarks
        against = {name: other for name, other in compared.references.against.items() if name != asked.reference}
    names = list(dict.fromkeys([asked.reference, *against.values(), *against]))
    known = planning.music(measured.values, measured.pieces, names)
    for name in names:
        if (groups := len(set(known[name].pieces.groups.astype(str)))) < planning.FEWEST:
            raise UserError(
                f"{name} has {counted(groups, 'independent piece')}; a plan needs {planning.FEWEST} or more"
            )
    common = next(iter(against.values()), asked.reference)
    return known[common], {name: (known[other], known[name]) for name, other in against.items()}, remarks


def _sentences(asked: Plan, rows: Sequence[Row], reference: Music, pilots: Sequence[str]) -> list[str]:
    most, power = max(asked.clips), f"with power {asked.target:g}"
    said = []
    for name in pilots:
        enough = planning.enough_for(rows, name, asked.target)
        end = f"{enough} clips" if enough else f"more than {most} clips"
        said.append(f"To tell {name} from {asked.reference} in all metrics together {power}: {end} of each.")
    if asked.distance is not None:
        clips = planning.needed(rows, asked.distance / 1000)
        end = f"more than {most} clips of each."
        if clips is not None:
            found = planning.confirmed(reference, asked.distance / 1000, clips, asked.simulations, asked.seed)
            end = f"{clips} clips of each (simulated anew: {found.value:.2f} [{found.low:.2f}, {found.high:.2f}])."
        said.append(f"To find a distance of {asked.distance:g} {power}: {end}")
    if asked.difference is not None:
        clips = planning.needed(rows, asked.difference, of_metrics=True)
        end = f"{clips} clips" if clips is not None else f"more than {most} clips"
        said.append(f"To find a difference of {asked.difference:g} SD in one metric {power}: {end} of each.")
    return said
