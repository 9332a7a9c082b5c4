"""The form of an audio file: its rate, channels and length, and a sketch that tells its channels and their signs apart.

Figures do not show everything that can happen to a file: at 22 kHz, folded to mono, with its channels swapped or one of
them inverted, most or all stay within their tolerance. Its form shows it.

**The sketch** is linear, so what happens to a channel happens to its sketch: it is inverted, or stands in the other's
place. Of each channel there are `SIZE` numbers, one of each equal part of the file: the sum of its means over about a
millisecond, with signs that a maximum length sequence gives. Summed plainly, music would cancel; so signed, a part
counts by its energy (a random projection: Johnson & Lindenstrauss 1984). The means are a low-pass, so the noise of a
codec, of dither and of rounding stays far below. What is softer than `SOFTEST` has none.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluation.audio.buffers import Waveform, blocks

SIZE = 64  # numbers of a channel
SOFTEST = 10 ** (-80 / 20)  # of full scale, RMS of the means
FULL = 32767  # the largest number of a sketch
CLEARLY = 0.25  # of the difference: so much less must be left when the channels are taken otherwise
APART = 1e-4  # of the energy: channels that differ by as much are two, by a hundredth of what they differed one
ROUNDING = 4.0  # numbers of a sketch that differ by less on average are the same

_BITS = 16  # of the sequence: it repeats after a minute
_A_SECOND = 1000  # means

Sketch = NDArray[np.floating]


@dataclass(frozen=True)
class Form:
    """rate : Hz; samples : of a channel; sketch : of each channel, base64 of `SIZE` 16-bit numbers; none in silence"""

    rate: int
    channels: int
    samples: int
    sketch: tuple[str, ...] = ()


def form_of(waveform: Waveform, rate: int) -> Form:
    """The form of a waveform, (samples, channels)."""
    samples, channels = waveform.shape
    sums, level = _projected(waveform, max(rate // _A_SECOND, 1))
    largest = np.abs(sums).max(initial=0.0)
    if level < SOFTEST or not largest:
        return Form(rate, channels, samples)
    numbers = np.rint(sums / largest * FULL).astype("<i2")
    return Form(rate, channels, samples, tuple(base64.b64encode(one.tobytes()).decode() for one in numbers.T))


def changes(recorded: Form, now: Form) -> list[str]:
    """What is not as recorded, in sentences; none where the form is the same."""
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


def described(form: Form) -> str:
    """A form in a few words.

    >>> described(Form(44100, 2, 88200))
    '44100 Hz, two channels, 88200 samples'
    """
    return f"{form.rate} Hz, {_channels(form.channels)}, {form.samples} samples"


def _order(before: Sketch, after: Sketch) -> list[str]:
    """What happened to the order and the signs of the channels, as far as their sketches, (channels, SIZE), show it."""
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
    """Whether two channels that were two became one sound, or the other way round."""
    if len(before) != 2:
        return []
    apart, now_apart = (float(np.square(one[0] - one[1]).sum()) for one in (before, after))
    if apart > APART and now_apart < apart / 100:
        return ["its two channels are now one sound"]
    if now_apart > APART and apart < now_apart / 100:
        return ["its two channels were one sound, and are no longer"]
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
    """The numbers of a sketch, (channels, SIZE). Raises `ValueError` for what is none."""
    found = [np.frombuffer(base64.b64decode(one, validate=True), dtype="<i2") for one in sketch]
    if any(len(one) != SIZE for one in found):
        raise ValueError(f"a sketch has {SIZE} numbers a channel")
    return np.array(found, dtype=np.float64).reshape(-1, SIZE)


def _channels(count: int) -> str:
    return {1: "one channel", 2: "two channels"}.get(count, f"{count} channels")
