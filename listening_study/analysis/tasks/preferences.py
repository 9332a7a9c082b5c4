"""Preferences: how often each system is preferred to each other one, and what the systems are worth.

A pair is tested on the share of its comparisons in which the one system is preferred, "no difference" being half of
one, for other listeners and other clips (`shares`); p-values are corrected by Holm (1979) over the pairs registered.
The systems' worths and intervals of ranks come from all comparisons together (`worths`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from evaluation.statistics.inference import holm
from listening_study.analysis.tasks.grids import gap, grids, heard, main_trials
from listening_study.analysis.tasks.shares import share
from listening_study.analysis.tasks.wording import Phrases, number, result
from listening_study.analysis.tasks.worths import Comparisons, Worths, worths

PAIRS = {
    "source": "one system",
    "other": "the system it is compared with",
    "is_anchor": "whether one of the two is the source known to be bad",
    "listeners": "who compared them",
    "clips": "prompts, or pairs of clips",
    "trials": "comparisons",
    "no_difference": "comparisons answered so",
    "share": "of comparisons in which `source` was preferred; no difference counts half",
    "low": "its interval at 1 - alpha for other listeners and clips, not corrected",
    "high": "",
    "statistic": "Student's t of the share against one half",
    "df": "its degrees of freedom",
    "p": "two-sided, of a share of one half",
    "p_holm": "corrected over pairs",
    "margin": "of equivalence, of the share around one half; empty: not tested",
    "tost_p": "of a share outside the margin",
    "tost_p_holm": "corrected over pairs",
    "equivalence": "equivalent within the margin, or inconclusive",
    "verdict": "the same, or significant difference",
    "words": "the result in words",
}
SYSTEMS = {
    "source": "the system",
    "comparisons": "in which it was heard",
    "worth": "log-odds of being preferred, relative to the mean of all systems",
    "low": "its interval at 1 - alpha, not corrected",
    "high": "",
    "rank": "by worth, from 1",
    "rank_low": "the simultaneous interval of ranks of all systems at 1 - alpha",
    "rank_high": "",
    "words": "the result in words",
}


@dataclass(frozen=True)
class Preferences:
    """pairs : one row per pair, PAIRS; systems : one row per system, SYSTEMS; model : of all comparisons together."""

    pairs: pd.DataFrame
    systems: pd.DataFrame
    model: Worths | None


def prefer(
    judgements: pd.DataFrame,
    alpha: float = 0.05,
    margin: float | None = None,
    anchor: str | None = None,
    contrasts: Sequence[tuple[str, str]] | None = None,
) -> Preferences:
    """Pairs in order of appearance.

    judgements : two rows per comparison: columns participant, trial, kind, item, prompt, position, source, value (1
        preferred, 0 not, 0.5 no difference); after exclusions
    margin : of equivalence, of the share around one half, such as 0.1
    anchor : a source known to be bad; equivalence asks that it is preferred significantly less often than every other
        source that it was compared with
    contrasts : pairs whose tests were registered; None: all without the anchor

    >>> heard = [(who, trial, source) for who in range(8) for trial in range(8) for source in "ab"]
    >>> rows = [(w, t, 1 + (s == "b"), s, float((s == "b") != (w == t))) for w, t, s in heard]
    >>> table = pd.DataFrame(rows, columns=["participant", "trial", "position", "source", "value"])
    >>> found = prefer(table.assign(kind="main", item=table["trial"], prompt=""))
    >>> found.pairs["share"].tolist(), found.pairs["verdict"].tolist(), found.systems["rank_high"].tolist()
    ([0.125], ['significant difference'], [2.0, 1.0])
    """
    made = _comparisons(judgements)
    names = list(dict.fromkeys([*made["source"], *made["other"]]))
    rows = [
        {"source": one, "other": other, "is_anchor": anchor in (one, other)}
        | _tested(made, one, other, alpha, None if anchor in (one, other) else margin)
        for one, other in combinations(names, 2)
    ]
    rows = [row for row in rows if row["trials"]]
    for kind in ("p", "tost_p"):
        registered = [
            not row["is_anchor"]
            if contrasts is None
            else {(row["source"], row["other"]), (row["other"], row["source"])} & set(contrasts)
            for row in rows
        ]
        family = holm([row[kind] if one else np.nan for row, one in zip(rows, registered, strict=True)])
        for row, one, value in zip(rows, registered, family, strict=True):
            row[f"{kind}_holm"] = float(value) if one else row[kind]
    reason = _insensitive(rows, anchor, alpha)
    for row in rows:
        row.update(_said(row, reason, alpha))
    systems, model = _systems(made, names, alpha)
    return Preferences(pd.DataFrame(rows, columns=list(PAIRS)), systems, model)


def _comparisons(judgements: pd.DataFrame) -> pd.DataFrame:
    """One row per comparison: participant, column, source (heard first), other, value (of the first)."""
    table = main_trials(judgements).sort_values(["participant", "trial", "position"], kind="stable")
    first, second = (
        table.groupby(["participant", "trial"], sort=False).nth(place).set_index(["participant", "trial"])
        for place in (0, 1)
    )
    both = first.join(second[["source"]].rename(columns={"source": "other"}), how="inner").reset_index()
    return both.loc[both["source"] != both["other"], ["participant", "column", "source", "other", "value"]]


def _tested(made: pd.DataFrame, one: str, other: str, alpha: float, margin: float | None) -> dict[str, Any]:
    straight = made[(made["source"] == one) & (made["other"] == other)]
    turned = made[(made["source"] == other) & (made["other"] == one)]
    own = pd.concat([straight, turned.assign(source=one, other=other, value=1 - turned["value"])])
    grid = grids(own, [one])[one]
    listeners, clips = heard(grid)
    found = share(grid)
    low, high = found.interval(1 - alpha)
    return {
        "gap": gap([one], [grid]) or ("" if found.estimable else "too few answers"),
        "listeners": listeners,
        "clips": clips,
        "trials": len(own),
        "no_difference": int((own["value"] == 0.5).sum()),
        "share": own["value"].mean(),
        "low": float(low),
        "high": float(high),
        "statistic": float(found.t()),
        "df": float(found.df),
        "p": float(found.p()),
        "margin": margin,
        "tost_p": np.nan if margin is None else float(found.p_equivalence(margin)),
    }


def _insensitive(rows: Sequence[dict[str, Any]], anchor: str | None, alpha: float) -> str:
    """Why equivalence cannot be shown; empty where it can."""
    if not any(row["is_anchor"] for row in rows):
        return "no anchor registered"
    for row in rows:
        if row["is_anchor"]:
            other, worse = (
                (row["other"], row["share"] < 0.5) if row["source"] == anchor else (row["source"], row["share"] > 0.5)
            )
            if not (row["p_holm"] < alpha and worse):
                return f"the anchor {anchor} was not preferred significantly less often than {other}"
    return ""


def _said(row: dict[str, Any], reason: str, alpha: float) -> dict[str, str]:
    one, other = row["source"], row["other"]
    better, worse = (one, other) if row["share"] >= 0.5 else (other, one)
    ends = sorted(end if better == one else 1 - end for end in (row["low"], row["high"]))
    percent = max(row["share"], 1 - row["share"]) * 100
    says = Phrases(
        pair=f"{one} and {other}",
        different=f"{better} was preferred significantly to {worse}: in {number(percent, 0)} % of comparisons",
        interval=f"{(1 - alpha) * 100:g} % interval of the share of {better} "
        f"{number(ends[0] * 100, 0)} to {number(ends[1] * 100, 0)} %",
        margin=f"the margin of ±{(row['margin'] or 0) * 100:g} percentage points about one half",
    )
    return result(row, says, row["gap"], reason, alpha)


def _systems(made: pd.DataFrame, names: Sequence[str], alpha: float) -> tuple[pd.DataFrame, Worths | None]:
    if not len(made):
        return pd.DataFrame(columns=list(SYSTEMS)), None
    number_of = {name: place for place, name in enumerate(names)}
    model = worths(
        Comparisons(
            np.array([number_of[name] for name in made["source"]], dtype=np.intp),
            np.array([number_of[name] for name in made["other"]], dtype=np.intp),
            made["value"].to_numpy(np.float64),
            *(np.unique(made[name], return_inverse=True)[1] for name in ("participant", "column")),
        ),
        len(names),
        alpha,
    )
    heard_in = pd.concat([made["source"], made["other"]]).value_counts()
    order = pd.Series(-model.worth).rank(method="min")
    rows = []
    for place, name in enumerate(names):
        low, high = model.rank_low[place], model.rank_high[place]
        words = f"{name}: no rank, the comparisons do not connect all systems."
        if not np.isnan(low):
            ranks = f"rank {low:.0f}" if low == high else f"rank {low:.0f} to {high:.0f}"
            words = f"{name}: {ranks} of {len(names)} (simultaneous {(1 - alpha) * 100:g} % intervals of ranks)."
        values = (model.worth[place], model.low[place], model.high[place], order[place], low, high)
        rows.append((name, int(heard_in[name]), *values, words))
    return pd.DataFrame(rows, columns=list(SYSTEMS)), model
