"""When music falls silent, saturates or loops: found where it sets in, and not in music that does none of it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clstm.corpus.corpus import Corpus
from clstm.music.degeneration import Degeneration, loop, measure, rates, saturation, silence
from clstm.music.score import FRAME_RATE, HELD, PITCHES, ROWS, STRUCK, Matrix, repair


def plain(frames: int, seed: int = 0) -> Matrix:
    """Music that fails in no way: two random notes struck in every frame, no longer than it."""
    random = np.random.default_rng(seed)
    matrix = np.zeros((ROWS, frames), dtype=np.uint8)
    for frame in range(frames):
        matrix[PITCHES + random.choice(PITCHES, 2, replace=False), frame] = 1
    return repair(matrix)


def followed(*parts: Matrix) -> Matrix:
    return repair(np.concatenate(parts, axis=1))


def nothing(frames: int) -> Matrix:
    return np.zeros((ROWS, frames), dtype=np.uint8)


def test_plain_music_and_no_music_at_all_have_no_failure(tiny_corpus: Corpus) -> None:
    assert measure(plain(400)) == Degeneration()
    assert measure(nothing(0)) == Degeneration()
    assert measure(nothing(0)).first is None


def test_silence_is_four_seconds_without_a_sound() -> None:
    assert silence(followed(plain(50), nothing(31), plain(50))) is None
    assert silence(followed(plain(50), nothing(32), plain(50))) == 50
    assert silence(followed(plain(50), nothing(40))) == 50
    assert silence(nothing(32)) == 0


def test_a_note_that_sounds_is_no_silence() -> None:
    held = nothing(60)
    held[30, :] = 1
    assert silence(repair(held)) is None


def test_saturation_sets_in_where_too_many_notes_sound() -> None:
    dense = nothing(80)
    dense[10:23, 40:] = 1  # 13 at once
    assert saturation(repair(dense)) == 40
    dense[10, :] = 0  # 12
    assert saturation(repair(dense)) is None


def test_saturation_sets_in_where_too_many_notes_are_struck() -> None:
    dense = plain(80)
    dense[PITCHES + 10 : PITCHES + 16, 40:72] = 1  # 6 to 8 a frame: at least 48 a second, for 4 s
    assert saturation(repair(dense)) in range(36, 41)
    dense[STRUCK, 42:72:2] = 0
    assert saturation(repair(dense)) is None


@settings(max_examples=40)
@given(period=st.integers(1, 80), before=st.integers(0, 40), seed=st.integers(0, 100))
def test_a_loop_is_found_with_its_first_frame_and_its_period(period: int, before: int, seed: int) -> None:
    again = -(-80 // period) + 2
    music = followed(plain(before, seed), *[plain(period, seed + 1)] * again, plain(20, seed + 2))
    first, found = loop(music) or (-100, 0)
    assert found == period
    assert abs(first - before) <= again * period / 9  # a tenth of all strikes, the loop's and these, may differ


def test_a_loop_in_which_little_changes_is_one() -> None:
    music = followed(*[plain(16)] * 8)
    music[STRUCK, 24] = 0  # one of eight times differs in two notes of thirty-two
    assert loop(repair(music)) == (0, 16)


def test_saying_it_twice_is_no_loop_and_neither_is_saying_it_thrice_in_a_hurry() -> None:
    assert loop(followed(plain(50), *[plain(60, 1)] * 2, plain(50, 2))) is None
    assert loop(followed(plain(50), *[plain(20, 1)] * 3, plain(50, 2))) is None


def test_silence_after_a_short_loop_does_not_lengthen_it() -> None:
    assert loop(followed(*[plain(4)] * 10, nothing(60))) is None


def test_a_loop_may_hold_a_rest() -> None:
    assert loop(followed(*[followed(plain(8), nothing(8))] * 6)) == (0, 16)


def test_a_chord_that_is_never_struck_again_is_a_loop_of_one_frame() -> None:
    chord = nothing(100)
    chord[[20, 24, 27], 20:99] = 1
    assert loop(repair(chord)) is None  # 9.875 s after its strike
    chord[[20, 24, 27], 20:] = 1
    chord[[20, 24, 27], 15:] = 1
    assert loop(repair(chord)) == (16, 1)


@settings(max_examples=40)
@given(semitones=st.integers(0, 20), period=st.integers(2, 30))
def test_transposed_music_fails_alike(semitones: int, period: int) -> None:
    low = followed(*[plain(period)] * (90 // period), nothing(40))
    low[[*range(20), *range(58, 98), *range(136, 156)]] = 0
    high = np.concatenate([np.roll(low[HELD], semitones, 0), np.roll(low[STRUCK], semitones, 0)])
    assert measure(repair(low)) == measure(repair(high))


@settings(max_examples=40)
@given(st.integers(0, 1000))
def test_what_has_set_in_is_still_there_when_music_goes_on(seed: int) -> None:
    random = np.random.default_rng(seed)
    parts = [plain(30, seed), nothing(int(random.integers(20, 45))), *[plain(int(random.integers(1, 30)), 1)] * 9]
    whole = followed(*parts, plain(40, seed + 1))
    cut = int(random.integers(1, whole.shape[1]))
    early, late = measure(whole[:, :cut]), measure(whole)
    assert early.silence in (None, late.silence)
    assert early.saturation in (None, late.saturation)
    if early.loop is not None:
        assert abs(early.loop - (late.loop or 0.0)) <= 1.0  # a tenth of the strikes may differ


def test_times_are_seconds_and_the_first_failure_is_named() -> None:
    music = followed(plain(16), nothing(40), *[plain(8, 1)] * 12)
    assert measure(music) == Degeneration(silence=2.0, loop=7.0, period=1.0)
    assert measure(music).first == ("silence", 2.0)


def test_rates_are_shares_of_the_pieces() -> None:
    silent, both = Degeneration(silence=1.0), Degeneration(silence=3.0, loop=0.0, period=1.0)
    assert rates([silent, both, Degeneration(), Degeneration()]) == {
        "silence": 0.5,
        "saturation": 0.0,
        "loop": 0.25,
        "any": 0.5,
    }
    with pytest.raises(ValueError, match="no piece"):
        rates([])


def test_it_needs_no_torch() -> None:
    script = "import sys, clstm.music.degeneration; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_limits_are_in_whole_frames() -> None:
    from clstm.music.degeneration import DENSE_OVER, LONGEST_PERIOD, LOOPED, SILENT

    assert all(float(seconds * FRAME_RATE).is_integer() for seconds in (SILENT, DENSE_OVER, LOOPED, LONGEST_PERIOD))
