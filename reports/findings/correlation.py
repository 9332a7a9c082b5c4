"""Do the figures say what listeners hear? Each figure of each clip of a study, against how many took it for human.

Spearman's rank correlation over clips, in two ways. *Over all* clips, whatever tells the sources apart goes along with
whatever else does, so a figure may correlate only because the sources differ in it. *Within* sources, ranks are
centred source by source: what is left is whether, among the clips of one maker, those with more of it are taken for
human. Intervals are percentiles of a bootstrap over clips, drawn within sources; p is of permutations within sources
(over all: over all clips), corrected over the figures by Holm. Listeners are shared by all clips: they are not drawn.

A clip is measured as the study cut it, before its loudness was matched: figures of level say nothing of what listeners
heard, and are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.audio.render import RenderSettings
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import METRICS, Measurements, measure_systems
from evaluation.statistics.inference import holm

RESAMPLES, PERMUTATIONS = 2000, 10_000
FEWEST = 8  # clips
LEVELS = ("LUFS", "dBFS", "dBTP")
COLUMNS = ("metric", "clips", "overall", "overall_low", "overall_high", "overall_p_holm", "within", "within_low",
           "within_high", "within_p_holm")  # fmt: skip


def takes_of_clips(
    clips: Sequence[Mapping[str, Any]], seconds: float, systems: Mapping[str, Sequence[MeasurementInput]]
) -> dict[str, list[MeasurementInput]]:
    """Of each source, by its clips' names, the stretches of its pieces that were heard; a clip that is none of them is
    left out.

    clips : name, source, piece, start; systems : the takes of each source, by its name
    """
    found: dict[str, list[MeasurementInput]] = {}
    for clip in clips:
        known = {take.path.name: take for take in systems.get(clip["source"], ())}
        if take := known.get(Path(clip["piece"]).name):
            found[clip["clip"]] = [replace(take, begin=float(clip["start"]), cut=seconds, lasts=None)]
    return found


def measure_clips(
    takes: Mapping[str, Sequence[MeasurementInput]], settings: RenderSettings, progress: Callable[[Path], object]
) -> Measurements:
    """Every figure of every clip; its name stands for the system."""
    return measure_systems(takes, settings, progress)


def correlate(figures: pd.DataFrame, clips: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """A row a figure, `COLUMNS`: NaN where fewer than `FEWEST` clips have it or all have the same.

    figures : tidy, with columns clip, metric, value
    clips : clip, source, p_human 0..1, of clips with answers
    """
    values = figures.pivot_table(index="clip", columns="metric", values="value", dropna=False)
    joined = clips.set_index("clip").join(values, how="inner")
    names = [name for name, metric in METRICS.items() if metric.tested and metric.unit not in LEVELS]
    rows = []
    for name in (name for name in names if name in joined.columns):
        own = joined[["source", "p_human", name]].dropna()
        rows.append({"metric": name, "clips": len(own)} | _both(own, name, seed))
    table = pd.DataFrame(rows, columns=[*COLUMNS[:5], "overall_p", *COLUMNS[6:9], "within_p"])
    for way in ("overall", "within"):
        table[f"{way}_p_holm"] = holm(table.pop(f"{way}_p").tolist())
    return table[list(COLUMNS)]


def _both(own: pd.DataFrame, name: str, seed: int) -> dict[str, float]:
    found: dict[str, float] = {}
    heard, figure = own["p_human"].to_numpy(float), own[name].to_numpy(float)
    sources = np.unique(own["source"].to_numpy(str), return_inverse=True)[1]
    for way, groups in (("overall", np.zeros_like(sources)), ("within", sources)):
        random = np.random.default_rng((seed, way == "within"))
        value = spearman(figure, heard, groups)
        if len(own) < FEWEST or not np.isfinite(value):
            found |= dict.fromkeys((way, f"{way}_low", f"{way}_high", f"{way}_p"), np.nan)
            continue
        draws = np.array([spearman(figure[draw], heard[draw], groups[draw]) for draw in _resamples(sources, random)])
        low, high = np.nanpercentile(draws, [2.5, 97.5])
        found |= {way: value, f"{way}_low": low, f"{way}_high": high, f"{way}_p": _p(figure, heard, groups, random)}
    return found


def spearman(one: np.ndarray, other: np.ndarray, groups: np.ndarray) -> float:
    """Correlation of ranks centred within groups, -1..1; NaN where one of them does not vary there.

    >>> spearman(np.array([1, 2, 3.0]), np.array([2, 4, 9.0]), np.zeros(3, int))
    1.0
    """
    a, b = (_centred_ranks(values, groups) for values in (one, other))
    size = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / size, -1, 1)) if size > 1e-9 else float("nan")


def _centred_ranks(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    ranks = np.empty(len(values))
    for group in np.unique(groups):
        own = groups == group
        ranks[own] = rankdata(values[own])
        ranks[own] -= ranks[own].mean()
    return ranks


def _resamples(sources: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    places = [np.flatnonzero(sources == source) for source in np.unique(sources)]
    return [np.concatenate([random.choice(own, len(own)) for own in places]) for _ in range(RESAMPLES)]


def _p(one: np.ndarray, other: np.ndarray, groups: np.ndarray, random: np.random.Generator) -> float:
    a, b = (_centred_ranks(values, groups) for values in (one, other))
    keys = random.random((PERMUTATIONS, len(a))) + groups  # sorted, each group keeps its places
    shuffled = a[np.argsort(groups, kind="stable")][np.argsort(keys, axis=1)]
    products = np.abs(shuffled @ b[np.argsort(groups, kind="stable")])
    return float((1 + (products >= abs(a @ b) - 1e-9).sum()) / (1 + PERMUTATIONS))
