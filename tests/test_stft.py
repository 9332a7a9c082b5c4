"""Spectra in blocks: none is lost or read twice, and the waveform is only ever read a slice at a time."""

import tracemalloc
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from evaluation.audio.stft import magnitude_blocks, window_starts
from evaluation.metrics import sonogram, spectrum, structure
from evaluation.metrics.metric import MetricValue

RATE = 44100


class Unending:
    """Noise that is made when it is read, as one reads a file."""

    def __init__(self, samples: int) -> None:
        self.samples, self.longest = samples, 0

    def __len__(self) -> int:
        return self.samples

    @property
    def shape(self) -> tuple[int]:
        return (self.samples,)

    def __getitem__(self, part: slice) -> np.ndarray:
        start, stop, _ = part.indices(self.samples)
        self.longest = max(self.longest, stop - start)
        return np.random.default_rng(start).normal(0, 0.1, stop - start).astype(np.float32)


@pytest.mark.parametrize("view", [spectrum.measure, sonogram.measure, structure.measure])
def test_long_music_is_read_in_slices_and_needs_little_memory(
    view: Callable[[object, int], Mapping[str, MetricValue]],
) -> None:
    waveform = Unending(240 * RATE)
    view(waveform, RATE)  # imports
    tracemalloc.start()
    try:
        view(waveform, RATE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert waveform.longest <= 2**20
    assert peak < 40e6  # as float32 the waveform has 42 MB, its spectra 10 times as many


@pytest.mark.parametrize("hop", [100, 110.25, 256])
def test_every_window_is_there_once_and_in_order(hop: float) -> None:
    wave, size = np.random.default_rng(0).normal(size=1_100_000), 256
    starts = window_starts(len(wave), size, hop)
    blocks = list(magnitude_blocks(wave, starts, size))
    assert len(blocks) > 1
    hann = np.sin(np.pi * np.arange(size) / size) ** 2
    magnitude = np.concatenate(blocks)
    for window in (0, 1, len(blocks[0]) - 1, len(blocks[0]), len(starts) - 1):
        begin = round(window * hop)
        expected = np.abs(np.fft.rfft(wave[begin : begin + size] * hann)) * 2 / hann.sum()
        np.testing.assert_allclose(magnitude[window], expected, atol=1e-12)
    assert len(wave) - size - hop < starts[-1] <= len(wave) - size


def test_a_memory_map_of_whole_numbers_is_taken_as_it_is(tmp_path: object) -> None:
    wave = np.memmap(f"{tmp_path}/wave", dtype=np.int16, mode="w+", shape=1000)
    wave[::100] = 1
    (block,) = magnitude_blocks(wave, window_starts(1000, 100, 100), 100)
    assert block.dtype == np.float32
    np.testing.assert_allclose(block, 0, atol=1e-7)  # each click is where a window is 0


@pytest.mark.parametrize("samples", [0, 1, 99])
def test_what_is_shorter_than_a_window_is_one_padded_with_silence(samples: int) -> None:
    wave = np.ones(samples)
    (block,) = magnitude_blocks(wave, window_starts(samples, 100, 50), 100, 128)
    hann = np.sin(np.pi * np.arange(100) / 100) ** 2
    expected = np.abs(np.fft.rfft((np.pad(wave, (0, 100 - samples)) * hann), 128)) * 2 / hann.sum()
    np.testing.assert_allclose(block, expected[None], atol=1e-12)
