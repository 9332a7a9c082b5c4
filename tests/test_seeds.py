"""Where generation begins, and what the piece itself does next."""

from pathlib import Path

import numpy as np
import pytest

from clstm import seeds
from clstm.corpus import Corpus
from clstm.errors import UserError
from clstm.midi import Notes, write_midi
from clstm.score import is_consistent, repair


def test_a_window_and_its_continuation_are_what_stands_in_the_piece(tiny_corpus: Corpus) -> None:
    for seed in seeds.from_corpus(tiny_corpus, "train", 4, after=80, seed=3):
        piece = tiny_corpus.pieces.index[tiny_corpus.pieces["file"] == f"{seed.name}.mid"][0]
        matrix = tiny_corpus.matrix(piece)
        np.testing.assert_array_equal(seed.window, repair(matrix[:, seed.start : seed.start + 90]))
        np.testing.assert_array_equal(seed.continuation, repair(matrix[:, seed.start + 90 : seed.start + 170]))


def test_different_pieces_come_before_a_second_window_of_one(tiny_corpus: Corpus) -> None:
    count = len(tiny_corpus.of_split("train"))
    names = [seed.name for seed in seeds.from_corpus(tiny_corpus, "train", count + 1, after=80, seed=0)]
    assert len(set(names[:count])) == count


def test_more_windows_begin_with_the_same_ones(tiny_corpus: Corpus) -> None:
    few = seeds.from_corpus(tiny_corpus, "train", 2, after=80, seed=0)
    more = seeds.from_corpus(tiny_corpus, "train", 3, after=80, seed=0)
    assert [(seed.name, seed.start) for seed in few] == [(seed.name, seed.start) for seed in more[:2]]


def test_no_piece_long_enough_is_said_in_seconds(tiny_corpus: Corpus) -> None:
    with pytest.raises(UserError, match=r"'test' lasts 36\.25 s .* the longest lasts 30 s"):
        seeds.from_corpus(tiny_corpus, "test", 1, after=200, seed=0)


def test_a_short_file_is_padded_with_silence_before_it(tmp_path: Path) -> None:
    write_midi(Notes.of([(0.0, 2.0, 60, 80)]), tmp_path / "short.mid")
    seed = seeds.from_midi(tmp_path / "short.mid")
    assert (seed.window.shape, seed.padding) == ((156, 90), 74)
    assert not seed.window[:, :74].any()
    assert seed.window[36, 74:].all()


def test_a_file_can_be_entered_in_the_middle(eight_pieces: Path) -> None:
    whole = seeds.from_midi(eight_pieces / "piece3.mid", window=240)
    seed = seeds.from_midi(eight_pieces / "piece3.mid", start_seconds=5.0)
    np.testing.assert_array_equal(seed.window, repair(whole.window[:, 40:130]))
    assert is_consistent(seed.continuation)
    with pytest.raises(UserError, match=r"no note .* from 99 s on; it lasts 30 s"):
        seeds.from_midi(eight_pieces / "piece3.mid", start_seconds=99)
