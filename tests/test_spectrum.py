"""The spectrum against closed forms: sines, two sines, white noise, silence, one sample; and against librosa."""

import librosa
import numpy as np
import pytest

from evaluation import spectrum
from evaluation.metric import Missing

RATE = 44100
BIN = RATE / 16384


def sine(hertz: float, amplitude: float = 1.0, seconds: float = 3.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def noise(seconds: float = 20.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE))


@pytest.mark.parametrize(("amplitude", "decibels"), [(1.0, 0.0), (0.1, -20.0), (0.001, -60.0)])
def test_a_sine_in_the_middle_of_a_bin_reads_its_amplitude(amplitude: float, decibels: float) -> None:
    frequency, magnitude = spectrum.magnitude_spectrum(sine(200 * BIN, amplitude), RATE)
    assert frequency[magnitude.argmax()] == pytest.approx(200 * BIN)
    assert magnitude.max() == pytest.approx(decibels, abs=0.01)


def test_a_sine_between_bins_loses_at_most_what_the_hann_window_takes() -> None:
    _, magnitude = spectrum.magnitude_spectrum(sine(200.5 * BIN), RATE)
    assert magnitude.max() == pytest.approx(-1.42, abs=0.02)


def test_two_sines_stand_in_the_ratio_of_their_amplitudes() -> None:
    frequency, magnitude = spectrum.magnitude_spectrum(sine(100 * BIN) + sine(1000 * BIN, 0.1), RATE)
    assert magnitude[100] - magnitude[1000] == pytest.approx(20, abs=0.01)
    assert frequency[1000] == pytest.approx(1000 * BIN)


def test_a_low_and_a_high_sine_share_the_energy_by_their_squares() -> None:
    figures = spectrum.measure(sine(500) + sine(1250, 0.5) + sine(5000, 0.5), RATE)
    assert figures["energy_below_1000_hz"] == pytest.approx(1 / 1.5, abs=1e-3)
    assert figures["energy_below_1200_hz"] == pytest.approx(1 / 1.5, abs=1e-3)
    assert figures["energy_below_1300_hz"] == pytest.approx(1.25 / 1.5, abs=1e-3)
    assert figures["rolloff_85"] == pytest.approx(5000, abs=2 * BIN)
    assert figures["centroid"] == pytest.approx((500 + 0.25 * 1250 + 0.25 * 5000) / 1.5, rel=1e-3)


def test_a_sine_has_its_centroid_and_rolloff_at_its_frequency() -> None:
    figures = spectrum.measure(sine(625.0), RATE)
    assert figures["centroid"] == pytest.approx(625, abs=1)
    assert figures["rolloff_85"] == pytest.approx(625, abs=2 * BIN)
    assert figures["rolloff_95"] == pytest.approx(625, abs=2 * BIN)
    assert figures["evenness"] == pytest.approx(0, abs=0.01)


def test_white_noise_is_even_and_spread_to_the_top() -> None:
    figures = spectrum.measure(noise(), RATE)
    assert figures["evenness"] == pytest.approx(1, abs=0.002)
    assert figures["centroid"] == pytest.approx(RATE / 4, rel=0.01)
    assert figures["rolloff_85"] == pytest.approx(0.85 * RATE / 2, rel=0.01)
    assert figures["energy_below_1000_hz"] == pytest.approx(1000 / (RATE / 2), rel=0.05)


def test_equal_sines_in_half_of_the_bands_are_as_even_as_log_10_over_log_20() -> None:
    tones = sum(sine(hertz, 0.1) for hertz in range(25, 1000, 100))
    assert spectrum.measure(tones, RATE)["evenness"] == pytest.approx(np.log(10) / np.log(20), abs=0.01)


def test_figures_do_not_depend_on_level() -> None:
    soft, loud = (spectrum.measure(scale * noise(2.0), RATE) for scale in (0.01, 1.0))
    assert soft == pytest.approx(loud)


def test_the_power_of_noise_is_its_energy() -> None:
    frequency, power = spectrum.power_spectrum(noise(), RATE)
    hann_noise_bandwidth = 1.5 * (frequency[1] - frequency[0])
    density = power.sum() / 2 * (frequency[1] - frequency[0]) / hann_noise_bandwidth
    assert density == pytest.approx(0.01, rel=0.02)


def test_centroid_and_rolloff_agree_with_librosa() -> None:
    frequency, power = spectrum.power_spectrum(np.cumsum(noise(3.0)) * 0.01, RATE)
    theirs = librosa.feature.spectral_centroid(S=power[:, None], freq=frequency)[0, 0]
    assert spectrum.centroid(frequency, power) == pytest.approx(theirs)
    for share in (0.85, 0.95):
        theirs = librosa.feature.spectral_rolloff(S=power[:, None], freq=frequency, roll_percent=share)[0, 0]
        assert spectrum.rolloff(share, frequency, power) == pytest.approx(theirs)


@pytest.mark.parametrize("samples", [1, RATE])
def test_silence_is_missing_and_says_so(samples: int) -> None:
    _, magnitude = spectrum.magnitude_spectrum(np.zeros(samples), RATE)
    assert (magnitude == spectrum.FLOOR).all()
    assert spectrum.measure(np.zeros(samples), RATE) == dict.fromkeys(spectrum.METRICS, Missing("silent"))


def test_one_sample_has_a_flat_spectrum() -> None:
    figures = spectrum.measure(np.array([0.5]), RATE)
    assert figures["centroid"] == pytest.approx(RATE / 4, rel=0.01)
    assert figures["evenness"] == pytest.approx(1, abs=0.01)


def test_what_sounds_only_above_1_khz_has_no_evenness_below() -> None:
    frequency = np.array([500.0, 2000.0])
    assert spectrum.evenness(frequency, np.array([0.0, 1.0])) == Missing("nothing sounds below 1 kHz")


def test_every_metric_is_measured() -> None:
    assert list(spectrum.measure(noise(1.0), RATE)) == list(spectrum.METRICS)
