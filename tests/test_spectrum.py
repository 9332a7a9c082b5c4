"""The spectrum against closed forms: sines, two sines, white noise, silence, one sample; and against librosa."""

import librosa
import numpy as np
import pytest
import soxr
from scipy.signal import welch
from scipy.special import psi
from scipy.stats import entropy, gmean

from clstm.music.midi import Notes
from evaluation.audio.render import render
from evaluation.metrics import spectrum
from evaluation.metrics.metric import Missing

RATE = 44100
SIZE = 16384
BIN = RATE / SIZE
BINS = SIZE // 2 + 1
LOW = np.arange(BINS) * BIN <= 5000  # what entropy is of
FLAT = (np.arange(BINS) * BIN >= 50) & (np.arange(BINS) * BIN < 2000)  # what flatness is of


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
    metrics = spectrum.measure(sine(500) + sine(1250, 0.5) + sine(5000, 0.5), RATE)
    assert metrics["energy_below_1000_hz"] == pytest.approx(1 / 1.5, abs=1e-3)
    assert metrics["energy_below_1200_hz"] == pytest.approx(1 / 1.5, abs=1e-3)
    assert metrics["energy_below_1300_hz"] == pytest.approx(1.25 / 1.5, abs=1e-3)
    assert metrics["rolloff_85"] == pytest.approx(5000, abs=2 * BIN)
    assert metrics["centroid"] == pytest.approx((500 + 0.25 * 1250 + 0.25 * 5000) / 1.5, rel=1e-3)


def test_a_sine_has_its_centroid_and_rolloff_at_its_frequency() -> None:
    metrics = spectrum.measure(sine(625.0), RATE)
    assert metrics["centroid"] == pytest.approx(625, abs=1)
    assert metrics["rolloff_85"] == pytest.approx(625, abs=2 * BIN)
    assert metrics["rolloff_95"] == pytest.approx(625, abs=2 * BIN)
    assert metrics["evenness"] == pytest.approx(0, abs=0.01)


def test_white_noise_is_even_and_spread_to_the_top() -> None:
    metrics = spectrum.measure(noise(), RATE)
    assert metrics["evenness"] == pytest.approx(1, abs=0.002)
    assert metrics["centroid"] == pytest.approx(RATE / 4, rel=0.01)
    assert metrics["rolloff_85"] == pytest.approx(0.85 * RATE / 2, rel=0.01)
    assert metrics["energy_below_1000_hz"] == pytest.approx(1000 / (RATE / 2), rel=0.05)


def test_equal_sines_in_half_of_the_bands_are_as_even_as_log_10_over_log_20() -> None:
    tones = sum(sine(hertz, 0.1) for hertz in range(25, 1000, 100))
    assert spectrum.measure(tones, RATE)["evenness"] == pytest.approx(np.log(10) / np.log(20), abs=0.01)


def lines(*bins: int) -> np.ndarray:
    """The power spectrum of equal sines in the middles of bins: a Hann window's line is three bins wide."""
    power = np.zeros(BINS + 2)
    for middle in bins:
        power[middle : middle + 3] += (0.25, 1, 0.25)
    power = power[1:-1]
    power[[0, -1]] /= 2  # no negative frequency
    return power


def test_a_sine_is_as_wide_flat_and_uncertain_as_the_line_of_its_window() -> None:
    metrics, line = spectrum.measure(sine(200 * BIN), RATE), lines(200)
    assert metrics["centroid"] == pytest.approx(200 * BIN)
    assert metrics["spread"] == pytest.approx(BIN / np.sqrt(3))
    assert metrics["spectral_entropy"] == pytest.approx(entropy(line[LOW]) / np.log(LOW.sum()), rel=1e-3)
    floored = np.maximum(line[FLAT], 1e-8)
    assert metrics["flatness"] == pytest.approx(gmean(floored) / floored.mean(), rel=0.1)  # the floor hides its leakage
    assert metrics["flatness"] < 1e-4


def test_two_sines_are_as_far_spread_as_two_weights() -> None:
    metrics = spectrum.measure(sine(100 * BIN) + sine(1000 * BIN, 0.5), RATE)
    assert metrics["centroid"] == pytest.approx((100 + 0.25 * 1000) / 1.25 * BIN)
    assert metrics["spread"] == pytest.approx(np.hypot(np.sqrt(0.8 * 0.2) * 900, 1 / np.sqrt(3)) * BIN)
    assert metrics["rolloff_99"] == pytest.approx(1001 * BIN)  # the line's last bin has 1/30 of the energy


def test_a_click_train_has_equal_lines_from_0_to_half_the_rate() -> None:
    clicks = np.zeros(3 * RATE)
    clicks[::64] = 1.0
    comb = lines(*range(0, BINS, 256))
    frequency, power = spectrum.power_spectrum(clicks, RATE)
    np.testing.assert_allclose(power / power.max(), comb, atol=1e-12)
    assert spectrum.centroid(frequency, power) == pytest.approx(RATE / 4)
    assert spectrum.rolloff(0.85, frequency, power) == pytest.approx(27 * 256 * BIN)
    assert spectrum.rolloff(0.99, frequency, power) == frequency[-1]
    expected = 256 * BIN * np.sqrt(85.5)  # of 33 lines, the outer two half
    assert spectrum.spread(frequency, power) == pytest.approx(expected, rel=1e-4)
    assert spectrum.entropy(power) == pytest.approx(entropy(comb) / np.log(BINS))
    floored = np.maximum(comb[FLAT], 1e-8)
    assert spectrum.flatness(frequency, power) == pytest.approx(gmean(floored) / floored.mean())
    line = spectrum.measure(clicks, RATE)  # without the line at 0, which is DC
    assert line["centroid"] == pytest.approx(RATE / 4 * 64 / 63, rel=1e-3)


def test_white_noise_is_as_flat_and_uncertain_as_so_many_averaged_spectra() -> None:
    single = [spectrum.measure(part, RATE) for part in noise().reshape(-1, RATE)[:, :SIZE]]
    assert np.mean([metrics["flatness"] for metrics in single]) == pytest.approx(np.exp(psi(1)), rel=0.02)
    expected = 1 - psi(2) / np.log(LOW.sum())
    assert np.mean([metrics["spectral_entropy"] for metrics in single]) == pytest.approx(expected, abs=0.001)
    # Half overlapping Hann windows share (1/6)^2 of their variance with each neighbour (Welch 1967).
    averaged, independent = spectrum.measure(noise(), RATE), (20 * RATE / SIZE * 2 - 1) / (1 + 2 / 36)
    assert averaged["flatness"] == pytest.approx(np.exp(psi(independent) - np.log(independent)), abs=0.001)
    expected = 1 - (psi(independent + 1) - np.log(independent)) / np.log(LOW.sum())
    assert averaged["spectral_entropy"] == pytest.approx(expected, abs=1e-4)
    assert averaged["spread"] == pytest.approx(RATE / 2 / np.sqrt(12), rel=0.01)
    assert averaged["rolloff_99"] == pytest.approx(0.99 * RATE / 2, rel=0.002)


@pytest.mark.parametrize("floor", [1e-6, 1e-10])
def test_the_flatness_of_music_does_not_hang_on_its_floor(floor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    music = render(Notes.of([(k / 4, k / 4 + 0.25, 48 + 7 * k % 24, 80) for k in range(40)]))[:, 0]
    before = spectrum.measure(music, RATE)["flatness"]
    monkeypatch.setattr(spectrum, "DEEPEST", floor)
    assert spectrum.measure(music, RATE)["flatness"] == pytest.approx(before, rel=0.01)


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_another_rate_changes_no_metric_of_music(rate: int) -> None:
    music = render(Notes.of([(k / 4, k / 4 + 0.25, 48 + 7 * k % 24, 80) for k in range(40)]))[:, 0]
    here, there = spectrum.measure(music, RATE), spectrum.measure(soxr.resample(music, RATE, rate, "VHQ"), rate)
    assert there == pytest.approx(here, rel=0.03)


def test_flatness_does_not_measure_the_rounding_to_16_bits() -> None:
    tone = sine(625.0, 0.5)
    rounded = np.round(tone * 32767) / 32767
    assert spectrum.measure(rounded, RATE)["flatness"] == pytest.approx(
        spectrum.measure(tone, RATE)["flatness"], rel=1e-3
    )


@pytest.mark.parametrize("samples", [1, 2, 1000, SIZE - 1, SIZE, SIZE + 1, 80 * SIZE + 5])
def test_the_power_spectrum_is_welchs(samples: int) -> None:
    wave = noise(30.0)[:samples]
    frequency, theirs = welch(
        wave, RATE, nperseg=min(SIZE, samples), nfft=SIZE, detrend=False, scaling="spectrum", noverlap=None
    )
    ours = spectrum.power_spectrum(wave, RATE)
    np.testing.assert_array_equal(ours[0], frequency)
    np.testing.assert_allclose(ours[1], 2 * theirs, rtol=1e-9)


def test_metrics_do_not_depend_on_level() -> None:
    for wave in (noise(2.0), sine(625.0)):
        soft, loud = (spectrum.measure(scale * wave, RATE) for scale in (0.01, 1.0))
        assert soft == pytest.approx(loud)


def test_the_power_of_noise_is_its_energy() -> None:
    frequency, power = spectrum.power_spectrum(noise(), RATE)
    hann_noise_bandwidth = 1.5 * (frequency[1] - frequency[0])
    density = power.sum() / 2 * (frequency[1] - frequency[0]) / hann_noise_bandwidth
    assert density == pytest.approx(0.01, rel=0.02)


def test_metrics_agree_with_librosa() -> None:
    frequency, power = spectrum.power_spectrum(np.cumsum(noise(3.0)) * 0.01, RATE)
    theirs = librosa.feature.spectral_centroid(S=power[:, None], freq=frequency)[0, 0]
    assert spectrum.centroid(frequency, power) == pytest.approx(theirs)
    theirs = librosa.feature.spectral_bandwidth(S=power[:, None], freq=frequency)[0, 0]
    assert spectrum.spread(frequency, power) == pytest.approx(theirs)
    theirs = librosa.feature.spectral_flatness(S=power[FLAT, None] / power.max(), power=1.0, amin=1e-8)[0, 0]
    assert spectrum.flatness(frequency, power) == pytest.approx(theirs)
    for share in (0.85, 0.95, 0.99):
        theirs = librosa.feature.spectral_rolloff(S=power[:, None], freq=frequency, roll_percent=share)[0, 0]
        assert spectrum.rolloff(share, frequency, power) == pytest.approx(theirs)


@pytest.mark.parametrize("samples", [1, RATE])
def test_silence_is_missing_and_says_so(samples: int) -> None:
    _, magnitude = spectrum.magnitude_spectrum(np.zeros(samples), RATE)
    assert (magnitude == spectrum.FLOOR).all()
    assert spectrum.measure(np.zeros(samples), RATE) == dict.fromkeys(spectrum.METRICS, Missing("silent"))


def test_one_sample_has_a_flat_spectrum() -> None:
    metrics = spectrum.measure(np.array([0.5]), RATE)
    assert metrics["centroid"] == pytest.approx(RATE / 4, rel=0.01)
    assert metrics["evenness"] == pytest.approx(1, abs=0.01)
    assert metrics["flatness"] == pytest.approx(1, abs=1e-3)
    assert metrics["spectral_entropy"] == pytest.approx(1, abs=1e-3)


def test_what_sounds_only_above_1_khz_has_no_evenness_below() -> None:
    frequency = np.array([500.0, 2000.0])
    assert spectrum.evenness(frequency, np.array([0.0, 1.0])) == Missing("nothing sounds below 1 kHz")
    assert spectrum.flatness(frequency * 5, np.array([0.0, 1.0])) == Missing("nothing sounds from 50 Hz to 2 kHz")
    assert spectrum.spectral_entropy(frequency * 5, np.array([0.0, 1.0])) == Missing("nothing sounds below 5 kHz")


def test_every_metric_is_measured() -> None:
    assert list(spectrum.measure(noise(1.0), RATE)) == list(spectrum.METRICS)


def test_the_rolloffs_of_white_noise_are_their_shares_of_all_frequencies() -> None:
    noise = np.random.default_rng(0).standard_normal(30 * 8000) / 8
    found = spectrum.measure(noise, 8000)
    for percent in (85, 95, 99):
        value = found[f"rolloff_{percent}"]
        assert isinstance(value, float)
        assert value / 4000 == pytest.approx(percent / 100, abs=0.004)


def test_the_spectrum_of_digital_silence_is_the_floor() -> None:
    assert set(spectrum.magnitude_spectrum(np.zeros(8000), 8000)[1]) == {-160.0}
