"""The minimum requirements of EBU Tech 3341 (2023) and Tech 3342, within the tolerances these state.

Synthesised here, by table 1 of each: 3341 cases 1 to 5 and 9 to 23, 3342 cases 1 to 4. Case 6 of 3341 has five
channels, which nothing here has; its 7 and 8, and 5 and 6 of 3342, are recordings of programmes. Of cases 20 to 23 the
table leaves the anti-aliasing filter open: here it is a linear phase of 511 taps, half the amplitude at fs/2.
"""

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.signal

from evaluation.metrics import loudness

SILENT = -np.inf  # dBFS

Parts = Sequence[tuple[float, float]]


def tones(parts: Parts, rate: int) -> np.ndarray:
    """Stereo sines of 1 kHz, in phase, one after another: (seconds, dBFS of the peak)."""
    waves = []
    for seconds, level in parts:
        wave = 10 ** (level / 20) * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * rate)) / rate)
        waves.append(np.stack([wave, wave], axis=1))
    return np.concatenate(waves)


@pytest.fixture(params=[48000, 44100])
def rate(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize(("case", "level"), [(1, -23.0), (2, -33.0)])
def test_3341_a_steady_tone_reads_its_level_on_every_scale(case: int, level: float, rate: int) -> None:
    tone = tones([(20, level)], rate)
    assert loudness.integrated_loudness(tone, rate) == pytest.approx(level, abs=0.1)
    for view in (loudness.momentary_loudness, loudness.short_term_loudness):
        np.testing.assert_allclose(view(tone, rate)[1], level, atol=0.1)


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        (3, [(10, -36), (60, -23), (10, -36)]),
        (4, [(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)]),
        (5, [(20, -26), (20.1, -20), (20, -26)]),
    ],
)
def test_3341_the_quiet_parts_are_gated(case: int, parts: Parts, rate: int) -> None:
    assert loudness.integrated_loudness(tones(parts, rate), rate) == pytest.approx(-23, abs=0.1)


def test_3341_case_9_short_term_loudness_is_constant_over_a_period_of_its_window(rate: int) -> None:
    _, levels = loudness.short_term_loudness(tones([(1.34, -20), (1.66, -30)] * 5, rate), rate)
    np.testing.assert_allclose(levels, -23, atol=0.1)


def test_3341_case_12_momentary_loudness_is_constant_over_a_period_of_its_window(rate: int) -> None:
    times, levels = loudness.momentary_loudness(tones([(0.18, -20), (0.22, -30)] * 25, rate), rate)
    np.testing.assert_allclose(levels[times - loudness.MOMENTARY / 2 >= 0.6], -23, atol=0.1)  # after 1 s


def test_3341_case_10_the_highest_short_term_loudness_is_found_wherever_the_tone_begins(rate: int) -> None:
    for i in range(20):
        segment = tones([(i * 0.15, SILENT), (3, -23), (1, SILENT)], rate)
        assert loudness.short_term_loudness(segment, rate)[1].max() == pytest.approx(-23, abs=0.1), f"segment {i}"


def test_3341_case_13_the_highest_momentary_loudness_is_found_wherever_the_tone_begins(rate: int) -> None:
    for i in range(20):
        segment = tones([(i * 0.02, SILENT), (0.4, -23), (1, SILENT)], rate)
        assert loudness.momentary_loudness(segment, rate)[1].max() == pytest.approx(-23, abs=0.1), f"segment {i}"


def test_3341_case_11_the_highest_short_term_loudness_follows_louder_and_louder_tones(rate: int) -> None:
    parts = [part for i in range(20) for part in [(i * 0.15, SILENT), (3, -38 + i), (3 - i * 0.15, SILENT)]]
    times, levels = loudness.short_term_loudness(tones(parts, rate), rate)
    ends = times + loudness.SHORT_TERM / 2
    highest = [levels[ends < 6 * (i + 1)].max() for i in range(20)]
    np.testing.assert_allclose(highest, np.arange(-38, -18), atol=0.1)


def test_3341_case_14_the_highest_momentary_loudness_follows_louder_and_louder_tones(rate: int) -> None:
    parts = [part for i in range(20) for part in [(i * 0.02, SILENT), (0.4, -38 + i), (0.4 - i * 0.02, SILENT)]]
    times, levels = loudness.momentary_loudness(tones(parts, rate), rate)
    ends = times + loudness.MOMENTARY / 2
    highest = [levels[ends < 0.8 * (i + 1) + 1e-6].max() for i in range(20)]
    np.testing.assert_allclose(highest, np.arange(-38, -18), atol=0.1)


def tapered(wave: np.ndarray, rate: int) -> np.ndarray:
    """With a fade of 10 ms at either end: a sudden start would overshoot by itself."""
    fade = np.clip(np.minimum(np.arange(len(wave)), np.arange(len(wave))[::-1]) / (0.01 * rate), 0, 1)
    return np.stack([fade * wave] * 2, axis=1)


@pytest.mark.parametrize(
    ("case", "part", "amplitude", "degrees", "level"),
    [
        (15, 4, 0.5, 0.0, -6.0),
        (16, 4, 0.5, 45.0, -6.0),
        (17, 6, 0.5, 60.0, -6.0),
        (18, 8, 0.5, 67.5, -6.0),
        (19, 4, 1.41, 45.0, 3.0),
    ],
)
def test_3341_the_true_peak_of_a_sine_is_found_between_its_samples(
    case: int, part: int, amplitude: float, degrees: float, level: float, rate: int
) -> None:
    wave = amplitude * np.sin(2 * np.pi * np.arange(rate) / part + np.radians(degrees))
    peak = loudness.true_peak(tapered(wave, rate), rate)
    assert peak is not None
    assert level - 0.4 <= peak <= level + 0.2


@pytest.mark.parametrize(("case", "offset"), [(20, 0), (21, 1), (22, 2), (23, 3)])
def test_3341_the_true_peak_of_a_single_period_is_found_wherever_the_samples_fall(
    case: int, offset: int, rate: int
) -> None:
    around = 0.5 * np.sin(2 * np.pi * np.arange(24 * 400) / 24)  # fs/6 at 4 fs, whole periods
    single = np.sin(2 * np.pi * np.arange(16) / 16)  # fs/4 at 4 fs
    wave = tapered(np.concatenate([around, single, around]), 4 * rate)
    filtered = scipy.signal.fftconvolve(wave, scipy.signal.firwin(511, 1 / 4)[:, None], mode="same", axes=0)
    peak = loudness.true_peak(filtered[offset::4], rate)
    assert peak is not None
    assert -0.4 <= peak <= 0.2


@pytest.mark.parametrize(
    ("case", "levels", "expected"),
    [
        (1, [-20, -30], 10),
        (2, [-20, -15], 5),
        (3, [-40, -20], 20),
        (4, [-50, -35, -20, -35, -50], 15),
    ],
)
def test_3342_the_loudness_range_of_tones_in_turn(case: int, levels: list[float], expected: float, rate: int) -> None:
    wave = tones([(20, level) for level in levels], rate)
    assert loudness.loudness_range(wave, rate) == pytest.approx(expected, abs=1)
