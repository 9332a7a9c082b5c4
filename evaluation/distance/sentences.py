"""What distances and ranks say, in sentences, the same in a terminal and on a page: never more than is known.

"Differs" is a permutation test; what is not shown to differ is not called equal. "Closer" is a test of the pair,
corrected; a pair without one is open. "No worse" is said only by a margin that the user stated.
"""

from collections.abc import Sequence
from math import isfinite

from evaluation.distance.joint import Distance
from evaluation.distance.kernels import EVERYTHING, FEWEST, metrics_by_view
from evaluation.distance.ranking import Ranking
from evaluation.distance.space import JOINT
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.effects import Interval
from evaluation.statistics.ranks import ALPHA

RANKING = "Who is closer"
DIFFERS, DIFFERS_NOT = "differs significantly from", "does not differ significantly from"
NAMED = 4  # pairs that are named one by one; of more, their number


def on_system(one: Distance, views: Sequence[Distance] = (), possible: tuple[int, int] | None = None) -> str:
    """How far a system is in all metrics together; its ranks; its fidelity and diversity; and in which views.

    one : in all metrics; views : in every other space; possible : its best and worst rank
    """
    if one.is_none:
        return f"{one.system} is the same as {one.against} in all metrics."
    known = DIFFERS if one.p < ALPHA else DIFFERS_NOT
    words = (
        f"{one.system} {known} {one.against} in all metrics together: MMD² × 1000 is {_value(one)}, p {p_value(one.p)}"
        f"{_apart(one)}"
    )
    if isfinite(one.human_95):
        words += f"; two samples of {one.against} of these sizes stay below {thousandths(one.human_95)} in 95 %"
    if possible:
        words += f"; rank {rank(possible)}"
    return " ".join(filter(None, [f"{words}.", _on_variety(one), _on_views(views)]))


def _apart(one: Distance) -> str:
    """What to say where p and the interval lie on two sides of "no difference": they are of two methods, one-sided and
    two-sided, and only p is a test (`evaluation.distance.joint`)."""
    differs, above = one.p < ALPHA, one.found.low > 0
    if not isfinite(one.found.low) or differs == above:
        return ""
    return f" (p decides; the interval, which {'includes' if differs else 'excludes'} 0, says how large it may be)"


def on_plain(one: Distance) -> str:
    """How far a system is from its reference as that is, without a control."""
    return f"From {one.against} without a control: {_value(one)}."


def _value(one: Distance) -> str:
    return in_words(one.found)


def in_words(found: Interval) -> str:
    """
    >>> in_words(Interval(0.255, 0.21, 0.302))
    '255 [210, 302]'
    """
    return thousandths(found.value) + _range(found.low, found.high)


def _range(low: float, high: float) -> str:
    return f" [{thousandths(low)}, {thousandths(high)}]" if isfinite(low) and isfinite(high) else ""


def _on_variety(one: Distance) -> str:
    """Fidelity and diversity apart."""
    if one.variety is None or not isfinite(one.variety.density):
        return ""
    near, usual = (100 * share for share in (one.variety.near_copies, one.variety.near_copies_expected))
    copies = f", near copies {near:.0f} % ({usual:.0f} %)" if isfinite(near) else ""
    return (
        f"Density {one.variety.density:.2f} (1 is expected of music like {one.against}), coverage "
        f"{one.variety.coverage:.2f} ({one.expected:.2f}){copies}."
    )


def _on_views(views: Sequence[Distance]) -> str:
    own = [one for one in views if one.space in VIEWS]
    if not own:
        return ""
    differing = sorted((one for one in own if one.p_holm < ALPHA), key=lambda one: -one.found.value)
    if not differing:
        return f"It differs significantly in none of {len(own)} views."
    named = ", ".join(f"{VIEWS[one.space].lower()} {thousandths(one.found.value)}" for one in differing)
    return f"It differs significantly in {len(differing)} of {len(own)} views: {named}."


def on_ranking(found: Ranking) -> list[str]:
    """Which of two systems is known to be closer, in all metrics and by view; and which is no worse."""
    same = f", all under the same limits ({found.control})" if found.control else ""
    known = [one for one in found.pairs if one.significant]
    said = [f"{one.closer} is significantly closer to {found.reference} than {one.further}{same}." for one in known]
    open_pairs = [one for one in found.pairs if not one.significant]
    if len(open_pairs) == 1:
        said += [f"Which of {one.closer} and {one.further} is closer is inconclusive{same}." for one in open_pairs]
    elif open_pairs:
        other = "other " if known else ""
        said.append(f"For {len(open_pairs)} {other}pairs of systems, which one is closer is inconclusive.")
    said += filter(None, [_by_view(found)])
    if found.margin:
        shown = [one for one in found.no_worse if one.shown]
        size = found.margin.words()
        said += [f"{one.system} is no worse than {one.other} by a margin of {size}." for one in shown]
        if not shown:
            said.append(f"By a margin of {size}, no system is shown to be no worse than another.")
    return said


def _by_view(found: Ranking) -> str:
    """The pairs that are known by view."""
    known = [
        f"{one.closer} than {one.further} in {VIEWS[view].lower()}"
        for view, own in (found.by_view or {}).items()
        for one in own
        if view in VIEWS and one.significant
    ]
    if not known:
        return ""
    if len(known) > NAMED:
        tested = sum(len(own) for own in (found.by_view or {}).values())
        return f"By view, one system is significantly closer in {len(known)} of {tested} comparisons of two systems."
    return f"By view, significantly closer: {'; '.join(known)}."


def on_lacking(reference: str, names: Sequence[str], groups: int, found: Sequence[Distance]) -> str:
    """That a reference has metrics which the joint distance lacks, and what there is instead; "" where it has none.

    names : these metrics; groups : of the reference; found : distances of systems from it, in every space
    """
    if not names:
        return ""
    parts = ", ".join(f"{VIEWS[view].lower()} {count}" for view, count in metrics_by_view(names).items())
    words = f"{len(names)} metrics of {reference} are not in the joint distance ({parts})"
    if groups < FEWEST:
        return f"{words}, and a scale fitted to {reference} itself needs {FEWEST} groups of it, not {groups}"
    with_them = [f"{one.system} {_value(one)}, p {p_value(one.p)}" for one in found if one.space == EVERYTHING]
    return f"{words}; with them, on a scale fitted to {reference} itself, MMD² × 1000 is: {'; '.join(with_them)}"


def title_of(space: str) -> str:
    """
    >>> title_of("joint"), title_of("everything"), title_of("loudness")
    ('All metrics together', 'Every metric, on a scale of its own', 'Loudness')
    """
    own = {JOINT: "All metrics together", EVERYTHING: "Every metric, on a scale of its own"}
    return own.get(space) or VIEWS.get(space, space)


def of_metrics(space: str) -> bool:
    """Whether a space is of metrics: of all, of a view; not of an embedding.

    >>> of_metrics("joint"), of_metrics("loudness"), of_metrics("musicnn")
    (True, True, False)
    """
    return space in (JOINT, EVERYTHING) or space in VIEWS


def thousandths(value: float) -> str:
    """A distance as it is written: MMD^2 times 1000, whole; one decimal below 10.

    >>> thousandths(0.2551), thousandths(0.00213), thousandths(-0.00001)
    ('255', '2.1', '0.0')
    """
    text = f"{1000 * value:.{0 if abs(1000 * value) >= 9.95 else 1}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def rank(possible: tuple[int, int]) -> str:
    """
    >>> rank((1, 1)), rank((2, 4))
    ('1', '2 to 4')
    """
    best, worst = possible
    return f"{best}" if best == worst else f"{best} to {worst}"


def p_value(value: float) -> str:
    """
    >>> p_value(0.0234), p_value(0.0001)
    ('= 0.023', '< 0.001')
    """
    return f"= {value:.2g}" if value >= 0.001 else "< 0.001"


def joint_and_rest(found: Sequence[Distance], system: str) -> tuple[Distance | None, list[Distance]]:
    """A system's distance in all metrics, and those in every other space."""
    own = [one for one in found if one.system == system]
    return next((one for one in own if one.space == JOINT), None), [one for one in own if one.space != JOINT]
