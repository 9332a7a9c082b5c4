"""Which lines a table has: metrics by name, by label or by view, and the distances of all metrics together."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from clstm.runtime.errors import UserError
from evaluation.distance.space import JOINT
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from reports.paper.record import Record

DISTANCE, VARIETY = "distance", ("density", "coverage", "near_copies")
# What papers on symbolic music print most, beside the joint distance; and what is left where there are no notes.
USUAL = (
    *(DISTANCE, "density", "coverage", "pitch_range", "pitch_class_entropy", "scale_consistency", "polyphony"),
    *("note_density", "note_length", "inter_onset_interval", "groove_consistency", "distinct_4_grams"),
)
OF_SOUND = ("integrated_loudness", "loudness_range", "centroid", "spectral_change", "novelty")


def selected(record: Record, asked: Sequence[str]) -> list[str]:
    """The lines of a table, in the order asked for; without any, those of `USUAL` that the record has.

    asked : names, labels, views, "distance", "distances" (by view, too) and "all"; several in one text with commas
    Raises `UserError` for a name that the record does not have.
    """
    there = available(record)
    names = [part.strip() for text in asked for part in text.split(",") if part.strip()]
    if not names:
        usual = [name for name in USUAL if name in there]
        of_notes = [name for name in usual if name in METRICS]
        return usual if of_notes else [*usual, *(name for name in OF_SOUND if name in there)]
    found = dict.fromkeys(name for asked_for in names for name in _named(asked_for, there))
    return list(found)


def available(record: Record) -> list[str]:
    """Every line that a table of this record can have: distances, metrics that were measured, metrics of papers."""
    spaces = [DISTANCE if space == JOINT else f"{DISTANCE}:{space}" for space in record.distances["space"].unique()]
    variety = [name for name in VARIETY if name in record.distances and record.distances[name].notna().any()]
    measured = [row.metric for row in record.rows if row.system_mean is not None and row.metric in METRICS]
    papers = record.papers
    printed = papers.loc[papers["mean"].notna(), "metric"].tolist() if "mean" in papers else []  # a histogram has none
    return list(dict.fromkeys([*spaces, *variety, *measured, *map(str, printed)]))


def _named(asked: str, there: Sequence[str]) -> list[str]:
    plain = _plain(asked)
    views = {_plain(word): view for view, heading in VIEWS.items() for word in (view, heading)}
    if plain == "all":
        return list(there)
    if plain == "distances":
        return [name for name in there if name.startswith(DISTANCE)]
    of_view = [name for name in there if name in METRICS and METRICS[name].view == views.get(plain)]
    known = {_plain(word): name for name in there for word in (name, _label(name))}
    found = of_view or ([known[plain]] if plain in known else [])
    if not found:
        near = get_close_matches(plain, [*known, *views], 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UserError(
            f"--metrics {asked!r} is not in this report; {hint}give metrics (docs/reference/metrics.md), a view "
            f"({', '.join(VIEWS)}), distance, density, coverage or all"
        )
    return found


def _label(name: str) -> str:
    return METRICS[name].label if name in METRICS else name


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", word.casefold()).strip("_")
