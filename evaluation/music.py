"""One piece of music in a notebook: every view and every metric, three lines from a file.

    from evaluation.music import Music
    music = Music.read("song.mid")
    music.metrics["fluctuation_rate"], music.sonogram()

Notes need no file:

>>> tune = Music.of(Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 5, 80) for k in range(16)]))
>>> tune.metrics["note_density"], tune.metrics["novelty"]
(4.0, Missing(reason='shorter than 8 s'))

Views are arrays, ready to plot: the axes first, then the values, as each view's module says. Metrics are computed once,
on first use.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.events import Metre
from clstm.music.left_out import sentence
from clstm.music.midi import Notes
from clstm.music.score import Matrix, encode
from clstm.runtime.errors import choice
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import heard, mono
from evaluation.audio.render import RenderSettings, render, same_grid
from evaluation.measurement.measure import complete, measure_notes, measure_sound
from evaluation.measurement.performance import without_tail
from evaluation.metrics import envelope, loudness, rms_level, sonogram, spectrum, structure
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import MetricValue, Missing

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.floating]

SCALES = {"linear": sonogram.sonogram, "mel": sonogram.mel_sonogram, "cqt": sonogram.cqt_sonogram}


@dataclass(frozen=True, eq=False)
class Music:
    """A waveform, (samples, 2) -1..1, its rate in Hz, and the notes it was rendered from, None for audio.

    remarks : what was done to its sound, such as "resampled from 48000 Hz"
    seconds : to the end of its last note; None where the sound ends, or the notes do
    drums, metre : those of its file (`clstm.music.piece.Piece`), where they are known
    """

    waveform: Waveform
    rate: int
    notes: Notes | None = None
    remarks: tuple[str, ...] = ()
    seconds: float | None = None
    drums: Notes | None = None
    metre: Metre | None = None

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
        sound = heard(Path(path), settings, pedal=pedal)
        if sound.piece is None:
            return cls(sound.waveform, sound.rate, remarks=sound.remarks)
        if on_same_grid:
            return cls.of(same_grid(sound.piece.notes), settings)
        beside = filter(None, [sentence([sound.piece.notes.left_out])])
        piece, remarks = sound.piece, (*sound.remarks, *beside)
        return cls(sound.waveform, sound.rate, piece.notes, remarks, piece.duration, piece.drums, piece.metre)

    @classmethod
    def of(cls, notes: Notes, settings: RenderSettings = RenderSettings()) -> "Music":
        """Notes, rendered. Raises as `evaluation.audio.render.render` does."""
        return cls(render(notes, settings), settings.sample_rate, notes)

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
