"""The numbers as tables: what every system measures, how it differs from the reference, the paper's Table 2, and what
listeners said. Objects of `reports.content` in, tables of texts out.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.comparison.tables import LEGEND, SIGNS, by_metric
from evaluation.comparison.verdict import VerdictRow, systems_in
from evaluation.distance.sentences import of_metrics, p_value, rank, thousandths, title_of
from evaluation.distance.space import JOINT
from evaluation.metrics.catalogue import METRICS
from evaluation.statistics.ranks import ALPHA
from reports.content.listeners import ListenerTally
from reports.content.rows import (
    AccuracyRow,
    ClaimRow,
    CorrelationRow,
    DistanceRow,
    MetricSummary,
    PairRow,
    SummaryLine,
)
from reports.numbers import number, short

MARKS = (
    "δ is Cliff’s delta. Significant differences (permutation test, p < 0.05 after Holm’s correction over the metrics "
    f"of a system) have a sign for their direction, which is tested separately: {LEGEND}."
)


def summary(tidy: pd.DataFrame, systems: Sequence[str]) -> list[MetricSummary]:
    """Median and quartiles over the pieces of each system, by metric and system, in their order.

    tidy : measurements, with columns system, piece, metric, value, note

    >>> tidy = pd.DataFrame({"system": "lstm", "metric": "note_density", "value": [1.0, 2.0, 4.0], "note": ""})
    >>> (row,) = summary(tidy, ["lstm"])
    >>> row.n, row.lower, row.median, row.upper
    (3, 1.5, 2.0, 3.0)
    """
    grouped = dict(iter(tidy.groupby(["metric", "system"], sort=False)))
    return [
        _summary(str(metric), system, grouped[metric, system])
        for metric in tidy["metric"].unique()
        for system in systems
    ]


def _summary(metric: str, system: str, pieces: pd.DataFrame) -> MetricSummary:
    values = pieces["value"].dropna().to_numpy(float)
    lower, median, upper = np.percentile(values, [25, 50, 75]).tolist() if len(values) else [float("nan")] * 3
    note = "" if len(values) else str(pieces["note"].mode().iloc[0])
    return MetricSummary(
        metric=metric, system=system, n=len(values), median=median, lower=lower, upper=upper, note=note
    )


def of_summary(lines: Sequence[SummaryLine]) -> pd.DataFrame:
    """What the report finds, in words.

    >>> of_summary([SummaryLine(about="lstm", text="It differs.")]).to_dict("records")
    [{'About': 'lstm', 'Finding': 'It differs.'}]
    """
    return pd.DataFrame([[said.about, said.text] for said in lines], columns=["About", "Finding"])


def labelled(metric: str) -> str:
    """The label of a metric with its unit.

    >>> labelled("note_density")
    'Note density (notes/s)'
    """
    unit = METRICS[metric].unit
    return f"{METRICS[metric].label} ({unit})" if unit else METRICS[metric].label


def of_numbers(rows: Sequence[MetricSummary], systems: Sequence[str]) -> pd.DataFrame:
    """Median and quartiles of each metric that any system has, one column per system.

    >>> rows = [MetricSummary(metric="note_density", system="lstm", n=3, median=2.0, lower=1.5, upper=3.0)]
    >>> of_numbers(rows, ["lstm"]).to_dict("records")
    [{'Metric': 'Note density (notes/s)', 'lstm': '2.00 [1.50, 3.00]'}]
    """
    cells = {(row.metric, row.system): row for row in rows}
    lines = []
    for metric in dict.fromkeys(row.metric for row in rows):
        own = [cells[metric, name] for name in systems]
        if any(cell.n for cell in own):
            lines.append([labelled(metric), *map(_median, own)])
    return pd.DataFrame(lines, columns=["Metric", *systems])


def _median(cell: MetricSummary) -> str:
    if not cell.n:
        return "–"
    spread = f" [{short(cell.lower)}, {short(cell.upper)}]" if cell.n > 1 else ""
    return f"{short(cell.median)}{spread}"


def with_interval(value: float | None, low: float | None, high: float | None, decimals: int = 1) -> str:
    """
    >>> with_interval(4.5, 2.9, 6.6), with_interval(4.5, None, None), with_interval(None, None, None)
    ('4.5 [2.9, 6.6]', '4.5', '–')
    """
    if value is None:
        return "–"
    interval = "" if low is None or high is None else f" [{number(low, decimals)}, {number(high, decimals)}]"
    return f"{number(value, decimals)}{interval}"


def distance(row: VerdictRow) -> str:
    """A distance with its interval and the sign of its direction, such as `4.5 [2.9, 6.6] ↑`.

    >>> row = VerdictRow(system="lstm", metric="note_density", verdict="differs", direction="higher", distance=4.5,
    ...                  distance_low=2.9, distance_high=6.6)
    >>> distance(row)
    '4.5 [2.9, 6.6] ↑'
    """
    if row.distance is None:
        return "–"
    return f"{with_interval(row.distance, row.distance_low, row.distance_high)} {SIGNS[row.direction]}".rstrip()


def _with_delta(row: VerdictRow) -> str:
    delta = f", δ {number(row.delta, 2)}" if row.delta is not None else ""
    return f"{distance(row)}{delta}"


def of_verdict(rows: Sequence[VerdictRow]) -> pd.DataFrame:
    """Distances with intervals and Cliff’s delta, one row per metric, one column per system.

    >>> row = VerdictRow(system="lstm", metric="note_density", verdict="inconclusive", distance=0.8, delta=-0.1)
    >>> of_verdict([row]).to_dict("records")
    [{'Metric': 'Note density', 'lstm': '0.8, δ −0.10'}]
    """
    systems = systems_in(rows)
    made = [
        [METRICS[metric].label, *(_with_delta(own[system]) for system in systems)]
        for metric, own in by_metric(rows).items()
    ]
    return pd.DataFrame(made, columns=["Metric", *systems])


def of_distances(rows: Sequence[DistanceRow], *, by_view: bool = True) -> pd.DataFrame:
    """All metrics together: MMD^2 x 1000 with its interval, ranks, fidelity and diversity; then by view, if asked for.

    >>> row = DistanceRow(system="lstm", against="human", space="joint", distance=0.255, p=0.0001, human_95=0.058)
    >>> of_distances([row]).iloc[0].tolist()
    ['lstm', 'human', '255', '< 0.001', '58', '–', '–', '–']
    """
    named = (row.space for row in rows if by_view and row.space != JOINT and of_metrics(row.space))
    spaces = dict.fromkeys(named)
    found = {(row.system, row.space): row for row in rows if not row.without_control}
    made = []
    for row in (row for row in rows if row.space == JOINT):
        name = f"{row.system} (no control)" if row.without_control else row.system
        cells = [name, row.against, far(row), "–" if row.p is None else p_value(row.p).removeprefix("= ")]
        cells += ["–" if row.human_95 is None else thousandths(row.human_95), ranks_of(row)]
        cells.append("–" if row.density is None else number(row.density, 2))
        cells.append(_beside(row.coverage, row.expected))
        cells.append(_beside(row.near_copies, row.near_copies_expected))
        own = {} if row.without_control else {space: found.get((row.system, space)) for space in spaces}
        made.append([*cells, *(_of_space(own.get(space)) for space in spaces)])
    heads = ["System", "Compared with", "MMD² × 1000", "p", "Reference, 95 %", "Rank", "Density", "Coverage (expected)"]
    copies = "Near copies (expected)"
    table = pd.DataFrame(made, columns=[*heads, copies, *(title_of(one) for one in spaces)])
    return table if any(row.near_copies is not None for row in rows) else table.drop(columns=copies)


def _beside(value: float | None, expected: float | None) -> str:
    """A share with what is expected of the reference's music in brackets.

    >>> _beside(0.5, 0.97), _beside(0.5, None), _beside(None, None)
    ('0.50 (0.97)', '0.50', '–')
    """
    if value is None:
        return "–"
    return number(value, 2) if expected is None else f"{number(value, 2)} ({number(expected, 2)})"


def far(row: DistanceRow) -> str:
    """A distance with its interval, such as `255 [210, 302]`."""
    if row.distance is None:
        return "–"
    if row.distance_low is None or row.distance_high is None:
        return thousandths(row.distance)
    return f"{thousandths(row.distance)} [{thousandths(row.distance_low)}, {thousandths(row.distance_high)}]"


def ranks_of(row: DistanceRow) -> str:
    if row.rank_best is None or row.rank_worst is None:
        return "–"
    return rank((int(row.rank_best), int(row.rank_worst)))


def _of_space(row: DistanceRow | None) -> str:
    if row is None or row.distance is None:
        return "–"
    return thousandths(row.distance) + "*" * (row.p_holm is not None and row.p_holm < ALPHA)


def of_pairs(rows: Sequence[PairRow]) -> pd.DataFrame:
    """Who is closer, one row per pair of systems and space.

    >>> row = PairRow(closer="a", further="b", space="joint", difference=0.1, p_holm=0.01, significant=True)
    >>> of_pairs([row]).iloc[0].tolist()
    ['a', 'b', 'All metrics together', '100', '0.01', 'significant']
    """
    made = []
    for row in rows:
        view = title_of(row.space)
        size = "–" if row.difference is None else thousandths(row.difference)
        if row.difference_low is not None and row.difference_high is not None:
            size += f" [{thousandths(row.difference_low)}, {thousandths(row.difference_high)}]"
        p = "–" if row.p_holm is None else p_value(row.p_holm).removeprefix("= ")
        made.append([row.closer, row.further, view, size, p, "significant" if row.significant else "inconclusive"])
    return pd.DataFrame(made, columns=["Closer", "Further", "In", "Difference × 1000", "p (Holm)", "Test"])


def of_accuracy(rows: Sequence[AccuracyRow]) -> pd.DataFrame:
    """Prediction, one row per model or baseline and horizon; joint nats where there are any.

    >>> row = AccuracyRow(system="lstm", role="model", horizon="next", accuracy=0.9674, nats=5.123)
    >>> of_accuracy([row])[["System", "Accuracy (%)", "F1", "Nats"]].to_dict("records")
    [{'System': 'lstm', 'Accuracy (%)': '96.74', 'F1': '–', 'Nats': '5.12'}]
    """

    def cell(value: float | None, factor: float, decimals: int) -> str:
        return "–" if value is None else number(factor * value, decimals)

    made = [
        {
            "System": row.system,
            "Horizon": row.horizon,
            "Accuracy (%)": cell(row.accuracy, 100, 2),
            "F1": cell(row.f1, 1, 3),
            "F1 at threshold": cell(row.f1_at_threshold, 1, 3),
            "F1 struck": cell(row.f1_struck, 1, 3),
            "Nats": cell(row.nats, 1, 2),
            "Joint nats": cell(row.joint_nats, 1, 2),
            "Joint nats, all before": cell(row.joint_nats_past, 1, 2),
            "Skill, error (%)": cell(row.skill_accuracy, 100, 1),
            "Skill, nats (%)": cell(row.skill_nats, 100, 1),
        }
        for row in rows
    ]
    found = pd.DataFrame(made)
    if any(row.joint_nats is not None for row in rows):
        return found
    return found.drop(columns=["Joint nats", "Joint nats, all before"], errors="ignore")


def of_listeners(rows: Sequence[ListenerTally]) -> pd.DataFrame:
    """The answers, one row per source.

    >>> row = ListenerTally(source="lstm", is_human=False, clips_heard=4, majority_human=1, answers=20, said_human=7,
    ...                     p_human=0.35, low=0.18, high=0.57)
    >>> of_listeners([row]).iloc[0].tolist()
    ['lstm', 'computer', '7 of 20', '35.0 [18.0, 57.0]', '1 of 4']
    """
    made = [
        [
            row.source,
            "person" if row.is_human else "computer",
            f"{row.said_human} of {row.answers}",
            with_interval(_percent(row.p_human), _percent(row.low), _percent(row.high)),
            f"{row.majority_human} of {row.clips_heard}",
        ]
        for row in rows
    ]
    return pd.DataFrame(made, columns=["Source", "Made by", "Said human", "Share (%)", "Clips, by most"])


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def of_correlation(rows: Sequence[CorrelationRow]) -> pd.DataFrame:
    """Metrics and what listeners took for human, one row per metric.

    >>> row = CorrelationRow(metric="note_density", clips=20, within=-0.6, within_p_holm=0.01)
    >>> of_correlation([row]).iloc[0].tolist()
    ['Note density', '20', '–', '–', '−0.60', '0.0100']
    """
    made = [
        [
            METRICS[row.metric].label,
            f"{row.clips}",
            with_interval(row.overall, row.overall_low, row.overall_high, 2),
            short(row.overall_p_holm),
            with_interval(row.within, row.within_low, row.within_high, 2),
            short(row.within_p_holm),
        ]
        for row in rows
    ]
    return pd.DataFrame(made, columns=["Metric", "Clips", "Over all", "p (Holm)", "Within sources", "p (Holm) "])


def measured(row: ClaimRow) -> str:
    """What a claim's row measured: `−1.60 [−2.10, −1.10] dB`.

    >>> measured(ClaimRow(claim="", paper="", measure="", value=-1.6, low=-2.1, high=-1.1, unit="dB"))
    '−1.60 [−2.10, −1.10] dB'
    """
    if row.value is None:
        return "–"
    interval = "" if row.low is None else f" [{short(row.low)}, {short(row.high)}]"
    return f"{short(row.value)}{interval} {row.unit}".rstrip()


def of_claims(rows: Sequence[ClaimRow]) -> pd.DataFrame:
    """The paper’s claims, one row each.

    >>> row = ClaimRow(claim="A loops", paper="Figure 1", measure="share", value=0.5, verdict="holds")
    >>> of_claims([row]).iloc[0].tolist()
    ['A loops', 'Figure 1', 'share: 0.500', 'holds', '']
    """
    made = [
        [
            row.claim,
            row.paper,
            f"{row.measure}: {measured(row)}",
            "; ".join(filter(None, (row.verdict, row.ruled_out))),
            row.otherwise,
        ]
        for row in rows
    ]
    return pd.DataFrame(made, columns=["Claim", "The paper", "Here", "Verdict", "Otherwise"])
