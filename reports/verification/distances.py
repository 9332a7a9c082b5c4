"""Do a report's distances, ranks and pairs of systems follow from the values measured again?

Each distance may differ by what values may (levels by 0.1 dB, all others by 0.5 %), and so by a little: `TOLERANCE` of
MMD^2. Which systems are significant, and which pair, must be the same where p is not at the limit.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from clstm.runtime.spreadsheet import neutral
from evaluation.comparison import closeness
from evaluation.comparison.closeness import DISTANCES, PAIRS, Closeness
from evaluation.distance.sentences import of_metrics
from reports.verification.holdings import Verification
from reports.verification.manifest import Places

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

TOLERANCE = 0.005  # MMD^2: a twentieth of the distance of a bundled model
LISTED = 10
OF_DISTANCES = ("system", "against", "space")
OF_PAIRS = ("closer", "further", "space")


def check_distances(folder: "Path", near: Closeness, places: Places, found: Verification) -> None:
    """Compare `distances.csv` and `pairs.csv` with those of today's values; reports of before have neither."""
    now = {DISTANCES: closeness.table(near)}
    if near.ranking:
        now[PAIRS] = closeness.pairs(near.ranking)
    for name, keys, value in ((DISTANCES, OF_DISTANCES, "distance"), (PAIRS, OF_PAIRS, "difference")):
        if not (folder / name).exists():
            continue
        if why := places.foreign(folder / name):
            found.failures.append(f"{name}: cannot be read, so nothing was compared with it ({why})")
            continue
        recorded = _recorded(folder / name, keys, value)
        if recorded is None:
            found.failures.append(f"{name}: cannot be read, so nothing was compared with it (it is not such a table)")
            continue
        spaces = {one.space for one in near.distances}
        recorded = {key: value for key, value in recorded.items() if of_metrics(key[-1]) or key[-1] in spaces}
        differing = list(_differing(recorded, _by_key(now[name], keys, value) if name in now else {}, name))
        found.checked[f"rows of {name}"] = len(recorded)
        found.failures += differing[:LISTED]
        if len(differing) > LISTED:
            found.failures.append(f"and {len(differing) - LISTED} more rows of {name}")


def _recorded(path: "Path", keys: tuple[str, ...], value: str) -> dict[tuple[str, ...], float] | None:
    import pandas as pd

    try:
        return _by_key(
            pd.read_csv(path, dtype=dict.fromkeys(keys, str), keep_default_na=False, na_values={value: [""]}),
            keys,
            value,
        )
    except (OSError, KeyError, ValueError):  # pandas' parser errors are ValueErrors
        return None


def _by_key(table: "pd.DataFrame", keys: tuple[str, ...], value: str) -> dict[tuple[str, ...], float]:
    rows: Sequence[Mapping[Hashable, Any]] = table.to_dict("records")
    return {tuple(str(neutral(row[key])) for key in keys): float(row[value]) for row in rows}


def _differing(
    before: Mapping[tuple[str, ...], float], after: Mapping[tuple[str, ...], float], name: str
) -> Iterator[str]:
    for key, was in before.items():
        what = f"{name}: {', '.join(key)}"
        if key not in after:
            # The closer of two nearly equal systems may have become the further one.
            turned = after.get((key[1], key[0], *key[2:])) if name == PAIRS else None
            if turned is None or was + turned > TOLERANCE:
                yield f"{what} is not found any more"
        elif isnan(was) != isnan(after[key]) or abs(after[key] - was) > TOLERANCE:
            yield f"{what} was {1000 * was:.1f}, is {1000 * after[key]:.1f} (MMD² × 1000)"
