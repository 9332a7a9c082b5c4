"""How well a segment of a piece explains the rest of it: the fitness of Müller, Jiang & Grosche, "A robust fitness
measure for capturing repetitions in music recordings with applications to audio thumbnailing" (IEEE TASLP 2013), of all
segments of a piece.

A segment's optimal path family is a set of paths through its columns of the similarity matrix S, none of two in one
row, each over the whole segment in steps (rows, columns) of (1, 1), (1, 2) or (2, 1), whose sum of S is largest. With
M frames in the segment, N in the piece, L cells in the family and K rows under its paths,

    score = (sum - M) / L        coverage = (K - M) / N        fitness = 2 score coverage / (score + coverage)

so that the path of the segment with itself counts for nothing. These are the equations, the order of the steps and the
edges of Müller & Zalkow's `libfmp.c4`: the numbers are the same. Compiled, for the work grows with N ** 4.
"""

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.compiling import compiled

Floats = NDArray[np.float64]


@compiled
def fittest(alike: Floats, shortest: int, longest: int) -> Floats:
    """The largest fitness of a segment of each length, (longest + 1,); 0 below the shortest.

    alike : (frames, frames) at most 1, and 1 on the diagonal
    """
    frames = len(alike)
    best = np.zeros(longest + 1)
    total = np.empty((frames + 1, longest + 1))  # row 0 is the one before the first
    for length in range(shortest, min(longest, frames) + 1):
        for begin in range(frames - length + 1):
            _accumulate(alike, begin, length, total)
            cells, rows = _family(total, frames, length)
            gained = max(total[frames, 0], total[frames, length])
            score = (gained - length) / (cells + 1e-16)
            coverage = (rows - length) / (frames + 1e-16)
            best[length] = max(best[length], 2 * score * coverage / (score + coverage + 1e-16))
    return best


@compiled
def _accumulate(alike: Floats, begin: int, length: int, total: Floats) -> None:
    """Fill `total`: in each row the largest sum of a family that ends at each column of the segment, 1.., or is between
    two paths, 0.
    """
    frames = len(alike)
    total[:2, : length + 1] = -np.inf
    total[1, 0] = 0.0
    total[1, 1] = alike[0, begin]
    for row in range(2, frames + 1):
        total[row, 0] = max(total[row - 1, 0], total[row - 1, length])
        total[row, 1] = total[row, 0] + alike[row - 1, begin]
        # Slices of one size, so that the loop becomes one over vectors: three times as fast.
        here, own = total[row, 2 : length + 1], alike[row - 1, begin + 1 : begin + length]
        diagonal, wide, tall = total[row - 1, 1:length], total[row - 1, : length - 1], total[row - 2, 1:length]
        for place in range(length - 1):
            here[place] = own[place] + max(diagonal[place], wide[place], tall[place])


@compiled
def _family(total: Floats, frames: int, length: int) -> tuple[int, int]:
    """How many cells the optimal family has, and how many rows lie under its paths."""
    row, column = frames - 1, 0 if total[frames, length] < total[frames, 0] else length
    cells = rows = 0
    if column:
        cells, last, lowest = 1, row, row
    else:
        last, lowest = -1, 0
    while row > 0 or column > 0:
        if row == 0:
            column -= 1
        elif column == 0:
            if total[row, length] > total[row, 0]:
                rows += last - lowest + 1  # of the path above, if any
                column, cells = length, cells + 1
                last = lowest = row - 1
            row -= 1
        elif column == 1:
            column = 0
        else:
            row, column = _before(total, row, column)
            cells, lowest = cells + 1, row
    return cells, rows + last - lowest + 1


@compiled
def _before(total: Floats, row: int, column: int) -> tuple[int, int]:
    """The cell from which the best sum comes; of equal ones the diagonal, then the step of two rows."""
    best, at_row, at_column = total[row, column - 1], row - 1, column - 1
    if row > 2 and total[row - 1, column - 1] > best:
        best, at_row, at_column = total[row - 1, column - 1], row - 2, column - 1
    if column > 2 and total[row, column - 2] > best:
        at_row, at_column = row - 1, column - 2
    return at_row, at_column
