"""Loudness and true peak against the test signals of EBU Tech 3341 that can be synthesised for stereo."""

import numpy as np
import pytest
import scipy.signal

from evaluation import loudness
from evaluation.metric import Missing

RATE = 48000


def stereo_sine(*parts: tuple[float, float], hertz: float = 1000.0, rate: int = RATE) -> np.ndarray:
    """A stereo sine whose peak is (dBFS, for seconds), one part after another."""
    amplitude = np.concatenate([np.full(round(seconds * rate), 10 ** (level / 20)) for level, seconds in parts])
    wave = amplitude * np.sin(2 * np.pi * hertz * np.arange(len(amplitude)) / rate)
    return np.stack([wave, wave], axis=1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23),  # case 1
        ([(-33, 20)], -33),  # case 2
        ([(-36, 10), (-23, 60), (-36, 10)], -23),  # case 3
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),  # case 4
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),  # case 5
    ],
)
def test_the_standards_cases_read_within_a_tenth(parts: list[tuple[float, float]], expected: float) -> None:
    assert loudness.integrated_loudness(stereo_sine(*parts), RATE) == pytest.approx(expected, abs=0.1)


def test_loudness_is_the_same_at_another_rate() -> None:
    wave = stereo_sine((-23, 20), rate=44100)
    assert loudness.integrated_loudness(wave, 44100) == pytest.approx(-23, abs=0.1)


def test_ten_decibels_less_are_ten_loudness_units_less() -> None:
    loud, soft = (loudness.integrated_loudness(stereo_sine((level, 5)), RATE) for level in (-20, -30))
    assert loud is not None
    assert soft == pytest.approx(loud - 10, abs=0.01)


def test_silence_has_no_loudness_and_says_so() -> None:
    silence = np.zeros((RATE, 2), dtype=np.float32)
    assert loudness.integrated_loudness(silence, RATE) is None
    assert loudness.true_peak(silence, RATE) is None
    assert loudness.measure(silence, RATE) == dict.fromkeys(loudness.METRICS, Missing("silent"))


def test_what_is_below_the_gate_is_silent() -> None:
    assert loudness.integrated_loudness(stereo_sine((-80, 5)), RATE) is None


def test_one_sample_has_a_peak_but_no_loudness() -> None:
    figures = loudness.measure(np.full((1, 2), 0.5, dtype=np.float32), RATE)
    assert figures["integrated_loudness"] == Missing("shorter than 0.4 s")
    assert figures["true_peak"] == pytest.approx(-6.02, abs=0.1)


@pytest.mark.parametrize("degrees", [0.0, 45.0, 60.0, 67.5])  # EBU Tech 3341, cases 15 to 18
def test_the_true_peak_between_samples_is_found(degrees: float) -> None:
    count = np.arange(RATE)
    wave = 0.5 * np.sin(2 * np.pi * count / 4 + np.radians(degrees))
    fade = np.clip(np.minimum(count, count[::-1]) / 480, 0, 1)  # a sudden start would overshoot by itself
    peak = loudness.true_peak(fade * wave, RATE)
    assert peak is not None
    assert -6.4 <= peak <= -5.8


def test_a_peak_is_found_wherever_it_lies() -> None:
    def peak(at: int) -> float | None:
        wave = np.zeros((5000, 2), dtype=np.float32)
        wave[at : at + 4, 1] = [0.5, 0.5, -0.5, -0.5]  # the true peak lies between the equal ones
        return loudness.true_peak(wave, RATE)

    expected = peak(1500)
    assert expected is not None
    assert expected > -6.02 + 1
    for at in (0, 1021, 1022, 1023, 1024, 4996):
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
