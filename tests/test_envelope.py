"""The envelope against closed forms: sines, modulated tones, silence, one sample; and against librosa."""

import librosa
import numpy as np
import pytest
import scipy.signal

from evaluation.metrics import envelope, rms_level
from evaluation.metrics.metric import Missing

RATE = 44100


def sine(amplitude: float = 1.0, hertz: float = 440.0, seconds: float = 10.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def modulated(hertz: float, depth: float = 0.5, seconds: float = 20.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return 0.5 * (1 + depth * np.sin(2 * np.pi * hertz * time)) * np.sin(2 * np.pi * 440 * time)


@pytest.mark.parametrize(("amplitude", "level"), [(1.0, -3.01), (0.1, -23.01), (0.5, -9.03)])
def test_a_sine_has_the_level_of_its_rms(amplitude: float, level: float) -> None:
    _, found = rms_level.rms_envelope(sine(amplitude), RATE)
    np.testing.assert_allclose(found, level, atol=0.01)


def test_a_constant_of_one_is_full_scale_to_its_last_sample() -> None:
    _, found = rms_level.rms_envelope(np.ones(100_001), RATE)
    np.testing.assert_allclose(found, 0, atol=1e-9)


def test_times_are_the_middles_of_the_windows() -> None:
    click = np.zeros(RATE)
    click[RATE // 2] = 1.0
    times, found = rms_level.rms_envelope(click, RATE)
    loudest = times[found == found.max()]
    assert np.abs(loudest - 0.5).max() <= rms_level.HOP


def test_levels_agree_with_librosa() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    hop = round(rms_level.HOP * RATE)
    _, found = rms_level.rms_envelope(noise, RATE)
    theirs = librosa.feature.rms(y=noise, frame_length=2 * hop, hop_length=hop, center=False)[0]
    np.testing.assert_allclose(found[: len(theirs)], 20 * np.log10(theirs), atol=1e-6)


def test_a_steady_sine_has_no_spread_and_does_not_fluctuate() -> None:
    metrics = envelope.measure(sine(0.5, hertz=443.0), RATE)
    assert metrics["mean_level"] == pytest.approx(-9.03, abs=0.01)
    assert metrics["level_spread"] == pytest.approx(0, abs=0.05)
    assert metrics["level_range"] == pytest.approx(0, abs=0.1)
    assert metrics["time_near_maximum"] == 1.0
    assert metrics["fluctuation_rate"] == Missing("its level does not fluctuate")


def test_two_levels_in_turn_have_the_spread_between_them() -> None:
    turns = np.concatenate([sine(0.5, seconds=1.0), sine(0.05, seconds=1.0)] * 10)
    metrics = envelope.measure(turns, RATE)
    assert metrics["level_spread"] == pytest.approx(10, abs=0.2)
    assert metrics["level_range"] == pytest.approx(20, abs=0.1)
    assert metrics["mean_level"] == pytest.approx(-19.03, abs=0.3)
    assert metrics["time_near_maximum"] == pytest.approx(0.5, abs=0.03)


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


def test_a_rest_takes_time_but_has_no_level() -> None:
    tone = sine(0.5, seconds=4.0)
    metrics = envelope.measure(np.concatenate([tone, np.zeros(8 * RATE), tone]), RATE)
    assert metrics["mean_level"] == pytest.approx(-9.03, abs=0.2)
    assert metrics["time_near_maximum"] == pytest.approx(0.5, abs=0.01)


def test_silence_before_and_after_the_music_is_no_part_of_it() -> None:
    music = modulated(3.0)
    around = np.concatenate([np.zeros(5 * RATE), music, np.zeros(9 * RATE)])
    alone, framed = envelope.measure(music, RATE), envelope.measure(around, RATE)
    assert framed.pop("duration") == alone.pop("duration") + 14
    assert framed == pytest.approx(alone, rel=0.01)


def test_one_loud_moment_moves_no_metric_over_time() -> None:
    music = modulated(3.0) * np.repeat(np.random.default_rng(0).uniform(0.1, 0.3, 40), RATE // 2)
    struck = music.copy()
    struck[10 * RATE : 10 * RATE + RATE // 4] *= 10
    before, after = envelope.measure(music, RATE), envelope.measure(struck, RATE)
    assert after["time_near_maximum"] == pytest.approx(before["time_near_maximum"], abs=0.03)
    assert after["fluctuation_rate"] == pytest.approx(before["fluctuation_rate"], rel=0.05)
    assert after["level_range"] == pytest.approx(before["level_range"], abs=0.5)


def test_what_dies_away_below_40_db_has_no_level() -> None:
    """A gate of 70 dB below full scale alone would let the spread follow how long the last note is heard."""
    tone = sine(0.5, seconds=5.0)
    dying = np.concatenate([tone, sine(0.5, seconds=3.0) * 10 ** (-np.arange(3 * RATE) / RATE)])
    softer = np.concatenate([tone, 1e-3 * tone])
    assert envelope.measure(softer, RATE)["level_spread"] < 1  # the windows at the turn; 30 with all of it
    assert envelope.measure(0.1 * dying, RATE)["level_spread"] == pytest.approx(
        envelope.measure(dying, RATE)["level_spread"], rel=0.01
    )


@pytest.mark.parametrize("samples", [1, 100, RATE])
def test_silence_is_missing_and_says_so(samples: int) -> None:
    metrics = envelope.measure(np.zeros(samples), RATE)
    assert metrics.pop("duration") == samples / RATE
    assert set(metrics.values()) == {Missing("silent")}


def test_one_sample_is_one_frame_too_short_to_fluctuate() -> None:
    times, found = rms_level.rms_envelope(np.array([0.5]), RATE)
    assert len(times) == len(found) == 1
    metrics = envelope.measure(np.array([0.5]), RATE)
    assert metrics["mean_level"] == pytest.approx(-6.02, abs=0.01)
    assert metrics["fluctuation_rate"] == Missing("shorter than 4 s")
    assert metrics["crest_factor"] == 0
    assert metrics["duration"] == 1 / RATE


def two_sines() -> np.ndarray:
    """Equal, and 2 Hz apart: together 1 at the most, and nothing in between."""
    return sine(0.5, hertz=441.0) + sine(0.5, hertz=443.0)


@pytest.mark.parametrize(
    ("wave", "decibels"),
    [
        (sine(0.3), 3.01),
        (np.ones(RATE), 0.0),
        (np.tile([0.5, -0.5], RATE), 0.0),
        (two_sines(), 6.02),
        (np.tile(np.eye(1, 100)[0], 1000), 20.0),  # a click in a hundred samples
        (np.concatenate([sine(0.5), np.zeros(30 * RATE)]), 3.01 + 6.02),
    ],
    ids=["sine", "constant", "square", "two sines", "clicks", "sine and silence"],
)
def test_the_crest_factor_is_that_of_the_form(wave: np.ndarray, decibels: float) -> None:
    assert envelope.crest_factor(wave) == pytest.approx(decibels, abs=0.01)


def test_the_crest_factor_of_uniform_noise_is_the_root_of_three() -> None:
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, 10 * RATE)
    assert envelope.crest_factor(noise) == pytest.approx(20 * np.log10(np.sqrt(3)), abs=0.01)


def test_two_sines_beat_at_their_difference() -> None:
    """The RMS is that of |cos|, whose harmonics are 1 / (4 k^2 - 1): 2, 4, 6, ... Hz."""
    k = np.arange(1, 9)
    power = 1 / (4 * k**2 - 1) ** 2
    rate = envelope.measure(two_sines(), RATE)["fluctuation_rate"]
    assert rate == pytest.approx(2 * (k * power).sum() / power.sum(), abs=0.05)


def test_clicks_fluctuate_as_the_lines_of_their_spectrum() -> None:
    """A click every 8 hops is in 2 windows of 8: lines at 5, 10 and 15 Hz of (sin(k pi / 4) / sin(k pi / 8))^2."""
    hop = round(rms_level.HOP * RATE)
    clicks = np.zeros(100 * 8 * hop)
    clicks[hop // 2 :: 8 * hop] = 1.0
    k = np.arange(1, 4)
    power = (np.sin(k * np.pi / 4) / np.sin(k * np.pi / 8)) ** 2
    metrics = envelope.measure(clicks, RATE)
    assert metrics["fluctuation_rate"] == pytest.approx(5 * (k * power).sum() / power.sum(), abs=0.02)
    assert metrics["time_near_maximum"] == pytest.approx(1 / 4, abs=0.01)
    assert metrics["level_spread"] == pytest.approx(0, abs=1e-9)  # the windows between clicks are silent


def test_noise_of_one_level_has_the_spread_of_its_windows() -> None:
    """The mean square of n normal samples spreads by sqrt(2 / n): 0.13 dB over 50 ms."""
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE)
    metrics = envelope.measure(noise, RATE)
    assert metrics["mean_level"] == pytest.approx(-20, abs=0.02)
    expected = 10 / np.log(10) * np.sqrt(2 / (2 * round(rms_level.HOP * RATE)))
    assert metrics["level_spread"] == pytest.approx(expected, rel=0.1)
    assert metrics["level_range"] == pytest.approx(2 * 1.645 * expected, rel=0.1)


def magnitudes_in_windows(wave: np.ndarray) -> np.ndarray:
    magnitude = np.abs(scipy.signal.hilbert(wave))
    hop = round(rms_level.HOP * RATE)
    hops = magnitude[: len(magnitude) // hop * hop].reshape(-1, hop).max(axis=1)
    return 20 * np.log10(np.maximum(hops[:-1], hops[1:]))


@pytest.mark.parametrize("wave", [sine(0.5, hertz=27.5), sine(0.5, hertz=4186.0), modulated(4.0), two_sines()])
def test_the_analytic_envelope_is_that_of_the_hilbert_transform_of_the_whole(wave: np.ndarray) -> None:
    expected = magnitudes_in_windows(wave)
    _, found = envelope.analytic_envelope(wave, RATE)
    inside = slice(10, len(expected) - 10)
    loud = expected[inside] > -40
    np.testing.assert_allclose(found[inside][loud], expected[inside][loud], atol=0.01)


def test_the_analytic_envelope_of_noise_is_that_of_the_hilbert_transform_of_the_whole() -> None:
    """Noise reaches below 20 Hz, where the two differ, by a thousandth of its power."""
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    expected = magnitudes_in_windows(noise)
    _, found = envelope.analytic_envelope(noise, RATE)
    np.testing.assert_allclose(found[10 : len(expected) - 10], expected[10:-10], atol=0.2)


def test_a_sine_of_full_scale_has_an_outline_of_zero_decibels() -> None:
    times, found = envelope.analytic_envelope(sine(), RATE)
    np.testing.assert_allclose(found[10:-10], 0, atol=0.01)
    np.testing.assert_array_equal(times, rms_level.rms_envelope(sine(), RATE)[0])


def test_the_outline_never_lies_below_the_level() -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, 3 * RATE + 17).astype(np.float32)
    assert (envelope.analytic_envelope(wave, RATE)[1] >= rms_level.rms_envelope(wave, RATE)[1]).all()


@pytest.mark.parametrize("samples", [1, 2, 1000])
def test_a_moment_of_silence_has_an_outline_at_the_floor(samples: int) -> None:
    times, found = envelope.analytic_envelope(np.zeros(samples), RATE)
    assert len(times) == 1
    assert found.tolist() == [rms_level.FLOOR]


def test_the_size_of_the_blocks_changes_no_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = modulated(2.0, seconds=7.77).astype(np.float32)
    expected, outline = envelope.measure(wave, RATE), envelope.analytic_envelope(wave, RATE)[1]
    for size in (1000, 70_000):
        monkeypatch.setattr(rms_level, "BLOCK", size)
        assert envelope.measure(wave, RATE) == pytest.approx(expected, rel=1e-6)
        np.testing.assert_allclose(envelope.analytic_envelope(wave, RATE)[1], outline, atol=1e-3)


def test_every_metric_is_measured() -> None:
    assert list(envelope.measure(modulated(2.0), RATE)) == list(envelope.METRICS)


def test_percentiles_and_limits_of_the_level_are_those_of_a_ramp() -> None:
    """From -50 dB to 0 in 50 s: the 95th percentile is at -2.5 dB, and what sounds reaches down to -42.5 dB."""
    rate = 8000
    times = np.arange(50 * rate) / rate
    ramp = 10 ** ((times - 50) / 20) * np.sin(2 * np.pi * 1000 * times)
    found = {name: value for name, value in envelope.measure(ramp, rate).items() if not isinstance(value, Missing)}
    assert found["time_near_maximum"] == pytest.approx((2.5 + 6) / 50, abs=0.002)
    assert found["level_range"] == pytest.approx(0.9 * 42.5, abs=0.1)
    assert found["mean_level"] == pytest.approx(-42.5 / 2 - 3.01, abs=0.1)


@pytest.mark.parametrize(("share", "fluctuates"), [(0.0085, False), (0.0115, True)])
def test_an_envelope_that_varies_by_less_than_one_percent_does_not_fluctuate(share: float, fluctuates: bool) -> None:
    wave = 1 + np.sqrt(2) * share * np.sin(2 * np.pi * 2 * np.arange(0, 40, rms_level.HOP))
    rate = envelope.fluctuation_rate(20 * np.log10(wave))
    assert isinstance(rate, Missing) != fluctuates
