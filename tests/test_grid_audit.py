"""What the grid costs, counted by hand; and against the matrix itself."""

from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from clstm.music.midi import Notes, write_midi
from clstm.music.score import decode, encode, losses
from clstm.runtime.errors import NothingUsableError, UserError
from evaluation.cli.notes import app
from evaluation.notes.grid_audit import COLUMNS, NOTHING, audit, audit_files, totals


def notes(*rows: tuple[float, float, int]) -> Notes:
    return Notes.of([(onset, offset, pitch, 80) for onset, offset, pitch in rows])


SCALE = notes(*[(k / 4, (k + 1) / 4, 60 + k) for k in range(10)])

milliseconds = st.tuples(st.integers(0, 5000), st.integers(0, 1000), st.integers(18, 108), st.integers(1, 127))
music = st.lists(milliseconds, min_size=1, max_size=40).map(
    lambda rows: Notes.of([(on / 1000, (on + length) / 1000, pitch, v) for on, length, pitch, v in rows])
)


def test_music_on_the_grid_loses_nothing() -> None:
    found = audit(SCALE)
    assert (found.out_of_range, found.merged, found.doubled, found.lengthened) == (0, 0, 0, 0)
    assert (found.run_together, found.spread, found.in_order, found.lost) == (0, 0, 1.0, 0.0)
    assert found.onset_shift_mean == found.onset_shift_p95 == found.length_change_mean == 0.0
    assert (found.notes, found.seconds, found.velocities, found.velocity_sd) == (10, 2.5, 1, 0.0)
    assert found.reason == NOTHING


@given(music)
def test_what_is_counted_agrees_with_the_matrix(piece: Notes) -> None:
    found, lost, grid = audit(piece), losses(piece), decode(encode(piece))
    assert (found.out_of_range, found.merged, found.lengthened) == (lost.out_of_range, lost.merged, lost.lengthened)
    remaining = found.notes - found.out_of_range - found.merged
    assert remaining == len(grid)
    assert found.doubled <= found.merged
    assert found.run_together + found.spread <= max(remaining - 1, 0)
    assert 0 <= found.in_order <= 1
    if remaining:
        assert 0 <= found.onset_shift_mean <= 62.51
        assert 0 <= found.onset_shift_p95 <= 62.51
    else:
        assert found.onset_shift_mean is found.length_change_p95 is None


@given(music)
def test_the_grid_itself_has_nothing_more_to_lose(piece: Notes) -> None:
    grid = decode(encode(piece))
    if len(grid):
        found = audit(grid)
        assert (found.lost, found.in_order, found.reason) == (0.0, 1.0, NOTHING)
        assert found.length_change_mean == found.onset_shift_mean == 0.0


def test_shifts_are_milliseconds_to_the_nearest_frame() -> None:
    found = audit(notes((0.01, 0.26, 60), (0.47, 0.76, 62), (1.0, 1.5, 64)))
    assert found.onset_shift_mean == pytest.approx((10 + 30 + 0) / 3)
    assert found.length_change_mean == pytest.approx((0 + 40 + 0) / 3)  # 0.29 s become 0.25 s
    assert found.onset_shift_p95 == pytest.approx(np.percentile([10, 30, 0], 95))


def test_a_fast_run_becomes_a_chord() -> None:
    found = audit(notes(*[(k / 16, (k + 1) / 16, 72 - k) for k in range(16)]))
    assert found.run_together == 7  # two notes a frame; a half goes to the later one
    assert found.lost == found.lengthened / 16 == 0.5
    falling = audit(notes(*[(k / 16, k / 16 + 0.5, 72 - k) for k in range(16)]))
    assert falling.reason == "44 % of its notes fall into the 1/8 s of the note before them: runs become chords"
    assert falling.in_order == pytest.approx(1 / 16)  # a chord is read upwards: every pair is turned round


def test_a_chord_across_a_frame_comes_apart() -> None:
    found = audit(notes((0.05, 1.0, 60), (0.07, 1.0, 64), (0.09, 1.0, 67)))
    assert (found.spread, found.run_together, found.in_order) == (1, 0, 1.0)
    assert found.reason == "33 % of its notes fall into another 1/8 s than their chord"


def test_a_pitch_struck_again_too_soon_merges_and_so_does_a_doubled_one() -> None:
    again = audit(notes((0.0, 0.04, 60), (0.05, 0.2, 60), (0.5, 1.0, 62)))
    assert (again.merged, again.doubled, again.in_order) == (1, 0, pytest.approx(1 / 3))
    assert again.reason == "33 % of its notes merge: their pitch has been struck in the same 1/8 s"
    doubled = audit(notes((0.0, 0.25, 60), (0.0, 0.5, 60), (0.5, 1.0, 62)))
    assert (doubled.merged, doubled.doubled, doubled.in_order) == (1, 1, 1.0)
    assert doubled.reason == "33 % of its notes merge: two voices or tracks strike one key at once"


def test_what_is_out_of_range_is_lost_and_so_is_what_followed_it() -> None:
    found = audit(notes((0.0, 0.5, 60), (0.5, 1.0, 21), (1.0, 1.5, 60), (1.5, 2.0, 62)))
    assert (found.out_of_range, found.in_order) == (1, 0.5)
    assert found.reason == "25 % of its notes lie outside MIDI 24 to 101"


def test_notes_all_out_of_range_have_no_shifts() -> None:
    found = audit(notes((0.01, 0.5, 10), (0.5, 1.0, 120)))
    assert (found.lost, found.in_order) == (1.0, 0.0)
    assert found.onset_shift_mean is found.onset_shift_p95 is found.length_change_mean is None


def test_one_note_can_be_moved_and_nothing_else() -> None:
    found = audit(notes((0.03, 0.28, 60)))
    assert found.onset_shift_mean == pytest.approx(30)
    assert (found.in_order, found.lost) == (1.0, 0.0)


def test_velocities_are_counted() -> None:
    found = audit(Notes.of([(0, 1, 60, 40), (1, 2, 62, 80), (2, 3, 64, 80), (3, 4, 65, 40)]))
    assert (found.velocities, found.velocity_sd) == (2, 20.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    write_midi(SCALE, folder / "scale.mid")
    low = Notes.of([(k / 2, k / 2 + 0.5, 20 if k < 3 else 60 + k, 80 if k % 2 else 40) for k in range(30)])
    write_midi(low, folder / "low.mid")
    (folder / "text.mid").write_text("hello")
    return folder


def test_a_folder_has_a_row_a_piece_and_a_reason_for_each_file_left_out(folder: Path) -> None:
    done: list[tuple[str, int, int]] = []
    table, rejected = audit_files(sorted(folder.glob("*.mid")), 1, lambda *told: done.append(told))
    assert tuple(table.columns) == COLUMNS
    assert [Path(file).stem for file in table["file"]] == ["low", "scale"]
    assert [(Path(str(error.path)).stem, error.reason) for error in rejected] == [
        ("text", "not a MIDI file (it does not begin with MThd)")
    ]
    assert done == [("Reading", 1, 3), ("Reading", 2, 3), ("Reading", 3, 3)]
    together = totals(table)
    assert together["out_of_range"] == pytest.approx(3 / 40)
    assert together["in_order"] == pytest.approx((26 + 10) / 40)
    assert together["velocity_sd"] == pytest.approx(20 * 30 / 40)
    assert together["merged"] == together["onset_shift_mean"] == 0.0


def test_totals_count_shifts_by_the_notes_that_remain() -> None:
    columns = {"notes": [10, 30, 2], "out_of_range": [0, 10, 2], "merged": 0, "doubled": 0, "lengthened": 0}
    columns |= {"run_together": 0, "spread": 0, "in_order": 1.0, "velocity_sd": 0.0}
    table = pd.DataFrame(columns | {"onset_shift_mean": [30.0, 15.0, None], "length_change_mean": [0.0, 0.0, None]})
    assert totals(table)["onset_shift_mean"] == pytest.approx((10 * 30 + 20 * 15) / 30)


def test_the_verb_says_what_is_lost_and_by_whom(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    result = CliRunner().invoke(app, ["grid-audit", str(folder), "--out", str(out), "--workers", "1"])
    assert result.exit_code == 0, result.output
    assert "text.mid: not a MIDI file" in result.output
    assert "low.mid: 10 % of its notes lie outside MIDI 24 to 101" in result.output
    assert "scale.mid:" not in result.output  # it loses nothing
    assert "40 notes of 2 pieces" in result.output
    assert "7.50 %" in result.output
    assert tuple(pd.read_csv(out).columns) == COLUMNS


def test_mistakes_are_said_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    for given_, kind, message in (
        (folder / "text.mid", NothingUsableError, r"none of 1 files can be read: .*text\.mid: not a MIDI file"),
        (folder / "nowhere", UserError, "nowhere does not exist"),
        (tmp_path, NothingUsableError, "no MIDI file in"),
    ):
        result = CliRunner().invoke(app, ["grid-audit", str(given_), "--out", str(out)])
        with pytest.raises(kind, match=message):
            raise result.exception
    assert not out.exists()


def test_the_notes_that_remain_are_those_that_mir_eval_finds_again() -> None:
    """Each note of the grid is the transcription of one played note, its onset at most half a frame away."""
    random = np.random.default_rng(4)
    onset = random.uniform(0, 20, 300)
    length = random.uniform(0.02, 0.6, 300)
    played = Notes.of(zip(onset, onset + length, random.integers(18, 106, 300), np.full(300, 80), strict=True))
    grid = decode(encode(played))
    matching = mir_eval.transcription.match_notes(
        *(
            part
            for one in (played, grid)
            for part in (np.stack([one.onset, one.offset], axis=1), mir_eval.util.midi_to_hz(one.pitch))
        ),
        onset_tolerance=0.0626,
        pitch_tolerance=1.0,
        offset_ratio=None,
    )
    found = audit(played)
    assert len(matching) == len(grid) == found.notes - found.out_of_range - found.merged
    assert 0 < found.merged < found.out_of_range < 60
