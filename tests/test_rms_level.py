"""DC is no sound and decides nothing; silence is one thing in every view; the tail of a rendering is no music."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.audio.synthesizer import BLOCK
from evaluation.measurement.measure import CANCELLED, measure_file, measure_sound
from evaluation.metrics import rms_level
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.loudness import true_peak
from evaluation.metrics.metric import MetricValue, Missing
from evaluation.metrics.rms_level import SILENT, is_silent, music, offsets

RATE = 22050
SETTINGS = RenderSettings(sample_rate=RATE)
random = np.random.default_rng(0)
TUNE = Notes.of([(k / 4, k / 4 + 0.2, 48 + 7 * k % 29, 60 + 3 * (k % 8)) for k in range(48)])
SOUND = render(TUNE, SETTINGS)[BLOCK:]  # from the first block that sounds

# Structure indicators are cut at a quantile: what nobody hears moves them (`evaluation.metrics.papers.scape`).
AS_OTHERS = [name for name, metric in METRICS.items() if metric.quoted and metric.heard]


def assert_alike(
    before: dict[str, MetricValue],
    after: dict[str, MetricValue],
    share: float,
    but_for: Sequence[str] = (),
    least: float = 0.0,
) -> None:
    for name, value in before.items():
        if name in but_for and name in AS_OTHERS:
            continue  # they may also be missing for another reason
        if isinstance(value, Missing):
            assert after[name] == value, name
        elif name not in but_for:
            assert after[name] == pytest.approx(value, rel=share, abs=least), name


# --- DC --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0001, 0.0034, -0.02, 0.1])
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_an_offset_decides_nothing_but_how_many_samples_are_clipped(offset: float, share: float) -> None:
    before, after = (measure_sound(share * SOUND + np.float32(shift), RATE) for shift in (0, offset))
    peaks = ("true_peak", "peak_to_loudness")
    assert_alike(before, after, 1e-3, (*peaks, "clipped_samples", *AS_OTHERS), least=1e-3)
    for peak in peaks:  # an offset of less than a hundredth of the peak is left as it is
        assert after[peak] == pytest.approx(before[peak], abs=0.09)


def test_the_peak_of_music_without_an_offset_worth_the_name_is_that_of_its_samples() -> None:
    assert rms_level.without_offset(SOUND, RATE) is SOUND
    assert measure_sound(SOUND, RATE)["true_peak"] == true_peak(SOUND, RATE)


def test_dither_alone_is_silent_in_every_view_of_sound() -> None:
    metrics = measure_sound((random.integers(-1, 2, (3 * RATE, 2)) / 2**15).astype(np.float32), RATE)
    sounding = {name for name, value in metrics.items() if value != SILENT}
    assert sounding <= {"clipped_samples", "duration"}


def test_each_channel_has_an_offset_of_its_own() -> None:
    shifted = SOUND + np.array([0.01, -0.03], dtype=np.float32)
    assert offsets(shifted, RATE) - offsets(SOUND, RATE) == pytest.approx([0.01, -0.03], abs=1e-4)


def test_music_has_no_offset_and_is_read_from_the_waveform() -> None:
    shifted = SOUND[:, 0] + np.float32(0.01)
    heard = music(shifted, RATE)
    assert heard is not None
    assert abs(float(offsets(heard, RATE))) < 1e-5  # of 0.01; its own median is over fewer windows
    np.testing.assert_allclose(heard[1000:1010], shifted[1000:1010] - offsets(shifted, RATE), atol=1e-7)
    assert np.asarray(heard).shape == heard.shape == (len(heard),)


@pytest.mark.parametrize("hertz", [27.5, 106.67, 440.0])
def test_a_tone_has_no_offset(hertz: float) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(3 * RATE) / RATE)
    assert abs(float(offsets(tone, RATE))) < 0.01


def test_what_is_loud_for_a_moment_does_not_lift_the_silence_beside_it() -> None:
    """The mean of these bursts is 0.05; taken from all, it would make sound of their pauses."""
    bursts = random.uniform(-0.2, 0.3, 8 * RATE) * (np.arange(8 * RATE) % (2 * RATE) < RATE // 2)
    assert float(offsets(bursts, RATE)) == 0


def test_an_offset_is_found_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = offsets(SOUND + np.float32(0.01), RATE)
    monkeypatch.setattr(rms_level, "BLOCK", 10_000)
    assert offsets(SOUND + np.float32(0.01), RATE) == pytest.approx(expected, abs=1e-12)


# --- silence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("offset", [0, 111])
def test_dithered_silence_is_silent_in_every_view(bits: int, offset: int, tmp_path: Path) -> None:
    """Noise of one step up and down, with an offset and without."""
    steps = random.integers(-1, 2, (5 * RATE, 2)) + offset
    write_audio(tmp_path / "a.wav", (steps / 2 ** (bits - 1)).astype(np.float32), RATE, bits=bits)
    metrics = measure_sound((steps / 2 ** (bits - 1)).astype(np.float32), RATE)
    assert {name for name, value in metrics.items() if value != SILENT} == {"duration", "clipped_samples"}
    assert {name for name, value in measure_file(tmp_path / "a.wav", SETTINGS).items() if value is not None} == {
        "duration",
        "clipped_samples",
    }


@pytest.mark.parametrize(("decibels", "silent"), [(-69.5, False), (-70.5, True)])
def test_every_view_draws_the_line_at_70_db_below_full_scale(decibels: float, silent: bool) -> None:
    tone = np.sqrt(2) * 10 ** (decibels / 20) * np.sin(2 * np.pi * 440 * np.arange(40 * RATE) / RATE)
    both = np.repeat(tone[:, None], 2, axis=1).astype(np.float32)
    assert is_silent(both, RATE) == silent
    metrics = measure_sound(both, RATE)
    names = {name for name, value in metrics.items() if value == SILENT}
    assert names == (set(metrics) - {"duration", "clipped_samples"} if silent else set())


def test_channels_that_cancel_each_other_are_not_called_silent() -> None:
    opposed = SOUND[:, :1] * np.array([1, -1], dtype=np.float32)
    metrics = measure_sound(opposed, RATE)
    assert isinstance(metrics["integrated_loudness"], float)
    assert metrics["centroid"] == metrics["level_spread"] == metrics["spectral_change"] == CANCELLED


def test_music_has_no_silence_around_it_and_keeps_its_rests() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    framed = np.concatenate([np.zeros(RATE), tone, np.zeros(RATE), tone, np.zeros(2 * RATE)])
    found = music(framed, RATE)
    assert found is not None
    assert len(found) / RATE == pytest.approx(3, abs=0.1)
    again = music(found, RATE)
    assert again is not None
    assert len(again) == len(found)
    assert music(0 * framed, RATE) is None


def test_silence_around_the_music_moves_no_metric_of_its_mean() -> None:
    piece = SOUND[: 12 * RATE]
    framed = np.concatenate([np.zeros((5 * RATE, 2)), piece, np.zeros((7 * RATE, 2))]).astype(np.float32)
    of_channels = [name for name, metric in METRICS.items() if metric.view == "loudness"]
    but_for = (*of_channels, "duration", "novelty_rate", *AS_OTHERS)
    assert_alike(measure_sound(piece, RATE), measure_sound(framed, RATE), 0.03, but_for, 0.01)


@pytest.mark.parametrize("samples", [1, 100])
def test_what_is_shorter_than_a_window_has_a_level(samples: int) -> None:
    assert is_silent(np.full(samples, 0.5), RATE) is False
    assert is_silent(np.zeros(samples), RATE) is True


# --- other ways to the same sound ------------------------------------------------------------------------------------


def test_a_hundredth_of_a_decibel_and_16_bits_move_no_metric() -> None:
    for other in (SOUND * np.float32(10**0.0005), (np.round(SOUND * 32767) / 32767).astype(np.float32)):
        assert_alike(measure_sound(SOUND, RATE), measure_sound(other, RATE), 0.01, least=0.02)


def test_one_channel_is_as_two_of_it() -> None:
    """But for loudness, which adds the channels."""
    single = SOUND.mean(axis=1, keepdims=True)
    one, two = (measure_sound(np.repeat(single, channels, axis=1), RATE) for channels in (1, 2))
    assert_alike(one, two, 1e-6, [name for name, metric in METRICS.items() if metric.view == "loudness"])


# --- the tail --------------------------------------------------------------------------------------------------------


def test_a_longer_tail_of_the_rendering_moves_no_metric(tmp_path: Path) -> None:
    write_midi(TUNE, tmp_path / "tune.mid")
    short, long = (measure_file(tmp_path / "tune.mid", RenderSettings(sample_rate=RATE, tail=s)) for s in (0.5, 9.0))
    assert short == long
    assert short["duration"] == pytest.approx(TUNE.duration, abs=0.01)


def test_a_note_that_is_over_before_it_sounds_is_measured() -> None:
    assert measure_sound(SOUND[:1], RATE)["fluctuation_rate"] in (SILENT, Missing("shorter than 4 s"))
