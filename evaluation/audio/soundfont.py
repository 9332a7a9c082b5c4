"""What a SoundFont has, from its list of presets (SoundFont 2.04, the sub-chunk phdr), and what music asks of it; and
whether a file is one, before FluidSynth opens it.
"""

from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from clstm.music.messages import CHANNELS, DRUM_BANK, Messages
from clstm.runtime.errors import UserError

MOST_CHANNELS = 256  # of FluidSynth

_RECORD = 38  # bytes of a preset: its name (20), program (2), bank (2) and others
# The tables of the presets, in their order: bytes of a record, and where in it the first records of other tables stand
# that belong to it.
_TABLES: dict[bytes, tuple[int, tuple[int, ...]]] = {
    b"phdr": (_RECORD, (24,)),
    b"pbag": (4, (0, 2)),
    b"pmod": (10, ()),
    b"pgen": (4, ()),
    b"inst": (22, (20,)),
    b"ibag": (4, (0, 2)),
    b"imod": (10, ()),
    b"igen": (4, ()),
    b"shdr": (46, ()),
}


@lru_cache
def presets(path: Path, _modified: int) -> frozenset[tuple[int, int]]:
    """(bank, program) of every preset; none of a file without a list. `_modified` : so that a new file is read anew."""
    data = _tables(path).get(b"phdr", b"")
    records = range(0, len(data) - _RECORD, _RECORD)  # the last only marks the end
    pairs = [(data[one + 22 : one + 24], data[one + 20 : one + 22]) for one in records]
    return frozenset((int.from_bytes(bank, "little"), int.from_bytes(program, "little")) for bank, program in pairs)


def asked_for(messages: Messages) -> set[tuple[int, int]]:
    """(bank, program) of every note that is struck: drums are in bank 128."""
    presets, struck = messages.presets, messages.struck
    return set(zip(presets.bank[struck].tolist(), presets.program[struck].tolist(), strict=True))


def lacking(messages: Messages, path: Path) -> tuple[str, ...]:
    """The programs that music asks for and a SoundFont lacks: a remark on those for which FluidSynth plays the first
    program or kit, and one on those that are silent, as there is no such; and one on ports without channels."""
    has = presets(path, path.stat().st_mtime_ns)
    missing = sorted(
        (DRUM_BANK if bank == DRUM_BANK else 0, program)
        for bank, program in asked_for(messages)
        if (bank, program) not in has and (bank == DRUM_BANK or (0, program) not in has)
    )
    replaced = [(bank, program) for bank, program in missing if (bank, 0) in has]
    silent = [(bank, program) for bank, program in missing if (bank, 0) not in has]
    said = [
        f"asks for {_in_words(asked)}, which the SoundFont lacks; {heard} is heard"
        for asked, heard in ((replaced, "another"), (silent, "nothing of it"))
        if asked
    ]
    if messages.channels > MOST_CHANNELS:
        ports = MOST_CHANNELS // CHANNELS
        said.append(f"has {messages.channels // CHANNELS} ports: those after the first {ports} share their channels")
    return tuple(said)


def _in_words(asked: list[tuple[int, int]]) -> str:
    """Programs and drum kits by their numbers."""
    numbers: dict[str, list[int]] = {"program": [], "drum kit": []}
    for bank, program in asked:
        numbers["drum kit" if bank == DRUM_BANK else "program"].append(program)
    parts = [f"{word} {' '.join(map(str, dict.fromkeys(own)))}" for word, own in numbers.items() if own]
    return " and ".join(parts)


def check_soundfont(path: Path) -> None:
    """Raise `UserError` for a file that is no SoundFont. FluidSynth's own messages do not name the cause.

    >>> check_soundfont(Path("song.mid"))
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: song.mid is not a SoundFont; give an .sf2 or .sf3 file
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise UserError(f"{path} is not a file; give an .sf2 or .sf3 file")
        with path.open("rb") as file:
            header = file.read(12)
    except OSError as error:
        raise UserError(
            f"the SoundFont {path} cannot be opened ({error.strerror}); give an .sf2 or .sf3 file"
        ) from error
    if header[:4] == b"RIFF" and header[8:] == b"DLS ":
        raise UserError(f"{path} is a DLS bank, not a SoundFont; convert it, or give an .sf2 or .sf3 file")
    if header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise UserError(f"{path} is not a SoundFont; give an .sf2 or .sf3 file")
    if size < int.from_bytes(header[4:8], "little") + len(header[:8]):
        raise UserError(f"the SoundFont {path} is cut off; give a whole .sf2 or .sf3 file")
    if not _whole(path, path.stat().st_mtime_ns):
        raise UserError(f"the SoundFont {path} is damaged; give another .sf2 or .sf3 file")


@lru_cache
def _whole(path: Path, _modified: int) -> bool:
    """Whether all tables of the presets are there, of whole records that follow one another.

    FluidSynth finds the same faults, but then tries the file as a bank of another kind, whose library prints its own.
    """
    tables = _tables(path)
    if list(tables)[: len(_TABLES)] != list(_TABLES):
        return False
    for name, (size, places) in _TABLES.items():
        if len(tables[name]) % size or (places and not tables[name]):
            return False
        records = np.frombuffer(tables[name], dtype=np.uint8).reshape(-1, size)
        for at in places:
            first = records[:, at].astype(np.int64) + 256 * records[:, at + 1].astype(np.int64)
            if (np.diff(first) < 0).any():
                return False
    return True


def _tables(path: Path) -> dict[bytes, bytes]:
    """The tables of the presets by name, in the order of the file; none where there is no list of them."""
    found: dict[bytes, bytes] = {}
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:  # up to hundreds of megabytes
        at, end = 12, len(data)
        while at + 8 <= end:
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if name == b"LIST" and data[at + 8 : at + 12] == b"pdta":  # its chunks follow
                at, end = at + 12, min(at + 8 + size, end)
                continue
            if name in _TABLES:
                found[name] = data[at + 8 : at + 8 + size]
            at += 8 + size
            if size % 2 and data[at : at + 4] not in (b"LIST", *_TABLES):  # padded, as not all programs do it
                at += 1
    return found
