"""Who hears what, in which order."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening_study.design import block_size, sequence

SIZES = [1, 2, 3, 4, 7, 10, 30]


def clips(count: int) -> list[str]:
    return [f"clip{number}" for number in range(count)]


def block(seed: int, number: int, count: int) -> list[list[str]]:
    size = block_size(count)
    return [sequence(seed, slot, clips(count)) for slot in range(number * size, (number + 1) * size)]


@given(seed=st.integers(), slot=st.integers(0, 10_000), count=st.integers(1, 40))
def test_every_listener_hears_every_clip_once(seed: int, slot: int, count: int) -> None:
    assert sorted(sequence(seed, slot, clips(count))) == sorted(clips(count))


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("number", [0, 1, 5])
def test_every_clip_stands_in_every_position_equally_often_in_a_block(count: int, number: int) -> None:
    for position in zip(*block(3, number, count), strict=True):
        assert set(Counter(position).values()) == {block_size(count) // count}


@pytest.mark.parametrize("count", SIZES)
def test_every_clip_follows_every_other_equally_often_in_a_block(count: int) -> None:
    followed = Counter(pair for order in block(3, 2, count) for pair in pairwise(order))
    assert len(followed) == count * (count - 1)
    assert set(followed.values()) <= {block_size(count) // count}


def test_the_order_does_not_depend_on_how_the_clips_are_listed() -> None:
    assert sequence(1, 4, clips(6)) == sequence(1, 4, clips(6)[::-1])


def test_seeds_blocks_and_listeners_differ() -> None:
    orders = [sequence(seed, slot, clips(10)) for seed in (0, 1) for slot in range(40)]
    assert len(set(map(tuple, orders))) == len(orders)


def test_an_order_can_be_computed_again_years_later() -> None:
    assert sequence(7, 5, list("abcdef")) == list("abdcfe")
