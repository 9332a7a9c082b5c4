"""Metrics of instruments: families and drums with answers worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_bytes import midi, off, on, program

from clstm.music.midi import Notes
from clstm.music.piece import read_piece
from evaluation.controls.control import SCORE_MATRIX
from evaluation.measurement.inputs import MeasurementInput
from evaluation.metrics import instruments
from evaluation.metrics.metric import Missing

PIANO, GUITAR, BASS, VIOLIN, FLUTE, PAD, SITAR = 0, 24, 33, 40, 73, 88, 104


def played(*rows: tuple[float, float, int, int]) -> Notes:
    """From (onset, offset, pitch, program)."""
    onset, offset, pitch, programs = (np.array(column) for column in zip(*sorted(rows), strict=True))
    return Notes(onset.astype(float), offset.astype(float), pitch, np.full(len(rows), 80), program=programs)


def hits(*onsets: float, key: int = 36) -> Notes:
    return Notes.of([(onset, onset + 0.1, key, 90) for onset in onsets])


BAND = played((0, 4, 60, PIANO), (0, 4, 64, 5), (0, 2, 40, BASS), (1, 2, 45, BASS), (3, 5, 76, VIOLIN))
ONLY = {name for name in instruments.METRICS if name.split("_")[0] in instruments.FAMILIES}


def test_families_have_shares_of_notes_and_time_and_ranges_of_their_own() -> None:
    values = instruments.measure(BAND, hits(0.0, 0.5, 2.5), 10.0)
    assert values["families"] == 4.0
    assert values["families_at_once"] == pytest.approx((4 + 2 + 2) / 5)
    assert [values[f"{name}_notes"] for name in ("keyboards", "bass", "strings", "guitar")] == [0.4, 0.4, 0.2, 0.0]
    assert [values[f"{name}_time"] for name in ("keyboards", "bass", "strings")] == pytest.approx([0.8, 0.4, 0.4])
    assert [values[f"{name}_range"] for name in ("keyboards", "bass", "strings")] == [4.0, 5.0, 0.0]
    assert values["guitar_time"] == values["guitar_range"] == Missing("no guitar")


def test_drums_have_a_density_their_share_of_seconds_and_their_kinds() -> None:
    drums = Notes.of([(0.0, 0.1, 36, 90), (0.5, 0.6, 42, 90), (0.5, 0.6, 38, 90), (3.2, 3.3, 36, 90)])
    values = instruments.measure(BAND, drums, 8.0)
    assert (values["drum_density"], values["drum_time"], values["drum_kinds"]) == (0.5, 0.25, 3.0)


def test_a_piano_alone_has_one_family_and_nothing_that_its_notes_do_not_say() -> None:
    values = instruments.measure(played((0, 1, 60, PIANO), (1, 2, 72, 6)), Notes.of())
    assert (values["families"], values["families_at_once"], values["keyboards_notes"]) == (1.0, 1.0, 1.0)
    assert values["keyboards_time"] == values["keyboards_range"] == Missing("no other instruments")
    assert values["drum_density"] == 0.0
    assert values["drum_time"] == values["drum_kinds"] == Missing("no drums")
    for name, metric in instruments.METRICS.items():  # so it is left out where all music is such
        assert isinstance(values[name], Missing) or values[name] in dict(metric.plain), name


def test_one_family_at_once_is_no_more_however_times_are_rounded() -> None:
    times = np.cumsum(np.random.default_rng(0).random(400))
    music = played(*((at, at + 0.7, 60 + k % 20, PIANO) for k, at in enumerate(times.tolist())))
    assert instruments.measure(music, Notes.of())["families_at_once"] == 1.0


def test_every_program_belongs_to_one_family() -> None:
    for programs, family in (
        ((0, 7, 8, 15, 16, 23), "keyboards"),
        ((24, 31), "guitar"),
        ((32, 39), "bass"),
        ((40, 47, 48, 55), "strings"),
        ((56, 63, 64, 71, 72, 79), "winds"),
        ((80, 87, 88, 95, 96, 103), "synth"),
    ):
        values = instruments.measure(played(*((k, k + 1, 60, one) for k, one in enumerate(programs))), Notes.of())
        assert values[f"{family}_notes"] == 1.0
    others = instruments.measure(
        played(*((k, k + 1, 60, one) for k, one in enumerate((104, 111, 112, 127)))), Notes.of()
    )
    assert others["families"] == 1.0
    assert sum(others[f"{name}_notes"] for name in instruments.FAMILIES) == 0.0


def test_other_programs_are_a_family_beside_those_named() -> None:
    values = instruments.measure(played((0, 2, 60, PIANO), (0, 1, 62, SITAR), (0, 1, 40, 127)), Notes.of())
    assert (values["families"], values["families_at_once"]) == (2.0, 1.5)
    assert (values["keyboards_time"], values["keyboards_range"]) == (1.0, 0.0)


def test_drums_alone_have_no_family_of_notes() -> None:
    values = instruments.measure(replace(Notes.of(), program=np.array([], dtype=int)), hits(0.0, 1.0), 2.0)
    assert (values["families"], values["drum_density"], values["drum_time"]) == (1.0, 1.0, 1.0)
    assert {values[name] for name in ONLY} == {values["families_at_once"]} == {Missing("no notes")}


def test_music_without_notes_has_no_instruments() -> None:
    silent = replace(Notes.of(), program=np.array([], dtype=int))
    assert instruments.measure(silent, Notes.of()) == {
        name: Missing("no drums" if name in ("drum_time", "drum_kinds") else "no notes") for name in instruments.METRICS
    }
    assert instruments.measure(silent, Notes.of(), 4.0)["drum_density"] == 0.0


def test_notes_of_no_length_have_no_time() -> None:
    values = instruments.measure(played((0, 0, 60, PIANO), (1, 1, 62, FLUTE)), Notes.of(), 2.0)
    assert values["families_at_once"] == values["winds_time"] == Missing("all notes have length 0")
    assert values["winds_notes"] == 0.5


def test_what_sounds_beyond_the_end_does_not_count() -> None:
    values = instruments.measure(played((0, 4, 60, PIANO), (1, 9, 62, FLUTE), (5, 6, 64, PAD)), hits(9.0), 2.0)
    assert (values["keyboards_time"], values["winds_time"], values["synth_time"]) == (1.0, 0.5, 0.0)
    assert values["drum_time"] == 0.5


def test_instruments_that_are_not_known_have_no_metrics() -> None:
    unknown = dict.fromkeys(instruments.METRICS, Missing("its instruments are not known"))
    assert instruments.measure(Notes.of([(0.0, 1.0, 60, 80)]), None) == unknown
    assert instruments.measure(Notes.of([(0.0, 1.0, 60, 80)]), Notes.of()) == unknown


def test_a_file_has_the_program_of_each_note_and_a_score_matrix_loses_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(
        midi((0, program(40, 1)), (0, on(60)), (0, on(64, 1)), (0, on(36, 9)), (480, off(60)), (0, off(64, 1)))
    )
    piece = read_piece(path)
    assert piece.drums is not None
    assert piece.notes.program is not None
    assert (piece.notes.program.tolist(), piece.drums.pitch.tolist()) == ([0, 40], [36])
    louder = MeasurementInput(path, velocity_power=0.5).transformed(piece)
    assert instruments.measure(louder.notes, louder.drums)["strings_notes"] == 0.5
    matrix = MeasurementInput(path, control=SCORE_MATRIX).transformed(piece)
    assert instruments.measure(matrix.notes, matrix.drums)["families"] == Missing("its instruments are not known")


notes_of_a_band = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 12), st.integers(30, 90), st.integers(0, 127)), min_size=1, max_size=30
)


@given(notes_of_a_band, st.integers(-20, 20), st.sampled_from([0.5, 1.0, 3.0]))
def test_transposition_changes_nothing_and_tempo_only_what_is_per_second(
    rows: list[tuple[int, int, int, int]], semitones: int, slower: float
) -> None:
    music = played(*((onset, onset + length, pitch, one) for onset, length, pitch, one in rows))
    drums = hits(0.0, 3.0, 7.0)
    other = replace(music, onset=slower * music.onset, offset=slower * music.offset, pitch=music.pitch + semitones)
    before = instruments.measure(music, drums)
    after = instruments.measure(other, replace(drums, onset=slower * drums.onset, offset=slower * drums.offset))
    for name, value in before.items():
        if name not in ("drum_density", "drum_time"):
            assert after[name] == (pytest.approx(value) if isinstance(value, float) else value), name
    assert after["drum_density"] == pytest.approx(before["drum_density"] / slower)


@given(notes_of_a_band)
def test_shares_are_shares_and_add_up(rows: list[tuple[int, int, int, int]]) -> None:
    values = instruments.measure(played(*((at, at + length, pitch, one) for at, length, pitch, one in rows)), hits(1.0))
    for name, value in values.items():
        if instruments.METRICS[name].unit == "share" and isinstance(value, float):
            assert 0 <= value <= 1 + 1e-9, name
    assert sum(values[f"{name}_notes"] for name in instruments.FAMILIES) <= 1 + 1e-9
    assert values["families_at_once"] <= values["families"]
