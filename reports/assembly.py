"""All numbers of a report, and what they say: from measurements and given tables to `ReportContent`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from clstm.runtime.progress import Progress, titled
from evaluation import agreement
from evaluation.audio.render import RenderSettings
from evaluation.comparison import closeness
from evaluation.comparison.compare import Comparison
from evaluation.comparison.verdict import rows_of
from evaluation.controls.limits import Limits
from evaluation.controls.removed import removed
from evaluation.distance import trained as trainings
from evaluation.figures.palette import MUTED
from evaluation.measurement.limits import limits_of
from evaluation.measurement.systems import alike
from evaluation.prompting import continuations, likelihood
from reports.content.listeners import StudyContent
from reports.content.report import ControlContent, LeftOutFile, ModelRole, ReportContent, SystemContent
from reports.content.rows import (
    ClaimRow,
    CorrelationRow,
    DistanceRow,
    PairRow,
    SummaryLine,
    TrainingRow,
    TrainingTestRow,
    rows_as,
)
from reports.findings import (
    claim_tests,
    claims_of_listeners,
    correlation,
    limits,
    paper_claims,
    sentences,
    standing,
    tables,
)
from reports.findings.beside import tables_beside
from reports.inputs import models, touch
from reports.inputs.request import GivenTables, ReportInputs
from reports.inputs.systems import System, within
from reports.inputs.variants import MeasuredVariant, as_decoded
from reports.listening.excerpts import Excerpts
from reports.verification.provenance import Credits, inputs_of, provenance, recorded, without_items


def content_of(
    inputs: ReportInputs,
    verdict: Comparison,
    systems: Sequence[System],
    variants: Sequence[MeasuredVariant],
    excerpts: Excerpts,
    progress: Progress,
) -> ReportContent:
    """All numbers of the page and how they were made."""
    asked, given = inputs.comparison, inputs.tables
    # Of the reference, and of its controls, which are the same files.
    played = [piece.input.path for system in systems if system.role == "reference" for piece in system.pieces]
    known = limits_of({"": played}, asked.workers)[""]
    controls = _controls(verdict, known)
    kinds = {network.name: network.kind for network in inputs.networks}
    pieces = verdict.measurements.pieces
    about = tuple(
        _system(
            system,
            pieces.loc[pieces["system"] == system.name, "remarks"],
            excerpts.clipped[system.name],
            inputs.credits,
            kinds.get(system.name),
            verdict,
            controls,
            known,
        )
        for system in systems
    )
    ranking = verdict.near.ranking
    rows = tuple(rows_of(verdict.table)) if len(verdict.table) else ()
    study = given.study and given.study.model_copy(update={"colours": _colours(given.study, systems)})
    heard = tuple(_correlation(study, verdict, asked.reference, asked.settings, asked.seed, progress))
    parts = paper_claims.parts_of(about)
    near = tuple(rows_as(DistanceRow, closeness.table(verdict.near)))
    pairs = tuple(rows_as(PairRow, closeness.pairs(ranking))) if ranking else ()
    return ReportContent(
        title=inputs.title,
        reference=asked.reference,
        against=verdict.reference,
        seconds_drawn=round(excerpts.span.drawn, 3),
        seconds_heard=round(excerpts.span.heard, 3),
        systems=about,
        controls=tuple(controls.values()),
        parts=parts,
        variants=tuple(one.described() for one in variants),
        remarks=(*verdict.remarks, *(said for one in variants for said in one.remarks(verdict.measurements))),
        sounds=tuple(verdict.others),
        verdict=rows,
        distances=near,
        pairs=pairs,
        ranked_under=ranking.control if ranking else "",
        numbers=tuple(tables.summary(verdict.values, [system.name for system in systems])),
        trainings=tuple(rows_as(TrainingRow, trainings.values_table(verdict.trained))),
        training_tests=tuple(rows_as(TrainingTestRow, trainings.tests_table(verdict.trained))),
        training_lines=tuple(trainings.sentences(verdict.trained)),
        beside=(*tables_beside(verdict), *(study.agreement if study else ())),
        accuracy=tuple(given.accuracy),
        study=study,
        correlation=heard,
        claims=tuple(_claims(given, verdict, variants, parts, asked.reference, asked.seed)),
        first=standing.first_screen(
            asked.reference, rows, near, pairs, [one.name for one in about if one.role == "system"]
        ),
        summary=(
            *sentences.summary(
                rows,
                about,
                verdict.reference,
                near=closeness.said(verdict.near),
                controls=tuple(controls.values()),
                accuracy=given.accuracy,
                study=study,
                correlation=heard,
            ),
            *_beside(verdict),
        ),
        provenance=provenance(
            verdict,
            asked.settings,
            inputs.choices,
            inputs.files,
            [
                recorded(system, inputs.credits, inputs.runs.get(system.name))
                for system in systems
                if system.role != "control"
            ],
            [one.hashed() for one in variants],
        ),
    )


def _beside(verdict: Comparison) -> list[SummaryLine]:
    """What is said where true continuations are known, or nats under trained models are given."""
    said = {
        "True continuations": continuations.sentences(verdict.true) if verdict.true else [],
        "Likelihood": likelihood.sentences(verdict.likely) if verdict.likely else [],
    }
    return [SummaryLine(about=about, text=" ".join(lines)) for about, lines in said.items() if lines]


def _controls(verdict: Comparison, known: Limits | None) -> dict[str, ControlContent]:
    """What the reference is under each control, and what it lacks there, by name. known : limits of the reference"""
    return {
        name: ControlContent(
            name=name, limits=control.clauses(), parts=control.parts(), removes=removed(control, known)
        )
        for name, control in verdict.references.controls.items()
    }


def _claims(
    given: GivenTables,
    verdict: Comparison,
    variants: Sequence[MeasuredVariant],
    parts: Mapping[ModelRole, str],
    reference: str,
    seed: int,
) -> list[ClaimRow]:
    """The paper's claims, where its models are among the systems. reference : as the user named it"""
    if not {"lstm", "c-lstm"} & set(parts):
        return []
    own = next(name for name in parts.values())  # all models of the paper have the same limits
    human = verdict.references.against[own]
    music = {name: (measured, human) for name, measured in verdict.sounds.items()}
    if reference != human:
        music["human music as played"] = (verdict.measurements, reference)
    decodings = as_decoded(variants, verdict.measurements)
    music |= {label: (measured, human) for label, measured in decodings.items()}
    predicted = claim_tests.of_prediction(given.accuracy, given.pairs, given.trainings) + claim_tests.of_reach(
        given.reach_pairs
    )
    rows = claim_tests.table(music, parts, predicted, seed) + claims_of_listeners.of_listening(given.study, parts)
    return rows if any(row.value is not None for row in rows) else []  # of single songs nothing is inferred


def _correlation(
    study: StudyContent | None,
    verdict: Comparison,
    reference: str,
    settings: RenderSettings,
    seed: int,
    progress: Progress,
) -> list[CorrelationRow]:
    """Metrics of a study's clips and what listeners took for human, where the clips' pieces are at hand."""
    if study is None or not study.asks_source:
        return []
    controls = verdict.references.controls
    matrix = next((name for name, control in controls.items() if control.of_a_score_matrix), reference)
    human = reference if study.as_played else matrix
    by_name = {name.casefold(): own for name, own in verdict.systems.items()}
    of_sources = {row.source: by_name.get(row.source.casefold(), ()) for row in study.tally}
    if reference.casefold() == study.human.casefold():
        of_sources[study.human] = verdict.systems[human]
    clips = correlation.inputs_of_clips(study.clips, study.seconds, of_sources)
    if len(clips) < agreement.FEWEST:
        return []
    values = correlation.measure_clips(clips, settings, titled(progress, "Measuring clips")).values
    shares = pd.DataFrame([clip.model_dump() for clip in study.clips])
    return correlation.correlate(values.rename(columns={"system": "clip"}), shares, seed)


def _colours(study: StudyContent, systems: Sequence[System]) -> dict[str, str]:
    """Of each source: that of the system with its name; grey where the report has none."""
    known = {system.name.casefold(): system.colour for system in systems}
    sources = [row.source for row in study.tally]
    sources += [name for block in study.blocks for row in block.rows for name in (row.source, row.other) if name]
    return {source: known.get(source.casefold(), MUTED) for source in dict.fromkeys(sources)}


def _system(
    system: System,
    remarked: pd.Series,
    clipped: int,
    credited: Credits,
    kind: str | None,
    verdict: Comparison,
    controls: Mapping[str, ControlContent],
    known: Limits | None,
) -> SystemContent:
    """remarked : of every file, "" or missing where there is nothing to say; clipped : samples of its players

    kind : of its network, where the weights are at hand
    known : limits of the reference
    """
    said = remarked.astype(object).fillna("")
    remarks = [f"{count} of {len(said)} files: {remark}" for remark, count in alike(said[said != ""])]
    if clipped:
        remarks.append(f"{clipped} samples of its players exceed full scale and were clipped")
    fit = verdict.fits.get(system.name)
    found = known if system.role != "system" else fit.limits if fit else None
    lengths = np.array([piece.seconds for piece in system.pieces])
    return SystemContent(
        name=system.name,
        role=system.role,
        colour=system.colour,
        shown=system.shown.name,
        median_seconds=round(float(np.median(lengths)), 3),
        inputs=inputs_of(system, credited),
        failures=tuple(
            LeftOutFile(file=within(failure.path, system.source), reason=failure.reason) for failure in system.failures
        ),
        remarks=tuple(remarks),
        model=models.model_of(system.generated, system.files, kind),
        touch=touch.touch_of([piece.input for piece in system.pieces], found),
        against=verdict.references.against.get(system.name, ""),
        why=_why(system, verdict, controls),
        generated=without_items(system.generated),
    )


def _why(system: System, verdict: Comparison, controls: Mapping[str, ControlContent]) -> tuple[str, ...]:
    """Why a system is compared with what it is: a clause each."""
    against = verdict.references.against.get(system.name)
    if against is None:
        return ()
    if system.role == "reference":
        return limits.of_the_reference_itself(system.name, controls.get(against))
    if fit := verdict.fits.get(system.name):
        return fit.reasons
    return ("--grid decides it, whatever limits the music has",)
