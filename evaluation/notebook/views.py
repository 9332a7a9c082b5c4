"""A piano roll as SVG and a sonogram as PNG, for the output of a cell: both with the same axis of time.

The roll takes the colour of the text around it, so that it is dark on a light page and light on a dark one. The
sonogram has a ground of its own.
"""

from base64 import b64encode
from io import BytesIO
from math import ceil

import numpy as np
from numpy.typing import NDArray

from clstm.music.midi import Notes
from clstm.notebook import markup
from evaluation.audio.buffers import Waveform
from evaluation.metrics import sonogram

MOST_NOTES = 20_000  # of a roll; of more, the first
ACROSS, DOWN = 900, 128  # pixels of a sonogram at most
LOUDEST, RANGE = 0.0, 80.0  # dB below the loudest that are shown
OCTAVE = 12

Levels = NDArray[np.floating]


def roll(notes: Notes, seconds: float) -> str:
    """HTML: a piano roll, MIDI pitch against time; a sentence without notes.

    seconds : the end of the axis
    """
    if not len(notes):
        return markup.line("No notes with a pitch.", faint=True)
    low = OCTAVE * (int(notes.pitch.min()) // OCTAVE)
    high = max(OCTAVE * ceil((int(notes.pitch.max()) + 1) / OCTAVE), low + 2 * OCTAVE)
    shown = range(min(len(notes), MOST_NOTES))
    lengths = np.maximum(notes.offset - notes.onset, seconds / ACROSS)
    strokes = "".join(f"M{notes.onset[k]:.2f} {high - notes.pitch[k] - 0.5:g}h{lengths[k]:.2f}" for k in shown)
    lines = "".join(f"M0 {high - pitch}h{seconds:.2f}" for pitch in range(low, high + 1, OCTAVE))
    svg = (
        f'<svg viewBox="0 0 {seconds:.2f} {high - low}" preserveAspectRatio="none" role="img" style="height:150px" '
        f'aria-label="Piano roll of {len(notes):,} notes">'
        f'<path d="{lines}" stroke="currentColor" stroke-opacity=".25" fill="none" stroke-width="1" '
        'vector-effect="non-scaling-stroke"/>'
        f'<path d="{strokes}" stroke="currentColor" fill="none" stroke-width="0.9"/></svg>'
    )
    more = f", the first {MOST_NOTES:,} of {len(notes):,} notes" if len(notes) > MOST_NOTES else ""
    return _view(f"Piano roll, C{low // OCTAVE - 1} to C{high // OCTAVE - 1}{more}", svg, seconds)


def sonogram_image(waveform: Waveform, rate: int) -> str:
    """HTML: the mel sonogram of a mono waveform, (samples,)."""
    from PIL import Image

    frequencies, _, levels = sonogram.mel_sonogram(waveform, rate)
    loudest = float(levels.max(initial=-np.inf))
    if loudest <= sonogram.FLOOR:
        return markup.line("Silence: no sonogram.", faint=True)
    shades = np.clip((_reduced(levels) - loudest + RANGE) / RANGE, 0, 1)
    image = Image.fromarray((255 * shades[::-1]).astype(np.uint8), mode="P")
    image.putpalette(_palette())
    image = image.resize((image.width, DOWN))
    held = BytesIO()
    image.save(held, format="png", optimize=True)
    data = b64encode(held.getvalue()).decode("ascii")
    title = f"Mel sonogram, {frequencies[0]:,.0f} to {frequencies[-1]:,.0f} Hz, {RANGE:.0f} dB"
    shown = f'<img alt="{markup.text(title)}" style="height:150px" src="data:image/png;base64,{data}">'
    return _view(title, shown, len(waveform) / rate)


def _reduced(levels: Levels) -> Levels:
    """At most `ACROSS` columns: of those that fall together, the loudest."""
    columns = levels.shape[1]
    if columns <= ACROSS:
        return levels
    begins = (np.arange(ACROSS) * columns) // ACROSS
    return np.maximum.reduceat(levels, begins, axis=1)


def _palette() -> list[int]:
    """Magma, which grows lighter with the level: black-and-white prints and colour-blind readers lose nothing."""
    from matplotlib import colormaps

    return [int(part) for part in (255 * colormaps["magma"](np.arange(256))[:, :3]).round().astype(int).ravel()]


def _view(title: str, shown: str, seconds: float) -> str:
    ends = (
        '<div class="faint" style="display:flex;justify-content:space-between">'
        f"<span>0 s</span><span>{markup.text(title)}</span><span>{seconds:.0f} s</span></div>"
    )
    return f'<div class="view">{shown}{ends}</div>'
