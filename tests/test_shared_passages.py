"""Runs of notes in common, against a search that tries every pair of places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clstm.music.midi import Notes
from clstm.music.score import HIGHEST, LOWEST, encode
from evaluation.metrics.shared_passages import Ranks, gaps, longest_elsewhere, longest_repeat, strikes, tokens

texts = st.lists(st.integers(0, 2), max_size=40).map(lambda values: np.array(values, dtype=np.int64))


def common(text: np.ndarray, here: int, there: int) -> int:
    """Length of the run that begins at two places, token by token."""
    length = 0
    while max(here, there) + length < len(text) and text[here + length] == text[there + length]:
        length += 1
    return length


def tune(*rows: tuple[int, int]) -> np.ndarray:
    """The tokens of (frame, pitch) rows."""
    return tokens(*strikes(encode(Notes.of([(frame / 8, (frame + 1) / 8, pitch, 80) for frame, pitch in rows]))))


def test_strikes_come_by_frame_and_in_a_frame_upwards() -> None:
    music = Notes.of([(0.51, 1.0, 60, 80), (0.49, 1.0, 64, 80), (0.0, 2.0, 62, 80), (0.0, 1.0, 12, 80)])
    frame, pitch = strikes(encode(music))
    assert frame.tolist() == [0, 4, 4]
    assert pitch.tolist() == [62, 60, 64]


def test_a_token_is_frames_and_semitones_to_the_next_strike() -> None:
    token = tokens(np.array([0, 0, 40]), np.array([LOWEST, HIGHEST, LOWEST]))
    assert token.tolist() == [77 + 128, 256 * 40 - 77 + 128]
    assert gaps(token).tolist() == [0, 40]
    assert [len(tokens(np.arange(count), np.arange(count))) for count in (0, 1, 2)] == [0, 0, 1]


def test_another_key_has_the_same_tokens_and_another_tempo_other_ones() -> None:
    melody = [(0, 60), (2, 64), (4, 67), (4, 72), (7, 71)]
    assert tune(*melody).tolist() == tune(*((frame + 5, pitch - 7) for frame, pitch in melody)).tolist()
    slower = tune(*((2 * frame, pitch) for frame, pitch in melody))
    assert (slower == tune(*melody)).tolist() == [False, False, True, False]  # within a chord no time passes


@given(texts)
def test_the_order_is_that_of_the_suffixes(text: np.ndarray) -> None:
    suffixes = [text[place:].tolist() for place in Ranks.of(text).order]
    assert suffixes == sorted(text[place:].tolist() for place in range(len(text)))


@given(texts.filter(lambda text: len(text) > 1), st.data())
def test_common_runs_are_those_counted_token_by_token(text: np.ndarray, data: st.DataObject) -> None:
    here, there = data.draw(st.lists(st.integers(0, len(text) - 1), min_size=2, max_size=2, unique=True))
    assert Ranks.of(text).common(np.array([here]), np.array([there])).tolist() == [common(text, here, there)]


@given(texts)
def test_the_longest_repeat_is_the_best_of_all_pairs(text: np.ndarray) -> None:
    pairs = [common(text, here, there) for here in range(len(text)) for there in range(here)]
    assert longest_repeat(text) == max(pairs, default=0)


@given(st.data())
def test_the_longest_run_elsewhere_is_the_best_of_all_places_of_other_groups(data: st.DataObject) -> None:
    text = data.draw(texts)
    drawn = st.lists(st.integers(0, 2), min_size=len(text), max_size=len(text))
    group = np.array(data.draw(drawn), dtype=np.int64)
    searched = np.array(data.draw(drawn), dtype=np.int64) > 0
    length, found = longest_elsewhere(text, group, searched)
    for place in range(len(text)):
        others = [other for other in range(len(text)) if searched[other] and group[other] != group[place]]
        assert length[place] == max((common(text, place, other) for other in others), default=0)
        if length[place]:
            assert found[place] in others
            assert common(text, place, found[place]) == length[place]


@pytest.mark.parametrize(("music", "longest"), [([], 0), ([7], 0), ([7, 7], 1), ([1, 2, 3, 1, 2], 2), ([5] * 9, 8)])
def test_repeats_counted_by_hand(music: list[int], longest: int) -> None:
    assert longest_repeat(np.array(music, dtype=np.int64)) == longest
