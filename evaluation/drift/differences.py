"""What changed between recorded values and today's, beyond the tolerances.

How far a value may move is said in `tolerances`. A metric that was missing must be missing for the same reason. No file
may be added or removed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from clstm.runtime.finding import MIDI, by_name
from evaluation.audio.fingerprint import changes, described
from evaluation.drift.baseline import Baseline, BaselineFile
from evaluation.drift.tolerances import Tolerance, Tolerances, default
from evaluation.measurement.environment import EnvironmentDifference
from evaluation.metrics.catalogue import CATALOGUE, METRICS, redefined
from evaluation.metrics.metric import MetricValue, Missing

METRIC = "metric."  # before its name, in a difference of environments
FILE, FINGERPRINT = "", "fingerprint"  # what can change besides the metrics


@dataclass(frozen=True)
class Moved:
    """One thing that is not as recorded.

    metric : its name; `FINGERPRINT`, of which `now` is a sentence; or `FILE` for the file itself, which was added,
        removed, became readable or unreadable, or has other bytes
    recorded, now : the value; for a file, `Missing` with what is wrong with it, None where nothing is
    allowed : how far the value may move, where that is not the default
    """

    file: str
    metric: str
    recorded: MetricValue | None
    now: MetricValue | None
    allowed: Tolerance | None = None


def tolerance(metric: str, recorded: float) -> float:
    """How far a value may move from the one recorded, in the metric's unit.

    >>> tolerance("mean_level", -20.0), tolerance("centroid", 400.0)
    (0.1, 2.0)
    """
    return default(metric).of(recorded)


def compare(
    recorded: Mapping[str, BaselineFile], now: Mapping[str, BaselineFile], allowed: Tolerances | None = None
) -> list[Moved]:
    """What moved beyond its tolerance; files in the order recorded, new ones last.

    Only metrics that both have are compared. allowed : tolerances other than the default, by metric

    >>> before, after = (BaselineFile("", {"integrated_loudness": loudness}) for loudness in (-20.0, -19.8))
    >>> compare({"a.wav": before}, {"a.wav": after})
    [Moved(file='a.wav', metric='integrated_loudness', recorded=-20.0, now=-19.8, allowed=None)]
    """
    return [
        moved
        for name in dict.fromkeys([*recorded, *now])
        for moved in _compare_file(name, recorded, now, allowed or {})
    ]


def _compare_file(
    name: str, recorded: Mapping[str, BaselineFile], now: Mapping[str, BaselineFile], allowed: Tolerances
) -> Iterator[Moved]:
    states = _state(recorded.get(name)), _state(now.get(name))
    if states[0] != states[1]:
        yield Moved(name, "", *states)
        return
    was, is_now = recorded[name].fingerprint, now[name].fingerprint
    if was and is_now:
        yield from (Moved(name, FINGERPRINT, Missing(described(was)), Missing(said)) for said in changes(was, is_now))
    before, after = recorded[name].values, now[name].values
    for metric in METRICS:
        if metric not in before or metric not in after:
            continue
        if not _near(before[metric], after[metric], allowed.get(metric) or default(metric)):
            yield Moved(name, metric, before[metric], after[metric], allowed.get(metric))


def _state(piece: BaselineFile | None) -> Missing | None:
    """What is wrong with a file itself; None when it was measured."""
    if piece is None:
        return Missing("no such file")
    return Missing(piece.unreadable) if piece.unreadable else None


def _near(recorded: MetricValue, now: MetricValue, tolerance: Tolerance) -> bool:
    if isinstance(recorded, Missing) or isinstance(now, Missing):
        return recorded == now
    return abs(now - recorded) <= tolerance.of(recorded)


def other_metrics(units: Mapping[str, str], redefined: Iterable[str] = ()) -> list[EnvironmentDifference]:
    """The metrics that this version measures and the recording one did not, or not in this unit, and the reverse.

    units : those recorded, by metric
    redefined : metrics to leave out, as the version of the catalogue explains them

    A metric without a counterpart can neither have moved nor stayed: the baseline does not fit, and must be recorded
    again.

    >>> units = {name: metric.unit for name, metric in METRICS.items()} | {"polyphony": "voices"}
    >>> print(*other_metrics(units))
    metric.polyphony: voices recorded, notes now
    """
    measured = {name: metric.unit for name, metric in METRICS.items()}
    return [
        EnvironmentDifference(f"{METRIC}{name}", _unit(units, name), _unit(measured, name))
        for name in dict.fromkeys([*units, *measured])
        if units.get(name) != measured.get(name) and name not in set(redefined)
    ]


def comparable(pieces: Mapping[str, BaselineFile], catalogue: int) -> dict[str, BaselineFile]:
    """The files with the metrics that both versions of the catalogue define in the same way."""
    return {
        name: replace(piece, values={metric: value for metric, value in piece.values.items() if metric not in other})
        for name, piece in pieces.items()
        for other in [redefined(catalogue, rendered=by_name(Path(name)) == MIDI)]
    }


def not_compared(baseline: Baseline) -> tuple[str, ...]:
    """The metrics of a baseline that are not compared, in the order of the catalogue, then those that it lacks now."""
    if baseline.catalogue == CATALOGUE:
        return ()
    other = frozenset().union(
        *(redefined(baseline.catalogue, rendered=by_name(Path(name)) == MIDI) for name in baseline.files)
    )
    return tuple(name for name in dict.fromkeys([*METRICS, *baseline.units]) if name in other or name not in METRICS)


def _unit(units: Mapping[str, str], name: str) -> str:
    return (units[name] or "a number") if name in units else "none"


def other_bytes(name: str, recorded: BaselineFile, now: BaselineFile) -> Moved:
    return Moved(name, FILE, Missing(f"SHA-256 {recorded.sha256[:12]}…"), Missing(f"SHA-256 {now.sha256[:12]}…"))
