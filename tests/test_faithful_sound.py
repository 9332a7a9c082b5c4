"""A file sounds as FluidSynth's own player plays it: every message that the synthesizer obeys reaches it, in order."""

from pathlib import Path

import numpy as np
import pytest
from fluidsynth_player import played
from midi_bytes import Event, controller, header, midi, off, on, program, tempo, track

from clstm.music.piece import Piece, read_piece, write_piece
from evaluation.audio.render import RenderSettings, render

SETTINGS = RenderSettings(tail=0.5)
NOTE = [(0, on(60)), (480, off(60))]
UNDEFINED = controller(3, 0)  # which changes nothing, at its time


def rpn(number: int, value: int) -> list[Event]:
    return [(0, controller(101, 0)), (0, controller(100, number)), (0, controller(6, value)), (0, controller(38, 0))]


def bend(value: int) -> bytes:
    return bytes([0xE0, value & 127, value >> 7])


def exclusive(*content: int) -> bytes:
    return bytes([0xF0, len(content) + 1, *content, 0xF7])


MESSAGES: dict[str, list[Event]] = {
    "program": [(0, program(40)), *NOTE],
    "program while a note sounds": [(0, on(60)), (100, program(56)), (0, on(64)), (380, off(60)), (0, off(64))],
    "a bank that is not there": [(0, controller(0, 8)), (0, program(4)), *NOTE],
    "drums": [(0, on(36, 9)), (100, on(42, 9)), (100, on(38, 9)), (280, off(36, 9)), (0, off(42, 9)), (0, off(38, 9))],
    "a drum kit": [(0, program(25, 9)), (0, on(36, 9)), (480, off(36, 9))],
    "sustain": [
        (0, controller(64, 127)),
        *NOTE,
        (240, on(67)),
        (240, off(67)),
        (240, controller(64, 0)),
        (100, off(1)),
    ],
    "half pedal": [(0, controller(64, 40)), *NOTE, (100, controller(64, 70)), *NOTE, (300, controller(64, 20))],
    "sostenuto": [(0, on(60)), (10, controller(66, 127)), (100, off(60)), (100, on(64)), (100, off(64)), (400, off(1))],
    "soft pedal": [(0, controller(67, 127)), *NOTE],
    "volume": [(0, controller(7, 30)), (0, on(60)), (200, controller(7, 110)), (280, off(60))],
    "expression": [(0, on(60)), (100, controller(11, 20)), (100, controller(11, 120)), (280, off(60))],
    "pan": [(0, controller(10, 5)), *NOTE, (0, controller(10, 120)), *NOTE],
    "modulation": [(0, program(48)), (0, controller(1, 127)), *NOTE],
    "bend": [(0, on(60)), (100, bend(12000)), (100, bend(2000)), (280, off(60)), (0, bend(8192)), *NOTE],
    "bend of 24 semitones": [*rpn(0, 24), (0, on(60)), (100, bend(16383)), (380, off(60))],
    "fine and coarse tuning": [*rpn(1, 90), *rpn(2, 67), *NOTE],
    "channel aftertouch": [(0, program(48)), (0, on(60)), (100, bytes([0xD0, 127])), (380, off(60))],
    "key aftertouch": [(0, program(48)), (0, on(60)), (100, bytes([0xA0, 60, 127])), (380, off(60))],
    "reset of controllers": [(0, controller(7, 20)), (0, controller(1, 99)), *NOTE, (0, controller(121, 0)), *NOTE],
    "all notes off": [(0, on(60)), (0, on(64)), (100, controller(123, 0)), (380, off(60)), (0, off(64))],
    "all sound off": [(0, on(60)), (100, controller(120, 0)), (0, on(64)), (380, off(64))],
    "a key struck again while it is down": [(0, on(60)), (100, on(60, velocity=110)), (100, off(60)), (200, off(60))],
    "a pedal that stays down": [(0, controller(64, 127)), *NOTE, (100, off(1))],
    "a reset": [(0, program(40)), (0, controller(7, 20)), *NOTE, (0, exclusive(0x7E, 0x7F, 9, 1)), *NOTE],
    "a channel of drums by system exclusive": [
        (0, exclusive(0x41, 0x10, 0x42, 0x12, 0x40, 0x11, 0x15, 0x01, 0x19)),
        (0, program(0)),
        *NOTE,
    ],
    "velocity 0 as an end": [(0, on(60)), (240, on(60, velocity=0)), (240, on(64)), (240, on(64, velocity=0))],
    "a tempo": [(0, tempo(731_000)), *NOTE, *NOTE, *NOTE],
    "a late begin": [(2000, on(60)), (480, off(60))],
}


def compared(path: Path, settings: RenderSettings = SETTINGS) -> tuple[np.ndarray, np.ndarray]:
    ours = render(read_piece(path), settings)
    return ours, played(path, len(ours) / settings.sample_rate, settings)


@pytest.mark.parametrize("name", MESSAGES)
def test_it_sounds_as_the_player_plays_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi(*MESSAGES[name]))
    ours, theirs = compared(path)
    assert np.abs(theirs).max() > 0.001
    np.testing.assert_array_equal(ours, theirs)


def test_none_of_these_messages_is_without_effect(tmp_path: Path) -> None:
    path, plain = tmp_path / "a.mid", tmp_path / "plain.mid"
    for name in ("program", "volume", "pan", "bend", "modulation", "channel aftertouch", "sustain"):
        notes = [(ticks, sent if sent[0] >> 4 in (8, 9) else UNDEFINED) for ticks, sent in MESSAGES[name]]
        path.write_bytes(midi(*MESSAGES[name]))
        plain.write_bytes(midi(*notes))
        ours, without = render(read_piece(path), SETTINGS), render(read_piece(plain), SETTINGS)
        samples = min(len(ours), len(without))
        assert np.abs(ours[:samples] - without[:samples]).max() > 1e-4, name


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("division", [24, 480, 960])
def test_it_sounds_so_at_any_rate_and_division(rate: int, division: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    strikes = [(1 + division // 7, on(60 + step)) for step in range(12)]
    ends = [(1 + division // 9, off(60 + step)) for step in range(12)]
    path.write_bytes(midi(*strikes, *ends, division=division))
    ours, theirs = compared(path, RenderSettings(tail=0.5, sample_rate=rate))
    np.testing.assert_array_equal(ours, theirs)


def test_tracks_on_one_channel_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    tracks = [track(*((5, controller(7, value)) for value in range(0, 120, 7))) for _ in range(40)]
    path.write_bytes(header(41) + track((0, on(60)), (300, off(60))) + b"".join(tracks))
    ours, theirs = compared(path)
    np.testing.assert_array_equal(ours, theirs)


def test_a_second_port_has_channels_and_drums_of_its_own(tmp_path: Path) -> None:
    port = b"\xff\x21\x01\x01"
    separate, together = tmp_path / "separate.mid", tmp_path / "together.mid"
    first = track((0, program(0)), (0, on(60)), (480, off(60)))
    separate.write_bytes(
        header(3)
        + first
        + track((0, port), (0, program(40)), (0, on(67)), (480, off(67)))
        + track((0, port), (0, on(36, 9)), (480, off(36, 9)))
    )
    together.write_bytes(
        header(3)
        + first
        + track((0, program(40, 1)), (0, on(67, 1)), (480, off(67, 1)))
        + track((0, on(36, 9)), (480, off(36, 9)))
    )
    assert read_piece(separate).messages.channels == 32
    np.testing.assert_allclose(
        render(read_piece(separate), SETTINGS), render(read_piece(together), SETTINGS), atol=1e-6
    )


def test_changes_of_tempo_do_not_make_it_drift(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    changes = [(7, tempo(400_000 + 500 * (number % 300))) for number in range(4000)]
    path.write_bytes(midi(*changes, (100, on(60)), (480, off(60))))
    piece = read_piece(path)
    waveform = render(piece, SETTINGS)
    begin = int(np.flatnonzero(np.abs(waveform).max(axis=1) > 0)[0]) / 44100
    assert abs(begin - piece.notes.onset[0]) < 0.0045
    theirs = played(path, len(waveform) / 44100, SETTINGS)
    assert abs(int(np.flatnonzero(np.abs(theirs).max(axis=1) > 0)[0]) / 44100 - piece.notes.onset[0]) > 0.01


def test_the_begin_of_a_piece_sounds_as_in_the_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, program(40)), (0, controller(7, 60)), *[event for _ in range(6) for event in NOTE]))
    piece = read_piece(path)
    part = render(piece.between(0.0, 1.75), SETTINGS)
    np.testing.assert_array_equal(part[: round(1.7 * 44100)], render(piece, SETTINGS)[: round(1.7 * 44100)])


def test_a_stretch_has_the_instrument_and_controllers_of_its_piece(tmp_path: Path) -> None:
    whole, late = tmp_path / "whole.mid", tmp_path / "late.mid"
    state = [(0, program(40)), *rpn(0, 24), (0, controller(7, 60)), (0, bend(10000))]
    whole.write_bytes(midi(*state, *NOTE, *NOTE, (0, controller(101, 127)), (0, controller(100, 127)), *NOTE, *NOTE))
    late.write_bytes(midi(*state, *NOTE, *NOTE))
    stretch = render(read_piece(whole).between(1.0, 2.0), SETTINGS)
    expected = render(read_piece(late), SETTINGS)
    assert len(stretch) == len(expected)
    np.testing.assert_allclose(np.abs(stretch).max(), np.abs(expected).max(), rtol=0.05)
    assert abs(np.sqrt((stretch**2).mean()) - np.sqrt((expected**2).mean())) < 2e-4


def test_a_key_that_is_down_where_a_stretch_begins_is_struck_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, on(60)), (960, off(60)), (0, on(64)), (480, off(64))))
    waveform = render(read_piece(path).between(0.5, 1.0), SETTINGS)
    assert np.abs(waveform[:4410]).max() > 0.005


def test_one_instrument_plays_everything_but_drums(tmp_path: Path) -> None:
    path, plain = tmp_path / "a.mid", tmp_path / "plain.mid"
    path.write_bytes(midi((0, program(40)), (0, on(60)), (0, on(36, 9)), (480, off(60)), (0, off(36, 9))))
    plain.write_bytes(midi(*NOTE))
    one = render(read_piece(path), RenderSettings(tail=0.5, instrument=0))
    np.testing.assert_array_equal(one, render(read_piece(plain), SETTINGS))


def test_drums_alone_sound_and_have_no_notes(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, on(36, 9)), (480, off(36, 9))))
    piece = read_piece(path)
    assert (len(piece.notes), piece.duration) == (0, 0.5)
    assert np.abs(render(piece, SETTINGS)).max() > 0.01


def test_a_note_that_nothing_ends_ends_with_the_file(tmp_path: Path) -> None:
    path, ended = tmp_path / "a.mid", tmp_path / "ended.mid"
    path.write_bytes(midi((0, controller(64, 127)), (0, on(60)), (960, off(1))))
    ended.write_bytes(midi((0, on(60)), (960, off(60))))
    np.testing.assert_array_equal(render(read_piece(path), SETTINGS), render(read_piece(ended), SETTINGS))


def test_a_piece_lasts_as_long_as_its_pedal_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi(*MESSAGES["sustain"]))
    piece = read_piece(path)
    assert piece.notes.duration == 1.0
    assert piece.duration == 1.25


def test_notes_sound_as_the_file_written_of_them(tmp_path: Path) -> None:
    from clstm.music.midi import Notes, write_midi

    notes = Notes.of((step / 8, step / 8 + 0.25, 50 + step % 30, 40 + step) for step in range(40))
    write_midi(notes, tmp_path / "a.mid")
    np.testing.assert_array_equal(render(notes), render(read_piece(tmp_path / "a.mid")))
    np.testing.assert_array_equal(render(notes), render(Piece.of(notes)))


@pytest.mark.parametrize("name", ["program", "drums", "half pedal", "bend of 24 semitones", "a reset"])
def test_a_piece_that_is_written_again_sounds_the_same(name: str, tmp_path: Path) -> None:
    first, again = tmp_path / "first.mid", tmp_path / "again.mid"
    first.write_bytes(midi(*MESSAGES[name], division=960))
    piece = read_piece(first)
    write_piece(piece, again)
    np.testing.assert_array_equal(render(read_piece(again), SETTINGS), render(piece, SETTINGS))


def test_a_stretch_that_is_written_has_its_keys_ended_and_its_ports(tmp_path: Path) -> None:
    first, again = tmp_path / "first.mid", tmp_path / "again.mid"
    second = track((0, b"\xff\x21\x01\x01"), (0, program(40)), (0, on(67)), (1920, off(67)))
    first.write_bytes(header(2, 960) + track((0, on(60)), (1920, off(60))) + second)
    stretch = read_piece(first).between(0.25, 0.75)
    write_piece(stretch, again)
    written = read_piece(again)
    assert written.messages.channels == 32
    assert written.notes.pitch.tolist() == [60, 67]
    np.testing.assert_allclose(written.notes.offset, 0.5, atol=0.001)
    samples = round(0.45 * 44100)
    np.testing.assert_array_equal(render(written, SETTINGS)[:samples], render(stretch, SETTINGS)[:samples])
