"""Systems with several trainings compared with trainings counted: what is known of the method, not of one training.

Each training has one value of a metric, the mean of its pieces, and one distance. Two systems with five trainings or
more each are compared by t between trainings; each with its reference, which has no trainings, by both levels
(`evaluation.statistics.replicates`). Fewer trainings are described without a verdict. p is corrected by Holm over the
metrics of two systems.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from clstm.runtime.names import counted
from evaluation.distance.joint import table
from evaluation.distance.sentences import in_words, p_value, thousandths
from evaluation.distance.space import JOINT
from evaluation.distance.trainings import of_system, replicates
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics.effects import Interval
from evaluation.statistics.inference import holm
from evaluation.statistics.ranks import ALPHA
from evaluation.statistics.replicates import FEWEST, Estimate, Trainings, difference, mean
from evaluation.statistics.replicates import trainings as of_metric

if TYPE_CHECKING:
    import pandas as pd

VALUES, TESTS = "trainings.csv", "between.csv"
DISTANCE = "mmd2_"  # before the name of a space: its MMD^2
JOINTLY = f"{DISTANCE}{JOINT}"


@dataclass(frozen=True)
class TrainingValue:
    """A training's value of a metric, or its MMD^2 in a space (`mmd2_joint`); n : pieces that have it

    replicate : "" of a reference
    """

    system: str
    replicate: str
    metric: str
    n: int
    value: float


@dataclass(frozen=True)
class TrainingTest:
    """A system less another one, with trainings counted; of a distance with other "", the mean of the trainings.

    trainings, other_trainings : how many; 0 of a reference
    found : the difference, its interval and p; p_holm : corrected over the metrics of the two
    """

    system: str
    other: str
    metric: str
    trainings: int
    other_trainings: int
    found: Estimate
    p_holm: float = np.nan

    @property
    def significant(self) -> bool:
        return self.p_holm < ALPHA


@dataclass(frozen=True)
class Trained:
    """values : of every training; tests; counts : trainings of each system, where any has several or that was asked for

    remarks : one line each
    """

    values: Sequence[TrainingValue] = ()
    tests: Sequence[TrainingTest] = ()
    counts: Mapping[str, int] | None = None
    remarks: tuple[str, ...] = ()


NOTHING = Trained()
Samples = dict[str, dict[str, Trainings]]  # by system and by metric or distance


def trained(
    values: "pd.DataFrame", pieces: "pd.DataFrame", against: Mapping[str, str], reference: str, *, wanted: bool
) -> Trained:
    """What is known with trainings counted.

    values, pieces : of `evaluation.measurement.systems.Measurements`; against : what each system is compared with
    reference : as the user named it, which has no trainings
    wanted : whether it was asked for; else nothing is said where no system has trainings
    """
    found = {name: replicates(values, pieces, name) for name in against if name != reference}
    parts = {name: own for name, (own, _) in found.items() if own}
    if not parts and not wanted:
        return NOTHING
    wide, groups = table(values, pieces)
    rows: list[TrainingValue] = []
    samples: Samples = {}
    for human in dict.fromkeys(against[name] for name in parts):
        samples[human], own_rows = _of_metrics(human, {"": groups.loc[[human]].index.tolist()}, wide, groups)
        rows += own_rows
    for name, own in parts.items():
        samples[name], own_rows = _of_metrics(name, own, wide, groups)
        for space, one in of_system(wide, groups, against[name], list(own.values())).items():
            samples[name][f"{DISTANCE}{space}"] = one
            own_rows += [
                TrainingValue(name, part, f"{DISTANCE}{space}", len(keys), float(value))
                for (part, keys), value in zip(own.items(), one.values, strict=True)
            ]
        rows += own_rows
    counts = {name: len(own) or 1 for name, (own, _) in found.items()}
    remarks = tuple(line for _, lines in found.values() for line in lines)
    return Trained(
        rows, _every_test(samples, {name: len(own) for name, own in parts.items()}, against), counts, remarks
    )


def _of_metrics(
    name: str, parts: Mapping[str, list[Any]], wide: "pd.DataFrame", groups: "pd.Series[Any]"
) -> tuple[dict[str, Trainings], list[TrainingValue]]:
    """Every tested metric of a system's trainings. parts : keys (system, piece) of each, by replicate"""
    named = np.unique(groups.to_numpy().astype(str))
    found, rows = {}, []
    for metric in [one for one in METRICS if METRICS[one].tested and one in wide]:
        each = {part: wide.loc[keys, metric].dropna() for part, keys in parts.items()}
        each = {part: one for part, one in each.items() if len(one)}
        rows += [TrainingValue(name, part, metric, len(one), float(one.mean())) for part, one in each.items()]
        if each:
            found[metric] = _sample(list(each.values()), groups, named)
    return found, rows


def _every_test(samples: Samples, counts: Mapping[str, int], against: Mapping[str, str]) -> list[TrainingTest]:
    """Of each system with trainings enough: with its reference, the mean of its distances, and with each other one."""
    enough = [name for name, count in counts.items() if count >= FEWEST]
    tests = []
    for name in enough:
        tests += _tests(name, against[name], samples, (counts[name], 0))
        distances = {metric: one for metric, one in samples[name].items() if metric.startswith(DISTANCE)}
        tests += [TrainingTest(name, "", metric, counts[name], 0, mean(one)) for metric, one in distances.items()]
    for first, later in combinations(enough, 2):
        tests += _tests(later, first, samples, (counts[later], counts[first]))
    return tests


def _sample(parts: "Sequence[pd.Series[Any]]", groups: "pd.Series[Any]", names: Any) -> Trainings:
    return of_metric([(one.to_numpy(float), groups.loc[one.index].to_numpy().astype(str)) for one in parts], names)


def _tests(one: str, other: str, samples: Samples, counts: tuple[int, int]) -> list[TrainingTest]:
    """Every metric and distance that both have; the p of metrics, of views and of the joint distance apart."""
    shared = [metric for metric in samples[one] if metric in samples[other] and _enough(metric, one, other, samples)]
    found = {metric: difference(samples[one][metric], samples[other][metric]) for metric in shared}
    corrected: dict[str, float] = {}
    families = (
        [metric for metric in shared if not metric.startswith(DISTANCE)],
        [metric for metric in shared if metric.startswith(DISTANCE) and metric != JOINTLY],
        [metric for metric in shared if metric == JOINTLY],
    )
    for family in families:
        corrected |= dict(zip(family, holm([found[metric].p for metric in family]).tolist(), strict=True))
    return [TrainingTest(one, other, metric, *counts, found[metric], corrected[metric]) for metric in shared]


def _enough(metric: str, one: str, other: str, samples: Samples) -> bool:
    """Whether five trainings of each system have a metric; a reference has one value."""
    own = [len(samples[name][metric].values) for name in (one, other)]
    return all(count >= FEWEST or (count == 1 and name == other) for count, name in zip(own, (one, other), strict=True))


def values_table(made: Trained) -> "pd.DataFrame":
    """One row per training and metric or space."""
    import pandas as pd

    return pd.DataFrame([asdict(one) for one in made.values])


def tests_table(made: Trained) -> "pd.DataFrame":
    """One row per test."""
    import pandas as pd

    columns = ["system", "other", "metric", "trainings", "other_trainings", "difference", "low", "high", "p", "freedom"]
    rows = []
    for one in made.tests:
        about = (one.system, one.other, one.metric, one.trainings, one.other_trainings)
        rows.append((*about, *asdict(one.found).values(), one.p_holm, one.significant))
    return pd.DataFrame(rows, columns=[*columns, "p_holm", "significant"])


def sentences(made: Trained) -> list[str]:
    """What follows, one line per system and per pair."""
    said = [_on_system(name, count, made) for name, count in (made.counts or {}).items()]
    pairs = dict.fromkeys((one.system, one.other) for one in made.tests if one.other_trainings)
    return said + [_on_pair(*pair, made) for pair in pairs]


def _on_system(name: str, count: int, made: Trained) -> str:
    if count == 1:
        return f"{name}: one training: what is said holds for this training, not for the method."
    far = [one.value for one in made.values if one.system == name and one.metric == JOINTLY]
    each = ", ".join(map(thousandths, far))
    if count < FEWEST:
        return (
            f"{name}: {counted(count, 'training')}, too few for a verdict on the method ({FEWEST} would do): "
            f"MMD² × 1000 of each is {each}."
        )
    own = [one for one in made.tests if one.system == name and not one.other_trainings]
    whole = next(one.found for one in own if not one.other and one.metric == JOINTLY)
    tested = [one for one in own if one.other and np.isfinite(one.p_holm)]
    differs = sum(one.significant for one in tested)
    to = next((one.other for one in own if one.other), "")
    mean_of_them = in_words(Interval(whole.value, whole.low, whole.high))
    return (
        f"{name}, {counted(count, 'training')}: mean MMD² × 1000 is {mean_of_them} ({each}); with trainings counted it "
        f"differs significantly from {to} in {differs} of {counted(len(tested), 'metric')}."
    )


def _on_pair(one: str, other: str, made: Trained) -> str:
    own = [test for test in made.tests if (test.system, test.other) == (one, other)]
    tested = [test for test in own if test.metric in METRICS and np.isfinite(test.p_holm)]
    found = [test for test in tested if test.significant]
    which = ", ".join(
        f"{METRICS[test.metric].phrase} {'higher' if test.found.value > 0 else 'lower'}"
        for test in sorted(found, key=lambda test: test.found.p)[:3]
    )
    counts = f"{own[0].trainings} trainings against {own[0].other_trainings}"
    line = f"{one} and {other}, {counts}: {one} differs significantly in {len(found)} of "
    line += counted(len(tested), "metric")
    line += f" ({which}{', ...' if len(found) > 3 else ''})" if which else ""
    far = next((test for test in own if test.metric == JOINTLY), None)
    if far is not None and np.isfinite(far.found.p):
        nearer = one if far.found.value < 0 else other
        closer = f"{nearer} is closer" if far.significant else "which is closer is inconclusive"
        apart = in_words(Interval(far.found.value, far.found.low, far.found.high))
        line += f"; {closer} (MMD² × 1000 of {one} less that of {other}: {apart}, p {p_value(far.found.p)})"
    return f"{line}."


def markdown(made: Trained) -> str:
    """The section of verdict.md; "" without trainings."""
    systems = list(dict.fromkeys(one.system for one in made.values if one.replicate))
    if not systems:
        return ""
    tests = {(one.system, one.other, one.metric): one for one in made.tests}
    pairs = list(dict.fromkeys((one.system, one.other) for one in made.tests if one.other))
    lines = [
        "## Several trainings",
        "",
        "Each training has one value, the mean of its pieces. Cells: the mean of the trainings and their standard",
        "deviation; then differences between systems with their 95 % interval, by t between trainings, **bold** where",
        "p < 0.05, corrected by Holm over the metrics of the two. All values: trainings.csv and between.csv.",
        "",
        "| | " + " | ".join([*systems, *(f"{one} − {other}" for one, other in pairs)]).replace("<", "&lt;") + " |",
        "|---|" + "---:|" * (len(systems) + len(pairs)),
    ]
    for metric in dict.fromkeys(one.metric for one in made.values if one.replicate):
        cells = [_label(metric), *(_spread(name, metric, made) for name in systems)]
        cells += [_difference(tests.get((*pair, metric))) for pair in pairs]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(["", *lines, ""])


def _label(metric: str) -> str:
    return METRICS[metric].label if metric in METRICS else f"MMD² × 1000, {metric.removeprefix(DISTANCE)}"


def _scale(metric: str) -> float:
    return 1000.0 if metric.startswith(DISTANCE) else 1.0


def _spread(system: str, metric: str, made: Trained) -> str:
    own = np.array([one.value for one in made.values if (one.system, one.metric) == (system, metric)]) * _scale(metric)
    if not len(own):
        return "-"
    return f"{own.mean():.4g} ± {own.std(ddof=1):.2g}" if len(own) > 1 else f"{own[0]:.4g}"


def _difference(test: TrainingTest | None) -> str:
    if test is None or not np.isfinite(test.found.low):
        return "-"
    value, low, high = (one * _scale(test.metric) for one in (test.found.value, test.found.low, test.found.high))
    text = f"{value:+.3g} [{low:+.3g}, {high:+.3g}]".replace("-", "\N{MINUS SIGN}")
    return f"**{text}**" if test.significant else text
