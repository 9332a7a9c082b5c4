"""A file's fingerprint shows what no metric does: another rate or length, channels folded, swapped or inverted."""

import io

import numpy as np
import pytest
import soundfile

from evaluation.audio.fingerprint import Fingerprint, changes, fingerprint_of

RATE = 44100


def stereo(seed: int = 0, width: float = 0.3, seconds: float = 2.0) -> np.ndarray:
    """Chords, with as much of another one, opposite, on both sides."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    middle, side = (
        sum(0.05 * np.sin(2 * np.pi * hertz * time + hertz) for hertz in generator.uniform(60, 3000, 6)) for _ in "ab"
    )
    return np.stack([middle + width * side, middle - width * side], axis=1).astype(np.float32)


def told(before: np.ndarray, after: np.ndarray) -> list[str]:
    return changes(fingerprint_of(before, RATE), fingerprint_of(np.ascontiguousarray(after), RATE))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("width", [0.02, 0.3, 5.0])
def test_the_order_and_the_signs_of_two_channels_are_told(seed: int, width: float) -> None:
    wave = stereo(seed, width)
    assert told(wave, wave) == []
    assert told(wave, wave[:, ::-1]) == ["its channels are swapped"]
    assert told(wave, -wave) == ["it is inverted"]
    assert told(wave, wave * [-1, 1]) == ["its left channel is inverted"]
    assert told(wave, wave * [1, -1]) == ["its right channel is inverted"]
    assert told(wave, np.repeat(wave.mean(axis=1, keepdims=True), 2, axis=1)) == ["its two channels are now one sound"]


@pytest.mark.parametrize("seed", range(4))
def test_codecs_dither_and_rounding_change_no_form(seed: int) -> None:
    wave = stereo(seed)
    dither = np.random.default_rng(seed).uniform(-1, 1, wave.shape) / 2**15
    assert told(wave, np.rint((wave + dither) * 2**15) / 2**15) == []
    for kind in ("MP3", "OGG"):
        file = io.BytesIO()
        soundfile.write(file, wave, RATE, format=kind)
        file.seek(0)
        coded = soundfile.read(file, dtype="float32")[0]
        assert told(wave, coded) == []
        assert told(wave, coded[:, ::-1]) == ["its channels are swapped"]
        assert told(wave, -coded) == ["it is inverted"]


def test_channels_that_are_alike_cannot_be_swapped() -> None:
    wave = np.repeat(stereo()[:, :1], 2, axis=1)
    assert told(wave, wave[:, ::-1]) == []
    assert told(wave, wave + 1e-6 * np.random.default_rng(0).normal(size=wave.shape)) == []
    assert told(wave, stereo()) == ["its two channels were equal, and now differ"]


@pytest.mark.parametrize(
    "wave",
    [
        np.array([[0.5, -0.2]]),
        np.array([[1e-12]]),
        np.zeros((100, 2)),
        np.eye(1000, 2, -500) * 0.5,
        np.random.default_rng(0).integers(-1, 2, (RATE, 2)) / 2**15,
        np.clip(np.random.default_rng(0).normal(0, 2, (RATE, 1)), -1, 1),
    ],
)
def test_odd_samples_are_as_they_were(wave: np.ndarray) -> None:
    assert told(wave, wave) == []
    assert told(wave, np.float32(wave)) == []


def test_one_sample_shows_its_sign() -> None:
    assert told(np.array([[0.5, 0.2]]), np.array([[-0.5, -0.2]])) == ["it is inverted"]


def test_silence_has_no_sketch() -> None:
    assert fingerprint_of(np.zeros((RATE, 2)), RATE) == Fingerprint(RATE, 2, RATE)


def test_rate_channels_and_length_are_told_before_anything_else() -> None:
    form = fingerprint_of(stereo(), RATE)
    assert changes(form, Fingerprint(22050, 2, 44100)) == ["44100 Hz, now 22050 Hz"]
    assert changes(form, Fingerprint(22050, 2, 22050)) == ["44100 Hz, now 22050 Hz", "2 s, now 1 s"]
    assert changes(form, Fingerprint(RATE, 1, 88200)) == ["two channels, now one channel"]
    assert changes(form, Fingerprint(RATE, 2, 88199)) == ["88200 samples, now 88199"]
