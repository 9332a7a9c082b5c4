"""What the numbers say, in sentences: generated from the verdict, and never stronger than it.

"Differs significantly" is a permutation test after correction; its contrary is "inconclusive", not "equal", and no
sentence says so. "Higher" and "lower" rest on a test of the difference of means, "varies more" and "less" on one of the
spread. Without a test there is no conclusion, and the sentence says why. Other numbers give other words.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.comparison.contrasts import ALPHA, DIFFERS, NONE, OTHERWISE, TOO_FEW
from evaluation.comparison.tables import VIEWS
from evaluation.measurement.measure import METRICS
from evaluation.statistics.inference import holm
from reports.numbers import number

MOST = 3  # differences a sentence names

Row = Mapping[str, Any]


def summary(
    verdict: Sequence[Row],
    systems: Sequence[Row],
    reference: str,
    *,
    accuracy: Sequence[Row] = (),
    study: Mapping[str, Any] | None = None,
    correlation: Sequence[Row] = (),
) -> list[dict[str, str]]:
    """A sentence or two on each system, then on its prediction, on listeners and on what they heard.

    verdict : `evaluation.comparison.contrasts.COLUMNS`, against `reference`
    systems : as in report.json: name, role, inputs
    accuracy, study, correlation : the report's other parts
    returns rows of about (the system, or what else it is on) and text
    """
    known = {system["name"]: system for system in systems}
    said = []
    untold: dict[str, list[str]] = {}
    for name in dict.fromkeys(row["system"] for row in verdict):
        own = [row for row in verdict if row["system"] == name]
        if all(row["verdict"] == NONE for row in own):
            untold.setdefault(_why_none(own), []).append(name)
            continue
        words = on_system(name, own, reference, performed=known[name]["role"] == "reference")
        said.append({"about": name, "text": words})
    for why, names in untold.items():
        words = f"No conclusion on whether {_listed(names)} differ{'s' * (len(names) == 1)} from {reference}: {why}."
        said.append({"about": _listed(names), "text": words})
    if words := on_accuracy(accuracy):
        said.append({"about": "Prediction", "text": words})
    if study:
        said += [{"about": "Listeners", "text": f"{_synthetic(study)}{words}"} for words in study["verdict"]]
    if words := on_correlation(correlation):
        said.append({"about": "Numbers and listeners", "text": _synthetic(study) + words})
    return said


def on_system(name: str, rows: Sequence[Row], reference: str, *, performed: bool = False) -> str:
    """Of one system's rows of the verdict, of which some have one.

    performed : it is the reference itself, as it was played
    """
    tested = [row for row in rows if row["verdict"] != NONE]
    told = [row for row in tested if row["verdict"] == DIFFERS]
    against = f"{max((row['system_n'] for row in rows), default=0):.0f} pieces against "
    against += f"{max((row['reference_n'] for row in rows), default=0):.0f}"
    what = f"{name}, as it was played," if performed else name
    level = f"p < {ALPHA:g}, corrected for {len(tested)} tests"
    if not told:
        return (
            f"{what} differs significantly from {reference} in none of {len(tested)} metrics ({level}). With {against} "
            f"this is inconclusive, and no proof of being equal.{_still_possible(tested)}"
        )
    words = (
        f"{what} differs significantly from {reference} in {len(told)} of {len(tested)} metrics ({level}; {against})"
    )
    furthest = sorted((row for row in told if row["distance"] is not None), key=_distance, reverse=True)[:MOST]
    if furthest:
        words += ", most in " + _listed([_difference(row) for row in furthest])
    words += f". By view: {_by_view(told, tested)}; the other metrics are inconclusive."
    flips = sum(bool(row.get("flips")) for row in tested)
    if flips:
        words += f" With another sound, {flips} of these {len(tested)} conclusions change."
    if performed:
        words += f" This is what performance adds to {reference}."
    return words


def _still_possible(tested: Sequence[Row]) -> str:
    widest = max((row for row in tested if row["distance_high"] is not None), key=_high, default=None)
    if widest is None:
        return ""
    return (
        f" Distances of up to {number(widest['distance_high'])} noise floors of {widest['size']:.0f} pieces "
        f"({_label(widest)}) are not ruled out."
    )


def _by_view(told: Sequence[Row], tested: Sequence[Row]) -> str:
    def count(rows: Sequence[Row], view: str) -> int:
        return sum(METRICS[row["metric"]].view == view for row in rows)

    views = dict.fromkeys(METRICS[row["metric"]].view for row in tested)
    return ", ".join(f"{VIEWS[view].lower()} {count(told, view)} of {count(tested, view)}" for view in views)


def on_accuracy(rows: Sequence[Row]) -> str:
    """Whether networks predict better than baselines that know no music, by skill in nats of the next frame: where its
    test, corrected by Holm over the networks, and its interval agree. Tables of versions before have no test."""
    own = [row for row in rows if row["horizon"] == "next" and row["role"] != "baseline"]
    own = [row for row in own if row.get("skill_nats_low") is not None]
    if not own:
        return ""
    p = holm([math.nan if row.get("skill_nats_p") is None else row["skill_nats_p"] for row in own])
    sure = [bool(one < ALPHA) and row["skill_nats_low"] > 0 for one, row in zip(p, own, strict=True)]
    if all(math.isnan(one) for one in p):
        return ""
    better = [row for row, said in zip(own, sure, strict=True) if said]
    if not better:
        return (
            f"None of {len(own)} networks predicts the next frame significantly better than the best trivial baseline."
        )
    named = [
        f"{row['system']} with {number(100 * row['skill_nats'])} % [{number(100 * row['skill_nats_low'])}, "
        f"{number(100 * row['skill_nats_high'])}]"
        for row in better
    ]
    words = f"The next frame is predicted by {_listed(named)} less cross-entropy than by the best trivial baseline."
    rest = [row["system"] for row in own if row not in better]
    return words + (f" Not significantly better than it: {_listed(rest)}." if rest else "")


def on_correlation(rows: Sequence[Row]) -> str:
    tested = [row for row in rows if row["within_p_holm"] is not None]
    if not tested:
        return ""
    told = [row for row in tested if row["within_p_holm"] < ALPHA]
    if not told:
        return (
            f"None of {len(tested)} metrics correlates significantly with what listeners took for human among the "
            f"clips of one source ({max(row['clips'] for row in tested):.0f} clips), which does not show that none is "
            "related."
        )
    strongest = sorted(told, key=lambda row: abs(row["within"]), reverse=True)[:MOST]
    named = [
        f"{_label(row)} ({number(row['within'], 2)} [{number(row['within_low'], 2)}, {number(row['within_high'], 2)}])"
        for row in strongest
    ]
    return (
        f"{len(told)} of {len(tested)} metrics correlate{'s' * (len(told) == 1)} significantly with what listeners "
        f"took for human among the clips of one source, most {_listed(named)}."
    )


def _why_none(rows: Sequence[Row]) -> str:
    if (
        min(
            max((row["system_pieces"] for row in rows), default=0),
            max((row["reference_pieces"] for row in rows), default=0),
        )
        < 2
    ):
        return "one of them is a single piece, and nothing is inferred from single pieces"
    if any(str(row["note"]).startswith(TOO_FEW) for row in rows):
        return f"there are {TOO_FEW} of pieces for any significant difference"
    reasons = [str(row["note"]) for row in rows if row["note"]]
    return max(set(reasons), key=reasons.count) if reasons else "no metric is there for enough pieces"


def _difference(row: Row) -> str:
    interval = (
        "" if row["distance_low"] is None else f" [{number(row['distance_low'])}, {number(row['distance_high'])}]"
    )
    how = row["how"].split(" (")[0]
    how = "differs in distribution" if how == OTHERWISE else how
    distance = f"{number(row['distance'])}{interval} noise floors of {row['size']:.0f} pieces"
    return f"{_label(row)} ({how}; {distance}, δ {number(row['delta'], 2)})"


def _label(row: Row) -> str:
    label = METRICS[row["metric"]].label
    return label[0].lower() + label[1:]


def _distance(row: Row) -> float:
    return float(row["distance"])


def _high(row: Row) -> float:
    return float(row["distance_high"])


def _synthetic(study: Mapping[str, Any] | None) -> str:
    return "[Synthetic answers, no listener took part] " if study and study["note"] else ""


def _listed(words: Sequence[str]) -> str:
    """
    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
