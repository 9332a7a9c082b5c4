"""A player for the output of a cell, with the sound in it: no file beside the notebook, no server.

So that a notebook stays small, a player holds at most the first `PLAYED` seconds, as MP3 in mono of 64 kbit/s
(11 kB a second in the notebook); FLAC where libsndfile writes no MP3.
"""

from base64 import b64encode
from io import BytesIO

import numpy as np

from clstm.notebook import markup
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import mono

PLAYED = 30.0  # seconds at most


def player(waveform: Waveform, rate: int, name: str = "") -> str:
    """HTML: the first seconds of a waveform, (samples, 2), at `rate` Hz; a sentence where that is not all of it."""
    import soundfile

    length = len(waveform) / rate
    sound = np.clip(mono(waveform[: int(PLAYED * rate)]), -1.0, 1.0)
    form = "MP3" if "MP3" in soundfile.available_formats() else "FLAC"
    how = {"bitrate_mode": "CONSTANT", "compression_level": 0.9} if form == "MP3" else {}
    held = BytesIO()
    with soundfile.SoundFile(held, "w", rate, 1, format=form, **how) as audio:
        audio.write(sound)
    data, kind = b64encode(held.getvalue()).decode("ascii"), {"MP3": "mpeg", "FLAC": "flac"}[form]
    label = f' aria-label="{markup.text(name)}"' if name else ""
    cut = f"The player holds the first {PLAYED:.0f} s of {length:.0f} s." if length > PLAYED + 1 else ""
    controls = f'<audio controls preload="metadata"{label} src="data:audio/{kind};base64,{data}"></audio>'
    return controls + (markup.line(cut, faint=True) if cut else "")
