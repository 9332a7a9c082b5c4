"""The catalogue of all metrics, and the metrics that an earlier version of it defined differently."""

from evaluation.metrics import (
    envelope,
    instruments,
    loudness,
    metre,
    repetition,
    sonogram,
    spectrum,
    structure,
    symbolic,
)
from evaluation.metrics.metric import Metric
from evaluation.metrics.papers import all_papers

METRICS: dict[str, Metric] = {
    **loudness.METRICS,
    **envelope.METRICS,
    **spectrum.METRICS,
    **sonogram.METRICS,
    **structure.METRICS,
    **symbolic.METRICS,
    **repetition.METRICS,
    **instruments.METRICS,
    **metre.METRICS,
    **all_papers.METRICS,
}

# The version of the catalogue: what is measured, and how. A metric that is new or defined anew has it as its `since`.
#   1  the first
#   2  without DC, and without silence and a rendering's tail around the music; flatness and entropy in a band; time
#      near the maximum beside a percentile; levels within 40 dB of loud; change as cosine, flux as a share; compression
#      before over after; changes in the highs counted in notes; the ratios of the highs to the lows are gone
#   3  MIDI sounds as it is written: instruments, drums, pedals and all controllers
#   4  metrics of instruments and of metre; all others as before
#   5  numbers that other papers print, measured and never tested; all others as before
#   6  structure indicators; all others as before
CATALOGUE = 6

_AS_WRITTEN = 3  # the version since which MIDI sounds as it is written

OF_NOTES = (
    "symbolic",
    "repetition",
    "instruments",
    "metre",
    "papers",
)  # views that do not depend on how the music sounds, but for the metrics of them that are `heard`


def of_notes(name: str) -> bool:
    """Whether a metric does not depend on how the music sounds.

    >>> of_notes("note_density"), of_notes("centroid"), of_notes("musdr_structure_short")
    (True, False, False)
    """
    return METRICS[name].view in OF_NOTES and not METRICS[name].heard


def redefined(version: int, *, rendered: bool) -> frozenset[str]:
    """The metrics that another version of the catalogue did not have, or defined differently.

    rendered : whether the file holds notes; before version 3 it sounded as a piano without pedals

    >>> redefined(CATALOGUE, rendered=True), "centroid" in redefined(1, rendered=True)
    (frozenset(), True)
    """
    changed = {name for name, metric in METRICS.items() if metric.since > version}
    if rendered and version < _AS_WRITTEN:
        changed |= {name for name in METRICS if not of_notes(name)}
    return frozenset(changed)
