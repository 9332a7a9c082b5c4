"""The sonogram against closed forms: a sine, alternating tones, noise, silence, one sample; and against librosa."""

import librosa
import numpy as np
import pytest
import soxr

from clstm.music.midi import Notes
from evaluation.audio.render import render
from evaluation.metrics import sonogram
from evaluation.metrics.metric import Missing
from evaluation.metrics.rms_level import music

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


@pytest.mark.parametrize("band", [3, 30, 60, 100, 127])
def test_a_full_scale_sine_in_the_middle_of_a_mel_band_reads_0_db(band: int) -> None:
    frequency, times, level = sonogram.mel_sonogram(np.zeros(1), RATE)
    assert level.shape == (len(frequency), len(times)) == (128, 1)
    _, _, level = sonogram.mel_sonogram(sine(frequency[band], 1.0, 1.0), RATE)
    np.testing.assert_array_equal(level.argmax(axis=0), band)
    np.testing.assert_allclose(level.max(axis=0), 0, atol=1)


def test_the_mel_bands_share_the_power_of_a_sine() -> None:
    frequency, _, _ = sonogram.mel_sonogram(np.zeros(1), RATE)
    _, _, level = sonogram.mel_sonogram(sine((frequency[90] + frequency[91]) / 2, 0.1, 1.0), RATE)
    np.testing.assert_allclose(level[[90, 91]], -23, atol=0.3)
    np.testing.assert_allclose(10 * np.log10((10 ** (level / 10)).sum(axis=0)), -20, atol=0.01)


def test_mel_bands_are_those_of_librosa() -> None:
    wave = noise(1.0)
    bank = librosa.filters.mel(sr=RATE, n_fft=SIZE, norm=None)
    _, times, magnitude = sonogram.magnitudes(wave, RATE, 0.05)
    frequency, mel_times, level = sonogram.mel_sonogram(wave, RATE, 0.05)
    np.testing.assert_array_equal(mel_times, times)
    np.testing.assert_allclose(level, 10 * np.log10(bank @ np.square(magnitude) / 1.5), atol=1e-3)
    np.testing.assert_allclose(frequency, librosa.mel_frequencies(n_mels=130, fmax=RATE / 2)[1:-1])


@pytest.mark.parametrize("rate", [16000, RATE, 48000])
@pytest.mark.parametrize("key", [0, 39, 87])
def test_a_full_scale_sine_at_the_pitch_of_a_key_reads_0_db_there(key: int, rate: int) -> None:
    hertz = 27.5 * 2 ** (key / 12)
    pitches, times, level = sonogram.cqt_sonogram(np.sin(2 * np.pi * hertz * np.arange(2 * rate) / rate), rate)
    assert pitches[key] == pytest.approx(hertz)
    assert level.shape == (88, len(times))
    middle = (times > 0.5) & (times < 1.5)
    np.testing.assert_array_equal(level[:, middle].argmax(axis=0), key)
    np.testing.assert_allclose(level[key, middle], 0, atol=0.02)


@pytest.mark.parametrize("samples", [1, 1000, RATE])
def test_the_keys_of_something_short_or_silent_are_there(samples: int) -> None:
    _, times, level = sonogram.cqt_sonogram(np.zeros(samples), RATE)
    assert (level == sonogram.FLOOR).all()
    assert times[-1] < samples / RATE <= times[-1] + 2 * sonogram.HOP


def test_a_rate_too_low_for_the_highest_keys_leaves_them_out() -> None:
    pitches, _, _ = sonogram.cqt_sonogram(noise(1.0), 4000)
    assert pitches[-1] == pytest.approx(1864.66, abs=0.01)  # A sharp 6


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
    metrics = sonogram.measure(sine(440.0), RATE)
    assert metrics["spectral_change"] == pytest.approx(0, abs=1e-3)
    assert metrics["change_below_1000_hz"] == pytest.approx(0, abs=1e-3)


def test_unlikeness_is_one_less_the_cosine_and_knows_no_level() -> None:
    one, other = np.array([[3.0, 4.0], [1.0, 0.0], [2.0, 2.0]]), np.array([[30.0, 40.0], [0.0, 5.0], [1.0, 0.0]])
    assert sonogram.unlikeness(one, other) == pytest.approx([0, 1, 1 - np.sqrt(0.5)])
    assert sonogram.unlikeness(one, np.zeros((3, 2))).tolist() == [0, 0, 0]


def test_two_tones_in_turn_change_more_than_one() -> None:
    in_turn = sonogram.measure(alternating(sine(40 * BIN), sine(80 * BIN)), RATE)["spectral_change"]
    assert in_turn > 0.5  # windows at the turns have both


def test_white_noise_changes_as_two_rayleigh_magnitudes_differ() -> None:
    metrics = sonogram.measure(noise(), RATE)
    for name in ("spectral_change", "change_below_1000_hz", "change_above_1000_hz"):
        assert metrics[name] == pytest.approx(1 - np.pi / 4, rel=0.02)


def test_a_melody_over_a_held_bass_changes_in_the_highs() -> None:
    melody = alternating(sine(150 * BIN), sine(200 * BIN))
    metrics = sonogram.measure(sine(20 * BIN) + melody, RATE)
    assert metrics["change_above_1000_hz"] > 0.5
    assert metrics["change_below_1000_hz"] < 0.01


def test_a_tone_that_comes_and_goes_is_the_same_spectrum() -> None:
    """A measure of levels would call it as much change as a tune's."""
    beating = sine(40 * BIN) * (0.55 + 0.45 * np.sin(2 * np.pi * 3 * np.arange(4 * RATE) / RATE))
    assert sonogram.measure(beating, RATE)["spectral_change"] < 0.02


def swelling(decibels: float, seconds: float = 2.0) -> np.ndarray:
    """Clicks, an equal number in each hop, that grow by so much from one hop to the next, at 32 kHz."""
    clicks = np.zeros(round(seconds * 32000))
    clicks[::400] = 1.0
    clicks[200::400] = -1.0  # no DC
    return clicks * 10 ** (decibels / 20 * np.arange(len(clicks)) / 800)


@pytest.mark.parametrize(("growth", "flux"), [(0.2, 1 - 10**-0.01), (0.0, 0.0), (-0.2, 0.0)])
def test_flux_is_the_share_of_what_is_new_a_frame(growth: float, flux: float) -> None:
    assert sonogram.measure(swelling(growth), 32000)["spectral_flux"] == pytest.approx(flux, abs=1e-4)


def test_flux_is_librosas_onset_strength_of_magnitudes() -> None:
    wave = alternating(sine(300), sine(2000)) * np.linspace(0.1, 1, 4 * RATE)
    _, _, magnitude = sonogram.magnitudes(wave, RATE, sonogram.HOP)
    theirs = librosa.onset.onset_strength(S=magnitude, center=False)[1:].mean() / magnitude[:, 1:].mean()
    assert theirs > 0.1
    assert sonogram.measure(wave, RATE)["spectral_flux"] == pytest.approx(theirs, rel=0.01)


def test_variability_is_the_spread_of_a_bands_level() -> None:
    seconds = np.arange(20 * RATE) // RATE
    steps = np.where(seconds % 2, 0.1, 1.0)  # 0 and -20 dB by turns
    metrics = sonogram.measure(sine(40 * BIN, 0.5, 20.0) * steps + sine(200 * BIN, 0.5, 20.0), RATE)
    assert metrics["variability_below_1000_hz"] == pytest.approx(10, rel=0.03)
    assert metrics["variability_above_1000_hz"] < 0.2


def test_a_melody_of_even_loudness_changes_and_does_not_vary_as_a_chord_that_dies_away_does() -> None:
    melody = sonogram.measure(alternating(sine(40 * BIN), sine(80 * BIN)), RATE)
    dying = sonogram.measure(sine(40 * BIN, 0.5, 8.0) * 10 ** (-np.arange(8 * RATE) / RATE / 4), RATE)
    assert melody["change_below_1000_hz"] > 0.5
    assert melody["variability_below_1000_hz"] < 3  # the windows at the turns
    assert dying["change_below_1000_hz"] < 0.01
    assert dying["variability_below_1000_hz"] == pytest.approx(40 / np.sqrt(12), rel=0.02)


def test_silence_between_sounds_is_time_and_no_level() -> None:
    pauses = np.where(np.arange(20 * RATE) // (2 * RATE) % 2, 0.0, 1.0)
    metrics = sonogram.measure(sine(40 * BIN, 0.5, 20.0) * pauses, RATE)
    assert metrics["variability_below_1000_hz"] < 5  # the windows at the edges; 35 dB with pauses 80 dB down


def test_the_rounding_to_16_bits_moves_no_metric() -> None:
    """With a floor 80 dB below the loudest, variability would follow the noise in the pauses: 14.9 against 10.6 dB."""
    decay = 10 ** (-np.arange(20 * RATE) / RATE % 5)
    dying = 0.1 * decay * (sine(40 * BIN, 1.0, 20.0) + sine(150 * BIN, 0.3, 20.0))
    rounded = np.round(dying * 32767) / 32767
    assert sonogram.measure(rounded, RATE) == pytest.approx(sonogram.measure(dying, RATE), rel=0.01)


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_another_rate_changes_no_metric_of_music(rate: int) -> None:
    tune = render(Notes.of([(k / 4, k / 4 + 0.25, 48 + 7 * k % 24, 80) for k in range(40)]))[:, 0]
    here, there = sonogram.measure(tune, RATE), sonogram.measure(soxr.resample(tune, RATE, rate, "VHQ"), rate)
    assert there == pytest.approx(here, rel=0.05)


def test_change_over_many_blocks_is_that_of_all_magnitudes() -> None:
    wave = np.cumsum(noise(25.0)) * 0.01
    wave -= np.median(wave)
    frequency, _, magnitude = sonogram.magnitudes(music(wave, RATE), RATE, sonogram.HOP)
    low = frequency < 1000
    metrics = sonogram.measure(wave, RATE)
    for name, part in (("spectral_change", slice(None)), ("change_below_1000_hz", low), ("change_above_1000_hz", ~low)):
        before, after = magnitude[part, :-5], magnitude[part, 5:]
        cosine = (before * after).sum(axis=0) / np.linalg.norm(before, axis=0) / np.linalg.norm(after, axis=0)
        heard = sonogram.sounds(np.square(magnitude[part]).sum(axis=0))
        assert metrics[name] == pytest.approx((1 - cosine)[heard[5:] & heard[:-5]].mean(), rel=1e-3)


def test_change_does_not_depend_on_level() -> None:
    wave = alternating(sine(300), sine(2000, 0.2))
    assert sonogram.measure(0.01 * wave, RATE) == pytest.approx(sonogram.measure(wave, RATE), rel=1e-3)


def test_a_band_where_nothing_sounds_is_missing() -> None:
    metrics = sonogram.measure(sine(40 * BIN), RATE)
    assert metrics["change_above_1000_hz"] == Missing("nothing sounds above 1 kHz")
    assert metrics["variability_above_1000_hz"] == Missing("nothing sounds above 1 kHz")
    high = sonogram.measure(sine(500 * BIN), RATE)
    assert high["change_below_1000_hz"] == high["variability_below_1000_hz"] == Missing("nothing sounds below 1 kHz")


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
    metrics = sonogram.measure(np.append(constant[1:], 0.4), RATE)
    assert metrics["spectral_change"] in (
        Missing("silent"),
        Missing("too short for two windows an eighth of a second apart"),
    )


def test_every_metric_is_measured() -> None:
    assert list(sonogram.measure(noise(1.0), RATE)) == list(sonogram.METRICS)


def test_what_sounds_is_judged_by_the_95th_percentile_of_the_power() -> None:
    power = np.repeat([1.0, 5e-5], [7, 93])  # the 90th would be among the soft ones
    assert sonogram.sounds(power).sum() == 7
