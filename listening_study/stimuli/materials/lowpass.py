"""The anchors of MUSHRA: the reference through a low-pass filter (ITU-R BS.1534-3, section 5.1).

The recommendation asks for at most 0.1 dB of ripple in the pass band, and 25 dB less from about 1/7 above the cutoff
(4 kHz for 3.5 kHz) and 50 dB from 1.3 times it (4.5 kHz). An elliptic filter of order 8, applied once, keeps both.
"""

import numpy as np

from evaluation.audio.buffers import Waveform

RIPPLE, ATTENUATION, ORDER = 0.1, 60.0, 8  # dB, dB


def lowpass(waveform: Waveform, cutoff: float, rate: int) -> Waveform:
    """The waveform below `cutoff`, Hz.

    waveform : (samples, channels)
    Returns the same shape. A rate that has nothing above the cutoff leaves it as it is.

    >>> time = np.arange(8000) / 44100
    >>> high = np.sin(2 * np.pi * 5000 * time)[:, None]
    >>> bool(np.abs(lowpass(high, 3500.0, 44100)[2000:]).max() < 0.01)
    True
    """
    from scipy.signal import ellip, sosfilt

    if 2 * cutoff >= rate:
        return waveform
    sections = ellip(ORDER, RIPPLE, ATTENUATION, cutoff, fs=rate, output="sos")
    return np.asarray(sosfilt(sections, waveform, axis=0), dtype=np.float32)


def name(cutoff: float) -> str:
    """The anchor's name in tables.

    >>> name(3500), name(7000)
    ('anchor 3.5 kHz', 'anchor 7 kHz')
    """
    return f"anchor {cutoff / 1000:g} kHz"
