"""Whether music follows the beats that its file states; metrics of bars and beats with answers worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_bytes import midi, off, on

from clstm.music.events import DEFAULT, Metre
from clstm.music.midi import Notes, write_midi
from clstm.music.piece import read_piece
from evaluation.controls.control import SCORE_MATRIX
from evaluation.measurement.inputs import MeasurementInput
from evaluation.metrics import metre
from evaluation.metrics.metric import Missing

NONE = Notes.of()


def stated(quarter: float, beats: int = 4, value: int = 4) -> Metre:
    """One tempo, in seconds a quarter, and one time signature."""
    return Metre(np.zeros(1), np.zeros(1), np.array([quarter]), ((0.0, beats, value),))


WALTZ = stated(0.4, 3)


def notes(*rows: tuple[float, float, int], quarter: float = 0.4) -> Notes:
    """From (onset, end, pitch), in quarters."""
    return Notes.of([(quarter * onset, quarter * end, pitch, 80) for onset, end, pitch in rows])


def in_bars(*bars: list[float], length: float = 3.0, quarter: float = 0.4) -> Notes:
    """Short notes at these places of each bar, on C and G in turn."""
    rows = [(length * k + at, length * k + at + 0.2, 60 + 7 * (k % 2)) for k, bar in enumerate(bars) for at in bar]
    return notes(*rows, quarter=quarter)


def performance(count: int, seed: int) -> Notes:
    onset = np.cumsum(np.random.default_rng(seed).gamma(2.0, 0.12, count))
    return Notes.of([(at, at + 0.2, 60 + k % 12, 60 + k % 40) for k, at in enumerate(onset.tolist())])


# --- whether it is followed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [6, 40, 2000])
def test_a_performance_over_the_default_has_no_metre(count: int, seed: int) -> None:
    music = performance(count, seed)
    assert metre.follows(music, NONE, DEFAULT, music.duration) == metre.FREE
    assert set(metre.measure(music, NONE, DEFAULT).values()) == {metre.FREE}


@pytest.mark.parametrize("step", [0.01, 0.02, 0.008, 0.0125, 0.03125, 0.1])
def test_times_in_steps_of_seconds_are_no_beats(step: float) -> None:
    music = performance(3000, 1)
    onset = np.rint(music.onset / step) * step
    assert metre.follows(replace(music, onset=onset), NONE, DEFAULT, music.duration) == metre.FREE


def test_a_score_follows_its_beats_also_with_some_jitter() -> None:
    music = in_bars(*[[0, 0.5, 1, 4 / 3, 5 / 3, 2, 2.25, 2.5]] * 8)
    jitter = np.random.default_rng(0).normal(0, 0.008, len(music))
    assert metre.follows(music, NONE, WALTZ, music.duration) is None
    assert metre.follows(replace(music, onset=np.abs(music.onset + jitter)), NONE, WALTZ, music.duration) is None


def test_music_beside_its_beats_does_not_follow_them() -> None:
    music = in_bars(*[[0.12, 1.12, 2.12]] * 16)
    assert metre.follows(music, NONE, WALTZ, music.duration) == metre.FREE


def test_drums_alone_may_follow_the_beats() -> None:
    drums = in_bars(*[[0, 1, 2]] * 4)
    assert metre.follows(NONE, drums, WALTZ, drums.duration) is None
    values = metre.measure(NONE, drums, WALTZ, 4.8)
    assert (values["drums_on_beat"], values["drums_per_bar"], values["groove_consistency"]) == (1.0, 3.0, 1.0)
    assert values["onsets_on_beat"] == values["repeated_bars"] == Missing("no notes")


def test_a_few_onsets_decide_nothing() -> None:
    music = in_bars([0, 1, 2])
    assert metre.follows(music, NONE, WALTZ, music.duration) == metre.TOO_FEW


def test_beats_too_fast_for_music_are_none() -> None:
    music = in_bars(*[[0, 1, 2]] * 4)
    assert metre.follows(music, NONE, stated(1e-6), music.duration) == metre.TOO_FAST
    assert metre.follows(music, NONE, stated(1.0, 250, 128), music.duration) == metre.TOO_FAST


def test_music_without_beats_says_so() -> None:
    assert metre.measure(in_bars([0, 1, 2]), None, None) == dict.fromkeys(metre.METRICS, metre.UNKNOWN)


def test_silence_and_music_of_no_length_have_no_metre() -> None:
    assert metre.measure(NONE, NONE, DEFAULT) == dict.fromkeys(metre.METRICS, Missing("no notes"))
    assert metre.measure(NONE, NONE, DEFAULT, 10.0) == dict.fromkeys(metre.METRICS, Missing("no notes"))
    assert metre.measure(Notes.of([(0.0, 0.0, 60, 80)]), NONE, DEFAULT)["empty_bars"] == metre.TOO_FEW


# --- the default of 120 quarters a minute -----------------------------------------------------------------------------


def test_eighths_at_the_default_are_beats_and_a_steady_run_of_sixteenths_is_not_known_to_be() -> None:
    eighths = in_bars(*[[0, 0.5, 1, 1.5, 2, 3, 3.5]] * 8, length=4.0, quarter=0.5)
    eighths = replace(eighths, velocity=np.arange(len(eighths)) % 40 + 60)
    sixteenths = in_bars(*[(np.arange(16) / 4).tolist()] * 8, length=4.0, quarter=0.5)
    sixteenths = replace(sixteenths, velocity=np.arange(len(sixteenths)) % 40 + 60)
    assert metre.follows(eighths, NONE, DEFAULT, eighths.duration) is None
    assert metre.follows(sixteenths, NONE, DEFAULT, sixteenths.duration) == metre.FREE
    assert metre.follows(sixteenths, NONE, stated(0.5, 3), sixteenths.duration) is None  # what is stated is no default


def test_frames_of_a_score_matrix_are_no_beats(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    write_midi(Notes.of([(k / 2, k / 2 + 0.25, 60 + k % 5, 80) for k in range(64)]), path)
    piece = read_piece(path)
    assert set(metre.measure(piece.notes, piece.drums, piece.metre).values()) == {metre.OF_FRAMES}
    part = piece.between(4.125, 20.0)
    assert set(metre.measure(part.notes, part.drums, part.metre).values()) == {metre.OF_FRAMES}
    drums = Notes.of([(0.5 * k, 0.5 * k + 0.1, 36, 80) for k in range(64)])
    assert metre.follows(piece.notes, drums, DEFAULT, piece.duration) is None  # a score matrix has no drums


def test_the_score_matrix_loses_the_beats(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, on(60)), *[(200, off(60)), (280, on(60))] * 20, (240, off(60))))
    piece = read_piece(path)
    assert metre.measure(piece.notes, piece.drums, piece.metre)["onsets_per_bar"] == pytest.approx(21 / 6)
    matrix = MeasurementInput(path, control=SCORE_MATRIX).transformed(piece)
    assert set(metre.measure(matrix.notes, matrix.drums, matrix.metre).values()) == {metre.UNKNOWN}


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_a_waltz() -> None:
    # Bars of three quarters: a melody, the same, one with two sixteenths, an empty one, and the first again.
    bars = [[0, 1, 2], [0, 1, 2], [0, 1.5, 1.75, 2], [], [0, 1, 2]]
    music = in_bars(*bars)
    values = metre.measure(music, NONE, WALTZ, 0.4 * 15)
    assert values["onsets_on_beat"] == pytest.approx(11 / 13)
    assert values["onsets_per_bar"] == pytest.approx(13 / 5)
    assert values["empty_bars"] == pytest.approx(1 / 5)
    assert values["syncopation"] == pytest.approx((1 / 0.5 + 1 / 0.25) / 13)
    assert values["groove_consistency"] == pytest.approx(1 - (0 + 3 + 4 + 3) / (4 * 36))
    assert values["repeated_bars"] == pytest.approx(1 / 4)  # the last is the first; the second is in another pitch
    assert values["drums_on_beat"] == values["drums_per_bar"] == Missing("no drums")


def test_a_chord_is_one_onset_and_each_of_its_notes_syncopates() -> None:
    single = in_bars(*[[0, 1, 2.5]] * 4)
    chords = Notes.of(
        [
            row
            for pitch in (0, 4, 7)
            for row in zip(single.onset, single.offset, single.pitch + pitch, single.velocity, strict=True)
        ]
    )
    assert metre.measure(chords, NONE, WALTZ, 4.8) == pytest.approx(metre.measure(single, NONE, WALTZ, 4.8))


def test_a_note_that_sounds_across_the_next_beat_counts_twice() -> None:
    beats = np.arange(6.0)
    distance = metre.note_to_beat(np.array([0.5, 0.5, 0.5, 0.5, 1.0]), np.array([0.9, 1.0, 1.5, 2.5, 3.0]), beats)
    assert distance.tolist() == [2.0, 2.0, 4.0, 2.0, 0.0]
    assert metre.note_to_beat(np.array([4.75, 5.5]), np.array([6.0, 6.5]), beats).tolist() == [8.0, 4.0]


def test_beats_of_compound_metres_are_dotted() -> None:
    jig = stated(0.4, 6, 8)
    music = in_bars(*[[0, 0.5, 1, 1.5, 2, 2.5]] * 4)
    assert metre.measure(music, NONE, jig, 4.8)["onsets_on_beat"] == pytest.approx(1 / 3)
    assert metre.measure(music, NONE, WALTZ, 4.8)["onsets_on_beat"] == pytest.approx(1 / 2)


def test_one_bar_has_no_neighbours() -> None:
    values = metre.measure(in_bars([0, 0.5, 1, 1.5, 2, 2.5]), NONE, WALTZ, 1.2)
    assert values["groove_consistency"] == values["repeated_bars"] == Missing("one bar only")
    assert values["onsets_per_bar"] == 6.0


def test_bars_of_other_lengths_are_not_compared() -> None:
    changing = replace(WALTZ, signatures=((0.0, 3, 4), (3.0, 4, 4), (7.0, 3, 4)))
    music = notes(*((k / 2, k / 2 + 0.4, 60) for k in range(20)))
    values = metre.measure(music, NONE, changing, 4.0)
    assert values["groove_consistency"] == Missing("no two bars of one length in succession")
    assert values["repeated_bars"] == pytest.approx(1 / 3)
    assert metre.measure(music, NONE, replace(changing, signatures=changing.signatures[:2]), 4.4)[
        "groove_consistency"
    ] == pytest.approx(1 - 2 / 48)  # the second and the third, which has six eighths


def test_drums_count_in_the_groove_and_have_their_own_beats() -> None:
    music, drums = in_bars(*[[0, 1, 2]] * 4), in_bars([0.5, 1], [], [0.5, 1], [])
    values = metre.measure(music, drums, WALTZ, 4.8)
    assert (values["drums_on_beat"], values["drums_per_bar"]) == (0.5, 1.0)
    assert values["groove_consistency"] == pytest.approx(1 - 1 / 36)
    assert values["onsets_on_beat"] == 1.0


def test_what_comes_just_before_a_bar_belongs_to_it() -> None:
    early = in_bars([0, 1, 2], [-0.01, 1, 2], [-0.01, 0.99, 2])
    found = metre.Positions.of(early, WALTZ, WALTZ.bars(3.6))
    assert found.bar.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.place.tolist() == [0, 12, 24] * 3


def test_onsets_go_to_the_nearest_sixteenth_or_triplet() -> None:
    times = np.array([0.0, 0.1, 0.15, 0.28, 0.3, 0.4, 0.43, 0.57, 0.6, 0.7, 0.72, 0.85, 0.9, 1.2])
    found = metre.Positions.at(times, np.array([[0.0, 4.0]]))
    assert found.place.tolist() == [0, 0, 3, 3, 4, 4, 6, 6, 8, 8, 9, 9, 12, 15]


def test_a_cut_piece_has_the_bars_of_the_part() -> None:
    music = in_bars([0, 1, 2], [0, 1, 2], [0, 0.5, 1, 1.5, 2, 2.5], [0, 0.5, 1, 1.5, 2, 2.5])
    values = metre.measure(music.between(2.4, 4.8), NONE, WALTZ.later(2.4), 2.4)
    assert (values["onsets_per_bar"], values["onsets_on_beat"]) == (6.0, 0.5)


@given(
    st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=6), min_size=4, max_size=8),
    st.integers(-20, 20),
    st.sampled_from([0.25, 1.7]),
)
def test_transposition_and_tempo_change_nothing(bars: list[list[int]], semitones: int, slower: float) -> None:
    music = in_bars(*[[place / 4 for place in sorted(set(bar))] for bar in bars])
    seconds = 1.2 * len(bars)
    before = metre.measure(music, NONE, WALTZ, seconds)
    other = replace(music, onset=slower * music.onset, offset=slower * music.offset, pitch=music.pitch + semitones)
    after = metre.measure(other, NONE, stated(0.4 * slower, 3), slower * seconds)
    for name, value in before.items():
        assert after[name] == (value if isinstance(value, Missing) else pytest.approx(value)), name
        if not isinstance(value, Missing) and metre.METRICS[name].unit == "share":
            assert 0 <= value <= 1
