"""Systems are read whole, show their median song, and bring a control when they come with velocities."""

import json
from pathlib import Path

import numpy as np
import pytest

from clstm.errors import NothingUsableError, UserError
from clstm.midi import VELOCITY, Notes, write_midi
from evaluation.audio import write_audio
from evaluation.render import RenderSettings
from reports.measuring import AUDIO_BYTES, BYTES_A_SECOND, spans
from reports.palette import CONTROL, REFERENCE, SYSTEMS
from reports.report import file_name
from reports.systems import Piece, Source, System, control, median_piece, parse_sources, read_systems


def tune(path: Path, notes: int, velocity: int = 50) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(Notes.of([(i * 4 / notes, (i + 1) * 4 / notes, 60 + i % 7, velocity) for i in range(notes)]), path)
    return path


def hum(path: Path, amplitude: float, seconds: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * 8000)) / 8000
    write_audio(path, (amplitude * np.sin(600 * times)).astype(np.float32)[:, None], 8000)
    return path


def read(*sources: Source) -> list[System]:
    return read_systems(sources, lambda done, total: None)


def piece(name: str, gauge: float = 0.0, seconds: float = 20.0, notes: Notes | None = None) -> Piece:
    return Piece(Path(name), name, "", seconds, gauge, notes)


def test_the_reference_comes_first(tmp_path: Path) -> None:
    arguments = [f"B={tmp_path}", f"A={tmp_path}"]
    assert [source.name for source in parse_sources(arguments, "A")] == ["A", "B"]


def test_a_path_may_hold_an_equals_sign_and_a_name_spaces(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()
    assert parse_sources([f"My  name={tmp_path}/a=b"], "My name") == [Source("My name", tmp_path / "a=b")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["music"], "'music' is not NAME=PATH"),
        (["=."], "is not NAME=PATH"),
        (["A="], "is not NAME=PATH"),
        (["A=.", "A=."], "'A' is given twice"),
        (["A=nowhere"], "A: nowhere does not exist"),
        (["B=."], "'A' is none of the systems given \\(B\\)"),
        (["A=.", "A, same grid=."], "belongs to the control"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_sources(arguments, "A")


def test_the_median_song_is_shown_the_lower_of_two() -> None:
    pieces = [piece("a", 9), piece("b", 1), piece("c", 5), piece("d", 3)]
    assert median_piece(pieces).name == "d"
    assert median_piece(pieces[:1]).name == "a"


def test_a_folder_becomes_a_system_and_what_fails_is_listed(tmp_path: Path) -> None:
    for notes in (2, 8, 30):
        tune(tmp_path / f"deep/{notes}.mid", notes)
    (tmp_path / "broken.mid").write_bytes(b"not music")
    hum(tmp_path / "8.flac", 0.5)
    (tmp_path / "generated.json").write_text(json.dumps({"seed": 3}))
    reference, _ = read(Source("A", tmp_path))
    assert {one.name for one in reference.pieces} == {"2", "8", "30"}
    assert reference.shown.name == "8"
    assert [(failure.path.name, failure.reason[:10]) for failure in reference.failures] == [
        ("broken.mid", "not a MIDI")
    ]
    assert reference.remarks == ("1 audio file was not taken, as there is MIDI",)
    assert reference.generated == {"seed": 3}


def test_audio_shows_the_song_of_median_level_and_has_no_control(tmp_path: Path) -> None:
    for name, amplitude in (("soft", 0.01), ("middle", 0.1), ("loud", 0.9)):
        hum(tmp_path / f"{name}.wav", amplitude)
    (system,) = read(Source("A", tmp_path))
    assert system.shown.name == "middle"
    assert not system.has_notes


def test_a_system_without_a_usable_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.mid").write_bytes(b"")
    with pytest.raises(NothingUsableError, match=r"Empty: none of its 1 files can be used; broken.mid: 0 bytes"):
        read(Source("Empty", tmp_path))


def test_a_folder_without_music_and_a_file_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("do re mi")
    with pytest.raises(NothingUsableError, match=r"A: no \.mid or \.midi or \.wav"):
        read(Source("A", tmp_path))
    with pytest.raises(NothingUsableError, match="neither MIDI nor audio by its name"):
        read(Source("A", tmp_path / "notes.txt"))


def test_the_control_is_the_reference_on_the_grid_at_one_velocity() -> None:
    notes = Notes.of([(0.02, 0.49, 60, 20), (0.51, 1.01, 64, 120)])
    pieces = (piece("a", 1, notes=notes), piece("b", 2, notes=notes))
    same = control(System("Bach", "reference", REFERENCE, pieces, pieces[1]))
    assert (same.name, same.role, same.colour, same.shown.name) == ("Bach, same grid", "control", CONTROL, "b")
    assert same.shown.notes is not None
    assert same.shown.notes.onset.tolist() == [0.0, 0.5]
    assert same.shown.notes.velocity.tolist() == [VELOCITY, VELOCITY]


def test_every_system_has_its_own_colour(tmp_path: Path) -> None:
    sources = [Source(name, hum(tmp_path / f"{name}.wav", 0.1)) for name in "ABC"]
    assert [system.colour for system in read(*sources)] == [REFERENCE, *SYSTEMS[:2]]


def system_of(seconds: float) -> System:
    one = piece("a", seconds=seconds)
    return System("A", "system", "#000000", (one,), one)


def test_all_songs_are_drawn_as_long_as_the_shortest_but_at_least_ten_seconds() -> None:
    settings = RenderSettings()
    assert spans([system_of(200), system_of(12)], settings).drawn == 12
    assert spans([system_of(200), system_of(2)], settings).drawn == 10


def test_players_of_long_songs_are_cut_so_that_a_report_stays_small() -> None:
    many = [system_of(300)] * 6
    assert spans(many, RenderSettings()).heard * BYTES_A_SECOND * 6 == pytest.approx(AUDIO_BYTES)


@pytest.mark.parametrize(
    ("name", "file"),
    [("C-LSTM", "2-c-lstm"), ("Pièce <b>“x”/..", "2-piece-b-x"), ("音楽", "2"), ("x" * 300, "2-" + "x" * 58)],
)
def test_any_name_becomes_a_plain_file_name(name: str, file: str) -> None:
    assert file_name(2, name) == file
