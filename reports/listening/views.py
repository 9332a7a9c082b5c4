"""What the page draws of one piece: a few kilobytes of arrays, in a script that hands them to the page.

A page opened from disk may not read other files, but it may run a script beside it; so each piece has one, which the
page asks for when the piece is picked. Arrays are base64 of bytes, little-endian:

notes       uint16 onset and offset, ms; uint8 pitch and velocity; each for all notes
matrix      bits of the score matrix, row by row, in `evaluation`'s order
wave        uint8 lowest and highest sample and RMS, each for all columns: 0..255 is -1..1, of the RMS 0..1
spectrum    uint8, a level for every 10 Hz
sonogram    uint8 levels, row by row from 0 Hz
similarity  uint8 0..255 is 0..1, the lower triangle of the matrix row by row, its diagonal included

A level is a number of half dB above -120 dB.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes
from clstm.music.score import HELD, LOWEST
from reports.figures.captions import alternative_text, finding
from reports.figures.panels import KINDS, drawable
from reports.figures.scale import LEAST_RANGE
from reports.figures.songs import SPECTRUM_BIN_HZ, DrawnPiece, pooled, pooled_level

COLUMNS = 400  # of a waveform
SONOGRAM = (50, 200)  # rows and columns at most
MOMENTS = 64  # of a self-similarity matrix at most
QUIETEST = -120.0  # dB, the level 0
STEP = 0.5  # dB
CALL = "clstmViews"  # the function of the page that takes them

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Extent:
    """How far one piece reaches, so that the axes of all can be the same.

    peak : largest |sample|; spectrum, sonogram : dB, its strongest value
    pitches, cells : MIDI, lowest and highest of its notes, and of its score matrix; None without any
    """

    peak: float
    spectrum: float
    sonogram: float
    pitches: tuple[int, int] | None = None
    cells: tuple[int, int] | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """From what `dataclasses.asdict` made of one, also where JSON made lists of its tuples."""
        pairs = {name: tuple(plain[name]) if plain[name] else None for name in ("pitches", "cells")}
        return cls(**{**plain, **pairs})


def extent(song: DrawnPiece) -> Extent:
    played = [] if song.notes is None else song.notes.pitch.tolist()
    used = [] if song.matrix is None else (np.flatnonzero(song.matrix[HELD].any(axis=1)) + LOWEST).tolist()
    return Extent(
        peak=float(np.abs(song.extremes).max(initial=0.0)),
        spectrum=float(song.spectrum.max(initial=QUIETEST)),
        sonogram=float(song.sonogram.max(initial=QUIETEST)),
        pitches=(min(played), max(played)) if played else None,
        cells=(min(used), max(used)) if used else None,
    )


def axes_of(extents: list[Extent]) -> dict[str, Any]:
    """The axes that all pieces share on the page, as `reports.figures.scale.Scale` has them for print."""

    def octaves(spans: list[tuple[int, int] | None]) -> tuple[int, int]:
        known = [span for span in spans if span] or [(60, 60)]
        return min(low for low, _ in known) // 12 * 12, max(high for _, high in known) // 12 * 12 + 11

    def range_of(tops: list[float], below: float) -> tuple[float, float]:
        top = max(tops)
        softest = min((one for one in tops if one > QUIETEST + 1), default=top)
        return round(max(min(top - below, softest - LEAST_RANGE), QUIETEST), 1), round(top, 1)

    return {
        "peak": round(max(one.peak for one in extents), 4) or 1.0,
        "spectrum": range_of([one.spectrum for one in extents], 70.0),
        "sonogram": range_of([one.sonogram for one in extents], 80.0),
        "pitches": octaves([one.pitches for one in extents]),
        "cells": octaves([one.cells for one in extents]),
    }


def script(name: str, view: Mapping[str, Any]) -> str:
    """The script of a piece. name : what the page calls it; view : as `packed` makes it

    >>> print(script("0-hum-001", {"seconds": 1.0}), end="")
    clstmViews("0-hum-001", {"seconds": 1.0});
    """
    return f"{CALL}({json.dumps(name)}, {json.dumps(view)});\n"


def packed(song: DrawnPiece, *, notes: bool = True) -> dict[str, Any]:
    """Everything the page draws and says of one piece, ready for JSON. notes : whether its notes may be read from it"""
    if not notes:
        song = replace(song, notes=None, matrix=None)
    rms = 10 ** (pooled_level(song.level, COLUMNS) / 20)
    low, high = (pooled_extremes(song.extremes[:, side], largest) for side, largest in ((0, False), (1, True)))
    sonogram = pooled_level(pooled_level(song.sonogram, SONOGRAM[1]).T, SONOGRAM[0]).T
    similarity = pooled(pooled(song.similarity, MOMENTS).T, MOMENTS)
    content: dict[str, Any] = {
        "seconds": round(song.seconds, 3),
        "wave": _base64(*(_shares((side + 1) / 2) for side in (low, high)), _shares(_resized(rms, len(low)))),
        "spectrum": _base64(_levels(_filled(song))),
        "sonogram": _base64(_levels(sonogram)),
        "rows": sonogram.shape[0],
        "hz": round(song.sonogram_hz, 1),
        "similarity": _base64(_shares(similarity[np.tril_indices(len(similarity))])),
        "words": {
            kind.key: [alternative_text(kind, song), finding(kind, song)] for kind in KINDS if drawable(kind, [song])
        },
    }
    if song.notes is not None and song.matrix is not None:
        content["notes"] = _base64(*_of_notes(song.notes))
        content["matrix"] = _base64(np.packbits(song.matrix))
        content["frames"] = song.matrix.shape[1]
    return content


def _of_notes(notes: Notes) -> list[NDArray[Any]]:
    times = [np.clip(np.round(1000 * time), 0, 65535).astype("<u2") for time in (notes.onset, notes.offset)]
    return [*times, notes.pitch.astype(np.uint8), notes.velocity.astype(np.uint8)]


def pooled_extremes(values: NDArray[np.floating], largest: bool) -> NDArray[np.floating]:
    """The largest, or lowest, of `COLUMNS` equal slices; fewer for fewer values."""
    columns = min(COLUMNS, len(values))
    starts = np.arange(columns) * len(values) // columns
    return (np.maximum if largest else np.minimum).reduceat(values, starts)


def _resized(values: NDArray[np.floating], length: int) -> NDArray[np.floating]:
    """The nearest value at `length` equal steps."""
    return values[np.arange(length) * len(values) // length]


def _filled(song: DrawnPiece) -> NDArray[np.floating]:
    """The spectrum with a value for every 10 Hz; the quietest where a short song has none."""
    places = (song.spectrum_hz / SPECTRUM_BIN_HZ).astype(np.int64)
    return np.interp(np.arange(int(places.max(initial=0)) + 1), places, song.spectrum)


def _levels(decibels: NDArray[np.floating]) -> Codes:
    return np.clip(np.round((decibels - QUIETEST) / STEP), 0, 255).astype(np.uint8)


def _shares(values: NDArray[np.floating]) -> Codes:
    """0..1 as 0..255; what is beyond is cut.

    >>> _shares(np.array([-1.0, 0.0, 0.5, 1.0])).tolist()
    [0, 0, 128, 255]
    """
    return np.clip(np.round(255 * values), 0, 255).astype(np.uint8)


def _base64(*arrays: NDArray[Any]) -> str:
    return base64.b64encode(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).decode()
