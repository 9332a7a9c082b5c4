"""Known-bad music: everything countable stays, everything musical goes."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clstm.music.midi import Notes, read_midi, write_midi
from clstm.music.score import ROWS, encode
from clstm.runtime.errors import NothingUsableError, UserError
from listening_study.stimuli.anchor import make_anchor, scatter

SCALE = (0, 2, 4, 5, 7, 9, 11)


def tune() -> Notes:
    """A minute of C major on the grid of eighths of a second, over three octaves."""
    random = np.random.default_rng(3)
    rows = []
    for beat in range(240):
        pitch = 48 + 12 * int(random.integers(3)) + SCALE[int(random.integers(7))]
        rows.append((beat / 4, beat / 4 + 0.25, pitch, 60 + beat % 40))
    return Notes.of(rows)


@pytest.fixture
def scattered() -> Notes:
    return scatter(tune(), np.random.default_rng(1))


def test_as_many_notes_as_long_and_as_loud(scattered: Notes) -> None:
    lengths, velocities = scattered.offset - scattered.onset, scattered.velocity
    assert np.sort(lengths) == pytest.approx(np.sort(tune().offset - tune().onset))
    assert sorted(velocities) == sorted(tune().velocity)


def test_range_beginning_and_end_stay(scattered: Notes) -> None:
    assert (scattered.pitch.min(), scattered.pitch.max()) == (tune().pitch.min(), tune().pitch.max())
    assert (scattered.onset.min(), scattered.duration) == (tune().onset.min(), pytest.approx(tune().duration))


def test_no_key_is_left(scattered: Notes) -> None:
    in_key = np.isin(scattered.pitch % 12, SCALE).mean()
    assert np.isin(tune().pitch % 12, SCALE).all()
    assert 7 / 12 - 0.1 < in_key < 7 / 12 + 0.1


def test_no_rhythm_is_left(scattered: Notes) -> None:
    behind_the_beat = scattered.onset * 4 % 1
    assert np.histogram(behind_the_beat, 4, (0, 1))[0] == pytest.approx([60] * 4, abs=20)


def test_notes_are_spread_evenly_over_the_piece(scattered: Notes) -> None:
    assert np.histogram(scattered.onset, 4, (0, 60))[0] == pytest.approx([60] * 4, abs=20)


def test_the_score_matrix_keeps_every_note(scattered: Notes) -> None:
    struck = encode(scattered)[ROWS // 2 :]
    assert struck.sum() == len(scattered)


def test_every_seed_has_other_notes_and_its_own_again() -> None:
    one, again, other = (scatter(tune(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.onset, again.onset)
    assert not np.array_equal(one.onset, other.onset)


def test_no_notes_stay_no_notes() -> None:
    assert len(scatter(Notes.of(), np.random.default_rng(0))) == 0


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.floats(0, 5), st.integers(0, 127), st.integers(1, 127)), min_size=1, max_size=30
    ),
    st.integers(0, 2**31),
)
def test_any_notes_keep_their_range_and_time(rows: list[tuple[float, float, int, int]], seed: int) -> None:
    notes = Notes.of((onset, onset + length, pitch, velocity) for onset, length, pitch, velocity in rows)
    found = scatter(notes, np.random.default_rng(seed))
    assert len(found) == len(notes)
    assert (found.pitch.min(), found.pitch.max()) == (notes.pitch.min(), notes.pitch.max())
    assert found.onset.min() == pytest.approx(notes.onset.min())
    assert found.duration == pytest.approx(notes.duration)


def test_files_are_numbered_and_the_manifest_tells_their_pieces(tmp_path: Path) -> None:
    write_midi(tune(), tmp_path / "tune.mid")
    made = make_anchor([tmp_path / "tune.mid"], tmp_path / "out", count=2)
    assert [path.name for path in made.files] == ["anchor-001.mid", "anchor-002.mid"]
    first, second = map(read_midi, made.files)
    assert len(first) == len(second) == len(tune())
    assert not np.array_equal(first.pitch, second.pitch)
    manifest = json.loads((tmp_path / "out" / "anchor.json").read_text())
    assert manifest["seed"] == 0
    assert manifest["items"][0] == {
        "file": "anchor-001.mid",
        "piece": "tune.mid",
        "notes": 240,
        "seconds": 60.0,
        "pitches": [int(tune().pitch.min()), int(tune().pitch.max())],
    }


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    write_midi(tune(), tmp_path / "tune.mid")
    one, again = (make_anchor([tmp_path / "tune.mid"], tmp_path / name, seed=4).files[0] for name in ("a", "b"))
    assert one.read_bytes() == again.read_bytes()


def test_a_file_that_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    write_midi(tune(), tmp_path / "tune.mid")
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    made = make_anchor([tmp_path / "broken.mid", tmp_path / "tune.mid"], tmp_path / "out")
    assert len(made.files) == 1
    assert [error.reason for error in made.rejected] == ["corrupt: the header is cut off"]


def test_mistakes_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.mid").touch()
    with pytest.raises(NothingUsableError, match="none of 1 files can be read"):
        make_anchor([tmp_path / "broken.mid"], tmp_path / "out")
    with pytest.raises(UserError, match="--count 0 makes nothing"):
        make_anchor([tmp_path / "broken.mid"], tmp_path / "out", count=0)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(UserError, match="is not empty and not an anchor that this command wrote"):
        make_anchor([tmp_path / "broken.mid"], tmp_path / "mine")
