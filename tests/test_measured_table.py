"""`clstm measure`: one table of values, one of files, and a few lines about thousands of files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from midi_bytes import controller, midi, off, on, program
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.runtime.errors import UserError
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings
from evaluation.controls.declared import of_options
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import measure_file
from evaluation.measurement.systems import PIECES, alike
from evaluation.measurement.table import LINES, MeasurementRequest, make_table
from evaluation.metrics.catalogue import METRICS, of_notes

NOTES = [name for name in METRICS if of_notes(name)]


def song(*events: tuple[int, bytes]) -> bytes:
    notes = [event for k in range(12) for event in ((0, on(60 + k % 5)), (120, off(60 + k % 5)))]
    return midi(*events, *notes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    music = tmp_path / "music"
    music.mkdir()
    (music / "band.mid").write_bytes(song((0, program(33)), (0, on(38, 9)), (10, off(38, 9))))
    (music / "piano.mid").write_bytes(song((0, controller(64, 127)), (1, controller(64, 0))))
    (music / "text.mid").write_text("hello")
    return music


def test_only_notes_measures_what_a_whole_measurement_says_of_them_and_renders_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {name: measure_file(folder / f"{name}.mid") for name in ("band", "piano")}
    soundless = MeasurementInput(folder / "band.mid", notes_only=True)
    monkeypatch.setattr("evaluation.measurement.performance.render", lambda *_: pytest.fail("rendered"))
    assert measure_file(soundless) == {name: whole["band"][name] for name in NOTES}
    made = make_table(MeasurementRequest((f"a={folder}",), tmp_path / "n.csv", notes_only=True, workers=1))
    assert (made.measured, made.total) == (2, 3)
    table = pd.read_csv(tmp_path / "n.csv")
    assert table.groupby("piece")["metric"].unique().apply(list).to_dict() == dict.fromkeys(
        ("band", "piano", "text"), NOTES
    )
    for piece, values in whole.items():
        own = table[table["piece"] == piece].set_index("metric")["value"]
        expected = [np.nan if values[name] is None else values[name] for name in NOTES]
        np.testing.assert_array_equal(own[NOTES].to_numpy(), expected)
    assert set(table.loc[table["piece"] == "text", "note"]) == {"not a MIDI file (it does not begin with MThd)"}


def test_only_notes_needs_no_soundfont(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.measurement.systems.describe", lambda *_: pytest.fail("asked for a SoundFont"))
    assert make_table(MeasurementRequest((f"a={folder}",), tmp_path / "n.csv", notes_only=True)).measured == 2


def test_only_notes_of_audio_is_refused(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(800, dtype=np.float32), 8000)
    with pytest.raises(UserError, match="a is audio, which has no notes; leave out --only notes, or give MIDI"):
        make_table(MeasurementRequest((f"a={tmp_path / 'a.wav'}",), tmp_path / "n.csv", notes_only=True))


def test_another_choice_than_notes_is_refused(folder: Path, tmp_path: Path) -> None:
    words = ["measure", f"a={folder}", "--out", str(tmp_path / "n.csv"), "--only", "sound"]
    found = CliRunner().invoke(load_commands(), words)
    assert isinstance(found.exception, UserError)
    assert str(found.exception) == "--only 'sound' is not known; choose one of: notes"


def test_the_second_table_says_of_each_file_what_was_left_out_of_it(folder: Path, tmp_path: Path) -> None:
    words = ["measure", f"a={folder}", "--only", "notes", "--out", str(tmp_path / "n.csv")]
    CliRunner().invoke(load_commands(), [*words, "--pieces", str(tmp_path / "p.csv")], catch_exceptions=False)
    table = pd.read_csv(tmp_path / "p.csv", keep_default_na=False, dtype=str)
    assert tuple(table) == PIECES[:-2]
    assert table[["piece", "rejected", "drums", "pedals", "programs"]].to_numpy().tolist() == [
        ["band", "", "1", "0", "33"],
        ["piano", "", "0", "1", ""],
        ["text", "not a MIDI file (it does not begin with MThd)", "0", "0", ""],
    ]


def test_both_tables_in_one_file_are_refused_and_nothing_of_others_is_replaced(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "n.csv"
    with pytest.raises(UserError, match="--pieces and --out are both"):
        make_table(MeasurementRequest((f"a={folder}",), out, pieces=out, notes_only=True))
    (tmp_path / "mine.csv").write_text("my,own\n")
    with pytest.raises(UserError, match=r"--pieces .*mine\.csv exists and is not a table"):
        make_table(MeasurementRequest((f"a={folder}",), out, pieces=tmp_path / "mine.csv", notes_only=True))


def test_of_a_few_files_each_has_its_line_and_of_many_each_reason(folder: Path, tmp_path: Path) -> None:
    request = MeasurementRequest((f"a={folder}",), tmp_path / "n.csv", notes_only=True, workers=1)
    line = f"Rejected {folder / 'text.mid'}: not a MIDI file (it does not begin with MThd)"
    assert line in make_table(request).remarks
    for number in range(60):
        (folder / f"bad{number:02}.mid").write_text("hello")
        (folder / f"cut{number:02}.mid").write_bytes(song()[: 30 + number])
    said = [remark for remark in make_table(request).remarks if "Rejected" in remark]
    first = f"{folder / 'bad00.mid'} and 60 more"
    assert said[0] == f"Rejected 61 files: not a MIDI file (it does not begin with MThd) ({first})"
    assert len(said) < LINES
    assert said[1].startswith("Rejected 60 files: corrupt: cut off")
    assert "and 8 to 67 follow" in said[1]
    assert f"({folder / 'cut00.mid'} and 59 more)" in said[1]
    (folder / "silent.mid").write_bytes(midi())
    assert f"Rejected {folder / 'silent.mid'}: no notes" in make_table(request).remarks


def test_remarks_that_differ_in_their_numbers_are_one() -> None:
    kits = [f"asks for drum kit {kit}, which the SoundFont lacks" for kit in (17, 126, 17, 10)]
    beyond = [f"{count} samples beyond full scale" for count in range(1, 40)]
    assert alike([*kits, "mono", *beyond]) == [
        ("1 to 39 samples beyond full scale", 39),
        ("asks for drum kit 10, 17 or 126, which the SoundFont lacks", 4),
        ("mono", 1),
    ]
    assert alike([]) == []


def test_what_a_control_leaves_out_is_said_and_a_file_with_nothing_left_is_rejected(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "high.mid").write_bytes(midi((0, on(100)), (120, off(100))))
    request = MeasurementRequest(
        (f"a={folder}",), tmp_path / "n.csv", notes_only=True, control="range=60-62", pieces=tmp_path / "p.csv"
    )
    made = make_table(request)
    assert made.measured == 2
    assert "a: removed 9 of 26 notes beyond its range in 3 files; nothing is left of 1 file of 3" in made.remarks
    table = pd.read_csv(tmp_path / "p.csv", keep_default_na=False).set_index("piece")
    assert table.loc["high", "rejected"] == "no notes under the control"
    values = pd.read_csv(tmp_path / "n.csv").set_index("piece")
    assert set(values.loc["high", "note"]) == {"no notes under the control"}
    (folder / "high.mid").rename(tmp_path / "high.mid")
    with pytest.raises(UserError, match=r"a has no file that can be measured: .*no notes under the control"):
        make_table(replace(request, sources=(f"a={tmp_path / 'high.mid'}",)))


def test_silence_of_a_stated_length_is_measured_under_a_control(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi((480, b"\xff\x01\x00")))
    (tmp_path / "generated.json").write_text('{"items": [{"file": "a.mid", "piece": "a", "seconds": 4.0}]}')
    request = MeasurementRequest((f"a={tmp_path}",), tmp_path / "n.csv", notes_only=True, control="range=60-62")
    assert make_table(request).measured == 1


@pytest.mark.parametrize(
    "options",
    [{"control": "grid=1/8"}, {"same_grid": True}, {"pedal": True}, {"settings": RenderSettings(instrument=12)}],
)
def test_options_for_midi_are_refused_for_audio_alone_and_said_beside_midi(
    options: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(8000, dtype=np.float32), 8000)
    request = MeasurementRequest((f"a={tmp_path / 'a.wav'}",), tmp_path / "n.csv", **options)
    with pytest.raises(UserError, match=r"^--[a-z-]+: this is for MIDI, and every file is audio; leave it out, "):
        make_table(request)
    both = replace(request, sources=(*request.sources, f"b={folder}"))
    assert any(one.startswith("1 audio file: --") for one in make_table(both).remarks)


@pytest.mark.parametrize("control", ["", "offsets=true", "drums=true", "velocity=80,offsets=false"])
def test_a_control_that_limits_nothing_is_refused(control: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^--control '.*give it as --control grid=1/8"):
        make_table(MeasurementRequest((f"a={folder}",), tmp_path / "n.csv", control=control))
    with pytest.raises(UserError, match=r"^--limits 'a:.*give it as --limits"):
        of_options([f"a:{control}"], ["a"])


def test_one_instrument_is_said_with_what_it_leaves_out_and_what_notes_are_measured(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "drums.mid").write_bytes(midi((0, on(38, 9)), (10, off(38, 9))))
    request = MeasurementRequest((f"a={folder}",), tmp_path / "n.csv", RenderSettings(instrument=12))
    said = make_table(request).remarks
    assert f"Rejected {folder / 'drums.mid'}: drums alone, and program 12 plays none" in said
    assert (
        "a: everything is played on program 12: other instruments in 1 file too; 1 drum note in 1 file is left out;"
        " the metrics of notes are those of the notes as written"
    ) in said
    with pytest.raises(UserError, match="--instrument changes the sound, and --only notes makes none"):
        make_table(replace(request, notes_only=True))


def test_what_metrics_leave_out_is_counted_of_the_part_that_is_measured(tmp_path: Path) -> None:
    """A drum and a pedal in each second, of which two are measured."""
    second = ((0, on(38, 9)), (10, off(38, 9)), (0, controller(64, 127)), (0, on(60)), (470, off(60)))
    bars = [event for _ in range(8) for event in (*second, (480, controller(64, 0)))]
    (tmp_path / "a.mid").write_bytes(midi(*bars))
    request = MeasurementRequest((f"a={tmp_path / 'a.mid'}",), tmp_path / "n.csv", notes_only=True, workers=1)
    words = (
        "a: metrics of notes leave out {0} drum notes in 1 file (metrics of drums count them); lengths of notes leave "
        "out the pedal, pressed {0} times in 1 file (--pedal counts it)"
    )
    assert make_table(request).remarks[-1] == words.format(8)
    part = replace(request, seconds=2.0)
    assert make_table(part).remarks[-1] == words.format(2)
    assert not any("pedal" in remark for remark in make_table(replace(part, pedal=True)).remarks)
    assert "(metrics of drums" not in make_table(replace(part, same_grid=True)).remarks[-1]
