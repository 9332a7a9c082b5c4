"""The metre that a file states: its time in quarters, its beats and its bars."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_bytes import Event, midi, off, on, tempo

from clstm.music.events import DEFAULT, Metre, beat
from clstm.music.piece import read_piece

NOTE = [(0, on(60)), (9600, off(60))]  # twenty quarters


def signature(beats: int, value: int) -> bytes:
    return bytes([0xFF, 0x58, 4, beats, value.bit_length() - 1, 24, 8])


def stated(path: Path, *events: Event) -> Metre:
    path.write_bytes(midi(*events))
    metre = read_piece(path).metre
    assert metre is not None
    return metre


def test_a_file_that_says_nothing_has_the_default(tmp_path: Path) -> None:
    metre = stated(tmp_path / "a.mid", *NOTE)
    assert metre.by_default
    assert metre.quarters(np.array([0.0, 1.0])).tolist() == DEFAULT.quarters(np.array([0.0, 1.0])).tolist() == [0, 2]
    assert metre.bars(10.0).tolist() == DEFAULT.bars(10.0).tolist() == [[4.0 * k, 4.0 * k + 4] for k in range(5)]


@pytest.mark.parametrize(
    ("event", "default"),
    [
        (tempo(500_000), True),
        (signature(4, 4), True),
        (tempo(500_001), False),
        (signature(3, 4), False),
        (signature(2, 2), False),
    ],
)
def test_what_a_file_says_itself_may_be_the_default(event: bytes, default: bool, tmp_path: Path) -> None:
    assert stated(tmp_path / "a.mid", (0, event), *NOTE).by_default == default


def test_quarters_follow_the_tempo_map_there_and_back(tmp_path: Path) -> None:
    metre = stated(tmp_path / "a.mid", *NOTE[:1], (960, tempo(1_000_000)), (480, tempo(250_000)), (2400, off(60)))
    assert metre.quarters(np.array([0.5, 1.0, 1.5, 2.0, 2.25])).tolist() == [1, 2, 2.5, 3, 4]
    assert metre.seconds(np.array([1.0, 2.0, 2.5, 3.0, 4.0])).tolist() == [0.5, 1.0, 1.5, 2.0, 2.25]
    assert metre.later(1.5).quarters(np.array([0.0, 0.5])).tolist() == [2.5, 3.0]
    assert metre.later(1.5).seconds(np.array([2.0])).tolist() == [-0.5]


@given(st.lists(st.integers(1, 2**24 - 1), min_size=1, max_size=5), st.floats(0, 600))
def test_seconds_become_quarters_and_seconds_again(tempos: list[int], seconds: float) -> None:
    length = np.array(tempos) / 1e6
    at = 3.0 * np.arange(len(tempos))
    metre = Metre(at, np.concatenate([[0.0], np.cumsum(3.0 * length[:-1])]), length, ((0.0, 4, 4),))
    assert metre.seconds(metre.quarters(np.array([seconds])))[0] == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("beats", "value", "length"),
    [(4, 4, 1), (2, 2, 2), (3, 4, 1), (3, 8, 0.5), (6, 8, 1.5), (9, 8, 1.5), (12, 16, 0.75), (5, 8, 0.5), (6, 4, 1)],
)
def test_compound_metres_are_counted_in_threes(beats: int, value: int, length: float) -> None:
    assert beat(beats, value) == length


def test_a_change_of_time_signature_begins_a_bar(tmp_path: Path) -> None:
    metre = stated(
        *(tmp_path / "a.mid", (0, signature(3, 4)), (0, on(60)), (2400, signature(6, 8))),  # after five quarters
        *((0, signature(6, 8)), (3840, off(60))),
    )
    assert metre.bars(6.0).tolist() == [[0, 3], [3, 5], [5, 8], [8, 11], [11, 14]]
    assert metre.beats(4.0).tolist() == [0, 1, 2, 3, 4, 5, 6.5]
    assert metre.count(4.0) == 7


def test_a_time_signature_that_is_repeated_changes_nothing(tmp_path: Path) -> None:
    metre = stated(tmp_path / "a.mid", (0, on(60)), (480, signature(4, 4)), (480, signature(4, 4)), (9600, off(60)))
    assert metre.bars(4.0).tolist() == [[0, 4], [4, 8]]


def test_of_time_signatures_at_one_tick_the_last_holds(tmp_path: Path) -> None:
    metre = stated(tmp_path / "a.mid", (0, signature(4, 4)), (0, signature(3, 4)), *NOTE)
    assert metre.signatures == ((0.0, 3, 4),)


def test_music_that_lost_its_time_has_no_metre(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi(*NOTE))
    piece = read_piece(path)
    assert type(piece).of(piece.notes).metre is None
    part = piece.between(1.0, 3.0).metre
    assert part is not None
    assert part.bars(2.0).tolist() == [[0, 4], [4, 8]]
