"""Where generation begins, and what the piece itself does next."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clstm.corpus.corpus import Corpus
from clstm.generation import prompts
from clstm.music.midi import Notes, write_midi
from clstm.music.score import is_consistent, repair
from clstm.runtime.errors import MismatchError, UserError


def test_a_window_and_its_continuation_are_what_is_in_the_piece(tiny_corpus: Corpus) -> None:
    for prompt in prompts.from_corpus(tiny_corpus, "train", 4, after=80, seed=3):
        piece = tiny_corpus.pieces.index[tiny_corpus.pieces["file"] == f"{prompt.name}.mid"][0]
        matrix = tiny_corpus.matrix(piece)
        np.testing.assert_array_equal(prompt.window, repair(matrix[:, prompt.start : prompt.start + 90]))
        np.testing.assert_array_equal(prompt.continuation, repair(matrix[:, prompt.start + 90 : prompt.start + 170]))


def test_different_pieces_come_before_a_second_window_of_one(tiny_corpus: Corpus) -> None:
    count = len(tiny_corpus.of_split("train"))
    names = [prompt.name for prompt in prompts.from_corpus(tiny_corpus, "train", count + 1, after=80, seed=0)]
    assert len(set(names[:count])) == count


def test_more_windows_begin_with_the_same_ones(tiny_corpus: Corpus) -> None:
    few = prompts.from_corpus(tiny_corpus, "train", 2, after=80, seed=0)
    more = prompts.from_corpus(tiny_corpus, "train", 3, after=80, seed=0)
    assert [(prompt.name, prompt.start) for prompt in few] == [(prompt.name, prompt.start) for prompt in more[:2]]


def test_no_piece_long_enough_is_said_in_seconds(tiny_corpus: Corpus) -> None:
    with pytest.raises(UserError, match=r"'test' lasts 36\.25 s .* the longest lasts 30 s"):
        prompts.from_corpus(tiny_corpus, "test", 1, after=200, seed=0)


def test_a_short_file_is_padded_with_silence_before_it(tmp_path: Path) -> None:
    write_midi(Notes.of([(0.0, 2.0, 60, 80)]), tmp_path / "short.mid")
    prompt = prompts.from_midi(tmp_path / "short.mid")
    assert (prompt.window.shape, prompt.padding) == ((156, 90), 74)
    assert not prompt.window[:, :74].any()
    assert prompt.window[36, 74:].all()


def test_a_file_can_be_entered_in_the_middle(eight_pieces: Path) -> None:
    whole = prompts.from_midi(eight_pieces / "piece3.mid", window=240)
    prompt = prompts.from_midi(eight_pieces / "piece3.mid", start_seconds=5.0)
    np.testing.assert_array_equal(prompt.window, repair(whole.window[:, 40:130]))
    assert is_consistent(prompt.continuation)
    with pytest.raises(UserError, match=r"no note .* from 99 s on; it lasts 30 s"):
        prompts.from_midi(eight_pieces / "piece3.mid", start_seconds=99)


@pytest.mark.parametrize("window", [40, 200])
def test_models_of_any_window_go_on_from_the_same_frame_of_the_same_pieces(tiny_corpus: Corpus, window: int) -> None:
    papers = prompts.from_corpus(tiny_corpus, "train", 4, after=80, seed=3)
    others = prompts.from_corpus(tiny_corpus, "train", 4, after=80, seed=3, window=window)
    for paper, other in zip(papers, others, strict=True):
        assert (other.name, other.window.shape) == (paper.name, (156, window))
        assert other.start + window - other.padding == paper.start + 90
        np.testing.assert_array_equal(other.continuation, paper.continuation)
        shared = min(window - other.padding, 90)
        np.testing.assert_array_equal(other.window[:78, -shared:], paper.window[:78, -shared:])
        assert not other.window[:, : other.padding].any()
    assert (window == 200) == any(other.padding for other in others)


def test_piano_rolls_are_no_prompts(tiny_corpus: Corpus) -> None:
    rolls = replace(tiny_corpus, rows=88)
    with pytest.raises(MismatchError, match="music comes from a corpus of MIDI files"):
        prompts.from_corpus(rolls, "train", 1, after=8, seed=0)


def test_an_opening_is_always_there_and_as_long_as_any_window() -> None:
    prompt = prompts.opening()
    assert (prompt.window.shape, prompt.padding) == ((156, 90), 0)
    assert is_consistent(prompt.window)
    first = [int(np.flatnonzero(prompt.window[78:, frame])[0]) + 24 for frame in range(0, 16, 2)]
    assert first == [60, 64, 67, 72, 76, 67, 72, 76]
    assert prompt.window[60 - 24, :16].all()  # the bass is held for half a bar
    longer = prompts.opening(150)
    assert (longer.window.shape, longer.padding) == ((156, 150), 22)
    np.testing.assert_array_equal(longer.window[:, 22 : 22 + 90], prompt.window)
