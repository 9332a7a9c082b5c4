"""Do metrics reflect listeners' judgements? Each metric of a study's clips, with the share that took a clip for human.

Spearman's rank correlation over clips, in two ways. *Over all* clips a metric may correlate only because the sources
differ in it. *Within* sources, ranks are centred source by source: what remains is whether, among the clips of one
source, those with more of it are taken for human more often. `evaluation.statistics.correlation` has the statistics; p
is corrected over the metrics by Holm. All clips have the same listeners, so listeners are not resampled.

A clip is measured as the study cut it, before its loudness was matched: metrics of level do not describe what listeners
heard, and are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from clstm.runtime.progress import Progress
from evaluation.audio.render import RenderSettings
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import Measurements, measure_systems
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics.correlation import NO_CORRELATION, rank_correlation
from evaluation.statistics.inference import holm
from reports.content.listeners import HeardClip
from reports.content.rows import CorrelationRow, rows_as

FEWEST = 8  # clips
LEVELS = ("LUFS", "dBFS", "dBTP")
WAYS = ("overall", "within")


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
    """One row per metric; without numbers where fewer than `FEWEST` clips have it or all have the same value.

    tidy : measurements, with columns clip, metric, value
    clips : clip, source, p_human 0..1, of clips with answers
    """
    values = tidy.pivot_table(index="clip", columns="metric", values="value", dropna=False)
    joined = clips.set_index("clip").join(values, how="inner")
    names = [name for name, metric in METRICS.items() if metric.tested and metric.unit not in LEVELS]
    rows = []
    for name in (name for name in names if name in joined.columns):
        own = joined[["source", "p_human", name]].dropna()
        rows.append({"metric": name, "clips": len(own)} | _both(own, name, seed))
    if not rows:
        return []
    table = pd.DataFrame(rows)
    for way in WAYS:
        table[f"{way}_p_holm"] = holm(table[f"{way}_p"].tolist())
    return rows_as(CorrelationRow, table)


def _both(own: pd.DataFrame, name: str, seed: int) -> dict[str, float]:
    found: dict[str, float] = {}
    heard, values = own["p_human"].to_numpy(float), own[name].to_numpy(float)
    sources = np.unique(own["source"].to_numpy(str), return_inverse=True)[1]
    for way, groups in zip(WAYS, (np.zeros_like(sources), sources), strict=True):
        random = np.random.default_rng((seed, way == "within"))
        few = len(own) < FEWEST
        its = NO_CORRELATION if few else rank_correlation(values, heard, groups, sources, random)
        found |= {way: its.value, f"{way}_low": its.low, f"{way}_high": its.high, f"{way}_p": its.p}
    return found
