"""What a MIDI file says, as arrays: its messages in the order in which they sound, its tempo map and its texts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXCLUSIVE = 0xF0  # the status of a system exclusive
DEFAULT_TEMPO = 500_000  # microseconds a quarter, where the file says nothing

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Events:
    """What a file says, in the order in which it sounds: by tick, then track, then place in the track.

    tick : (events,) int64
    track : (events,) int64, counted from 0
    port : (events,) int64, counted from 0 in the order of their numbers; each port has 16 channels of its own
    status, first, second : (events,) uint8; `second` is 0 in messages of one data byte. Besides the channel messages
        there are the system exclusives, with the status `EXCLUSIVE` and two zeros
    exclusives : the bytes of these, one after another, without F0 and F7
    tempo : (changes, 2) int64, tick and microseconds per quarter, in order
    metre : (changes, 3) int64, tick, beats per bar and the note value of a beat, in order
    key : (changes, 3) int64, tick, sharps (negative: flats) and 1 for minor, in order
    texts : (tick, track, kind, bytes), in order: lyrics, markers, names
    division : ticks per quarter
    end : the tick at which the last track ends
    """

    tick: NDArray[np.int64]
    track: NDArray[np.int64]
    port: NDArray[np.int64]
    status: NDArray[np.uint8]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    exclusives: tuple[bytes, ...]
    tempo: NDArray[np.int64]
    metre: NDArray[np.int64]
    key: NDArray[np.int64]
    texts: tuple[tuple[int, int, str, bytes], ...]
    division: int
    end: int

    def seconds(self, tick: NDArray[np.int64]) -> NDArray[np.float64]:
        """Ticks in seconds by the tempo map.

        At 120 quarters per minute for one quarter, then at 60:

        >>> from clstm.music.smf import parse
        >>> track = bytes.fromhex("60 ff 51 03 0f 42 40  60 90 3c 50  00 ff 2f 00")
        >>> header = b"MThd" + bytes.fromhex("00000006 0000 0001 0060")
        >>> parse(header + b"MTrk" + len(track).to_bytes(4, "big") + track).seconds(np.array([0, 96, 192])).tolist()
        [0.0, 0.5, 1.5]
        """
        at = np.concatenate([[0], self.tempo[:, 0]])
        second_a_tick = np.concatenate([[DEFAULT_TEMPO], self.tempo[:, 1]]) / (1e6 * self.division)
        begins = np.concatenate([[0.0], np.cumsum(np.diff(at) * second_a_tick[:-1])])
        place = np.searchsorted(at, tick, side="right") - 1
        seconds: NDArray[np.float64] = begins[place] + (tick - at[place]) * second_a_tick[place]
        return seconds

    def due(self, tick: Indices) -> NDArray[np.float64]:
        """Seconds from which FluidSynth's player sends what is at these ticks: half a tick before them.

        The player starts the clock anew at each tempo change, in whole milliseconds, and so drifts: by .4 s in a piece
        of 700 changes. Here the times stay those of the tempo map; with one tempo they are the player's own.
        """
        at = np.concatenate([[0], self.tempo[:, 0]])
        # As the player holds the length of a tick, in single precision.
        tempo = np.concatenate([[DEFAULT_TEMPO], self.tempo[:, 1]]).astype(np.float32)
        length = (tempo / np.float32(self.division) / np.float32(1000)).astype(np.float64) / 1000
        begins = np.concatenate([[0.0], np.cumsum(np.diff(at) * length[:-1])])
        place = np.maximum(np.searchsorted(at, tick, side="left") - 1, 0)
        due: NDArray[np.float64] = begins[place] + (tick - at[place] - 0.5) * length[place]
        return np.maximum(due, 0.0)
