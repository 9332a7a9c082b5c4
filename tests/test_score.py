"""Notes <-> score matrix. The matrices are built directly, never through `encode`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clstm.music.midi import Notes
from clstm.music.score import (
    FRAME_RATE,
    HELD,
    LOWEST,
    PITCHES,
    ROWS,
    STRUCK,
    Matrix,
    decode,
    encode,
    is_consistent,
    losses,
    repair,
)

# Of each pitch and frame: nothing, a strike, or the note before going on.
CELLS = {"off": (0, 0), "struck": (1, 1), "on": (1, 0)}


@st.composite
def consistent_matrices(draw: st.DrawFn) -> Matrix:
    """Rows of cells in which nothing goes on that was not sounding."""
    frames = draw(st.integers(0, 40))
    matrix = np.zeros((ROWS, frames), dtype=np.uint8)
    for row in draw(st.sets(st.integers(0, PITCHES - 1), max_size=6)):
        sounding = False
        for frame in range(frames):
            kinds = ["off", "struck", "on"] if sounding else ["off", "struck"]
            held, struck = CELLS[draw(st.sampled_from(kinds))]
            matrix[row, frame], matrix[PITCHES + row, frame] = held, struck
            sounding = bool(held)
    return matrix


matrices = st.builds(
    lambda seed, frames, density: (np.random.default_rng(seed).random((ROWS, frames)) < density).astype(np.uint8),
    st.integers(0, 2**32),
    st.integers(0, 30),
    st.floats(0, 1),
)


@given(consistent_matrices())
def test_encode_undoes_decode(matrix: Matrix) -> None:
    assert is_consistent(matrix)
    np.testing.assert_array_equal(encode(decode(matrix), frames=matrix.shape[1]), matrix)


@given(consistent_matrices(), st.floats(-1e-5, 1e-5))
def test_float_error_of_times_on_the_grid_changes_nothing(matrix: Matrix, error: float) -> None:
    notes = decode(matrix)
    moved = Notes(np.maximum(notes.onset + error, 0), notes.offset + error, notes.pitch, notes.velocity)
    np.testing.assert_array_equal(encode(moved, frames=matrix.shape[1]), matrix)


@given(matrices)
def test_any_matrix_is_repaired_to_a_consistent_one_that_keeps_its_cells(matrix: Matrix) -> None:
    repaired = repair(matrix)
    assert is_consistent(repaired)
    assert (repaired >= matrix).all()
    np.testing.assert_array_equal(repair(repaired), repaired)


@given(consistent_matrices(), st.integers(0, 40))
def test_a_crop_differs_from_its_repair_in_its_first_frame_alone(matrix: Matrix, start: int) -> None:
    crop = matrix[:, start:]
    assert not (repair(crop) != crop)[:, 1:].any()


def test_rows_are_held_then_struck_from_midi_24() -> None:
    matrix = encode(Notes.of([(0.25, 0.5, LOWEST + 3, 80)]))
    assert matrix.shape == (156, 4)
    assert np.argwhere(matrix).tolist() == [[3, 2], [3, 3], [78 + 3, 2]]


def test_a_note_shorter_than_a_frame_survives() -> None:
    assert encode(Notes.of([(1.01, 1.02, 60, 80)]))[HELD].sum() == 1


def test_a_note_repeated_without_a_gap_is_struck_twice() -> None:
    matrix = encode(Notes.of([(0.0, 0.5, 60, 80), (0.5, 1.0, 60, 80)]))
    assert matrix[60 - LOWEST].tolist() == [1] * 8
    assert matrix[PITCHES + 60 - LOWEST].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]


def test_a_note_still_held_at_the_end_ends_there() -> None:
    matrix = np.zeros((ROWS, 5), dtype=np.uint8)
    matrix[10, 3:] = matrix[PITCHES + 10, 3] = 1
    notes = decode(matrix)
    assert (notes.onset.tolist(), notes.offset.tolist()) == ([3 / FRAME_RATE], [5 / FRAME_RATE])


def test_overlapping_notes_of_a_pitch_are_held_for_their_union() -> None:
    matrix = encode(Notes.of([(0.0, 1.0, 60, 80), (0.5, 0.75, 60, 80)]))
    assert matrix[60 - LOWEST].tolist() == [1] * 8


def test_frames_cut_and_pad() -> None:
    notes = Notes.of([(0.0, 1.0, 60, 80), (2.0, 3.0, 62, 80)])
    assert encode(notes, frames=4).shape == (ROWS, 4)
    assert not encode(notes, frames=30)[:, 24:].any()


@pytest.mark.parametrize("matrix", [encode(Notes.of()), np.zeros((ROWS, 12), dtype=np.uint8)])
def test_silence_has_no_notes(matrix: Matrix) -> None:
    assert len(decode(matrix)) == 0
    assert is_consistent(matrix)


def test_what_the_grid_loses_is_counted() -> None:
    rows = [(0.0, 1.0, 23, 80), (0.0, 1.0, 102, 80), (1.0, 2.0, 60, 80), (1.02, 1.5, 60, 80), (3.0, 3.01, 61, 80)]
    counted = losses(Notes.of(rows))
    assert (counted.notes, counted.out_of_range, counted.merged, counted.lengthened) == (5, 2, 1, 1)
    assert encode(Notes.of(rows))[STRUCK].sum() == 2


def test_a_strike_without_held_is_inconsistent() -> None:
    matrix = np.zeros((ROWS, 3), dtype=np.uint8)
    matrix[PITCHES, 1] = 1
    assert not is_consistent(matrix)
    matrix[0] = 1
    assert not is_consistent(matrix)  # the run begins a frame before its strike
