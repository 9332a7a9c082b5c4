"""Ratings: each system compared with a reference source on each attribute, in numbers and in words.

Beside the mean, which papers print, with an interval for other listeners and other clips (`means`), stands the
cumulative-link model of the same ratings (`cumulative_link`), which takes them as ordered and not as distances. The
verdict is about the means. p-values are corrected by Holm (1979) over all systems and attributes that are tested, each
kind of test as a family of its own. Equivalence asks for a margin and for an anchor that was recognised on the same
attribute, as in `analysis.inference`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import t as student

from evaluation.statistics.inference import holm
from listening_study.analysis.tasks.cumulative_link import Answers, finite_fit
from listening_study.analysis.tasks.grids import Array, gap, grids, heard, main_trials, pair
from listening_study.analysis.tasks.means import difference, mean
from listening_study.analysis.tasks.wording import Phrases, insensitive, number, result

MOST_CATEGORIES = 11  # different values: more are a slider's

COLUMNS = {
    "attribute": "what was rated",
    "source": "the system, or the reference",
    "reference": "the source it is compared with",
    "is_anchor": "whether it is the source known to be bad",
    "listeners": "who rated it",
    "clips": "prompts, or clips, that were rated",
    "matched": "prompts that it has in common with the reference and that the comparison uses; 0: not matched",
    "ratings": "how many there are",
    "mean": "of all ratings",
    "mean_low": "the interval of the mean at 1 - alpha",
    "mean_high": "",
    "median": "of all ratings",
    "quartile_low": "of all ratings, 25 %",
    "quartile_high": "of all ratings, 75 %",
    "difference": "from the reference, in points; adjusted for who heard what where not all heard all",
    "low": "its interval at 1 - alpha, not corrected",
    "high": "",
    "statistic": "Student's t of the difference",
    "df": "its degrees of freedom",
    "p": "two-sided, of no difference",
    "p_holm": "corrected over systems and attributes",
    "log_odds": "the cumulative-link model's difference from the reference; empty for sliders",
    "log_odds_low": "its interval at 1 - alpha, not corrected",
    "log_odds_high": "",
    "log_odds_p": "two-sided, of no difference",
    "log_odds_p_holm": "corrected over systems and attributes",
    "margin": "of equivalence, in points; empty: not tested",
    "equivalent_low": "the interval at 1 - 2 alpha that the test of equivalence compares with the margin",
    "equivalent_high": "",
    "tost_p": "of a difference outside the margin",
    "tost_p_holm": "corrected over systems and attributes",
    "equivalence": "equivalent within the margin, or inconclusive",
    "verdict": "the same, or significant difference",
    "words": "the result in words",
}


def rate(
    judgements: pd.DataFrame,
    reference: str,
    alpha: float = 0.05,
    margin: float | None = None,
    anchor: str | None = None,
    contrasts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per attribute and source, the reference first; COLUMNS, NaN where there is nothing to estimate.

    judgements : columns participant, kind, item, prompt, source, attribute, value; after exclusions
    reference : the source that others are compared with, such as the human one
    margin : of equivalence, in points
    anchor : a source known to be bad
    contrasts : sources whose comparisons were registered; None: all but the reference and the anchor

    >>> trials = [(who, source, piece) for who in range(6) for source in ("human", "lstm") for piece in range(6)]
    >>> rows = [(w, s, f"{p}", 2.0 + 2 * (s == "human") + (w + p) % 2) for w, s, p in trials]
    >>> table = pd.DataFrame(rows, columns=["participant", "source", "prompt", "value"])
    >>> table = table.assign(kind="main", item=table["source"] + table["prompt"], attribute="musicality")
    >>> rate(table, "human")["verdict"].tolist()
    [nan, 'significant difference']
    """
    table = main_trials(judgements)
    rows = []
    for attribute, own in table.groupby("attribute", sort=False):
        others = [name for name in own["source"].drop_duplicates() if name != reference]
        sources = grids(own, [reference, *others])
        odds = _log_odds(own, list(sources))
        for name in sources:
            row = {"attribute": attribute, "source": name, "reference": reference, "is_anchor": name == anchor}
            rows.append(row | _described(own.loc[own["source"] == name, "value"], sources[name], alpha))
            if name != reference:
                rows[-1] |= _compared(name, reference, sources, alpha, None if name == anchor else margin)
                rows[-1] |= _linked(odds.get(name), rows[-1]["df"], alpha)
    if contrasts is None:
        contrasts = [row["source"] for row in rows if row["source"] not in (reference, anchor)]
    corrected(rows, contrasts, ("p", "log_odds_p", "tost_p"))
    for row in rows:
        row.update(_said(row, [each for each in rows if each["attribute"] == row["attribute"]], alpha))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def corrected(rows: list[dict[str, Any]], contrasts: Sequence[str], kinds: Sequence[str]) -> None:
    """Add `<kind>_holm` to rows with a p-value of each kind: of registered contrasts over all of them, else as it is.

    >>> rows = [{"source": "a", "p": 0.02}, {"source": "b", "p": 0.03}, {"source": "anchor", "p": 0.04}]
    >>> corrected(rows, ["a", "b"], ["p"])
    >>> [row["p_holm"] for row in rows]
    [0.04, 0.04, 0.04]
    """
    registered = [row["source"] in contrasts for row in rows]
    for kind in kinds:
        family = holm([row.get(kind, np.nan) if one else np.nan for row, one in zip(rows, registered, strict=True)])
        for row, one, value in zip(rows, registered, family, strict=True):
            row[f"{kind}_holm"] = float(value) if one else row.get(kind, np.nan)


def _described(ratings: "pd.Series[float]", grid: Array, alpha: float) -> dict[str, Any]:
    listeners, clips = heard(grid)
    low, high = mean(grid).interval(1 - alpha)
    quarter, middle, three_quarters = ratings.quantile([0.25, 0.5, 0.75])
    return {
        "listeners": listeners,
        "clips": clips,
        "ratings": len(ratings),
        "mean": ratings.mean(),
        "mean_low": float(low),
        "mean_high": float(high),
        "median": middle,
        "quartile_low": quarter,
        "quartile_high": three_quarters,
    }


def _compared(
    name: str, reference: str, sources: Mapping[str, Array], alpha: float, margin: float | None
) -> dict[str, Any]:
    one, other = pair(sources[name], sources[reference])
    found = difference(one, other)
    low, high = found.interval(1 - alpha)
    narrow, wide = found.interval(1 - 2 * alpha, cautious=True)
    both = (~np.isnan(one)).any(axis=0) & (~np.isnan(other)).any(axis=0)
    return {
        "gap": gap([name, reference], [one, other]) or ("" if found.estimable else "too few answers"),
        "matched": int(both.sum()) if both.all() else 0,
        "difference": float(found.estimate),
        "low": float(low),
        "high": float(high),
        "statistic": float(found.t()),
        "df": float(found.df),
        "p": float(found.p()),
        "margin": margin,
        "equivalent_low": float(narrow),
        "equivalent_high": float(wide),
        "tost_p": float(found.p_equivalence(margin)) if margin is not None else np.nan,
    }


def _linked(found: tuple[float, float] | None, df: float, alpha: float) -> dict[str, float]:
    """found : the log odds and their standard error; df : of the difference of means, which has the same pattern."""
    odds, error = found or (np.nan, np.nan)
    reach = error * student.ppf(1 - alpha / 2, df)
    p = 2 * student.sf(abs(odds / error), df)
    return {"log_odds": odds, "log_odds_low": odds - reach, "log_odds_high": odds + reach, "log_odds_p": float(p)}


def _log_odds(own: pd.DataFrame, sources: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Of each source but the first: log odds of a higher rating than the first's, and standard error.

    One model of all sources, with effects of listeners and of listeners by source, of columns by source and, where
    sources share columns, of columns. Empty where there is only one value, or so many that they are no categories.
    """
    own = own[own["source"].isin(sources)]
    levels, category = np.unique(own["value"], return_inverse=True)
    if not 1 < len(levels) <= MOST_CATEGORIES or own["source"].nunique() < len(sources):
        return {}
    source = pd.Categorical(own["source"], categories=list(sources)).codes.astype(int)
    groups = [
        own["participant"],
        own["participant"].astype(str) + "\t" + own["source"],
        own["column"] + "\t" + own["source"],
    ]
    if own[["column", "source"]].drop_duplicates()["column"].duplicated().any():  # of several sources
        groups.append(own["column"])
    random = [_indicators(np.unique(each.to_numpy(str), return_inverse=True)[1]) for each in groups]
    found = finite_fit(Answers(category, _indicators(source).toarray()[:, 1:], random, np.eye(len(levels) - 1)))
    errors = np.sqrt(np.diag(found.covariance))
    return {
        name: (float(odds), float(error)) for name, odds, error in zip(sources[1:], found.fixed, errors, strict=True)
    }


def _indicators(group: NDArray[np.int_]) -> csr_array:
    """(values, groups): 1 where the value is of the group."""
    return csr_array((np.ones(len(group)), (np.arange(len(group)), group)))


def _said(row: dict[str, Any], same: list[dict[str, Any]], alpha: float) -> dict[str, str]:
    level = f"{(1 - alpha) * 100:g} % interval"
    digits = 0 if row["quartile_high"] > 10 else 2  # a slider, or points
    if row["source"] == row["reference"]:
        if np.isnan(row["mean_low"]):
            return {"words": f"{row['source']}, {row['attribute']}: mean {number(row['mean'], digits)}."}
        ends = f"{number(row['mean_low'], digits)} to {number(row['mean_high'], digits)}"
        return {"words": f"{row['source']}, {row['attribute']}: mean {number(row['mean'], digits)} ({level} {ends})."}
    lower = "lower" if row["difference"] < 0 else "higher"
    says = Phrases(
        pair=f"{row['source']} and {row['reference']}, {row['attribute']}",
        different=f"{row['source']} differs significantly from {row['reference']} on {row['attribute']}: "
        f"rated {number(abs(row['difference']), digits)} points {lower}",
        interval=f"{level} {number(row['low'], digits)} to {number(row['high'], digits)}",
        margin=f"the margin of ±{row['margin'] or 0:g} points",
    )
    return result(row, says, row["gap"], insensitive(same, row["reference"], alpha), alpha)
