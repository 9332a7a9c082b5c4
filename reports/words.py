"""What the numbers say, in sentences: generated from the verdict, and never stronger than it.

"Told apart" is a permutation test after correction; its contrary is not "alike", and no sentence says so. Without a
test there is no conclusion, and the sentence says why. Other numbers give other words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.comparison import ALPHA, DIFFERS, NONE, TOO_FEW
from evaluation.measures import METRICS
from reports.findings import number

VIEWS = {
    "loudness": "Loudness",
    "envelope": "Time domain (Figure 3)",
    "spectrum": "Frequency domain (Figure 4)",
    "sonogram": "Change over time (Figure 5)",
    "structure": "Structure of the sound",
    "symbolic": "Notes (Figure 1)",
    "repetition": "Repetition",
}
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

    verdict : `evaluation.comparison.COLUMNS`, against `reference`
    systems : as in report.json: name, role, inputs
    accuracy, study, correlation : the report's other parts
    returns rows of about (the system, or what else it is on) and text
    """
    known = {system["name"]: system for system in systems}
    tests = sum(row["p"] is not None for row in verdict)
    said = []
    untold: dict[str, list[str]] = {}
    for name in dict.fromkeys(row["system"] for row in verdict):
        own = [row for row in verdict if row["system"] == name]
        if all(row["verdict"] == NONE for row in own):
            untold.setdefault(_why_none(own), []).append(name)
            continue
        words = on_system(name, own, reference, tests, performed=known[name]["role"] == "reference")
        said.append({"about": name, "text": words})
    for why, names in untold.items():
        words = f"Whether {_listed(names)} differ{'s' * (len(names) == 1)} from {reference} cannot be told: {why}."
        said.append({"about": _listed(names), "text": words})
    if words := on_accuracy(accuracy):
        said.append({"about": "Prediction", "text": words})
    if study:
        said += [{"about": "Listeners", "text": f"{_synthetic(study)}{words}"} for words in study["verdict"]]
    if words := on_correlation(correlation):
        said.append({"about": "Numbers and listeners", "text": _synthetic(study) + words})
    return said


def on_system(name: str, rows: Sequence[Row], reference: str, tests: int, *, performed: bool = False) -> str:
    """Of one system's rows of the verdict, of which some have one.

    tests : how many the verdict was corrected for; performed : it is the reference itself, as it was played
    """
    tested = [row for row in rows if row["verdict"] != NONE]
    told = [row for row in tested if row["verdict"] == DIFFERS]
    against = f"{max((row['system_n'] for row in rows), default=0):.0f} pieces against "
    against += f"{max((row['reference_n'] for row in rows), default=0):.0f}"
    what = f"{name}, as it was played," if performed else name
    level = f"p < {ALPHA:g}, corrected for {tests} tests"
    if not told:
        widest = max((row for row in tested if row["distance_high"] is not None), key=_high, default=None)
        still = (
            f" Distances of up to {number(widest['distance_high'])} noise floors ({_label(widest)}) are not ruled out."
            if widest
            else ""
        )
        return (
            f"{what} is told apart from {reference} in none of {len(tested)} figures ({level}). With {against} this is "
            f"no proof of being alike.{still}"
        )
    words = f"{what} is told apart from {reference} in {len(told)} of {len(tested)} figures ({level}; {against})"
    furthest = sorted((row for row in told if row["distance"] is not None), key=_distance, reverse=True)[:MOST]
    if furthest:
        words += ", furthest in " + _listed([_difference(row) for row in furthest])
    words += "."
    by_view = [
        f"{VIEWS[view].split(' (')[0].lower()} {sum(METRICS[row['metric']].view == view for row in told)} of "
        f"{sum(METRICS[row['metric']].view == view for row in tested)}"
        for view in dict.fromkeys(METRICS[row["metric"]].view for row in tested)
    ]
    words += f" By view: {', '.join(by_view)}; what is not told apart is not shown to be alike."
    flips = sum(bool(row.get("flips")) for row in tested)
    if flips:
        words += f" With another sound, {flips} of these {len(tested)} come out otherwise."
    if performed:
        words += " That is what performance adds, and what music without velocities must not be held against."
    return words


def on_accuracy(rows: Sequence[Row]) -> str:
    """Whether networks predict better than baselines that know no music, by skill in nats of the next frame."""
    own = [row for row in rows if row["horizon"] == "next" and row["role"] != "baseline"]
    own = [row for row in own if row.get("skill_nats_low") is not None]
    if not own:
        return ""
    better = [row for row in own if row["skill_nats_low"] > 0]
    if not better:
        return f"None of {len(own)} networks is shown to predict better than the best baseline that knows no music."
    named = [
        f"{row['system']} {number(100 * row['skill_nats'])} % [{number(100 * row['skill_nats_low'])}, "
        f"{number(100 * row['skill_nats_high'])}]"
        for row in better
    ]
    words = "Of the nats of the best baseline that knows no music, the next frame costs less by " + _listed(named) + "."
    rest = [row["system"] for row in own if row not in better]
    return words + (f" Not shown to predict better than it: {_listed(rest)}." if rest else "")


def on_correlation(rows: Sequence[Row]) -> str:
    tested = [row for row in rows if row["within_p_holm"] is not None]
    if not tested:
        return ""
    told = [row for row in tested if row["within_p_holm"] < ALPHA]
    if not told:
        return (
            f"None of {len(tested)} figures is shown to go with what listeners took for human among the clips of one "
            f"source ({max(row['clips'] for row in tested):.0f} clips); that they do not is not shown either."
        )
    strongest = sorted(told, key=lambda row: abs(row["within"]), reverse=True)[:MOST]
    named = [
        f"{_label(row)} ({number(row['within'], 2)} [{number(row['within_low'], 2)}, {number(row['within_high'], 2)}])"
        for row in strongest
    ]
    return (
        f"{len(told)} of {len(tested)} figures go with what listeners took for human among the clips of one source, "
        f"most of all {_listed(named)}."
    )


def _why_none(rows: Sequence[Row]) -> str:
    if (
        min(
            max((row["system_pieces"] for row in rows), default=0),
            max((row["reference_pieces"] for row in rows), default=0),
        )
        < 2
    ):
        return "one of them is a single piece, and from songs nothing is inferred"
    if any(str(row["note"]).startswith(TOO_FEW) for row in rows):
        return TOO_FEW
    reasons = [str(row["note"]) for row in rows if row["note"]]
    return max(set(reasons), key=reasons.count) if reasons else "no figure has pieces enough"


def _difference(row: Row) -> str:
    interval = (
        "" if row["distance_low"] is None else f" [{number(row['distance_low'])}, {number(row['distance_high'])}]"
    )
    return f"{_label(row)} ({row['how'].split(' (')[0]}; {number(row['distance'])}{interval} noise floors)"


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
