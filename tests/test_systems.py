"""Systems show their median song, are heard in samples, and bring a control when they come with velocities."""

import json
from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.audio.files import write_audio
from evaluation.comparison.compare import ComparisonRequest, judge
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX
from evaluation.figures.palette import CONTROLS, REFERENCE, SYSTEMS
from evaluation.measurement.inputs import MeasurementInput
from reports.build import file_name
from reports.inputs.systems import System, SystemPiece, check_names, median_piece, systems_of


def tune(path: Path, notes: int, velocity: int = 50) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(Notes.of([(i * 4 / notes, (i + 1) * 4 / notes, 60 + i % 7, velocity) for i in range(notes)]), path)
    return path


def hum(path: Path, amplitude: float, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * 8000)) / 8000
    write_audio(path, (amplitude * np.sin(600 * times)).astype(np.float32)[:, None], 8000)
    return path


def read(reference: str, **sources: Path) -> list[System]:
    verdict = judge(ComparisonRequest(sources, reference, Path("unused"), grid="reference"))
    return systems_of(verdict, sources, reference)


def piece(name: str, seconds: float = 20.0) -> SystemPiece:
    return SystemPiece(MeasurementInput(Path(f"{name}.wav")), name, "", seconds)


def test_the_median_song_is_shown_the_lower_of_two() -> None:
    pieces = [piece(name) for name in "abcd"]
    assert median_piece(pieces, {"a": 9.0, "b": 1.0, "c": 5.0, "d": 3.0}).name == "d"
    assert median_piece(pieces[:1], {"a": 9.0}).name == "a"


def test_folders_become_systems_the_reference_first_and_its_control_second(tmp_path: Path) -> None:
    for notes in (2, 8, 30):
        tune(tmp_path / f"a/deep/{notes}.mid", notes)
        tune(tmp_path / f"b/{notes}.mid", notes)
    (tmp_path / "a/broken.mid").write_bytes(b"not music")
    (tmp_path / "a/generated.json").write_text(json.dumps({"seed": 3}))
    reference, control, system = read("A", B=tmp_path / "b", A=tmp_path / "a")
    assert [one.role for one in (reference, control, system)] == ["reference", "control", "system"]
    assert [one.name for one in (reference, control, system)] == ["A", "A, same grid", "B"]
    assert [one.colour for one in (reference, control, system)] == [REFERENCE, CONTROLS[0], SYSTEMS[0]]
    assert {one.name for one in reference.pieces} == {"2", "8", "30"}
    assert reference.shown.name == control.shown.name == "8"
    assert control.shown.input.control == SCORE_MATRIX
    assert reference.shown.input.control == NO_CONTROL
    assert [(failure.path.name, failure.reason[:10]) for failure in reference.failures] == [
        ("broken.mid", "not a MIDI")
    ]
    assert reference.generated == {"seed": 3}


def test_audio_shows_the_song_of_median_level_and_has_no_control(tmp_path: Path) -> None:
    for name, amplitude in (("soft", 0.01), ("middle", 0.1), ("loud", 0.9)):
        hum(tmp_path / f"a/{name}.wav", amplitude)
    systems = read("A", A=tmp_path / "a", B=hum(tmp_path / "b.wav", 0.2))
    assert [one.role for one in systems] == ["reference", "system"]
    assert systems[0].shown.name == "middle"
    assert not systems[0].has_notes


def test_every_system_shows_the_piece_of_the_references_prompt(tmp_path: Path) -> None:
    for name, amplitude in (("soft", 0.01), ("middle", 0.1), ("loud", 0.9)):
        hum(tmp_path / f"a/{name}.wav", amplitude)
        hum(tmp_path / f"b/{name}.wav", 1 - amplitude if name != "middle" else 0.005)
        hum(tmp_path / f"c/{name} of another.wav", amplitude)
    one, other, apart = read("A", A=tmp_path / "a", B=tmp_path / "b", C=tmp_path / "c")
    assert (one.shown.name, other.shown.name) == ("middle", "middle"), "in B it is the softest"
    assert apart.shown.name == "middle of another", "its own median"


def test_names_that_differ_in_case_alone_are_refused() -> None:
    check_names(["A", "B"])
    with pytest.raises(UserError, match="'LSTM' and 'lstm' differ in case alone"):
        check_names(["A", "LSTM", "lstm"])


@pytest.mark.parametrize(
    ("name", "file"),
    [("C-LSTM", "2-c-lstm"), ("Pièce <b>“x”/..", "2-piece-b-x"), ("音楽", "2"), ("x" * 300, "2-" + "x" * 58)],
)
def test_any_name_becomes_a_plain_file_name(name: str, file: str) -> None:
    assert file_name(2, name) == file
