"""Whether the paper's claims (`reports.findings.paper_claims`) hold: a test of each, one correction, the verdicts.

Music is tested by `evaluation.statistics.inference.means_apart` and `mean_against`; prediction and the gradient's reach
were tested by `clstm accuracy --pairs` and `clstm reach --pairs`, whose tables are read here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.comparison import contrasts
from evaluation.comparison.sets import copies
from evaluation.measurement.systems import Measurements
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics import inference
from evaluation.statistics.effects import Interval
from evaluation.statistics.inference import MeanTest
from evaluation.statistics.means import least_p_of_sign_flips
from evaluation.statistics.resampling import PERMUTATIONS, Pair
from reports.content.report import ModelRole
from reports.content.rows import AccuracyPairRow, AccuracyRow, ClaimRow, ClaimVerdict, ReachPairRow, TrainedNetworkRow
from reports.findings.paper_claims import CLAIMS, Claim
from reports.numbers import short

HOLDS: ClaimVerdict = "holds"
FAILS: ClaimVerdict = "does not hold"
UNKNOWN: ClaimVerdict = "inconclusive"
TOO_FEW = "too few groups for any verdict"
FAR = 5.0  # s; what the vanishing gradient no longer reaches

Measured = tuple[float | None, float | None, float | None]  # a value and the ends of its 95 % interval
Setting = tuple[Measurements, str]  # of the music, and the name of the human music in it


@dataclass(frozen=True)
class ClaimSize:
    """An advantage that the paper gives, the one-sided p of one so large, and the one-sided 95 % limit of it here."""

    text: str
    p: float
    limit: str


@dataclass(frozen=True)
class ClaimEvidence:
    """One claim with what was measured of it.

    measured : in `unit`; None where there is no value, or too few groups for an interval
    null, more : the claim says that the value lies above `null`, or (not `more`) below
    p : two-sided, of the value being `null`; least_p : the smallest that so few groups can give
    """

    claim: str
    paper: str
    measure: str
    measured: Measured
    unit: str
    null: float = 0.0
    more: bool = True
    p: float | None = None
    least_p: float = 0.0
    sizes: tuple[ClaimSize, ...] = ()


def table(
    music: Mapping[str, Setting],
    parts: Mapping[ModelRole, str],
    others: Sequence[ClaimEvidence],
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> list[ClaimRow]:
    """The claims on prediction (`others`) and on music.

    music : by setting, the first as requested; the rest are other controls, sounds and decodings
    """
    judged = {
        name: judge([*others, *of_music(measured, {**parts, "human": human}, seed, permutations)])
        for name, (measured, human) in music.items()
    }
    first, *rest = judged
    rows = []
    for place, row in enumerate(judged[first]):
        changed = [
            f"{name}: {judged[name][place].verdict}" for name in rest if judged[name][place].verdict != row.verdict
        ]
        rows.append(row.model_copy(update={"otherwise": "; ".join(filter(None, (row.otherwise, *changed)))}))
    return rows


def judge(evidence: Sequence[ClaimEvidence]) -> list[ClaimRow]:
    """A verdict on each; the tests of direction and those of the paper's sizes are corrected together.

    >>> one = ClaimEvidence("A is louder", "Figure 3", "level", (1.5, 0.4, 2.6), "dB", p=0.01)
    >>> (row,) = judge([one])
    >>> row.verdict, row.p_holm
    ('holds', 0.01)
    >>> less = ClaimEvidence("A is softer", "Figure 3", "level", (1.5, 0.4, 2.6), "dB", more=False, p=0.01)
    >>> [row.verdict for row in judge([one, less])]
    ['holds', 'does not hold']
    """
    tests = [one.p if one.p is not None else np.nan for one in evidence]
    tests += [size.p for one in evidence for size in one.sizes]
    corrected = inference.holm(tests).tolist()
    count = int(np.isfinite(tests).sum())
    sizes = iter(corrected[len(evidence) :])
    return [
        _judged(one, None if np.isnan(p) else p, [(size, next(sizes)) for size in one.sizes], count)
        for one, p in zip(evidence, corrected[: len(evidence)], strict=True)
    ]


def _judged(one: ClaimEvidence, p: float | None, sizes: Sequence[tuple[ClaimSize, float]], tests: int) -> ClaimRow:
    verdict = UNKNOWN
    value, low, high = one.measured
    if p is not None and p < contrasts.ALPHA and low is not None and high is not None:
        above, below = low > one.null, high < one.null
        if above or below:
            verdict = HOLDS if above == one.more else FAILS
    hopeless = p is not None and verdict == UNKNOWN and one.least_p * tests >= contrasts.ALPHA
    ruled = [
        f"{size.text} is {'' if own < contrasts.ALPHA else 'not '}ruled out (at most {size.limit})"
        for size, own in sizes
    ]
    return ClaimRow(
        claim=one.claim,
        paper=one.paper,
        measure=one.measure,
        value=value,
        low=low,
        high=high,
        unit=one.unit,
        p_holm=p,
        verdict=verdict,
        ruled_out="; ".join(ruled),
        otherwise=TOO_FEW if hopeless else "",
    )


def of_music(
    measured: Measurements, parts: Mapping[ModelRole, str], seed: int, permutations: int = PERMUTATIONS
) -> list[ClaimEvidence]:
    """The claims on sound and notes, of the systems that the report has."""
    groups = copies.merged(measured.pieces, measured.values).set_index(["system", "piece"])["group"]
    asked = [claim for claim in CLAIMS if {claim.one, claim.other or claim.one} <= set(parts)]
    return [_tested(claim, measured, groups, parts, np.random.default_rng(seed), permutations) for claim in asked]


def _tested(
    claim: Claim,
    measured: Measurements,
    groups: pd.Series,
    parts: Mapping[ModelRole, str],
    random: np.random.Generator,
    permutations: int,
) -> ClaimEvidence:
    own, of_pieces = _values(measured, groups, parts[claim.one], claim.metric)
    try:
        if claim.other is None:
            return _evidence(claim, "mean", inference.mean_against(own, of_pieces, claim.null, random, permutations))
        other, of_others = _values(measured, groups, parts[claim.other], claim.metric)
        pair = Pair(of_others, of_pieces)
        found = inference.means_apart(other, own, pair, random, permutations)
        return _evidence(claim, "difference of means", found)
    except ValueError:  # fewer than two groups: of a single song nothing is inferred
        return _evidence(claim, "no test", MeanTest(Interval(np.nan, np.nan, np.nan), np.nan, 1.0))


def _values(
    measured: Measurements, groups: pd.Series, system: str, metric: str
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """A metric of the pieces of a system that have it, and their groups, (pieces,) each."""
    tidy = measured.values
    own = tidy[(tidy["system"] == system) & (tidy["metric"] == metric)].dropna(subset="value")
    keys = list(own[["system", "piece"]].itertuples(index=False, name=None))
    return own["value"].to_numpy(float), groups.loc[keys].to_numpy()


def _evidence(claim: Claim, what: str, found: MeanTest) -> ClaimEvidence:
    metric = METRICS[claim.metric]
    share = "points" if claim.other else "%"
    factor, unit = (100, share) if metric.unit == "share" else (1, metric.unit)
    return ClaimEvidence(
        claim.text,
        claim.paper,
        f"{metric.label}, {what}",
        scaled([found.found.value, found.found.low, found.found.high], factor),
        unit,
        factor * claim.null,
        claim.more,
        float(found.p) if np.isfinite(found.p) else None,
        found.least_p,
    )


def of_prediction(
    accuracy: Sequence[AccuracyRow], pairs: Sequence[AccuracyPairRow], trained: Sequence[TrainedNetworkRow] = ()
) -> list[ClaimEvidence]:
    """The claims of Table 2, from the tables of `clstm accuracy`, which name the kind of each model. Tables of earlier
    versions have neither kinds nor tests; and a model's name is no evidence.

    trained : networks with trainings counted. Where both have trainings enough, the claim is about the networks, by t
        between trainings and over groups of pieces; else about these training runs

    >>> pair = AccuracyPairRow(horizon="next", system="a", other="b", kind="lstm", other_kind="rnn", accuracy=0.016,
    ...                        accuracy_low=0.01, accuracy_high=0.025, accuracy_p=0.001)
    >>> [(one.claim, one.measured, one.unit) for one in of_prediction([], [pair])]
    [('The LSTM predicts better than the RNN', (1.6, 1.0, 2.5), 'points')]
    """
    found = []
    for one, other, sizes in (("lstm", "rnn", "96.74 against 95.15 %"), ("c-lstm", "lstm", "97.81 against 96.74 %")):
        if between := _between_trainings(one, other, sizes, trained):
            found.append(between)
            continue
        own = (row for row in pairs if (row.horizon, row.kind, row.other_kind) == ("next", one, other))
        if pair := next(own, None):
            found.append(
                ClaimEvidence(
                    f"The {one.upper()} predicts better than the {other.upper()}",
                    f"Table 2: {sizes}",
                    "accuracy of the next frame, difference",
                    scaled([pair.accuracy, pair.accuracy_low, pair.accuracy_high], 100),
                    "points",
                    p=pair.accuracy_p,
                    least_p=_least_p(pair.groups),
                    sizes=_papers_sizes(pair),
                )
            )
    skilled = (row for row in accuracy if (row.horizon, row.kind) == ("next", "c-lstm"))
    row = next(skilled, None)
    if row and row.skill_accuracy is not None:
        found.append(
            ClaimEvidence(
                "The C-LSTM is more accurate than trivial baselines",
                "Table 2: 97.81 %, without a baseline",
                "share of the best baseline’s error that it removes",
                scaled([row.skill_accuracy, row.skill_accuracy_low, row.skill_accuracy_high], 100),
                "%",
                p=row.skill_accuracy_p,
                least_p=_least_p(row.groups),
            )
        )
    return found


def _between_trainings(
    kind: str, other_kind: str, sizes: str, trained: Sequence[TrainedNetworkRow]
) -> ClaimEvidence | None:
    """One kind of network less another, with trainings counted; None where there is no such test."""
    for row in trained:
        kinds = (row.horizon, row.metric, row.kind, row.other_kind)
        if kinds != ("next", "accuracy", kind, other_kind) or row.p is None:
            continue
        return ClaimEvidence(
            f"The {kind.upper()} predicts better than the {other_kind.upper()}",
            f"Table 2: {sizes}",
            "accuracy of the next frame, difference between "
            f"{row.trainings:.0f} and {row.other_trainings:.0f} trainings",
            scaled([row.value, row.low, row.high], 100),
            "points",
            # Two levels, each by its test: the larger p is the test of both.
            p=max(row.p, row.pieces_p or 0.0),
        )
    return None


def _papers_sizes(pair: AccuracyPairRow) -> tuple[ClaimSize, ...]:
    """The paper's advantage in points, and as a share of the other's errors removed."""
    points, errors = pair.paper_points, _scaled(pair.paper_errors, 100)
    found = []
    if points is not None and pair.paper_points_p is not None:
        limit = f"{short(_scaled(pair.accuracy_upper, 100))} points"
        found.append(ClaimSize(f"the paper’s advantage of {points:.2f} points", pair.paper_points_p, limit))
    if errors is not None and pair.paper_errors_p is not None:
        limit = f"{short(_scaled(pair.errors_removed_upper, 100))} %"
        found.append(ClaimSize(f"removing {errors:.1f} % of the other’s errors", pair.paper_errors_p, limit))
    return tuple(found)


def of_reach(pairs: Sequence[ReachPairRow]) -> list[ClaimEvidence]:
    """The claim of the vanishing gradient, from the table of `clstm reach --pairs`.

    >>> row = ReachPairRow(system="a", kind="rnn", other="b", other_kind="lstm", seconds=5, difference=-0.2, p=0.01)
    >>> [(one.claim, one.measured[0]) for one in of_reach([row])]
    [('The RNN’s gradient vanishes', -20.0)]
    """
    for row in pairs:
        if row.seconds == FAR and {row.kind, row.other_kind} == {"rnn", "lstm"}:
            value, low, high = scaled([row.difference, row.low, row.high], 100)
            if row.kind == "lstm":
                value, low, high = (None if one is None else -one for one in (value, high, low))
            return [
                ClaimEvidence(
                    "The RNN’s gradient vanishes",
                    "Section 4.1: “was found”",
                    f"share of the gradient from more than {FAR:g} s ago, RNN minus LSTM",
                    (value, low, high),
                    "points",
                    more=False,
                    p=row.p,
                    least_p=_least_p(row.groups),
                )
            ]
    return []


def scaled(found: Sequence[float | None], factor: float) -> Measured:
    """A value and the ends of its interval, each times a factor; None where there is none."""
    value, low, high = (_scaled(one, factor) for one in found)
    return value, low, high


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None or not np.isfinite(value) else float(factor * value)


def _least_p(groups: float | None) -> float:
    """Without groups nothing is known of what they could show."""
    return 0.0 if groups is None else least_p_of_sign_flips(groups)
