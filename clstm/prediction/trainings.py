"""Several trainings of one network: which predicts better, with trainings counted and not only pieces.

Each training is one model, scored as every other. Two networks with five trainings or more each are compared by Welch's
t on the trainings' values; the pieces are the same for all. Whether that holds for other pieces too is another
question, which the groups of pieces answer (`accuracy.differences`): of each network the counts of its trainings are
added up, as if they were one model. A direction needs both.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clstm import pretrained
from clstm.prediction import accuracy
from clstm.prediction.advantage import is_reversed
from clstm.prediction.scores import COLUMNS as COUNTED
from clstm.runtime.errors import UserError

FEWEST = 5  # trainings of a network for a test
COLUMNS = ("horizon", "metric", "system")
BETWEEN = "/"  # between a network's name and its training's
METRICS = ("nats", "accuracy", "f1_at_threshold", "joint_nats")
SAID = {"nats": (1, "nats per frame"), "accuracy": (100, "% accuracy"), "joint_nats": (1, "joint nats per frame")}


def runs_of(given: Sequence[str], *, replicates: bool) -> tuple[dict[str, Path], dict[str, str]]:
    """The runs of a command line by name, and which network each is a training of.

    given : a run, or NAME=DIR whose sub-folders are runs. Raises `UserError` for anything else.
    """
    runs: dict[str, Path] = {}
    networks: dict[str, str] = {}
    for one in given:
        name, equals, folder = one.partition("=")
        if not equals or Path(one).exists():
            path = pretrained.find(one)
            own = {path.name: path}
        else:
            own = _trainings(" ".join(name.split()), Path(folder), replicates=replicates)
            networks |= dict.fromkeys(own, " ".join(name.split()))
        if twice := set(own) & set(runs):
            raise UserError(f"two systems are called {min(twice)}, and a run has its folder's name; rename one")
        runs |= own
    return runs, networks


def _trainings(name: str, folder: Path, *, replicates: bool) -> dict[str, Path]:
    if not replicates:
        raise UserError(f"{name}={folder}: several trainings of one network need --replicates; or name a run")
    found = sorted(one.parent for one in folder.glob("*/config.json"))
    if not name or not found:
        raise UserError(f"{name}={folder} holds no runs; give NAME=DIR whose sub-folders are runs of `clstm train`")
    return {f"{name}{BETWEEN}{run.name}": run for run in found}


def compare(counts: pd.DataFrame, networks: dict[str, str], seed: int = 0) -> pd.DataFrame:
    """One row per horizon, metric and network, and per pair of networks.

    counts : of `accuracy.count`; networks : the network of each system that is a training of one. Columns: horizon,
    metric, system, kind, other, other_kind ("" of one network), trainings, other_trainings, value (the mean of the
    trainings, or the difference), sd (between trainings), low, high, p, freedom (Welch's t), pieces_low, pieces_high,
    pieces_p (of groups of pieces). Without five trainings each, interval and p are missing. A metric that a network has
    not is left out: joint nats of all nine frames, cells of networks that draw notes.
    """
    each = accuracy.summarise(counts[counts["system"].isin(networks) | (counts["role"] == "baseline")], seed)
    each = each[each["system"].isin(networks)].assign(network=lambda table: table["system"].map(networks))
    together = accuracy.differences(_together(counts, networks), seed)
    rows = []
    for horizon, own in each.groupby("horizon", sort=False):
        names = list(dict.fromkeys(own["network"]))
        kinds = {name: str(own.loc[own["network"] == name, "kind"].iloc[0]) for name in names}
        pairs = [
            pair[::-1] if not is_reversed(kinds[pair[1]], kinds[pair[0]]) else pair for pair in combinations(names, 2)
        ]
        for metric in METRICS:
            each_has = {name: own.loc[own["network"] == name, metric].to_numpy(float) for name in names}
            values = {name: found for name, found in each_has.items() if not np.isnan(found).any()}
            about = {"horizon": horizon, "metric": metric}
            rows += [about | {"system": name, "kind": kinds[name]} | _mean(found) for name, found in values.items()]
            for one, other in (pair for pair in pairs if values.keys() >= set(pair)):
                row = about | {"system": one, "kind": kinds[one], "other": other, "other_kind": kinds[other]}
                rows.append(row | _difference(values[one], values[other]) | _of_pieces(together, row))
    return pd.DataFrame(rows)


def _together(counts: pd.DataFrame, networks: dict[str, str]) -> pd.DataFrame:
    """The counts of each network, its trainings added up."""
    own = counts[counts["system"].isin(networks)]
    own = own.assign(system=own["system"].map(networks), threshold=np.nan, fixed_on="")
    keys = [name for name in own.columns if name not in (*COUNTED, "windows", "threshold", "fixed_on")]
    sums = [name for name in (*COUNTED, "windows") if name in own]
    summed = own.groupby(keys, sort=False)[sums].sum(min_count=1).reset_index()
    return summed.assign(threshold=np.nan, fixed_on="")


def _mean(values: np.ndarray) -> dict[str, object]:
    sd = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    return {"other": "", "other_kind": "", "trainings": len(values), "value": float(values.mean()), "sd": sd}


def _difference(one: np.ndarray, other: np.ndarray) -> dict[str, object]:
    from scipy.stats import ttest_ind

    found: dict[str, object] = {"trainings": len(one), "other_trainings": len(other)}
    found["value"] = float(one.mean() - other.mean())
    if min(len(one), len(other)) < FEWEST or not np.ptp(one) + np.ptp(other) > 0:
        return found
    test = ttest_ind(one, other, equal_var=False)
    low, high = test.confidence_interval()
    return found | {"low": float(low), "high": float(high), "p": float(test.pvalue), "freedom": float(test.df)}


def _of_pieces(together: pd.DataFrame, row: dict[str, object]) -> dict[str, float]:
    """The interval and p over groups of pieces, in the direction of the row."""
    metric = str(row["metric"])
    for sign, one, other in ((1, row["system"], row["other"]), (-1, row["other"], row["system"])):
        at = (together["horizon"] == row["horizon"]) & (together["system"] == one) & (together["other"] == other)
        if at.any():
            found = together[at].iloc[0]
            ends = sorted(sign * float(found[f"{metric}_{end}"]) for end in ("low", "high"))
            return {"pieces_low": ends[0], "pieces_high": ends[1], "pieces_p": float(found[f"{metric}_p"])}
    return {}


def sentences(table: pd.DataFrame) -> list[str]:
    """What follows for the next frame, one line per network and pair."""
    said = []
    for row in table[table["horizon"] == "next"].to_dict("records"):
        scale, unit = SAID.get(row["metric"], (0, ""))
        if not scale:
            continue
        if not row["other"]:
            spread = (
                f" (SD {scale * row['sd']:.2g})" if row["trainings"] > 1 else ", one training: it is that training's"
            )
            said.append(f"{row['system']}, {row['trainings']} trainings: {scale * row['value']:.3f} {unit}{spread}.")
        else:
            said.append(_on_pair(row, scale, unit.removeprefix("% ")))
    return said


def _on_pair(row: Mapping[Any, Any], scale: float, unit: str) -> str:
    value, low, high, p = (float(str(row.get(name, np.nan))) for name in ("value", "low", "high", "p"))
    what = f"{row['system']} less {row['other']}, {unit}: {scale * value:+.3f}"
    if np.isnan(p):
        return f"{what}; no verdict between trainings, which needs {FEWEST} of each."
    known = "significant" if p < 0.05 else "inconclusive"
    return (
        f"{what} [{scale * low:+.3f}, {scale * high:+.3f}], Welch's t between trainings, p = {p:.2g}: {known}; over "
        f"groups of pieces p = {float(str(row['pieces_p'])):.2g}."
    )
