"""Notes in order and consistent matrices are one to one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clstm.models.sequence import matrix_of, sequence
from clstm.music.score import HELD, ROWS, STRUCK, Matrix, is_consistent, repair


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    """Consistent matrices of few pitches and frames, the outermost pitches among them."""
    frames = draw(st.integers(0, 9))
    matrix = np.zeros((ROWS, frames), dtype=np.uint8)
    for pitch in (0, 1, 40, 77):
        cells = draw(st.lists(st.integers(0, 2), min_size=frames, max_size=frames))
        matrix[HELD][pitch] = np.array(cells, dtype=np.uint8) > 0
        matrix[STRUCK][pitch] = np.array(cells, dtype=np.uint8) == 2
    return repair(matrix)


@given(matrices())
def test_every_consistent_matrix_comes_back_from_its_notes(matrix: Matrix) -> None:
    notes = sequence(matrix)
    assert (matrix_of(notes, matrix.shape[1]) == matrix).all()
    assert is_consistent(matrix)


@given(matrices())
def test_notes_are_ordered_do_not_overlap_and_come_back_from_their_matrix(matrix: Matrix) -> None:
    notes = sequence(matrix)
    assert [tuple(note[[1, 0]]) for note in notes] == sorted({tuple(note[[1, 0]]) for note in notes})
    assert (notes[:, 2] >= 1).all()
    assert (notes[:, 1] + notes[:, 2] <= matrix.shape[1]).all()
    assert (sequence(matrix_of(notes, matrix.shape[1])) == notes).all()


def test_silence_has_no_notes() -> None:
    assert sequence(np.zeros((ROWS, 5), dtype=np.uint8)).shape == (0, 3)


def test_an_inconsistent_matrix_is_refused() -> None:
    matrix = np.zeros((ROWS, 2), dtype=np.uint8)
    matrix[HELD][3] = 1
    with pytest.raises(ValueError, match="not consistent"):
        sequence(matrix)
