"""`clstm render` from the outside: what it writes, what it says, and with which status it ends."""

import hashlib
import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from midi_bytes import midi, off, on, program

from clstm.cli.main import main
from clstm.music.midi import Notes, read_midi, write_midi
from evaluation.audio.buffers import clipped
from evaluation.audio.files import read_audio
from evaluation.audio.render import RenderSettings, render, same_grid
from evaluation.cli.rendering import render_command
from evaluation.measurement.batch import unique_names

TUNE = Notes.of([(k / 4 + 0.03, k / 4 + 0.25, 60 + k % 7, 50 + k) for k in range(8)])

Clstm = Callable[..., int | str | None]


@pytest.fixture
def clstm(monkeypatch: pytest.MonkeyPatch) -> Clstm:
    """Run the command line as typed; returns the exit status."""

    def run(*words: object) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["clstm", *map(str, words)])
        try:
            main()
        except SystemExit as stop:
            return stop.code or 0
        return 0

    return run


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in ("bach/one.mid", "liszt/one.mid", "liszt/two.midi"):
        (tmp_path / "music" / name).parent.mkdir(parents=True, exist_ok=True)
        write_midi(TUNE, tmp_path / "music" / name)
    return tmp_path / "music"


def test_every_file_of_the_folders_is_rendered_under_a_name_of_its_own(clstm: Clstm, music: Path) -> None:
    out = music.parent / "audio"
    assert clstm("render", music, "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["liszt-one.flac", "one.flac", "render.json", "two.flac"]
    waveform, rate = read_audio(out / "one.flac")
    assert rate == 44100
    np.testing.assert_allclose(waveform, render(read_midi(music / "bach" / "one.mid")), atol=2**-15)


def test_the_record_says_how_and_what(clstm: Clstm, music: Path) -> None:
    out = music.parent / "audio"
    assert clstm("render", music, "--out", out, "--format", "wav", "--rate", "22050", "--gain", "0.5") == 0
    record = json.loads((out / "render.json").read_text(encoding="utf-8"))
    assert record["settings"]["gain"] == 0.5
    assert record["settings"]["sample_rate"] == 22050
    assert record["same_grid"] is False
    assert record["rejected"] == []
    first = record["files"][0]
    assert first["file"] == "one.wav"
    assert first["notes"] == len(TUNE)
    assert first["seconds"] == pytest.approx(2.0 + 1.5, abs=0.01)
    assert first["sha256"] == hashlib.sha256((out / "one.wav").read_bytes()).hexdigest()
    assert -60 < first["loudness"] < first["true_peak"] < 0


def test_two_runs_and_any_number_of_workers_give_the_same_files(clstm: Clstm, music: Path) -> None:
    outs = [music.parent / name for name in ("first", "second")]
    for workers, out in enumerate(outs, start=1):
        assert clstm("render", music, "--out", out, "--workers", workers) == 0
    first, second = (json.loads((out / "render.json").read_text(encoding="utf-8")) for out in outs)
    assert first == second


def test_the_same_grid_renders_what_a_model_could_have_written(clstm: Clstm, music: Path) -> None:
    out = music.parent / "audio"
    source = music / "bach" / "one.mid"
    assert clstm("render", source, "--out", out, "--same-grid") == 0
    waveform, _ = read_audio(out / "one.flac")
    np.testing.assert_allclose(waveform, render(same_grid(read_midi(source))), atol=2**-15)
    assert json.loads((out / "render.json").read_text(encoding="utf-8"))["same_grid"] is True


def test_bad_files_are_named_and_the_rest_goes_on(
    clstm: Clstm, music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (music / "text.mid").write_text("hello")
    (music / "empty.mid").write_bytes(b"")
    out = music.parent / "audio"
    assert clstm("render", music, "--out", out) == 0
    captured = capsys.readouterr()
    assert "text.mid: not a MIDI file" in captured.err
    assert "empty.mid: 0 bytes" in captured.err
    assert "3 of 5 files rendered" in captured.out
    rejected = json.loads((out / "render.json").read_text(encoding="utf-8"))["rejected"]
    assert [entry["reason"] for entry in rejected] == ["0 bytes", "not a MIDI file (it does not begin with MThd)"]


def test_clipping_is_said_and_counted(clstm: Clstm, music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = music.parent / "audio"
    source = music / "loud.mid"
    write_midi(Notes.of([(0.0, 0.5, pitch, 127) for pitch in range(40, 80, 4)]), source)
    assert clstm("render", source, "--out", out, "--gain", "10") == 0
    expected = clipped(render(read_midi(source), RenderSettings(gain=10)))
    assert expected > 0
    assert f"loud.flac: {expected:,} samples beyond full scale were clipped; lower --gain" in capsys.readouterr().err
    assert json.loads((out / "render.json").read_text(encoding="utf-8"))["files"][0]["clipped"] == expected


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["text.mid"], "no file can be rendered: .*text.mid: not a MIDI file"),
        (["nowhere"], "nowhere does not exist"),
        (["bare"], "no MIDI file in"),
        (["one.mid", "--gain", "99"], "a gain of 99.0 cannot be rendered"),
        (["one.mid", "--soundfont", "text.mid"], "is not a SoundFont"),
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
    (tmp_path / "text.mid").write_text("hello")
    (tmp_path / "bare").mkdir()
    assert clstm("render", *words, "--out", "audio") == 2
    said = [line for line in capsys.readouterr().err.splitlines() if line and not line.startswith("Rendering")]
    assert len(said) == 1
    assert re.search(complaint, said[0])
    assert not (tmp_path / "audio").exists()


def test_audio_is_not_written_over_a_file(clstm: Clstm, music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = music.parent / "audio"
    out.write_text("mine")
    assert clstm("render", music, "--out", out) == 2
    assert "audio is a file; give a folder" in capsys.readouterr().err.replace("\n", "")
    assert out.read_text() == "mine"


def test_the_command_renders_as_the_library_does() -> None:
    parameters = inspect.signature(render_command).parameters
    settings = RenderSettings()
    assert parameters["gain"].default == settings.gain
    assert parameters["rate"].default == settings.sample_rate
    assert parameters["soundfont"].default is settings.soundfont


def test_names_differ_even_where_folders_do_not_help() -> None:
    paths = [Path("a/x.mid"), Path("a/x.midi"), Path("b/X.mid"), Path("b/a-x.mid"), Path("x-2.mid")]
    names = unique_names(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert names[0] == "x"
    assert unique_names([Path("../x.mid"), Path("/x.mid"), Path("x.mid")]) == ["x", "x-2", "x-3"]


def drums() -> list[tuple[int, bytes]]:
    return [(0, on(38, 9)), (10, off(38, 9))]


def test_one_instrument_is_said_with_all_that_is_heard_otherwise(
    clstm: Clstm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "band.mid").write_bytes(midi((0, program(33)), (0, on(60)), (480, off(60)), *drums(), *drums()))
    write_midi(TUNE, tmp_path / "piano.mid")
    assert (
        clstm("render", tmp_path / "band.mid", tmp_path / "piano.mid", "--instrument", 12, "--out", tmp_path / "a") == 0
    )
    said = capsys.readouterr().err
    words = "everything is played on program 12: other instruments in 1 file too; 2 drum notes in 1 file are left out"
    assert words in said
    assert "read as a piano" not in said
    assert clstm("render", tmp_path / "piano.mid", "--instrument", 12, "--out", tmp_path / "b") == 0
    assert "everything" not in capsys.readouterr().err


def test_drums_alone_are_rejected_where_one_instrument_or_the_score_matrix_leaves_them_out(
    clstm: Clstm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "drums.mid").write_bytes(midi(*drums()))
    assert clstm("render", tmp_path / "drums.mid", "--instrument", 12, "--out", tmp_path / "a") == 2
    assert "drums alone, and program 12 plays none" in capsys.readouterr().err
    assert clstm("render", tmp_path / "drums.mid", "--same-grid", "--out", tmp_path / "a") == 2
    assert "no notes in the score matrix" in capsys.readouterr().err
    assert clstm("render", tmp_path / "drums.mid", "--out", tmp_path / "a") == 0


def test_notes_beyond_the_score_matrix_are_said(
    clstm: Clstm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mid").write_bytes(midi((0, on(60)), (0, on(110)), (480, off(60)), (0, off(110))))
    assert clstm("render", tmp_path / "a.mid", "--same-grid", "--out", tmp_path / "out") == 0
    assert "a.flac: left out 1 of 2 notes beyond MIDI 24 to 101" in capsys.readouterr().err
