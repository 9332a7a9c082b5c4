"""Where each system stands, in few words: the report's first screen.

"Differs" and "closest" are significant tests; all else is inconclusive, and is called so. A phrase such as "brighter"
rests on the significant test of one metric (`evaluation.comparison.phrases`).
"""

from collections.abc import Sequence

from evaluation.comparison.phrases import phrases
from evaluation.comparison.verdict import VerdictRow, systems_in
from evaluation.distance.sentences import rank, thousandths
from evaluation.distance.space import JOINT
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.ranks import ALPHA
from reports.content.rows import DistanceRow, PairRow
from reports.content.standing import FirstScreen, Known, PhrasePart, Standing, ViewStanding
from reports.numbers import listed

NAMED = 3  # systems that a sentence names, in this many letters together; of more, their number
LETTERS = 48
SINGLE = "a single piece: nothing is inferred"


def first_screen(
    reference: str,
    verdict: Sequence[VerdictRow],
    distances: Sequence[DistanceRow],
    pairs: Sequence[PairRow],
    systems: Sequence[str] = (),
) -> FirstScreen:
    """The question, the answer, what is open, and every system's standing, the closest first.

    reference : as the user named it; systems : all but it and its controls, in their order
    verdict, distances, pairs : the report's tables
    """
    names = list(dict.fromkeys([*systems, *systems_in(verdict)]))
    found = [_standing(name, reference, verdict, distances) for name in names]
    found = [one for one in found if one.ranked or not _is_the_same(one)]
    order = _order(distances)
    found.sort(key=lambda one: (not one.ranked, one.distance is None, order.get(one.system, 0.0)))
    ranked = [one for one in found if one.ranked]
    return FirstScreen(
        question=_question(ranked, reference),
        answer=_answer(ranked, reference),
        open=_open(ranked, pairs),
        standings=tuple(found),
    )


def _is_the_same(one: Standing) -> bool:
    """Of the reference as it is: whether its control changes nothing."""
    return not one.distance and not one.high and not one.differing


def _order(distances: Sequence[DistanceRow]) -> dict[str, float]:
    """Each system's distance, where ranked under the same limits, that one."""
    rows = [row for row in distances if row.space == JOINT and not row.without_control]
    values = {row.system: row.distance if row.ranked_distance is None else row.ranked_distance for row in rows}
    return {system: value for system, value in values.items() if value is not None}


def _standing(name: str, reference: str, verdict: Sequence[VerdictRow], distances: Sequence[DistanceRow]) -> Standing:
    rows = [row for row in verdict if row.system == name]
    tested = [row for row in rows if row.judged]
    own = {row.space: row for row in distances if row.system == name and not row.without_control}
    whole = own.get(JOINT)
    common = {
        "system": name,
        "against": next((row.against for row in rows if row.against), whole.against if whole else reference),
        "ranked": name != reference,
        "pieces": int(max((row.system_pieces or 0 for row in rows), default=0)),
        "differing": sum(row.differs for row in tested),
        "tested": len(tested),
        "phrases": tuple(PhrasePart(text=one.text, metric=one.metric) for one in phrases(rows)),
        "why": "" if tested else _why(rows, far=whole is not None and whole.distance is not None),
    }
    if whole is None or whole.distance is None:
        return Standing(**common)
    ranks = (whole.rank_best, whole.rank_worst)
    return Standing(
        **common,
        distance=whole.distance,
        low=whole.distance_low,
        high=whole.distance_high,
        p=whole.p,
        human_95=whole.human_95,
        known=_known(whole.p),
        rank="" if ranks[0] is None or ranks[1] is None else rank((int(ranks[0]), int(ranks[1]))),
        views=tuple(_view(view, own[view]) for view in VIEWS if view in own),
    )


def _view(view: str, row: DistanceRow) -> ViewStanding:
    return ViewStanding(
        view=view,
        distance=row.distance,
        low=row.distance_low,
        high=row.distance_high,
        p_holm=row.p_holm,
        human_95=row.human_95,
        known=_known(row.p_holm),
    )


def _known(p: float | None) -> Known:
    if p is None:
        return "not tested"
    return "differs" if p < ALPHA else "inconclusive"


def _why(rows: Sequence[VerdictRow], *, far: bool) -> str:
    """Why no metric of a system is tested, in a few words. far : whether its distance in all together is known"""
    fewest = min((min(row.system_pieces or 0, row.reference_pieces or 0) for row in rows), default=0)
    if fewest == 1:
        return SINGLE
    return "single metrics not tested: too few pieces" if far else "too few pieces for a test"


def _compared(ranked: Sequence[Standing]) -> list[Standing]:
    """Those of which anything can be inferred: of a single piece nothing can, so it is neither counted nor ranked."""
    return [one for one in ranked if one.tested or one.distance is not None]


def _question(ranked: Sequence[Standing], reference: str) -> str:
    compared = _compared(ranked)
    if not ranked:
        return f"What is {reference} like?"
    if not compared:
        return f"What {'is' if len(ranked) == 1 else 'are'} {_named(_names(ranked))} like, beside {reference}?"
    if len(compared) == 1:
        return f"How close is {compared[0].system} to {reference}?"
    return f"Which of {len(compared)} systems is closest to {reference}?"


def _answer(ranked: Sequence[Standing], reference: str) -> str:
    """Who is closest, where that is known, and who differs."""
    tested = [one for one in ranked if one.known != "not tested"]
    if tested:
        return " ".join(filter(None, [_closest(tested, reference), _who_differs(tested, reference)]))
    if ranked and all(one.why == SINGLE for one in ranked):
        return "Single pieces: they can be heard, seen and measured, but nothing is inferred from them."
    return "Inconclusive: there are too few pieces for a test." if ranked else ""


def _closest(tested: Sequence[Standing], reference: str) -> str:
    if len(tested) == 1 or not any(one.rank for one in tested):
        return ""
    first = [one.system for one in tested if one.rank.split(" ")[0] == "1"]
    if len(first) == 1:
        return f"{first[0]} is closest to {reference}."
    return f"Inconclusive: {'any' if len(first) > 2 else 'either'} of {_named(first)} may be the closest."


def _who_differs(tested: Sequence[Standing], reference: str) -> str:
    differing = [one.system for one in tested if one.known == "differs"]
    rest = [one.system for one in tested if one.known != "differs"]
    if not rest:
        who = differing[0] if len(tested) == 1 else "Both" if len(tested) == 2 else f"All {len(tested)}"
        return f"{who} differ{'s' * (len(tested) == 1)} significantly from {reference}."
    if not differing:
        return f"No significant difference from {reference} was found, which does not mean equal."
    verb = "differs" if len(differing) == 1 else "differ"
    return (
        f"{_named(differing)} {verb} significantly from {reference}; of {_named(rest)} this is inconclusive, "
        "which does not mean equal."
    )


def _open(ranked: Sequence[Standing], pairs: Sequence[PairRow]) -> str:
    """What is inconclusive, from how many pieces, and which systems are not compared."""
    compared = _compared(ranked)
    sizes = sorted({one.pieces for one in compared if one.pieces})
    said = []
    if sizes:
        many = f"{sizes[0]}" if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]}"
        said.append(f"{many} piece{'s' * (sizes[-1] != 1)} {'per system' if len(compared) > 1 else 'of it'}.")
    joint = [row for row in pairs if row.space == JOINT]
    unknown = [row for row in joint if not row.significant]
    if len(unknown) == 1:
        said.append(f"Which of {unknown[0].closer} and {unknown[0].further} is closer is inconclusive.")
    elif unknown:
        said.append(f"For {len(unknown)} of {len(joint)} pairs, which one is closer is inconclusive.")
    rest = [one for one in ranked if one not in compared] if compared else []
    return " ".join([*said, *_on_rest(rest)])


def _on_rest(rest: Sequence[Standing]) -> list[str]:
    """Which systems are shown beside those compared, and why they are no more than that."""
    single = [one for one in rest if one.why == SINGLE]
    few = [one for one in rest if one.why != SINGLE]
    said = []
    if single:
        what = "is a single piece" if len(single) == 1 else "are single pieces"
        said.append(f"{_named(_names(single))} {what}, shown but not ranked.")
    if few:
        said.append(f"{_named(_names(few))} {'has' if len(few) == 1 else 'have'} too few pieces to be ranked.")
    return said


def lines(screen: FirstScreen) -> list[str]:
    """The first screen for a terminal: answer, what is open, and a line for each system."""
    said = [screen.answer, screen.open]
    for one in screen.standings:
        known = "significant" if one.known == "differs" else one.known
        parts = [] if one.distance is None else [f"distance {in_words(one.distance, one.low, one.high)}, {known}"]
        parts += [f"rank {one.rank}"] if one.rank else []
        parts += ["; ".join(phrase.text for phrase in one.phrases)] if one.phrases else []
        parts.append(f"{one.differing} of {one.tested} metrics differ significantly" if one.tested else one.why)
        said.append(f"{one.system}{'' if one.ranked else ' without a control'}: {', '.join(parts)}")
    return [*filter(None, said)]


def in_words(distance: float, low: float | None, high: float | None) -> str:
    """
    >>> in_words(0.25, 0.2, 0.3), in_words(0.25, None, None)
    ('250 [200, 300]', '250')
    """
    interval = "" if low is None or high is None else f" [{thousandths(low)}, {thousandths(high)}]"
    return f"{thousandths(distance)}{interval}"


def _names(standings: Sequence[Standing]) -> list[str]:
    return [one.system for one in standings]


def _named(names: Sequence[str]) -> str:
    short = len(names) == 1 or (len(names) <= NAMED and len(listed(names)) <= LETTERS)
    return listed(names) if short else f"{len(names)} systems"
