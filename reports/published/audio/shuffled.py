"""Beats in random order: each piece is one recording of `learn`, cut at its beats, its beats drawn by lot.

python shuffled.py LEARN OUT COUNT. Every sound is a person's, only the order is not. Beats are joined over 10 ms.
"""

import random
import sys
from itertools import pairwise
from pathlib import Path

import librosa
import numpy as np
import soundfile

RATE, SECONDS = 44_100, 20
FADE = RATE // 100


def joined(beats: list[np.ndarray]) -> np.ndarray:
    """One beat after another, (samples,) each, with linear crossfades of `FADE` samples."""
    ramp = np.linspace(0, 1, FADE)
    sound = beats[0].copy()
    for beat in beats[1:]:
        sound[-FADE:] = sound[-FADE:] * (1 - ramp) + beat[:FADE] * ramp
        sound = np.concatenate([sound, beat[FADE:]])
    return sound


paths, out, count = sorted(Path(sys.argv[1]).iterdir()), Path(sys.argv[2]), int(sys.argv[3])
draw = random.Random(1)
out.mkdir(parents=True, exist_ok=True)
for path in draw.sample(paths, min(count, len(paths))):
    sound, _ = librosa.load(path, sr=RATE, duration=90)
    _, places = librosa.beat.beat_track(y=sound, sr=RATE, units="samples")
    if len(places) < 16:  # no beat was found: half a second each
        places = np.arange(0, len(sound), RATE // 2)
    beats = [sound[begin : end + FADE] for begin, end in pairwise(places)]
    drawn = draw.choices(beats, k=int(SECONDS * RATE / np.median(np.diff(places)) * 1.5) + 1)
    soundfile.write(out / f"shuffled-{path.stem}.wav", joined(drawn)[: SECONDS * RATE], RATE, subtype="PCM_16")
