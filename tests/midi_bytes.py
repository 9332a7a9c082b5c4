"""MIDI files written byte by byte, for what no writer writes."""

import struct

Event = tuple[int, bytes]  # ticks after the event before, message

END_OF_TRACK = b"\xff\x2f\x00"


def on(pitch: int, channel: int = 0, velocity: int = 80) -> bytes:
    return bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes([0x80 | channel, pitch, 0])


def controller(number: int, value: int, channel: int = 0) -> bytes:
    return bytes([0xB0 | channel, number, value])


def program(number: int, channel: int = 0) -> bytes:
    return bytes([0xC0 | channel, number])


def tempo(microseconds: int) -> bytes:
    return b"\xff\x51\x03" + microseconds.to_bytes(3, "big")


def delta(ticks: int) -> bytes:
    octets = [ticks & 127]
    while ticks := ticks >> 7:
        octets.append(ticks & 127 | 128)
    return bytes(reversed(octets))


def written(*events: Event) -> bytes:
    return b"".join(delta(ticks) + message for ticks, message in events)


def chunk(content: bytes, kind: bytes = b"MTrk") -> bytes:
    return kind + struct.pack(">I", len(content)) + content


def track(*events: Event, end: int = 0) -> bytes:
    """A track that ends so many ticks after its last event."""
    return chunk(written(*events, (end, END_OF_TRACK)))


def header(tracks: int, division: int = 480, midi_format: int = 1) -> bytes:
    return chunk(struct.pack(">HHH", midi_format, tracks, division), b"MThd")


def midi(*events: Event, division: int = 480) -> bytes:
    """One track. At 480 ticks a quarter and the tempo of a file that names none, 480 ticks are half a second."""
    return header(1, division, 0) + track(*events)
