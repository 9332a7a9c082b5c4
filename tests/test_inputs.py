"""The transformations of a measurement input: the controls, its length, its group."""

from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import VELOCITY, Notes
from clstm.music.piece import Piece
from clstm.runtime.errors import UserError
from clstm.runtime.files import write_json
from evaluation.controls.control import SCORE_MATRIX
from evaluation.measurement.inputs import MeasurementInput, measurement_inputs, read_groups

PLAYED = Piece.of(Notes.of([(0.01, 0.52, 60, 40), (0.51, 1.3, 64, 100), (2.2, 2.4, 110, 60)]))


def test_an_input_without_transformations_leaves_notes_as_they_are() -> None:
    assert MeasurementInput(Path("a.mid")).transformed(PLAYED) is PLAYED


def test_the_same_grid_keeps_what_a_model_could_have_written() -> None:
    notes = MeasurementInput(Path("a.mid"), control=SCORE_MATRIX).transformed(PLAYED).notes
    assert notes.onset.tolist() == [0, 0.5]
    assert set(notes.velocity) == {VELOCITY}


def test_velocities_are_bent_by_a_power_and_stay_velocities() -> None:
    bent = MeasurementInput(Path("a.mid"), velocity_power=2).transformed(
        Piece.of(Notes.of([(0, 1, 60, 80), (0, 1, 62, 127), (0, 1, 64, 3)]))
    )
    assert bent.notes.velocity.tolist() == [50, 127, 1]
    assert bent.messages.second[bent.messages.struck].tolist() == [50, 127, 1]
    gridded = MeasurementInput(Path("a.mid"), control=SCORE_MATRIX, velocity_power=2).transformed(PLAYED)
    assert gridded.notes.velocity.tolist() == [50, 50]


def test_a_cut_comes_first() -> None:
    notes = MeasurementInput(Path("a.mid"), control=SCORE_MATRIX, cut=1.0).transformed(PLAYED).notes
    assert notes.duration == 1.0
    assert len(notes) == 2


def test_a_continuation_lasts_as_long_as_was_asked_of_it_and_belongs_to_its_piece(tmp_path: Path) -> None:
    items = [
        {"file": "001-a.mid", "piece": "a", "seconds": 30.0, "group": "bach"},
        {"file": "002-b.mid", "piece": "b", "seconds": 30.0},
    ]
    write_json(tmp_path / "generated.json", {"items": items, "with_seed": False})
    files = [tmp_path / name for name in ("001-a.mid", "002-b.mid", "c.mid")]
    assert [(given.lasts, given.group) for given in measurement_inputs(files)] == [
        (30.0, "bach"),
        (30.0, "b"),
        (None, ""),
    ]
    assert [given.group for given in measurement_inputs(files, {"a": "x", "c": "y"})] == ["x", "b", "y"]
    assert [given.seconds for given in measurement_inputs(files, cut=10)] == [10, 10, None]


def test_files_with_their_seed_are_longer_than_their_continuation(tmp_path: Path) -> None:
    item = {"file": "001-a.mid", "piece": "a", "seconds": 30.0}
    write_json(tmp_path / "generated.json", {"items": [item], "with_seed": True})
    assert measurement_inputs([tmp_path / "001-a.mid"])[0].lasts is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"items": 3}', '{"items": [{}]}'])
def test_a_manifest_of_another_kind_says_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / "generated.json").write_text(content)
    assert measurement_inputs([tmp_path / "a.mid"]) == [MeasurementInput(tmp_path / "a.mid")]


def test_groups_come_from_a_table_by_the_stem_of_the_file(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("file,split,group\nvalid/a.mid,valid,7\nb.mid,train,8\n")
    assert read_groups(table) == {"a": "7", "b": "8"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("piece,group\na,1\n", "has the columns piece, group; it needs file and group"),
        ("", "has the columns nothing"),
        ("file,group\nx/a.mid,1\ny/a.mid,2\n", "two files named a belong to different groups"),
    ],
)
def test_a_table_of_groups_that_cannot_be_one_is_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        read_groups(tmp_path / "groups.csv")
    with pytest.raises(UserError, match="cannot be read as CSV"):
        read_groups(tmp_path / "none.csv")


def test_arrays_of_the_given_notes_are_never_written_to() -> None:
    before = PLAYED.notes.velocity.copy(), PLAYED.messages.second.copy()
    MeasurementInput(Path("a.mid"), control=SCORE_MATRIX, velocity_power=3, cut=2).transformed(PLAYED)
    np.testing.assert_array_equal(PLAYED.notes.velocity, before[0])
    np.testing.assert_array_equal(PLAYED.messages.second, before[1])


def test_groups_are_found_whatever_the_form_of_a_name(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("file,group\nOp. 10 no. 3,a\nOp. 10 no. 4,b\nE\u0301tude.mid,c\n x.mid ,d\nx.mid,\n,e\n")
    groups = read_groups(table)
    assert groups == {"Op. 10 no. 3": "a", "Op. 10 no. 4": "b", "\u00c9tude": "c", "x": "d"}
    named = [Path("Op. 10 no. 3.mid"), Path("E\u0301tude.mid"), Path("\u00c9tude.flac")]
    assert [given.group for given in measurement_inputs(named, groups)] == ["a", "c", "c"]
