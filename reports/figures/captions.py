"""What a figure shows, in numbers and one sentence: the alternative text of its image and its caption.

The numbers are those of what is drawn, not of the whole piece; the tables have those.
"""

import numpy as np

from clstm.music.score import FRAME_RATE, HELD, LOWEST, STRUCK
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import Missing
from reports.figures.panels import PIANO_ROLL, SCORE_MATRIX, SELF_SIMILARITY, SONOGRAM, SPECTRUM, WAVEFORM, FigureKind
from reports.figures.songs import DrawnPiece
from reports.numbers import number, pitch_name


def finding(kind: FigureKind, song: DrawnPiece) -> str:
    """One sentence without its full stop, such as "mean level −24.1 dBFS, spread 3.2 dB, ..."."""
    return {
        SCORE_MATRIX.key: _score_matrix,
        WAVEFORM.key: _waveform,
        SPECTRUM.key: _spectrum,
        SONOGRAM.key: _sonogram,
        PIANO_ROLL.key: _piano_roll,
        SELF_SIMILARITY.key: _self_similarity,
    }[kind.key](song)


def alternative_text(kind: FigureKind, song: DrawnPiece) -> str:
    return f"{kind.title} of {song.name}, {song.title}: {finding(kind, song)}."


def _score_matrix(song: DrawnPiece) -> str:
    assert song.matrix is not None, "a song that came as audio has no score matrix"
    held, struck = song.matrix[HELD], song.matrix[STRUCK]
    pitches = np.flatnonzero(held.any(axis=1)) + LOWEST
    if not len(pitches):
        return "no notes"
    seconds = song.matrix.shape[1] / FRAME_RATE
    sounding = held.sum(axis=0)
    return (
        f"{struck.sum()} notes in {seconds:g} s ({number(struck.sum() / seconds)} per second), "
        f"{number(sounding[sounding > 0].mean())} sounding at once, "
        f"{pitch_name(pitches[0])} to {pitch_name(pitches[-1])}"
    )


def _waveform(song: DrawnPiece) -> str:
    return _sentence(
        song,
        "mean level {mean_level}, spread {level_spread}, near its maximum {time_near_maximum} of the time",
    )


def _spectrum(song: DrawnPiece) -> str:
    return _sentence(
        song,
        "{energy_below_1000_hz} of the energy below 1 kHz, {energy_below_1200_hz} below 1.2 kHz, "
        "{energy_below_1300_hz} below 1.3 kHz",
    )


def _sonogram(song: DrawnPiece) -> str:
    return _sentence(
        song,
        "change from one eighth of a second to the next {spectral_change} (0: the same spectrum, 1: nothing in "
        "common); {change_below_1000_hz} below 1 kHz, {change_above_1000_hz} above",
    )


def _piano_roll(song: DrawnPiece) -> str:
    assert song.notes is not None, "a song that came as audio has no notes"
    notes = song.notes
    if not len(notes):
        return "no notes"
    velocities = sorted(set(notes.velocity.tolist()))
    touch = (
        f"all at velocity {velocities[0]}"
        if len(velocities) == 1
        else f"velocities {velocities[0]} to {velocities[-1]}"
    )
    lowest, highest = pitch_name(int(notes.pitch.min())), pitch_name(int(notes.pitch.max()))
    return f"{len(notes)} notes in {number(notes.duration)} s, {lowest} to {highest}, {touch}"


def _self_similarity(song: DrawnPiece) -> str:
    return _sentence(
        song, "similarity of moments 4 s or more apart {self_similarity} (1: always the same); novelty {novelty}"
    )


def _sentence(song: DrawnPiece, template: str) -> str:
    """The template with the song's values; the reason alone where nothing can be measured."""
    reasons = {value.reason for value in song.values.values() if isinstance(value, Missing)}
    words = {name: _words(name, song) for name in METRICS if name in song.values}
    return "silent" if "silent" in reasons else template.format(**words)


def _words(name: str, song: DrawnPiece) -> str:
    value, unit = song.values[name], METRICS[name].unit
    if isinstance(value, Missing):
        return f"unknown ({value.reason})"
    if unit == "share":
        return f"{number(100 * value)} %"
    decimals = 1 if unit else 2
    return f"{number(value, decimals)} {unit}".rstrip()
