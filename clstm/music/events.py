"""What a MIDI file says, as arrays: its messages in the order in which they sound, its tempo map and its texts."""

from dataclasses import dataclass, replace

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
    remarks : what of the file is not used as it is written, or was not stated and is assumed
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
    remarks: tuple[str, ...] = ()

    def seconds(self, tick: NDArray[np.int64]) -> NDArray[np.float64]:
        """Ticks in seconds by the tempo map.

        At 120 quarters per minute for one quarter, then at 60:

        >>> from clstm.music.smf import parse
        >>> track = bytes.fromhex("60 ff 51 03 0f 42 40  60 90 3c 50  00 ff 2f 00")
        >>> header = b"MThd" + bytes.fromhex("00000006 0000 0001 0060")
        >>> parse(header + b"MTrk" + len(track).to_bytes(4, "big") + track).seconds(np.array([0, 96, 192])).tolist()
        [0.0, 0.5, 1.5]
        """
        at, begins, second_a_tick = self.tempi
        place = np.searchsorted(at, tick, side="right") - 1
        seconds: NDArray[np.float64] = begins[place] + (tick - at[place]) * second_a_tick[place]
        return seconds

    @property
    def tempi(self) -> tuple[Indices, NDArray[np.float64], NDArray[np.float64]]:
        """The tempo map: ticks and seconds from which each tempo holds, from 0, and seconds a tick."""
        at = np.concatenate([[0], self.tempo[:, 0]])
        second_a_tick = np.concatenate([[DEFAULT_TEMPO], self.tempo[:, 1]]) / (1e6 * self.division)
        return at, np.concatenate([[0.0], np.cumsum(np.diff(at) * second_a_tick[:-1])]), second_a_tick

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


@dataclass(frozen=True, eq=False)
class Metre:
    """The beats and bars that a file states, and its time in quarters; whether its notes follow them is another
    question (`evaluation.metrics.metre`). Where nothing is stated there are 120 quarters a minute, in bars of four.

    at, begins : (tempos,) quarters and seconds from which each tempo holds, from 0
    length : (tempos,) seconds of a quarter
    signatures : quarters from which each holds, beats of a bar as it is written, note value of a beat; the first from 0
    zero : seconds of the file at which the music begins, where it was cut
    """

    at: NDArray[np.float64]
    begins: NDArray[np.float64]
    length: NDArray[np.float64]
    signatures: tuple[tuple[float, int, int], ...]
    zero: float = 0.0

    def later(self, seconds: float) -> "Metre":
        """That of the music from `seconds` on."""
        return replace(self, zero=self.zero + seconds)

    @property
    def by_default(self) -> bool:
        """Whether it is what a file has that says nothing of tempo and metre."""
        return bool((self.length == DEFAULT_TEMPO / 1e6).all()) and {one[1:] for one in self.signatures} == {(4, 4)}

    def quarters(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds of the music in quarters from the begin of the file."""
        time = seconds + self.zero
        place = np.maximum(np.searchsorted(self.begins, time, side="right") - 1, 0)
        quarters: NDArray[np.float64] = self.at[place] + (time - self.begins[place]) / self.length[place]
        return quarters

    def seconds(self, quarters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Quarters from the begin of the file in seconds of the music; negative before a cut."""
        place = np.maximum(np.searchsorted(self.at, quarters, side="right") - 1, 0)
        seconds: NDArray[np.float64] = self.begins[place] + (quarters - self.at[place]) * self.length[place] - self.zero
        return seconds

    def bars(self, end: float) -> NDArray[np.float64]:
        """(bars, 2) quarters at which bars begin and end, from the begin of the file to `end` seconds of the music.

        A bar in which the time signature changes ends there; the last is whole.

        >>> DEFAULT.bars(3.0).tolist()
        [[0.0, 4.0], [4.0, 8.0]]
        """
        parts = [np.empty((0, 2))]
        for begin, until, last, beats, value in self._sections(end):
            begins = np.arange(begin, until, 4 * beats / value)
            ends = np.append(begins[1:], min(last, begins[-1] + 4 * beats / value))
            parts.append(np.stack([begins, ends], axis=1))
        return np.concatenate(parts)

    def beats(self, end: float) -> NDArray[np.float64]:
        """Quarters at which beats begin, as `bars`. In 6/8, 9/8, 12/8 and so on, a beat is three of those written."""
        sections = self._sections(end)
        return np.concatenate(
            [np.empty(0), *(np.arange(begin, until, beat(beats, value)) for begin, until, _, beats, value in sections)]
        )

    def count(self, end: float) -> float:
        """How many beats there are to `end` seconds of the music, before they are made: a file may state any."""
        return sum((until - begin) / beat(beats, value) for begin, until, _, beats, value in self._sections(end))

    def _sections(self, end: float) -> list[tuple[float, float, float, int, int]]:
        """Where each time signature holds up to `end` seconds, where it holds to at most, and the signature."""
        last = float(self.quarters(np.array([end]))[0])
        untils = [at for at, _, _ in self.signatures[1:]] + [np.inf]
        each = zip(self.signatures, untils, strict=True)
        return [(at, min(until, last), until, beats, value) for (at, beats, value), until in each if at < last]


def beat(beats: int, value: int) -> float:
    """Quarters of a beat: the note value of the time signature, three of them in compound metres.

    >>> beat(4, 4), beat(6, 8), beat(3, 8)
    (1.0, 1.5, 0.5)
    """
    return 4 / value * (3 if value >= 8 and beats > 3 and beats % 3 == 0 else 1)


DEFAULT = Metre(np.zeros(1), np.zeros(1), np.array([DEFAULT_TEMPO / 1e6]), ((0.0, 4, 4),))  # that of a file without any


def metre_of(events: Events) -> Metre:
    """The metre of a file."""
    at, begins, second_a_tick = events.tempi
    signatures = [(0.0, 4, 4)]
    for tick, beats, value in events.metre.tolist():
        if signatures[-1][0] == tick / events.division:
            signatures.pop()
        if not signatures or signatures[-1][1:] != (beats, value):  # some files say the same again in every bar
            signatures.append((tick / events.division, beats, value))
    return Metre(at / events.division, begins, second_a_tick * events.division, tuple(signatures))
