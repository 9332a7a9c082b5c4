"""The numbers as tables: what every system measures, how it differs from the reference, the paper's Table 2, and what
listeners said. Objects of `reports.content` in, tables of texts out.
"""

from collections.abc import Sequence

import pandas as pd

from evaluation.comparison.tables import LEGEND, SIGNS, by_metric, sizes
from evaluation.comparison.verdict import VerdictRow, systems_in
from evaluation.measurement.measure import METRICS
from reports.content.listeners import ListenerTally
from reports.content.report import ReportContent
from reports.content.rows import AccuracyRow, ClaimRow, CorrelationRow, MetricSummary
from reports.numbers import number, short

Printed = dict[str, tuple[pd.DataFrame, str]]  # by the file's name: a table and its caption

MARKS = (
    "δ is Cliff’s delta. Significant differences (permutation test, p < 0.05 after Holm’s correction over the metrics "
    f"of a system) have a sign for their direction, which is tested separately: {LEGEND}."
)


def summary(tidy: pd.DataFrame, systems: Sequence[str]) -> list[MetricSummary]:
    """Median and quartiles over the pieces of each system, by metric and system, in their order.

    tidy : measurements, with columns system, piece, metric, value, note
    """
    grouped = tidy.groupby(["metric", "system"], sort=False)
    return [
        _summary(str(metric), system, grouped.get_group((metric, system)))
        for metric in tidy["metric"].unique()
        for system in systems
    ]


def _summary(metric: str, system: str, pieces: pd.DataFrame) -> MetricSummary:
    values = pieces["value"].dropna()
    lower, median, upper = (float(values.quantile(share)) for share in (0.25, 0.5, 0.75))
    note = "" if len(values) else str(pieces["note"].mode().iloc[0])
    return MetricSummary(
        metric=metric, system=system, n=len(values), median=median, lower=lower, upper=upper, note=note
    )


def printed(content: ReportContent) -> Printed:
    """Every table of a report as it is read in print, by its file's name, with its caption."""
    against = content.against
    tables: Printed = {
        "summary": (
            pd.DataFrame([[said.about, said.text] for said in content.summary], columns=["About", "Finding"]),
            f"What the report on {content.reference} finds, in words.",
        ),
        "numbers": (_numbers(content), "Median over the files of each system, and the range of its middle half."),
    }
    if content.verdict:
        tables["verdict"] = (
            _verdict(content.verdict),
            (
                f"Distance from {against} in noise floors, with 95 % intervals: 1 is the distance of two of its own "
                f"samples of {sizes(content.verdict)} pieces. {MARKS}"
            ),
        )
    if content.accuracy:
        tables["accuracy"] = (
            _accuracy(content.accuracy),
            "Accuracy of prediction, beside baselines that know no music.",
        )
    if study := content.study:
        note = f" {study.note}." if study.note else ""
        tables["listeners"] = (_tally(study.tally), f"Clips taken for human; ranges are descriptive.{note}")
    if content.correlation:
        tables["correlation"] = (
            _correlation(content.correlation),
            "Rank correlation of metrics with the share of listeners who took a clip for human.",
        )
    if content.claims:
        tables["claims"] = (
            _claims(content.claims),
            "The claims of Huang, Huang and Cai (2018), and what is measured here.",
        )
    return tables


def labelled(metric: str) -> str:
    """The label of a metric with its unit."""
    unit = METRICS[metric].unit
    return f"{METRICS[metric].label} ({unit})" if unit else METRICS[metric].label


def _numbers(content: ReportContent) -> pd.DataFrame:
    cells = {(row.metric, row.system): row for row in content.numbers}
    names = [system.name for system in content.systems]
    rows = []
    for metric in dict.fromkeys(row.metric for row in content.numbers):
        own = [cells[metric, name] for name in names]
        if any(cell.n for cell in own):
            rows.append([labelled(metric), *map(_median, own)])
    return pd.DataFrame(rows, columns=["Metric", *names])


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
    """A distance with its interval and the sign of its direction, such as `4.5 [2.9, 6.6] ↑`."""
    if not row.judged or row.distance is None:
        return "–"
    return f"{with_interval(row.distance, row.distance_low, row.distance_high)} {SIGNS[row.direction]}".rstrip()


def _with_delta(row: VerdictRow) -> str:
    delta = f", δ {number(row.delta, 2)}" if row.judged and row.delta is not None else ""
    return f"{distance(row)}{delta}"


def _verdict(rows: Sequence[VerdictRow]) -> pd.DataFrame:
    systems = systems_in(rows)
    made = [
        [METRICS[metric].label, *(_with_delta(own[system]) for system in systems)]
        for metric, own in by_metric(rows).items()
    ]
    return pd.DataFrame(made, columns=["Metric", *systems])


def _accuracy(rows: Sequence[AccuracyRow]) -> pd.DataFrame:
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
            "Skill, error (%)": cell(row.skill_accuracy, 100, 1),
            "Skill, nats (%)": cell(row.skill_nats, 100, 1),
        }
        for row in rows
    ]
    return pd.DataFrame(made)


def _tally(rows: Sequence[ListenerTally]) -> pd.DataFrame:
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


def _correlation(rows: Sequence[CorrelationRow]) -> pd.DataFrame:
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
    """What a claim's row measured: `−1.60 [−2.10, −1.10] dB`."""
    if row.value is None:
        return "–"
    interval = "" if row.low is None else f" [{short(row.low)}, {short(row.high)}]"
    return f"{short(row.value)}{interval} {row.unit}".rstrip()


def _claims(rows: Sequence[ClaimRow]) -> pd.DataFrame:
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
