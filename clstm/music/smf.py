"""The events of a Standard MIDI File, from its bytes (RP-001, "Standard MIDI Files 1.0"), also inside RIFF (RP-029).

Every byte is checked: what is read is what the file says, and a file that contradicts the standard is refused with the
byte at which it does. Where the standard is silent or widely ignored the file is read as FluidSynth's player reads it:
tempo changes apply to the whole file, whichever track they are in, and what follows an end of track is not read. Unlike
FluidSynth every track is read, also those beyond the header's count, and a running status outlasts the meta events and
system exclusives within it, which is how the programs that write such files mean it.

numpy says for every byte where the next event would begin if one began there; a walk along that table, the only loop
over events, finds those that do. That is some ten times as fast as mido decodes event after event.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import EXCLUSIVE, Events, Indices

_META, _TEMPO, _END_OF_TRACK = 0xFF, 0x51, 0x2F
_PORT, _METRE, _KEY = 0x21, 0x58, 0x59  # meta events
_TEXTS = {1: "text", 2: "copyright", 3: "track name", 4: "instrument name", 5: "lyric", 6: "marker", 7: "cue point"}
_SYSTEM_EXCLUSIVE = (EXCLUSIVE, 0xF7)
_CHUNK = 8  # bytes of a chunk's type and length
_LONGEST_NUMBER = 4  # bytes of a variable-length number
_LONGEST_EVENT = _LONGEST_NUMBER + 6  # bytes of those the table knows: a tempo is the longest
_BLOCK = 1 << 16  # bytes of a track in one table, for bounded memory
# Data bytes of a channel message, by its status >> 4.
_DATA_BYTES = {8: 2, 9: 2, 10: 2, 11: 2, 12: 1, 13: 1, 14: 2}
_TWO_DATA_BYTES = np.array([_DATA_BYTES.get(status >> 4) == 2 for status in range(256)])


class CorruptError(ValueError):
    """The bytes contradict the standard. The message says how, and at which byte."""


def parse(data: bytes) -> Events:
    """Raises `CorruptError`, also for a file that is not MIDI, and for time divisions and formats that are not read.

    A header with 96 ticks per quarter, and one track: C4 on, off 96 ticks later, end of track.

    >>> track = bytes.fromhex("00 90 3c 50  60 80 3c 00  00 ff 2f 00")
    >>> header = b"MThd" + bytes.fromhex("00000006 0000 0001 0060")
    >>> events = parse(header + b"MTrk" + len(track).to_bytes(4, "big") + track)
    >>> events.tick.tolist(), events.first.tolist(), events.second.tolist(), events.division
    ([0, 96], [60, 60], [80, 0], 96)
    """
    begin, end = _within_riff(data) if data[:4] == b"RIFF" else (0, len(data))
    division, expected, place = _header(data, begin, end)
    tracks = _Tracks(data)
    for span in _spans(data, place, end, expected):
        tracks.walk(*span)
    return tracks.events(division)


def _within_riff(data: bytes) -> tuple[int, int]:
    """The place of the MIDI file in a RIFF file of the type RMID: its chunk `data`, which others may precede."""
    if data[8:12] != b"RMID":
        raise CorruptError("not a MIDI file (a RIFF file, but not one of MIDI)")
    place = 12
    while place + _CHUNK <= len(data):
        size = int.from_bytes(data[place + 4 : place + _CHUNK], "little")
        if data[place : place + 4] == b"data":
            if place + _CHUNK + size > len(data):
                raise CorruptError("corrupt: cut off within the RIFF chunk 'data'")
            return place + _CHUNK, place + _CHUNK + size
        place += _CHUNK + size + size % 2  # chunks begin at even places
    raise CorruptError("corrupt: a RIFF file without the chunk 'data'")


def _header(data: bytes, begin: int, end: int) -> tuple[int, int, int]:
    """Ticks per quarter, the number of tracks, and the place where the header ends."""
    if data[begin : begin + 4] != b"MThd":
        raise CorruptError("not a MIDI file (it does not begin with MThd)")
    size = int.from_bytes(data[begin + 4 : begin + _CHUNK], "big")
    place = begin + _CHUNK + size
    if place > end or end < begin + 14:
        raise CorruptError("corrupt: the header is cut off")
    if size < 6:
        raise CorruptError(f"corrupt: a header of {size} bytes; it has at least 6")
    midi_format, tracks, division = (
        int.from_bytes(data[begin + at : begin + at + 2], "big") for at in (_CHUNK, _CHUNK + 2, _CHUNK + 4)
    )
    if midi_format > 2:
        raise CorruptError(f"format {midi_format}; formats 0, 1 and 2 are defined")
    if midi_format == 2 and tracks > 1:
        raise CorruptError(f"format 2: its {tracks} tracks are pieces of their own, not one piece; save each as a file")
    if tracks == 0:
        raise CorruptError("corrupt: the header says 0 tracks")
    if division & 0x8000:
        raise CorruptError("its time division is SMPTE; only ticks per quarter are read")
    if division == 0:
        raise CorruptError("corrupt header: 0 ticks per quarter")
    return division, tracks, place


def _spans(data: bytes, place: int, end: int, expected: int) -> Iterator[tuple[int, int, bool]]:
    """Begin and end of every track, and whether a chunk or nothing follows it. Chunks of other types are passed over.

    What follows the tracks that the header counts and is no chunk does no harm: many old files have it.
    """
    found = 0
    while place + _CHUNK <= end:
        kind, begin = data[place : place + 4], place + _CHUNK
        size = int.from_bytes(data[place + 4 : begin], "big")
        if kind != b"MTrk" and (found >= expected and (not _is_type(kind) or begin + size > end)):
            return
        if not _is_type(kind):
            raise CorruptError(f"corrupt: no chunk begins at byte {place}, where one must")
        if begin + size > end:
            raise CorruptError(
                f"corrupt: cut off, or a wrong length: the chunk at byte {place} says {size:,} bytes, and"
                f" {end - begin:,} follow"
            )
        place = begin + size
        if kind == b"MTrk":
            found += 1
            yield begin, place, _is_type(data[place : place + 4]) or place == end
    if found < expected:
        raise CorruptError(f"corrupt: cut off: it has {found} of the {expected} tracks that its header states")


def _is_type(kind: bytes) -> bool:
    """Whether bytes can be a chunk's type: four printable letters of ASCII."""
    return len(kind) == 4 and all(32 <= letter < 127 for letter in kind)


class _Tracks:
    """The tracks of a file, walked one after another, and then decoded together."""

    def __init__(self, data: bytes) -> None:
        self._data, self._octets = data, np.frombuffer(data + bytes(_LONGEST_EVENT), dtype=np.uint8)
        self._base, self._tables = -_BLOCK, [bytearray()] * 2  # of the block that is walked
        self._places: list[int] = []  # of events in that block, from its begin
        self._walked: list[NDArray[np.int64]] = []  # places of events in blocks before
        self._before = 0  # how many those are
        self._events: list[int] = []  # events in each track
        self._end, self._running, self._ended = 0, 0, False  # of the track that is walked

    def walk(self, begin: int, end: int, last: bool) -> None:
        """Find the events of a track. Where a chunk or nothing follows (`last`), it may lack an end-of-track event."""
        place, before = begin, self._count
        self._end, self._running, self._ended = end, 0, False
        while place < end and not self._ended:
            if not 0 <= place - self._base < _BLOCK:
                self._enter(place)
            place = self._by_table(place, self._tables[int(_TWO_DATA_BYTES[self._running])])
            if place - self._base < _BLOCK and place < end:
                self._places.append(place - self._base)
                place = self._one(place)
        if place > end:
            raise self._corrupt("the track ends within the event", self._base + self._places[-1])
        if not self._ended and not last:
            raise CorruptError(f"corrupt: the track that ends at byte {end} has no end-of-track event")
        self._events.append(self._count - before)

    @property
    def _count(self) -> int:
        """Events found so far."""
        return self._before + len(self._places)

    def _enter(self, place: int) -> None:
        """Make the tables of the block that holds a place."""
        self._walked.append(np.array(self._places, dtype=np.int64) + self._base)
        self._before, self._places = self._count, []
        self._base = place - place % _BLOCK
        octets = self._octets[self._base : self._base + _BLOCK + _LONGEST_EVENT]
        self._tables = [bytearray(lengths.tobytes() + bytes(_LONGEST_EVENT)) for lengths in _lengths(octets)]

    def _by_table(self, place: int, table: bytearray) -> int:
        """Follow the table to an event that it does not know, the end of the block, or the end of the track."""
        at, end, add = place - self._base, self._end - self._base, self._places.append
        if end < len(table):
            table[end] = 0
        while length := table[at]:
            add(at)
            at += length
        if at > end:  # the last event reaches beyond the track, and the walk went on there
            while self._places[-1] >= end:
                self._places.pop()
        return self._base + at

    def _one(self, place: int) -> int:
        """Check the event at a place, of any kind. Returns where the next one begins."""
        _, at = self._number(place, "a delta time", place)
        status = self._byte(at, place)
        if status == _META:
            kind = self._byte(at + 1, place)
            length, content = self._number(at + 2, "the length of a meta event", place)
            if kind in (_TEMPO, _END_OF_TRACK) and length != (3 if kind == _TEMPO else 0):
                what = "a tempo" if kind == _TEMPO else "an end of track"
                raise self._corrupt(f"{what} of {length} bytes", place)
            self._ended = kind == _END_OF_TRACK
            return content + length
        if status in _SYSTEM_EXCLUSIVE:
            length, content = self._number(at + 1, "the length of a system exclusive", place)
            return content + length
        if status > 0xF0:
            raise self._corrupt(f"status {status:02X}, which no MIDI file can hold,", at)
        if status >= 0x80:
            self._running, at = status, at + 1
        elif not self._running:
            raise self._corrupt("the status of an event is missing", at)
        following = at + _DATA_BYTES[self._running >> 4]
        for octet in range(at, following):
            if self._byte(octet, place) >= 0x80:
                raise self._corrupt(f"a data byte (00 to 7F) is expected, and {self._data[octet]:02X} found", octet)
        return following

    def _number(self, begin: int, what: str, place: int) -> tuple[int, int]:
        """The variable-length number that begins at a byte, and the byte behind it."""
        value = 0
        for at in range(begin, begin + _LONGEST_NUMBER):
            octet = self._byte(at, place)
            value = value << 7 | octet & 0x7F
            if octet < 0x80:
                return value, at + 1
        raise self._corrupt(f"{what} of more than {_LONGEST_NUMBER} bytes", begin)

    def _byte(self, at: int, place: int) -> int:
        if at >= self._end:
            raise self._corrupt("the track ends within the event", place)
        return self._data[at]

    @staticmethod
    def _corrupt(what: str, place: int) -> CorruptError:
        return CorruptError(f"corrupt: {what} at byte {place}")

    def events(self, division: int) -> Events:
        """The events of all tracks walked so far."""
        octets = self._octets
        places = np.concatenate([*self._walked, np.array(self._places, dtype=np.int64) + self._base])
        at, delta = places + 1, (octets[places] & 0x7F).astype(np.int64)
        for _ in range(1, _LONGEST_NUMBER):
            more = octets[at - 1] >= 0x80
            delta = np.where(more, delta << 7 | octets[at] & 0x7F, delta)
            at = at + more
        counts = np.array([count for count in self._events if count], dtype=np.int64)
        total, first = np.cumsum(delta), np.cumsum(counts) - counts
        tick = total - np.repeat(total[first] - delta[first], counts)
        end = int(tick[first + counts - 1].max(initial=0))
        track = np.repeat(np.arange(len(self._events)), self._events)
        status = octets[at]
        # A message without a status has that of the message before it. The walk saw to it that a track begins with one.
        explicit = (status >= 0x80) & (status < EXCLUSIVE)
        running = status[np.maximum.accumulate(np.where(explicit, np.arange(len(at)), 0))]
        status = np.where(status < EXCLUSIVE, running, status)
        metas = self._metas(np.flatnonzero(status == _META), tick, track, at)
        sent = np.flatnonzero(status <= EXCLUSIVE)
        sent = sent[np.argsort(tick[sent], kind="stable")]
        port = self._ports(metas.pop("port"), track)[sent]
        tick, track, at, status, explicit = tick[sent], track[sent], at[sent], status[sent], explicit[sent]
        channel = status < EXCLUSIVE
        one = np.where(channel, octets[at + explicit], 0).astype(np.uint8)
        two = np.where(_TWO_DATA_BYTES[status], octets[at + explicit + 1], 0).astype(np.uint8)
        exclusives = tuple(self._content(place + 1).removesuffix(b"\xf7") for place in at[~channel].tolist())
        return Events(
            tick,
            track,
            (np.cumsum(np.bincount(port) > 0) - 1)[port],
            status,
            one,
            two,
            exclusives,
            division=division,
            end=end,
            **metas,
        )

    def _metas(self, places: Indices, tick: Indices, track: Indices, at: Indices) -> dict[str, Any]:
        """The meta events that say something about the music, in the order of their ticks."""
        tempo, metre, key, texts, port, no_tempo = [], [], [], [], [], False
        for place in places[np.argsort(tick[places], kind="stable")].tolist():
            kind, content = self._data[at[place] + 1], self._content(int(at[place]) + 2)
            when = int(tick[place])
            if kind == _TEMPO and any(content):
                tempo.append((when, int.from_bytes(content, "big")))
            elif kind == _TEMPO:  # a quarter of no length is no tempo
                no_tempo = True
            elif kind == _METRE and len(content) >= 2 and content[0] and content[1] < 8:
                metre.append((when, content[0], 1 << content[1]))
            elif kind == _KEY and len(content) >= 2 and content[1] < 2:
                key.append((when, int.from_bytes(content[:1], "big", signed=True), content[1]))
            elif kind in _TEXTS:
                texts.append((when, int(track[place]), _TEXTS[kind], content))
            elif kind == _PORT and content:
                port.append((place, content[0]))
        return {
            "tempo": np.array(tempo, dtype=np.int64).reshape(-1, 2),
            "metre": np.array(metre, dtype=np.int64).reshape(-1, 3),
            "key": np.array(key, dtype=np.int64).reshape(-1, 3),
            "texts": tuple(texts),
            "port": port,
            "remarks": tuple(
                remark
                for remark, holds in (
                    ("a tempo of zero is not used: the one before it stays", no_tempo),
                    ("a track changes its port: each port counts from where it is stated", _changes(port, track)),
                )
                if holds
            ),
        }

    @staticmethod
    def _ports(stated: list[tuple[int, int]], track: Indices) -> Indices:
        """The port of every event: the one that its track stated last, or 0."""
        port = np.zeros(len(track), dtype=np.int64)
        for place, number in sorted(stated):
            port[place : np.searchsorted(track, track[place], side="right")] = number
        return port

    def _content(self, at: int) -> bytes:
        """The bytes behind the length that begins at a byte; the walk has checked that they are there."""
        self._end = len(self._data)
        length, begin = self._number(at, "a length", at)
        return self._data[begin : begin + length]


def _changes(stated: list[tuple[int, int]], track: Indices) -> bool:
    """Whether a track states several ports."""
    return len({(int(track[place]), number) for place, number in stated}) > len({int(track[at]) for at, _ in stated})


def _lengths(octets: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How long the event that began at each byte would be; 0 where it is not one of those known, or not a valid one.

    The first table knows tempos, for where no status of two data bytes is in force; the second messages of two data
    bytes too, and takes a running status for one. The last `_LONGEST_EVENT` bytes are only looked at.
    """
    count = len(octets) - _LONGEST_EVENT
    more = octets >= 0x80
    chain = more[:count]
    delta = np.ones(count, dtype=np.uint8)
    delta += chain
    for ahead in range(1, _LONGEST_NUMBER):
        chain = chain & more[ahead : count + ahead]
        delta += chain
    status_at = np.arange(count) + delta
    status, first, second = octets[status_at], octets[status_at + 1], octets[status_at + 2]
    explicit = _TWO_DATA_BYTES[status] & ((first | second) < 0x80)
    sound = ~chain  # a fifth byte of a number is one too many
    tempo = (status == _META) & (first == _TEMPO) & (second == 3) & sound
    message = (explicit | ((status | first) < 0x80)) & sound
    tempos = (delta + 6) * tempo
    return tempos, tempos + (delta + 2 + explicit) * message
