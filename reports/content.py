"""All numbers of a report, and what is said of them: what `report.json` holds, but for how it was made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clstm.runtime.progress import Progress
from evaluation.audio.render import RenderSettings
from evaluation.comparison.compare import Comparison
from evaluation.figures.palette import MUTED
from reports.figures.excerpts import Excerpts, Spans
from reports.findings import claim_tests, correlation, paper_claims, sentences, tables
from reports.inputs import models, touch
from reports.inputs.systems import System, within
from reports.inputs.variants import MeasuredVariant, as_decoded
from reports.verification.manifest import FORMAT, MADE_BY
from reports.verification.provenance import inputs


@dataclass(frozen=True)
class Asked:
    """What of the user's request the numbers depend on, beside the music."""

    reference: str
    title: str | None
    settings: RenderSettings
    seed: int


@dataclass(frozen=True, eq=False)
class Given:
    """The tables given beside the music, read; and of each system whose weights are at hand, the kind they are of."""

    accuracy: pd.DataFrame | None
    pairs: pd.DataFrame | None
    reach: pd.DataFrame | None
    reach_pairs: pd.DataFrame | None
    study: dict[str, Any] | None
    credits: dict[str, dict[str, str]]
    kinds: Mapping[str, str]


def content_of(
    verdict: Comparison,
    systems: Sequence[System],
    variants: Sequence[MeasuredVariant],
    given: Given,
    excerpts: Excerpts,
    span: Spans,
    asked: Asked,
    progress: Progress,
) -> dict[str, Any]:
    """All numbers of the page, ready for JSON."""
    numbers = tables.summary(verdict.measurements.values, [system.name for system in systems])
    about = [_system(system, excerpts, verdict, given) for system in systems]
    accuracy = None if given.accuracy is None else records(given.accuracy)
    study = given.study and {**given.study, "colours": _colours(given.study, systems)}
    heard = _correlation(asked, given.study, verdict, systems, progress)
    judged = [] if not len(verdict.table) else records(verdict.table)
    content: dict[str, Any] = {
        "made_by": MADE_BY,
        "format": FORMAT,
        "title": asked.title or f"Does it hold up against {asked.reference}?",
        "reference": asked.reference,
        "against": verdict.reference,
        "seconds_drawn": round(span.drawn, 3),
        "seconds_heard": round(span.heard, 3),
        "systems": about,
        "parts": paper_claims.roles(about),
        "variants": [one.described() for one in variants],
        "remarks": [
            *verdict.remarks,
            *(remark for one in variants for remark in one.remarks(verdict.measurements)),
        ],
        "sounds": list(verdict.others),
        "verdict": judged,
        "numbers": records(numbers),
        "accuracy": accuracy,
        "study": study,
        "correlation": heard,
    }
    content["claims"] = _claims(asked, verdict, variants, given, content["parts"], accuracy or [])
    content["summary"] = sentences.summary(
        judged, about, verdict.reference, accuracy=accuracy or [], study=study, correlation=heard
    )
    return content


def _claims(
    asked: Asked,
    verdict: Comparison,
    variants: Sequence[MeasuredVariant],
    given: Given,
    parts: Mapping[paper_claims.Role, str],
    accuracy: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The paper's claims, where its models are among the systems."""
    if not {"lstm", "c-lstm"} & set(parts):
        return []
    music = {name: (measured, verdict.reference) for name, measured in verdict.sounds.items()}
    if asked.reference != verdict.reference:
        music["human music as played"] = (verdict.measurements, asked.reference)
    decodings = as_decoded(variants, verdict.measurements)
    music |= {label: (measured, verdict.reference) for label, measured in decodings.items()}
    pairs, reach = ([] if table is None else records(table) for table in (given.pairs, given.reach_pairs))
    predicted = [*claim_tests.of_prediction(accuracy, pairs), *claim_tests.of_reach(reach)]
    rows = claim_tests.table(music, parts, predicted, asked.seed) + claim_tests.of_listening(given.study, parts)
    return rows if any(row["value"] is not None for row in rows) else []  # of songs nothing is inferred


def _correlation(
    asked: Asked,
    study: Mapping[str, Any] | None,
    verdict: Comparison,
    systems: Sequence[System],
    progress: Progress,
) -> list[dict[str, Any]]:
    """Figures of a study's clips against what listeners took for human, where the clips' pieces are at hand."""
    if study is None:
        return []
    human = asked.reference if study["as_played"] else verdict.reference
    by_name = {name.casefold(): takes for name, takes in verdict.systems.items()}
    of_sources = {row["source"]: by_name.get(row["source"].casefold(), ()) for row in study["tally"]}
    if asked.reference.casefold() == study["human"].casefold():
        of_sources[study["human"]] = verdict.systems[human]
    found = correlation.takes_of_clips(study["clips"], study["seconds"], of_sources)
    if len(found) < correlation.FEWEST:
        return []
    done = 0

    def measured(_: Path) -> None:
        nonlocal done
        done += 1
        progress("Measuring clips", done, len(found))

    figures = correlation.measure_clips(found, asked.settings, measured).values
    return records(
        correlation.correlate(figures.rename(columns={"system": "clip"}), pd.DataFrame(study["clips"]), asked.seed)
    )


def _colours(study: Mapping[str, Any], systems: Sequence[System]) -> dict[str, str]:
    """Of each source: that of the system with its name; grey where the report has none."""
    known = {system.name.casefold(): system.colour for system in systems}
    return {row["source"]: known.get(row["source"].casefold(), MUTED) for row in study["tally"]}


def _system(system: System, excerpts: Excerpts, verdict: Comparison, given: Given) -> dict[str, Any]:
    pieces = verdict.measurements.pieces
    said = pieces.loc[pieces["system"] == system.name, "remarks"].astype(object).fillna("")
    counts = said[said != ""].value_counts()
    remarks = [f"{count} of {len(said)} files: {remark}" for remark, count in counts.items()]
    if over := excerpts.clipped[system.name]:
        remarks.append(f"{over} samples of its players lay beyond full scale and were clipped")
    lengths = np.array([piece.seconds for piece in system.pieces])
    return {
        "name": system.name,
        "role": system.role,
        "colour": system.colour,
        "shown": system.shown.name,
        "median_seconds": round(float(np.median(lengths)), 3),
        "inputs": inputs(system, given.credits),
        "failures": [
            {"file": within(failure.path, system.source), "reason": failure.reason} for failure in system.failures
        ],
        "remarks": remarks,
        "model": models.model_of(system.generated, system.files, given.kinds.get(system.name)),
        "touch": touch.touch_of([piece.take for piece in system.pieces]),
        "generated": {name: value for name, value in (system.generated or {}).items() if name != "items"} or None,
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows ready for JSON, which has neither NaN nor infinity."""
    columns = [str(column) for column in table.columns]
    plain = table.replace([np.inf, -np.inf], np.nan)
    cells = plain.astype(object).where(plain.notna(), None).itertuples(index=False)
    return [dict(zip(columns, row, strict=True)) for row in cells]
