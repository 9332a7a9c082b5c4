"""Do metrics reflect listeners' judgements? Each metric of a study's clips, with the share that took a clip for human
(`evaluation.agreement`).

A clip is measured as the study cut it, before its loudness was matched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from clstm.runtime.progress import Progress
from evaluation.agreement import METRIC, agreement, compared
from evaluation.audio.render import RenderSettings
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import Measurements, measure_systems
from reports.content.listeners import HeardClip
from reports.content.rows import CorrelationRow, rows_as


def inputs_of_clips(
    clips: Sequence[HeardClip], seconds: float, systems: Mapping[str, Sequence[MeasurementInput]]
) -> dict[str, list[MeasurementInput]]:
    """The passages that were heard, by the clips' names; a clip of a piece that is not at hand is left out.

    seconds : of a clip; systems : the measurement inputs of each source, by its name

    >>> clip = HeardClip(clip="c1", source="lstm", piece="1.mid", start=4.0, answers=9, p_human=0.4)
    >>> passages = inputs_of_clips([clip], 10.0, {"lstm": [MeasurementInput(Path("lstm/1.mid"))]})
    >>> passages["c1"][0].begin, passages["c1"][0].cut
    (4.0, 10.0)
    """
    found: dict[str, list[MeasurementInput]] = {}
    for clip in clips:
        known = {one.path.name: one for one in systems.get(clip.source, ())}
        if one := known.get(Path(clip.piece).name):
            found[clip.clip] = [replace(one, begin=clip.start, cut=seconds, lasts=None)]
    return found


def measure_clips(
    inputs: Mapping[str, Sequence[MeasurementInput]], settings: RenderSettings, progress: Progress
) -> Measurements:
    """Every metric of every clip; its name is in the place of the system."""
    return measure_systems(inputs, settings, progress)


def correlate(tidy: pd.DataFrame, clips: pd.DataFrame, seed: int = 0) -> list[CorrelationRow]:
    """One row per metric.

    tidy : measurements, with columns clip, metric, value
    clips : clip, source, p_human 0..1, of clips with answers
    """
    values = tidy.pivot_table(index="clip", columns="metric", values="value", dropna=False)
    heard = clips.set_index("clip")[["source", "p_human"]].rename(columns={"p_human": "judged"})
    found = agreement({METRIC: values[compared(values)]}, heard, seed).rename(columns={"quantity": "metric"})
    return rows_as(CorrelationRow, found.drop(columns=["kind", "label", "overall_p", "within_p"]))
