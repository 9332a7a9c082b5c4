"""Predictions that know no music, against what they are by definition."""

import numpy as np

from clstm.corpus.corpus import Corpus
from clstm.prediction.baselines import Markov, copy_last, hold_chord, silence

ENDS = np.array([10, 19, 100])


def test_silence_copy_and_hold(tiny_corpus: Corpus) -> None:
    frames = tiny_corpus.matrix(0).T
    assert not silence(frames, ENDS, 9).any()
    copied, held = copy_last(frames, ENDS, 9), hold_chord(frames, ENDS, 9)
    assert copied.shape == held.shape == (3, 9, 156)
    for ahead in range(9):
        np.testing.assert_array_equal(copied[:, ahead], frames[ENDS - 1])
        np.testing.assert_array_equal(held[:, ahead, :78], frames[ENDS - 1, :78])
    assert not held[:, :, 78:].any()


def test_markov_chains_are_smoothed_relative_frequencies(tiny_corpus: Corpus) -> None:
    markov = Markov.fit(tiny_corpus, np.array([0, 1]), 9)
    after = [tiny_corpus.matrix(piece).T.astype(int) for piece in (0, 1)]
    row, ahead = int(after[0].sum(axis=0).argmax()), 3
    last = np.concatenate([frames[:-ahead, row] for frames in after])
    then = np.concatenate([frames[ahead:, row] for frames in after])
    for state in (0, 1):
        expected = (then[last == state].sum() + 1) / ((last == state).sum() + 2)
        assert markov.table[ahead - 1, state, row] == expected
    predicted = markov(after[0], ENDS, 9)
    expected_rows = np.where(after[0][ENDS - 1] == 1, markov.table[2, 1], markov.table[2, 0])
    np.testing.assert_allclose(predicted[:, 2], expected_rows, rtol=1e-6)
