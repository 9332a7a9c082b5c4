"""Loudness and true peak against closed forms and pyloudnorm; `test_ebu` has the signals of the EBU."""

import numpy as np
import pyloudnorm
import pytest
import scipy.signal

from evaluation.metrics import loudness
from evaluation.metrics.metric import Missing

RATE = 48000


def stereo_sine(*parts: tuple[float, float], hertz: float = 1000.0, rate: int = RATE) -> np.ndarray:
    """A stereo sine whose peak is (dBFS, for seconds), one part after another."""
    amplitude = np.concatenate([np.full(round(seconds * rate), 10 ** (level / 20)) for level, seconds in parts])
    wave = amplitude * np.sin(2 * np.pi * hertz * np.arange(len(amplitude)) / rate)
    return np.stack([wave, wave], axis=1)


@pytest.mark.parametrize(("rate", "within"), [(96000, 0.02), (44100, 0.01), (32000, 0.01), (22050, 0.03), (8000, 0.2)])
def test_loudness_is_the_same_at_another_rate(rate: int, within: float) -> None:
    wave = stereo_sine((-23, 20), rate=rate)
    assert loudness.integrated_loudness(wave, rate) == pytest.approx(-23, abs=within)


def test_the_filters_are_those_of_the_standard() -> None:
    """Tables 1 and 2 of BS.1770-4."""
    shelf, high_pass = loudness._k_weighting(48000)
    standard = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585]
    np.testing.assert_allclose(shelf, standard, atol=1e-9)
    np.testing.assert_allclose(high_pass, [1, -2, 1, 1, -1.99004745483398, 0.99007225036621], atol=1e-9)


def swelling(seconds: float = 30, rate: int = RATE) -> np.ndarray:
    """Stereo noise, loud and soft in turn, its sides apart."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(0, 0.1, (len(time), 2)) * [1.0, 0.5]
    return noise * 10 ** (0.3 * np.sin(2 * np.pi * time / 11))[:, None]


@pytest.mark.parametrize(("rate", "within"), [(48000, 1e-9), (44100, 0.005)])  # the gain of the high pass: 0.004 dB
def test_integrated_loudness_is_pyloudnorms_with_the_filters_of_the_standard(rate: int, within: float) -> None:
    wave = swelling(rate=rate)
    theirs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(wave)
    assert loudness.integrated_loudness(wave, rate) == pytest.approx(theirs, abs=within)


def test_loudness_range_is_pyloudnorms_with_its_silence_at_the_end() -> None:
    """Its windows move by 90 ms, so other windows are at the percentiles."""
    wave = swelling(120)
    theirs = pyloudnorm.Meter(RATE, filter_class="DeMan").loudness_range(wave)
    ours = loudness.loudness_range(np.pad(wave, [(0, 3 * RATE // 2), (0, 0)]), RATE)
    assert ours == pytest.approx(theirs, abs=0.1)
    assert theirs > 5


def test_a_block_that_the_end_cuts_short_does_not_count() -> None:
    wave = stereo_sine((-20, 1.0), (-200, 1.0))
    assert loudness.integrated_loudness(wave[: RATE + RATE // 10 - 1], RATE) == loudness.integrated_loudness(
        wave[:RATE], RATE
    )


@pytest.mark.parametrize("rate", [48000, 44100, 22050, 11025])
def test_windows_begin_where_they_should_to_the_end_of_an_hour(rate: int) -> None:
    """10 ms are 220.5 samples at 22.05 kHz: an error in each would have added up to seconds."""
    hops = np.arange(360_000)
    energies = np.diff(np.append(hops, 360_000) * rate // 100).astype(float)  # of a constant 1
    for window in (loudness.MOMENTARY, loudness.SHORT_TERM):
        np.testing.assert_array_equal(loudness._mean_squares(energies, rate, window, loudness.STEP), 1.0)


def test_times_are_the_middles_of_the_windows() -> None:
    wave = stereo_sine((-200, 5), (-23, 0.4), (-200, 5))
    for view, window in ((loudness.momentary_loudness, 0.4), (loudness.short_term_loudness, 3.0)):
        times, levels = view(wave, RATE)
        assert times[0] == pytest.approx(window / 2)
        assert times[-1] == pytest.approx(10.4 - window / 2)
        assert times[levels > levels.max() - 0.01].mean() == pytest.approx(5.2, abs=0.02)


def test_music_shorter_than_a_window_has_none() -> None:
    for view in (loudness.momentary_loudness, loudness.short_term_loudness):
        times, levels = view(stereo_sine((-23, 0.39)), RATE)
        assert len(times) == len(levels) == 0


def test_digital_silence_is_drawn_at_the_floor() -> None:
    assert set(loudness.momentary_loudness(np.zeros((RATE, 2)), RATE)[1]) == {loudness.FLOOR}


def test_one_channel_is_three_decibels_less_than_the_same_in_two() -> None:
    both = stereo_sine((-20, 5))
    two, one = (loudness.integrated_loudness(wave, RATE) for wave in (both, both[:, 0]))
    assert two is not None
    assert one == pytest.approx(two - 3.01, abs=0.01)


@pytest.mark.parametrize("rate", [48000, 44100, 22050])
def test_the_size_of_the_blocks_changes_no_metric(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = swelling(8.123, rate).astype(np.float32)
    expected = loudness.measure(wave, rate), loudness.momentary_loudness(wave, rate)[1]
    for size in (1024, 70_000):
        monkeypatch.setattr(loudness, "BLOCK", size)
        assert loudness.measure(wave, rate) == expected[0]
        np.testing.assert_array_equal(loudness.momentary_loudness(wave, rate)[1], expected[1])


def test_the_peak_to_loudness_ratio_of_a_sine_is_that_of_its_level() -> None:
    """A stereo sine of 1 kHz reads its peak, so there is nothing between."""
    metrics = loudness.measure(stereo_sine((-12, 5)), RATE)
    assert metrics["peak_to_loudness"] == pytest.approx(0, abs=0.05)
    assert metrics["true_peak"] == pytest.approx(-12, abs=0.05)


def test_samples_beyond_full_scale_are_counted_in_every_channel() -> None:
    wave = 0.5 * np.ones((RATE, 2))
    wave[10:13, 0], wave[11, 1], wave[20] = 1.5, -1.01, 1.0
    assert loudness.measure(wave, RATE)["clipped_samples"] == 4


def test_ten_decibels_less_are_ten_loudness_units_less() -> None:
    loud, soft = (loudness.integrated_loudness(stereo_sine((level, 5)), RATE) for level in (-20, -30))
    assert loud is not None
    assert soft == pytest.approx(loud - 10, abs=0.01)


def test_silence_has_no_loudness_and_says_so() -> None:
    silence = np.zeros((RATE, 2), dtype=np.float32)
    assert loudness.integrated_loudness(silence, RATE) is None
    assert loudness.true_peak(silence, RATE) is None
    metrics = loudness.measure(silence, RATE)
    assert metrics.pop("clipped_samples") == 0
    assert set(metrics.values()) == {Missing("silent")}


def test_what_is_below_the_gate_is_silent() -> None:
    soft = stereo_sine((-80, 5))
    assert loudness.integrated_loudness(soft, RATE) is None
    metrics = loudness.measure(soft, RATE)
    assert metrics.pop("clipped_samples") == 0
    assert set(metrics.values()) == {Missing("silent")}


def test_what_sounds_and_stays_below_the_gate_says_so() -> None:
    clicks = np.zeros((5 * RATE, 2))
    clicks[::RATE] = 0.02  # enough for a window of 50 ms, not for one of 0.4 s
    metrics = loudness.measure(clicks, RATE)
    assert metrics["integrated_loudness"] == Missing("nothing reaches -70 LUFS")
    assert metrics["true_peak"] == pytest.approx(-34, abs=1)


def test_one_sample_has_a_peak_but_no_loudness() -> None:
    metrics = loudness.measure(np.full((1, 2), 0.5, dtype=np.float32), RATE)
    assert metrics["integrated_loudness"] == metrics["peak_to_loudness"] == Missing("shorter than 0.4 s")
    assert metrics["loudness_range"] == Missing("shorter than 3 s")
    assert metrics["true_peak"] == pytest.approx(-6.02, abs=0.1)


def test_a_steady_tone_has_no_range_and_two_levels_have_the_range_between_them() -> None:
    assert loudness.loudness_range(stereo_sine((-20, 10)), RATE) == pytest.approx(0, abs=1e-6)
    assert loudness.loudness_range(stereo_sine((-20, 60), (-28, 60)), RATE) == pytest.approx(8, abs=0.1)


def test_what_is_20_lu_below_the_rest_is_outside_the_range() -> None:
    assert loudness.loudness_range(stereo_sine((-20, 60), (-45, 60)), RATE) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize(("seconds", "exists"), [(2.99, False), (3.0, True)])
def test_a_range_needs_three_seconds(seconds: float, exists: bool) -> None:
    assert (loudness.loudness_range(stereo_sine((-20, seconds)), RATE) is not None) == exists


def test_a_peak_is_found_wherever_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loudness, "BLOCK", 2048)

    def peak(at: int) -> float | None:
        wave = np.zeros((5000, 2), dtype=np.float32)
        wave[at : at + 4, 1] = [0.5, 0.5, -0.5, -0.5]  # the true peak lies between the equal ones
        return loudness.true_peak(wave, RATE)

    expected = peak(1500)
    assert expected is not None
    assert expected > -6.02 + 1
    for at in (0, 1021, 1022, 1023, 1024, 2045, 2046, 2047, 2048, 4996):
        assert peak(at) == pytest.approx(expected, abs=1e-5)


def test_the_true_peak_is_that_of_the_whole_oversampled_at_once() -> None:
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 0.1, (20_000, 2)) * np.linspace(0.2, 1, 20_000)[:, None]
    whole = np.abs(scipy.signal.resample_poly(noise, 4, 1, axis=0)).max()
    assert loudness.true_peak(noise, RATE) == pytest.approx(20 * np.log10(whole), abs=1e-4)


def test_no_peak_between_samples_is_beyond_the_reach_of_the_filter() -> None:
    """The blocks that are left out could not have held it."""
    impulse = np.zeros(201)
    impulse[100] = 1.0
    taps = scipy.signal.resample_poly(impulse, 4, 1)
    assert max(np.abs(taps[phase::4]).sum() for phase in range(4)) <= loudness._REACH
    assert np.flatnonzero(taps).max() < (100 + loudness._CONTEXT) * 4


def test_the_sample_peak_is_never_above_the_true_peak() -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (RATE, 2))
    peak = loudness.true_peak(noise, RATE)
    assert peak is not None
    assert peak >= 20 * np.log10(np.abs(noise).max())
