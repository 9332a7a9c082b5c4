"""Audio comes back as it was written, and what is no audio is named with the reason."""

import errno
import resource
import sys
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UnreadableFileError, UserError
from evaluation.audio import buffers as waveform_module
from evaluation.audio import decoding, files
from evaluation.audio.files import heard, load, mono, read_audio, read_playable, resample, write_audio
from evaluation.audio.render import RenderSettings, render

RATE = 44100


def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """All waveforms in files, and read a little at a time."""
    monkeypatch.setattr(waveform_module, "IN_MEMORY", 0)
    monkeypatch.setattr(decoding, "BLOCK", 1000)
    monkeypatch.setattr(files, "blocks", partial(waveform_module.blocks, size=1000))


def sine(hertz: float = 440.0, seconds: float = 0.5, rate: int = RATE, channels: int = 2) -> np.ndarray:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize(("bits", "step"), [(16, 2**-15), (24, 2**-23)])
@pytest.mark.parametrize("channels", [1, 2])
def test_audio_comes_back_within_one_step(suffix: str, bits: int, step: float, channels: int, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    write_audio(path, sine(channels=channels), RATE, bits=bits)
    waveform, rate = read_audio(path)
    assert rate == RATE
    assert waveform.dtype == np.float32
    np.testing.assert_allclose(waveform, sine(channels=channels), atol=step)


def test_mp3_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, sine(seconds=1.0), RATE)
    waveform, rate = read_audio(path)
    assert rate == RATE
    assert np.abs(waveform).max() == pytest.approx(0.5, abs=0.02)


def test_clipping_is_never_silent(tmp_path: Path) -> None:
    loud = np.array([[0.5], [1.5], [-2.0]], dtype=np.float32)
    with pytest.warns(UserWarning, match=r"a\.wav: 2 samples beyond full scale were clipped"):
        write_audio(tmp_path / "a.wav", loud, RATE)
    waveform, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_allclose(waveform[:, 0], [0.5, 1.0, -1.0], atol=2**-15)


def test_full_scale_itself_is_no_clipping(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_audio(tmp_path / "a.wav", np.array([[1.0], [-1.0]], dtype=np.float32), RATE)
    waveform, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_allclose(waveform[:, 0], [1.0, -1.0], atol=2**-15)


@pytest.fixture
def no_file_beyond_64_kb(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As a full disk is met: in the middle of writing, with an error number of the system's own."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # or what is compiled meanwhile is cut off, and stays so
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_disk_that_takes_no_more_is_named_as_such_and_leaves_the_old_file(
    suffix: str, tmp_path: Path, no_file_beyond_64_kb: None
) -> None:
    path = tmp_path / f"a{suffix}"
    write_audio(path, sine(seconds=0.1), RATE)
    before = path.read_bytes()
    noise = np.random.default_rng(0).uniform(-1, 1, (RATE, 2)).astype(np.float32)
    with pytest.raises(OSError, match="File too large") as caught:
        write_audio(path, noise, RATE)
    assert caught.value.errno == errno.EFBIG
    assert caught.value.filename == str(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_the_caller_has_reported_is_clipped_without_a_warning(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.array([[1.5], [-2.0]], dtype=np.float32), RATE, reported=True)
    waveform, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_allclose(waveform[:, 0], [1.0, -1.0], atol=2**-15)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_the_size_of_the_blocks_changes_no_byte(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = np.random.default_rng(0).uniform(-1.2, 1.2, (30_000, 2)).astype(np.float32)
    whole = tmp_path / f"whole{suffix}"
    soundfile.write(whole, np.clip(wave, -1, 1), RATE, subtype="PCM_16")
    small_blocks(monkeypatch)
    write_audio(tmp_path / f"a{suffix}", wave, RATE, reported=True)
    assert (tmp_path / f"a{suffix}").read_bytes() == whole.read_bytes()
    np.testing.assert_array_equal(read_audio(whole)[0], soundfile.read(whole, dtype="float32")[0])


@pytest.mark.parametrize(("source", "target"), [(48000, 44100), (8000, 44100), (96000, 22050)])
def test_a_waveform_in_a_file_is_resampled_and_mixed_as_one_in_memory(
    source: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, (30_001, 2)).astype(np.float32)
    resampled, single = soxr.resample(wave, source, target, quality="VHQ"), mono(wave)
    small_blocks(monkeypatch)
    np.testing.assert_array_equal(resample(wave, source, target), resampled)
    np.testing.assert_array_equal(mono(wave), single)
    assert isinstance(mono(wave), np.memmap)


def test_a_format_that_not_every_browser_plays_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.wav or \.flac or \.mp3"):
        write_audio(tmp_path / "a.ogg", sine(), RATE)


def test_an_mp3_sounds_like_what_was_written_and_lasts_as_long(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.mp3", sine(), RATE)
    waveform, rate = read_audio(tmp_path / "a.mp3")
    assert (len(waveform), rate) == (len(sine()), RATE)
    assert np.abs(waveform[1000:-1000] - sine()[1000:-1000]).max() < 0.02


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.wav", b"", "0 bytes"),
        ("text.wav", b"hello, this is text", "not readable as audio"),
        ("text.mp3", b"hello, this is text", "not readable as audio"),
        ("cut.flac", b"fLaC\0\0", "not readable as audio"),
        ("gone.wav", None, "cannot be opened"),
    ],
)
def test_what_is_no_audio_is_named_with_the_reason(
    name: str, content: bytes | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=reason) as caught:
        read_audio(path)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((0, 2)), "no samples"),
        (np.array([[0.1], [np.nan]]), "NaN"),
        (np.array([[0.1], [np.inf]]), "infinite"),
    ],
)
def test_samples_nothing_can_be_measured_on_are_refused(samples: np.ndarray, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(UnreadableFileError, match=reason):
        read_audio(path)


def test_mono_is_the_mean_of_the_channels() -> None:
    np.testing.assert_allclose(mono(np.array([[1.0, 0.0], [0.5, -0.5]], dtype=np.float32)), [0.5, 0.0])


@pytest.mark.parametrize(("source", "target"), [(48000, 44100), (44100, 48000), (22050, 44100), (96000, 44100)])
def test_another_rate_keeps_the_sine(source: int, target: int) -> None:
    resampled = resample(sine(rate=source), source, target)
    expected = sine(rate=target)
    assert resampled.shape == expected.shape
    middle = slice(target // 10, -target // 10)
    np.testing.assert_allclose(resampled[middle], expected[middle], atol=1e-4)


def test_a_lower_rate_does_not_alias() -> None:
    high = resample(sine(hertz=15000, rate=48000), 48000, 22050)
    assert np.abs(high[1000:-1000]).max() < 1e-4


def test_midi_is_loaded_as_it_is_rendered(tmp_path: Path) -> None:
    notes = Notes.of([(0.0, 0.5, 60, 80), (0.5, 1.0, 64, 80)])
    write_midi(notes, tmp_path / "a.mid")
    waveform, rate = load(tmp_path / "a.mid", RenderSettings(sample_rate=22050))
    assert rate == 22050
    np.testing.assert_array_equal(waveform, render(notes, RenderSettings(sample_rate=22050)))


def test_audio_is_loaded_in_stereo_at_the_rate_of_the_settings(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", sine(rate=48000, channels=1), 48000)
    waveform, rate = load(tmp_path / "a.wav")
    assert rate == 44100
    assert waveform.shape == (22050, 2)
    np.testing.assert_array_equal(waveform[:, 0], waveform[:, 1])


def test_midi_is_heard_with_its_notes_and_without_remarks(tmp_path: Path) -> None:
    notes = Notes.of([(0.0, 0.5, 60, 80), (0.5, 1.0, 64, 80)])
    write_midi(notes, tmp_path / "a.mid")
    sound = heard(tmp_path / "a.mid", RenderSettings(sample_rate=22050))
    assert sound.piece is not None
    assert sound.piece.notes.pitch.tolist() == [60, 64]
    assert sound.remarks == ()


@pytest.mark.parametrize(
    ("rate", "channels", "remarks"),
    [
        (44100, 2, ()),
        (48000, 2, ("resampled from 48000 Hz",)),
        (44100, 1, ("mono, duplicated to stereo",)),
        (22050, 1, ("mono, duplicated to stereo", "resampled from 22050 Hz")),
    ],
)
def test_what_was_done_to_audio_is_said(rate: int, channels: int, remarks: tuple[str, ...], tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", sine(rate=rate, channels=channels), rate)
    sound = heard(tmp_path / "a.wav")
    assert sound.piece is None
    assert sound.remarks == remarks
    assert sound.rate == 44100
    middle = slice(2205, -2205)
    np.testing.assert_allclose(sound.waveform[middle], sine()[middle], atol=1e-4)


def test_samples_beyond_full_scale_are_said_to_be_there(tmp_path: Path) -> None:
    wave = sine()
    wave[:17, 1] = 1.25
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    assert heard(tmp_path / "a.wav").remarks == ("17 samples beyond full scale",)
    write_midi(Notes.of([(0.0, 0.5, pitch, 127) for pitch in range(40, 80, 4)]), tmp_path / "loud.mid")
    (remark,) = heard(tmp_path / "loud.mid", RenderSettings(gain=10)).remarks
    assert remark.endswith("samples beyond full scale")


def test_audio_of_many_hours_is_rejected_before_it_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.flac", np.zeros(3 * 3600 * 4000 + 1, dtype=np.int16), 4000)
    with pytest.raises(UnreadableFileError, match=r"long\.flac: lasts 3\.0 hours; at most 2 are read"):
        read_audio(tmp_path / "long.flac")


def test_music_of_many_hours_is_rejected_by_name(tmp_path: Path) -> None:
    write_midi(Notes.of([(0.0, 1.0, 60, 80), (3 * 3600.0, 3 * 3600.0 + 1, 60, 80)]), tmp_path / "long.mid")
    with pytest.raises(UnreadableFileError, match=r"long\.mid: lasts 3\.0 hours"):
        read_playable(tmp_path / "long.mid")
