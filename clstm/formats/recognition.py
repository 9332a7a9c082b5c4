"""Whether a file has notes that are read, where its suffix does not say: .xml, .json, .npz, .npy, .pb, .tfrecord.

Much else has these suffixes. Only the content counts, and it has to have the form of its format, so that a table beside
audio is no music.
"""

import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

PITCHES = 128
TOKENIZER, ROLL, ROLL_RATE = "tokenizer.json", "pianoroll.json", "frames_per_second"  # files beside music, or above it
NO_RATE = f'a piano roll of unknown frame rate; put {ROLL} with {{"{ROLL_RATE}": 8}} beside it or in a folder above'
CONTAINER = "META-INF/container.xml"  # of a compressed score
MIREX_KEYS = ("prompt", "generation", "output")

_UNKNOWN_RATE = dict.fromkeys("biu", NO_RATE)  # of other numbers it is nothing: embeddings have 128 columns too
_MIREX_NOTE = ("start", "pitch", "duration")
_COMPANIONS = {".json": TOKENIZER, ".npy": ROLL}
_LARGEST = 64 * 2**20  # bytes of a file that is looked into
_SCORE = re.compile(rb"<(?:\w+:)?(?:score-partwise|score-timewise|mei)\b")
_LIKE_NOTES = re.compile(r'"(?:ids|pitch)"\s*:')


def companion(path: Path) -> Path | None:
    """The file that says how tokens or a plain piano roll are read: the nearest, beside it or in a folder above."""
    name = _COMPANIONS.get(Path(path).suffix.lower(), "")
    places = Path(os.path.abspath(path)).parents if name else ()  # noqa: PTH100 - links are followed as they are named
    return next((place / name for place in places if (place / name).is_file()), None)


def why_not_notes(path: Path) -> str | None:
    """Why the notes in a file of one of `SHARED_SUFFIXES` cannot be read: "" where they can, None where it has none."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    found = _looked_into(Path(os.path.abspath(path)), status.st_mtime_ns, status.st_size)  # noqa: PTH100
    return ("" if companion(path) else _UNKNOWN_RATE.get(found)) if found and path.suffix.lower() == ".npy" else found


@lru_cache(maxsize=4096)
def _looked_into(path: Path, _modified: int, size: int) -> str | None:
    """The same, by the content alone; of a .npy file the kind of its numbers."""
    try:
        with path.open("rb") as file:
            match path.suffix.lower():
                case ".xml":
                    head = _plain(file.read(4096))
                    return _yes(_SCORE.search(head) or (head.startswith(b"PK") and is_score(_names(path))))
                case ".npz":
                    return _yes(is_multitrack(_names(path)))
                case ".npy":
                    return _roll(file.read(256)) or None
                case ".pb":
                    return _yes(_has_notes(file.read(_LARGEST)))
                case ".tfrecord":
                    return _yes(_has_notes(next(records(file.read(_LARGEST)), b"")))
            return _in_json(file.read(_LARGEST)) if size <= _LARGEST else None
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return None


def _yes(found: object) -> str | None:
    return "" if found else None


def _plain(head: bytes) -> bytes:
    return head.replace(b"\0", b"")  # ASCII in UTF-16


def _names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def is_score(names: set[str]) -> bool:
    """Whether the files of an archive are those of compressed MusicXML."""
    return CONTAINER in names or any(name.lower().endswith((".xml", ".musicxml")) for name in names)


def is_multitrack(names: set[str]) -> bool:
    """Whether the files of an archive are those of a Multitrack of pypianoroll, maybe a broken one."""
    return "info.json" in names and any(name.startswith("pianoroll_") for name in names)


def _roll(head: bytes) -> str:
    """The kind of numbers of a .npy file whose header states (..., 128), or (128, frames); "" for anything else."""
    shape = re.search(rb"'shape': \((\d+), (?:(\d+), )?(\d+),?\)", head)
    kind = re.search(rb"'descr': '[<>|=]([biuf])\d+'", head)
    sizes = [int(one) for one in shape.groups() if one] if shape else []
    fits = sizes[-1:] == [PITCHES] or (len(sizes) == 2 and sizes[0] == PITCHES)
    return kind[1].decode() if head[:6] == b"\x93NUMPY" and kind and fits else ""


def records(data: bytes) -> Iterator[bytes]:
    """Those of a TFRecord file. Raises `ValueError` where it is cut off; checksums are not checked."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 8], "little")
        if at + 16 + size > len(data):
            raise ValueError("corrupt: cut off within a record")
        yield data[at + 12 : at + 12 + size]
        at += 16 + size


def _has_notes(data: bytes) -> bool:
    """Whether a protocol buffer can be a NoteSequence: known fields to its end, and among them notes, its field 8."""
    at, found = 0, False
    while at < len(data):
        tag, at = _varint(data, at)
        field, wire = tag >> 3, tag & 7
        if not 1 <= field <= 30 or wire not in (0, 1, 2, 5):
            return False
        value, behind = _varint(data, at) if wire in (0, 2) else (0, at)
        at = behind + {0: 0, 1: 8, 2: value, 5: 4}[wire]
        found |= field == 8 and wire == 2
    return found and at == len(data)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at
    return 0, len(data) + 1  # cut off


def _in_json(data: bytes) -> str | None:
    try:
        return "" if json_form(json.loads(data)) else None
    except (ValueError, RecursionError):
        return "corrupt JSON" if _LIKE_NOTES.search(data[:4096].decode(errors="replace")) else None


def json_form(found: Any) -> str | None:
    """The format of notes that a JSON value is in: MidiTok, MusPy, MIREX, NoteSequence, or None.

    >>> json_form({"ids": [[4, 90, 12]]}), json_form({"prompt": [{"start": 0, "pitch": 60, "duration": 4}]})
    ('MidiTok', 'MIREX')
    >>> json_form({"ids": ["a", "b"]}) is None
    True
    """
    if isinstance(found, list):
        return "MIREX" if _has(found, *_MIREX_NOTE) else None
    if not isinstance(found, dict):
        return None
    ids: Any = found.get("ids", found.get("tokens"))
    if isinstance(ids, list) and (ids or set(found) <= {"ids", "ids_encoded", "programs"}):
        while isinstance(ids, list) and ids:
            ids = ids[0]
        return "MidiTok" if isinstance(ids, int) or ids == [] else None
    if isinstance(found.get("tracks"), list) and "resolution" in found:
        return "MusPy"
    lists = [found[key] for key in MIREX_KEYS if key in found]
    noted = any(_has(one, *_MIREX_NOTE) for one in lists) or not any(lists)
    if lists and all(isinstance(one, list) for one in lists) and noted:
        return "MIREX"
    notes = found.get("notes") or []
    pitched = notes == [] or _has(notes, "pitch")
    timed = {"ticksPerQuarter", "ticks_per_quarter", "totalTime", "total_time"} & set(found)
    ended = _has(notes, "pitch", "endTime") or _has(notes, "pitch", "end_time")
    return "NoteSequence" if pitched and (timed or ended) else None


def _has(found: Any, *keys: str) -> bool:
    """Whether some of a list has these keys: where others have not, the reader says which."""
    return isinstance(found, list) and any(isinstance(one, dict) and set(keys) <= set(one) for one in found)
