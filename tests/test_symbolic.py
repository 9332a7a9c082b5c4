"""The notes' figures, counted by hand."""

import numpy as np
import pytest

from clstm.midi import Notes
from clstm.score import HELD, decode, encode
from evaluation import symbolic
from evaluation.metric import Missing


def notes(*rows: tuple[float, float, int]) -> Notes:
    return Notes.of([(onset, offset, pitch, 80) for onset, offset, pitch in rows])


SCALE = notes(*[(k / 2, k / 2 + 0.25, 60 + step) for k, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))])
CHORD = notes((0.0, 1.0, 48), (0.0, 1.0, 60), (0.01, 1.0, 64))


def test_a_scale_counted_by_hand() -> None:
    assert symbolic.measure(SCALE, 4.0) == pytest.approx(
        {
            "note_density": 2.0,
            "polyphony": 1.0,
            "pitch_range": 12,
            "pitch_class_entropy": 6 / 8 * 3 + 2 / 8 * 2,  # C twice in eight, six others once
            "empty_frames": 0.5,
            "note_length": 0.25,
            "inter_onset_interval": 0.5,
        }
    )


def test_a_chord_is_one_onset() -> None:
    figures = symbolic.measure(CHORD)
    assert figures["inter_onset_interval"] == Missing("one onset only")
    assert figures["polyphony"] == pytest.approx(2.99)
    assert figures["empty_frames"] == 0.0


def test_a_trill_is_not_taken_for_chords() -> None:
    trill = notes(*[(0.04 * k, 0.04 * k + 0.04, 60 + k % 2) for k in range(50)])
    assert symbolic.measure(trill)["inter_onset_interval"] == pytest.approx(0.04)


def test_twelve_equal_pitch_classes_have_the_largest_entropy() -> None:
    chromatic = notes(*[(k, k + 1, 60 + k) for k in range(12)])
    assert symbolic.measure(chromatic)["pitch_class_entropy"] == pytest.approx(np.log2(12))


def test_one_pitch_class_has_no_entropy() -> None:
    assert symbolic.measure(notes((0, 1, 48), (1, 2, 60), (2, 3, 72)))["pitch_class_entropy"] == 0.0


def test_polyphony_is_of_the_time_that_sounds() -> None:
    figures = symbolic.measure(notes((0, 1, 60), (0, 2, 64), (5, 6, 60)), 10.0)
    assert figures["polyphony"] == pytest.approx((1 + 2 + 1) / 3)


def test_empty_frames_agree_with_the_score_matrix() -> None:
    generator = np.random.default_rng(0)
    onset = generator.integers(0, 200, 40)
    rows = [(k / 8, (k + 1 + generator.integers(0, 5)) / 8, int(generator.integers(24, 102))) for k in onset]
    matrix = encode(notes(*rows), frames=220)
    silent = float((~matrix[HELD].any(axis=0)).mean())
    assert symbolic.measure(decode(matrix), 220 / 8)["empty_frames"] == pytest.approx(silent)


def test_notes_beyond_the_end_are_not_counted_as_frames() -> None:
    assert symbolic.measure(notes((0, 1, 60), (3, 9, 60)), 4.0)["empty_frames"] == pytest.approx(0.5)


def test_no_notes_are_missing_figures_but_empty_frames() -> None:
    figures = symbolic.measure(Notes.of(), 10.0)
    assert figures.pop("note_density") == 0.0
    assert figures.pop("empty_frames") == 1.0
    assert set(figures.values()) == {Missing("no notes")}
    assert symbolic.measure(Notes.of()) == dict.fromkeys(symbolic.METRICS, Missing("no notes"))


def test_notes_without_length_have_no_polyphony() -> None:
    figures = symbolic.measure(notes((0, 0, 60), (1, 1, 62)), 2.0)
    assert figures["polyphony"] == Missing("all notes have length 0")
    assert figures["note_length"] == 0.0


def test_every_metric_is_measured() -> None:
    assert list(symbolic.measure(SCALE)) == list(symbolic.METRICS)
