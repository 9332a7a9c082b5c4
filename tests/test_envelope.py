"""The envelope against closed forms: sines, modulated tones, silence, one sample; and against librosa."""

import librosa
import numpy as np
import pytest

from evaluation import envelope
from evaluation.metric import Missing

RATE = 44100


def sine(amplitude: float = 1.0, hertz: float = 440.0, seconds: float = 10.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def modulated(hertz: float, depth: float = 0.5, seconds: float = 20.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.5 * (1 + depth * np.sin(2 * np.pi * hertz * time)) * np.sin(2 * np.pi * 440 * time)


@pytest.mark.parametrize(("amplitude", "level"), [(1.0, -3.01), (0.1, -23.01), (0.5, -9.03)])
def test_a_sine_has_the_level_of_its_rms(amplitude: float, level: float) -> None:
    _, levels = envelope.rms_envelope(sine(amplitude), RATE)
    np.testing.assert_allclose(levels, level, atol=0.01)


def test_a_constant_of_one_is_full_scale_to_its_last_sample() -> None:
    _, levels = envelope.rms_envelope(np.ones(100_001), RATE)
    np.testing.assert_allclose(levels, 0, atol=1e-9)


def test_times_are_the_middles_of_the_windows() -> None:
    click = np.zeros(RATE)
    click[RATE // 2] = 1.0
    times, levels = envelope.rms_envelope(click, RATE)
    loudest = times[levels == levels.max()]
    assert np.abs(loudest - 0.5).max() <= envelope.HOP


def test_levels_agree_with_librosa() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    hop = round(envelope.HOP * RATE)
    _, levels = envelope.rms_envelope(noise, RATE)
    theirs = librosa.feature.rms(y=noise, frame_length=2 * hop, hop_length=hop, center=False)[0]
    np.testing.assert_allclose(levels[: len(theirs)], 20 * np.log10(theirs), atol=1e-6)


def test_a_steady_sine_has_no_spread_and_does_not_fluctuate() -> None:
    figures = envelope.measure(sine(0.5, hertz=443.0), RATE)
    assert figures["mean_level"] == pytest.approx(-9.03, abs=0.01)
    assert figures["level_spread"] == pytest.approx(0, abs=0.05)
    assert figures["level_range"] == pytest.approx(0, abs=0.1)
    assert figures["time_near_maximum"] == 1.0
    assert figures["fluctuation_rate"] == Missing("its level does not fluctuate")


def test_two_levels_in_turn_have_the_spread_between_them() -> None:
    turns = np.concatenate([sine(0.5, seconds=1.0), sine(0.05, seconds=1.0)] * 10)
    figures = envelope.measure(turns, RATE)
    assert figures["level_spread"] == pytest.approx(10, abs=0.2)
    assert figures["level_range"] == pytest.approx(20, abs=0.1)
    assert figures["mean_level"] == pytest.approx(-19.03, abs=0.3)
    assert figures["time_near_maximum"] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("hertz", [0.5, 2.0, 4.0, 8.0, 12.0])
def test_the_fluctuation_rate_of_a_modulated_tone_is_its_modulation(hertz: float) -> None:
    assert envelope.measure(modulated(hertz), RATE)["fluctuation_rate"] == pytest.approx(hertz, abs=0.05)


def test_the_fluctuation_rate_does_not_depend_on_level() -> None:
    tone = modulated(3.0)
    soft, loud = (envelope.measure(scale * tone, RATE)["fluctuation_rate"] for scale in (0.01, 1.0))
    assert soft == pytest.approx(loud, rel=1e-3)


def test_faster_music_fluctuates_faster() -> None:
    def beats(a_second: int) -> np.ndarray:
        decay = np.exp(-8 * (np.arange(RATE * 16) / RATE % (1 / a_second)))
        return decay * sine(0.5, seconds=16.0)

    rates = [envelope.measure(beats(a_second), RATE)["fluctuation_rate"] for a_second in (1, 2, 4)]
    assert rates == sorted(rates)


def test_silence_takes_time_but_has_no_level() -> None:
    half = np.concatenate([sine(0.5, seconds=4.0), np.zeros(4 * RATE)])
    figures = envelope.measure(half, RATE)
    assert figures["mean_level"] == pytest.approx(-9.03, abs=0.2)
    assert figures["time_near_maximum"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("samples", [1, 100, RATE])
def test_silence_is_missing_and_says_so(samples: int) -> None:
    assert envelope.measure(np.zeros(samples), RATE) == dict.fromkeys(envelope.METRICS, Missing("silent"))


def test_one_sample_is_one_frame_too_short_to_fluctuate() -> None:
    times, levels = envelope.rms_envelope(np.array([0.5]), RATE)
    assert len(times) == len(levels) == 1
    figures = envelope.measure(np.array([0.5]), RATE)
    assert figures["mean_level"] == pytest.approx(-6.02, abs=0.01)
    assert figures["fluctuation_rate"] == Missing("shorter than 4 s")


def test_every_metric_is_measured() -> None:
    assert list(envelope.measure(modulated(2.0), RATE)) == list(envelope.METRICS)
