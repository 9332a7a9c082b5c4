"""The request for a report, parsed once and checked on disk once: from options to paths, tables and runs.

`ReportRequest` is what the user typed. `read_inputs` makes of it `ReportInputs`, which all that follows reads: nothing
later parses an option, or finds out that a file is missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from evaluation.comparison.compare import ComparisonRequest
from evaluation.comparison.sets.references import Grid
from evaluation.embeddings.requested import requested
from evaluation.measurement.options.named_paths import named_paths
from reports.content.listeners import StudyContent
from reports.content.provenance import Choices
from reports.content.rows import AccuracyPairRow, AccuracyRow, ReachPairRow, TrainedNetworkRow
from reports.inputs import prediction
from reports.inputs.credits import read_credits
from reports.inputs.networks import NetworkDiagram, read_network
from reports.inputs.output import check_output
from reports.inputs.runs import find_runs
from reports.inputs.study_results import read_study
from reports.inputs.systems import check_names
from reports.inputs.variants import Variant, parse

EMBEDDING = "embedding:"


@dataclass(frozen=True)
class ReportRequest:
    """What the user asked for. `command` is what they typed, to be printed in the report.

    sources : NAME=PATH each
    index : a CSV with a column file, and group, composer, title, licence, source as far as known
    accuracy, pairs, trainings, reach, reach_pairs, study : tables and results made by other commands
    weights : NAME=RUN each, the runs that made a system's music
    variants : SYSTEM:LABEL=PATH each, the same system decoded another way
    unheard : names of systems whose audio is left out
    samples : pieces of every system that can be heard; None: all, as far as there is room
    single : `out` is one file that holds everything
    for_print : figures also as PDF, PNG and one column wide, and all systems on one sheet
    """

    sources: tuple[str, ...]
    reference: str
    out: Path
    title: str | None = None
    index: Path | None = None
    accuracy: Path | None = None
    pairs: Path | None = None
    reach: Path | None = None
    reach_pairs: Path | None = None
    study: Path | None = None
    weights: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    settings: RenderSettings = RenderSettings()
    grid: Grid = "auto"
    limits: tuple[str, ...] = ()
    margin: str = ""
    embeddings: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    likelihood: Path | None = None
    pedal: bool = False
    replicates: bool = False
    trainings: Path | None = None
    seconds: float | None = None
    robustness: bool = False
    other_soundfont: Path | None = None
    seed: int = 0
    samples: int | None = None
    single: bool = False
    for_print: bool = True
    command: str = ""


@dataclass(frozen=True, eq=False)
class GivenTables:
    """The tables given with the music, read. reach : its curves; study : None where there was none."""

    accuracy: list[AccuracyRow]
    pairs: list[AccuracyPairRow]
    reach: pd.DataFrame | None
    reach_pairs: list[ReachPairRow]
    study: StudyContent | None
    trainings: list[TrainedNetworkRow]


@dataclass(frozen=True, eq=False)
class ReportInputs:
    """A request that can be carried out.

    comparison : the part of it that the evaluation answers: where the music is, the reference, how to render, the seed;
        its `out`, resolved, is where the report goes
    files : the tables given, by their options, and the folders of embeddings as `EMBEDDING` and a name
    credits : of files, by their `plain` names
    runs : of each system whose weights are at hand; networks : their structure
    """

    comparison: ComparisonRequest
    title: str
    choices: Choices
    variants: tuple[Variant, ...]
    files: Mapping[str, Path]
    tables: GivenTables
    credits: Mapping[str, Mapping[str, str]]
    runs: Mapping[str, Path]
    networks: tuple[NetworkDiagram, ...]
    samples: int | None
    single: bool
    for_print: bool


def read_inputs(request: ReportRequest) -> ReportInputs:
    """Parse a request and read everything it names but the music, which is measured later.

    Raises `UserError` for whatever is wrong with it, an `out` that is not ours to replace included.
    """
    sources = named_paths(request.sources)
    check_names(list(sources))
    if strange := set(request.unheard) - set(sources):
        raise UserError(
            f"--without-audio names {min(strange)!r}, which is not one of the systems ({', '.join(sources)})"
        )
    variants = parse(request.variants, list(sources), request.reference)
    out = check_output(request.out, sources | {str(one): one.path for one in variants}, request.single)
    runs = find_runs(sources, request.weights)
    options = ("index", "accuracy", "pairs", "trainings", "reach", "reach_pairs", "study", "likelihood")
    given = {name: getattr(request, name) for name in options}
    return ReportInputs(
        comparison=ComparisonRequest(
            sources,
            request.reference,
            out,
            request.settings,
            request.grid,
            request.pedal,
            request.index,
            request.seconds,
            request.robustness,
            request.other_soundfont,
            request.seed,
            limits=request.limits,
            margin=request.margin,
            replicates=request.replicates,
            embeddings=request.embeddings,
            skip=request.skip,
            likelihood=request.likelihood,
        ),
        title=request.title or f"Comparison with {request.reference}",
        choices=_choices(request),
        variants=tuple(variants),
        files={name: path for name, path in given.items() if path is not None} | _of_embeddings(request.embeddings),
        tables=_tables(request),
        credits=read_credits(request.index) if request.index else {},
        runs=runs,
        networks=tuple(read_network(run, name) for name, run in runs.items()),
        samples=request.samples,
        single=request.single,
        for_print=request.for_print and not request.single,
    )


def _of_embeddings(texts: Iterable[str]) -> dict[str, Path]:
    """The folders of weights or arrays."""
    return {f"{EMBEDDING}{one.name}": one.folder for one in requested(texts) if one.folder is not None}


def _choices(request: ReportRequest) -> Choices:
    return Choices(
        command=request.command,
        reference=request.reference,
        grid=request.grid,
        limits=request.limits,
        skip=request.skip,
        pedal=request.pedal,
        replicates=request.replicates,
        margin=request.margin,
        embeddings=request.embeddings,
        seconds=request.seconds,
        robustness=request.robustness,
        seed=request.seed,
        without_audio=request.unheard,
    )


def _tables(request: ReportRequest) -> GivenTables:
    return GivenTables(
        prediction.read_accuracy(request.accuracy) if request.accuracy else [],
        prediction.read_pairs(request.pairs) if request.pairs else [],
        prediction.read_reach(request.reach) if request.reach else None,
        prediction.read_reach_pairs(request.reach_pairs) if request.reach_pairs else [],
        read_study(request.study) if request.study else None,
        prediction.read_trainings(request.trainings) if request.trainings else [],
    )
