"""Bars in random order: each piece is one song of `learn` from its first bar on, its bars of 4/4 drawn by lot.

python bars.py LEARN OUT COUNT. All instruments of a bar stay together, and notes end with their bar: every sound is a
person's, only the order is not.
"""

import random
import sys
import warnings
from pathlib import Path

from pretty_midi import Instrument, Note, PrettyMIDI

warnings.filterwarnings("ignore", message="Tempo, Key or Time signature change events")
paths, out, count = sorted(Path(sys.argv[1]).glob("*.mid")), Path(sys.argv[2]), int(sys.argv[3])
draw = random.Random(2)
out.mkdir(parents=True, exist_ok=True)
for path in draw.sample(paths, count):
    song, piece = PrettyMIDI(str(path)), PrettyMIDI(resolution=960)
    bar = 240 / float(song.get_tempo_changes()[1][0])  # seconds
    onsets = [note.start for instrument in song.instruments for note in instrument.notes]
    first, last = int(min(onsets) // bar), int(max(onsets) // bar)
    order = draw.choices(range(first, last), k=int(30 // bar) + 1)
    for instrument in song.instruments:
        copy = Instrument(instrument.program, instrument.is_drum)
        for place, source in enumerate(order):
            for note in instrument.notes:
                start = note.start - source * bar
                if -1e-6 <= start < bar - 1e-3 and place * bar + start < 30:
                    end = min(note.end - source * bar, bar) + place * bar
                    copy.notes.append(Note(note.velocity, note.pitch, place * bar + max(start, 0), min(end, 30.0)))
        piece.instruments += [copy] if copy.notes else []
    piece.write(str(out / f"bars-{path.stem}.mid"))
