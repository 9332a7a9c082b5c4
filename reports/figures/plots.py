"""What a panel shows of one song, drawn on its axes: score matrix, waveform, spectrum, sonogram (the paper's Figures 1,
3, 4 and 5), piano roll and self-similarity.

A song and the `Scale` that it shares with the others in; `reports.figures.panels` makes the axes and the figure.
"""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from clstm.music.score import FRAME_RATE, HELD, LOWEST, STRUCK
from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import inches
from evaluation.metrics.metric import Missing
from reports.figures.scale import Scale
from reports.figures.songs import EXCERPT, HIGHEST_HZ, DrawnPiece

MARKS_HZ = (1000, 1200, 1300)  # below them the paper sees the energy of sample, C-LSTM and LSTM
SMOOTHING = 41  # bins of 10 Hz under a Hann window: half of it counts, about 200 Hz
LEFT = 0.62  # inches left of every axes, for its labels

Levels = NDArray[np.floating]  # dB

_CENTRED: dict[str, Any] = {"ha": "center", "va": "center", "color": MUTED}


def score_matrix(axes: Axes, song: DrawnPiece, scale: Scale) -> None:
    """Figure 1: the 0/1 score matrix itself, held rows below, struck rows above; octaves no song uses are left out."""
    assert song.matrix is not None, "a song that came as audio has no score matrix"
    rows = slice(scale.lowest - LOWEST, scale.highest - LOWEST + 1)
    held, struck = song.matrix[HELD][rows], song.matrix[STRUCK][rows]
    pitches, frames = held.shape
    cells = np.vstack([held, 2 * struck])  # 1 is held, 2 struck: two colours of one image
    axes.imshow(
        np.ma.masked_equal(cells, 0),
        cmap=ListedColormap([song.colour, INK]),
        vmin=1,
        vmax=2,
        origin="lower",
        aspect="auto",
        interpolation="none",
        extent=(0, frames / FRAME_RATE, 0, 2 * pitches),
        zorder=2,
    )
    octaves = np.arange(scale.lowest, scale.highest, 12)
    axes.set_yticks(
        np.concatenate([octaves - scale.lowest, octaves - scale.lowest + pitches]),
        [f"C{pitch // 12 - 1}" for pitch in octaves] * 2,
    )
    axes.tick_params(axis="y", labelsize=7)
    axes.axhline(pitches, color=INK, linewidth=0.8, zorder=3)
    axes.set_ylim(0, 2 * pitches)
    for label, middle in (("held", 0.25), ("struck", 0.75)):
        axes.text(-inches(axes, 0.48), middle, label, transform=axes.transAxes, rotation=90, **_CENTRED)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    _seconds(axes, min(scale.seconds, EXCERPT))


def waveform(axes: Axes, song: DrawnPiece, scale: Scale) -> None:
    """Figure 3: the waveform between its extremes, and within it the RMS envelope."""
    times = (np.arange(len(song.extremes)) + 0.5) * song.seconds / len(song.extremes)
    axes.fill_between(times, *song.extremes.T, color=song.colour, alpha=0.38, linewidth=0)
    rms = 10 ** (song.level / 20)
    axes.fill_between(song.level_times, -rms, rms, color=song.colour, linewidth=0)
    axes.axhline(0, color="white", linewidth=0.4)
    limit = 1.05 * scale.peak
    axes.set_ylim(-limit, limit)
    axes.yaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    axes.set_ylabel("amplitude")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    _seconds(axes, scale.seconds)


def spectrum(axes: Axes, song: DrawnPiece, scale: Scale) -> None:
    """Figure 4: the magnitude spectrum to 5 kHz and its course, the reference's course, and the share of energy below
    each of the paper's three limits."""
    floor = scale.spectrum_floor
    kilohertz = song.spectrum_hz / 1000
    axes.fill_between(kilohertz, floor, np.maximum(song.spectrum, floor), color=song.colour, alpha=0.3, linewidth=0)
    behind = scale.reference
    axes.plot(behind.spectrum_hz / 1000, smooth(behind.spectrum), color=INK, linewidth=0.9, linestyle=(0, (4, 1.5)))
    if song is not behind:
        axes.plot(kilohertz, smooth(song.spectrum), color=song.colour, linewidth=1.4)
    lines = []
    for mark, dashes in zip(MARKS_HZ, ("-", "--", ":"), strict=True):
        axes.axvline(mark / 1000, color=INK, linewidth=0.8, linestyle=dashes)
        share = song.values[f"energy_below_{mark}_hz"]
        lines.append(
            share.reason if isinstance(share, Missing) else f"below {mark / 1000:.1f} kHz {100 * share:5.1f} %"
        )
    axes.text(
        0.985,
        0.97,
        "\n".join(dict.fromkeys(lines)),
        transform=axes.transAxes,
        ha="right",
        va="top",
        family="DejaVu Sans Mono",
        fontsize=7.5,
        linespacing=1.35,
        color=INK,
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 2},
    )
    axes.set_ylim(floor, scale.spectrum_top + 4)
    axes.set_xlim(0, HIGHEST_HZ / 1000)
    axes.yaxis.set_major_locator(MultipleLocator(20))
    axes.set_xlabel("frequency (kHz)")
    axes.set_ylabel("magnitude (dB)")
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def smooth(decibels: Levels) -> Levels:
    """The energy of `SMOOTHING` neighbouring bins, weighted (Hann), in dB: a spectrum's course.

    >>> smooth(np.full(100, -40.0))[:3].round(6).tolist()
    [-40.0, -40.0, -40.0]
    """
    window = np.hanning(SMOOTHING)
    power = np.convolve(10 ** (decibels / 10), window, mode="same")
    return 10 * np.log10(power / np.convolve(np.ones(len(decibels)), window, mode="same"))


def sonogram(axes: Axes, song: DrawnPiece, scale: Scale) -> None:
    """Figure 5: energy over time and frequency, on the colour scale of all songs."""
    floor = scale.sonogram_floor
    axes.set_facecolor("#000004")  # the darkest of magma: silence after a song's end
    image = axes.imshow(
        np.maximum(song.sonogram, floor),
        cmap=mpl.colormaps["magma"].resampled(64),  # steps of about 1 dB, and half the file
        vmin=floor,
        vmax=scale.sonogram_top,
        origin="lower",
        aspect="auto",
        interpolation="none",
        extent=(0, song.seconds, 0, song.sonogram_hz / 1000),
    )
    axes.set_ylim(0, HIGHEST_HZ / 1000)
    axes.set_ylabel("frequency (kHz)")
    _seconds(axes, scale.seconds)
    bar = axes.inset_axes((1 + inches(axes, 0.08), 0, inches(axes, 0.09), 1))
    colourbar = axes.figure.colorbar(image, cax=bar)
    colourbar.outline.set_visible(False)
    colourbar.locator = MultipleLocator(20)
    colourbar.ax.tick_params(labelsize=7, length=2)
    bar.set_title("dB", fontsize=7, color=MUTED, pad=3)


def piano_roll(axes: Axes, song: DrawnPiece, scale: Scale) -> None:
    """Every note over the time drawn, the darker the harder it was struck; octaves no song uses are left out."""
    assert song.notes is not None, "a song that came as audio has no notes"
    notes = song.notes
    lines = np.stack(
        [np.stack([notes.onset, notes.pitch + 0.0], axis=1), np.stack([notes.offset, notes.pitch + 0.0], axis=1)],
        axis=1,
    )
    pitches = scale.roll_highest - scale.roll_lowest + 1
    # Points per semitone.
    height = axes.get_position().height * axes.figure.bbox.height / axes.figure.dpi * 72 / pitches
    rolls = LineCollection(
        list(lines),
        colors=song.colour,
        linewidths=min(max(0.85 * height, 0.8), 4.0),
        alpha=0.25 + 0.75 * notes.velocity / 127 if len(notes) else None,
        capstyle="butt",
        rasterized=True,
    )
    axes.add_collection(rolls)
    octaves = np.arange(scale.roll_lowest, scale.roll_highest, 12)
    axes.set_yticks(octaves, [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.set_ylim(scale.roll_lowest - 1, scale.roll_highest + 1)
    axes.set_ylabel("pitch")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    _seconds(axes, scale.seconds)


def self_similarity(axes: Axes, song: DrawnPiece, scale: Scale) -> None:
    """How alike each moment sounds to each other: squares are sections, lines beside the diagonal repeats."""
    axes.set_facecolor("#ffffff")
    image = axes.imshow(
        song.similarity,
        cmap=mpl.colormaps["Blues"].resampled(64),
        vmin=0,
        vmax=1,
        origin="lower",
        aspect="auto",
        interpolation="none",
        extent=(0, song.seconds, 0, song.seconds),
    )
    _seconds(axes, scale.seconds)
    axes.set_ylim(*axes.get_xlim())
    axes.yaxis.set_major_locator(axes.xaxis.get_major_locator())
    axes.yaxis.set_major_formatter(axes.xaxis.get_major_formatter())
    axes.set_ylabel(axes.get_xlabel())
    bar = axes.inset_axes((1 + inches(axes, 0.08), 0, inches(axes, 0.09), 1))
    colourbar = axes.figure.colorbar(image, cax=bar)
    colourbar.outline.set_visible(False)
    colourbar.ax.tick_params(labelsize=7, length=2)
    if (
        axes.get_position().x1 + LEFT * axes.figure.dpi / axes.figure.bbox.width < 1
    ):  # one colour bar is enough for a row
        bar.set_visible(False)


def _seconds(axes: Axes, seconds: float) -> None:
    axes.set_xlim(0, max(seconds, 0.1))
    axes.set_xlabel("time (s)" if seconds < 120 else "time (min:s)")
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 3, 5, 6, 10]))
    if seconds >= 120:
        axes.xaxis.set_major_locator(MultipleLocator(30 if seconds <= 240 else 60 * round(seconds / 300 + 0.5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{int(value) // 60}:{int(value) % 60:02d}"))
