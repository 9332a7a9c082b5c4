"""The conclusion on one metric of one system, as a typed row: a line of verdict.csv, an entry of report.json.

The verdict says whether the metric differs significantly from the reference. `direction` says in what way, as far as a
test of its own shows it; `magnitude` is the word for Cliff's delta (`evaluation.statistics.effects.magnitude`), given
with a direction of the mean alone. They are stored apart, and become words only where they are printed.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from clstm.runtime import old_names

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["differs", "inconclusive", "no verdict"]
Direction = Literal["higher", "lower", "varies more", "varies less", "in distribution", ""]
Magnitude = Literal["negligible", "small", "medium", "large", ""]

DIFFERS: Verdict = "differs"
INCONCLUSIVE: Verdict = "inconclusive"
NONE: Verdict = "no verdict"
HIGHER: Direction = "higher"
LOWER: Direction = "lower"
MORE: Direction = "varies more"
LESS: Direction = "varies less"
OTHERWISE: Direction = "in distribution"
TOO_FEW = "too few groups"  # the note of a row without a verdict begins with it, or with
SAME = "the same in both"


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity: a number that does not exist is None."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> Any:
    """An empty cell of a CSV is read as NaN."""
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
Count = Annotated[int | float | None, BeforeValidator(_finite)]  # a whole number, or what a table has in its place
Text = Annotated[str, BeforeValidator(_text)]


class VerdictRow(BaseModel):
    """One metric of one system compared with the reference. A number that does not exist is None.

    against : the name of what it is compared with, the reference or what a control makes of it; "" in older tables,
        which compare every system with one
    *_pieces, *_n : how many pieces each set has, and how many of them have the metric
    difference, spread : of the means and of the mean distances from the median, system less reference, in the metric's
        unit; delta : Cliff's, -1..1; distance : in noise floors of samples of `size` pieces; each with the ends of its
        95 % interval
    p : of the distance; mean_p, spread_p : of the direction; *_holm : corrected over the metrics of the system
    least_p : the smallest p that so few groups can give
    permutations : how many exchanges of groups were drawn, or all where these are fewer
    flips : the other sounds with which the conclusion is another one
    """

    model_config = ConfigDict(frozen=True)

    system: str
    against: Text = ""
    metric: str
    verdict: Verdict
    direction: Annotated[Direction, BeforeValidator(_text)] = ""
    magnitude: Annotated[Magnitude, BeforeValidator(_text)] = ""
    reference_pieces: Count = None
    reference_n: Count = None
    reference_mean: Number = None
    reference_q1: Number = None
    reference_median: Number = None
    reference_q3: Number = None
    system_pieces: Count = None
    system_n: Count = None
    system_mean: Number = None
    system_q1: Number = None
    system_median: Number = None
    system_q3: Number = None
    difference: Number = None
    difference_low: Number = None
    difference_high: Number = None
    spread: Number = None
    spread_low: Number = None
    spread_high: Number = None
    delta: Number = None
    delta_low: Number = None
    delta_high: Number = None
    distance: Number = None
    distance_low: Number = None
    distance_high: Number = None
    reference_95: Number = None
    floor: Number = None
    size: Count = None
    p: Number = None
    p_holm: Number = None
    mean_p: Number = None
    mean_p_holm: Number = None
    spread_p: Number = None
    spread_p_holm: Number = None
    least_p: Number = None
    permutations: Count = None
    note: Text = ""
    flips: Text = ""

    @property
    def judged(self) -> bool:
        """Whether there is a verdict.

        >>> VerdictRow(system="rnn", metric="novelty", verdict="inconclusive").judged
        True
        """
        return self.verdict != NONE

    @property
    def differs(self) -> bool:
        return self.verdict == DIFFERS

    @property
    def words(self) -> str:
        """In what way it differs, such as "higher (large)"; "" where it does not.

        >>> VerdictRow(system="rnn", metric="novelty", verdict="differs", direction="higher", magnitude="large").words
        'higher (large)'
        """
        return f"{self.direction} ({self.magnitude})" if self.magnitude else self.direction


COLUMNS = tuple(name for name in VerdictRow.model_fields if name != "flips")  # a table has `flips` if asked for


def rows_of(table: "pd.DataFrame") -> list[VerdictRow]:
    """The rows of a table of `COLUMNS`, as computed or as read from a CSV, of this version or an earlier one.

    >>> import pandas as pd
    >>> (row,) = rows_of(pd.DataFrame([{"system": "a", "metric": "m", "verdict": "differs", "how": "lower (small)"}]))
    >>> row.direction, row.magnitude, row.distance
    ('lower', 'small', None)
    """
    return [VerdictRow.model_validate(row) for row in old_names.table(table).to_dict("records")]


def systems_in(rows: Iterable[VerdictRow]) -> list[str]:
    """The systems of these rows, in their order."""
    return list(dict.fromkeys(row.system for row in rows))
