"""Notes in and out of MIDI files, and the files that are no music."""

import struct
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from clstm.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.midi import Notes, find_files, read_midi, write_midi


def on(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x90 | channel, pitch, 80])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 0])


def delta(ticks: int) -> bytes:
    octets = [ticks & 127]
    while ticks := ticks >> 7:
        octets.append(ticks & 127 | 128)
    return bytes(reversed(octets))


def midi(*events: tuple[int, bytes], division: int = 480) -> bytes:
    """One track of (ticks after the event before, message)."""
    track = b"".join(delta(ticks) + message for ticks, message in events) + b"\x00\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, division)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track


def read(tmp_path: Path, data: bytes, **options: bool) -> Notes:
    path = tmp_path / "file.mid"
    path.write_bytes(data)
    return read_midi(path, **options)


def test_notes_written_are_read_back(tmp_path: Path) -> None:
    notes = Notes.of([(0.125, 0.5, 60, 80), (0.0, 2.0, 40, 33), (0.5, 0.625, 60, 127)])
    write_midi(notes, tmp_path / "a.mid")
    again = read_midi(tmp_path / "a.mid")
    np.testing.assert_allclose(again.onset, notes.onset, atol=1e-6)
    np.testing.assert_allclose(again.offset, notes.offset, atol=1e-6)
    assert again.pitch.tolist() == [40, 60, 60]
    assert again.velocity.tolist() == [33, 80, 127]


def test_the_tempo_map_is_obeyed_in_any_metre(tmp_path: Path) -> None:
    song = pretty_midi.PrettyMIDI(initial_tempo=84)
    song.time_signature_changes.append(pretty_midi.TimeSignature(12, 8, 0))
    song._tick_scales.append((song.resolution * 2, 60 / (30 * song.resolution)))  # 30 quarters a minute from beat 3 on
    song._update_tick_to_time(song.resolution * 9)
    instrument = pretty_midi.Instrument(0)
    times = [song.tick_to_time(song.resolution * beat) for beat in range(6)]
    instrument.notes = [pretty_midi.Note(80, 60 + i, times[i], times[i + 1]) for i in range(5)]
    song.instruments.append(instrument)
    song.write(str(tmp_path / "tempo.mid"))
    np.testing.assert_allclose(read_midi(tmp_path / "tempo.mid").onset, times[:5], atol=1e-4)
    assert times[3] - times[2] == pytest.approx(2.0)


def test_a_note_never_released_lasts_to_the_end(tmp_path: Path) -> None:
    notes = read(tmp_path, midi((0, on(60)), (480, on(64)), (480, off(64))))
    assert notes.offset.tolist() == [1.0, 1.0]


def test_a_track_without_its_last_event_is_read_to_its_end(tmp_path: Path) -> None:
    whole = midi((0, on(60)), (480, on(64)), (480, off(64)))
    track = whole[22:-4]
    data = whole[:18] + struct.pack(">I", len(track)) + track
    assert read(tmp_path, data).offset.tolist() == [1.0, 1.0]


def test_a_note_repeated_without_a_gap_is_two_notes(tmp_path: Path) -> None:
    notes = read(tmp_path, midi((0, on(60)), (480, off(60)), (0, on(60)), (480, off(60))))
    assert notes.onset.tolist() == [0.0, 0.5]
    assert notes.offset.tolist() == [0.5, 1.0]


def test_the_pedal_is_an_option(tmp_path: Path) -> None:
    pedal_down, pedal_up = b"\xb0\x40\x7f", b"\xb0\x40\x00"
    data = midi((0, pedal_down), (0, on(60)), (240, off(60)), (240, on(64)), (240, off(64)), (720, pedal_up))
    assert read(tmp_path, data).offset.tolist() == [0.25, 0.75]
    assert read(tmp_path, data, pedal=True).offset.tolist() == [1.5, 1.5]


def test_a_pedal_never_lifted_holds_to_the_end(tmp_path: Path) -> None:
    data = midi((0, b"\xb0\x40\x7f"), (0, on(60)), (240, off(60)), (240, on(64)), (480, off(64)))
    assert read(tmp_path, data, pedal=True).offset.tolist() == [1.0, 1.0]


def test_the_pedal_ends_where_the_pitch_sounds_again(tmp_path: Path) -> None:
    pedal_down, pedal_up = b"\xb0\x40\x7f", b"\xb0\x40\x00"
    data = midi((0, pedal_down), (0, on(60)), (240, off(60)), (240, on(60)), (240, off(60)), (720, pedal_up))
    assert read(tmp_path, data, pedal=True).offset.tolist() == [0.5, 1.5]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (b"hello, this is a text\n" * 5, "not a MIDI file"),
        (b"MThd\x00\x00", "header is cut off"),
        (midi((0, on(60)), (480, off(60)))[:-6], "corrupt"),
        (midi(), "no notes"),
        (midi((0, on(40, channel=9)), (480, off(40, channel=9))), "only drums"),
        (midi((0, on(60)), (0x0FFFFFFF, off(60))), "absurd times"),
        (midi((0, on(60)), (480, off(60)), division=0), "0 ticks"),
        (midi((0, on(60)), (480, off(60)), division=0xE728), "SMPTE"),
    ],
)
def test_what_is_no_music_is_refused_with_its_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason) as refused:
        read(tmp_path, data)
    assert "file.mid" in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"gone\.mid: cannot be opened"):
        read_midi(tmp_path / "gone.mid")


def test_drums_are_left_out_of_other_music(tmp_path: Path) -> None:
    notes = read(tmp_path, midi((0, on(60)), (0, on(38, channel=9)), (480, off(60)), (0, off(38, channel=9))))
    assert notes.pitch.tolist() == [60]


def test_between_cuts_notes_at_both_ends() -> None:
    notes = Notes.of([(0.0, 2.0, 60, 80), (1.5, 1.75, 62, 80), (3.0, 4.0, 64, 80)]).between(1.0, 3.5)
    assert list(zip(notes.onset, notes.offset, notes.pitch, strict=True)) == [(0, 1, 60), (0.5, 0.75, 62), (2, 2.5, 64)]


def test_no_notes_last_no_time() -> None:
    assert Notes.of().duration == 0.0


def test_folders_are_searched_recursively_and_files_come_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/x.mid", "a/b/y.MIDI", "a/b/text.txt", "a/.hidden.mid"):
        (tmp_path / name).touch()
    found = find_files([tmp_path / "a", tmp_path / "a" / "x.mid"])
    assert [path.name for path in found] == ["y.MIDI", "x.mid"]


def test_an_empty_folder_and_a_missing_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(NothingUsableError, match=r"no \.mid or \.midi file in"):
        find_files([tmp_path])
    with pytest.raises(UserError, match="nowhere does not exist"):
        find_files([tmp_path / "nowhere"])
