"""The sonogram against closed forms: a sine, alternating tones, noise, silence, one sample; and against librosa."""

import librosa
import numpy as np
import pytest

from evaluation import sonogram
from evaluation.metric import Missing

RATE = 44100
SIZE = 4096
BIN = RATE / SIZE


def sine(hertz: float, amplitude: float = 0.5, seconds: float = 4.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def noise(seconds: float = 20.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE))


def alternating(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """One signal in even eighths of a second, the other in odd ones."""
    odd = np.floor(np.arange(len(one)) / RATE * 8).astype(int) % 2
    return np.where(odd, other, one)


def test_a_sine_in_the_middle_of_a_bin_reads_its_amplitude_all_the_time() -> None:
    frequency, times, level = sonogram.sonogram(sine(100 * BIN, 0.1), RATE)
    assert level.shape == (len(frequency), len(times))
    np.testing.assert_allclose(level[100], -20, atol=0.01)
    np.testing.assert_array_equal(level.argmax(axis=0), 100)


def test_windows_lie_within_the_sound_and_a_hop_apart() -> None:
    _, times, _ = sonogram.sonogram(np.zeros(RATE), RATE)
    assert times[0] == pytest.approx(SIZE / 2 / RATE)
    assert times[-1] + SIZE / 2 / RATE <= 1
    np.testing.assert_allclose(np.diff(times), sonogram.HOP, atol=1 / RATE)


def test_magnitudes_agree_with_librosa() -> None:
    wave, hop = noise(1.0), 1024
    _, _, ours = sonogram.magnitudes(wave, RATE, hop / RATE)
    theirs = np.abs(librosa.stft(wave, n_fft=SIZE, hop_length=hop, center=False)) * 2 / (SIZE / 2)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_frames_do_not_depend_on_those_computed_with_them() -> None:
    wave = noise(20.0)
    _, _, whole = sonogram.magnitudes(wave, RATE, 0.05)
    _, _, end = sonogram.magnitudes(wave[15 * RATE :], RATE, 0.05)
    np.testing.assert_array_equal(whole[:, 300:], end)


def test_a_steady_sine_does_not_change() -> None:
    figures = sonogram.measure(sine(440.0), RATE)
    assert figures["spectral_change"] == pytest.approx(0, abs=1e-3)
    assert figures["change_below_1000_hz"] == pytest.approx(0, abs=1e-3)


def test_two_tones_in_turn_change_everything() -> None:
    figures = sonogram.measure(alternating(sine(40 * BIN), sine(80 * BIN)), RATE)
    assert figures["spectral_change"] == pytest.approx(1, abs=0.02)


def test_white_noise_changes_as_two_rayleigh_magnitudes_differ() -> None:
    expected = 1 - 1 / np.sqrt(2)
    figures = sonogram.measure(noise(), RATE)
    assert figures["spectral_change"] == pytest.approx(expected, rel=0.01)
    assert figures["change_ratio"] == pytest.approx(1, abs=0.03)


def test_a_melody_over_a_held_bass_changes_in_the_highs() -> None:
    melody = alternating(sine(150 * BIN), sine(200 * BIN))
    figures = sonogram.measure(sine(20 * BIN) + melody, RATE)
    assert figures["change_above_1000_hz"] == pytest.approx(1, abs=0.02)
    assert figures["change_below_1000_hz"] < 0.05
    assert figures["change_ratio"] > 20


def test_change_does_not_depend_on_level() -> None:
    wave = alternating(sine(300), sine(2000, 0.2))
    assert sonogram.measure(0.01 * wave, RATE) == pytest.approx(sonogram.measure(wave, RATE), rel=1e-3)


def test_a_band_where_nothing_sounds_is_missing_and_the_ratio_with_it() -> None:
    figures = sonogram.measure(sine(40 * BIN), RATE)
    assert figures["change_above_1000_hz"] == Missing("nothing sounds above 1 kHz")
    assert figures["change_ratio"] == Missing("nothing sounds above 1 kHz")
    assert sonogram.measure(sine(500 * BIN), RATE)["change_ratio"] == Missing("nothing sounds below 1 kHz")


@pytest.mark.parametrize("samples", [1, RATE])
def test_silence_is_missing_and_says_so(samples: int) -> None:
    _, _, level = sonogram.sonogram(np.zeros(samples), RATE)
    assert (level == sonogram.FLOOR).all()
    assert sonogram.measure(np.zeros(samples), RATE) == dict.fromkeys(sonogram.METRICS, Missing("silent"))


@pytest.mark.parametrize("samples", [1, 100, SIZE])
def test_what_fits_in_one_window_is_one_frame_and_cannot_change(samples: int) -> None:
    constant = np.full(samples, 0.5)
    frequency, times, level = sonogram.sonogram(constant, RATE)
    assert level.shape == (len(frequency), len(times)) == (SIZE // 2 + 1, 1)
    figures = sonogram.measure(np.append(constant[1:], 0.4), RATE)
    assert figures["spectral_change"] in (
        Missing("silent"),
        Missing("too short for two windows an eighth of a second apart"),
    )


def test_every_metric_is_measured() -> None:
    assert list(sonogram.measure(noise(1.0), RATE)) == list(sonogram.METRICS)
