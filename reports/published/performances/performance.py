"""Performances as events: each note is four whole numbers, as both generators learn and write them.

wait, length   from the note before, and of the note, as long as the pedal holds it: 10 log2(1 + t / 20 ms), rounded.
               At 10 ms this tells 2 ms apart, at 1 s 7 %; steps 0..100 are 0 to 20 s.
pitch          of the 88 keys, 0..87
force          of 32, four velocities each
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes, read_midi, write_midi

SIZES = (101, 88, 101, 32)  # of wait, pitch, length, force
SECONDS = 30.0
LIMITS = {"pedal": "lengths"}  # neither generator has a pedal

Events = NDArray[np.int64]


def steps(seconds: NDArray[np.float64]) -> Events:
    return np.clip(np.rint(10 * np.log2(1 + seconds / 0.02)), 0, 100).astype(np.int64)


def seconds(steps: Events) -> NDArray[np.float64]:
    return 0.02 * (2.0 ** (steps / 10) - 1)


def read(folder: Path) -> list[Events]:
    """Of each performance its events, (notes, 4)."""
    performances = []
    for path in sorted(folder.glob("*.mid")):
        notes = read_midi(path, pedal=True)
        wait = np.diff(notes.onset, prepend=notes.onset[0])
        columns = steps(wait), notes.pitch - 21, steps(notes.offset - notes.onset), notes.velocity // 4
        performances.append(np.stack(columns, axis=1))
    return performances


def write(music: list[Events], folder: Path) -> None:
    """The first 30 s of each as MIDI, and in `generated.json` what their makers cannot do, for the comparison."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, events in enumerate(music, start=1):
        wait, pitch, length, force = events.T
        onset = np.cumsum(seconds(wait))
        rows = np.stack([onset, onset + seconds(length), pitch + 21, 4 * force + 2], axis=1)
        write_midi(Notes.of(rows).between(0, SECONDS), folder / f"{number:03d}.mid")
    (folder / "generated.json").write_text(json.dumps({"limits": LIMITS, "items": []}), encoding="utf-8")
