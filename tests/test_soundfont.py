"""Which programs a SoundFont has, and which of them music asks for."""

import struct
from pathlib import Path

import pytest
from midi_bytes import controller, header, midi, off, on, program, track

from clstm.music.piece import read_piece
from evaluation.audio.soundfont import DRUM_BANK, asked_for, lacking, presets
from evaluation.audio.synthesizer import default_soundfont

NOTE = [(0, on(60)), (9, off(60))]


def soundfont(path: Path, *pairs: tuple[int, int]) -> Path:
    """A file with a list of presets, (bank, program), after samples in which the name of that list comes too."""
    records = b"".join(struct.pack("<20sHH14x", b"a", number, bank) for bank, number in (*pairs, (255, 255)))
    presets = _list(b"pdta", _chunk(b"phdr", records))
    content = b"sfbk" + _list(b"sdta", _chunk(b"smpl", b"phdr is also in a sample")) + presets
    path.write_bytes(_chunk(b"RIFF", content))
    return path


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content


def asked(path: Path, *events: tuple[int, bytes]) -> set[tuple[int, int]]:
    path.write_bytes(midi(*events))
    return asked_for(read_piece(path).messages)


def test_the_included_soundfont_has_every_general_midi_program_and_a_drum_kit() -> None:
    font = default_soundfont()
    has = presets(font, font.stat().st_mtime_ns)
    assert {(0, number) for number in range(128)} | {(DRUM_BANK, 0)} <= has


def test_presets_are_read_from_the_list_itself(tmp_path: Path) -> None:
    assert presets(soundfont(tmp_path / "a.sf2", (0, 3), (128, 25)), 0) == {(0, 3), (128, 25)}


def test_what_a_note_is_played_on_is_the_last_program_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    assert asked(path, *NOTE) == {(0, 0)}
    assert asked(path, (0, program(3)), (0, program(5)), *NOTE, (0, program(7))) == {(0, 5)}
    assert asked(path, (0, controller(0, 8)), *NOTE, (0, program(4)), *NOTE) == {(0, 0), (8, 4)}
    assert asked(path, (0, program(25, 9)), (0, on(36, 9)), (9, off(36, 9))) == {(DRUM_BANK, 25)}


def test_the_drums_of_a_second_port_are_drums(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(header(2) + track(*NOTE) + track((0, b"\xff\x21\x01\x01"), (0, on(36, 9)), (9, off(36, 9))))
    assert asked_for(read_piece(path).messages) == {(0, 0), (DRUM_BANK, 0)}


@pytest.mark.parametrize(
    ("has", "remark"),
    [
        ([(0, 0), (0, 40), (128, 0)], ()),
        ([(0, 0), (128, 0)], ("asks for program 40, which the SoundFont lacks; another is heard",)),
        ([(0, 0), (0, 40)], ("asks for drum kit 0, which the SoundFont lacks; nothing of it is heard",)),
        (
            [(0, 0)],
            (
                "asks for program 40, which the SoundFont lacks; another is heard",
                "asks for drum kit 0, which the SoundFont lacks; nothing of it is heard",
            ),
        ),
        ([(0, 0), (8, 40), (128, 0)], ("asks for program 40, which the SoundFont lacks; another is heard",)),
    ],
)
def test_what_a_soundfont_lacks_is_named(has: list[tuple[int, int]], remark: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, program(40)), *NOTE, (0, on(36, 9)), (9, off(36, 9))))
    assert lacking(read_piece(path).messages, soundfont(tmp_path / "a.sf2", *has)) == remark


def test_a_bank_that_is_missing_is_no_missing_program(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, controller(0, 8)), (0, program(40)), *NOTE))
    assert lacking(read_piece(path).messages, soundfont(tmp_path / "a.sf2", (0, 40))) == ()
