"""Do a report's distances, ranks and pairs of systems follow from the values measured again?

Each distance may differ by what values may (levels by 0.1 dB, all others by 0.5 %), and so by a little: `TOLERANCE` of
MMD^2. Which systems are significant, which pair, and which ranks are possible must be the same where no p is at the
limit.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

from evaluation.comparison import closeness
from evaluation.comparison.closeness import DISTANCES, PAIRS, Closeness
from evaluation.distance.sentences import of_metrics
from evaluation.distance.space import JOINT
from evaluation.statistics.ranks import ALPHA
from reports.verification.holdings import Verification
from reports.verification.manifest import Places
from reports.verification.rows import Checked, Rows, compare_rows, recorded_rows, rows_of

if TYPE_CHECKING:
    from pathlib import Path

TOLERANCE = 0.005  # MMD^2: a twentieth of the distance of a bundled model
AT_LIMIT = 0.01  # p so near the level may be on its other side with values that differ by a little
LOOSE = {"p": 0.01, "p_holm": 0.02}
OF_DISTANCES = Checked(
    DISTANCES,
    ("system", "against", "space"),
    least=TOLERANCE,
    # A piece may become a neighbour of another one; one in 24 pieces is 0.04.
    loose={**LOOSE, "density": 0.1, "coverage": 0.1, "near_copies": 0.1},
)
OF_PAIRS = Checked(PAIRS, ("closer", "further", "space"), least=TOLERANCE, loose=LOOSE)
RANKS = ("rank_best", "rank_worst")


def check_distances(folder: "Path", near: Closeness, places: Places, found: Verification) -> None:
    """Compare `distances.csv` and `pairs.csv` with those of today's values; reports of before have neither."""
    pairs = rows_of(closeness.pairs(near.ranking), OF_PAIRS.keys) if near.ranking else {}
    spaces = {one.space for one in near.distances}
    if (folder / DISTANCES).exists():
        recorded = recorded_rows(folder / DISTANCES, OF_DISTANCES, places, found)
        if recorded is not None:
            # Arrays that were not given again are said elsewhere.
            recorded = {key: row for key, row in recorded.items() if of_metrics(key[2]) or key[2] in spaces}
            any_at_limit = any(_at_limit(row) for key, row in pairs.items() if key[2] == JOINT)
            checked = replace(OF_DISTANCES, loose={**OF_DISTANCES.loose, **dict.fromkeys(RANKS, inf)})
            now = rows_of(closeness.table(near), OF_DISTANCES.keys)
            compare_rows(recorded, now, checked if any_at_limit else OF_DISTANCES, found)
    if (folder / PAIRS).exists():
        recorded = recorded_rows(folder / PAIRS, OF_PAIRS, places, found)
        if recorded is not None:
            compare_rows(recorded, _as_then(recorded, pairs), OF_PAIRS, found)


def _at_limit(row: Mapping[str, float]) -> bool:
    return abs(row["p_holm"] - ALPHA) < AT_LIMIT or abs(row["difference_low"]) < TOLERANCE


def _as_then(before: Rows, after: Rows) -> Rows:
    """Today's pairs, those of two nearly equal systems in the order that the report has, as the closer of them may have
    become the further one; and those at the limit as significant as they were."""
    found: dict[tuple[str, ...], Mapping[str, float]] = {}
    for key, row in after.items():
        turned = (key[1], key[0], *key[2:])
        if key not in before and turned in before and before[turned]["difference"] + row["difference"] <= TOLERANCE:
            found[turned] = before[turned]
        elif key in before and _at_limit(row):
            found[key] = {**row, "significant": before[key].get("significant", row["significant"])}
        else:
            found[key] = row
    return found
