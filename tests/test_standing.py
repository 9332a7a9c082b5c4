"""The first screen never says more than the tests show, and little of it."""

import pytest

from evaluation.comparison.verdict import VerdictRow
from reports.content.rows import DistanceRow, PairRow
from reports.content.standing import FirstScreen
from reports.findings.standing import first_screen, lines


def distance(system: str, value: float, p: float = 0.001, **changed: object) -> DistanceRow:
    row = {"system": system, "against": "human", "space": "joint", "distance": value, "p": p, "human_95": 0.02}
    row |= {"distance_low": value - 0.01, "distance_high": value + 0.01}
    return DistanceRow.model_validate(row | changed)


def judged(system: str, metric: str = "centroid", verdict: str = "differs", **changed: object) -> VerdictRow:
    row = {"system": system, "metric": metric, "verdict": verdict, "against": "human", "delta": 0.9}
    row |= {"direction": "higher", "magnitude": "large"} if verdict == "differs" else {}
    row |= {"system_pieces": 12, "reference_pieces": 12}
    return VerdictRow.model_validate(row | changed)


def pair(closer: str, further: str, significant: bool) -> PairRow:
    return PairRow(closer=closer, further=further, space="joint", difference=0.1, p_holm=0.01, significant=significant)


def screen(*rows: DistanceRow, pairs: tuple[PairRow, ...] = ()) -> FirstScreen:
    systems = list(dict.fromkeys(row.system for row in rows))
    return first_screen("human", [judged(name) for name in systems], rows, pairs, systems)


def test_the_closest_is_named_where_its_rank_is_known() -> None:
    found = screen(
        distance("far", 0.3, rank_best=2, rank_worst=2),
        distance("near", 0.1, rank_best=1, rank_worst=1),
        pairs=(pair("near", "far", significant=True),),
    )
    assert found.answer == "near is closest to human. Both differ significantly from human."
    assert [one.system for one in found.standings] == ["near", "far"], "the closest first"
    assert found.open == "12 pieces per system."


def test_ranks_that_overlap_are_inconclusive() -> None:
    ranks = {"rank_best": 1, "rank_worst": 2}
    pairs = (pair("a", "b", significant=False),)
    found = screen(distance("a", 0.1, **ranks), distance("b", 0.2, p=0.2, **ranks), pairs=pairs)
    assert found.answer == (
        "Inconclusive: either of a and b may be the closest. a differs significantly from human; "
        "of b this is inconclusive, which does not mean equal."
    )
    assert found.open.endswith("Which of a and b is closer is inconclusive.")


def test_without_a_difference_nothing_is_called_equal() -> None:
    found = screen(distance("a", 0.001, p=0.6))
    assert found.question == "How close is a to human?"
    assert found.answer == "No significant difference from human was found, which does not mean equal."
    assert found.standings[0].known == "inconclusive"


def test_single_pieces_have_no_answer_and_the_card_says_why() -> None:
    rows = [judged("a", verdict="no verdict", system_pieces=1, reference_pieces=1)]
    found = first_screen("human", rows, [], [], ["a"])
    assert found.answer == "Single pieces: they can be heard, seen and measured, but nothing is inferred from them."
    assert found.question == "What is a like, beside human?"
    assert found.standings[0].why == "a single piece: nothing is inferred"


def test_a_single_piece_beside_systems_is_neither_counted_nor_ranked() -> None:
    rows = [*(judged(name) for name in "ab"), judged("song", verdict="no verdict", system_pieces=1)]
    far = [distance("a", 0.1, rank_best=1, rank_worst=1), distance("b", 0.3, rank_best=2, rank_worst=2)]
    found = first_screen("human", rows, far, [], ["song", "a", "b"])
    assert found.question == "Which of 2 systems is closest to human?"
    assert found.answer == "a is closest to human. Both differ significantly from human."
    assert found.open == "12 pieces per system. song is a single piece, shown but not ranked."
    assert [one.system for one in found.standings] == ["a", "b", "song"]


def test_too_few_pieces_for_a_test_of_any_metric_leave_the_distance_its_own() -> None:
    rows = [judged("a", verdict="no verdict")]
    found = first_screen("human", rows, [distance("a", 0.1)], [], ["a"])
    assert found.standings[0].known == "differs"
    assert found.standings[0].why == "single metrics not tested: too few pieces"


def test_a_view_is_significant_by_its_corrected_p() -> None:
    view = distance("a", 0.2, 0.01, space="loudness", p_holm=0.07)
    found = screen(distance("a", 0.1), view)
    assert [(one.view, one.known) for one in found.standings[0].views] == [("loudness", "inconclusive")]


def test_the_reference_without_a_control_is_no_system_and_is_left_out_where_it_is_the_same() -> None:
    as_played = distance("human", 0.2)
    assert [(one.system, one.ranked) for one in screen(distance("a", 0.3), as_played).standings] == [
        ("a", True),
        ("human", False),
    ]
    same = first_screen("human", [judged("a")], [distance("a", 0.3), distance("human", 0.0, distance_high=0.0)], [])
    assert [one.system for one in same.standings] == ["a"]


@pytest.mark.parametrize("systems", [1, 3, 7, 15])
def test_a_system_takes_forty_words_at_most(systems: int) -> None:
    names = [f"system {number}" for number in range(systems)]
    rows = [judged(name, metric) for name in names for metric in ("inter_onset_interval", "spectral_flux", "centroid")]
    far = [distance(name, 0.1, rank_best=1, rank_worst=systems) for name in names]
    found = first_screen("human", rows, far, [], names)
    assert max(len(line.split()) for line in lines(found)) <= 40
    assert len(f"{found.question} {found.answer} {found.open}".split()) <= 40
