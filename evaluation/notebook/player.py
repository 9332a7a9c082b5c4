"""A player for the output of a cell, with the sound in it: no file beside the notebook, no server.

So that a notebook stays small, a player holds at most the first `PLAYED` seconds, as MP3 in mono of 64 kbit/s
(11 kB a second in the notebook).
"""

from base64 import b64encode

from clstm.notebook import markup
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import mono, mp3

PLAYED = 30.0  # seconds at most
KBITS = 64


def player(waveform: Waveform, rate: int, name: str = "") -> str:
    """HTML: the first seconds of a waveform, (samples, 2), at `rate` Hz; a sentence where that is not all of it."""
    length = len(waveform) / rate
    data = b64encode(mp3(mono(waveform[: int(PLAYED * rate)]), rate, KBITS)).decode("ascii")
    label = f' aria-label="{markup.text(name)}"' if name else ""
    cut = f"The player holds the first {PLAYED:.0f} s of {length:.0f} s." if length > PLAYED + 1 else ""
    controls = f'<audio controls preload="metadata"{label} src="data:audio/mpeg;base64,{data}"></audio>'
    return controls + (markup.line(cut, faint=True) if cut else "")
