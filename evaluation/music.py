"""One piece of music in a notebook: every view and every metric, three lines from a file.

    import clstm as cl
    music = cl.Music.read("song.mid")
    music.metrics["fluctuation_rate"], music.sonogram()

Notes need no file, nor does sound:

>>> tune = Music.of(Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 5, 80) for k in range(16)]))
>>> tune.metrics["note_density"], tune.metrics["novelty"]
(4.0, Missing(reason='shorter than 8 s'))
>>> Music.of((np.zeros(8000), 8000))
<Music: 1 s of audio>

As the last line of a cell, it shows a player, a piano roll and a sonogram.

Views are arrays, ready to plot: the axes first, then the values, as each view's module says. Metrics are computed once,
on first use.
"""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import Metre
from clstm.music.left_out import sentence
from clstm.music.midi import Notes
from clstm.music.piece import Piece, write_piece
from clstm.music.score import Matrix, encode
from clstm.notebook import markup
from clstm.runtime.errors import UserError, choice
from clstm.runtime.files import replacing
from clstm.runtime.finding import MIDI_SUFFIXES
from clstm.runtime.names import counted, readable
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import heard, mono, write_audio
from evaluation.audio.render import RenderSettings, render, same_grid
from evaluation.measurement.measure import complete, measure_notes, measure_sound
from evaluation.measurement.performance import without_tail
from evaluation.metrics import envelope, loudness, rms_level, sonogram, spectrum, structure
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import MetricValue, Missing
from evaluation.notebook.in_memory import written

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.floating]

SCALES = {"linear": sonogram.sonogram, "mel": sonogram.mel_sonogram, "cqt": sonogram.cqt_sonogram}


@dataclass(frozen=True, eq=False)
class Music:
    """A waveform, (samples, 2) -1..1, its rate in Hz, and the notes it was rendered from, None for audio.

    remarks : what was done to its sound, such as "resampled from 48000 Hz"
    seconds : to the end of its last note; None where the sound ends, or the notes do
    drums, metre : those of its file (`clstm.music.piece.Piece`), where they are known
    piece : all that sounds in a file of notes, as it is written; None of audio, and of notes alone
    name : of its file, without the suffix
    content, suffix : of a file of notes: its bytes, so that beats, tempi and metre are kept where it is measured or
        saved; empty of audio, and of notes alone
    """

    waveform: Waveform
    rate: int
    notes: Notes | None = None
    remarks: tuple[str, ...] = ()
    seconds: float | None = None
    drums: Notes | None = None
    metre: Metre | None = None
    piece: Piece | None = None
    name: str = ""
    content: bytes = b""
    suffix: str = ""

    @classmethod
    def read(
        cls,
        path: Path | str,
        settings: RenderSettings = RenderSettings(),
        *,
        on_same_grid: bool = False,
        pedal: bool = False,
    ) -> "Music":
        """A MIDI file, rendered, or an audio file. Raises `UnreadableFileError` with the reason.

        on_same_grid : the notes pass through the score matrix and one velocity first, as a model's notes did
        pedal : whether notes last as long as a pedal holds them, not as keys are down; the sound always obeys it
        """
        path = Path(path)
        sound, name = heard(path, settings, pedal=pedal), readable(path.stem)
        if sound.piece is None:
            return cls(sound.waveform, sound.rate, remarks=sound.remarks, name=name)
        if on_same_grid:
            return replace(cls.of(same_grid(sound.piece.notes), settings), name=name)
        beside = filter(None, [sentence([sound.piece.notes.left_out])])
        piece, remarks = sound.piece, (*sound.remarks, *beside)
        return cls(
            *(sound.waveform, sound.rate, piece.notes, remarks, piece.duration, piece.drums, piece.metre),
            piece=piece,
            name=name,
            content=path.read_bytes(),
            suffix=path.suffix,
        )

    @classmethod
    def of(cls, music: Any, settings: RenderSettings = RenderSettings()) -> "Music":
        """Music that lies in memory: notes, rendered, or sound.

        music : `Notes`; an object of pretty_midi, mido, symusic or miditoolkit; or (array, rate): (samples,) or
            (samples, 2), -1..1, at a rate in Hz

        Raises `UserError` for what is no music, else as `read` and `evaluation.audio.render.render` do.
        """
        if isinstance(music, Notes):
            return cls(render(music, settings), settings.sample_rate, music)
        if isinstance(music, str | Path):
            return cls.read(music, settings)
        with TemporaryDirectory() as folder:
            return replace(cls.read(written(music, Path(folder), "music"), settings), name="")

    @cached_property
    def metrics(self) -> dict[str, MetricValue]:
        """The value of every metric, by its name in `METRICS`; `Missing`, with the reason, where there is none."""
        if self.notes is None:
            found = measure_sound(self.waveform, self.rate)
        else:
            seconds = self.notes.duration if self.seconds is None else self.seconds
            piece = without_tail(self.waveform, self.rate, seconds)
            found = measure_sound(piece, self.rate) | measure_notes(self.notes, seconds, self.drums, self.metre)
        return complete(found)

    @property
    def figures(self) -> dict[str, MetricValue]:
        """The name of `metrics` up to version 0.1."""
        warnings.warn("Music.figures is now called metrics", DeprecationWarning, stacklevel=2)
        return self.metrics

    def table(self) -> "pd.DataFrame":
        """The metrics to read: label, value, unit, definition, and the reason where a value is missing."""
        import pandas as pd

        rows = [
            (
                METRICS[name].label,
                np.nan if isinstance(value, Missing) else value,
                METRICS[name].unit,
                METRICS[name].definition,
                value.reason if isinstance(value, Missing) else "",
            )
            for name, value in self.metrics.items()
        ]
        return pd.DataFrame(rows, columns=["metric", "value", "unit", "definition", "note"], index=list(self.metrics))

    @cached_property
    def mono(self) -> Waveform:
        """The mean of the channels, (samples,), from which every view but the loudness is computed."""
        return mono(self.waveform)

    @property
    def score(self) -> Matrix | None:
        """Figure 1: the score matrix, (156, frames); None for audio.

        >>> Music(np.zeros((8000, 2), dtype=np.float32), 8000).score is None
        True
        """
        return None if self.notes is None else encode(self.notes)

    def envelope(self) -> tuple[Array, Array]:
        """Figure 3: times, s, and RMS levels, dBFS.

        >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
        >>> times, level = Music(np.stack([tone, tone], axis=1), 8000).envelope()
        >>> len(times), round(float(level.max()), 2)
        (39, -23.01)
        """
        return rms_level.rms_envelope(self.mono, self.rate)

    def analytic_envelope(self) -> tuple[Array, Array]:
        """Figure 3: times, s, and peaks of the Hilbert envelope, dBFS."""
        return envelope.analytic_envelope(self.mono, self.rate)

    def loudness(self) -> tuple[Array, Array]:
        """Times, s, and short-term loudness, LUFS."""
        return loudness.short_term_loudness(self.waveform, self.rate)

    def spectrum(self) -> tuple[Array, Array]:
        """Figure 4: frequencies, Hz, and magnitudes, dB re full scale."""
        return spectrum.magnitude_spectrum(self.mono, self.rate)

    def sonogram(self, scale: str = "linear") -> tuple[Array, Array, Array]:
        """Figure 5: frequencies, Hz, times, s, and levels, (bins, frames) dB; on a linear, mel or cqt scale."""
        return SCALES[choice("the scale of a sonogram", scale, SCALES)](self.mono, self.rate)

    def self_similarity(self) -> tuple[Array, Array]:
        """Times, s, and how similar any two of them sound, (frames, frames) 0..1."""
        return structure.self_similarity_matrix(self.mono, self.rate)

    def novelty(self) -> tuple[Array, Array]:
        """Times, s, and novelty: how different the next seconds are from the last, 0..1."""
        return structure.novelty_curve(self.mono, self.rate)

    @property
    def length(self) -> float:
        """Seconds of sound."""
        return len(self.waveform) / self.rate

    def __repr__(self) -> str:
        notes = "audio" if self.notes is None else counted(len(self.notes), "note")
        return f"<Music{f' {self.name}' * bool(self.name)}: {self.length:.0f} s of {notes}>"

    def _repr_html_(self) -> str:
        """A player, a piano roll and a sonogram."""
        from evaluation.notebook.player import player
        from evaluation.notebook.views import roll, sonogram_image

        notes = "audio" if self.notes is None else counted(len(self.notes), "note")
        return markup.page(
            markup.heading(f"{self.name or 'Music'}: {self.length:.0f} s, {notes}"),
            player(self.waveform, self.rate, self.name),
            "" if self.notes is None else roll(self.notes, self.length),
            sonogram_image(self.mono, self.rate),
            markup.folded("Remarks", markup.lines(self.remarks)),
        )

    def plot(self) -> "Figure":
        """Piano roll, envelope and sonogram above one axis of time."""
        from evaluation.notebook.drawing import drawn

        return drawn(self.notes, self.mono, self.rate, self.name)

    def save(self, path: Path | str) -> Path:
        """Write a .wav, .flac or .mp3 of its sound, or a .mid of its notes; returns the path. A MIDI file is kept as it
        was.

        Raises `UserError` for another suffix, and for the notes of audio.
        """
        path = Path(path)
        if path.suffix.lower() not in MIDI_SUFFIXES:
            write_audio(path, self.waveform, self.rate)
            return path
        if self.notes is None:
            raise UserError(f"{readable(path)}: audio has no notes; save it as .wav, .flac or .mp3")
        with replacing(path) as temporary:
            if self.content.startswith(b"MThd"):
                temporary.write_bytes(self.content)
            else:
                write_piece(self.piece or Piece.of(self.notes), temporary)
        return path
