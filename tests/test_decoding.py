"""Every audio file is read at its right length, or refused with its reason: whatever its header says, or its name."""

import os
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from clstm.runtime.errors import UnreadableFileError
from evaluation.audio.files import read_audio
from evaluation.audio.mpeg import header
from evaluation.measurement import cache
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import measure_input

RATE = 44100
SECONDS = 3


def tones(rate: int = RATE, channels: int = 2, seconds: float = SECONDS) -> np.ndarray:
    """Soft, then loud: what a rate of bits guessed from the beginning is wrong for."""
    time = np.arange(round(seconds * rate)) / rate
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(time))
    wave = np.where(time < seconds / 2, 0.2 * np.sin(2 * np.pi * 220 * time), 0.4 * np.sin(2765 * time) + noise)
    return np.stack([wave, 0.8 * wave], axis=1)[:, :channels]


def content(kind: str, subtype: str | None = None, rate: int = RATE, channels: int = 2, **how: object) -> bytes:
    import io

    file = io.BytesIO()
    if kind == "MP3":
        how = {"bitrate_mode": "VARIABLE", "compression_level": 0.3} | how
    soundfile.write(file, tones(rate, channels), rate, format=kind, subtype=subtype, **how)
    return file.getvalue()


def seconds(path: Path, data: bytes) -> float:
    path.write_bytes(data)
    waveform, rate = read_audio(path)
    assert np.isfinite(waveform).all()
    return len(waveform) / rate


def reason(path: Path, data: bytes | None = None) -> str:
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UnreadableFileError) as caught:
        read_audio(path)
    assert caught.value.path == path
    return caught.value.reason


# --- what is whole is read whole -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("W64", "PCM_16"),
        ("AIFF", "PCM_16"), ("AU", "ULAW"), ("CAF", "PCM_16"), ("CAF", "ALAC_16"), ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"), ("MP3", None),
    ],
)  # fmt: skip
def test_a_whole_file_is_what_libsndfile_decodes_whatever_its_name(
    kind: str, subtype: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "music.xyz"
    path.write_bytes(content(kind, subtype))
    waveform, rate = read_audio(path)
    np.testing.assert_array_equal(waveform, soundfile.read(path, dtype="float32")[0])
    assert (len(waveform), rate) == (SECONDS * RATE, RATE)


def test_opus_is_read_at_its_own_rate(tmp_path: Path) -> None:
    assert seconds(tmp_path / "a.opus", content("OGG", "OPUS", rate=48000)) == SECONDS


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (48000, 1), (32000, 2), (22050, 2), (16000, 1), (8000, 2)])
def test_mp3_is_as_long_without_its_count_as_with_it(rate: int, channels: int, tmp_path: Path) -> None:
    data = content("MP3", rate=rate, channels=channels)
    first = header(data, 0)
    assert first is not None
    assert data[first.tag : first.tag + 4] in (b"Xing", b"Info")
    assert seconds(tmp_path / "with.mp3", data) == SECONDS
    without = seconds(tmp_path / "without.mp3", data[first.size :])
    assert SECONDS <= without < SECONDS + 3 * 1152 / rate, "but for the padding, of which only the count tells"


def with_count(data: bytes, frames: int) -> bytes:
    at = data.index(b"Xing") + 8
    return data[:at] + struct.pack(">I", frames) + data[at + 4 :]


def tag(size: int) -> bytes:
    """An ID3 tag that holds what looks like frames."""
    inside = bytes(content("MP3")[:400]) * (size // 400 + 1)
    length = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + length + inside[:size]


def test_mp3_is_read_to_its_end_whatever_stands_around_its_frames(tmp_path: Path) -> None:
    data = content("MP3")
    rubbish = np.random.default_rng(1).integers(0, 256, 3000, dtype=np.uint8).tobytes()
    for changed in (tag(70_000) + data, data + rubbish, data + b"TAG" + b"x" * 125, data + b"\0" * 100_000):
        assert seconds(tmp_path / "a.mp3", changed) == SECONDS
    for changed in (data + data, data + tag(5000) + data, tag(10) + data + tag(10) + data):
        assert seconds(tmp_path / "a.mp3", changed) == 2 * SECONDS


def test_a_count_of_too_few_frames_hides_nothing_and_of_too_many_is_a_cut(tmp_path: Path) -> None:
    data = content("MP3")
    assert SECONDS <= seconds(tmp_path / "a.mp3", with_count(data, 10)) < SECONDS + 0.1
    assert reason(tmp_path / "a.mp3", with_count(data, 1000)).startswith("cut off: 3 of ")
    assert reason(tmp_path / "a.mp3", data[: len(data) // 3]).startswith("cut off: ")


def test_streams_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    joined = content("MP3") + content("MP3", rate=22050)
    assert reason(tmp_path / "a.mp3", joined) == (
        "changes from 44100 Hz, two channels to 22050 Hz, two channels in the middle"
    )
    joined = content("OGG", "VORBIS") + content("OGG", "VORBIS", rate=22050)
    assert "22050 Hz with 2 channels and 44100 Hz with 2 channels" in reason(tmp_path / "a.ogg", joined)


@pytest.mark.parametrize(("kind", "subtype"), [("OGG", "VORBIS"), ("FLAC", "PCM_16")])
def test_joined_streams_are_read_one_after_another(kind: str, subtype: str, tmp_path: Path) -> None:
    assert seconds(tmp_path / "a", 2 * content(kind, subtype)) == 2 * SECONDS


# --- headers that do not know --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_wav_that_was_written_into_a_pipe_is_read_to_its_end(size: int, tmp_path: Path) -> None:
    data = content("WAV", "PCM_16")
    streamed = data[:40] + struct.pack("<I", size) + data[44:]
    assert seconds(tmp_path / "a.wav", streamed) == SECONDS
    assert seconds(tmp_path / "a.wav", streamed[:4] + struct.pack("<I", size) + streamed[8:]) == SECONDS


def test_a_wav_without_samples_stays_one(tmp_path: Path) -> None:
    data = content("WAV", "PCM_16")[:40] + struct.pack("<I", 0) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    assert reason(tmp_path / "a.wav", data) == "no samples"


def test_a_wav_whose_header_stopped_growing_is_refused(tmp_path: Path) -> None:
    data = content("WAV", "PCM_16")
    half = (len(data) - 44) // 2
    assert f"its header states {half} bytes of samples" in reason(
        tmp_path / "a.wav", data[:40] + struct.pack("<I", half) + data[44:]
    )
    for after in (b"\0" * 10**6, b"LIST" + struct.pack("<I", 8) + b"INFO    ", tag(500)):
        assert seconds(tmp_path / "a.wav", data + after) == SECONDS


def flac(data: bytes, total: int) -> bytes:
    packed = int.from_bytes(data[18:26], "big") >> 36 << 36 | total
    return data[:18] + packed.to_bytes(8, "big") + data[26:]


def test_flac_is_read_to_its_end_whatever_length_it_tells(tmp_path: Path) -> None:
    data = content("FLAC", "PCM_16")
    for total in (0, 1000, SECONDS * RATE):
        for after in (b"", b"TAG" + b"x" * 125):
            assert seconds(tmp_path / "a.flac", flac(data, total) + after) == SECONDS
    assert reason(tmp_path / "a.flac", flac(data, 2 * SECONDS * RATE)) == "cut off: 3 of 6 s"
    assert reason(tmp_path / "a.flac", flac(data, 2**36 - 1)).startswith("lasts 432.9 hours")


# --- cut off -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subtype", "said"),
    [
        ("WAV", "PCM_16", "cut off: 1.5 of 3 s"),
        ("WAVEX", "PCM_24", "cut off: 1.5 of 3 s"),
        ("RF64", "PCM_16", "cut off: 1.5 of 3 s"),
        ("W64", "PCM_16", "cut off: 1.5 of 3 s"),
        ("AIFF", "PCM_16", "cut off: 1.5 of 3 s"),
        ("AU", "PCM_16", "cut off: 1.5 of 3 s"),
        ("CAF", "PCM_16", "cut off: 50% of its bytes are there"),
        ("FLAC", "PCM_16", "cut off: "),
        ("OGG", "VORBIS", "cut off after "),
        ("MP3", None, "cut off: "),
    ],
)
def test_a_file_that_was_cut_off_is_refused(kind: str, subtype: str | None, said: str, tmp_path: Path) -> None:
    data = content(kind, subtype)
    assert reason(tmp_path / "half", data[: len(data) // 2]).startswith(said)
    for share in (0.9, 0.3, 0.05):
        reason(tmp_path / "cut", data[: round(share * len(data))])


def test_flac_of_unknown_length_that_was_cut_off_is_damaged(tmp_path: Path) -> None:
    data = flac(content("FLAC", "PCM_16"), 0)
    assert reason(tmp_path / "a.flac", data[: len(data) // 2]).startswith("damaged after ")


# --- what no music is ----------------------------------------------------------------------------------------------


def with_rate(rate: int) -> bytes:
    data = content("WAV", "PCM_16")
    return data[:24] + struct.pack("<I", rate) + data[28:]


def test_rates_and_channels_that_no_music_has_are_refused(tmp_path: Path) -> None:
    assert reason(tmp_path / "a.wav", with_rate(1)) == "a sample rate of 1 Hz; 4000 to 768000 are read"
    for rate in (0, 4_000_000_000):
        assert "no sample rate" in reason(tmp_path / "a.wav", with_rate(rate))
    soundfile.write(tmp_path / "six.wav", np.zeros((100, 6)), RATE)
    assert reason(tmp_path / "six.wav").startswith("6 channels; one or two are measured")


@pytest.mark.parametrize("sample", [1e30, -1e30, 32767.0, 128.0])
def test_samples_that_were_not_scaled_are_refused(sample: float, tmp_path: Path) -> None:
    wave = tones()
    wave[100, 1] = sample
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    assert "times full scale" in reason(tmp_path / "a.wav")


def test_floating_point_may_pass_full_scale(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 20 * tones(), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav")[0], 20 * tones(), rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"\xff\xfb\x00\x00" + bytes(range(1, 200)) * 50, "not readable as audio (no MPEG frames"),
        (b"\0" * 5000, "not readable as audio"),
        (b"RIFF", "not readable as audio"),
    ],
)
def test_formats_that_are_not_read_are_named(head: bytes, said: str, tmp_path: Path) -> None:
    assert reason(tmp_path / "a.mp3", head + b"\0" * 100).startswith(said)


def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.wav"))
        assert reason(tmp_path / "s.wav") == "cannot be opened (a socket, no file)"
    assert reason(tmp_path / "pipe.wav") == "cannot be opened (a pipe, no file)"
    assert reason(Path("/dev/zero")) == "cannot be opened (a device, no file)"
    assert reason(tmp_path) == "cannot be opened (a folder, no file)"
    with pytest.raises(UnreadableFileError, match="a pipe, no file"):
        measure_input(MeasurementInput(tmp_path / "pipe.wav"))


def test_a_sparse_file_of_any_size_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content("WAV", "PCM_16")[:1000])
    os.truncate(path, 10**11)
    assert reason(path) == "cannot be opened (100 GB; at most 32 are read)"
    with pytest.raises(OSError, match="100 GB"):
        cache.sha256(path)
