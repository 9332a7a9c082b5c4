"""A Markov chain over notes: after two pitches, a note that once followed them, with its own time, length and force."""

import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from performance import SECONDS, read, seconds, write

learn, out, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
followers = defaultdict(list)
for events in read(learn):
    notes = [tuple(event) for event in events.tolist()]
    for (_, first, *_), (_, second, *_), note in zip(notes, notes[1:], notes[2:], strict=False):
        followers[first, second].append(note)

draw = random.Random(0)
pairs = sorted(followers)
music = []
for _ in range(count):
    pair, time, notes = draw.choice(pairs), 0.0, []
    while time < SECONDS:
        note = draw.choice(followers.get(pair) or followers[draw.choice(pairs)])
        pair, time = (pair[1], note[1]), time + seconds(note[0])
        notes.append(note)
    music.append(np.array(notes))
write(music, out)
