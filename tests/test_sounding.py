"""When notes begin and end: as FluidSynth's own file player sounds them."""

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from midi_bytes import Event, controller, header, midi, off, on, program, track

from clstm.music.left_out import LeftOut
from clstm.music.midi import Notes, read_midi, write_midi
from clstm.music.smf import parse
from clstm.music.sounding import sounding
from evaluation.audio.synthesizer import default_soundfont, load_library

RATE = 44100
BLOCK = RATE // 100
ORGAN = program(16)  # sounds as loud as ever until it is released
DOWN, UP = controller(64, 127), controller(64, 0)
HOLD, LET_GO = controller(66, 127), controller(66, 0)

Spans = list[tuple[float, float]]


def notes(data: bytes, *, pedal: bool = True) -> list[tuple[int, float, float]]:
    """Pitch, onset and offset in seconds of each note."""
    events = parse(data)
    played = sounding(events, pedal=pedal)
    spans = zip(played.pitch.tolist(), events.seconds(played.begin), events.seconds(played.end), strict=True)
    return [(pitch, float(begin), float(end)) for pitch, begin, end in spans]


def united(spans: Spans) -> Spans:
    """When anything sounds."""
    merged: Spans = []
    for begin, end in sorted(spans):
        if end <= begin:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def played_by_fluidsynth(data: bytes, seconds: float) -> Spans:
    """When something sounds, to about 0.05 s: the release lasts that long."""
    library = load_library()
    fluid, pointer = library._fl, ctypes.c_void_p
    fluid.new_fluid_player.restype, fluid.new_fluid_player.argtypes = pointer, [pointer]
    fluid.fluid_player_add_mem.argtypes = [pointer, ctypes.c_char_p, ctypes.c_size_t]
    fluid.fluid_player_play.argtypes = fluid.delete_fluid_player.argtypes = [pointer]
    effects_off = {"synth.reverb.active": 0, "synth.chorus.active": 0}
    synth = library.Synth(gain=0.5, samplerate=RATE, **effects_off)
    synth.sfload(str(default_soundfont()))
    player = fluid.new_fluid_player(synth.synth)
    fluid.fluid_player_add_mem(player, data, len(data))
    fluid.fluid_player_play(player)
    waveform = np.zeros((int(seconds * RATE), 2), dtype=np.float32)
    at = waveform.ctypes.data
    fluid.fluid_synth_write_float(synth.synth, len(waveform), at, 0, 2, at, 1, 2)
    fluid.delete_fluid_player(player)
    synth.delete()
    level = np.sqrt((waveform[: len(waveform) // BLOCK * BLOCK] ** 2).mean(axis=1).reshape(-1, BLOCK).mean(axis=1))
    edges = np.flatnonzero(np.diff((level > 0.1 * level.max()).astype(int), prepend=0, append=0))
    return [(begin * BLOCK / RATE, end * BLOCK / RATE) for begin, end in edges.reshape(-1, 2).tolist()]


def silenced(*events: Event) -> bytes:
    """The events on one organ, and all sound off 5 s after the beginning, before which they end."""
    left = 4800 - sum(ticks for ticks, _ in events)
    return midi((0, ORGAN), *events, (left, controller(120, 0)))


CASES: dict[str, tuple[bytes, Spans]] = {
    "a key": (silenced((0, on(60)), (480, off(60))), [(0, 0.5)]),
    "a pedal": (silenced((0, DOWN), (0, on(60)), (480, off(60)), (960, UP)), [(0, 1.5)]),
    "half a pedal": (silenced((0, controller(64, 64)), (0, on(60)), (480, off(60)), (960, UP)), [(0, 1.5)]),
    "less than half": (silenced((0, controller(64, 63)), (0, on(60)), (480, off(60)), (960, UP)), [(0, 0.5)]),
    "lifted to below half": (
        silenced((0, DOWN), (0, on(60)), (480, off(60)), (480, controller(64, 63)), (480, UP)),
        [(0, 1)],
    ),
    "up and down in a tick": (
        silenced((0, DOWN), (0, on(60)), (480, off(60)), (480, UP), (0, DOWN), (960, UP)),
        [(0, 1)],
    ),
    "down in the tick of the release, before it": (
        silenced((0, on(60)), (480, DOWN), (0, off(60)), (480, UP)),
        [(0, 1)],
    ),
    "down in the tick of the release, after it": (
        silenced((0, on(60)), (480, off(60)), (0, DOWN), (480, UP)),
        [(0, 0.5)],
    ),
    "struck again under the pedal": (
        silenced((0, DOWN), (0, on(60)), (240, off(60)), (240, on(60)), (240, off(60)), (720, UP)),
        [(0, 1.5)],
    ),
    "controllers reset": (
        silenced((0, DOWN), (0, on(60)), (480, off(60)), (480, controller(121, 0)), (960, UP)),
        [(0, 1)],
    ),
    "controllers reset before the release": (
        silenced((0, DOWN), (0, on(60)), (240, controller(121, 0)), (240, off(60)), (960, UP)),
        [(0, 0.5)],
    ),
    "all sound off": (silenced((0, on(60)), (960, controller(120, 0)), (960, off(60))), [(0, 1)]),
    "all sound off under the pedal": (
        silenced((0, DOWN), (0, on(60)), (480, off(60)), (480, controller(120, 0)), (960, UP)),
        [(0, 1)],
    ),
    "all notes off": (silenced((0, on(60)), (960, controller(123, 0)), (960, off(60))), [(0, 1)]),
    "all notes off under the pedal": (
        silenced((0, DOWN), (0, on(60)), (960, controller(123, 0)), (960, UP), (480, off(60))),
        [(0, 2)],
    ),
    "another mode": (silenced((0, on(60)), (960, controller(126, 1)), (960, off(60))), [(0, 1)]),
    "sostenuto": (silenced((0, on(60)), (240, HOLD), (240, off(60)), (1440, LET_GO)), [(0, 2)]),
    "sostenuto before the key": (silenced((0, HOLD), (0, on(60)), (480, off(60)), (1440, LET_GO)), [(0, 0.5)]),
    "sostenuto ends before the pedal": (
        silenced((0, DOWN), (0, on(60)), (240, HOLD), (240, off(60)), (480, LET_GO), (960, UP)),
        [(0, 1)],
    ),
    "sostenuto ends after the pedal": (
        silenced((0, DOWN), (0, on(60)), (240, HOLD), (240, off(60)), (480, UP), (960, LET_GO)),
        [(0, 2)],
    ),
    "sostenuto and controllers reset": (
        silenced((0, on(60)), (240, HOLD), (240, off(60)), (480, controller(121, 0)), (960, LET_GO)),
        [(0, 1)],
    ),
    "struck twice, released once": (silenced((0, on(60)), (240, on(60)), (240, off(60))), [(0, 0.5)]),
    "a lost release": (
        silenced((0, on(60)), (480, on(60)), (480, off(60)), (480, on(60)), (480, off(60))),
        [(0, 1), (1.5, 2)],
    ),
    "released more often than struck": (
        silenced((0, off(60)), (0, on(60)), (480, off(60)), (240, off(60)), (240, on(60)), (480, off(60))),
        [(0, 0.5), (1, 1.5)],
    ),
    "the pedal of another channel": (
        silenced((0, controller(64, 127, 1)), (0, on(60)), (480, off(60)), (960, controller(64, 0, 1))),
        [(0, 0.5)],
    ),
    "the pedal in another track": (
        header(2) + track((0, ORGAN), (0, on(60)), (480, off(60)), end=2400) + track((0, DOWN), (1440, UP)),
        [(0, 1.5)],
    ),
    "the release in another track": (
        header(2) + track((0, ORGAN), (0, on(60)), end=2400) + track((960, off(60))),
        [(0, 1)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_notes_end_when_fluidsynth_ends_them(case: str) -> None:
    data, expected = CASES[case]
    assert united([span[1:] for span in notes(data)]) == expected
    np.testing.assert_allclose(played_by_fluidsynth(data, 5.0), expected, atol=0.06)


def random_playing(seed: int, count: int = 24) -> Iterator[Event]:
    """Two channels' keys, pedals and switches, one every quarter of a second or two in a tick.

    No key is struck while it is down, nor released in the tick in which it is struck: that makes a click in FluidSynth.
    """
    generator = np.random.default_rng(seed)
    others = [DOWN, UP, HOLD, LET_GO, controller(64, 127, 1), controller(64, 0, 1)]
    others += [controller(number, 0) for number in (120, 121, 123)]
    keys, down = [(60, 0), (64, 0), (60, 1)], set()
    struck = True
    for _ in range(count):
        ticks = 240 if struck else int(generator.choice([0, 240]))
        struck = False
        if generator.random() < 0.5:
            message = others[generator.integers(len(others))]
            if message[1] in (120, 123):
                down -= {key for key in down if key[1] == 0}
        else:
            key = keys[generator.integers(len(keys))]
            struck = key not in down
            message = on(*key) if struck else off(*key)
            down ^= {key}
        yield ticks, message


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_played_sounds_as_long_as_fluidsynth_sounds_it(seed: int) -> None:
    events = [(0, ORGAN), (0, program(16, 1)), (0, on(50)), *random_playing(seed)]
    left = 6000 - sum(ticks for ticks, _ in events)
    data = midi(*events, (left, controller(120, 0)), (0, controller(120, 0, 1)))
    expected = united([span[1:] for span in notes(data)])
    heard = played_by_fluidsynth(data, 6.5)
    np.testing.assert_allclose(heard, expected, atol=0.06)


def test_without_the_pedal_notes_end_with_their_keys() -> None:
    data = silenced((0, DOWN), (0, on(60)), (240, HOLD), (240, off(60)), (960, UP))
    assert notes(data, pedal=False) == [(60, 0, 0.5)]
    assert notes(silenced((0, on(60)), (960, controller(123, 0))), pedal=False) == [(60, 0, 1)]


def test_a_note_held_by_the_pedal_ends_where_its_key_is_struck_again() -> None:
    data = silenced((0, DOWN), (0, on(60)), (240, off(60)), (240, on(60)), (240, off(60)), (720, UP))
    assert notes(data) == [(60, 0, 0.5), (60, 0.5, 1.5)]


def test_overlapping_notes_of_a_key_end_in_the_order_they_began() -> None:
    events = [(0, on(60)), (480, on(60)), (480, off(60)), (0, on(64)), (480, off(60)), (0, off(64))]
    assert notes(midi(*events), pedal=False) == [(60, 0, 1), (60, 0.5, 1.5), (64, 1, 1.5)]
    again = [(480, off(60)), *events]  # a note-off too many before them changes nothing
    assert notes(midi(*again), pedal=False) == [(60, 0.5, 1.5), (60, 1, 2), (64, 1.5, 2)]
    with_switch = [*events[:4], (240, controller(123, 0)), (240, off(60)), (0, on(60)), (480, off(60)), (0, off(64))]
    assert notes(midi(*with_switch), pedal=False) == [(60, 0, 0.5), (60, 0.5, 1), (64, 1, 1.25), (60, 1.5, 2)]


def test_overlapping_notes_written_are_read_back(tmp_path: Path) -> None:
    rows = [(0.0, 2.0, 60, 80), (1.0, 3.0, 60, 90), (1.5, 4.0, 60, 70), (2.5, 4.5, 60, 60), (0.0, 1.0, 62, 80)]
    write_midi(Notes.of(rows), tmp_path / "a.mid")
    again = read_midi(tmp_path / "a.mid")
    np.testing.assert_allclose(again.offset, Notes.of(rows).offset, atol=1e-9)


def test_a_key_struck_twice_in_a_tick_is_one_stroke() -> None:
    data = header(3) + track((0, on(60)), (480, off(60))) + track((0, on(60)), (480, off(60))) + track((0, on(60)))
    assert notes(data) == [(60, 0, 0.5)] * 3


def test_what_is_never_released_lasts_to_the_end_of_the_file() -> None:
    data = header(2) + track((0, on(60)), end=480) + track((0, DOWN), (0, on(64)), (240, off(64)), end=720)
    assert notes(data) == [(60, 0, 1), (64, 0, 1)]
    assert notes(data, pedal=False) == [(60, 0, 1), (64, 0, 0.25)]


def test_what_is_left_out_is_counted() -> None:
    band = [(0, program(5)), (0, program(33, 1)), (0, program(40, 2)), (0, on(60)), (0, on(60, 1)), (0, program(34, 1))]
    drums = [(0, on(36, 9)), (10, off(36, 9)), (0, on(38, 9)), (10, off(38, 9)), (0, controller(64, 127, 9))]
    pedals = [message for _ in range(3) for message in ((1, DOWN), (1, controller(64, 100)), (1, UP))]
    idle = [(0, controller(64, 127, 2))]  # no note sounds on that channel
    data = midi(*band, *drums, *pedals, *idle, (0, HOLD), (0, off(60)), (0, off(60, 1)))
    assert sounding(parse(data), pedal=False).left_out == LeftOut(drums=2, programs=(33,), pedals=4)
    assert sounding(parse(data), pedal=True).left_out == LeftOut(drums=2, programs=(33,), pedals=0)


def test_times_never_run_backwards() -> None:
    for seed in range(50):
        events = parse(midi(*random_playing(seed), *random_playing(seed + 1000)))
        for pedal in (False, True):
            played = sounding(events, pedal=pedal)
            assert (played.end >= played.begin).all()
            for pitch in (60, 64):
                own = played.begin[played.pitch == pitch]
                assert all(first <= second for first, second in pairwise(own))
