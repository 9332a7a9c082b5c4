"""One piece as a figure for print: piano roll, envelope and sonogram above one axis of time."""

from matplotlib.figure import Figure

from clstm.music.midi import Notes
from clstm.notebook.figure import shown
from evaluation.audio.buffers import Waveform
from evaluation.figures.palette import INK, MUTED, SYSTEMS
from evaluation.figures.style import PAGE_WIDTH, style
from evaluation.metrics import rms_level, sonogram

PANEL = 1.4  # inches
RANGE = 80.0  # dB below the loudest that the sonogram shows


def drawn(notes: Notes | None, waveform: Waveform, rate: int, title: str = "") -> Figure:
    """notes : None of audio, which has no roll; waveform : (samples,) at `rate` Hz"""
    panels = 2 if notes is None else 3
    with style():
        figure = Figure((PAGE_WIDTH, panels * PANEL + 0.5), layout="constrained", facecolor="white")
        axes = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
        if notes is not None:
            axes[0].hlines(notes.pitch, notes.onset, notes.offset, color=INK, linewidth=1.5)
            axes[0].set_ylabel("MIDI pitch")
        times, levels = rms_level.rms_envelope(waveform, rate)
        axes[-2].plot(times, levels, color=SYSTEMS[0], linewidth=0.8)
        axes[-2].set_ylabel("RMS, dBFS")
        frequencies, columns, loudness = sonogram.mel_sonogram(waveform, rate)
        top = loudness.max()
        axes[-1].pcolormesh(
            columns, frequencies, loudness, cmap="magma", vmin=top - RANGE, vmax=top, rasterized=True, shading="nearest"
        )
        axes[-1].set_yscale("symlog", linthresh=1000)
        axes[-1].set_ylabel("Hz, mel bands")
        axes[-1].set_xlabel("seconds")
        axes[-1].set_xlim(0, len(waveform) / rate)
        for one in axes:
            one.tick_params(colors=MUTED)
        axes[0].set_title(title, loc="left", color=INK)
    return shown(figure)
