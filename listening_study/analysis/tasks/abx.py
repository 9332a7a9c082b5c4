"""ABX: was X, which is A or B, identified more often than by chance?

Whether X is A or B is drawn by design. Where nobody hears a difference between the two, every answer is therefore
correct with probability one half, independently of all others and whatever listeners tend to answer: both tests are
exact, one-sided, and conservative only because counts are discrete (with few trials their level is below 5 %).

p            signs of listeners: of each listener's correct answers less the wrong ones, the sign is as likely + as -
             if listeners as a group do not identify X, however much they differ in the size of it. All signs are
             counted, so that one listener with a good ear is not taken for many.
p_binomial   of all answers together, which one such listener can make significant: then somebody hears a difference.
identifying  listeners whose own binomial test is significant, corrected over listeners by Holm (1979).

The interval of the share is for other listeners and other clips (`shares`). That listeners do not hear a difference
larger than the margin is claimed by an upper limit for the share, cautiously, and only where they identified an anchor.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom
from scipy.stats import t as student

from evaluation.statistics.inference import holm
from listening_study.analysis.tasks.grids import Array, grids, heard, main_trials
from listening_study.analysis.tasks.ratings import corrected
from listening_study.analysis.tasks.shares import Share, share
from listening_study.analysis.tasks.wording import Phrases, number, result

COLUMNS = {
    "source": "the system that is compared with the reference",
    "is_anchor": "whether it is the source known to be audibly different",
    "listeners": "who answered",
    "clips": "pairs of clips with answers",
    "trials": "answers",
    "correct": "answers that identified X",
    "share": "of correct answers",
    "low": "its interval at 1 - alpha for other listeners and clips, not corrected",
    "high": "",
    "identifying": "listeners who identified X significantly, corrected over listeners",
    "p_binomial": "one-sided, exact, of all answers together",
    "p": "one-sided, exact, of the signs of listeners",
    "p_holm": "corrected over systems",
    "p_binomial_holm": "corrected over systems",
    "margin": "of equivalence: of the share above one half; empty: not tested",
    "tost_p": "of a share above one half plus the margin",
    "tost_p_holm": "corrected over systems",
    "equivalence": "equivalent within the margin, or inconclusive",
    "verdict": "the same, or significant difference",
    "words": "the result in words",
}


def identify(
    judgements: pd.DataFrame,
    alpha: float = 0.05,
    margin: float | None = None,
    anchor: str | None = None,
    contrasts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per system; COLUMNS.

    judgements : columns participant, kind, item, prompt, source (the system compared with the reference), value (1
        correct, 0 wrong); after exclusions
    margin : of equivalence, of the share above one half, such as 0.1
    anchor : a source known to be audibly different
    contrasts : sources whose tests were registered; None: all but the anchor

    >>> rows = [(who, f"{clip}", 1.0) for who in range(6) for clip in range(8)]
    >>> table = pd.DataFrame(rows, columns=["participant", "prompt", "value"])
    >>> found = identify(table.assign(kind="main", item="x", source="codec")).iloc[0]
    >>> float(found["p"]), int(found["identifying"])  # six of six listeners: 1 / 2^6
    (0.015625, 6)
    """
    table = main_trials(judgements)
    rows = []
    for source, own in table.groupby("source", sort=False):
        row = {"source": source, "is_anchor": source == anchor}
        limit = None if source == anchor else margin
        rows.append(row | _tested(own, grids(own, [str(source)])[str(source)], alpha, limit))
    if contrasts is None:
        contrasts = [str(row["source"]) for row in rows if not row["is_anchor"]]
    corrected(rows, contrasts, ("p", "p_binomial", "tost_p"))
    reason = _insensitive(rows, alpha)
    for row in rows:
        row.update(_said(row, reason, alpha))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def signs_p(scores: Sequence[int]) -> float:
    """One-sided p that the sum of the scores is as large by chance, where each has either sign with probability 1/2.

    scores : correct answers less wrong ones of each listener. All assignments of signs are counted.

    >>> signs_p([3, 1, 2]), signs_p([3, -1]), signs_p([])  # of 8, one; of 4, two: 3 + 1 and 3 - 1
    (0.125, 0.5, 1.0)
    """
    chances = np.ones(1)  # of the sums -reach..reach
    for score in scores:
        size = abs(int(score))
        if size:
            wider = np.zeros(len(chances) + 2 * size)
            wider[: len(chances)] += chances / 2
            wider[2 * size :] += chances / 2
            chances = wider
    reach = len(chances) // 2
    return float(min(chances[reach + int(sum(scores)) :].sum(), 1.0))


def p_not_above(found: Share, value: float) -> Array:
    """p of the share being `value` or more, cautiously.

    >>> bool(p_not_above(share(np.tile([1.0, 0.0], (20, 10))), 0.9) < 0.05)
    True
    """
    return np.asarray(student.cdf(found.t(value, cautious=True), found.df))


def _tested(own: pd.DataFrame, grid: Array, alpha: float, margin: float | None) -> dict[str, Any]:
    listeners, clips = heard(grid)
    each = own.groupby("participant")["value"].agg(["sum", "count"])
    correct, trials = int(each["sum"].sum()), int(each["count"].sum())
    found = share(grid)
    low, high = found.interval(1 - alpha)
    singly = holm(np.asarray(binom.sf(each["sum"] - 1, each["count"], 0.5)).tolist())
    return {
        "listeners": listeners,
        "clips": clips,
        "trials": trials,
        "correct": correct,
        "share": correct / trials,
        "low": float(low),
        "high": float(high),
        "identifying": int((singly < alpha).sum()),
        "p_binomial": float(binom.sf(correct - 1, trials, 0.5)),
        "p": signs_p([int(right - (count - right)) for right, count in each.to_numpy()]),
        "margin": margin,
        "tost_p": np.nan if margin is None else float(p_not_above(found, 0.5 + margin)),
    }


def _insensitive(rows: Sequence[dict[str, Any]], alpha: float) -> str:
    anchors = [row for row in rows if row["is_anchor"]]
    if not anchors:
        return "no anchor registered"
    return "" if anchors[0]["p_holm"] < alpha else f"the anchor {anchors[0]['source']} was not identified significantly"


def _said(row: dict[str, Any], reason: str, alpha: float) -> dict[str, str]:
    count = f"{row['correct']} of {row['trials']} answers correct"
    interval = count
    if not np.isnan(row["low"]):
        interval = f"{(1 - alpha) * 100:g} % interval {number(row['low'] * 100, 0)} to {number(row['high'] * 100, 0)} %"
    says = Phrases(
        pair=f"{row['source']} and the reference",
        different=f"{row['source']} was identified significantly more often than by chance: {count}",
        interval=interval,
        margin=f"the margin of {(row['margin'] or 0) * 100:g} percentage points above one half",
    )
    found = result(row, says, "", reason, alpha)
    somebody = row["p_holm"] >= alpha > row["p_binomial_holm"]
    more = " All answers together are correct more often than by chance: some listeners heard a difference."
    return found | {"words": found["words"] + more * somebody}
