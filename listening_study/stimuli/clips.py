"""From music to clips: the choice of segments, and the same length, edges, channels and loudness for all.

Everything except the music itself is made equal, because listeners would use any other difference between the sources.
Loudness is matched to -23 LUFS (EBU R 128) without a limiter. Matching removes the overall loudness of a source, which
the paper counts among its differences, so a study may instead keep the clips as rendered, with one gain for all.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from clstm.music.left_out import NOTHING, LeftOut, sentence
from clstm.music.score import FRAME_RATE
from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress, silent
from evaluation.audio.buffers import Waveform
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import SCORE_MATRIX, Control
from evaluation.metrics.loudness import integrated_loudness, true_peak
from listening_study.protocol.configuration import Loudness
from listening_study.stimuli.audibility import is_nearly_silent, leading_silence, mixed_down
from listening_study.stimuli.songs import SourcePiece, open_songs

TARGET = -23.0  # LUFS
HIGHEST_PEAK = -1.0  # dBTP
FADE_IN, FADE_OUT = 0.01, 0.1  # seconds
UNHEARD = 0.02  # seconds of silence at a clip's beginning that nobody notices


@dataclass(frozen=True, eq=False)
class Segment:
    """One stretch of a song, as it sounds there: (samples, 2)."""

    path: Path
    start: float  # seconds
    waveform: Waveform
    step: float = 0.0  # this and the following: as in its `SourcePiece`
    strikes: str = ""
    sound: str = ""
    left_out: LeftOut = NOTHING

    def __str__(self) -> str:
        return f"{readable(self.path)} at {self.start:g} s"


@dataclass(frozen=True)
class Choice:
    """The segments chosen for one source, and remarks on the choice."""

    segments: list[Segment]
    spare: list[Segment]  # of songs that none of the segments is from
    replaced: int  # nearly silent segments that were replaced by another
    notices: list[str]


@dataclass(frozen=True, eq=False)
class Clip:
    """A finished clip."""

    segment: Segment
    waveform: Waveform  # (samples, 1 or 2)
    loudness: float  # LUFS, before the gain
    gain: float  # dB


def choose(
    paths: Sequence[Path],
    count: int,
    seconds: float,
    random: Random,
    settings: RenderSettings,
    control: Control = SCORE_MATRIX,
    *,
    after: float = 0.0,
    spare: int = 0,
    pedal: bool = False,
    mono: bool = False,
    progress: Progress = silent,
) -> Choice:
    """Segments of different songs at random; of one song again, without overlap, only where there are too few songs.

    after : seconds of every song, or after its prompt, in which no segment begins
    control, pedal : as in `songs.open_songs`
    spare : how many more segments to find in songs that are used for nothing else; fewer where there are none
    mono : the clips will be mixed down; what cancels then is silence

    A nearly silent segment (`audibility`) is replaced by another of the same song, or of the next. Files
    that cannot be read, songs too short for a segment and songs of which nothing is audible are skipped, with a
    notice. Raises `UserError` when too little music is left.
    """
    notices: list[str] = []
    with closing(open_songs(random.sample(paths, len(paths)), settings, control, pedal=pedal)) as songs:
        decks = iter(_decks(songs, seconds, after, random, notices, mono))
        segments, replaced = _deal(decks, count, progress)
        if len(segments) < count:
            raise UserError(
                f"only {len(segments)} segments of {seconds:g} s, without overlap, begin at {after:g} s or later; "
                f"{count} are needed: give more or longer music, fewer --clips, shorter --seconds or --after 0"
                + (f" ({'; '.join(notices[:3])})" if notices else "")
            )
        extra: list[Segment] = []
        for deck in decks if spare else ():  # songs that none of the segments is from
            segment, silent_ones = deck.deal()
            replaced += silent_ones
            extra += [segment] if segment else []
            if len(extra) == spare:
                break
    songs_heard = len({segment.path for segment in segments})
    if songs_heard < count:
        notices.append(f"{count} clips from {songs_heard} songs: some songs are heard more than once")
    left_out = {one.path: one.left_out for one in (*segments, *extra)}.values()
    if words := sentence(left_out, remedy="--pedal obeys it", one_instrument=True):
        notices.append(words)
    return Choice(segments, extra, replaced, notices)


def _deal(decks: Iterator["Deck"], count: int, progress: Progress) -> tuple[list[Segment], int]:
    """One segment of each song, then another of each, until there are `count`, or no more; and how many were silent."""
    segments: list[Segment] = []
    replaced = 0
    waiting: Iterable[Deck] = decks
    while len(segments) < count:
        dealt = []
        for deck in waiting:
            segment, silent_ones = deck.deal()
            replaced += silent_ones
            if segment:
                segments.append(segment)
                dealt.append(deck)
                progress("Clips", len(segments), count)
            if len(segments) == count:
                break
        if not dealt:
            break
        waiting = dealt
    return segments, replaced


@dataclass
class Deck:
    """A song and where its segments may still begin."""

    song: SourcePiece
    starts: list[float]
    seconds: float
    mono: bool
    notices: list[str]
    heard: bool = False  # some of it is
    cancels: bool = False  # some of it is heard in stereo only

    def deal(self) -> tuple[Segment | None, int]:
        """The next segment that is not nearly silent, None without one; and how many silent ones were skipped."""
        silent = 0
        while self.starts:
            if segment := self._cut(self.starts.pop()):
                self.heard = True
                return segment, silent
            silent += 1
        if not self.heard:
            self.heard = True  # one notice is enough
            why = "its channels cancel each other in mono" if self.cancels else "silence, or inaudible sound"
            self.notices.append(f"skipped {self.song.path}: no segment of {self.seconds:g} s is audible ({why})")
        return None, silent

    def _cut(self, start: float) -> Segment | None:
        """The segment here, None when it is nearly silent.

        It begins with the first sound: the length of an initial silence would reveal the source.
        """
        waveform = self.song.excerpt(start, self.seconds)
        rate = round(len(waveform) / self.seconds)
        lead = _begins(waveform, rate, self.song.step, mono=self.mono)
        if lead and start + lead + self.seconds <= self.song.seconds:
            start += lead
            waveform = self.song.excerpt(start, self.seconds)
            lead = 0
        segment = Segment(
            self.song.path, start, waveform, self.song.step, self.song.strikes, self.song.sound, self.song.left_out
        )
        if lead or is_nearly_silent(_played(waveform, mono=self.mono), rate):
            self.cancels |= self.mono and not is_nearly_silent(waveform, rate)
            return None
        return segment


def is_heard(segment: Segment, rate: int, *, mono: bool) -> bool:
    """Whether a segment begins at once and is not nearly silent, as it is when it is chosen.

    >>> silence = Segment(Path("song.wav"), 0.0, np.zeros((48_000, 2), np.float32))
    >>> is_heard(silence, 48_000, mono=False)
    False
    """
    begins = _begins(segment.waveform, rate, segment.step, mono=mono)
    return not begins and not is_nearly_silent(_played(segment.waveform, mono=mono), rate)


def _begins(waveform: Waveform, rate: int, step: float, *, mono: bool) -> float:
    """Seconds, in whole steps, until something is heard."""
    lead = leading_silence(_played(waveform, mono=mono), rate)
    return math.floor(lead / step) * step if step else lead * (lead > UNHEARD)


def _played(waveform: Waveform, *, mono: bool) -> Waveform:
    return mixed_down(waveform) if mono else waveform


def _decks(
    songs: Iterable[SourcePiece | UnreadableFileError],
    seconds: float,
    after: float,
    random: Random,
    notices: list[str],
    mono: bool,
) -> Iterable[Deck]:
    for song in songs:
        if isinstance(song, UnreadableFileError):
            notices.append(f"skipped {song}")
        elif song.seconds < song.begins + after + seconds:
            before = f", of which {song.begins + after:g} s are left out" if song.begins + after else ""
            notices.append(f"skipped {song.path}: {song.seconds:.1f} s{before}, too short for a clip")
        else:
            yield Deck(song, starts(song.seconds, seconds, random, song.begins + after), seconds, mono, notices)


def starts(song: float, seconds: float, random: Random, after: float = 0.0) -> list[float]:
    """Where segments of a song may begin, in random order: on the grid of frames, without overlap, from a random point.

    song, seconds, after : lengths in seconds, song >= after + seconds

    >>> sorted(starts(30.0, 10.0, Random(0)))
    [0.0, 10.0, 20.0]
    >>> sorted(starts(30.0, 10.0, Random(0), after=10.0))
    [10.0, 20.0]
    """
    skipped = math.ceil(after * FRAME_RATE)
    frames, step = math.floor(song * FRAME_RATE) - skipped, math.ceil(seconds * FRAME_RATE)
    count = max(1, frames // step)
    first = skipped + random.randint(0, max(0, frames - count * step))
    return random.sample([(first + place * step) / FRAME_RATE for place in range(count)], count)


def finish(segments: Sequence[Segment], rate: int, loudness: Loudness, *, mono: bool) -> list[Clip]:
    """Fade the edges, mix down if asked to, and set the level.

    Raises `UserError` when the level of a clip cannot be matched without peaks above -1 dBTP, or there is none. No
    other segment is used instead: leaving out high peaks would make a source more even than its music is.

    >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)[:, None].repeat(2, axis=1)
    >>> (clip,) = finish([Segment(Path("song.wav"), 0.0, tone)], 48_000, Loudness.MATCHED, mono=False)
    >>> round(clip.loudness + clip.gain, 6)
    -23.0
    """
    shaped = [_shaped(segment.waveform, rate, mono=mono) for segment in segments]
    measured = [
        (_loudness(segment, waveform, rate), true_peak(waveform, rate) or -math.inf)
        for segment, waveform in zip(segments, shaped, strict=True)
    ]
    if loudness is Loudness.MATCHED:
        gains = [TARGET - level for level, _ in measured]
        for segment, (_, peak), gain in zip(segments, measured, gains, strict=True):
            if peak + gain > HIGHEST_PEAK:
                raise UserError(
                    f"{segment}: at {TARGET:g} LUFS its peaks would reach {peak + gain:.1f} dBTP; at most "
                    f"{HIGHEST_PEAK:g} are accepted; leave that piece out or use --loudness as-rendered"
                )
    else:
        gains = [min(0.0, HIGHEST_PEAK - max(peak for _, peak in measured))] * len(shaped)
    return [
        Clip(segment, np.asarray(waveform * 10 ** (gain / 20), dtype=np.float32), level, gain)
        for segment, waveform, (level, _), gain in zip(segments, shaped, measured, gains, strict=True)
    ]


def _shaped(waveform: Waveform, rate: int, *, mono: bool) -> Waveform:
    if mono:
        waveform = mixed_down(waveform)
    envelope = np.ones(len(waveform), dtype=np.float32)
    rise, fall = round(FADE_IN * rate), round(FADE_OUT * rate)
    envelope[:rise] = np.linspace(0, 1, rise)
    envelope[len(envelope) - fall :] = np.linspace(1, 0, fall)
    return waveform * envelope[:, None]


def _loudness(segment: Segment, waveform: Waveform, rate: int) -> float:
    level = integrated_loudness(waveform, rate)
    if level is None:
        raise UserError(f"{segment}: nothing in it is audible, so its loudness cannot be matched; leave that piece out")
    return level
