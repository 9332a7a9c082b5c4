"""`clstm spectra record | check` from the outside: what they say, what they write, and the status they end with."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile
import soxr

from clstm.cli.main import main
from clstm.music.midi import Notes, write_midi
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.drift.check import MOVED, SAME, UNMATCHED, Check
from evaluation.drift.differences import Moved
from evaluation.drift.report import junit_cases, row, summary, text
from evaluation.junit import write_junit
from evaluation.measurement.environment import EnvironmentDifference
from evaluation.metrics.metric import Missing

RATE = 44100
DRY = RenderSettings(sample_rate=22050)
WET = RenderSettings(sample_rate=22050, reverb=True)
TUNE = Notes.of([(k / 4, k / 4 + 0.25, 60 + 7 * k % 12, 60 + 5 * (k % 4)) for k in range(24)])
MIDDLE = TUNE.between(1.0, 4.0)

Clstm = Callable[..., int | str | None]


@pytest.fixture
def clstm(monkeypatch: pytest.MonkeyPatch) -> Clstm:
    """Run the command line as typed, in a terminal of 140 columns; returns the exit status."""
    monkeypatch.setenv("COLUMNS", "140")

    def run(*words: object) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["clstm", *map(str, words)])
        try:
            main()
        except SystemExit as stop:
            return stop.code or 0
        return 0

    return run


def counts(report: Path) -> dict[str, int]:
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    return {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}


def write(sound: Waveform, path: Path) -> None:
    write_audio(path, sound, DRY.sample_rate)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A folder of renders: a tune, another, and silence."""
    write(render(TUNE, DRY), tmp_path / "audio" / "tune.wav")
    write(render(MIDDLE, DRY), tmp_path / "audio" / "middle.wav")
    write(np.zeros((9000, 2), dtype=np.float32), tmp_path / "audio" / "silence.wav")
    return tmp_path / "audio"


def test_ci_passes_until_somebody_turns_the_sound_up_or_switches_reverb_on(
    clstm: Clstm, audio: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline, report = tmp_path / "baseline.json", tmp_path / "spectra.xml"
    assert clstm("spectra", "record", audio, "--out", baseline, "--rate", DRY.sample_rate, "--workers", 1) == 0
    assert f"3 of 3 files recorded in {baseline}" in capsys.readouterr().out

    assert clstm("spectra", "check", baseline, "--junit", report, "--workers", 1) == SAME
    assert "Nothing moved: 3 of 3 files are as recorded" in capsys.readouterr().out
    assert counts(report) == {"tests": 4, "failures": 0, "errors": 0, "skipped": 0}

    write(render(TUNE, DRY) * np.float32(10 ** (0.2 / 20)), audio / "tune.wav")
    write(render(MIDDLE, WET), audio / "middle.wav")
    assert clstm("spectra", "check", baseline, "--junit", report, "--workers", 1) == MOVED
    said = capsys.readouterr().out
    assert re.search(r"tune\.wav +│ Loudness +│ -[\d.]+ LUFS +│ -[\d.]+ LUFS +│ +\+0\.20 LU │ +0\.1 LU", said)
    assert "2 of 3 files are not as recorded" in said
    assert "Files whose bytes changed: 2; with the same bytes, but other values: 0." in said
    assert counts(report) == {"tests": 4, "failures": 2, "errors": 0, "skipped": 0}
    cases = ET.parse(report).getroot().findall("testsuite/testcase")
    failures = {case.get("name"): str(case.findtext("failure")) for case in cases if case.find("failure") is not None}
    assert list(failures) == ["middle.wav", "tune.wav"]
    assert "Loudness | -" in failures["tune.wav"]


@pytest.fixture
def recorded(clstm: Clstm, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, np.ndarray]:
    """The baseline of a stereo file of noise, wide and with an odd length; and its samples."""
    generator = np.random.default_rng(0)
    middle, side = generator.normal(0, 0.05, (2, 30_001))
    wave = np.stack([middle + 0.3 * side, middle - 0.3 * side], axis=1).astype(np.float32)
    soundfile.write(tmp_path / "music.wav", wave, 44100)
    assert clstm("spectra", "record", tmp_path / "music.wav", "--out", tmp_path / "b.json", "--workers", 1) == 0
    capsys.readouterr()
    return tmp_path / "b.json", soundfile.read(tmp_path / "music.wav", dtype="float32")[0]


@pytest.mark.parametrize(
    ("change", "rate", "said"),
    [
        (lambda wave: wave[:, ::-1], 44100, "music.wav: its channels are swapped."),
        (lambda wave: -wave, 44100, "music.wav: it is inverted."),
        (lambda wave: wave * [-1, 1], 44100, "music.wav: its left channel is inverted."),
        (lambda wave: wave.mean(axis=1), 44100, "music.wav: two channels, now one channel."),
        (lambda wave: wave[: len(wave) // 2 * 2], 44100, "music.wav: 30001 samples, now 30000."),
        (lambda wave: soxr.resample(wave, 44100, 22050), 22050, "music.wav: 44100 Hz, now 22050 Hz."),
    ],
)
def test_another_fingerprint_fails_and_is_told_in_a_sentence(
    change: Callable[[np.ndarray], np.ndarray],
    rate: int,
    said: str,
    clstm: Clstm,
    recorded: tuple[Path, np.ndarray],
    capsys: pytest.CaptureFixture[str],
) -> None:
    baseline, wave = recorded
    soundfile.write(baseline.with_name("music.wav"), change(wave), rate)
    report = baseline.with_name("spectra.xml")
    assert clstm("spectra", "check", baseline, "--workers", 1, "--junit", report) == MOVED
    told = capsys.readouterr().out
    assert said in told.splitlines()
    assert re.search(r"music\.wav +│ fingerprint +│ 44100 Hz", told)
    failure = str(ET.parse(report).getroot().findtext("testsuite/testcase[@name='music.wav']/failure"))
    assert said.removeprefix("music.wav: ").rstrip(".") in failure


def test_other_bytes_alone_are_said_and_fail_on_request(
    clstm: Clstm, recorded: tuple[Path, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    baseline, wave = recorded
    soundfile.write(baseline.with_name("music.wav"), wave, 44100, subtype="PCM_24")
    assert clstm("spectra", "check", baseline, "--workers", 1) == SAME
    assert (
        "Only the bytes changed, nothing that is compared: music.wav. With --bytes this fails."
        in capsys.readouterr().out
    )
    assert clstm("spectra", "check", baseline, "--workers", 1, "--bytes") == MOVED
    assert re.search(r"music\.wav +│ the file +│ SHA-256", capsys.readouterr().out)


def test_wav_that_became_flac_is_the_same_music(
    clstm: Clstm, recorded: tuple[Path, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    baseline, wave = recorded
    baseline.with_name("music.wav").unlink()
    flac = baseline.with_name("music.flac")
    soundfile.write(flac, wave, 44100)
    assert clstm("spectra", "check", baseline, flac, "--workers", 1) == SAME
    assert "nothing that is compared: music.wav, now music.flac." in capsys.readouterr().out
    assert clstm("spectra", "check", baseline, flac, "--workers", 1, "--bytes") == MOVED


def test_a_baseline_without_forms_is_checked_as_far_as_it_goes(
    clstm: Clstm, recorded: tuple[Path, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    baseline, _ = recorded
    content = json.loads(baseline.read_text(encoding="utf-8"))
    form = content["files"]["music.wav"].pop("form")
    baseline.write_text(json.dumps(content), encoding="utf-8")
    assert clstm("spectra", "check", baseline, "--workers", 1) == SAME
    assert "Recorded without the fingerprint of its audio (music.wav)" in capsys.readouterr().out
    for damaged in ({}, form | {"rate": 0}, form | {"sketch": ["AAAA", "AAAA"]}, form | {"sketch": form["sketch"][:1]}):
        content["files"]["music.wav"]["form"] = damaged
        baseline.write_text(json.dumps(content), encoding="utf-8")
        assert clstm("spectra", "check", baseline, "--workers", 1) == 2
        assert "is a damaged baseline" in capsys.readouterr().err


def test_what_did_not_change_passes_whatever_its_samples_are(
    clstm: Clstm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    clip = np.clip(np.random.default_rng(0).normal(0, 2, (RATE, 2)), -3, 3)
    odd = {
        "one": np.array([[0.5, -0.2]]),
        "huge": np.array([[1e30]]),
        "nan": np.array([[np.nan]]),
        "clipped": clip,
        "zeros": np.zeros((100, 1)),
        "tiny": np.full((3, 1), 1e-12),
        "six": np.zeros((100, 6)),
    }
    for name, wave in odd.items():
        soundfile.write(folder / f"{name}.wav", wave, RATE, subtype="FLOAT")
    (folder / "empty.wav").touch()
    (folder / "cut.wav").write_bytes((folder / "clipped.wav").read_bytes()[:5000])
    os.mkfifo(folder / "pipe.wav")
    assert clstm("spectra", "record", folder, "--out", tmp_path / "b.json", "--workers", 1) == 0
    assert "4 of 9 files recorded" in capsys.readouterr().out
    assert "NaN" not in (tmp_path / "b.json").read_text(encoding="utf-8").replace("(NaN or infinite)", "")
    assert clstm("spectra", "check", tmp_path / "b.json", "--workers", 1, "--bytes") == SAME


def test_midi_is_rendered_as_recorded_and_another_soundfont_is_noticed(
    clstm: Clstm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_midi(TUNE, tmp_path / "music" / "tune.mid")
    (tmp_path / "music" / "text.mid").write_text("hello")
    baseline = tmp_path / "baseline.json"
    options = ("--gain", "0.5", "--rate", "22050", "--reverb", "--chorus", "--workers", "1")
    assert clstm("spectra", "record", tmp_path / "music", "--out", baseline, *options) == 0
    captured = capsys.readouterr()
    assert "1 of 2 files recorded" in captured.out
    assert "text.mid: not a MIDI file (it does not begin with MThd); recorded as unreadable" in captured.err
    rendering = json.loads(baseline.read_text(encoding="utf-8"))["environment"]["rendering"]
    assert rendering.items() >= {"gain": 0.5, "sample_rate": 22050, "reverb": True, "chorus": True}.items()
    assert clstm("spectra", "check", baseline) == SAME

    font = tmp_path / "other.sf2"
    content = RenderSettings().soundfont_file.read_bytes()
    name = content.index(b"INAM") + 8  # behind the length of the field
    font.write_bytes(content[:name] + b"X" + content[name + 1 :])  # the same sound under another name
    report = tmp_path / "spectra.xml"
    capsys.readouterr()
    assert clstm("spectra", "check", baseline, "--soundfont", font, "--junit", report) == UNMATCHED
    said = capsys.readouterr().out
    assert "This is not the environment of the baseline" in said
    assert "rendering.soundfont: TimGM6mb.sf2 recorded, other.sf2 now" in said
    assert "rendering.soundfont_sha256: " in said
    assert counts(report) == {"tests": 3, "failures": 0, "errors": 1, "skipped": 2}
    error = ET.parse(report).getroot().findtext("testsuite/testcase[@name='environment']/error")
    assert "other.sf2 now" in str(error)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["record", "nowhere", "--out", "b.json"], "nowhere does not exist"),
        (["record", "text.wav", "--out", "b.json"], r"no file can be measured: text\.wav: not readable as audio"),
        (["record", "one.wav", "--out", "b.json", "--gain", "99"], "a gain of 99.0 cannot be rendered"),
        (["record", "one.mid", "--out", "b.json", "--soundfont", "text.wav"], "is not a SoundFont"),
        (["check", "b.json"], "the baseline b.json cannot be opened .*clstm spectra record"),
        (["check", "text.wav"], "text.wav is not a baseline"),
    ],
)
def test_a_mistake_is_one_line_status_2_and_nothing_written(
    words: list[str],
    complaint: str,
    clstm: Clstm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_midi(TUNE, tmp_path / "one.mid")
    write(render(TUNE.between(0, 1), DRY), tmp_path / "one.wav")
    (tmp_path / "text.wav").write_text("hello")
    before = sorted(tmp_path.iterdir())
    assert clstm("spectra", *words) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line and not line.startswith("Measuring")]
    assert len(said) == 1
    assert re.search(complaint, said[0])
    assert sorted(tmp_path.iterdir()) == before


def test_help_tells_the_exit_statuses(clstm: Clstm, capsys: pytest.CaptureFixture[str]) -> None:
    assert clstm("spectra", "check", "--help") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "status is 0 if nothing changed, 1 if something did, 2 for an error of the user, and 3 if" in said


# --- what is said ----------------------------------------------------------------------------------------------------


CENTROID = "Centroid of the long-term power spectrum"


@pytest.mark.parametrize(
    ("moved", "shown"),
    [
        (Moved("a", "true_peak", -3.0, -2.75), ("True peak", "-3.00 dBTP", "-2.75 dBTP", "+0.25 dB", "0.1 dB")),
        (Moved("a", "loudness_range", 4.0, 5.0), ("Loudness range", "4.00 LU", "5.00 LU", "+1.00 LU", "0.5 LU")),
        (Moved("a", "centroid", 400.0, 396.0), (CENTROID, "400 Hz", "396 Hz", "-1.00 %", "0.5 %")),
        (Moved("a", "evenness", 0.0, 0.5), ("Evenness below 1 kHz", "0", "0.5", "+0.5", "1e-09")),
        (Moved("a", "centroid", Missing("silent"), 4.0), (CENTROID, "none: silent", "4 Hz", "", "")),
        (Moved("a", "", None, Missing("no such file")), ("the file", "measured", "no such file", "", "")),
    ],
)
def test_a_row_tells_what_was_what_is_and_how_far_it_may_be(moved: Moved, shown: tuple[str, ...]) -> None:
    assert row(moved) == ("a", *shown)


def test_text_and_junit_hold_whatever_a_file_is_called(tmp_path: Path) -> None:
    name = "[red]<&\x01\u266b.wav"
    found = Check(
        baseline=Path("music.json"),
        files=(name, "b.wav"),
        changed=(),
        moved=(Moved(name, "centroid", 400.0, 500.0),),
        unmatched=(),
    )
    assert "[red]<&" in text(found)
    assert "1 of 2 files are not as recorded in music.json; values that moved: 1." in text(found)
    write_junit(tmp_path / "out" / "spectra.xml", "clstm spectra music.json", junit_cases(found))
    cases = ET.parse(tmp_path / "out" / "spectra.xml").getroot().findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == ["environment", "[red]<&\ufffd\u266b.wav", "b.wav"]
    assert {case.get("classname") for case in cases} == {"music"}
    assert cases[1].findtext("failure") == f"{CENTROID} | 400 Hz | 500 Hz | +25.00 % | 0.5 %"


def test_an_unmatched_environment_is_said_first_and_what_moved_is_information() -> None:
    difference = EnvironmentDifference("measuring.numpy", "2.1.0", "2.2.0")
    found = Check(Path("b.json"), ("a.wav",), (), (), (difference,))
    assert summary(found) == [
        "This is not the environment of the baseline, so differences prove nothing about the music.",
        "  measuring.numpy: 2.1.0 recorded, 2.2.0 now",
        "Nothing moved: 1 of 1 files are as recorded in b.json.",
    ]
