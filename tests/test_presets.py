"""What plays each note: drums in the notes are what FluidSynth plays on a kit, by channel or by system exclusive."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_bytes import Event, controller, header, midi, off, on, program, track

from clstm.music.events import EXCLUSIVE
from clstm.music.left_out import LeftOut
from clstm.music.messages import DRUM_BANK, Presets, begun
from clstm.music.piece import read_piece
from evaluation.audio.render import RenderSettings, render
from evaluation.audio.synthesizer import Synthesizer

NOTE = [(0, on(38)), (480, off(38))]
SETTINGS = RenderSettings(tail=0.5)


def exclusive(content: bytes) -> bytes:
    return bytes([EXCLUSIVE, len(content) + 1, *content, 0xF7])


def roland(*content: int) -> bytes:
    """Set a parameter of GS: address, value, and the checksum."""
    return bytes([0x41, 0x10, 0x42, 0x12, *content, -sum(content) % 128])


GM, GS, XG = bytes.fromhex("7e 7f 09 01"), roland(0x40, 0, 0x7F, 0), bytes.fromhex("43 10 4c 00 00 7e 00")
SECOND_CHANNEL_DRUMS = roland(0x40, 0x12, 0x15, 1)
OTHERS = bytes.fromhex("41 10 42 12 40 12 15 01 00"), bytes.fromhex("43 10 4c 08 01 07 02")  # a wrong sum; a part of XG


def drums_and_notes(path: Path, *events: Event) -> tuple[int, int]:
    path.write_bytes(midi(*events))
    piece = read_piece(path)
    assert piece.drums is not None
    assert piece.notes.left_out.drums == len(piece.drums)
    return len(piece.drums), len(piece.notes)


@pytest.mark.parametrize(
    ("before", "drums"),
    [
        ([], 0),
        ([exclusive(roland(0x40, 0x11, 0x15, 1))], 1),  # part 1 is the first channel
        ([exclusive(roland(0x40, 0x11, 0x15, 2))], 1),  # the second of the two maps
        ([exclusive(SECOND_CHANNEL_DRUMS)], 0),
        ([exclusive(GS), exclusive(roland(0x40, 0x11, 0x15, 1))], 1),
        ([exclusive(roland(0x40, 0x11, 0x15, 1)), exclusive(GS)], 0),  # a reset
        ([exclusive(GM), exclusive(roland(0x40, 0x11, 0x15, 1))], 0),  # not in the style of General MIDI
        ([exclusive(roland(0x40, 0x11, 0x15, 1)), exclusive(roland(0x40, 0x11, 0x15, 0))], 0),
        ([exclusive(OTHERS[0])], 0),
        ([controller(0, 127), program(0)], 0),  # a bank, where XG is off
        ([exclusive(XG), controller(0, 127), program(0)], 1),
        ([exclusive(XG), controller(0, 127)], 0),  # it counts from the next program on
        ([exclusive(XG), controller(0, 64), program(0)], 0),
        ([exclusive(XG), exclusive(OTHERS[1]), program(0)], 0),
    ],
)
def test_notes_are_drums_where_a_kit_was_selected(before: list[bytes], drums: int, tmp_path: Path) -> None:
    events = [(0, message) for message in before]
    assert drums_and_notes(tmp_path / "a.mid", *events, *NOTE) == (drums, 1 - drums)


def test_a_channel_is_made_drums_from_there_on(tmp_path: Path) -> None:
    switch = (0, exclusive(roland(0x40, 0x11, 0x15, 1)))
    assert drums_and_notes(tmp_path / "a.mid", *NOTE, switch, *NOTE, *NOTE) == (2, 1)


def test_drums_by_exclusive_are_left_out_of_the_notes_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, exclusive(SECOND_CHANNEL_DRUMS)), *NOTE, (0, on(40, 1)), (480, off(40, 1))))
    assert read_piece(path).notes.left_out == LeftOut(drums=1)
    assert read_piece(path).notes.pitch.tolist() == [38]


def test_a_cut_piece_keeps_its_drums(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, exclusive(roland(0x40, 0x11, 0x15, 1))), *NOTE, *NOTE, *NOTE))
    part = read_piece(path).between(0.5, 1.0)
    assert part.drums is not None
    assert (len(part.drums), len(part.notes)) == (1, 0)
    assert part.messages.presets.drums[part.messages.struck].all()


def test_one_instrument_leaves_out_drums_by_exclusive_and_plays_what_is_pitched_on_their_channel(
    tmp_path: Path,
) -> None:
    path, plain = tmp_path / "a.mid", tmp_path / "b.mid"
    melody = [(0, on(60, 9)), (480, off(60, 9))]
    as_melody = [(0, exclusive(XG)), (0, controller(0, 0, 9)), (0, controller(32, 0, 9)), (0, program(0, 9)), *melody]
    path.write_bytes(midi(*as_melody, (0, controller(0, 127)), (0, program(0)), *NOTE))
    plain.write_bytes(midi((0, on(60)), (480, off(60)), (480, b"\xff\x01\x00")))
    one = RenderSettings(tail=1.0, instrument=19)
    heard, expected = render(read_piece(path), one), render(read_piece(plain), one)
    assert np.abs(expected).max() > 0.01
    assert np.array_equal(heard[: len(expected)], expected)


def test_a_reset_leaves_the_drums_of_a_second_port(tmp_path: Path) -> None:
    path, plain = tmp_path / "a.mid", tmp_path / "b.mid"
    port = (0, b"\xff\x21\x01\x01")
    hits = [(480, on(38, 9)), (480, off(38, 9))]
    path.write_bytes(header(2) + track((0, exclusive(GM)), *NOTE) + track(port, *hits))
    plain.write_bytes(header(2) + track(*NOTE) + track(port, *hits))
    assert np.array_equal(render(read_piece(path), SETTINGS), render(read_piece(plain), SETTINGS))
    piece = read_piece(path)
    assert piece.drums is not None
    assert len(piece.drums) == 1


def test_what_begins_a_style_is_known_from_other_exclusives() -> None:
    assert [begun(content) for content in (GM, GS, XG)] == ["gm", "gs", "xg"]
    assert begun(bytes.fromhex("7e 7f 09 03")) == "gm"
    assert begun(roland(0x40, 0, 0x7F, 0x7F)) == "gm"
    assert {begun(content) for content in (*OTHERS, SECOND_CHANNEL_DRUMS, b"", b"\x7e", GM[:3], XG[:-1])} == {""}
    assert begun(bytes.fromhex("7e 11 09 01")) == ""  # another device


# Every preset asked for is in the font, so that what FluidSynth selects is what it is asked for.
messages = st.one_of(
    st.tuples(st.just(0xC), st.sampled_from([0, 1, 9, 15]), st.just(0), st.just(0)),
    st.tuples(st.just(0xB), st.sampled_from([0, 1, 9, 15]), st.sampled_from([0, 32]), st.sampled_from([0, 120, 127])),
    st.sampled_from([GM, GS, XG, *OTHERS]),
    st.builds(lambda part, value: roland(0x40, 0x10 | part, 0x15, value), st.integers(0, 15), st.integers(1, 3)),
    st.builds(lambda part: roland(0x40, 0x10 | part, 0x15, 0), st.integers(1, 15)),  # of part 0 versions differ
)


@settings(max_examples=60)
@given(st.lists(messages, max_size=12))
def test_fluidsynth_selects_the_same_presets(sent: list[tuple[int, int, int, int] | bytes]) -> None:
    with Synthesizer(SETTINGS.soundfont_file, 16, 4, SETTINGS.named()) as synthesizer:
        native, address = synthesizer._native, ctypes.c_void_p(synthesizer._synth.synth)
        native.fluid_synth_get_channel_preset.restype = ctypes.c_void_p
        for one in sent:
            synthesizer.send_exclusive(one) if isinstance(one, bytes) else synthesizer.send(*one)
        kits = []
        for channel in range(16):
            preset = ctypes.c_void_p(native.fluid_synth_get_channel_preset(address, channel))
            kits.append(native.fluid_preset_get_banknum(preset) == DRUM_BANK)
    rows = [(EXCLUSIVE >> 4, 0, 0, 0) if isinstance(one, bytes) else one for one in sent]
    rows += [(9, channel, 60, 80) for channel in range(16)]  # a note on each
    kind, channel, first, second = (np.array(column) for column in zip(*rows, strict=True))
    found = Presets.of(kind, channel, first, second, [one for one in sent if isinstance(one, bytes)])
    assert found.drums[-16:].tolist() == kits
