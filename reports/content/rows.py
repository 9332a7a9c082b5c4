"""The rows of a report's tables, each as one frozen type. A number that cannot be had is None; JSON has no NaN.

Rows of the verdict are `evaluation.comparison.verdict.VerdictRow`.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict

from evaluation.comparison.verdict import Count, Number, Text

if TYPE_CHECKING:
    import pandas as pd

Horizon = Literal["next", "nine"]
HORIZONS: dict[Horizon, str] = {"next": "The next frame (1/8 s ahead)", "nine": "All nine frames ahead"}
PredictorRole = Literal["model", "own", "baseline"]  # of `clstm accuracy`: the paper's three, ours, no network
ClaimVerdict = Literal["holds", "does not hold", "inconclusive", "not tested"]


def _flag(value: object) -> bool | None:
    """A cell that is not there is NaN."""
    return bool(value) if isinstance(value, (bool, np.bool_)) else None


Flag = Annotated[bool | None, BeforeValidator(_flag)]


class Part(BaseModel):
    """A part of a report. Fields that are not named are not read: a later version may have more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SummaryLine(Part):
    """about : the system, or what else it is on; text : one sentence or more"""

    about: str
    text: str


class TableContent(Part):
    """A table of a section of its own, as it is read.

    look : how to read it; files : of the report, with all its numbers; folded : whether the page shows it on request
    """

    key: str
    title: str
    look: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    files: tuple[str, ...] = ()
    folded: bool = False

    @property
    def table(self) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.columns))


class MetricSummary(Part):
    """A metric over the pieces of one system: how many have it, median and quartiles.

    note : without any value, the most frequent reason
    """

    metric: str
    system: str
    n: int
    median: Number = None
    lower: Number = None
    upper: Number = None
    note: Text = ""


class AccuracyRow(Part):
    """How well one model or baseline predicts, at one horizon. Shares are 0..1.

    kind : of model, "" where it is not known; skill_* : the share of the best baseline's error, or nats, removed
    joint_nats : of the next frame as it is drawn, given the window; _past : given all of the piece before it
    groups : independent groups of pieces
    """

    system: str
    role: PredictorRole
    horizon: Horizon
    kind: Text = ""
    accuracy: Number = None
    precision: Number = None
    recall: Number = None
    f1: Number = None
    f1_held: Number = None
    f1_struck: Number = None
    nats: Number = None
    joint_nats: Number = None
    joint_nats_low: Number = None
    joint_nats_high: Number = None
    joint_nats_past: Number = None
    joint_nats_past_low: Number = None
    joint_nats_past_high: Number = None
    windows: Count = None
    f1_at_threshold: Number = None
    skill_accuracy: Number = None
    skill_accuracy_low: Number = None
    skill_accuracy_high: Number = None
    skill_accuracy_p: Number = None
    skill_nats: Number = None
    skill_nats_low: Number = None
    skill_nats_high: Number = None
    skill_nats_p: Number = None
    groups: Count = None


class AccuracyPairRow(Part):
    """One model's prediction compared with another's: differences, tests, and the sizes that the paper gives.

    paper_points : the paper's advantage in points; paper_errors : as a share of the other's errors; *_upper : one-sided
    95 % limits
    """

    horizon: Horizon
    system: str
    other: str
    kind: Text = ""
    other_kind: Text = ""
    accuracy: Number = None
    accuracy_low: Number = None
    accuracy_high: Number = None
    accuracy_p: Number = None
    accuracy_upper: Number = None
    nats_p: Number = None
    f1_at_threshold_p: Number = None
    errors_removed: Number = None
    errors_removed_low: Number = None
    errors_removed_high: Number = None
    errors_removed_p: Number = None
    errors_removed_upper: Number = None
    paper_points: Number = None
    paper_points_p: Number = None
    paper_errors: Number = None
    paper_errors_p: Number = None
    groups: Count = None


class TrainedNetworkRow(Part):
    """A network of several trainings, or one less another (`other`), as `clstm accuracy --trainings` writes it.

    value : the mean of the trainings, or the difference; p : of Welch's t between trainings; pieces_p : over groups of
    pieces
    """

    horizon: Horizon
    metric: str
    system: str
    kind: Text = ""
    other: Text = ""
    other_kind: Text = ""
    trainings: Count = None
    other_trainings: Count = None
    value: Number = None
    sd: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    freedom: Number = None
    pieces_low: Number = None
    pieces_high: Number = None
    pieces_p: Number = None


class TrainingRow(Part):
    """A training's value of a metric, or its MMD² in a space (`mmd2_joint`).

    n : pieces; replicate : "" of a reference
    """

    system: str
    replicate: str
    metric: str
    n: int
    value: Number = None


class TrainingTestRow(Part):
    """A system less another with trainings counted, or the mean of its distances (other ""); p_holm : corrected."""

    system: str
    other: str
    metric: str
    trainings: int
    other_trainings: int
    difference: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    freedom: Number = None
    p_holm: Number = None
    significant: bool = False


class ReachPairRow(Part):
    """The share of the gradient from more than `seconds` ago, of one model compared with another's. Shares are 0..1."""

    system: str
    kind: Text = ""
    other: str
    other_kind: Text = ""
    seconds: Number = None
    share: Number = None
    other_share: Number = None
    difference: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    groups: Count = None


class DistanceRow(Part):
    """One system's distance in one space (`evaluation.distance.joint.Distance`), MMD^2 with its interval.

    space : all metrics ("joint"), or a view; without_control : from the reference as it is
    human_95 : what two samples of the reference of these sizes stay below in 95 %
    density, coverage, near_copies : fidelity and diversity, in the joint space; expected : the coverage of music of the
        reference's distribution, and near_copies_expected its near copies
    rank_* : the best and worst rank possible; ranked_distance : under the control that all ranked systems have
    """

    system: str
    against: str
    space: str
    pieces: Count = None
    distance: Number = None
    distance_low: Number = None
    distance_high: Number = None
    p: Number = None
    p_holm: Number = None
    human_95: Number = None
    density: Number = None
    coverage: Number = None
    expected: Number = None
    near_copies: Number = None
    near_copies_expected: Number = None
    without_control: bool = False
    rank_best: Count = None
    rank_worst: Count = None
    ranked_distance: Number = None


class PairRow(Part):
    """Two systems in one space: by how much `further` is further than `closer`, MMD^2. *_no_worse : by the margin
    stated, None without one"""

    closer: str
    further: str
    space: str
    difference: Number = None
    difference_low: Number = None
    difference_high: Number = None
    p: Number = None
    p_holm: Number = None
    significant: bool = False
    closer_no_worse: Flag = None
    further_no_worse: Flag = None


class CorrelationRow(Part):
    """A metric of a study's clips and the share of listeners who took them for human: rank correlation, -1..1.

    overall : over all clips; within : within sources; p is corrected over the metrics
    """

    metric: str
    clips: int
    overall: Number = None
    overall_low: Number = None
    overall_high: Number = None
    overall_p_holm: Number = None
    within: Number = None
    within_low: Number = None
    within_high: Number = None
    within_p_holm: Number = None


class ClaimRow(Part):
    """A claim of the paper, and what is measured here.

    p_holm : of the direction, corrected over all claims tested
    ruled_out : whether an advantage as large as the paper's is ruled out, in words; "" where the paper gives no size
    otherwise : the control, sound or decoding with which the verdict is another one
    """

    claim: str
    paper: str
    measure: str
    value: Number = None
    low: Number = None
    high: Number = None
    unit: str = ""
    p_holm: Number = None
    verdict: ClaimVerdict = "inconclusive"
    ruled_out: str = ""
    otherwise: str = ""


Row = TypeVar("Row", bound=BaseModel)


def rows_as(kind: type[Row], table: "pd.DataFrame") -> list[Row]:
    """The rows of a table as objects of one type; columns that it does not have are left out.

    >>> import pandas as pd
    >>> table = pd.DataFrame([{"claim": "c", "paper": "p", "measure": "m", "value": float("nan")}])
    >>> (row,) = rows_as(ClaimRow, table)
    >>> row.value, row.verdict
    (None, 'inconclusive')
    """
    return [kind.model_validate(row) for row in table.to_dict("records")]


def as_table(rows: Iterable[BaseModel]) -> "pd.DataFrame":
    """Objects of one type as a table, for figures; a number that cannot be had is NaN again.

    >>> as_table([SummaryLine(about="lstm", text="It differs.")]).to_dict("records")
    [{'about': 'lstm', 'text': 'It differs.'}]
    """
    import pandas as pd

    return pd.DataFrame([row.model_dump() for row in rows]).replace({None: float("nan")})
