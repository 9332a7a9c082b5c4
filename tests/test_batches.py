"""What training sees: a function of seed and step, transposed within the rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clstm.corpus.corpus import Corpus
from clstm.music.midi import Notes
from clstm.music.score import decode, encode, is_consistent, repair
from clstm.training import batches


def draw(corpus: Corpus, seed: int, step: int) -> batches.TrainingWindows:
    train, _ = batches.training_and_selection(corpus, 0)
    return batches.batch(corpus, train, 4, 64, seed, step, (-5, 6))


def test_a_batch_is_a_function_of_seed_and_step(tiny_corpus: Corpus) -> None:
    first, again = draw(tiny_corpus, 1, 7), draw(tiny_corpus, 1, 7)
    np.testing.assert_array_equal(first.frames, again.frames)
    assert (first.frames != draw(tiny_corpus, 1, 8).frames).any()
    assert (first.frames != draw(tiny_corpus, 2, 7).frames).any()


def test_excerpts_are_consistent_and_short_pieces_are_padded(tiny_corpus: Corpus) -> None:
    assert all(is_consistent(frames.T) for frames in draw(tiny_corpus, 0, 0).frames)
    longer = batches.fixed(tiny_corpus, np.array([0]), 1, 300, 0)
    assert longer.real[0].sum() == tiny_corpus.lengths[0] == 240
    assert not longer.frames[0, 240:].any()


def test_pieces_to_choose_by_are_not_learned_from(tiny_corpus: Corpus) -> None:
    train, selection = batches.training_and_selection(tiny_corpus, 0)
    assert set(tiny_corpus.pieces["split"][train]) == {"train"}
    assert set(tiny_corpus.pieces["split"][selection]) == {"valid"}


def test_without_a_test_split_they_are_set_aside_from_train_by_group(tiny_corpus: Corpus) -> None:
    pieces = tiny_corpus.pieces.assign(split="train", group=[f"g{i // 2}" for i in range(8)])
    train, selection = batches.training_and_selection(Corpus(tiny_corpus.path, pieces, tiny_corpus.packed), 3)
    assert len(train) == 6
    assert len(selection) == 2
    assert not set(pieces["group"][train]) & set(pieces["group"][selection])


@given(st.lists(st.integers(24, 101), min_size=1, max_size=5), st.integers(-12, 12))
def test_transposition_moves_held_and_struck_together_and_loses_no_note(pitches: list[int], semitones: int) -> None:
    matrix = encode(Notes.of([(i / 8, i / 8 + 1, pitch, 80) for i, pitch in enumerate(pitches)]))
    moved = batches.transposed(matrix, semitones)
    before, after = decode(matrix), decode(moved)
    shift = max(24 - min(pitches), min(101 - max(pitches), semitones))
    assert is_consistent(moved)
    assert sorted(after.pitch - shift) == sorted(before.pitch)


def test_row_means_are_shares_of_frames(tiny_corpus: Corpus) -> None:
    means = batches.row_means(tiny_corpus, np.array([0, 1]))
    both = np.concatenate([tiny_corpus.matrix(0), tiny_corpus.matrix(1)], axis=1)
    np.testing.assert_allclose(means, both.mean(axis=1))


def test_every_excerpt_that_fits_a_piece_is_drawn_the_first_and_the_last_too(tiny_corpus: Corpus) -> None:
    piece = np.array([0])
    length = int(tiny_corpus.lengths[0]) - 2  # begins in frame 0, 1 or 2
    whole = tiny_corpus.matrix(0)
    fitting = [repair(whole[:, start : start + length]).T for start in range(3)]
    drawn = batches.batch(tiny_corpus, piece, 120, length, 0, 0, (0, 0)).frames
    counts = [int((drawn == one).all(axis=(1, 2)).sum()) for one in fitting]
    assert sum(counts) == 120
    assert min(counts) > 20, "as likely as any other"


def test_an_excerpt_begins_in_every_frame_of_the_silence_before_a_piece_and_in_its_first(tiny_corpus: Corpus) -> None:
    length = int(tiny_corpus.lengths[0])
    drawn = batches.batch(tiny_corpus, np.array([0]), 120, length, 0, 0, (0, 0), lead_in=2)
    begins = drawn.real.argmax(axis=1)  # frames of silence before the piece
    assert sorted(set(begins.tolist())) == [0, 1, 2]
    assert not drawn.frames[~drawn.real].any()
