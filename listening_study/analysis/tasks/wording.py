"""The result of each comparison in words. A sentence never says more than its numbers (see `analysis.verdicts`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from listening_study.analysis.verdicts import Verdict

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Phrases:
    """What one kind of comparison says.

    pair : what is compared, "lstm and human"; different : the sentence of a significant difference, without its end
    interval : "95 % interval -0.8 to -0.2"; margin : "the margin of ±0.5 points"
    """

    pair: str
    different: str
    interval: str
    margin: str


def result(row: Row, says: Phrases, gap: str, reason: str, alpha: float) -> dict[str, str]:
    """equivalence, verdict and words of one comparison.

    row : p_holm, tost_p_holm (NaN: equivalence is not tested) and is_anchor
    gap : why there is no result at all; reason : why equivalence cannot be shown; either may be empty

    >>> says = Phrases("lstm and human", "lstm was rated lower", "95 % interval −1 to 1", "the margin of ±1 point")
    >>> row = {"p_holm": 0.3, "tost_p_holm": 0.01, "is_anchor": False}
    >>> result(row, says, "", "", 0.05)["words"]
    'lstm and human are equivalent within the margin of ±1 point (95 % interval −1 to 1).'
    """
    if gap:
        return _result(Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, f"{says.pair}: inconclusive, {gap}.")
    within = row["tost_p_holm"] < alpha
    equivalence = Verdict.EQUIVALENT if within and not reason else Verdict.INCONCLUSIVE
    if row["p_holm"] < alpha:
        small = ""
        if equivalence is Verdict.EQUIVALENT:
            small = f"; the difference is significant, but within {says.margin}"
        return _result(equivalence, Verdict.SIGNIFICANT, f"{says.different} ({says.interval}){small}.")
    if equivalence is Verdict.EQUIVALENT:
        return _result(equivalence, equivalence, f"{says.pair} are equivalent within {says.margin} ({says.interval}).")
    why = "no significant difference"
    if within:
        why = f"the difference lies within the margin, but {reason}"
    elif row["tost_p_holm"] >= alpha:  # it was tested
        why = "neither a difference nor equivalence is shown"
    return _result(equivalence, Verdict.INCONCLUSIVE, f"{says.pair}: inconclusive, {why} ({says.interval}).")


def insensitive(rows: Sequence[Row], reference: str, alpha: float) -> str:
    """Why equivalence cannot be shown; empty where it can: listeners recognised a source known to be bad.

    rows : of one attribute, with source, is_anchor, difference and p_holm

    >>> insensitive([{"source": "noise", "is_anchor": True, "difference": -2.0, "p_holm": 0.01}], "human", 0.05)
    ''
    """
    anchors = [row for row in rows if row["is_anchor"] and "p_holm" in row]
    if not anchors:
        return "no anchor registered"
    anchor = anchors[0]
    if not anchor["p_holm"] < alpha:
        return f"the anchor {anchor['source']} does not differ significantly from {reference}"
    if anchor["difference"] > 0:
        return f"the anchor {anchor['source']} was rated higher than {reference}"
    return ""


def number(value: float, digits: int) -> str:
    """With a minus sign of its own, and without one before a zero.

    >>> number(-0.514, 2), number(-0.001, 2), number(12.3, 0)
    ('−0.51', '0.00', '12')
    """
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _result(equivalence: Verdict, verdict: Verdict, words: str) -> dict[str, str]:
    return {"equivalence": str(equivalence), "verdict": str(verdict), "words": words}
