"""Tones and noise: a random walk on a pentatonic scale over a bass and a beat, synthesised here, learnt from nothing.

python tones.py OUT COUNT. Each piece has its own tempo, key and timbre, and stays with them.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile

RATE, SECONDS = 44_100, 20
SCALE = np.array([0, 2, 4, 7, 9])  # semitones


def tone(pitch: float, seconds: float, partials: np.ndarray) -> np.ndarray:
    """(samples,): a decaying sum of harmonics of a MIDI pitch, `partials` being their amplitudes."""
    time = np.arange(int(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12) * np.arange(1, len(partials) + 1)
    waves = np.sin(2 * np.pi * hertz[:, None] * time) * partials[:, None]
    return waves.sum(axis=0) * np.exp(-4 * time / seconds) * np.minimum(time / 0.005, 1)


out, count = Path(sys.argv[1]), int(sys.argv[2])
draw = np.random.default_rng(3)
out.mkdir(parents=True, exist_ok=True)
for number in range(1, count + 1):
    beat, key = 60 / draw.uniform(80, 150), draw.integers(40, 52)
    partials = draw.uniform(0.2, 1, 8) / np.arange(1, 9) ** draw.uniform(1, 2)
    sound, degree = np.zeros((SECONDS + 2) * RATE), 10
    for step in range(int(SECONDS / beat * 2)):
        at = int(step * beat / 2 * RATE)
        degree = int(np.clip(degree + draw.integers(-2, 3), 5, 19))
        parts = [tone(key + SCALE[degree % 5] + 12 * (degree // 5), beat, partials)] * (draw.random() < 0.7)
        parts += [tone(key - 12 + SCALE[draw.integers(5)], 2 * beat, partials)] * (step % 4 == 0)
        parts += [draw.normal(0, 0.4, RATE // 10) * np.exp(-np.arange(RATE // 10) / 800)] * (step % 2 == 0)
        for part in parts:
            sound[at : at + len(part)] += part[: len(sound) - at]
    soundfile.write(out / f"tones-{number:03d}.wav", 0.1 * sound[: SECONDS * RATE], RATE, subtype="PCM_16")
