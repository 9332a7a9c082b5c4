"""What the numbers say, in sentences: generated from the verdict, and never stronger than it.

"Differs significantly" is a permutation test after correction; its contrary is "inconclusive", not "equal", and no
sentence says so. "Higher" and "lower" rest on a test of the difference of means, "varies more" and "less" on one of the
spread. Without a test there is no conclusion, and the sentence says why. Other numbers give other words.
"""

import math
from collections.abc import Sequence

from evaluation.comparison.contrasts import ALPHA
from evaluation.comparison.phrases import phrases
from evaluation.comparison.verdict import OTHERWISE, TOO_FEW, VerdictRow, systems_in
from evaluation.distance.sentences import RANKING
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.inference import holm
from reports.content.listeners import StudyContent
from reports.content.report import ControlContent, SystemContent
from reports.content.rows import AccuracyRow, CorrelationRow, SummaryLine
from reports.findings.tables import with_interval
from reports.numbers import listed, number

MOST = 3  # differences that a sentence names


def summary(
    verdict: Sequence[VerdictRow],
    systems: Sequence[SystemContent],
    reference: str,
    *,
    near: Sequence[tuple[str, str]] = (),
    controls: Sequence[ControlContent] = (),
    accuracy: Sequence[AccuracyRow] = (),
    study: StudyContent | None = None,
    correlation: Sequence[CorrelationRow] = (),
) -> list[SummaryLine]:
    """How far each system is and who is closer, a sentence or two on the metrics of each, then on its prediction, on
    listeners, and on metrics and listeners.

    reference : what is compared with where the rows do not say it
    near : sentences on the distance in all metrics together (`evaluation.comparison.closeness.said`); who is closer is
        first, then the lines of each system
    controls : of the report: what each removes
    accuracy, study, correlation : the report's other parts
    """
    played = {system.name for system in systems if system.role == "reference"}
    removes = {control.name: control.removes for control in controls}
    said = [SummaryLine(about=about, text=words) for about, words in near]
    without: dict[tuple[str, str], list[str]] = {}  # the systems that have no conclusion, by the reason
    for name in systems_in(verdict):
        own = [row for row in verdict if row.system == name]
        other = own[0].against or reference
        if any(row.judged for row in own):
            removed = removes.get(other, ()) if name in played else None
            said.append(SummaryLine(about=name, text=on_system(name, own, other, removed)))
        else:
            without.setdefault((_why_none(own), other), []).append(name)
    for (why, other), names in without.items():
        differ = f"{listed(names)} differ{'s' * (len(names) == 1)} from {other}"
        words = f"No conclusion on whether {differ} in any one metric: {why}."
        said.append(SummaryLine(about=listed(names), text=words))
    if words := on_accuracy(accuracy):
        said.append(SummaryLine(about="Prediction", text=words))
    if study:
        heard = [*study.verdict, *(f"{block.title}. {words}" for block in study.blocks for words in block.phrases)]
        said += [SummaryLine(about="Listeners", text=f"{_synthetic(study)}{words}") for words in heard]
    if words := on_correlation(correlation):
        said.append(SummaryLine(about="Numbers and listeners", text=_synthetic(study) + words))
    order = list(dict.fromkeys(line.about for line in said))  # what is about one system stays together
    return sorted(said, key=lambda line: (line.about != RANKING, order.index(line.about)))


def on_system(name: str, rows: Sequence[VerdictRow], reference: str, removed: Sequence[str] | None = None) -> str:
    """Of one system's rows of the verdict, of which some have one.

    removed : of the reference itself, without a control: what the control that it is compared with removes of it

    >>> row = VerdictRow(system="lstm", metric="note_density", verdict="inconclusive", system_n=9, reference_n=12)
    >>> print(on_system("lstm", [row], "human").partition(" (")[0])
    lstm does not differ significantly from human in any of 1 metrics
    """
    tested = [row for row in rows if row.judged]
    differing = [row for row in tested if row.differs]
    pieces = f"{max(row.system_n or 0 for row in rows):.0f} pieces against "
    pieces += f"{max(row.reference_n or 0 for row in rows):.0f}"
    what = name if removed is None else f"{name} without a control"
    level = f"p < {ALPHA:g}, corrected for {len(tested)} tests"
    if not differing:
        return (
            f"{what} does not differ significantly from {reference} in any of {len(tested)} metrics ({level}). With "
            f"{pieces} this is inconclusive, which does not mean equal.{_still_possible(tested)}"
        )
    words = (
        f"{what} differs significantly from {reference} in {len(differing)} of {len(tested)} metrics ({level}; "
        f"{pieces})"
    )
    if plain := phrases(rows):
        words += f": {'; '.join(one.text for one in plain)}"
    furthest = sorted((row for row in differing if row.distance is not None), key=_distance, reverse=True)[:MOST]
    if furthest:
        words += f". Largest distances: {listed([_difference(row) for row in furthest])}"
    words += f". By view: {_by_view(differing, tested)}; the other metrics are inconclusive."
    flips = sum(bool(row.flips) for row in tested)
    if flips:
        words += f" With another sound, {flips} of these {len(tested)} conclusions change."
    if removed:
        words += f" The difference from {reference} is what this control removes: {listed(removed)}."
    return words


def _still_possible(tested: Sequence[VerdictRow]) -> str:
    limits = [(row.distance_high, row) for row in tested if row.distance_high is not None]
    if not limits:
        return ""
    high, widest = max(limits, key=lambda one: one[0])
    return (
        f" Distances of up to {number(high)} noise floors of {widest.size or 0:.0f} pieces "
        f"({METRICS[widest.metric].phrase}) are not ruled out."
    )


def _by_view(differing: Sequence[VerdictRow], tested: Sequence[VerdictRow]) -> str:
    def count(rows: Sequence[VerdictRow], view: str) -> int:
        return sum(METRICS[row.metric].view == view for row in rows)

    views = dict.fromkeys(METRICS[row.metric].view for row in tested)
    return ", ".join(f"{VIEWS[view].lower()} {count(differing, view)} of {count(tested, view)}" for view in views)


def on_accuracy(rows: Sequence[AccuracyRow]) -> str:
    """Whether networks predict better than baselines that know no music, by skill in nats of the next frame: where its
    test, corrected by Holm over the networks, and its interval agree. Tables of earlier versions have no test.

    >>> row = AccuracyRow(system="lstm", role="model", horizon="next", skill_nats=0.175, skill_nats_low=0.12,
    ...                   skill_nats_high=0.22, skill_nats_p=0.002)
    >>> print(on_accuracy([row]))
    lstm predicts the next frame with 17.5 % [12.0, 22.0] less cross-entropy than the best trivial baseline.
    """
    own = [row for row in rows if row.horizon == "next" and row.role != "baseline" and row.skill_nats_low is not None]
    if not own:
        return ""
    p = holm([math.nan if row.skill_nats_p is None else row.skill_nats_p for row in own])
    if all(math.isnan(one) for one in p):
        return ""
    better = [row for row, one in zip(own, p, strict=True) if one < ALPHA and (row.skill_nats_low or 0) > 0]
    if not better:
        return (
            f"None of {len(own)} networks predicts the next frame significantly better than the best trivial baseline."
        )
    first, *others = better
    words = [
        f"{first.system} predicts the next frame with {_skill(first)} less cross-entropy than the best trivial baseline"
    ]
    words += [f"{row.system} with {_skill(row)}" for row in others]
    rest = [row.system for row in own if row not in better]
    return f"{listed(words)}." + (f" Not significantly better than it: {listed(rest)}." if rest else "")


def _skill(row: AccuracyRow) -> str:
    skill, low, high = (100 * (one or 0) for one in (row.skill_nats, row.skill_nats_low, row.skill_nats_high))
    return f"{number(skill)} % [{number(low)}, {number(high)}]"


def on_correlation(rows: Sequence[CorrelationRow]) -> str:
    """Within sources only: over all clips a metric may correlate because the sources differ in it.

    >>> on_correlation([])
    ''
    >>> row = CorrelationRow(metric="note_density", clips=20, within=-0.6, within_low=-0.8, within_high=-0.2,
    ...                      within_p_holm=0.01)
    >>> print(on_correlation([row]).partition(",")[0])
    1 of 1 metrics correlates significantly with listeners’ judgements within sources
    """
    tested = [row for row in rows if row.within_p_holm is not None]
    if not tested:
        return ""
    related = [row for row in tested if (row.within_p_holm or 0) < ALPHA]
    if not related:
        return (
            f"No metric correlates significantly with listeners’ judgements within sources ({len(tested)} metrics, "
            f"{max(row.clips for row in tested)} clips); this does not show that none is related."
        )
    strongest = sorted(related, key=lambda row: abs(row.within or 0), reverse=True)[:MOST]
    named = [
        f"{METRICS[row.metric].phrase} ({with_interval(row.within, row.within_low, row.within_high, 2)})"
        for row in strongest
    ]
    return (
        f"{len(related)} of {len(tested)} metrics correlate{'s' * (len(related) == 1)} significantly with listeners’ "
        f"judgements within sources, most strongly {listed(named)}."
    )


def _why_none(rows: Sequence[VerdictRow]) -> str:
    own, others = max(row.system_pieces or 0 for row in rows), max(row.reference_pieces or 0 for row in rows)
    if min(own, others) < 2:
        return "one of them is a single piece, and nothing is inferred from single pieces"
    if any(row.note.startswith(TOO_FEW) for row in rows):
        return f"there are {TOO_FEW} of pieces for any significant difference"
    reasons = [row.note for row in rows if row.note]
    return max(set(reasons), key=reasons.count) if reasons else "no metric can be measured in enough pieces"


def _difference(row: VerdictRow) -> str:
    direction = "differs in distribution" if row.direction == OTHERWISE else row.direction
    distance = f"{with_interval(row.distance, row.distance_low, row.distance_high)} noise floors of "
    delta = "" if row.delta is None else f", δ {number(row.delta, 2)}"
    return f"{METRICS[row.metric].phrase} ({direction}; {distance}{row.size or 0:.0f} pieces{delta})"


def _distance(row: VerdictRow) -> float:
    return row.distance or 0.0


def _synthetic(study: StudyContent | None) -> str:
    return "[Synthetic answers, no listener took part] " if study and study.note else ""
