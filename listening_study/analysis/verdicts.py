"""What was found, in words: told apart, equivalent within the margin, or neither can be told.

A sentence never says more than its figures: that a difference was not found is not said to be its absence, and nothing
is called equivalent in a study that was not shown able to hear a difference.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]  # of the table of contrasts, `inference.COLUMNS`
FEW = 5  # listeners, or clips of a source


class Verdict(StrEnum):
    """What can be said of one contrast."""

    TOLD_APART = "told apart"
    EQUIVALENT = "equivalent within the margin"
    UNKNOWN = "cannot be told"


def insensitive(rows: Sequence[Row], alpha: float) -> str:
    """Why the study cannot show equivalence; empty where it can."""
    anchors = [row for row in rows if row["is_anchor"]]
    if not anchors:
        return "no anchor registered"
    anchor = anchors[0]
    if not anchor["p_holm"] < alpha:
        return f"the anchor {anchor['source']} was not told apart from {anchor['human']}"
    if anchor["difference"] > 0:
        return f"the anchor {anchor['source']} was called human more often than {anchor['human']}"
    return ""


def judged(row: Row, gap: str, reason: str, alpha: float) -> dict[str, str]:
    """equivalence, verdict and words of one contrast.

    gap : why nothing at all can be told; reason : why equivalence cannot; either may be empty
    """
    pair = f"{row['source']} and {row['human']}"
    if gap:
        return _result(Verdict.UNKNOWN, Verdict.UNKNOWN, f"{pair}: cannot be told, {gap}.")
    within = row["tost_p_holm"] < alpha  # the anchor has none
    equivalence = Verdict.EQUIVALENT if within and not reason else Verdict.UNKNOWN
    margin = f"the margin of ±{row['margin'] * 100:g} percentage points"
    interval = f"{(1 - alpha) * 100:g} % interval {_signed(row['low'])} to {_signed(row['high'])}"
    if row["p_holm"] < alpha:
        points = (
            f"{abs(row['difference']) * 100:.0f} percentage points {'less' if row['difference'] < 0 else 'more'} often"
        )
        words = f"{row['source']} was told apart from {row['human']}: called human {points} ({interval})"
        small = f"; the difference is sure, but within {margin}" if equivalence is Verdict.EQUIVALENT else ""
        return _result(equivalence, Verdict.TOLD_APART, f"{words}{small}.")
    if equivalence is Verdict.EQUIVALENT:
        return _result(equivalence, equivalence, f"{pair} are equivalent within {margin} ({interval}).")
    why = (
        f"the difference lies within the margin, but {reason}"
        if within
        else "neither a difference nor its absence is sure"
    )
    if row["is_anchor"]:
        why = "a difference is not sure"
    return _result(equivalence, Verdict.UNKNOWN, f"{pair}: cannot be told, {why} ({interval}).")


def notes(rows: Sequence[Row], gaps: Sequence[str], reason: str, alpha: float) -> tuple[str, ...]:
    """Sentences on the whole, each once."""
    found = [f"Equivalence cannot be told: {reason}."] if reason else []
    told = [row for row, gap in zip(rows, gaps, strict=True) if not gap]
    if any(row["listeners"] < FEW for row in told):
        found.append("Too few listeners to say much about others: fewer than five.")
    if any(min(row["clips"], row["human_clips"]) < FEW for row in told):
        found.append("Too few clips to say much about other music: fewer than five of a source.")
    for row in told:
        shares = {row["human"]: row["p_human"], row["source"]: row["p_system"]}
        found += [
            f"All answers about {name} were the same: they do not show how much clips and listeners differ."
            for name, share in shares.items()
            if share in (0.0, 1.0)
        ]
        if (row["p_holm"] < alpha) != (row["p_permutation_holm"] < alpha):
            found.append(
                f"{row['source']}: the crossed model (p = {row['p_holm']:.3g}) and the permutation of clips "
                f"(p = {row['p_permutation_holm']:.3g}) disagree; the latter speaks of these listeners only."
            )
    return tuple(dict.fromkeys(found))


def _result(equivalence: Verdict, verdict: Verdict, words: str) -> dict[str, str]:
    return {"equivalence": str(equivalence), "verdict": str(verdict), "words": words}


def _signed(share: float) -> str:
    return f"{share * 100:+.0f}".replace("-", "−")
