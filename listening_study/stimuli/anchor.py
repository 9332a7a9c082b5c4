"""Music known to be bad: the notes of real pieces at random pitches and times, so that nothing musical is left.

A study that finds no difference between its systems may have had listeners who could not hear any. An anchor shows
which: a source so bad that everybody who listens must recognise it. It has as many notes as the piece, of the same
lengths and velocities, over the same range and time: only harmony, rhythm and melody are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.folder import read_many
from clstm.music.left_out import sentence
from clstm.music.midi import Notes, write_midi
from clstm.music.score import FRAME_RATE
from clstm.runtime.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import replacing, write_json
from clstm.runtime.names import readable
from clstm.runtime.ownership import may_replace

Array = NDArray[np.float64]

MANIFEST = "anchor.json"
APART = 1 / FRAME_RATE  # seconds between two notes of one pitch: closer ones would be one note in the score matrix


@dataclass(frozen=True)
class Anchor:
    """The files written, those that could not be read, and what was left out of the others."""

    files: list[Path]
    rejected: list[UnreadableFileError]
    left_out: str


def scatter(notes: Notes, random: np.random.Generator) -> Notes:
    """The same lengths and velocities, pitches and onsets drawn anew.

    Pitches are uniform from the lowest to the highest, both of which occur; onsets from the first onset to the last
    moment the note would end within the piece, whose first onset and end are kept. A pitch that sounds already is drawn
    again, where another is free.

    >>> notes = Notes.of([(0.0, 1.0, 60, 80), (1.0, 1.5, 67, 90)])
    >>> found = scatter(notes, np.random.default_rng(0))
    >>> found.duration, sorted(found.pitch.tolist()), sorted((found.offset - found.onset).round(9).tolist())
    (1.5, [60, 67], [0.5, 1.0])
    """
    if not len(notes):
        return notes
    first, end = float(notes.onset.min()), notes.duration
    length = notes.offset - notes.onset
    onset = first + random.random(len(notes)) * (end - first - length)
    last = np.argmax(onset + length)
    onset[last] = end - length[last]
    onset[np.argmin(np.where(np.arange(len(notes)) == last, np.inf, onset))] = first
    pitch = _pitches(onset, onset + length, int(notes.pitch.min()), int(notes.pitch.max()), random)
    order = np.lexsort((pitch, onset))
    return Notes(onset[order], (onset + length)[order], pitch[order], notes.velocity[order])


def _pitches(onset: Array, offset: Array, lowest: int, highest: int, random: np.random.Generator) -> NDArray[np.int64]:
    free_from = np.full(highest - lowest + 1, -np.inf)  # when each pitch's last note is over
    drawn = np.empty(len(onset), dtype=np.int64)
    for note in np.argsort(onset, kind="stable"):
        free = np.flatnonzero(free_from + APART <= onset[note])
        drawn[note] = random.choice(free if len(free) else len(free_from))
        free_from[drawn[note]] = max(free_from[drawn[note]], offset[note])
    # If an end of the range was not drawn, no note sounds there: the nearest note can move to it.
    drawn[np.argmin(drawn)] = 0
    drawn[len(drawn) - 1 - np.argmax(drawn[::-1])] = highest - lowest
    return lowest + drawn


def _written(manifest: dict[str, Any]) -> list[str]:
    """The files that a manifest of ours names."""
    _ = manifest["seed"]
    return [item["file"] for item in manifest["items"]]


def make_anchor(paths: Sequence[Path], out: Path, *, count: int | None = None, seed: int = 0) -> Anchor:
    """Write `anchor-001.mid`, ... and the manifest; an earlier such folder is replaced, nothing else is.

    count : how many; None: one per piece. More than there are pieces: some are used more than once.

    The seed decides which piece comes first. Raises `UserError` for a folder that holds something else and
    `NothingUsableError` when no file can be read.
    """
    if count is not None and count < 1:
        raise UserError(f"--count {count} makes nothing; give at least 1")
    out = Path(out)
    may_replace(out, MANIFEST, _written, "an anchor", inputs=paths)
    random = np.random.default_rng(seed)
    shuffled = [paths[place] for place in random.permutation(len(paths))]
    read = list(read_many(shuffled))
    rejected = [found for _, found in read if isinstance(found, UnreadableFileError)]
    pieces = [(path, found) for path, found in read if not isinstance(found, UnreadableFileError)]
    if not pieces:
        raise NothingUsableError(f"none of {len(paths)} files can be read; the first: {rejected[0]}")
    items: list[dict[str, Any]] = []
    with replacing(out) as folder:
        folder.mkdir()
        for number, (path, notes) in enumerate(islice(cycle(pieces), count or len(pieces)), 1):
            scattered = scatter(notes, random)
            name = f"anchor-{number:03d}.mid"
            write_midi(scattered, folder / name)
            items.append(
                {
                    "file": name,
                    "piece": readable(path.name),
                    "notes": len(scattered),
                    "seconds": round(scattered.duration, 3),
                    "pitches": [int(scattered.pitch.min()), int(scattered.pitch.max())],
                }
            )
        write_json(folder / MANIFEST, {"seed": seed, "items": items})
    return Anchor([out / item["file"] for item in items], rejected, sentence(notes.left_out for _, notes in pieces))
