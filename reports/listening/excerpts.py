"""What of each system is heard and drawn: players and views of its pieces, and for print the song shown.

Players are 64 kbit/s mono MP3, all at one rate, which any browser plays, and on which nothing is measured. In figures
for print all songs are drawn over the same span, that of the shortest song shown (but at least 10 s), so that a clip is
compared with as much of a long piece.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import reports
from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.files import write_text
from clstm.runtime.processes import in_processes
from evaluation.audio.buffers import Waveform, clipped
from evaluation.audio.files import mono, mp3
from evaluation.audio.render import RenderSettings
from evaluation.measurement.batch import TIME_LIMIT
from evaluation.measurement.cache import code_of, remembered
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import identity, measure_input
from evaluation.measurement.performance import Performed, perform
from evaluation.metrics.metric import MetricValue
from reports.figures.songs import DrawnPiece, song
from reports.inputs.systems import System
from reports.listening.selection import Selection, Spans
from reports.listening.views import Extent, axes_of, extent, packed, script

KBITS = 64
FADE = 0.05  # seconds: a player that stops amid the music shall not click
AUDIO, VIEWS = "audio", "listening"  # folders of the report


@dataclass(frozen=True)
class Job:
    """One piece: what it is called, where it goes, and what is made of it.

    name : of its files; heard : whether it has a player, and its notes are handed to the page; shown : drawn for print
    """

    system: str
    title: str
    colour: str
    input: MeasurementInput
    name: str
    folder: Path
    heard: bool
    shown: bool

    def __str__(self) -> str:
        return str(self.input)


@dataclass(frozen=True, eq=False)
class Excerpts:
    """By system: its song for print, and how many samples of its players were clipped; how much of the pieces there is,
    and the axes that their views share."""

    songs: dict[str, DrawnPiece]
    clipped: dict[str, int]
    span: Spans
    axes: dict[str, Any]


def piece_name(system: str, place: int) -> str:
    """What the files of a piece are called. system : what those of its system are called

    >>> piece_name("2-lstm", 0)
    '2-lstm-001'
    """
    return f"{system}-{place + 1:03d}"


def make_excerpts(
    systems: Sequence[System],
    names: Mapping[str, str],
    selection: Selection,
    folder: Path,
    settings: RenderSettings,
    progress: Callable[[int, int], object],
    unheard: Sequence[str] = (),
) -> Excerpts:
    """Write players and views below `folder`, and draw the songs shown.

    names : what the files of each system are called; unheard : systems whose audio and notes are left out

    Raises `UserError` when a piece cannot be rendered.
    """
    for made in (AUDIO, VIEWS):
        (folder / made).mkdir()
    jobs = list(_jobs(systems, names, selection, folder, unheard))
    songs: dict[str, DrawnPiece] = {}
    extents: list[Extent] = []
    beyond = dict.fromkeys((system.name for system in systems), 0)
    work = partial(_excerpt, settings=settings, span=selection.span)
    for done, (job, result) in enumerate(in_processes(work, jobs, seconds=TIME_LIMIT)):
        if isinstance(result, UnreadableFileError):
            raise UserError(f"{job.system}: {job.input.path} fails ({result.reason}); leave it out")
        drawn, reach, over = result
        extents.append(reach)
        if drawn:
            songs[job.system] = drawn
        beyond[job.system] += over
        progress(done + 1, len(jobs))
    return Excerpts(songs, beyond, selection.span, axes_of(extents))


def _jobs(
    systems: Sequence[System],
    names: Mapping[str, str],
    selection: Selection,
    folder: Path,
    unheard: Sequence[str],
) -> Iterator[Job]:
    for system in systems:
        for place in selection.pieces[system.name]:
            piece = system.pieces[place]
            name = piece_name(names[system.name], place)
            about = (system.name, piece.name, system.colour, piece.input, name, folder)
            yield Job(*about, system.name not in unheard, piece is system.shown)


def _excerpt(job: Job, settings: RenderSettings, span: Spans) -> tuple[DrawnPiece | None, Extent, int]:
    view, reach, player, beyond = remembered(
        "excerpts",
        {
            "input": identity(job.input, settings),
            "words": (job.system, job.title),
            "seconds": span.heard,
            "heard": job.heard,
            "code": code_of(Path(reports.__file__).parent),
        },
        partial(_made, job, settings, span.heard),
        _is_made,
    )
    write_text(job.folder / VIEWS / f"{job.name}.js", script(job.name, view))
    if job.heard:
        (job.folder / AUDIO / f"{job.name}.mp3").write_bytes(b64decode(player))
    return _drawn(job, perform(job.input, settings), span.drawn) if job.shown else None, Extent.of(reach), beyond


def _made(job: Job, settings: RenderSettings, seconds: float) -> tuple[Any, ...]:
    """View, extent, player in base64 and how many of its samples were clipped, as plain values that JSON can hold."""
    sound = perform(job.input, settings)
    # Of most pieces all is drawn, and that was measured for the comparison.
    values = measure_input(job.input, settings).values if sound.seconds <= seconds else None
    drawn = _drawn(job, sound, seconds, values)
    player, beyond = _player(mono(sound.waveform), sound.rate, seconds) if job.heard else (b"", 0)
    return packed(drawn, notes=job.heard), asdict(extent(drawn)), b64encode(player).decode(), beyond


def _is_made(found: Any) -> bool:
    """Whether it is what `_made` returns, as JSON keeps it."""
    match found:
        case [dict(), dict(reach), str(), int()]:
            return set(reach) == {field.name for field in fields(Extent)}
    return False


def _drawn(job: Job, sound: Performed, seconds: float, values: Mapping[str, MetricValue] | None = None) -> DrawnPiece:
    part = mono(sound.waveform[: round(seconds * sound.rate)])
    return song(job.system, job.title, job.colour, part, sound.rate, sound.notes, values)


def _player(waveform: Waveform, rate: int, seconds: float) -> tuple[bytes, int]:
    """The beginning of a mono waveform as MP3, faded where it is cut; and how many samples had to be clipped."""
    heard = np.array(waveform[: round(seconds * rate)])
    if len(heard) < len(waveform):
        fade = min(round(FADE * rate), len(heard))
        heard[len(heard) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return mp3(heard, rate, KBITS), clipped(heard)
