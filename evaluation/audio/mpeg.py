"""The frames of an MP3 file, found one by one: only they show its length.

An MP3 file has no header. Its first frame may hold a count of the others ("Xing" or "Info"), and libsndfile stops
there; without one it guesses from the bit rate of the first frames, and reads a third of a file whose bit rate rises.
Files are joined, tagged in the middle and cut. So every frame is counted here, and libsndfile gets the count.

Source: ISO/IEC 11172-3 2.4.1.3 and 13818-3 2.4.2.3 (headers); the Xing and LAME tags as LAME 3.100 writes them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import MADV_DONTNEED, mmap

from evaluation.audio.containers import Stream, WrongHeaderError

_RATES = (44100, 48000, 32000)  # Hz of MPEG-1; MPEG-2 has half of it, MPEG-2.5 a quarter
_BIT_RATES = {  # kbit/s by (MPEG-1 or not, layer)
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
MPEG_RATES = frozenset(rate >> shift for rate in _RATES for shift in (0, 1, 2))
_RUBBISH = 2**24  # bytes in a row in which a frame is looked for
_MAPPED = 2**26  # bytes of the file that may stay in memory
_CHAIN = 3  # headers that must follow one another where the next frame is looked for
_TAG, _LENGTHS = 120, 21  # bytes of a whole Xing tag, and of LAME's behind it before its delay and padding
_DELAY = 576  # samples of silence that LAME begins with, besides those that every decoder adds
_SHIFTS = {3: 0, 2: 1, 0: 2}  # of the rate, by the version's bits


@dataclass(frozen=True)
class Header:
    """The header of a frame. layer : 1..3; rate : Hz; samples : per channel; size : bytes of the frame"""

    mpeg1: bool
    layer: int
    rate: int
    channels: int
    samples: int
    size: int

    @property
    def form(self) -> tuple[bool, int, int, int]:
        """What does not change within a stream."""
        return self.mpeg1, self.layer, self.rate, self.channels

    @property
    def tag(self) -> int:
        """Bytes before the Xing tag: the header and the side information.

        >>> Header(mpeg1=True, layer=3, rate=44100, channels=2, samples=1152, size=417).tag
        36
        """
        if self.mpeg1:
            return 4 + (32 if self.channels == 2 else 17)
        return 4 + (17 if self.channels == 2 else 9)


@dataclass
class MpegHeader:
    """A stream: its first header, where its Xing tag's count stands (None: it has none), and its other frames."""

    header: Header
    first: bytes
    info: tuple[int, int] | None = None  # the whole frame with the tag
    count_at: int | None = None
    promised: int | None = None
    frames: int = 0
    stretches: list[list[int]] = field(default_factory=list)

    def add(self, at: int, size: int) -> None:
        self.frames += 1
        if self.stretches and self.stretches[-1][1] == at:
            self.stretches[-1][1] = at + size
        else:
            self.stretches.append([at, at + size])


def header(content: mmap | bytes, at: int) -> Header | None:
    """The header of the frame that begins there, or None; also for a free bit rate: its frames have no known length.

    At 128 kbit/s and 44.1 kHz a frame has 144 * 128,000 / 44,100 = 417 bytes:

    >>> header(bytes.fromhex("fffb9000"), 0)
    Header(mpeg1=True, layer=3, rate=44100, channels=2, samples=1152, size=417)
    """
    four = content[at : at + 4]
    if len(four) < 4 or four[0] != 0xFF or four[1] & 0xE0 != 0xE0:
        return None
    version, layer = four[1] >> 3 & 3, 4 - (four[1] >> 1 & 3)
    rate, bits = four[2] >> 2 & 3, four[2] >> 4
    if version == 1 or layer == 4 or rate == 3 or bits in (0, 15):
        return None
    mpeg1 = version == 3
    hertz, bit_rate, padding = _RATES[rate] >> _SHIFTS[version], _BIT_RATES[mpeg1, layer][bits] * 1000, four[2] >> 1 & 1
    if layer == 1:
        samples, size = 384, (12 * bit_rate // hertz + padding) * 4
    else:
        samples = 576 if layer == 3 and not mpeg1 else 1152
        size = samples // 8 * bit_rate // hertz + padding
    return Header(mpeg1, layer, hertz, 1 if four[3] >> 6 == 3 else 2, samples, size)


def streams(content: mmap, longest: float) -> list[Stream]:
    """The streams of a file, each with the true count of its frames.

    longest : seconds, after which counting stops: the length so far is then the length stated
    Raises `WrongHeaderError` where there are no frames, and where the rate or the number of channels changes.
    """
    found: list[MpegHeader] = []
    seconds = 0.0
    for at, one in _frames(content):
        if found and one.form != found[-1].header.form:
            raise WrongHeaderError(f"changes from {_form(found[-1].header)} to {_form(one)} in the middle")
        tag = content[at + one.tag : at + one.tag + 12] if one.layer == 3 else b""
        if tag[:4] in (b"Xing", b"Info"):
            counted = tag[7] & 1
            found.append(
                MpegHeader(one, content[at : at + 4], (at, at + one.size), at + one.tag + 8 if counted else None)
            )
            found[-1].promised = struct.unpack(">I", tag[8:12])[0] if counted else None
            continue
        if not found:
            found.append(MpegHeader(one, content[at : at + 4]))
        found[-1].add(at, one.size)
        seconds += one.samples / one.rate
        if seconds > longest:
            return [Stream([(0, len(content))], promised=round(seconds * one.rate))]
    if not any(one.frames or one.promised for one in found):
        raise WrongHeaderError("not readable as audio (no MPEG frames that state their length)")
    return [_stream(content, one) for one in found if one.frames or one.promised]


def _form(one: Header) -> str:
    return f"{one.rate} Hz, {'two channels' if one.channels == 2 else 'one channel'}"


def _frames(content: mmap) -> Iterator[tuple[int, Header]]:
    """Every whole frame and where it begins; tags and rubbish between them are passed over."""
    at = sound = released = 0
    form = None  # of the frame that ends here, if one does
    while at + 4 <= len(content) and at - sound <= _RUBBISH:
        if at - released > _MAPPED and hasattr(content, "madvise"):
            content.madvise(MADV_DONTNEED)
            released = at
        one = header(content, at)
        if one is None or not (one.form == form or _follows(content, at, _CHAIN)):
            following, form = _next(content, at), None
            sound = following if content[at : at + 3] == b"ID3" else sound
            at = following
            continue
        if at + one.size > len(content):
            return
        yield at, one
        at, form = at + one.size, one.form
        sound = at


def behind_tags(content: mmap) -> int:
    """The first byte of a file behind its ID3 tags."""
    at = 0
    while content[at : at + 3] == b"ID3" and (following := _next(content, at)) > at + 9:
        at = following
    return at


def _next(content: mmap, at: int) -> int:
    """Where to look for the next frame: behind the tag that begins here, or at the next byte that may begin one."""
    if content[at : at + 3] == b"ID3" and at + 10 <= len(content):
        size = 0
        for byte in content[at + 6 : at + 10]:  # seven bits each
            size = size << 7 | byte & 0x7F
        if at + 10 + size < len(content):
            return at + 10 + size
    end = min(at + _RUBBISH + 2, len(content))
    following = content.find(b"\xff", at + 1, end)
    following = following if following >= 0 else end
    tag = content.find(b"ID3", at + 1, following)
    return tag if tag >= 0 else following


def _follows(content: mmap, at: int, count: int) -> bool:
    """Whether as many frames of one form follow one another here, or several to the end, or one that ends there."""
    first = header(content, at)
    form = first and first.form
    for place in range(count):
        one = header(content, at)
        if one is None or one.form != form:
            return False
        at += one.size
        if at >= len(content):
            return place > 0 or at == len(content)
    return True


def _stream(content: mmap, one: MpegHeader) -> Stream:
    """The frames, and before them one with their true count. Its delays stay where the count was right."""
    parts: list[bytes | tuple[int, int]] = [(first, last) for first, last in one.stretches]
    promised = one.promised if one.promised is not None and one.promised > one.frames + 1 else None
    share = 1.0 if promised is None else one.frames / promised
    if one.info is None or one.count_at is None:
        info = bytearray(_counted(one))
    else:
        first, last = one.info
        info = bytearray(content[first:last])
        struct.pack_into(">I", info, one.count_at - first, one.frames)
        if info[one.count_at - first - 1] & 2:  # the tag counts the bytes too
            size = len(info) + sum(end - begin for begin, end in one.stretches)
            struct.pack_into(">I", info, one.count_at - first + 4, size)
        if one.promised is not None and one.frames > one.promised:
            _without_end(info, one.header.tag)
    return Stream([bytes(info), *parts], share=share)


def _counted(one: MpegHeader) -> bytes:
    """A frame of silence that holds the count."""
    four = bytearray(one.first)
    four[1] |= 1  # no checksum
    four[2] = four[2] & 0x0D | (9 << 4)  # a bit rate with room for the tag, no padding
    frame = header(bytes(four), 0)
    assert frame is not None
    tag = bytes(four).ljust(frame.tag, b"\0") + b"Xing" + struct.pack(">II", 1, one.frames)
    return tag.ljust(frame.size, b"\0")


def with_length(frames: bytes, samples: int) -> bytes:
    """A stream as LAME encodes it, behind a frame that states its length: players then leave out the silence that LAME
    puts before and behind the music.

    frames : of one size and rate, layer 3; samples : of each channel that were encoded
    """
    one, at = header(frames, 0), 0
    assert one is not None, "LAME begins with a frame"
    found = MpegHeader(one, frames[:4])
    while at < len(frames) and (following := header(frames, at)):
        found.add(at, following.size)
        at += following.size
    info = bytearray(_counted(found))
    padding = found.frames * one.samples - samples - _DELAY
    places = bytes(256 * hundredth // 100 for hundredth in range(100))  # of the hundredths of its length
    tag = struct.pack(">4sIII", b"Info", 0b1111, found.frames, len(info) + len(frames)) + places + bytes(4)
    tag += b"LAME".ljust(_LENGTHS, b"\0") + (_DELAY << 12 | padding).to_bytes(3, "big")
    info[one.tag : one.tag + len(tag)] = tag
    return bytes(info) + frames


def _without_end(info: bytearray, tag: int) -> None:
    """Nothing is cut from the end that the tag did not know: LAME's padding, 12 bits, is set to none."""
    at = tag + _TAG + _LENGTHS
    if at + 3 <= len(info):
        info[at + 1] &= 0xF0
        info[at + 2] = 0
