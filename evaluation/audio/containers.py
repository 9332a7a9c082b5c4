"""The length that an audio file states, from its bytes, before a sample is decoded: is the file complete?

libsndfile reads as many samples as the header states, or as the file holds, and does not report where the two differ.
So the containers are parsed here, without decoding: the chunks of RIFF, RF64, W64, AIFF, CAF and AU, the pages of Ogg,
the beginnings of FLAC streams. The result is the `Stream`s to be decoded one after another, with their stated lengths.

Sources: Multimedia Programming Interface 1.0 (RIFF), EBU Tech 3306 (RF64), AIFF-C (Apple 1991), CAF (Apple), RFC 3533
(Ogg), RFC 9639 (FLAC).
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import BinaryIO

UNKNOWN = 0x7FFF0000  # bytes; programs that write into a pipe state so much or more, as they do not know the length
SLACK = 64  # bytes: some programs count the header among the samples
ZEROS = 2**16  # bytes read to distinguish padding from samples


@dataclass(frozen=True)
class Stream:
    """One stream to be decoded from its beginning to its end.

    parts : sections of the file (first byte, last byte + 1), or bytes that replace one
    share : of the stated samples that are present, judged by bytes; 1 where nothing is missing
    promised : samples stated by the header; None where it states none, or where `share` says it
    ends : whether its end is present, where the container marks one
    """

    parts: Sequence[bytes | tuple[int, int]]
    share: float = 1.0
    promised: int | None = None
    ends: bool = True


class Spliced:
    """Parts of a file, read by libsndfile as one file; nothing is copied."""

    def __init__(self, file: BinaryIO, parts: Sequence[bytes | tuple[int, int]]) -> None:
        self._file, self._parts = file, parts
        self._sizes = [len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts]
        self._size, self._at = sum(self._sizes), 0

    def read(self, count: int = -1) -> bytes:
        last = self._size if count < 0 else min(self._at + count, self._size)
        found, first = [], 0
        for part, size in zip(self._parts, self._sizes, strict=True):
            begin, end = max(self._at - first, 0), min(last - first, size)
            if begin < end:
                found.append(
                    part[begin:end] if isinstance(part, bytes) else self._stretch(part[0] + begin, end - begin)
                )
            first += size
            if first >= last:
                break
        content = b"".join(found)
        self._at += len(content)
        return content

    def _stretch(self, begin: int, size: int) -> bytes:
        self._file.seek(begin)
        return self._file.read(size)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._at = max({SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence] + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at


class WrongHeaderError(ValueError):
    """The header does not fit the file; the message is a reason."""


# --- chunks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chunk:
    """size : of its content, as stated; at : where its content begins; field : where its size is; all in bytes"""

    name: bytes
    size: int
    at: int
    field: int


def chunked(file: BinaryIO, size: int) -> Stream:
    """The stream of a RIFF, RF64, W64, AIFF, CAF or AU file of `size` bytes. Raises `WrongHeaderError`.

    A header that states 200 bytes of samples, and 100 bytes of them:

    >>> from io import BytesIO
    >>> form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    >>> header = struct.pack("<4sI4s", b"RIFF", 236, b"WAVE") + form + struct.pack("<4sI", b"data", 200)
    >>> chunked(BytesIO(header + bytes(100)), len(header) + 100).share
    0.5
    """
    head = _read(file, 0, 28)
    if head[:4] == b".snd":
        at, promised = struct.unpack(">II", head[4:12])
        return _promised(Chunk(b"data", promised, at, 8), size)
    chunks = list(_chunks(file, size, head))
    samples = next((chunk for chunk in chunks if chunk.name in (b"data", b"SSND")), None)
    if samples is None:
        return Stream([(0, size)])
    if samples.size == 0 and head[:4] == b"RIFF" and samples.at < size and not _ends_well(chunks, size):
        patched = struct.pack("<I", min(size - samples.at, 0xFFFFFFFF))  # written into a pipe: to the end of the file
        return Stream([(0, samples.field), patched, (samples.field + 4, size)])
    if samples.at + samples.size < size and not _ends_well(chunks, size):
        _check_rest(file, samples, chunks, size)
    return _promised(samples, size)


def _promised(samples: Chunk, size: int) -> Stream:
    there = max(size - samples.at, 0)
    if samples.size >= UNKNOWN and samples.size > there and (samples.size <= 0xFFFFFFFF or samples.size >= 2**62):
        return Stream([(0, size)])
    missing = samples.size - there
    return Stream([(0, size)], share=there / samples.size if missing > SLACK else 1.0)


def _chunks(file: BinaryIO, size: int, head: bytes) -> Iterator[Chunk]:
    """The chunks in order, up to the first bytes that are no chunk."""
    if head[:4] == b"riff":  # W64: sizes include their own header, chunks begin at multiples of 8
        at, header, form = 40, 24, "<Q"
    elif head[:4] == b"caff":
        at, header, form = 8, 12, ">Q"
    else:
        at, header, form = 12, 8, ">I" if head[:4] in (b"FORM", b"RIFX") else "<I"
    large = None
    while at + header <= size:
        name = _read(file, at, header)
        promised = struct.unpack(form, name[-struct.calcsize(form) :])[0]
        field = at + header - struct.calcsize(form)
        if not name[:4].strip(b" ").isalnum():
            return
        if head[:4] == b"riff":
            promised = max(promised - header, 0)
        if name[:4] == b"ds64":
            large = struct.unpack("<Q", _read(file, at + 16, 8))[0]
        if name[:4] == b"data" and large is not None and promised == 0xFFFFFFFF:
            promised = large
        yield Chunk(name[:4], promised, at + header, field)
        at += header + promised
        if head[:4] == b"riff":
            at += -at % 8
        elif head[:4] != b"caff":
            at += at % 2


def _ends_well(chunks: Sequence[Chunk], size: int) -> bool:
    """Whether chunks fill the file to its end, or to the end of a text tag there."""
    last = chunks[-1]
    return abs(last.at + last.size - size) <= 1 or last.name in (b"ID3 ", b"id3 ")


def _check_rest(file: BinaryIO, samples: Chunk, chunks: Sequence[Chunk], size: int) -> None:
    """Raise `WrongHeaderError` where so much follows the stated samples that it must be samples too."""
    end = chunks[-1].at + chunks[-1].size
    rest = size - end
    if end > size or rest <= max(samples.size // 20, ZEROS):
        return
    if any(_read(file, end, ZEROS)):
        raise WrongHeaderError(
            f"its header states {samples.size} bytes of samples, and {rest} more bytes follow; "
            "repair the header, or convert the file"
        )


# --- FLAC and Ogg ----------------------------------------------------------------------------------------------------

_WINDOW = 2**24  # bytes looked through at once
_MARK = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")  # and the header of STREAMINFO, which is the last block or not
_MARK_SIZE = 8


def flac(file: BinaryIO, begin: int, size: int) -> list[Stream]:
    """The streams of a FLAC file, one after another, without their stated lengths: each is read to its end."""
    if _read(file, size - 128, 3) == b"TAG":  # ID3's first version, which a decoder would look for frames in
        size -= 128
    begins = [begin, *_marks(file, begin + 4, size)]
    return [_flac(file, first, last) for first, last in zip(begins, [*begins[1:], size], strict=True)]


def _marks(file: BinaryIO, begin: int, size: int) -> Iterator[int]:
    """The first bytes of further streams."""
    for at in range(begin, size, _WINDOW):
        yield from (at + found.start() for found in _MARK.finditer(_read(file, at, _WINDOW + _MARK_SIZE - 1)))


def _flac(file: BinaryIO, first: int, last: int) -> Stream:
    if last - first < 42:
        return Stream([(first, last)])
    packed = int.from_bytes(_read(file, first + 18, 8), "big")  # rate 20, channels 3, bits 5, samples 36
    total = packed & (2**36 - 1)
    unknown = (packed - total).to_bytes(8, "big")
    return Stream([(first, first + 18), unknown, (first + 26, last)], promised=total or None)


def ogg(file: BinaryIO, size: int) -> list[Stream]:
    """The links of an Ogg file, one after another (RFC 3533 section 4); `ends`: whether the last page is present."""
    begins, at, music, ended = [0], 0, False, False
    while (page := _read(file, at, 27 + 255))[:4] == b"OggS" and len(page) >= 27:
        first, last = page[5] & 2, page[5] & 4
        if first and music:  # a first page after others: the next link
            begins.append(at)
        at += 27 + page[26] + sum(page[27 : 27 + page[26]])
        music, ended = not first, bool(last) and at <= size
    ends = [True] * (len(begins) - 1) + [ended]
    return [Stream([(a, b)], ends=end) for a, b, end in zip(begins, [*begins[1:], size], ends, strict=True)]


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(max(at, 0))
    return file.read(size)
