"""Loudness as listeners hear it (ITU-R BS.1770-4, EBU R 128), and the peak between the samples.

Loudness is the level of the K-weighted sound: momentary over 0.4 s, short-term over 3 s (EBU Tech 3341), integrated
over the whole without its quiet parts. The loudness range is that of EBU Tech 3342. All come from one pass of the
K-weighting filters, as energies per 10 ms. Only windows that lie wholly within the music count.

The filters are pyloudnorm's (0.2). Where pyloudnorm deviates from the standards, this module does not: its default
filters read 0.04 dB less than the standard's, which it calls "DeMan"; its last block may reach half a step beyond the
end; and its loudness range moves in steps of 90 ms and counts 1.5 s of silence at the end.

Waveforms are (samples,) or (samples, channels), one or two channels, full scale at -1 and 1, of any length.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.buffers import BLOCK, blocks, clipped
from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.rms_level import SILENT, is_silent, without_offset

MOMENTARY = 0.4  # s; also the blocks that BS.1770 gates
SHORT_TERM = 3.0  # s
STEP = 0.1  # s between gated blocks, and between the windows of the loudness range
SILENCE = -70.0  # LUFS: the absolute gate
GATE, RANGE_GATE = -10.0, -20.0  # LU, the relative gates of the loudness and of its range
FLOOR = -100.0  # LUFS; what digital silence is drawn as
OVERSAMPLING = 4  # BS.1770-4 annex 2, at 44.1 and 48 kHz

METRICS = {
    "integrated_loudness": Metric(
        "Loudness",
        "LUFS",
        "Integrated loudness (ITU-R BS.1770-4).",
        "loudness",
        "its volume is always at a large value",
        sources=(
            "huang2018",
            "bs1770",
        ),
    ),
    "loudness_range": Metric(
        "Loudness range",
        "LU",
        "From the 10th to the 95th percentile of the loudness over 3 s, quiet parts left out (EBU Tech 3342). Made for "
        "whole programmes: read it with care under a minute.",
        "loudness",
        sources=(
            "tech3342",
            "bs1770",
        ),
    ),
    "true_peak": Metric(
        "True peak",
        "dBTP",
        "Highest peak, also between the samples (ITU-R BS.1770-4).",
        "loudness",
        sources=("bs1770",),
    ),
    "peak_to_loudness": Metric(
        "Peak to loudness ratio",
        "LU",
        "True peak minus integrated loudness (PLR, EBU R 128).",
        "loudness",
        sources=("bs1770",),
    ),
    "clipped_samples": Metric(
        "Clipped samples",
        "samples",
        "Samples beyond full scale, in all channels together.",
        "loudness",
        compared=False,
    ),
}

Array = NDArray[np.floating]

_A_SECOND = 100  # energies: 10 ms divide the windows and steps of both standards
_PEAK_BLOCK = 1024  # samples interpolated together
_CONTEXT = 32  # samples on either side: more than half of SciPy's interpolation filter
_REACH = 2.25  # the filter's largest sum of magnitudes: no peak between samples is higher than this over them


def momentary_loudness(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Loudness of the 0.4 s around each moment, one every 10 ms.

    returns the middles of the windows, (windows,) s, and their loudness, (windows,) LUFS, at least `FLOOR`; none where
    the music is shorter than a window.

    The first window ends after 0.4 s, so one second has 61 of them:

    >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    >>> times, level = momentary_loudness(tone, 48000)
    >>> len(times), float(times[0]), float(level[-1].round(1))
    (61, 0.2, -23.0)
    """
    return _view(waveform, rate, MOMENTARY)


def short_term_loudness(waveform: Array, rate: int) -> tuple[Array, Array]:
    """Loudness of the 3 s around each moment, one every 10 ms; as `momentary_loudness`.

    EBU Tech 3341, case 1: a stereo sine of 1 kHz with peaks of -23 dBFS reads -23 LUFS.

    >>> tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(4 * 48000) / 48000)
    >>> times, level = short_term_loudness(np.stack([tone, tone], axis=1), 48000)
    >>> float(times[0]), float(level[-1].round(1))
    (1.5, -23.0)
    """
    return _view(waveform, rate, SHORT_TERM)


def integrated_loudness(waveform: Array, rate: int) -> float | None:
    """Loudness of the whole, LUFS; None where it is shorter than 0.4 s, or nothing is above the gate at -70 LUFS.

    Of a 1 kHz sine it is its level in dB, less 3.01 for the RMS of a sine (ITU-R BS.1770-4):

    >>> tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    >>> round(integrated_loudness(tone, 48000), 1)
    -23.0
    """
    return _integrated(_energies(waveform, rate), rate)


def loudness_range(waveform: Array, rate: int) -> float | None:
    """Range of the short-term loudness, LU; None where it is shorter than 3 s, or nothing is above -70 LUFS.

    EBU Tech 3342, case 1, in mono: 20 s of a tone, then 20 s of it 10 dB softer.

    >>> level = np.repeat([-20.0, -30.0], 20 * 8000)
    >>> tone = 10 ** (level / 20) * np.sin(2 * np.pi * 1000 * np.arange(len(level)) / 8000)
    >>> round(loudness_range(tone, 8000))
    10
    """
    return _range(_energies(waveform, rate), rate)


def true_peak(waveform: Array, rate: int) -> float | None:  # noqa: ARG001  called like all measures of sound
    """The highest peak, between the samples too, dBTP; None in silence. The waveform is oversampled four times.

    A sine at a quarter of the rate, faded in and out, whose samples all miss its peaks by 45 degrees:

    >>> tone = np.hanning(4000) * np.sin(np.pi / 4 + np.pi / 2 * np.arange(4000))
    >>> round(20 * float(np.log10(tone.max())), 1), round(abs(true_peak(tone, 48000)), 1)
    (-3.0, 0.0)
    """
    from scipy.signal import resample_poly

    peak = max((float(max(block.max(), -block.min())) for _, block in blocks(waveform)), default=0.0)
    if not peak:
        return None
    for _, block in blocks(waveform, BLOCK // _PEAK_BLOCK * _PEAK_BLOCK, _CONTEXT):
        for channel in np.atleast_2d(block.T.astype(np.float32, copy=False)):
            padded = np.pad(channel, (0, -(len(channel) - 2 * _CONTEXT) % _PEAK_BLOCK))
            parts = np.lib.stride_tricks.sliding_window_view(padded, _PEAK_BLOCK + 2 * _CONTEXT)[::_PEAK_BLOCK]
            # Few parts of music could hold a higher peak than its samples: only those are interpolated.
            loud = np.maximum(parts.max(axis=1), -parts.min(axis=1)) * _REACH > peak
            if loud.any():
                between = resample_poly(parts[loud], OVERSAMPLING, 1, axis=1)
                inside = between[:, _CONTEXT * OVERSAMPLING : -_CONTEXT * OVERSAMPLING]
                peak = max(peak, float(np.abs(inside).max()))
    return float(20 * np.log10(peak))


def measure(waveform: Array, rate: int) -> dict[str, MetricValue]:
    """Every metric of loudness of a waveform, (samples, channels) -1..1; `Missing` where it is silent or too short.

    An offset (DC) that would change the peak is subtracted first, for all but the clipped samples.

    >>> measure(np.zeros((48000, 2)), 48000)["integrated_loudness"]
    Missing(reason='silent')
    """
    beyond = float(clipped(waveform))
    if is_silent(waveform, rate):
        return {**dict.fromkeys(METRICS, SILENT), "clipped_samples": beyond}
    waveform = without_offset(waveform, rate)
    energies, peak = _energies(waveform, rate), true_peak(waveform, rate)
    loudness, spread = _integrated(energies, rate), _range(energies, rate)

    def missing(shortest: float) -> Missing:
        if len(energies) < _hops(shortest):
            return Missing(f"shorter than {shortest:g} s")
        return Missing(f"nothing reaches {SILENCE:g} LUFS")

    return {
        "integrated_loudness": missing(MOMENTARY) if loudness is None else loudness,
        "loudness_range": missing(SHORT_TERM) if spread is None else spread,
        "true_peak": SILENT if peak is None else peak,
        "peak_to_loudness": missing(MOMENTARY) if peak is None or loudness is None else peak - loudness,
        "clipped_samples": beyond,
    }


def _view(waveform: Array, rate: int, window: float) -> tuple[Array, Array]:
    loudness = _loudness(_mean_squares(_energies(waveform, rate), rate, window))
    return window / 2 + np.arange(len(loudness)) / _A_SECOND, np.maximum(loudness, FLOOR)


def _integrated(energies: Array, rate: int) -> float | None:
    square = _mean_squares(energies, rate, MOMENTARY, STEP)
    # Above the gate, as in BS.1770-4; `_range` keeps what is at the gate too, as the code in EBU Tech 3342.
    square = square[_loudness(square) > SILENCE]
    if not len(square):
        return None
    gate = _loudness(square.mean()) + GATE  # BS.1770-4 eq. 6
    return float(_loudness(square[_loudness(square) > gate].mean()))  # eq. 7


def _range(energies: Array, rate: int) -> float | None:
    square = _mean_squares(energies, rate, SHORT_TERM, STEP)
    square = square[_loudness(square) >= SILENCE]
    if not len(square):
        return None
    loudness = _loudness(square)
    low, high = np.percentile(loudness[loudness >= _loudness(square.mean()) + RANGE_GATE], [10, 95])
    return float(high - low)


def _loudness(square: Array | np.floating) -> Array:
    """LUFS of mean squares; BS.1770-4 eq. 2."""
    # -0.691 cancels the gain of the filters at 997 Hz.
    return -0.691 + 10 * np.log10(np.maximum(square, np.finfo(np.float64).tiny))


def _hops(seconds: float) -> int:
    return round(seconds * _A_SECOND)


def _mean_squares(energies: Array, rate: int, window: float, step: float = 1 / _A_SECOND) -> Array:
    """Mean squares, the channels' added, of the windows that begin every `step`; both in seconds."""
    hops = _hops(window)
    if len(energies) < hops:
        return np.zeros(0)
    first = np.arange(0, len(energies) - hops + 1, _hops(step))
    samples = (first + hops) * rate // _A_SECOND - first * rate // _A_SECOND
    sums = np.lib.stride_tricks.sliding_window_view(energies, hops)[:: _hops(step)].sum(axis=1)
    return np.asarray(sums / samples)


def _energies(waveform: Array, rate: int) -> Array:
    """Sums of squares of the K-weighted samples, the channels' added, in every whole 10 ms; (hops,).

    10 ms need not be whole samples: hop k begins at sample floor(k rate / 100), and no error adds up.
    """
    from scipy.signal import sosfilt

    filters = _k_weighting(rate)
    state = np.zeros((len(filters), 1 if waveform.ndim == 1 else waveform.shape[1], 2))
    # Blocks of whole seconds, so that each begins with a hop at any rate.
    seconds = max(BLOCK // rate, 1)
    starts = np.arange(seconds * _A_SECOND) * rate // _A_SECOND
    energies: list[Array] = [np.zeros(0)]
    for _, block in blocks(waveform, seconds * rate):
        weighted, state = sosfilt(filters, np.atleast_2d(block.T).astype(np.float64, order="C"), axis=1, zi=state)
        power = np.square(weighted).sum(axis=0)
        # The most hops k with floor(k rate / 100) within the block.
        hops = (_A_SECOND * (len(power) + 1) - 1) // rate
        if hops:
            energies.append(np.add.reduceat(power[: hops * rate // _A_SECOND], starts[:hops]))
    return np.concatenate(energies)


@lru_cache
def _k_weighting(rate: int) -> Array:
    """BS.1770-4's high shelf and high pass as second-order sections, (2, 6).

    The standard has numbers for 48 kHz, and asks for the same response at other rates. There the high pass lets the
    treble through with a gain of 1.005: so it does here at every rate. What the bilinear form does to the shelf stays:
    1 kHz reads 0.02 dB low at 22.05 kHz, 0.2 dB at 8 kHz.
    """
    sections = _sections(rate)
    sections[1, :3] *= _treble(_sections(48000)[1]) / _treble(sections[1])
    return sections


def _sections(rate: int) -> Array:
    from pyloudnorm.iirfilter import IIRfilter

    # De Man's analogue prototypes, which give the standard's numbers to all their digits.
    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate, "high_shelf_DeMan")
    high_pass = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, rate, "high_pass_DeMan")
    return np.array([np.concatenate([stage.b, stage.a]) for stage in (shelf, high_pass)])


def _treble(section: Array) -> float:
    """The gain of a section at half the rate."""
    signs = np.array([1, -1, 1])
    return float(section[:3] @ signs / (section[3:] @ signs))
