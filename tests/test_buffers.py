"""Waveforms in files are the same as those in memory, and an hour of music needs no more memory than a minute."""

import errno
import os
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes
from clstm.runtime.errors import UserError
from evaluation.audio import buffers
from evaluation.audio.buffers import BlockWriter, blank, blocks, clipped, excerpt, release
from evaluation.audio.files import mono, read_audio, resample, write_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.metrics import envelope, loudness


@pytest.fixture
def in_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "IN_MEMORY", 0)


def test_little_is_in_memory_and_much_in_a_file_both_silent_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "IN_MEMORY", 800)
    little, much = blank((100, 2)), blank((101, 2))
    assert not isinstance(little, np.memmap)
    assert isinstance(much, np.memmap)
    for silence in (little, much):
        assert silence.dtype == np.float32
        assert not silence.any()


def test_the_file_has_no_name_and_is_where_it_is_asked_to_be(
    in_files: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        blank((10,))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = blank((10,))
    assert list(tmp_path.iterdir()) == []
    kept[:] = 1
    assert kept.sum() == 10


def test_a_disk_without_room_is_named_before_anything_is_written(
    in_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match=r"no room for 0\.8 GB of samples in .* \(No space left.*set TMPDIR"):
        blank((100_000_000, 2))


def test_what_was_written_is_still_there_when_its_memory_was_let_go(in_files: None) -> None:
    written = np.random.default_rng(0).normal(size=(10_000, 2)).astype(np.float32)
    kept = blank(written.shape)
    kept[:] = written
    for part in (kept, kept[100:200], np.zeros(3)):
        release(part)
    np.testing.assert_array_equal(kept, written)


def test_what_lies_in_memory_alone_is_never_let_go(tmp_path: Path) -> None:
    np.zeros(10_000, dtype=np.float32).tofile(tmp_path / "samples")
    own = np.memmap(tmp_path / "samples", dtype=np.float32, mode="c")
    own[:] = 1
    release(own)
    assert own.all()


@pytest.mark.parametrize("length", [1, 999, 1000, 1001, 2500])
@pytest.mark.parametrize("context", [0, 3, 1200])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_blocks_are_the_samples_in_order_with_silence_around_them(
    length: int, context: int, shape: tuple[int, ...]
) -> None:
    samples = np.random.default_rng(0).normal(size=(length, *shape))
    padded = np.pad(samples, [(context, context)] + [(0, 0)] * len(shape))
    firsts = []
    for first, block in blocks(samples, 1000, context):
        np.testing.assert_array_equal(block, padded[first : first + min(1000, length - first) + 2 * context])
        firsts.append(first)
    assert firsts == list(range(0, length, 1000))


@pytest.mark.parametrize("size", [1, 7, 64, 100, 300])
@pytest.mark.parametrize("stated", [300, 320, 10])
def test_a_writer_keeps_every_sample_whatever_the_parts_and_the_length_stated(
    size: int, stated: int, in_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 64)
    samples = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    writer = BlockWriter((stated, 2))
    for first in range(0, len(samples), size):
        writer.write(samples[first : first + size])
    assert writer.samples == 300
    np.testing.assert_array_equal(writer.written, samples)
    assert not writer.waveform[300:].any()


def test_a_writer_never_gives_room_beyond_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 64)
    writer = BlockWriter((100,))
    given = []
    while writer.samples < 100:
        room = writer.room(50)
        given.append(len(room))
        writer.advance(len(room))
    assert given == [50, 14, 36]


def test_a_writer_frees_its_memory_at_the_end_of_each_block(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int] = []
    monkeypatch.setattr(buffers, "BLOCK", 64)
    writer = BlockWriter((150,))
    monkeypatch.setattr(buffers, "release", lambda _: freed.append(writer.samples))
    for _ in range(15):
        writer.write(np.ones(10))
    assert freed == [64, 128, 150]


def test_an_excerpt_is_a_copy_with_silence_beyond_the_end() -> None:
    samples = np.arange(8.0).reshape(4, 2)
    part = excerpt(samples, 2, 6)
    np.testing.assert_array_equal(part, [[4, 5], [6, 7], [0, 0], [0, 0]])
    part[:] = -1
    assert samples.min() == 0


def test_only_what_is_beyond_full_scale_is_clipped() -> None:
    assert clipped(np.array([[1.0, -1.0], [1.0001, -3.0], [0.5, np.inf]])) == 3


def test_twenty_minutes_take_no_more_memory_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its samples alone would take 77 MB, as float64 154."""
    settings = RenderSettings(sample_rate=8000)
    notes = Notes.of([(10.0 * k, 10.0 * k + 2, 40 + k % 40, 80) for k in range(120)])
    loudness.measure(np.ones((8000, 2), dtype=np.float32), 8000)  # imports
    envelope.analytic_envelope(np.ones(8000, dtype=np.float32), 8000)
    monkeypatch.setattr(buffers, "IN_MEMORY", 2**20)
    tracemalloc.start()
    try:
        music = render(notes, settings)
        write_audio(tmp_path / "a.wav", music, 8000)
        again, _ = read_audio(tmp_path / "a.wav")
        metrics = loudness.measure(resample(again, 8000, 11025), 11025)
        single = mono(music)
        metrics |= envelope.measure(single, 8000)
        envelope.analytic_envelope(single, 8000)
        loudness.short_term_loudness(music, 8000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert music.nbytes > 76e6
    assert metrics["duration"] == pytest.approx(1193.5, abs=0.1)
    assert most < 40e6
