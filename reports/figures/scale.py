"""The axes that all songs of a report share, so that their panels can be compared by eye."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clstm.music.score import HELD, HIGHEST, LOWEST
from evaluation.metrics.sonogram import FLOOR as SONOGRAM_SILENCE
from evaluation.metrics.spectrum import FLOOR as SPECTRUM_SILENCE
from reports.figures.songs import DrawnPiece

SPECTRUM_RANGE = 70.0  # dB drawn below the strongest value of any song
SONOGRAM_RANGE = 80.0  # the same; FluidSynth's quietest tails lie about there
LEAST_RANGE = 40.0  # dB drawn of the softest song at least, however much louder another is

Levels = NDArray[np.floating]  # dB


@dataclass(frozen=True)
class Scale:
    """The axes shared by all songs of a report.

    seconds : the longest drawn
    peak : largest |sample|
    spectrum_top, sonogram_top : dB, the strongest value of any song; spectrum_floor, sonogram_floor : the least drawn
    lowest, highest : MIDI, the pitches of any score matrix, rounded out to octaves
    roll_lowest, roll_highest : the same of all notes drawn
    reference : the song whose spectrum is repeated with the others'
    """

    seconds: float
    peak: float
    spectrum_top: float
    spectrum_floor: float
    sonogram_top: float
    sonogram_floor: float
    lowest: int
    highest: int
    roll_lowest: int
    roll_highest: int
    reference: DrawnPiece

    @classmethod
    def of(cls, songs: Sequence[DrawnPiece]) -> "Scale":
        """Of the songs of one report, the reference first."""
        matrices = [song.matrix[HELD] for song in songs if song.matrix is not None]
        used = [int(row) + LOWEST for held in matrices for row in np.flatnonzero(held.any(axis=1))] or [60]
        played = [int(pitch) for song in songs if song.notes is not None for pitch in song.notes.pitch] or [60]
        spectra, sonograms = [song.spectrum for song in songs], [song.sonogram for song in songs]
        return cls(
            seconds=max(song.seconds for song in songs),
            peak=max(float(np.abs(song.extremes).max()) for song in songs) or 1.0,
            spectrum_top=_loudest(spectra),
            spectrum_floor=_floor(spectra, SPECTRUM_RANGE, SPECTRUM_SILENCE),
            sonogram_top=_loudest(sonograms),
            sonogram_floor=_floor(sonograms, SONOGRAM_RANGE, SONOGRAM_SILENCE),
            lowest=min(used) // 12 * 12,
            highest=min(max(used) // 12 * 12 + 11, HIGHEST),
            roll_lowest=min(played) // 12 * 12,
            roll_highest=max(played) // 12 * 12 + 11,
            reference=songs[0],
        )


def _loudest(levels: Sequence[Levels]) -> float:
    """The largest finite value, dB; 0 when there is only silence."""
    finite = [float(level[np.isfinite(level)].max(initial=-np.inf)) for level in levels]
    return max(finite) if np.isfinite(max(finite)) else 0.0


def _floor(levels: Sequence[Levels], below: float, silence: float) -> float:
    """dB: so far `below` the loudest, and further where another that sounds were hardly to be seen; `silence` at least.

    silence : dB, what digital silence is measured as
    """
    tops = [float(level.max(initial=silence)) for level in levels]
    softest = [top - LEAST_RANGE for top in tops if top > silence + 1]
    return max(min([_loudest(levels) - below, *softest]), silence)
