"""What a SoundFont has, from its list of presets (SoundFont 2.04, the sub-chunk phdr), and what music asks of it."""

from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from clstm.music.messages import CHANNELS, CONTROLLER, DRUMS, PROGRAM, Messages

DRUM_BANK = 128

_BANK_SELECT = 0  # controller
_RECORD = 38  # bytes of a preset: its name (20), program (2), bank (2) and others


@lru_cache
def presets(path: Path, _modified: int) -> frozenset[tuple[int, int]]:
    """(bank, program) of every preset; none of a file without a list. `_modified` : so that a new file is read anew."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:  # of up to hundreds of megabytes
        at = data.rfind(b"phdr")  # behind the samples, which may contain anything
        size = int.from_bytes(data[at + 4 : at + 8], "little") if at >= 0 else 0
        records = range(at + 8, at + 8 + size - _RECORD, _RECORD)  # the last only marks the end
        pairs = [(data[one + 22 : one + 24], data[one + 20 : one + 22]) for one in records]
    return frozenset((int.from_bytes(bank, "little"), int.from_bytes(program, "little")) for bank, program in pairs)


def asked_for(messages: Messages) -> set[tuple[int, int]]:
    """(bank, program) of every note that is struck: drums are in bank 128.

    Bank select is read as FluidSynth reads General Standard music: controller 0 counts from the next program on.
    """
    state = {channel: [0, 0, 0] for channel in range(messages.channels)}  # bank to come, bank, program
    found = set()
    wanted = messages.struck | (messages.kind == PROGRAM)
    wanted |= (messages.kind == CONTROLLER) & (messages.first == _BANK_SELECT)
    columns = (messages.kind, messages.channel, messages.first, messages.second)
    for kind, channel, first, second in zip(*(column[wanted].tolist() for column in columns), strict=True):
        own = state[channel]
        if kind == CONTROLLER:
            own[0] = second
        elif kind == PROGRAM:
            own[1:] = own[0], first
        else:
            drums = channel % CHANNELS == DRUMS
            found.add((DRUM_BANK if drums else own[1], own[2]))
    return found


def lacking(messages: Messages, path: Path) -> tuple[str, ...]:
    """The programs that music asks for and a SoundFont lacks, one remark; FluidSynth plays others instead."""
    has = presets(path, path.stat().st_mtime_ns)
    programs = np.unique(
        [
            program
            for bank, program in asked_for(messages)
            if bank < DRUM_BANK and (0, program) not in has and (bank, program) not in has
        ]
    )
    kits = np.unique(
        [program for bank, program in asked_for(messages) if bank == DRUM_BANK and (bank, program) not in has]
    )
    parts = [
        f"{word} {' '.join(map(str, numbers.tolist()))}"
        for word, numbers in (("program", programs), ("drum kit", kits))
        if len(numbers)
    ]
    return (f"asks for {' and '.join(parts)}, which the SoundFont lacks; another is heard",) if parts else ()
