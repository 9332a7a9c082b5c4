"""From the files of several systems to a folder with the verdict on each: what differs from the reference, by how much,
and how certain that is.

Each system is compared with the reference under the limits of its own music
(`evaluation.comparison.sets.references`); the reference as it was played is one more system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from clstm.runtime.errors import UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.processes import beside
from clstm.runtime.progress import Progress, silent, titled
from evaluation.audio.render import RenderSettings
from evaluation.comparison import closeness, contrasts, embedded, papers
from evaluation.comparison import summary as conclusions
from evaluation.comparison.sets import absent, copies, sources
from evaluation.comparison.sets.references import Grid, References, references
from evaluation.comparison.sets.references import left_out as references_left_out
from evaluation.comparison.sounds import flips, sounds
from evaluation.controls.fitting import Fit
from evaluation.distance import planning
from evaluation.distance import trained as trainings
from evaluation.distance.ranking import Margin
from evaluation.embeddings.requested import requested
from evaluation.measurement.inputs import MeasurementInput, for_midi
from evaluation.measurement.systems import Measurements, left_out, measure_systems, on_one_instrument
from evaluation.prompting import continuations as continuing
from evaluation.prompting import leftover
from evaluation.prompting import likelihood as nats

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ComparisonRequest:
    """What the user asked for.

    sources : where each system's music is, by name (`evaluation.measurement.options.named_paths.named_paths`)
    grid : "auto": each system is compared with the reference under the limits of its own music; or which MIDI goes
        through the score matrix and one velocity: the reference, all, none
    limits : what the user declares of the limits of systems (`evaluation.controls.declared`)
    pedal : whether notes last as long as a pedal holds them, in every system
    groups : a CSV with the columns file and group, replicate or both
    replicates : whether the sub-folders of a system are its trainings
    seconds : only the first seconds of every piece
    margin : by how much a system may be further and is still called no worse (`evaluation.distance.ranking.Margin`)
    embeddings : NAME or NAME=FOLDER each (`evaluation.embeddings.requested`)
    skip : NAME=SECONDS each, cut from the beginning of the files of a system
    likelihood : the table of `clstm likelihood`
    robustness : repeat with another SoundFont (`other_soundfont`), with reverb and chorus, and with other velocities
    """

    sources: Mapping[str, Path]
    reference: str
    out: Path
    settings: RenderSettings = RenderSettings()
    grid: Grid = "auto"
    pedal: bool = False
    groups: Path | None = None
    seconds: float | None = None
    robustness: bool = False
    other_soundfont: Path | None = None
    seed: int = 0
    workers: int | None = None
    cluster: str | None = None
    command: str = ""
    limits: tuple[str, ...] = ()
    replicates: bool = False
    margin: str = ""
    embeddings: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    likelihood: Path | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Result of a comparison.

    references : what each system is compared with; fits : the control that fits each, and why, where that was asked for
    systems : the measurement inputs of every system
    table : `evaluation.comparison.verdict.COLUMNS`
    sounds : measurements by the sound they were made with; the first, "", is the one asked for
    others : the tables made with the other sounds
    remarks : caveats, one line each; summary : one line per system
    true : systems beside the true continuations, where files have them
    likely : nats of systems under trained models, if given
    near : how far each system is in all metrics together, and who is closer
    trained : of systems with several trainings: what is known with trainings counted
    finds : the smallest differences that so many pieces find
    printed : what other papers print (`evaluation.comparison.papers`)
    """

    references: References
    systems: Mapping[str, Sequence[MeasurementInput]]
    table: "pd.DataFrame"
    sounds: Mapping[str, Measurements]
    others: "Mapping[str, pd.DataFrame]"
    remarks: list[str]
    summary: list[str]
    near: closeness.Closeness
    printed: "pd.DataFrame"
    fits: Mapping[str, Fit] = field(default_factory=dict)
    trained: trainings.Trained = trainings.NOTHING
    finds: Sequence[planning.Row] = ()
    true: continuing.Continuations | None = None
    likely: nats.LikelihoodTable | None = None

    @property
    def reference(self) -> str:
        """The name of what all systems are compared with; of the reference, where there are several such sets."""
        return self.references.common

    @property
    def measurements(self) -> Measurements:
        return self.sounds[""]

    @property
    def values(self) -> "pd.DataFrame":
        """Those that say something (`evaluation.comparison.sets.absent`), with the columns of the measurements."""
        return absent.without_plain(self.measurements.values)


def judge(request: ComparisonRequest, progress: Progress = silent) -> Comparison:
    """Measure every system and compare it with the reference; writes nothing.

    Raises `UserError` for anything that cannot be compared.
    """
    if request.seconds is not None and not isfinite(request.seconds):
        raise UserError(f"--seconds {request.seconds} is not a length; give seconds, such as 30")
    _margin(request)  # before the work begins
    given = nats.read_likelihood(request.likelihood) if request.likelihood else None
    found, said = sources.systems_of(_given(request))
    embedders = embedded.loaded(requested(request.embeddings))
    fits = sources.fits(found, request.reference, request.grid, request.limits, request.workers, progress)
    chosen = references(request.grid, request.reference, found, fits)
    of_midi = {"--pedal": request.pedal, "--instrument": request.settings.instrument is not None}
    said += for_midi(of_midi, [one.path for own in found.values() for one in own])
    said += [*(f"{name}: {remark}" for name, fit in fits.items() for remark in fit.remarks), *chosen.remarks]
    systems = sources.with_controls(found, chosen, request.grid)
    chosen, lost = references_left_out(chosen, systems, request.workers)
    systems = {name: own for name, own in systems.items() if name in chosen.controls or name in found}
    said += lost
    measured, tables = _compared(request, systems, chosen, progress)
    others = {name: table for name, table in tables.items() if name}
    table = flips(tables[""], others) if others else tables[""]
    sets = (measured[""].values, measured[""].pieces, chosen.against)
    literature = partial(_literature_and_plans, *sets, request.seed, papers.SAMPLES)
    with beside("the numbers of the literature", literature) as found_beside, threadpool_limits(1):  # a core for each
        near = _closeness(request, systems, chosen, measured[""], progress)
        printed, finds = found_beside()
    more, lacking = embedded.distances(
        *(embedders, systems, chosen, measured[""].pieces, request.settings),
        seed=request.seed,
        workers=request.workers,
        progress=progress,
    )
    near = replace(near, distances=[*near.distances, *more], remarks=(*near.remarks, *lacking))
    said_of = absent.without_plain(measured[""].values)
    trained = trainings.trained(*(said_of, measured[""].pieces, chosen.against, chosen.name), wanted=request.replicates)
    true = continuing.continuations(
        systems, chosen.against, request.reference, seed=request.seed, workers=request.workers
    )
    likely = None
    if given is not None:
        likely = nats.compared(given, measured[""].pieces, request.sources, request.reference, seed=request.seed)
    found_out = Comparison(
        *(chosen, systems, table, measured, others, said, [], near, printed),
        fits=fits,
        trained=trained,
        finds=finds,
        true=true,
        likely=likely,
    )
    return replace(found_out, remarks=_remarks(found_out, request), summary=_summary(found_out))


def _literature_and_plans(
    values: "pd.DataFrame", pieces: "pd.DataFrame", against: Mapping[str, str], seed: int, samples: int
) -> "tuple[pd.DataFrame, list[planning.Row]]":
    """The numbers of the literature, and the smallest differences that a comparison finds."""
    printed = papers.table(values, pieces, against, seed=seed, samples=samples)
    return printed, planning.finds(values, pieces, against, seed)


def _remarks(verdict: Comparison, request: ComparisonRequest) -> list[str]:
    """Everything that was left out, changed or uncertain; first what was said before the measurement."""
    measured, table = verdict.measurements, verdict.table
    heard = [name for name in verdict.systems if name not in verdict.references.controls]  # a control is the same music
    generated = [name for name in request.sources if name != request.reference]
    return [
        *verdict.remarks,
        *leftover.remarks(measured.pieces, verdict.systems, request.reference, generated),
        *left_out(measured, heard),
        *on_one_instrument(measured, request.settings, heard),
        *copies.remarks(measured.pieces, measured.values),
        *filter(None, [absent.sentence(absent.without_plain(measured.values))]),
        *conclusions.caveats(table, measured.pieces, request.reference),
        *verdict.near.remarks,
        *verdict.trained.remarks,
        *(verdict.true.remarks if verdict.true else ()),
        *(verdict.likely.remarks if verdict.likely else ()),
    ]


def _summary(verdict: Comparison) -> list[str]:
    return [
        *(words for _, words in closeness.said(verdict.near)),
        *trainings.sentences(verdict.trained),
        *planning.sentences(verdict.finds),
        *(continuing.sentences(verdict.true) if verdict.true else ()),
        *(nats.sentences(verdict.likely) if verdict.likely else ()),
        *conclusions.summary(verdict.table, [name for name in verdict.systems if name in verdict.references.against]),
    ]


def _margin(request: ComparisonRequest) -> Margin | None:
    """Raises `UserError` where `--margin` is none, or names no system."""
    systems = [name for name in request.sources if name != request.reference]
    return Margin.of(request.margin, systems) if request.margin else None


def _given(request: ComparisonRequest) -> sources.Sources:
    return sources.Sources(
        *(request.sources, request.reference, request.groups, request.seconds),
        skip=request.skip,
        pedal=request.pedal,
        robustness=request.robustness,
        replicates=request.replicates,
    )


def _compared(
    request: ComparisonRequest,
    systems: Mapping[str, Sequence[MeasurementInput]],
    chosen: References,
    progress: Progress,
) -> "tuple[dict[str, Measurements], dict[str, pd.DataFrame]]":
    """The measurements and the table of each sound, by its name; the first, "", is the one asked for."""
    tables: dict[str, pd.DataFrame] = {}
    heard: dict[str, Measurements] = {}
    # A SoundFont that is not there is known before the work begins.
    asked = sounds(request.settings, systems, robustness=request.robustness, other_soundfont=request.other_soundfont)
    for name, (settings, power) in asked.items():
        what = "Measuring" if not name else f"Measuring, {name}"
        played = {system: [replace(one, velocity_power=power) for one in own] for system, own in systems.items()}
        measured = measure_systems(played, settings, titled(progress, what), request.workers, request.cluster)
        if not heard:  # which pieces are copies does not depend on the sound that all are rendered with
            independent = copies.merged(measured.pieces, measured.values)["group"].to_numpy()
        heard[name] = measured = replace(measured, pieces=measured.pieces.assign(group=independent))
        what = "Comparing" if not name else f"Comparing, {name}"
        tables[name] = contrasts.compare(
            *(measured.values, measured.pieces, request.reference),
            against=chosen.against,
            seed=request.seed,
            progress=titled(progress, what),
        )
    return heard, tables


def _closeness(
    request: ComparisonRequest,
    systems: Mapping[str, Sequence[MeasurementInput]],
    chosen: References,
    measured: Measurements,
    progress: Progress,
) -> closeness.Closeness:
    def again(more: Mapping[str, Sequence[MeasurementInput]]) -> Measurements:
        shown = titled(progress, "Measuring under the limits of all systems")
        return measure_systems(more, request.settings, shown, request.workers, request.cluster)

    return closeness.closeness(measured, chosen, systems, again, margin=_margin(request), seed=request.seed)


def any_midi(verdict: Comparison) -> bool:
    """Whether anything was rendered."""
    return any(is_midi(one.path) for own in verdict.systems.values() for one in own)
