"""The pieces of the committed baselines, written by this module alone: MIDI of what pianos do, audio of known signals.

Audio is 16-bit. No signal stands still and every tone has a little noise about it, or the metrics of what changes, and
of what lies beside the tone, would be those of its rounding.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from clstm.music.midi import Notes, write_midi
from evaluation.audio.files import write_audio

RATE = 44100

Row = tuple[float, float, int, int]  # onset s, offset s, pitch, velocity


def in_turn(pitches: Iterable[int], length: float, velocity: int = 80) -> list[Row]:
    return [(k * length, (k + 1) * length, pitch, velocity) for k, pitch in enumerate(pitches)]


def together(pitches: Iterable[int], onset: float, offset: float, velocity: int = 80) -> list[Row]:
    return [(onset, offset, pitch, velocity) for pitch in pitches]


MAJOR = (60, 62, 64, 65, 67, 69, 71, 72)
CADENCE = ((48, 60, 64, 67), (41, 57, 60, 65), (43, 59, 62, 67), (48, 60, 64, 67))
CLUSTER = (48, 50, 52, 53, 55, 72, 74, 76, 77, 79)  # ten fingers

# Bach, The Well-Tempered Clavier I, fugue 2 in C minor, BWV 847: the subject, (eighths, pitch), after an eighth's rest.
SUBJECT = (
    *((0.5, 72), (0.5, 71), (1, 72), (1, 67), (1, 68), (0.5, 72), (0.5, 71), (1, 72), (1, 74)),
    *((1, 67), (0.5, 72), (0.5, 71), (1, 72), (1, 74), (0.5, 65), (0.5, 67), (2, 68), (0.5, 67), (0.5, 65), (1, 63)),
)
EIGHTH = 0.36  # s


def fugue_subject() -> list[Row]:
    onsets = EIGHTH * (1 + np.cumsum([0.0, *(length for length, _ in SUBJECT[:-1])]))
    return [
        (onset, onset + EIGHTH * length, pitch, 72)
        for onset, (length, pitch) in zip(onsets.tolist(), SUBJECT, strict=True)
    ]


NOTES = {
    "one-note": [(0.0, 2.0, 69, 80)],
    "scale-major": in_turn((*MAJOR, *MAJOR[-2::-1]), 0.25),
    "scale-chromatic": in_turn(range(36, 85), 0.125),
    "scale-crescendo": [(k / 4, (k + 1) / 4, 60 + k, 15 + 7 * k) for k in range(16)],
    "chords": [row for bar, chord in enumerate(CADENCE) for row in together(chord, bar, bar + 0.9)],
    "chord-held": together((36, 43, 48, 52, 55, 60), 0.0, 6.0),
    "fugue-subject": fugue_subject(),
    "lowest-and-highest": in_turn((0, 127, 21, 108, 24, 101), 0.5),
    "clusters-fortissimo": [row for beat in range(8) for row in together(CLUSTER, beat / 2, beat / 2 + 0.4, 127)],
    "softest": in_turn(MAJOR, 0.5, velocity=1),
    "fast-repetition": in_turn([64] * 64, 1 / 16),
    "loop": in_turn((60, 67, 64, 67) * 12, 0.125),
    "tremolo": in_turn((48, 60) * 24, 1 / 12),
    "rests": [(2.0 * k, 2.0 * k + 0.25, pitch, 90) for k, pitch in enumerate((55, 62, 59))],
}


def noise(samples: int, seed: int = 1) -> np.ndarray:
    """Uniform noise in -1..1 by the minimal standard generator of Park & Miller (1988), which no library can change."""
    values = np.empty(samples)
    for index in range(samples):
        seed = seed * 16807 % (2**31 - 1)
        values[index] = seed
    return values / 2**30 - 1


def tone(hertz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def fading(seconds: float, rate: int = RATE) -> np.ndarray:
    """An amplitude that loses 8 dB a second."""
    return 10.0 ** (-0.4 * np.arange(round(seconds * rate)) / rate)


def signals() -> dict[str, tuple[np.ndarray, int]]:
    """Waveforms by name, (samples,) or (samples, 2) -1..1, and their rates in Hz."""
    white = noise(5 * RATE)
    clicks = np.zeros(4 * RATE)
    clicks[::11025] = 0.9  # four a second
    rising = 100 * np.exp2(1.5 * np.arange(4 * RATE) / RATE) / (1.5 * np.log(2))  # six octaves, in periods
    bell = sum(tone(hertz, 3, 48000) for hertz in (262, 330, 392, 1568)) * fading(3, 48000)
    tones = {
        "sine-fading": (0.5 * tone(440, 3) * fading(3), RATE),
        "sines-beating": (0.2 * tone(200, 4) + 0.2 * tone(203, 4) + 0.1 * tone(2000, 4) + 0.1 * tone(2007, 4), RATE),
        "tone-am": (0.2 * (1 + 0.8 * tone(4, 5)) * (tone(880, 5) + 0.5 * tone(2640, 5)), RATE),
        "chirp": (0.3 * np.sin(2 * np.pi * rising), RATE),
        "chord-48-khz": (0.2 * bell, 48000),
        "short": (0.5 * tone(1000, 0.2) * fading(0.2), RATE),
    }
    return {
        "silence": (np.zeros(2 * RATE), RATE),
        **{name: (wave + 0.002 * white[: len(wave)], rate) for name, (wave, rate) in tones.items()},
        "noise": (0.1 * white, RATE),
        "noise-stereo": (0.1 * np.stack([white[: 2 * RATE], white[2 * RATE : 4 * RATE]], axis=1), RATE),
        "noise-bursts": (0.3 * white * (tone(1, 5) > 0), RATE),
        "clicks": (clicks, RATE),
        "loud-then-soft": (np.concatenate([0.5 * white[:RATE], 0.005 * white[: 2 * RATE]]), RATE),
    }


def write_notes(folder: Path) -> None:
    """Every piece of `NOTES` as MIDI."""
    for name, rows in NOTES.items():
        write_midi(Notes.of(rows), folder / f"{name}.mid")


def write_signals(folder: Path) -> None:
    """Every signal as WAV."""
    for name, (waveform, rate) in signals().items():
        write_audio(folder / f"{name}.wav", waveform.reshape(len(waveform), -1), rate)
