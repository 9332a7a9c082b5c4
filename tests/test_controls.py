"""Controls: what they do to a piece, and which ones music obeys."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_bytes import midi, off, on, program

from clstm.music.left_out import PIANOS
from clstm.music.messages import COLUMNS, CONTROLLER, NOTE_OFF, NOTE_ON, PITCH_BEND, PROGRAM, Messages
from clstm.music.midi import Notes
from clstm.music.piece import Piece, read_piece, write_piece
from clstm.music.score import decode, encode
from evaluation.controls.applying import ROUNDING, applied, dropped
from evaluation.controls.control import NO_CONTROL, PER_PIECE, SCORE_MATRIX, Control, together
from evaluation.controls.limits import Limits, PieceLimits
from evaluation.controls.spans import spans

DRUMS = 9

Row = tuple[float, int, int, int, int]  # time s, channel, kind, first, second


def piece(*rows: Row) -> Piece:
    """Of (time s, channel, kind, first, second), in this order at one time."""
    ordered = sorted(rows, key=lambda row: row[0])
    time = np.array([row[0] for row in ordered], dtype=float)
    channel, kind, first, second = (
        np.array([row[column] for row in ordered], dtype=np.int64) for column in range(1, 5)
    )
    track = np.zeros(len(rows), dtype=np.int64)
    messages = Messages(time, np.maximum(time - 0.0005, 0), track, channel, kind, first, second)
    found = spans(messages, float(time.max(initial=0)), pedal=True)
    notes = spans(messages, float(time.max(initial=0)), pedal=False).notes()
    return Piece(messages, notes, float(found.end.max(initial=0)))


def note(
    begin: float, end: float, key: int, velocity: int = 80, channel: int = 0
) -> list[tuple[float, int, int, int, int]]:
    return [(begin, channel, NOTE_ON, key, velocity), (end, channel, NOTE_OFF, key, 0)]


def limits(*pieces: Piece) -> Limits:
    return Limits(tuple(map(PieceLimits.of, pieces)))


def same(one: Piece, other: Piece) -> bool:
    messages = all(np.array_equal(getattr(one.messages, name), getattr(other.messages, name)) for name in COLUMNS)
    fields = ("onset", "offset", "pitch", "velocity")
    return messages and all(np.array_equal(getattr(one.notes, name), getattr(other.notes, name)) for name in fields)


times = st.floats(0, 8, allow_nan=False)
rows = st.lists(
    st.tuples(times, st.sampled_from([0, 1, DRUMS]), st.sampled_from([36, 60, 61, 90]), st.integers(1, 127), times),
    max_size=24,
)
others = st.lists(
    st.tuples(
        times,
        st.sampled_from([0, 1]),
        st.sampled_from(
            [
                *((CONTROLLER, number, value) for number, value in [(64, 127), (64, 0), (66, 90), (7, 50), (123, 0)]),
                *((PROGRAM, 40, 0), (PROGRAM, 0, 0), (PITCH_BEND, 3, 70), (CONTROLLER, 121, 0)),
            ]
        ),
    ),
    max_size=8,
)
controls = st.builds(
    Control,
    per_second=st.sampled_from([None, 1, 4, 8, 12, 100]),
    offsets=st.booleans(),
    velocity=st.sampled_from([None, 64, PER_PIECE]),
    lowest=st.sampled_from([None, 48]),
    highest=st.sampled_from([None, 84]),
    programs=st.sampled_from([None, (0,), (40,), tuple(PIANOS)]),
    drums=st.booleans(),
    pedal=st.sampled_from([None, "none", "lengths"]),
)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    messages = [
        message
        for begin, channel, key, velocity, length in draw(rows)
        for message in note(begin, begin + length / 8 + 0.01, key, velocity, channel)
    ]
    messages += [(time, channel, *what) for time, channel, what in draw(others)]
    return piece(*messages)


@given(pieces(), st.one_of(controls, st.just(SCORE_MATRIX)), st.booleans())
def test_a_control_put_on_music_twice_is_put_on_it_once(music: Piece, control: Control, pedal: bool) -> None:
    once = applied(control, music, pedal=pedal)
    assert same(applied(control, once, pedal=pedal), once)


@given(pieces(), controls)
def test_music_under_a_control_obeys_it(music: Piece, control: Control) -> None:
    under = applied(control, music)
    found = limits(under)
    if control.per_second:
        assert found.obeys(control.per_second)
        assert not control.offsets or found.offsets_on(control.per_second)
    assert control.velocity is None or found.velocity == control.velocity or len(found.velocities) <= 1
    assert found.range is None or found.range[0] >= (control.lowest or 0)
    assert found.range is None or found.range[1] <= (control.highest or 127)
    assert control.programs is None or set(found.programs) <= set(control.programs)
    assert control.drums or not found.drums
    assert control.pedal is None or not found.pedals


@given(pieces())
def test_no_control_and_limits_that_music_has_change_nothing(music: Piece) -> None:
    assert applied(NO_CONTROL, music) is music
    for control in (limits(music).control(), Control(lowest=0, highest=127, programs=tuple(range(128)))):
        if not control.offsets:
            assert same(applied(control, music), music)


@given(st.lists(st.tuples(times, times, st.integers(0, 127), st.integers(1, 127)), max_size=30))
def test_all_limits_of_a_score_matrix_are_the_score_matrix(table: list[tuple[float, float, int, int]]) -> None:
    notes = Notes.of((begin, begin + length, pitch, velocity) for begin, length, pitch, velocity in table)
    assert same(applied(SCORE_MATRIX, Piece.of(notes)), Piece.of(decode(encode(notes))))
    softer = applied(replace(SCORE_MATRIX, velocity=64), Piece.of(notes))
    assert same(softer, Piece.of(decode(encode(notes), 64)))


@given(st.lists(st.tuples(times, times, st.integers(24, 101), st.integers(1, 127)), max_size=30))
def test_on_a_piano_the_grid_alone_moves_notes_as_the_score_matrix_does(
    table: list[tuple[float, float, int, int]],
) -> None:
    notes = Notes.of((begin, begin + length, pitch, velocity) for begin, length, pitch, velocity in table)
    # What a file has of these notes: each key is a string, and notes last a tick at least.
    messages = Piece.of(notes).messages
    written = spans(messages, 100.0, pedal=False).notes()
    found = applied(Control(8, offsets=True, velocity=80), Piece(messages, written, written.duration)).notes
    expected = decode(encode(written))
    assert found.onset == pytest.approx(expected.onset, abs=ROUNDING)  # on the grid already: as they were
    assert found.offset == pytest.approx(expected.offset, abs=ROUNDING)
    assert found.pitch.tolist() == expected.pitch.tolist()


def test_a_grid_of_onsets_alone_keeps_lengths() -> None:
    found = applied(Control(per_second=8), piece(*note(0.11, 0.5, 60), *note(0.3, 0.31, 64)))
    assert found.notes.onset.tolist() == [0.125, 0.25]
    assert (found.notes.offset - found.notes.onset).tolist() == pytest.approx([0.39, 0.01])


def test_instruments_drums_and_controllers_stay() -> None:
    rows = [(0.0, 1, PROGRAM, 40, 0), (0.1, 1, CONTROLLER, 7, 90), (0.2, 1, PITCH_BEND, 0, 70)]
    music = piece(*rows, *note(0.03, 0.4, 60, channel=1), *note(0.27, 0.3, 36, channel=DRUMS), *note(0.5, 1, 50))
    found = applied(Control(8, velocity=64), music)
    kinds = found.messages.kind.tolist()
    assert kinds.count(PROGRAM) == kinds.count(CONTROLLER) == kinds.count(PITCH_BEND) == 1
    assert limits(found).programs == (0, 40)
    assert limits(found).drums == 1


def test_a_note_keeps_its_program_when_it_moves_over_a_change_of_program() -> None:
    rows = [(0.0, 0, PROGRAM, 10, 0), *note(0.24, 0.246, 60), (0.248, 0, PROGRAM, 20, 0), *note(0.26, 0.4, 62)]
    found = spans(applied(Control(4), piece(*rows)).messages, 9.0, pedal=False)
    assert found.begin.tolist() == [0.25, 0.25]
    assert found.program.tolist() == [10, 20]


def test_of_strikes_of_one_key_that_fall_together_the_loudest_counts() -> None:
    music = piece(*note(0.0, 0.03, 60, 40), *note(0.04, 0.4, 60, 90), *note(0.02, 0.4, 60, 20, channel=1))
    found = applied(Control(8, offsets=True), music).notes
    assert found.velocity.tolist() == [90, 20]  # another channel is another instrument
    assert found.offset.tolist() == [0.375, 0.375]


def test_each_piece_has_the_median_velocity_of_its_own_notes() -> None:
    music = piece(*note(0, 1, 60, 40), *note(1, 2, 62, 50), *note(2, 3, 64, 100))
    assert set(applied(Control(velocity=PER_PIECE), music).notes.velocity.tolist()) == {50}


def test_what_a_pedal_holds_becomes_the_length_of_notes_or_is_lost() -> None:
    rows = [(0.0, 0, CONTROLLER, 64, 127), *note(0.1, 0.2, 60), (2.0, 0, CONTROLLER, 64, 0)]
    assert applied(Control(pedal="lengths"), piece(*rows)).notes.offset.tolist() == [2.0]
    dry = applied(Control(pedal="none"), piece(*rows))
    assert dry.notes.offset.tolist() == [0.2]
    assert dry.duration == 0.2
    assert CONTROLLER not in dry.messages.kind.tolist()


def test_what_a_control_leaves_out_is_counted() -> None:
    music = piece(*note(0, 1, 20), *note(0, 1, 60), *note(1, 2, 36, channel=DRUMS))
    found = dropped(Control(lowest=21, highest=108, programs=(0,), drums=False), music)
    assert (found.notes, found.out_of_range, found.by_others) == (3, 1, 1)
    assert dropped(NO_CONTROL, music).by_others == 0


def test_music_without_a_note_left_is_silent() -> None:
    found = applied(Control(lowest=100, highest=108), piece(*note(0, 1, 60)))
    assert len(found.notes) == len(found.messages.struck.nonzero()[0]) == 0
    assert found.duration == 0


@pytest.mark.parametrize("per_second", [1, 2, 3, 4, 8, 10, 12, 24, 50, 100, 125])
def test_the_largest_step_that_has_all_onsets_is_found(per_second: int, tmp_path: Path) -> None:
    random = np.random.default_rng(per_second)
    steps = np.unique(np.append(random.integers(0, 20 * per_second, 200), [1, 2]))
    rows = [(step / per_second, step / per_second + 0.0371, 60, 80) for step in steps.tolist()]
    write_piece(Piece.of(Notes.of(rows)), tmp_path / "a.mid")
    found = limits(read_piece(tmp_path / "a.mid"))
    assert found.grid == per_second
    assert not found.offsets_on(per_second)
    assert found.control() == Control(per_second, velocity=80)


@pytest.mark.parametrize("seed", range(20))
def test_a_performance_has_no_grid(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = [(float(time), float(time) + 0.3, 60, int(random.integers(30, 90))) for time in random.uniform(0, 60, 300)]
    found = limits(Piece.of(Notes.of(rows)))
    assert found.nearest_grid is None
    assert found.control() == NO_CONTROL


def test_a_single_note_is_no_evidence_of_a_grid() -> None:
    assert limits(piece(*note(0, 1, 60))).grid is None
    assert limits(piece(*note(1, 2, 60))).grid is None


def test_files_off_a_rule_that_most_obey_are_named() -> None:
    random = np.random.default_rng(1)
    on = [piece(*(row for step in range(1, 30) for row in note(step / 8, step / 8 + 0.1, 60))) for _ in range(19)]
    off = piece(*(row for time in random.uniform(0, 5, 30).tolist() for row in note(time, time + 0.1, 60)))
    found = limits(*on[:7], off, *on[7:])
    assert found.grid is None
    assert found.nearest_grid is not None
    assert (found.nearest_grid.value, found.nearest_grid.exceptions) == (8, (7,))


def test_velocities_are_one_or_one_per_piece_or_many() -> None:
    soft, loud = (piece(*note(0, 1, 60, velocity), *note(1, 2, 60, velocity)) for velocity in (40, 90))
    assert limits(soft, soft).velocity == 40
    assert limits(soft, loud).velocity == PER_PIECE
    assert limits(soft, piece(*note(0, 1, 60, 40), *note(1, 2, 60, 90))).velocity is None


def test_the_control_of_all_has_every_limit() -> None:
    assert together([]) == NO_CONTROL
    assert together([Control(8, velocity=80), NO_CONTROL]) == Control(8, velocity=80)
    assert together([Control(velocity=PER_PIECE), Control(velocity=64)]) == Control(velocity=64)
    assert together([SCORE_MATRIX, SCORE_MATRIX]) == SCORE_MATRIX
    assert together([Control(lowest=0, highest=40), Control(lowest=60, highest=90)]) is None
    assert together([Control(programs=(0,), drums=False), Control(programs=(40,))]) is None
    assert together([Control(pedal="lengths"), Control(pedal="none")]) == Control(pedal="none")


def test_a_control_keeps_instruments_and_drums_known(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(
        midi((0, program(40, 1)), (7, on(67, 1, 90)), (0, on(36, 9, 70)), (300, off(67, 1)), (0, off(36, 9)))
    )
    read = read_piece(path)
    found = applied(Control(per_second=8, velocity=64), read)
    assert found.notes.program is not None
    assert found.drums is not None
    assert (found.notes.program.tolist(), found.drums.pitch.tolist()) == ([40], [36])
    assert (found.notes.velocity.tolist(), found.drums.velocity.tolist()) == ([64], [64])
    assert found.metre is None
    assert applied(Control(velocity=64), read).metre is read.metre is not None
