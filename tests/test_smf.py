"""The bytes of Standard MIDI Files: what each says, and what each does wrong."""

import struct

import numpy as np
import pytest
from midi_bytes import END_OF_TRACK, chunk, controller, delta, header, midi, off, on, program, tempo, track, written

from clstm.music.events import EXCLUSIVE, Events
from clstm.music.smf import CorruptError, parse

FOUR = [(0, on(60)), (480, off(60)), (0, on(62)), (480, off(62))]
FOUR_READ = [(0, 0x90, 60, 80), (480, 0x80, 60, 0), (480, 0x90, 62, 80), (960, 0x80, 62, 0)]


def rows(events: Events) -> list[tuple[int, int, int, int]]:
    """The channel messages."""
    columns = (events.tick, events.status, events.first, events.second)
    return [tuple(map(int, row)) for row in zip(*columns, strict=True) if row[1] != EXCLUSIVE]


def riff(content: bytes, *before: bytes, kind: bytes = b"RMID") -> bytes:
    data = b"data" + struct.pack("<I", len(content)) + content
    inside = kind + b"".join(before) + data
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def random_track(generator: np.random.Generator, events: int) -> tuple[list[tuple[int, int, int, int]], bytes]:
    """Messages of every kind, a status left out wherever it may be, with meta events and system exclusives between."""
    expected, data, tick, waiting, running = [], b"", 0, 0, 0
    for _ in range(events):
        ticks = int(generator.choice([0, 1, 127, 128, 16383, 16384, 2**21 - 1, 2**21]))
        between = generator.random()
        if between < 0.1:
            other = generator.choice([0xF0, 0xF7, 0xFF01, 0xFF7F])
            content = generator.integers(0, 256, int(generator.choice([0, 3, 200])), dtype=np.uint8).tobytes()
            kind = bytes([other]) if other < 256 else bytes([other >> 8, other & 255])
            data += delta(ticks) + kind + delta(len(content)) + content
            waiting += ticks
            continue
        status = running if running and between < 0.5 else int(generator.integers(0x80, 0xF0))
        values = generator.integers(0, 128, 1 if status >> 4 in (12, 13) else 2).tolist()
        data += delta(ticks) + bytes(values if status == running and between < 0.5 else [status, *values])
        tick, waiting, running = tick + waiting + ticks, 0, status
        expected.append((tick, status, values[0], [*values, 0][1]))
    return expected, chunk(data + b"\x00" + END_OF_TRACK)


@pytest.mark.parametrize("seed", range(5))
def test_every_message_is_read_as_it_was_written(seed: int) -> None:
    generator = np.random.default_rng(seed)
    expected, tracks = [], []
    for number in range(3):
        messages, data = random_track(generator, 3000)
        expected += [(tick, number, row) for tick, *row in messages]
        tracks.append(data)
    assert len(tracks[0]) < 2**16 < sum(map(len, tracks)) or seed  # more than one table
    expected.sort(key=lambda one: one[:2])
    assert rows(parse(header(3) + b"".join(tracks))) == [(tick, *row) for tick, _, row in expected]


def test_a_track_of_many_tables_is_read_whole() -> None:
    pitches = np.arange(100_000) % 128
    data = b"\x00\x90\x00\x40" + b"".join(bytes([1, pitch, 64]) for pitch in pitches[1:].tolist())
    events = parse(header(1) + chunk(data + b"\x00" + END_OF_TRACK))
    np.testing.assert_array_equal(events.first, pitches)
    np.testing.assert_array_equal(events.tick, np.arange(100_000))


@pytest.mark.parametrize(
    "data",
    [
        header(1) + track(*FOUR),
        header(1) + track(*FOUR[:2], (0, b"\xf0\x05\x7e\x7f\x09\x01\xf7"), *FOUR[2:]),
        header(1) + track(*FOUR[:2], (0, b"\xf0\x03\x43\x12\x00"), (0, b"\xf7\x02\x01\xf7"), *FOUR[2:]),
        chunk(struct.pack(">HHHH", 0, 1, 480, 7), b"MThd") + track(*FOUR),
        header(1) + chunk(b"alien", b"XFIH") + track(*FOUR) + chunk(b"", b"XFKM"),
        header(1) + track(*FOUR[:2]) + track((480, on(62)), (480, off(62))),
        header(1) + track(*FOUR, (0, END_OF_TRACK), (0, on(64)), (480, off(64))),
        header(1) + chunk(written(*FOUR)),
        header(1) + track(*FOUR) + b"\x1a\x00\x00",
        header(1) + track(*FOUR) + bytes(64),
        header(1, midi_format=2) + track(*FOUR),
        riff(header(1) + track(*FOUR)),
        riff(header(1) + track(*FOUR), b"LIST\x05\x00\x00\x00INFOx\x00"),
        riff(header(1) + track(*FOUR)) + b"DISP\x04\x00\x00\x00\x01\x00\x00\x00",
    ],
    ids=[
        "plain",
        "system exclusive",
        "system exclusive in packets",
        "header of 8 bytes",
        "alien chunks",
        "more tracks than the header says",
        "events behind the end of a track",
        "no end of track",
        "bytes behind the tracks",
        "zeros behind the tracks",
        "format 2 of one track",
        "RIFF",
        "RIFF with another chunk of odd size",
        "RIFF with a chunk behind",
    ],
)
def test_the_same_music_in_another_form_is_the_same(data: bytes) -> None:
    assert rows(parse(data)) == FOUR_READ


@pytest.mark.parametrize("between", [b"\xf0\x05\x7e\x7f\x09\x01\xf7", b"\xff\x01\x03abc", b"\xf7\x01\xfe"])
def test_a_running_status_outlasts_what_stands_within_it(between: bytes) -> None:
    data = written((0, on(60)), (480, b"\x3c\x00"), (0, between), (0, b"\x3e\x50"), (480, b"\x3e\x00"))
    read = rows(parse(header(1) + chunk(data + b"\x00" + END_OF_TRACK)))
    assert read == [(0, 0x90, 60, 80), (480, 0x90, 60, 0), (480, 0x90, 62, 80), (960, 0x90, 62, 0)]


def test_a_running_status_of_one_data_byte_is_read_too() -> None:
    read = rows(
        parse(midi((0, program(1)), (1, b"\x02"), (1, on(60)), (1, b"\x3c\x00"), (1, b"\xd0\x07"), (1, b"\x08")))
    )
    assert [row[1:] for row in read] == [
        (192, 1, 0),
        (192, 2, 0),
        (144, 60, 80),
        (144, 60, 0),
        (208, 7, 0),
        (208, 8, 0),
    ]


def test_tempo_changes_are_of_the_whole_file_and_exact() -> None:
    events = parse(header(2) + track((480, on(60)), (480, off(60))) + track((480, tempo(1_000_000))))
    np.testing.assert_allclose(events.seconds(events.tick), [0.5, 1.5], rtol=1e-15)
    many = [(7, tempo(100_000 + number)) for number in range(2000)]
    events = parse(midi(*many, (0, on(60))))
    before = 7 * (0.5 + sum((100_000 + number) / 1e6 for number in range(1999))) / 480
    assert events.seconds(events.tick)[0] == pytest.approx(before, rel=1e-12)


def test_the_last_of_two_tempos_in_a_tick_counts() -> None:
    events = parse(midi((0, tempo(1)), (0, tempo(250_000)), (480, on(60))))
    assert events.seconds(events.tick).tolist() == [0.25]


def test_a_quarter_of_no_length_is_no_tempo() -> None:
    events = parse(midi((0, tempo(250_000)), (480, tempo(0)), (480, on(60))))
    assert events.remarks == ("a tempo of zero is not used: the one before it stays",)
    assert events.seconds(events.tick).tolist() == [0.5]


WHOLE = header(1) + track(*FOUR)  # its track begins at byte 22


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"RIFF\x04\x00\x00\x00WAVE" + bytes(20), "a RIFF file, but not one of MIDI"),
        (riff(WHOLE)[:-1], "cut off within the RIFF chunk 'data'"),
        (b"RIFF\x04\x00\x00\x00RMID", "without the chunk 'data'"),
        (riff(b"hello"), "does not begin with MThd"),
        (chunk(b"\x00\x01\x00\x01", b"MThd") + track(*FOUR), "a header of 4 bytes"),
        (header(1, midi_format=7) + track(*FOUR), "format 7; formats 0, 1 and 2 are defined"),
        (header(2, midi_format=2) + 2 * track(*FOUR), "format 2: its 2 tracks are pieces of their own"),
        (header(0) + track(*FOUR), "the header says 0 tracks"),
        (header(2) + track(*FOUR), "it has 1 of the 2 tracks"),
        (WHOLE[:-1], "the chunk at byte 14 says 22 bytes, and 21 follow"),
        (header(2) + track(*FOUR) + b"junk, no chunk", r"the chunk at byte 44 says .* bytes, and 6 follow"),
        (header(2) + track(*FOUR) + bytes(30), "no chunk begins at byte 44"),
        (header(1) + chunk(written(*FOUR)) + b"\x00\x00\x00\x00", "the track that ends at byte 40 has no end-of-track"),
        (header(1) + chunk(written(*FOUR)[:-1]), "the track ends within the event at byte 35"),
        (header(1) + chunk(written(*FOUR)[:-1]) + track(*FOUR), "the track ends within the event at byte 35"),
        (header(1) + chunk(written(*FOUR) + b"\x81"), "the track ends within the event at byte 40"),
        (header(1) + track(*FOUR, (0, b"\xff\x01\x7fabc")), "the track ends within the event at byte 40"),
        (header(1) + track(*FOUR, (0, b"\xf0\x7fabc")), "the track ends within the event at byte 40"),
        (midi((0, b"\x90\x3c\xb0")), "expected, and B0 found at byte 25"),
        (midi((0, on(60)), (0, b"\x90\xc8\x50")), "expected, and C8 found at byte 28"),
        (midi((0, b"\xc0\x90")), "expected, and 90 found"),
        (midi((0, b"\x3c\x50")), "the status of an event is missing at byte 23"),
        (midi((0, b"\xff\x01\x00"), (0, b"\x3c\x50")), "the status of an event is missing at byte 27"),
        (header(2) + track(*FOUR) + track((0, b"\x3c\x50")), "the status of an event is missing"),
        (midi((0, b"\xf4")), "status F4, which no MIDI file can hold, at byte 23"),
        (header(1) + chunk(b"\x80\x80\x80\x80\x00" + on(60)), "a delta time of more than 4 bytes at byte 22"),
        (header(1) + chunk(b"\x00" + on(60) + b"\x80\x80\x80\x80\x00" + off(60)), "4 bytes at byte 26"),
        (midi((0, b"\xff\x01\x80\x80\x80\x80\x00")), "the length of a meta event of more than 4 bytes"),
        (midi((0, b"\xff\x51\x02\x07\xa1")), "a tempo of 2 bytes at byte 22"),
        (midi((0, b"\xff\x2f\x01\x00")), "an end of track of 1 bytes"),
    ],
)
def test_what_contradicts_the_standard_is_refused_with_its_byte(data: bytes, reason: str) -> None:
    with pytest.raises(CorruptError, match=reason):
        parse(data)


def test_every_cut_of_a_file_is_refused() -> None:
    data = header(2) + track((0, program(0)), (0, controller(64, 127)), *FOUR) + track(*FOUR)
    for size in range(len(data)):
        with pytest.raises(CorruptError):
            parse(data[:size])


def test_system_exclusives_are_kept_in_their_place_without_their_brackets() -> None:
    reset = b"\xf0\x05\x7e\x7f\x09\x01\xf7"
    events = parse(midi((0, on(60)), (10, reset), (0, program(5)), (5, off(60))))
    assert events.status.tolist() == [0x90, EXCLUSIVE, 0xC0, 0x80]
    assert events.tick.tolist() == [0, 10, 10, 15]
    assert events.exclusives == (b"\x7e\x7f\x09\x01",)


def test_metre_key_and_texts_are_kept_with_their_ticks() -> None:
    events = parse(
        midi(
            (0, b"\xff\x58\x04\x06\x03\x18\x08"),
            (0, b"\xff\x59\x02\xfd\x01"),
            (10, b"\xff\x06\x04coda"),
            (5, b"\xff\x05\x02la"),
            (0, on(60)),
            (9, off(60)),
        )
    )
    assert events.metre.tolist() == [[0, 6, 8]]
    assert events.key.tolist() == [[0, -3, 1]]
    assert events.texts == ((10, 0, "marker", b"coda"), (15, 0, "lyric", b"la"))


@pytest.mark.parametrize(
    "content", [b"\xff\x58\x00", b"\xff\x58\x02\x00\x02", b"\xff\x58\x02\x04\x40", b"\xff\x59\x01\x00"]
)
def test_a_metre_or_key_that_says_nothing_is_passed_over(content: bytes) -> None:
    events = parse(midi((0, content), *FOUR))
    assert (len(events.metre), len(events.key)) == (0, 0)
    assert rows(events) == FOUR_READ


def test_ports_are_those_of_their_tracks_by_rank() -> None:
    port = b"\xff\x21\x01"
    tracks = [
        track((0, on(60)), (9, off(60))),
        track((0, port + b"\x05"), (0, on(61)), (5, port + b"\x02"), (4, off(61))),
    ]
    events = parse(header(2) + b"".join(tracks))
    ranked = dict(zip(zip(events.track.tolist(), events.tick.tolist(), strict=True), events.port.tolist(), strict=True))
    assert ranked == {(0, 0): 0, (0, 9): 0, (1, 0): 2, (1, 9): 1}


def test_every_port_has_channels_of_its_own_however_many_there_are() -> None:
    tracks = [track((0, b"\xff\x21\x01" + bytes([5 * port])), (0, on(60)), (9, off(60))) for port in range(40)]
    events = parse(header(40) + b"".join(tracks))
    assert sorted(set(events.port.tolist())) == list(range(40))
    assert events.remarks == ()


def test_a_track_that_changes_its_port_is_read_so_and_pointed_out() -> None:
    port = b"\xff\x21\x01"
    again = track((0, port + b"\x03"), (0, port + b"\x03"), (0, on(60)), (9, off(60)))
    assert parse(header(1) + again).remarks == ()
    events = parse(header(1) + track((0, port + b"\x03"), (0, on(60)), (9, off(60)), (0, port + b"\x09"), (0, on(62))))
    assert events.port.tolist() == [0, 0, 1]
    assert events.remarks == ("a track changes its port: each port counts from where it is stated",)


def test_what_is_due_with_one_tempo_is_half_a_tick_early_and_never_before_the_begin() -> None:
    events = parse(midi(*FOUR))
    np.testing.assert_allclose(events.due(np.array([0, 480, 960])), [0, 0.5 - 0.5 / 960, 1 - 0.5 / 960], rtol=1e-6)


def test_what_is_due_after_a_thousand_changes_of_tempo_is_at_its_time() -> None:
    changes = [(7, tempo(400_000 + 500 * (number % 300))) for number in range(1000)]
    events = parse(midi(*changes, (100, on(60)), (480, off(60))))
    half = 0.5 * events.tempo[-1, 1] / 1e6 / 480
    np.testing.assert_allclose(events.due(events.tick), events.seconds(events.tick) - half, atol=2e-6)
