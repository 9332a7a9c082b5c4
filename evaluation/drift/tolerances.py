"""How far a value may move from the one recorded.

Unless somebody says otherwise it follows from the unit of the metric: levels 0.1 dB, loudness range 0.5 LU, all others
0.5 % of the value recorded, and a value that was 0 only by rounding. Tolerances of single metrics are kept in the
baseline, or given with a check, whose own come first:

    "tolerances": {"centroid": "2%", "loudness_range": "1.5"}
    --tolerance centroid=2% --tolerance loudness_range=1.5
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite

from clstm.runtime.errors import UserError
from evaluation.metrics.catalogue import METRICS

LEVELS = ("dB", "dBFS", "dBTP", "LUFS", "LU")
LEVEL, LOUDNESS_RANGE, SHARE, ROUNDING = 0.1, 0.5, 0.005, 1e-9
OPTION = "--tolerance"
ACCEPTED = "give METRIC=VALUE with a value from 0 up in the metric's unit, or in percent of the value recorded"
EXAMPLE = "centroid=2%"


@dataclass(frozen=True)
class Tolerance:
    """How far a value may move: so many of the metric's unit, or of `recorded` where it is a share of it.

    >>> Tolerance(0.02, share=True).of(400.0), Tolerance(5.0).of(400.0), str(Tolerance(0.02, share=True))
    (8.0, 5.0, '2%')
    """

    value: float
    share: bool = False

    def of(self, recorded: float) -> float:
        return max(self.value * abs(recorded), ROUNDING) if self.share else self.value

    def __str__(self) -> str:
        return f"{100 * self.value:g}%" if self.share else f"{self.value:g}"


Tolerances = Mapping[str, Tolerance]  # by metric


def default(metric: str) -> Tolerance:
    """The tolerance that follows from the metric's unit.

    >>> str(default("mean_level")), str(default("centroid"))
    ('0.1', '0.5%')
    """
    if metric == "loudness_range":
        return Tolerance(LOUDNESS_RANGE)
    return Tolerance(LEVEL) if METRICS[metric].unit in LEVELS else Tolerance(SHARE, share=True)


def of_options(texts: Iterable[str]) -> dict[str, Tolerance]:
    """The tolerances that options name, by metric. Raises `UserError` for what is none.

    >>> of_options(["centroid=2%"])
    {'centroid': Tolerance(value=0.02, share=True)}
    >>> of_options(["centroid"])
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: --tolerance 'centroid' is not METRIC=VALUE, such as centroid=2%
    """
    found: dict[str, Tolerance] = {}
    for text in texts:
        metric, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise UserError(f"{OPTION} {text!r} is not METRIC=VALUE, such as {EXAMPLE}")
        if metric in found:
            raise UserError(f"{OPTION} is given twice for {metric!r}; give it once")
        found[metric] = _tolerance(metric, value, f"{OPTION} {text!r}")
    return found


def of_names(given: Mapping[str, object], where: str) -> dict[str, Tolerance]:
    """The same from numbers, or texts such as "2%", by metric. where : begins what a `UserError` says."""
    return {str(metric): _tolerance(str(metric), value, f"{where} {metric!r}") for metric, value in given.items()}


def kept(given: Mapping[str, object]) -> dict[str, Tolerance]:
    """Those that a baseline holds. A metric of an earlier or later catalogue has none here: it is not compared.

    Raises `ValueError` for what is no tolerance.
    """
    return {metric: _number(str(value)) for metric, value in given.items() if metric in METRICS}


def _tolerance(metric: str, value: object, where: str) -> Tolerance:
    if metric not in METRICS:
        near = get_close_matches(metric, METRICS, n=1)
        hint = f"did you mean {near[0]}?" if near else "`clstm measure` lists all"
        raise UserError(f"{where}: no metric is called {metric!r}; {hint}")
    try:
        found = _number(str(value))
    except ValueError:
        raise UserError(f"{where}: {value!r} is no tolerance; {ACCEPTED}, such as {EXAMPLE}") from None
    if found.share and METRICS[metric].unit in LEVELS:
        raise UserError(
            f"{where}: a level in {METRICS[metric].unit} has no percent; give a value, such as {metric}=0.5"
        )
    return found


def _number(text: str) -> Tolerance:
    share = text.rstrip().endswith("%")
    value = float(text.rstrip().removesuffix("%"))
    if not isfinite(value) or value < 0:
        raise ValueError(text)
    return Tolerance(value / 100, share=True) if share else Tolerance(value)
