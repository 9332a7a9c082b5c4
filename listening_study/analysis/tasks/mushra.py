"""MUSHRA (ITU-R BS.1534-3): post-screening of listeners, then each system's scores, compared with the hidden reference.

Post-screening, section 4.1.2 of the recommendation. A listener is left out who

    rates the hidden reference below 90 in more than 15 % of the items, or
    rates the mid-range anchor above 90 in more than 15 % of the items; items whose mid-range anchor more than 25 % of
    all listeners rate above 90 do not count for this: there the anchor is hardly degraded.

The scores of the others are analysed as ratings (`ratings`): all clips of an item are matched. The recommendation asks
for medians and quartiles beside means, as scores crowd at the ends of the scale; the table has both.
"""

from collections.abc import Sequence

import pandas as pd

from listening_study.analysis.tasks.grids import main_trials
from listening_study.analysis.tasks.ratings import rate

REFERENCE, LOW_ANCHOR, MID_ANCHOR = "reference", "anchor 3.5 kHz", "anchor 7 kHz"
HIGH_SCORE, MOST_ITEMS, MOST_LISTENERS = 90, 0.15, 0.25

SCREENED = {
    "participant": "the listener",
    "items": "that the listener scored",
    "reference_low": "share of items in which the hidden reference was rated below 90",
    "anchor_high": "share of items that count in which the mid-range anchor was rated above 90",
    "excluded": "whether the listener is left out",
    "reason": "why; empty for listeners who are kept",
}


def screen(judgements: pd.DataFrame, reference: str = REFERENCE, anchor: str = MID_ANCHOR) -> pd.DataFrame:
    """One row per listener; SCREENED.

    judgements : columns participant, kind, item, prompt, source, value
    reference, anchor : the sources of the hidden reference and of the mid-range anchor, which may be absent

    >>> rows = [(who, str(item), "reference", 100.0 if who else 80.0) for who in range(2) for item in range(5)]
    >>> table = pd.DataFrame(rows, columns=["participant", "prompt", "source", "value"])
    >>> screen(table.assign(kind="main", item="x"))["reason"].tolist()
    ['rated the hidden reference below 90 in 100 % of the items', '']
    """
    table = main_trials(judgements)
    items = table.groupby("participant")["column"].nunique()
    references = table[table["source"] == reference]
    low = (references["value"] < HIGH_SCORE).groupby(references["participant"]).mean().reindex(items.index)
    anchors = table[table["source"] == anchor]
    rated_high = anchors["value"] > HIGH_SCORE
    hardly = rated_high.groupby(anchors["column"]).transform("mean") > MOST_LISTENERS
    counted = rated_high[~hardly]
    high = counted.groupby(anchors["participant"][~hardly]).mean().reindex(items.index)
    found = pd.DataFrame({"items": items, "reference_low": low, "anchor_high": high}).reset_index()
    found["reason"] = ["; ".join(_reasons(*pair)) for pair in zip(low, high, strict=True)]
    found["excluded"] = found["reason"] != ""
    return found[list(SCREENED)]


def _reasons(low: float, high: float) -> list[str]:
    """Not a number: there was nothing to rate, and nothing is found."""
    found = []
    if low > MOST_ITEMS:
        found.append(f"rated the hidden reference below {HIGH_SCORE} in {low:.0%} of the items".replace("%", " %"))
    if high > MOST_ITEMS:
        found.append(f"rated the mid-range anchor above {HIGH_SCORE} in {high:.0%} of the items".replace("%", " %"))
    return found


def remark(screened: pd.DataFrame) -> str:
    """How many listeners are left out, in words.

    >>> remark(pd.DataFrame({"excluded": [True, False]}))
    '1 of 2 listeners is left out by the post-screening of ITU-R BS.1534-3.'
    """
    count = int(screened["excluded"].sum())
    are = "is" if count == 1 else "are"
    return f"{count} of {len(screened)} listeners {are} left out by the post-screening of ITU-R BS.1534-3."


def score(
    judgements: pd.DataFrame,
    reference: str = REFERENCE,
    alpha: float = 0.05,
    margin: float | None = None,
    anchor: str | None = LOW_ANCHOR,
    contrasts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per source, the reference first, of listeners who pass `screen`; columns of `ratings.COLUMNS`.

    reference : what others are compared with: the hidden reference, or a system
    anchor : a source known to be bad, on which claims of equivalence depend; other anchors are compared as systems are
    contrasts : sources whose comparisons were registered; None: all but the reference and all anchors

    >>> items = [(who, str(item)) for who in range(6) for item in range(6)]
    >>> rows = [(w, i, s, v - (w * int(i)) % 5) for w, i in items for s, v in (("reference", 100.0), ("codec", 60.0))]
    >>> table = pd.DataFrame(rows, columns=["participant", "prompt", "source", "value"])
    >>> score(table.assign(kind="main", item="x", attribute="quality"))["verdict"].tolist()
    [nan, 'significant difference']
    """
    screened = screen(judgements)
    left_out = screened.loc[screened["excluded"], "participant"]
    kept = judgements[~judgements["participant"].isin(left_out)]
    if contrasts is None:
        names = kept["source"].drop_duplicates()
        contrasts = [name for name in names if name not in (reference, REFERENCE, anchor, LOW_ANCHOR, MID_ANCHOR)]
    return rate(kept, reference, alpha, margin, anchor, contrasts)
