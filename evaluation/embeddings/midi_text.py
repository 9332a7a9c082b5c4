"""MIDI as text, as the authors of CLaMP 2 and 3 write it (MIDI text format, MTF), and the patches that M3 reads of it.

A line is a message: its kind, then its numbers, the time in ticks since the message before among them. Of a piece only
its notes are written, in one form for all: 480 ticks per quarter, 120 quarters per minute, an instrument per channel.
"""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes

TICKS = 480  # per quarter: about 1 ms each
CHARACTERS = 128  # a patch holds ASCII
PADDING, BEGIN, END = range(3)  # characters that no text has


def lines_of(notes: Notes, drums: Notes | None) -> list[str]:
    """The lines of notes; drums are on the channel that they have in General MIDI. A note lasts at least one tick.

    >>> lines_of(Notes.of([(0.0, 0.5, 60, 80)]), None)[4:]
    ['note_on 0 0 60 80', 'note_on 480 0 60 0', 'end_of_track 1']
    """
    import mido
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(resolution=TICKS, initial_tempo=120.0)
    programs = np.zeros(len(notes), int) if notes.program is None else notes.program
    for program in np.unique(programs).tolist() or [0]:
        midi.instruments.append(_instrument(notes, programs == program, program=program))
    if drums is not None and len(drums):
        midi.instruments.append(_instrument(drums, np.ones(len(drums), bool), is_drum=True))
    content = BytesIO()
    midi.write(content)
    content.seek(0)
    messages = mido.merge_tracks(mido.MidiFile(file=content).tracks)
    return [f"ticks_per_beat {TICKS}", *(" ".join(map(str, message.dict().values())) for message in messages)]


def _instrument(notes: Notes, which: NDArray[np.bool_], program: int = 0, *, is_drum: bool = False) -> Any:
    import pretty_midi

    made = pretty_midi.Instrument(program, is_drum)
    tick = 1 / (2 * TICKS)  # s; no note is shorter
    columns = (notes.velocity, notes.pitch, notes.onset, np.maximum(notes.offset, notes.onset + tick))
    rows = zip(*(column[which].tolist() for column in columns), strict=True)
    made.notes = [pretty_midi.Note(*row) for row in rows]
    return made


def patches(lines: list[str], size: int) -> list[str]:
    r"""Lines joined while they are of one kind and fit into `size` - 2 characters; the kind is written once.

    >>> patches(["note_on 0 0 60 80", "note_on 480 0 60 0", "end_of_track 1"], 64)
    ['note_on 0 0 60 80\t480 0 60 0\n', 'end_of_track 1']
    """
    joined: list[str] = []
    for number, line in enumerate(lines, 1):
        kind, _, numbers = (line if number == len(lines) else f"{line}\n").partition(" ")
        if joined and joined[-1].startswith(kind) and len(joined[-1]) + len(numbers) <= size - 2:
            joined[-1] = f"{joined[-1][:-1]}\t{numbers}"
        else:
            joined.append(f"{kind} {numbers}")
    return joined


def numbered(texts: list[str], size: int) -> NDArray[np.int64]:
    """(patches + 2, size): the numbers of their characters between marks of begin and end, cut at `size`; a patch of
    marks begins the piece, and one ends it."""
    found = np.full((len(texts) + 2, size), PADDING, np.int64)
    found[0] = BEGIN
    found[-1] = [BEGIN, *[END] * (size - 1)]
    for row, text in zip(found[1:-1], texts, strict=True):
        marked = [BEGIN, *text.encode("ascii"), END][:size]
        row[: len(marked)] = marked
    return found
