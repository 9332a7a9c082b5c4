"""Sounds other than the clips of music: the scale for the volume check, the beeps of the catch trials, and the tones
of the headphone check.

The check is that of Woods, Siegel, Traer & McDermott 2017, "Headphone screening to facilitate web-based auditory
experiments": of three tones one is 6 dB quieter and one in antiphase. Over loudspeakers the one in antiphase cancels in
the air and seems the quietest; over headphones it does not.
"""

from itertools import permutations
from random import Random

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import VELOCITY, Notes
from evaluation.audio.buffers import Waveform
from evaluation.audio.render import RenderSettings, render

LEVEL = 0.1  # amplitude of a tone
BEEP, BEEPS, BEEP_EVERY, BEEP_SECONDS = 880.0, 3, 0.8, 0.4  # Hz, beeps, s from one to the next, s
TONE, TONE_SECONDS, TONE_PAUSE, QUIETER = 200.0, 1.0, 0.5, -6.0  # Hz, s, s, dB
RAMP = 0.05  # s

PITCHES = (60, 62, 64, 65, 67, 69, 71, 72)  # C major


def scale(settings: RenderSettings) -> Waveform:
    """A scale of C major: (samples, 2)."""
    notes = Notes.of((0.4 * step, 0.4 * step + 0.4, pitch, VELOCITY) for step, pitch in enumerate(PITCHES))
    return render(notes, settings)


def beeps(seconds: float, rate: int) -> Waveform:
    """Three beeps, then silence: (samples, 2).

    >>> waveform = beeps(10.0, 8000)
    >>> waveform.shape, bool(waveform[: 2 * 8000].any()), bool(waveform[2 * 8000 :].any())  # the last ends at 2 s
    ((80000, 2), True, False)
    """
    waveform = np.zeros(round(seconds * rate), dtype=np.float32)
    beep = _tone(BEEP, BEEP_SECONDS, rate)
    for number in range(BEEPS):
        first = round(number * BEEP_EVERY * rate)
        part = waveform[first : first + len(beep)]
        part += beep[: len(part)]
    # Not quite the same on both sides: a clip with equal sides would make the whole study mono.
    return np.stack([waveform, np.float32(0.98) * waveform], axis=1)


def headphone_tones(rate: int, random: Random) -> list[tuple[Waveform, int]]:
    """The six triples of tones in random order, (samples, 2), each with its quietest tone, 1 to 3.

    >>> triples = headphone_tones(8000, Random(0))
    >>> triples[0][0].shape, sorted(quietest for _, quietest in triples)  # three tones of 1 s, two pauses of 0.5 s
    ((32000, 2), [1, 1, 2, 2, 3, 3])
    """
    trials = []
    for quiet, opposed, _ in random.sample(list(permutations(range(3))), 6):
        parts = []
        for place in range(3):
            tone = _tone(TONE, TONE_SECONDS, rate) * (10 ** (QUIETER / 20) if place == quiet else 1.0)
            parts += [np.stack([tone, -tone if place == opposed else tone], axis=1)]
            parts += [np.zeros((round(TONE_PAUSE * rate), 2))] if place < 2 else []
        trials.append((np.concatenate(parts).astype(np.float32), quiet + 1))
    return trials


def _tone(frequency: float, seconds: float, rate: int) -> NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    ramp = np.minimum(1.0, np.minimum(time, seconds - time) / RAMP)
    return LEVEL * ramp * np.sin(2 * np.pi * frequency * time)
