"""The notes' metrics, counted by hand."""

import numpy as np
import pytest

from clstm.music.midi import Notes
from clstm.music.score import HELD, decode, encode
from evaluation.metrics import symbolic
from evaluation.metrics.metric import Missing


def notes(*rows: tuple[float, float, int]) -> Notes:
    return Notes.of([(onset, offset, pitch, 80) for onset, offset, pitch in rows])


SCALE = notes(*[(k / 2, k / 2 + 0.25, 60 + step) for k, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))])
CHORD = notes((0.0, 1.0, 48), (0.0, 1.0, 60), (0.01, 1.0, 64))


def test_a_scale_counted_by_hand() -> None:
    assert symbolic.measure(SCALE, 4.0) == pytest.approx(
        {
            "note_density": 2.0,
            "polyphony": 1.0,
            "polyphony_rate": 0.0,
            "pitch_range": 12,
            "pitch_class_entropy": 6 / 8 * 3 + 2 / 8 * 2,  # C twice in eight, six others once
            "scale_consistency": 1.0,
            "empty_frames": 0.5,
            "note_length": 0.25,
            "inter_onset_interval": 0.5,
            "changes_in_highs": 1.0,
        }
    )


def test_changes_are_counted_in_the_half_of_the_keyboard_they_are_in() -> None:
    bass = [(k, k + 1, 40 + k % 3) for k in range(7)]  # six changes
    chord = [(2 * k, 2 * k + 2, pitch) for k in range(3) for pitch in (64, 67)]  # none
    melody = [(k + 0.01, k + 1, pitch) for k, pitch in enumerate((72, 72, 74, 74))]  # one, struck with the chord or not
    assert symbolic.measure(notes(*bass, *chord))["changes_in_highs"] == 0.0
    assert symbolic.measure(notes(*bass, *melody))["changes_in_highs"] == pytest.approx(1 / 7)
    assert symbolic.measure(notes(*chord))["changes_in_highs"] == Missing("its pitches never change")


def test_a_chord_is_one_onset() -> None:
    metrics = symbolic.measure(CHORD)
    assert metrics["inter_onset_interval"] == Missing("one onset only")
    assert metrics["polyphony"] == pytest.approx(2.99)
    assert metrics["empty_frames"] == 0.0


def test_a_trill_is_not_taken_for_chords() -> None:
    trill = notes(*[(0.04 * k, 0.04 * k + 0.04, 60 + k % 2) for k in range(50)])
    assert symbolic.measure(trill)["inter_onset_interval"] == pytest.approx(0.04)


def test_twelve_equal_pitch_classes_have_the_largest_entropy() -> None:
    chromatic = notes(*[(k, k + 1, 60 + k) for k in range(12)])
    assert symbolic.measure(chromatic)["pitch_class_entropy"] == pytest.approx(np.log2(12))


def test_one_pitch_class_has_no_entropy() -> None:
    assert symbolic.measure(notes((0, 1, 48), (1, 2, 60), (2, 3, 72)))["pitch_class_entropy"] == 0.0


def test_polyphony_is_of_the_time_that_sounds() -> None:
    metrics = symbolic.measure(notes((0, 1, 60), (0, 2, 64), (5, 6, 60)), 10.0)
    assert metrics["polyphony"] == pytest.approx((1 + 2 + 1) / 3)


def test_two_pitches_are_polyphony_and_one_is_not() -> None:
    metrics = symbolic.measure(notes((0, 4, 60), (1, 2, 64), (1.5, 2, 67)), 8.0)
    assert metrics["polyphony_rate"] == pytest.approx(1 / 8)  # of the whole time; more than two: half a second only
    assert symbolic.measure(notes((0, 1, 60), (1, 2, 64)))["polyphony_rate"] == 0.0


def test_two_voices_on_one_pitch_are_one_pitch() -> None:
    doubled = symbolic.measure(notes((0, 2, 60), (1, 4, 60), (1, 2, 72), (1, 2, 72)), 4.0)
    assert doubled["polyphony"] == pytest.approx(5 / 4)
    assert doubled["polyphony_rate"] == pytest.approx(1 / 4)


def random_notes(generator: np.random.Generator, count: int) -> Notes:
    """On a grid of milliseconds, with overlaps, doublings and rests."""
    onset = generator.integers(0, 20_000, count)
    length = generator.integers(0, 2_000, count)
    pitch = generator.integers(55, 70, count)
    return notes(*zip(onset / 1000, (onset + length) / 1000, pitch.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_polyphony_agrees_with_a_piano_roll_of_milliseconds(seed: int) -> None:
    music = random_notes(np.random.default_rng(seed), 10 * (seed + 1))
    roll = np.zeros((25_000, 128), dtype=bool)  # MusPy's definitions, step by step
    for onset, offset, pitch in zip(music.onset, music.offset, music.pitch, strict=True):
        roll[round(1000 * onset) : round(1000 * offset), pitch] = True
    on = roll.sum(axis=1)
    metrics = symbolic.measure(music, 25.0)
    assert metrics["polyphony"] == pytest.approx(on.sum() / (on > 0).sum())
    assert metrics["polyphony_rate"] == pytest.approx((on >= 2).mean())


@pytest.mark.parametrize("seed", range(5))
def test_scale_consistency_is_the_best_of_24_scales(seed: int) -> None:
    music = random_notes(np.random.default_rng(seed), 40)
    major, minor = {0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10}
    shares = [
        np.mean([(pitch - root) % 12 in scale for pitch in music.pitch.tolist()])
        for scale in (major, minor)
        for root in range(12)
    ]
    assert symbolic.measure(music)["scale_consistency"] == pytest.approx(max(shares))


def test_twelve_equal_pitch_classes_fit_no_scale_better_than_another() -> None:
    chromatic = notes(*[(k, k + 1, 60 + k) for k in range(12)])
    assert symbolic.measure(chromatic)["scale_consistency"] == pytest.approx(7 / 12)


def test_a_harmonic_minor_scale_leaves_the_natural_one() -> None:
    harmonic = notes(*[(k, k + 1, 57 + step) for k, step in enumerate((0, 2, 3, 5, 7, 8, 11, 12))])
    assert symbolic.measure(harmonic)["scale_consistency"] == pytest.approx(7 / 8)


def test_empty_frames_agree_with_the_score_matrix() -> None:
    generator = np.random.default_rng(0)
    onset = generator.integers(0, 200, 40)
    rows = [(k / 8, (k + 1 + generator.integers(0, 5)) / 8, int(generator.integers(24, 102))) for k in onset]
    matrix = encode(notes(*rows), frames=220)
    silent = float((~matrix[HELD].any(axis=0)).mean())
    assert symbolic.measure(decode(matrix), 220 / 8)["empty_frames"] == pytest.approx(silent)


def test_notes_beyond_the_end_are_not_counted_as_frames() -> None:
    assert symbolic.measure(notes((0, 1, 60), (3, 9, 60)), 4.0)["empty_frames"] == pytest.approx(0.5)


def test_no_notes_are_missing_metrics_but_empty_frames() -> None:
    metrics = symbolic.measure(Notes.of(), 10.0)
    assert metrics.pop("note_density") == 0.0
    assert metrics.pop("empty_frames") == 1.0
    assert set(metrics.values()) == {Missing("no notes")}
    assert symbolic.measure(Notes.of()) == dict.fromkeys(symbolic.METRICS, Missing("no notes"))


def test_notes_without_length_have_no_polyphony() -> None:
    metrics = symbolic.measure(notes((0, 0, 60), (1, 1, 62)), 2.0)
    assert metrics["polyphony"] == metrics["polyphony_rate"] == Missing("all notes have length 0")
    assert metrics["note_length"] == 0.0


def test_every_metric_is_measured() -> None:
    assert list(symbolic.measure(SCALE)) == list(symbolic.METRICS)


@pytest.mark.parametrize(("seconds", "intervals"), [(0.029, 0), (0.031, 1)])
def test_notes_within_30_ms_are_one_chord(seconds: float, intervals: int) -> None:
    assert len(symbolic.inter_onset_intervals(notes((0, 1, 60), (seconds, 1, 64)))) == intervals


def test_the_highs_begin_with_middle_c() -> None:
    assert symbolic.changes_in_highs(notes((0, 1, 72), (1, 2, 60), (2, 3, 59), (3, 4, 57))) == 0.5


def test_a_time_that_misses_the_grid_by_rounding_is_on_it() -> None:
    assert symbolic.empty_frames(notes((0.375 - 1e-9, 0.5 + 1e-9, 60)), 1.0) == 7 / 8
