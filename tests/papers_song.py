"""A song with chords, a melody, drums and two tempos, and a sound, of which other programs' numbers are recorded."""

from pathlib import Path

import mido
import numpy as np

TICKS = 480  # a quarter
RATE = 22050  # Hz
CHORDS = ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50, 53))


def write_song(path: Path) -> None:
    """Twelve bars: a chord in most, a melody of eighths and some triplets with rests, a drum on most beats."""
    random = np.random.default_rng(7)
    chords = [
        (bar * 4 * TICKS, 3 * TICKS, pitch) for bar in range(12) if bar % 6 != 5 for pitch in CHORDS[bar % len(CHORDS)]
    ]
    eighths = [at for at in range(0, 48 * TICKS, TICKS // 2) if random.random() < 0.6 and at // (4 * TICKS) % 6 != 5]
    triplets = list(range(16 * TICKS, 20 * TICKS, TICKS // 3))
    melody = [(at, TICKS // 4, int(60 + random.integers(0, 13))) for at in sorted({*eighths, *triplets})]
    drums = [
        (at, TICKS // 8, 36) for at in range(0, 40 * TICKS, TICKS // 4) if random.random() < 0.5 and at < 20 * TICKS
    ]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    tempi = [("set_tempo", 0, {"tempo": 500_000}), ("set_tempo", 24 * TICKS, {"tempo": 800_000})]
    file.tracks.append(_meta([("time_signature", 0, {"numerator": 4, "denominator": 4}), *tempi]))
    for channel, rows in ((0, chords), (1, melody), (9, drums)):
        file.tracks.append(_notes(channel, rows))
    file.save(path)


def _meta(events: list[tuple[str, int, dict[str, int]]]) -> mido.MidiTrack:
    ticks = [tick for _, tick, _ in events]
    gaps = np.diff(ticks, prepend=0).tolist()
    return mido.MidiTrack(
        [mido.MetaMessage(kind, time=gap, **values) for (kind, _, values), gap in zip(events, gaps, strict=True)]
    )


def _notes(channel: int, rows: list[tuple[int, int, int]]) -> mido.MidiTrack:
    events = sorted(
        [(at + length, 0, pitch) for at, length, pitch in rows] + [(at, 80, pitch) for at, _, pitch in rows]
    )
    gaps = np.diff([at for at, _, _ in events], prepend=0).tolist()
    return mido.MidiTrack(
        [
            mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=gap)
            for (_, velocity, pitch), gap in zip(events, gaps, strict=True)
        ]
    )


def sound() -> np.ndarray:
    """Forty seconds of sines, (samples,): a melody of ten seconds, another, the first again, and it a fourth higher."""
    random = np.random.default_rng(5)
    first, second = (60 + random.integers(0, 12, 20) for _ in range(2))
    at = np.arange(RATE // 2) / RATE
    notes = [np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * at) for pitch in [*first, *second, *first, *first + 5]]
    return 0.3 * np.concatenate(notes)
