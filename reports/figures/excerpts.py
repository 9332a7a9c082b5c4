"""What of each system is drawn and heard: the song shown, and the beginnings of a few more of its pieces.

All systems are drawn over the same span, that of the shortest song shown (but at least 10 s), so that a clip is
compared with as much of a long piece. Players hold its beginning, as much as keeps the report small; as MP3, which any
browser plays, and on which nothing is measured.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.processes import in_processes
from evaluation.audio.buffers import Waveform, clipped
from evaluation.audio.files import mono, write_audio
from evaluation.audio.render import RenderSettings
from evaluation.measurement.batch import TIME_LIMIT
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.performance import perform
from reports.figures.songs import DrawnPiece, song
from reports.inputs.systems import System, SystemPiece

SHORTEST_SPAN = 10.0  # seconds drawn of every song, if it has them
SAMPLE = 10.0  # seconds of a sample
AUDIO_BYTES = 8_000_000  # of all players together
BYTES_PER_SECOND = 12_000  # of an MP3, rarely more
FADE = 0.05  # seconds: a player that stops amid the music shall not click
AUDIO = ".mp3"


@dataclass(frozen=True)
class Spans:
    """Seconds of every shown song that are drawn, and that its player holds."""

    drawn: float
    heard: float


@dataclass(frozen=True)
class Players:
    """The audio files of a system: of the song shown (None: it is not to be heard), and of its samples."""

    shown: Path | None
    samples: tuple[Path, ...]


@dataclass(frozen=True, eq=False)
class Job:
    """One piece to be heard for `seconds`, and drawn if `colour` says how. audio : None where it shall not be heard"""

    system: str
    title: str
    input: MeasurementInput
    audio: Path | None
    seconds: float
    colour: str = ""

    def __str__(self) -> str:
        return str(self.input)


@dataclass(frozen=True, eq=False)
class Excerpts:
    """By system: its song, and how many samples of its players were clipped; and how much of the songs there is."""

    songs: dict[str, DrawnPiece]
    clipped: dict[str, int]
    span: Spans


def spans(systems: Sequence[System], settings: RenderSettings) -> Spans:
    """How much of the songs shown is drawn and heard."""
    drawn = max(min(_seconds(system.shown, settings) for system in systems), SHORTEST_SPAN)
    samples = SAMPLE * sum(len(system.samples) for system in systems)
    return Spans(drawn, min(drawn, max(SAMPLE, (AUDIO_BYTES / BYTES_PER_SECOND - samples) / len(systems))))


def make_excerpts(
    systems: Sequence[System],
    players: Mapping[str, Players],
    settings: RenderSettings,
    progress: Callable[[int, int], object],
) -> Excerpts:
    """Draw the songs, write the players.

    players : the audio files to write of each system

    Raises `UserError` when a song cannot be rendered.
    """
    span = spans(systems, settings)
    jobs = list(_jobs(systems, players, span))
    songs: dict[str, DrawnPiece] = {}
    beyond = dict.fromkeys((system.name for system in systems), 0)
    work = partial(_excerpt, settings=settings, span=span)
    for done, (job, result) in enumerate(in_processes(work, jobs, seconds=TIME_LIMIT)):
        if isinstance(result, UnreadableFileError):
            raise UserError(f"{job.system}: {job.input.path} fails ({result.reason}); leave it out")
        drawn, over = result
        if drawn:
            songs[job.system] = drawn
        beyond[job.system] += over
        progress(done + 1, len(jobs))
    return Excerpts(songs, beyond, span)


def _jobs(systems: Sequence[System], players: Mapping[str, Players], span: Spans) -> Iterator[Job]:
    for system in systems:
        piece, own = system.shown, players[system.name]
        yield Job(system.name, piece.name, piece.input, own.shown, span.heard, system.colour)
        for one, audio in zip(system.samples, own.samples, strict=False):  # none where it is not to be heard
            yield Job(system.name, one.name, one.input, audio, SAMPLE)


def _excerpt(job: Job, settings: RenderSettings, span: Spans) -> tuple[DrawnPiece | None, int]:
    sound = perform(job.input, settings)
    beyond = 0 if job.audio is None else _write_player(job.audio, sound.waveform, sound.rate, job.seconds)
    if not job.colour:
        return None, beyond
    drawn = mono(sound.waveform)[: round(span.drawn * sound.rate)]
    return song(job.system, job.title, job.colour, drawn, sound.rate, sound.notes), beyond


def _write_player(path: Path, waveform: Waveform, rate: int, seconds: float) -> int:
    """Write the beginning of a waveform, faded where it is cut; returns how many samples had to be clipped."""
    heard = np.array(waveform[: round(seconds * rate)])
    if len(heard) < len(waveform):
        fade = min(round(FADE * rate), len(heard))
        heard[len(heard) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    beyond = clipped(heard)
    write_audio(path, heard, rate, reported=True)
    return beyond


def _seconds(piece: SystemPiece, settings: RenderSettings) -> float:
    """How long a piece sounds, the tail of its rendering included."""
    return piece.seconds + (settings.tail if piece.input.is_midi else 0.0)
