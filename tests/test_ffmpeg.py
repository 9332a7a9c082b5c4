"""Audio that only ffmpeg reads: whole, or refused; and what is said where ffmpeg is not installed.

What needs ffmpeg, 160 MB with all it needs, is slow: `make test-all` installs it.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.finding import AUDIO, find_files
from evaluation import doctor
from evaluation.audio import ffmpeg
from evaluation.audio.files import read_audio

RATE = 48000  # Hz, which Opus has too
LOSSLESS = {"a.m4a": "alac", "a.mka": "flac", "a.wv": "wavpack"}
LOSSY = {"a.m4a": "aac", "a.aac": "aac", "a.webm": "libopus", "a.wma": "wmav2", "a.ac3": "ac3"}


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 440 Hz left and 660 Hz right."""
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    time = np.arange(2 * RATE) / RATE
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * np.outer(time, [440, 660])), RATE, subtype="PCM_16")
    return path


def encoded(tone: Path, path: Path, codec: str) -> Path:
    program = doctor.find_ffmpeg()
    assert program, "make test-all installs ffmpeg"
    quiet = ["-nostdin", "-v", "error", "-y"]
    subprocess.run([program, *quiet, "-i", str(tone), "-c:a", codec, "-movflags", "+faststart", str(path)], check=True)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("name", "codec"), LOSSLESS.items())
def test_lossless_audio_comes_back_to_the_sample(tone: Path, tmp_path: Path, name: str, codec: str) -> None:
    waveform, rate = read_audio(encoded(tone, tmp_path / name, codec))
    assert rate == RATE
    np.testing.assert_array_equal(waveform, soundfile.read(tone, dtype="float32")[0])
    assert find_files([tmp_path], AUDIO) == [tmp_path / name]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "codec"), LOSSY.items())
def test_lossy_audio_has_its_tones_in_their_channels(tone: Path, tmp_path: Path, name: str, codec: str) -> None:
    waveform, rate = read_audio(encoded(tone, tmp_path / name, codec))
    assert abs(len(waveform) / rate - 2) < 0.1
    middle = waveform[rate // 2 : rate // 2 + rate]  # one second: a bin is 1 Hz
    np.testing.assert_array_equal(np.abs(np.fft.rfft(middle, axis=0)).argmax(axis=0), [440, 660])
    np.testing.assert_allclose(np.abs(middle).max(axis=0), 0.5, atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.m4a", "a.webm", "a.aac"])
def test_a_file_that_is_cut_off_is_refused(tone: Path, tmp_path: Path, name: str) -> None:
    path = encoded(tone, tmp_path / name, LOSSY[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10 + 1])
    with pytest.raises(UnreadableFileError, match="cut off, damaged or without audio") as caught:
        read_audio(path)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_name_that_looks_like_an_option_or_an_address_is_a_file(
    tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    encoded(tone, tmp_path / "plain.m4a", "alac").rename("-i.m4a")
    Path("concat:-i.m4a").write_bytes(Path("-i.m4a").read_bytes())
    for name in ("-i.m4a", "concat:-i.m4a"):
        assert len(read_audio(Path(name))[0]) == 2 * RATE


@pytest.mark.slow
def test_what_is_too_long_is_refused_before_it_fills_a_disk(
    tone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffmpeg, "LONGEST", 1.0)
    with pytest.raises(UnreadableFileError, match="lasts more than"):
        read_audio(encoded(tone, tmp_path / "a.m4a", "aac"))


@pytest.mark.parametrize("head", [b"\0\0\0\x20ftypM4A ", b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"])
def test_without_ffmpeg_the_command_that_installs_it_is_said(
    head: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.m4a"
    path.write_bytes(head + bytes(100))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableFileError, match=r"which ffmpeg reads; install it with: .*apt-get install -y ffmpeg"):
        read_audio(path)
    (found,) = [one for one in doctor.examine(None, tmp_path) if one.name == "ffmpeg"]
    assert not found.found
    assert not found.needed
    assert "ffmpeg" in found.fix
