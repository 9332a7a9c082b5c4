"""Notes in and out of MIDI files, and the files that are no music."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
from midi_bytes import controller, header, midi, off, on, track

from clstm.music.left_out import LeftOut
from clstm.music.midi import LARGEST, LONGEST, Notes, read_midi, write_midi
from clstm.runtime.errors import UnreadableFileError


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


def test_a_note_repeated_without_a_gap_is_two_notes(tmp_path: Path) -> None:
    notes = read(tmp_path, midi((0, on(60)), (480, off(60)), (0, on(60)), (480, off(60))))
    assert notes.onset.tolist() == [0.0, 0.5]
    assert notes.offset.tolist() == [0.5, 1.0]


def test_the_pedal_is_an_option(tmp_path: Path) -> None:
    pedal_down, pedal_up = b"\xb0\x40\x7f", b"\xb0\x40\x00"
    data = midi((0, pedal_down), (0, on(60)), (240, off(60)), (240, on(64)), (240, off(64)), (720, pedal_up))
    assert read(tmp_path, data).offset.tolist() == [0.25, 0.75]
    assert read(tmp_path, data, pedal=True).offset.tolist() == [1.5, 1.5]


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


def test_drums_are_left_out_of_other_music_and_counted(tmp_path: Path) -> None:
    notes = read(tmp_path, midi((0, on(60)), (0, on(38, channel=9)), (480, off(60)), (0, off(38, channel=9))))
    assert notes.pitch.tolist() == [60]
    assert notes.left_out == LeftOut(drums=1)


def test_a_cut_of_the_notes_left_nothing_out_of_a_file() -> None:
    assert Notes.of([(0, 1, 60, 80)]).between(0, 1).left_out == LeftOut()


def test_what_is_no_plain_file_or_a_huge_one_is_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    (tmp_path / "folder.mid").mkdir()
    for name, first in (("huge.mid", b"MThd"), ("image.mid", b"\x89PNG")):
        with (tmp_path / name).open("wb") as file:
            file.write(first)
            file.truncate(4 * 2**30)  # sparse: it needs no room
    for path, reason in (
        ("pipe.mid", "not a plain file"),
        ("folder.mid", "not a plain file"),
        ("/dev/zero", "not a plain file"),
        ("huge.mid", f"4,096 MB; MIDI files of up to {LARGEST // 2**20} MB are read"),
        ("image.mid", "not a MIDI file"),
    ):
        with pytest.raises(UnreadableFileError, match=reason):
            read_midi(tmp_path / path)


def test_a_mutated_file_gives_notes_that_can_be_or_a_reason(tmp_path: Path) -> None:
    """Bytes changed, cut, put in, taken out and doubled, in files with tempos, pedals and running status."""
    generator = np.random.default_rng(0)
    events = [(0, b"\xff\x51\x03\x07\xa1\x20"), (0, controller(64, 127))]
    for pitch in range(40, 90):
        events += [(10, on(pitch)), (200, bytes([pitch, 0])), (0, b"\xff\x01\x01x"), (0, bytes([pitch + 1, 70]))]
    data = header(2) + track(*events) + track((0, on(50, 1)), (9000, off(50, 1)), (0, controller(123, 0)))
    mutations: list[Callable[[bytes, int, int], bytes]] = [
        lambda data, at, _: data[:at] + generator.bytes(1) + data[at + 1 :],
        lambda data, at, size: data[:at] + bytes([3 * size]) + data[at + 1 :],
        lambda data, at, _: data[:at],
        lambda data, at, size: data[:at] + generator.bytes(size) + data[at:],
        lambda data, at, size: data[:at] + data[at + size :],
        lambda data, at, size: data[:at] + data[at : at + size] + data[at:],
        lambda data, at, _: data[:at] + b"\xff\xff\xff\x7f" + data[at:],
    ]
    read_well, refused = 0, 0
    for _ in range(300):
        mutated = data
        for _ in range(generator.integers(1, 3)):
            at, size = int(generator.integers(0, max(len(mutated), 1))), int(generator.integers(1, 40))
            mutated = mutations[generator.integers(len(mutations))](mutated, at, size)
        for pedal in (False, True):
            try:
                notes = read(tmp_path, mutated, pedal=pedal)
            except UnreadableFileError:
                refused += 1
                continue
            read_well += 1
            assert len(notes)
            assert (notes.onset >= 0).all()
            assert (notes.offset >= notes.onset).all()
            assert (np.diff(notes.onset) >= 0).all()
            assert notes.duration <= LONGEST
            assert ((notes.pitch >= 0) & (notes.pitch < 128) & (notes.velocity > 0) & (notes.velocity < 128)).all()
    assert read_well > 50
    assert refused > 50


def test_between_cuts_notes_at_both_ends() -> None:
    notes = Notes.of([(0.0, 2.0, 60, 80), (1.5, 1.75, 62, 80), (3.0, 4.0, 64, 80)]).between(1.0, 3.5)
    assert list(zip(notes.onset, notes.offset, notes.pitch, strict=True)) == [(0, 1, 60), (0.5, 0.75, 62), (2, 2.5, 64)]


def test_no_notes_last_no_time() -> None:
    assert Notes.of().duration == 0.0
