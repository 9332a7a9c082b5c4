"""The result of each contrast in words: a significant difference, equivalent within the margin, or inconclusive.

A sentence never says more than its numbers: a difference that was not found may exist, and nothing is called
equivalent unless listeners recognised the anchor, which shows that they could have heard a difference.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]  # of the table of contrasts, `inference.COLUMNS`
FEW = 5  # listeners, or clips of a source


class Verdict(StrEnum):
    """The result of one contrast."""

    SIGNIFICANT = "significant difference"
    EQUIVALENT = "equivalent within the margin"
    INCONCLUSIVE = "inconclusive"


def insensitive(rows: Sequence[Row], alpha: float) -> str:
    """Why the study cannot show equivalence; empty where it can.

    >>> anchor = {"is_anchor": True, "source": "noise", "human": "bach", "p_holm": 0.2, "difference": -0.1}
    >>> insensitive([anchor], 0.05)
    'the anchor noise does not differ significantly from bach'
    >>> insensitive([anchor | {"p_holm": 0.01}], 0.05)
    ''
    """
    anchors = [row for row in rows if row["is_anchor"]]
    if not anchors:
        return "no anchor registered"
    anchor = anchors[0]
    if not anchor["p_holm"] < alpha:
        return f"the anchor {anchor['source']} does not differ significantly from {anchor['human']}"
    if anchor["difference"] > 0:
        return f"the anchor {anchor['source']} was called human more often than {anchor['human']}"
    return ""


def judged(row: Row, gap: str, reason: str, alpha: float) -> dict[str, str]:
    """equivalence, verdict and words of one contrast.

    gap : why there is no result at all; reason : why equivalence cannot be shown; either may be empty

    >>> row = {"source": "lstm", "human": "bach", "difference": -0.3, "low": -0.45, "high": -0.12, "margin": 0.1}
    >>> judged(row | {"p_holm": 0.001, "tost_p_holm": 0.9}, "", "", 0.05)["words"]
    'lstm differs significantly from bach: called human 30 percentage points less often (95 % interval −45 to −12).'
    """
    pair = f"{row['source']} and {row['human']}"
    if gap:
        return _result(Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, f"{pair}: inconclusive, {gap}.")
    within = row["tost_p_holm"] < alpha  # the anchor has none
    equivalence = Verdict.EQUIVALENT if within and not reason else Verdict.INCONCLUSIVE
    margin = f"the margin of ±{row['margin'] * 100:g} percentage points"
    interval = f"{(1 - alpha) * 100:g} % interval {_signed(row['low'])} to {_signed(row['high'])}"
    if row["p_holm"] < alpha:
        points = (
            f"{abs(row['difference']) * 100:.0f} percentage points {'less' if row['difference'] < 0 else 'more'} often"
        )
        words = f"{row['source']} differs significantly from {row['human']}: called human {points} ({interval})"
        small = f"; the difference is significant, but within {margin}" if equivalence is Verdict.EQUIVALENT else ""
        return _result(equivalence, Verdict.SIGNIFICANT, f"{words}{small}.")
    if equivalence is Verdict.EQUIVALENT:
        return _result(equivalence, equivalence, f"{pair} are equivalent within {margin} ({interval}).")
    why = (
        f"the difference lies within the margin, but {reason}"
        if within
        else "neither a difference nor equivalence is shown"
    )
    if row["is_anchor"]:
        why = "no significant difference"
    return _result(equivalence, Verdict.INCONCLUSIVE, f"{pair}: inconclusive, {why} ({interval}).")


def notes(rows: Sequence[Row], gaps: Sequence[str], reason: str, alpha: float) -> tuple[str, ...]:
    """Remarks on the study as a whole, each once. `gaps` and `reason` as in `judged`, one gap for each row.

    >>> row = {"source": "lstm", "human": "bach", "listeners": 3, "clips": 9, "human_clips": 9}
    >>> row |= {"p_system": 0.4, "p_human": 0.7, "p_holm": 0.2, "p_permutation_holm": 0.3}
    >>> notes([row], [""], "", 0.05)
    ('Fewer than five listeners: the results say little about other listeners.',)
    """
    found = [f"Equivalence cannot be shown: {reason}."] if reason else []
    complete = [row for row, gap in zip(rows, gaps, strict=True) if not gap]
    if any(row["listeners"] < FEW for row in complete):
        found.append("Fewer than five listeners: the results say little about other listeners.")
    if any(min(row["clips"], row["human_clips"]) < FEW for row in complete):
        found.append("Fewer than five clips of a source: the results say little about other music.")
    for row in complete:
        shares = {row["human"]: row["p_human"], row["source"]: row["p_system"]}
        found += [
            f"All answers about {name} were the same: they do not show how much clips and listeners differ."
            for name, share in shares.items()
            if share in (0.0, 1.0)
        ]
        if (row["p_holm"] < alpha) != (row["p_permutation_holm"] < alpha):
            found.append(
                f"{row['source']}: the crossed model (p = {row['p_holm']:.3g}) and the permutation of clips "
                f"(p = {row['p_permutation_holm']:.3g}) disagree; the permutation test is about these listeners only."
            )
    return tuple(dict.fromkeys(found))


def _result(equivalence: Verdict, verdict: Verdict, words: str) -> dict[str, str]:
    return {"equivalence": str(equivalence), "verdict": str(verdict), "words": words}


def _signed(share: float) -> str:
    return f"{share * 100:+.0f}".replace("-", "−")
