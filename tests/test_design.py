"""Who hears what, in which order."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening_study.protocol.design import Layout, Trial, TrialKind, trials

SIZES = [(1, 1), (2, 1), (2, 2), (1, 3), (3, 3), (4, 5)]  # sources, clips of each


def layout(sources: int, clips: int, each: int | None = None, catch: int = 0, repeats: int = 0) -> Layout:
    strata = tuple(tuple(f"s{source}c{clip}" for clip in range(clips)) for source in range(sources))
    return Layout(strata, each or clips, tuple(f"beeps{number}" for number in range(catch)), repeats)


def main(secret: str, slot: int, laid_out: Layout) -> list[str]:
    return [trial.clip for trial in trials(secret, slot, laid_out) if trial.kind is TrialKind.MAIN]


def block(secret: str, number: int, laid_out: Layout) -> list[list[str]]:
    size = laid_out.size.block
    return [main(secret, slot, laid_out) for slot in range(number * size, (number + 1) * size)]


@given(secret=st.text(max_size=64), slot=st.integers(0, 10_000), sources=st.integers(1, 5), clips=st.integers(1, 12))
def test_every_listener_hears_every_clip_once(secret: str, slot: int, sources: int, clips: int) -> None:
    laid_out = layout(sources, clips)
    assert sorted(main(secret, slot, laid_out)) == sorted(clip for stratum in laid_out.strata for clip in stratum)


@pytest.mark.parametrize(("sources", "clips"), SIZES)
@pytest.mark.parametrize("number", [0, 1, 5])
def test_every_clip_stands_in_every_position_equally_often_in_a_block(sources: int, clips: int, number: int) -> None:
    laid_out = layout(sources, clips)
    for position in zip(*block("3", number, laid_out), strict=True):
        assert set(Counter(position).values()) == {laid_out.size.block // laid_out.size.main}


@pytest.mark.parametrize(("sources", "clips"), SIZES)
def test_every_clip_follows_every_other_equally_often_in_a_block(sources: int, clips: int) -> None:
    laid_out = layout(sources, clips)
    followed = Counter(pair for order in block("3", 2, laid_out) for pair in pairwise(order))
    assert len(followed) == laid_out.size.main * (laid_out.size.main - 1)
    assert set(followed.values()) <= {laid_out.size.block // laid_out.size.main}


@pytest.mark.parametrize(("sources", "clips", "each"), [(2, 5, 2), (3, 4, 2), (2, 6, 4), (1, 7, 3)])
def test_where_each_hears_some_clips_all_are_heard_equally_often_and_in_every_position(
    sources: int, clips: int, each: int
) -> None:
    laid_out = layout(sources, clips, each)
    heard: Counter[str] = Counter()
    for slot in range(laid_out.size.block):
        order = main("3", slot, laid_out)
        assert len(set(order)) == sources * each
        for stratum in laid_out.strata:
            assert len(set(order) & set(stratum)) == each  # of each source as many
        heard.update(order)
        counts = [heard[clip] for stratum in laid_out.strata for clip in stratum]
        assert max(counts) - min(counts) <= 1
        if (slot + 1) % laid_out.size.rotations == 0:
            assert max(counts) == min(counts)
    for position in zip(*block("3", 0, laid_out), strict=True):
        assert len(set(Counter(position).values())) == 1
        assert len(set(position)) == sources * clips


def test_catch_trials_stand_at_the_same_places_for_all_and_move_no_clip() -> None:
    plain, caught = layout(2, 4), layout(2, 4, catch=2)
    places = set()
    for slot in range(16):
        order = trials("1", slot, caught)
        assert main("1", slot, caught) == main("1", slot, plain)
        assert {trial.clip for trial in order if trial.kind is TrialKind.CATCH} == {"beeps0", "beeps1"}
        places.add(tuple(place for place, trial in enumerate(order) if trial.kind is TrialKind.CATCH))
        assert order[0].kind is order[-1].kind is TrialKind.MAIN
    assert len(places) == 1


def test_a_single_repeat_never_follows_itself() -> None:
    for slot in range(200):
        order = trials("3", slot, layout(2, 2, repeats=1))
        assert order[-1].clip != order[-2].clip


def test_repeats_come_last_and_were_heard_before() -> None:
    laid_out = layout(2, 4, catch=1, repeats=3)
    repeated = set()
    for slot in range(16):
        order = trials("1", slot, laid_out)
        assert len(order) == laid_out.size.trials == 12
        assert [trial.kind is TrialKind.REPEAT for trial in order] == [False] * 9 + [True] * 3
        assert {trial.clip for trial in order[9:]} <= set(main("1", slot, laid_out))
        repeated.update(trial.clip for trial in order[9:])
    assert len(repeated) == 8  # not always the same


def test_the_order_does_not_depend_on_how_the_clips_of_a_source_are_listed() -> None:
    turned = Layout(tuple(stratum[::-1] for stratum in layout(2, 3).strata), 3)
    assert trials("1", 4, layout(2, 3)) == trials("1", 4, turned)


def test_secrets_blocks_and_listeners_differ() -> None:
    orders = [tuple(main(secret, slot, layout(2, 5))) for secret in "ab" for slot in range(40)]
    assert len(set(orders)) == len(orders)


def test_an_order_can_be_computed_again_years_later() -> None:
    stored = "s1c2 s1c1 s1c0 beeps0 s0c0 s0c2 s0c1 s1c1"
    found = trials("7", 5, layout(2, 3, catch=1, repeats=1))
    assert " ".join(trial.clip for trial in found) == stored
    assert found[-1] == Trial("s1c1", TrialKind.REPEAT)


def test_an_order_of_a_study_made_before_orders_had_a_secret_can_be_computed_again() -> None:
    stored = "s0c2 s1c2 s0c1 beeps0 s0c0 s1c1 s1c0 s1c1"
    found = trials("7", 5, replace(layout(2, 3, catch=1, repeats=1), one_square=True))
    assert " ".join(trial.clip for trial in found) == stored


@pytest.mark.parametrize(("sources", "clips", "each"), [(2, 4, 2), (2, 6, 3), (3, 6, 2)])
def test_who_takes_part_twice_hears_no_more_of_one_source_at_one_place_than_by_chance(
    sources: int, clips: int, each: int
) -> None:
    laid_out = layout(sources, clips, each)
    same = [
        one[:2] == other[:2]
        for number in range(0, 400, laid_out.size.rotations)
        for one, other in zip(main("9", number, laid_out), main("9", number + 1, laid_out), strict=True)
    ]
    error = 3 * (1 / sources * (1 - 1 / sources) / len(same)) ** 0.5
    assert sum(same) / len(same) == pytest.approx(1 / sources, abs=error)
