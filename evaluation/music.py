"""One piece of music in a notebook: every view and every number, three lines from a file.

>>> from evaluation.music import Music
>>> music = Music.read("song.mid")
>>> music.figures["fluctuation_rate"], music.sonogram()

Views are arrays, ready to plot: the axes first, then the values, as each view's module says. They are computed when
asked for and kept.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clstm.music.left_out import sentence
from clstm.music.midi import Notes
from clstm.music.score import Matrix, encode
from clstm.runtime.errors import choice
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import heard, mono
from evaluation.audio.render import RenderSettings, render, same_grid
from evaluation.measurement.measure import METRICS, measure_notes, measure_sound, without_tail
from evaluation.metrics import envelope, levels, loudness, sonogram, spectrum, structure
from evaluation.metrics.metric import MetricValue, Missing

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.floating]

SCALES = {"linear": sonogram.sonogram, "mel": sonogram.mel_sonogram, "cqt": sonogram.cqt_sonogram}


@dataclass(frozen=True, eq=False)
class Music:
    """A waveform, (samples, 2) -1..1, its rate in Hz, and the notes it was rendered from, None for audio.

    remarks : what was done to its sound, such as "resampled from 48000 Hz"
    """

    waveform: Waveform
    rate: int
    notes: Notes | None = None
    remarks: tuple[str, ...] = ()

    @classmethod
    def read(
        cls, path: Path | str, settings: RenderSettings = RenderSettings(), *, on_same_grid: bool = False
    ) -> "Music":
        """A MIDI file, rendered, or an audio file. Raises `UnreadableFileError` with the reason.

        on_same_grid : notes pass through the score matrix and one velocity first, as a model's have
        """
        sound = heard(Path(path), settings)
        if on_same_grid and sound.notes is not None:
            return cls.of(same_grid(sound.notes), settings)
        beside = sentence([sound.notes.left_out]) if sound.notes is not None else ""
        return cls(sound.waveform, sound.rate, sound.notes, (*sound.remarks, *filter(None, [beside])))

    @classmethod
    def of(cls, notes: Notes, settings: RenderSettings = RenderSettings()) -> "Music":
        """Notes, rendered."""
        return cls(render(notes, settings), settings.sample_rate, notes)

    @cached_property
    def figures(self) -> dict[str, MetricValue]:
        """Every figure by its name in `METRICS`; `Missing`, with the reason, where there is none."""
        if self.notes is None:
            found = measure_sound(self.waveform, self.rate)
        else:
            piece = without_tail(self.waveform, self.rate, self.notes.duration)
            found = measure_sound(piece, self.rate) | measure_notes(self.notes)
        return {name: found.get(name, Missing("audio has no notes")) for name in METRICS}

    def table(self) -> "pd.DataFrame":
        """The figures to read: label, value, unit, what it is, and why it is missing where it is."""
        import pandas as pd

        rows = [
            (
                METRICS[name].label,
                np.nan if isinstance(figure, Missing) else figure,
                METRICS[name].unit,
                METRICS[name].definition,
                figure.reason if isinstance(figure, Missing) else "",
            )
            for name, figure in self.figures.items()
        ]
        return pd.DataFrame(rows, columns=["figure", "value", "unit", "definition", "note"], index=list(self.figures))

    @cached_property
    def mono(self) -> Waveform:
        """The mean of the channels, (samples,): what every view but the loudness is of."""
        return mono(self.waveform)

    @property
    def score(self) -> Matrix | None:
        """Figure 1: the score matrix, (156, frames); None for audio."""
        return None if self.notes is None else encode(self.notes)

    def envelope(self) -> tuple[Array, Array]:
        """Figure 3: times, s, and RMS levels, dBFS."""
        return levels.rms_envelope(self.mono, self.rate)

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
        """Times, s, and how alike any two of them sound, (frames, frames) 0..1."""
        return structure.self_similarity_matrix(self.mono, self.rate)

    def novelty(self) -> tuple[Array, Array]:
        """Times, s, and how new what follows is to what was before, 0..1."""
        return structure.novelty_curve(self.mono, self.rate)
