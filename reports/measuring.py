"""Every piece becomes sound once: it is measured, and the song a system shows is also drawn and kept to listen to.

Pieces are rendered and measured in processes. All systems are drawn over the same span, that of the shortest song shown
(but at least 10 s), so that a clip stands beside as much of a long piece. Players hold its beginning, as much as keeps
the report small.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from clstm.errors import UnreadableFileError, UserError
from clstm.isolation import in_processes
from evaluation.audio import load, mono, write_audio
from evaluation.batch import TIME_LIMIT
from evaluation.measures import COLUMNS, METRICS, measure_notes, measure_sound
from evaluation.metric import Figure, Missing
from evaluation.render import RenderSettings, Waveform, clipped, render
from reports.songs import Song, song
from reports.systems import Failure, Piece, System

SHORTEST_SPAN = 10.0  # seconds drawn of every song, if it has them
AUDIO_BYTES = 10_000_000  # of all players together
BYTES_A_SECOND = 45_000  # of a FLAC of rendered piano, rarely more
FADE = 0.05  # seconds: a player that stops amid the music shall not click

Row = tuple[str, str, str, float, str, str]


@dataclass(frozen=True)
class Spans:
    """Seconds of every shown song that are drawn, and that its player holds."""

    drawn: float
    heard: float


@dataclass(frozen=True, eq=False)
class Job:
    """One piece to measure; with `audio`, the file its player needs, it is also drawn."""

    system: str
    colour: str
    piece: Piece
    audio: Path | None

    def __str__(self) -> str:
        return str(self.piece.path)


@dataclass(frozen=True, eq=False)
class Measured:
    """What comes back of a piece: its figures, and for the shown one its arrays and clipped samples."""

    figures: dict[str, Figure]
    song: Song | None = None
    clipped: int = 0


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of all systems: the tidy table (system, piece, metric, value, unit, note), songs and failures by system."""

    metrics: pd.DataFrame
    songs: dict[str, Song]
    failures: dict[str, list[Failure]]
    clipped: dict[str, int]


def spans(systems: Sequence[System], settings: RenderSettings) -> Spans:
    """How much of the songs shown is drawn and heard."""
    shortest = min(_seconds(system.shown, settings) for system in systems)
    drawn = max(shortest, SHORTEST_SPAN)
    return Spans(drawn, min(drawn, AUDIO_BYTES / BYTES_A_SECOND / len(systems)))


def measure_all(
    systems: Sequence[System],
    audio: dict[str, Path],
    settings: RenderSettings,
    span: Spans,
    progress: Callable[[int, int], None],
) -> Outcome:
    """Measure every piece of every system; draw the shown ones and write what their players need to `audio`.

    Raises `UserError` when a shown song cannot be rendered; any other piece that fails is left out and listed.
    """
    jobs = [
        Job(system.name, system.colour, piece, audio[system.name] if piece is system.shown else None)
        for system in systems
        for piece in system.pieces
    ]
    rows: list[Row] = []
    songs: dict[str, Song] = {}
    clipped: dict[str, int] = {}
    failures: dict[str, list[Failure]] = {system.name: [] for system in systems}
    work = partial(measure, settings=settings, span=span)
    for done, (job, result) in enumerate(in_processes(work, jobs, seconds=TIME_LIMIT)):
        if isinstance(result, UnreadableFileError):
            if job.audio:
                raise UserError(
                    f"{job.system}: its typical song {job.piece.path} fails ({result.reason}); leave it out"
                )
            failures[job.system].append(Failure(job.piece.path, result.reason))
        else:
            rows += _rows(job, result.figures)
            if result.song:
                songs[job.system] = result.song
                clipped[job.system] = result.clipped
        progress(done + 1, len(jobs))
    return Outcome(pd.DataFrame(rows, columns=list(COLUMNS)), songs, failures, clipped)


def measure(job: Job, settings: RenderSettings, span: Spans) -> Measured:
    """Render or read one piece and take its figures."""
    notes = job.piece.notes
    if notes is None:
        waveform, rate = load(job.piece.path, settings)
        figures = measure_sound(waveform, rate)
    else:
        waveform, rate = render(notes, settings), settings.sample_rate
        figures = measure_sound(waveform, rate) | measure_notes(notes)
    if job.audio is None:
        return Measured(figures)
    drawn = song(job.system, job.piece.name, job.colour, mono(waveform)[: round(span.drawn * rate)], rate, notes)
    return Measured(figures, drawn, _write_player(job.audio, waveform, rate, span.heard))


def _write_player(path: Path, waveform: Waveform, rate: int, seconds: float) -> int:
    """Write the beginning of a waveform, faded where it is cut; returns how many samples had to be clipped."""
    heard = waveform[: round(seconds * rate)].copy()
    if len(heard) < len(waveform):
        fade = min(round(FADE * rate), len(heard))
        heard[len(heard) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
    beyond = clipped(heard)
    write_audio(path, np.clip(heard, -1, 1), rate)
    return beyond


def _rows(job: Job, figures: dict[str, Figure]) -> list[Row]:
    rows = []
    for name, metric in METRICS.items():
        figure = figures.get(name, Missing("audio has no notes"))
        value, note = (np.nan, figure.reason) if isinstance(figure, Missing) else (figure, "")
        rows.append((job.system, job.piece.name, name, value, metric.unit, note))
    return rows


def _seconds(piece: Piece, settings: RenderSettings) -> float:
    """How long a piece sounds, the tail of its rendering included."""
    return piece.seconds + (settings.tail if piece.notes is not None else 0.0)
