"""The fingerprint of an audio file: its rate, channels and length, and a sketch of its channels with their signs.

Metrics do not show everything that can happen to a file. At 22 kHz, folded to mono, with its channels swapped or one
channel inverted, most or all of them stay within their tolerance. The fingerprint shows it.

**The sketch** is linear, so what happens to a channel happens to its sketch: it is inverted, or takes the other's
place. Each channel has `SIZE` numbers, one for each equal part of the file: the sum of its means over about a
millisecond, with signs from a maximum length sequence. A plain sum of music would cancel; with these signs, a part
counts by its energy (a random projection: Johnson & Lindenstrauss 1984). The means are a low-pass, so the noise of a
codec, of dither and of rounding stays far below. What is softer than `SOFTEST` has no sketch.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.buffers import Waveform, blocks

SIZE = 64  # numbers per channel
SOFTEST = 10 ** (-80 / 20)  # of full scale, RMS of the means
FULL = 32767  # the largest number of a sketch
CLEARLY = 0.25  # share of a difference that may remain when the channels are swapped or inverted back
APART = 1e-4  # share of the energy by which two channels differ at least; with a hundredth of it they are one sound
ROUNDING = 4.0  # sketches whose numbers differ by less on average are the same

_BITS = 16  # of the sequence: it repeats after a minute
_A_SECOND = 1000  # means

Sketch = NDArray[np.floating]


@dataclass(frozen=True)
class Fingerprint:
    """rate : Hz; samples : per channel; sketch : of each channel, base64 of `SIZE` 16-bit numbers; none in silence"""

    rate: int
    channels: int
    samples: int
    sketch: tuple[str, ...] = ()


def fingerprint_of(waveform: Waveform, rate: int) -> Fingerprint:
    """The fingerprint of a waveform, (samples, channels) -1..1, at `rate` Hz.

    Silence has no sketch:

    >>> fingerprint_of(np.zeros((8000, 2), dtype=np.float32), 8000)
    Fingerprint(rate=8000, channels=2, samples=8000, sketch=())
    """
    samples, channels = waveform.shape
    sums, level = _projected(waveform, max(rate // _A_SECOND, 1))
    largest = np.abs(sums).max(initial=0.0)
    if level < SOFTEST or not largest:
        return Fingerprint(rate, channels, samples)
    numbers = np.rint(sums / largest * FULL).astype("<i2")
    return Fingerprint(rate, channels, samples, tuple(base64.b64encode(one.tobytes()).decode() for one in numbers.T))


def changes(recorded: Fingerprint, now: Fingerprint) -> list[str]:
    """What is not as recorded, in sentences; none where the fingerprints agree.

    >>> changes(Fingerprint(44100, 2, 88200), Fingerprint(22050, 2, 44100))
    ['44100 Hz, now 22050 Hz']
    """
    said = []
    if recorded.rate != now.rate:
        said.append(f"{recorded.rate} Hz, now {now.rate} Hz")
    if recorded.channels != now.channels:
        said.append(f"{_channels(recorded.channels)}, now {_channels(now.channels)}")
    if recorded.samples != now.samples and recorded.rate == now.rate:
        said.append(f"{recorded.samples} samples, now {now.samples}")
    before, after = recorded.samples / recorded.rate, now.samples / now.rate
    if recorded.rate != now.rate and abs(after - before) > 1 / min(recorded.rate, now.rate):
        said.append(f"{before:.4g} s, now {after:.4g} s")
    return said or _order(numbers(recorded.sketch), numbers(now.sketch))


def described(fingerprint: Fingerprint) -> str:
    """Rate, channels and length, in words.

    >>> described(Fingerprint(44100, 2, 88200))
    '44100 Hz, two channels, 88200 samples'
    """
    return f"{fingerprint.rate} Hz, {_channels(fingerprint.channels)}, {fingerprint.samples} samples"


def _order(before: Sketch, after: Sketch) -> list[str]:
    """What happened to the order and the signs of the channels, from their sketches, (channels, SIZE) each."""
    from scipy.optimize import linear_sum_assignment

    if before.shape != after.shape or not len(before):
        return []
    before, after = before / np.linalg.norm(before), after / np.linalg.norm(after)
    same = np.square(after[:, None] - before[None]).sum(axis=2)  # (now, recorded)
    inverted = np.square(after[:, None] + before[None]).sum(axis=2)
    noise = (ROUNDING / FULL) ** 2
    either = np.minimum(same, inverted)
    places, found = np.arange(len(before)), linear_sum_assignment(either)[1]
    said = []
    moved = either[places, found].sum() < CLEARLY * either[places, places].sum()
    if moved and either[places, places].sum() > noise:
        said.append("its channels are swapped" if len(before) == 2 else "its channels are in another order")
    else:
        found = places
    apart, opposite = same[places, found], inverted[places, found]
    turned = (opposite < CLEARLY * apart) & (apart > noise)
    if turned.all():
        said.append("it is inverted")
    elif turned.any():
        names = ("left", "right") if len(before) == 2 else tuple(f"{place + 1}." for place in places)
        said += [f"its {names[place]} channel is inverted" for place in np.flatnonzero(turned)]
    return said or _folded(before, after)


def _folded(before: Sketch, after: Sketch) -> list[str]:
    """Whether two different channels became equal, or the reverse."""
    if len(before) != 2:
        return []
    apart, now_apart = (float(np.square(one[0] - one[1]).sum()) for one in (before, after))
    if apart > APART and now_apart < apart / 100:
        return ["its two channels are now one sound"]
    if now_apart > APART and apart < now_apart / 100:
        return ["its two channels were equal, and now differ"]
    return []


def _projected(waveform: Waveform, step: int) -> tuple[Sketch, float]:
    """The sums of the signed means in each part, (SIZE, channels), and the means' RMS."""
    signs = _signs()
    total = -(-len(waveform) // step)
    sums, energy = np.zeros((SIZE, waveform.shape[1])), 0.0
    size = step * 2**12
    for first, block in blocks(waveform, size):
        padded = np.zeros((-(-len(block) // step) * step, block.shape[1]))
        padded[: len(block)] = block
        means = padded.reshape(-1, step, block.shape[1]).mean(axis=1)
        place = first // step + np.arange(len(means))
        np.add.at(sums, place * SIZE // total, means * signs[place % len(signs), None])
        energy += float(np.square(means).sum())
    return sums, float(np.sqrt(energy / max(total, 1) / waveform.shape[1]))


@lru_cache
def _signs() -> Sketch:
    from scipy.signal import max_len_seq

    return 1.0 - 2.0 * max_len_seq(_BITS)[0]


def numbers(sketch: Sequence[str]) -> Sketch:
    """The numbers of a sketch, (channels, SIZE). Raises `ValueError` for text that is no sketch."""
    found = [np.frombuffer(base64.b64decode(one, validate=True), dtype="<i2") for one in sketch]
    if any(len(one) != SIZE for one in found):
        raise ValueError(f"a sketch has {SIZE} numbers per channel")
    return np.array(found, dtype=np.float64).reshape(-1, SIZE)


def _channels(count: int) -> str:
    return {1: "one channel", 2: "two channels"}.get(count, f"{count} channels")
