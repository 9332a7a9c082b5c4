"""A Markov chain over whole frames: after an eighth of a second, whatever followed one like it in the pieces learnt."""

import random
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

from clstm.music.midi import read_midi, write_midi
from clstm.music.score import decode, encode

learn, out, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
followers: dict[bytes, list[bytes]] = defaultdict(list)
for path in sorted(learn.rglob("*.mid")):
    frames = [frame.tobytes() for frame in encode(read_midi(path)).T]
    for frame, following in pairwise(frames):
        followers[frame].append(following)

out.mkdir(exist_ok=True)
draw = random.Random(0)
chords = sorted(followers)
for number in range(count):
    frame = draw.choice(chords)
    music: list[np.ndarray] = []
    while len(music) < 240:  # 30 s
        music.append(np.frombuffer(frame, np.uint8))
        frame = draw.choice(followers.get(frame) or chords)
    write_midi(decode(np.stack(music, axis=1)), out / f"{number + 1:03d}.mid")
