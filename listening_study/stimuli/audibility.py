"""What is audible in a stretch of music, and what counts as silence: one definition for a whole study.

A waveform may contain what no listener hears: an offset, rumble below the lowest tone, ultrasound, and in mono what its
two channels have with opposite signs. So silence is judged by what is left between 20 Hz and 16 kHz, which most
adults hear, after the channels were mixed down where the study is in mono, and K-weighted (ITU-R BS.1770-4). By the
samples alone a tone of 4 Hz or an offset would count as music, and no gain could match its loudness to that of others.

Waveforms are (samples, channels), full scale at -1 and 1.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.buffers import Waveform
from evaluation.metrics.loudness import integrated_loudness, momentary_loudness

LOWEST, HIGHEST = 20.0, 16000.0  # Hz
QUIET = -60.0  # LUFS over 0.4 s; lower is a pause
SETTLING = 0.2  # s that the filters take
SOUNDING = -40.0  # dB relative to the loudest sample of a stretch; at this level it has begun


def mixed_down(waveform: Waveform) -> Waveform:
    """The waveform as a study in mono plays it: the mean of the channels, (samples, 1).

    >>> mixed_down(np.array([[0.25, 0.75], [0.5, -0.5]]))
    array([[0.5],
           [0. ]])
    """
    return np.asarray(waveform.mean(axis=1, keepdims=True))


def is_mono(waveform: Waveform) -> bool:
    """Whether both channels are the same.

    >>> is_mono(np.array([[0.1, 0.1], [0.2, 0.2]])), is_mono(np.array([[0.1, 0.1], [0.2, 0.3]]))
    (True, False)
    """
    return bool(np.array_equal(waveform[:, 0], waveform[:, -1]))


def leading_silence(waveform: Waveform, rate: int) -> float:
    """Seconds before the first sample within 40 dB of the loudest; all of it for silence.

    >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> round(leading_silence(np.concatenate([np.zeros(4000), tone])[:, None], 8000), 2)
    0.5
    """
    level = np.abs(_audible(waveform, rate)).max(axis=1)
    sounding = level > max(level.max() * 10 ** (SOUNDING / 20), 10 ** (QUIET / 20))
    return float(np.argmax(sounding) / rate) if sounding.any() else len(waveform) / rate


def is_nearly_silent(waveform: Waveform, rate: int) -> bool:
    """Whether more than half of it lies below -60 LUFS, in windows of 0.4 s, or all of it is below BS.1770's gate.

    >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)[:, None]
    >>> is_nearly_silent(tone, 48_000), is_nearly_silent(0.001 * tone, 48_000)  # about -23 and -83 LUFS
    (False, True)
    """
    audible = _audible(waveform, rate)
    _, loudness = momentary_loudness(audible, rate)
    if not len(loudness) or integrated_loudness(audible, rate) is None:
        return True
    return bool(np.mean(loudness < QUIET) > 0.5)


def _audible(waveform: Waveform, rate: int) -> Waveform:
    """The part between `LOWEST` and `HIGHEST`.

    It begins as if the sound had gone on before, mirrored at its first sample: a cut offset or rumble makes no click.
    """
    from scipy.signal import sosfilt, sosfilt_zi

    filters = _band(rate)
    before = 2 * waveform[:1] - waveform[round(SETTLING * rate) : 0 : -1]
    longer = np.concatenate([before, waveform])
    settled = sosfilt_zi(filters)[:, :, None] * longer[:1]  # (sections, 2, channels)
    return np.asarray(sosfilt(filters, longer, axis=0, zi=settled)[0][len(before) :], dtype=np.float32)


@lru_cache
def _band(rate: int) -> NDArray[np.float64]:
    """Butterworth filters as second-order sections; without an upper one where the rate itself has no more."""
    from scipy.signal import butter

    low = butter(4, LOWEST, "highpass", fs=rate, output="sos")
    return np.concatenate([low, butter(12, HIGHEST, fs=rate, output="sos")]) if rate > 2 * HIGHEST else low
