"""What can be measured of each clip: incidental features, which must not predict its source, and the music, which may.

Values of the sound are rounded below what anybody hears: a computer would find a difference of a millionth of a decibel
between any two kinds of music, and that is no leak.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import UnreadableFileError
from evaluation.audio.files import mono
from evaluation.metrics.loudness import integrated_loudness
from evaluation.metrics.spectrum import centroid, power_spectrum
from listening_study.blinding.files import ClipFile
from listening_study.protocol.configuration import Loudness
from listening_study.protocol.design import TrialKind
from listening_study.protocol.items import block_size, items
from listening_study.protocol.order import Order
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import TaskKind

Array = NDArray[np.float64]

QUIET = 10 ** (-60 / 20)  # of full scale; what is below it before the first sound is leading silence
LEVEL, MOMENT, OFFSET = 0.1, 0.01, 1e-3  # LU, s, of full scale: steps that values of the sound are rounded to
RISE = 3.0  # dB from one window of 25 ms to the next: a note begins
SLOTS = 400  # the most listeners whose orders are examined


class FeatureKind(StrEnum):
    """What it means when a feature predicts the source."""

    INCIDENTAL = "incidental"  # a leak
    MUSIC = "music"  # what listeners are asked to hear: it may differ
    REPORTED = "reported"  # meant to differ in this study, or too loosely measured to fail a study


@dataclass(frozen=True, eq=False)
class Feature:
    """One or more numbers per clip.

    columns : (clips, columns)
    names : of the columns, where there are several
    """

    name: str
    kind: FeatureKind
    columns: Array
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sound:
    """Measurements of one clip's waveform."""

    loudness: float  # LUFS
    leading: float  # s below -60 dBFS before the first sound
    trailing: float
    offset: float  # mean of the samples, of full scale
    bits: int  # lowest that is ever used: 0 in true 16-bit sound, 8 in sound that had 8
    alike: bool  # both channels the same
    peak: float  # dBFS
    crest: float  # dB
    centre: float  # Hz, spectral centroid
    onsets: float  # per second


def listen(path: Path) -> Sound:
    """Measure one clip. Raises `UnreadableFileError` when its sound cannot be decoded."""
    import soundfile

    data = path.read_bytes()
    try:  # bytes before the container are skipped: `files` reports them
        samples, rate = soundfile.read(BytesIO(data[max(0, data.find(b"fLaC")) :]), dtype="int16", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise UnreadableFileError(path, "its sound cannot be decoded; restore it from a copy of the study") from error
    waveform = (samples / 2**15).astype(np.float32)
    single = mono(waveform)
    sounding = np.flatnonzero(np.abs(waveform).max(axis=1) > QUIET)
    first, last = (sounding[0], sounding[-1] + 1) if len(sounding) else (len(samples), len(samples))
    used = int(np.bitwise_or.reduce(samples.view(np.uint16), axis=None))
    peak, level = np.abs(waveform).max(), np.sqrt(np.mean(np.square(waveform, dtype=np.float64)))
    loudness = integrated_loudness(waveform, rate)
    frequency, power = power_spectrum(single, rate)
    return Sound(
        loudness=-70.0 if loudness is None else loudness,
        leading=first / rate,
        trailing=(len(samples) - last) / rate,
        offset=float(waveform.mean(dtype=np.float64)),
        bits=(used & -used).bit_length() - 1,
        alike=bool((samples == samples[:, :1]).all()),
        peak=20 * float(np.log10(max(peak, QUIET))),
        crest=20 * float(np.log10(max(peak, QUIET) / max(level, QUIET))),
        centre=centroid(frequency, power) if power.any() else 0.0,
        onsets=_onsets(single, rate),
    )


def _onsets(waveform: NDArray[np.floating], rate: int) -> float:
    """How often in a second the level rises by 3 dB or more: note density, as far as it can be heard."""
    from scipy.signal import find_peaks

    size = rate // 40
    windows = waveform[: len(waveform) // size * size].reshape(-1, size)
    level = 10 * np.log10(np.maximum(np.mean(np.square(windows, dtype=np.float64), axis=1), QUIET**2))
    return len(find_peaks(np.diff(level), height=RISE)[0]) * rate / len(waveform)


def of_files(files: Sequence[ClipFile]) -> list[Feature]:
    """Features of the names and the files."""
    return [
        characters("name", [file.name for file in files]),
        _one("bytes", [file.size for file in files]),
        _one("samples", [file.stream[0] for file in files]),
        _one("file time", [file.modified - files[0].modified for file in files]),  # exact in a float
        _one("compressed music, bytes", [file.music for file in files], FeatureKind.MUSIC),
    ]


def of_sounds(sounds: Sequence[Sound], loudness: Loudness) -> list[Feature]:
    """Features of the waveforms. Where clips keep their loudness on purpose it is only reported.

    >>> sound = Sound(-23.04, 0.0, 0.0, 0.0, 0, False, peak=-6.0, crest=12.0, centre=900.0, onsets=2.0)
    >>> of_sounds([sound], Loudness.MATCHED)[0].columns  # to 0.1 LU
    array([[-23.]])
    """
    level = FeatureKind.INCIDENTAL if loudness is Loudness.MATCHED else FeatureKind.REPORTED
    return [
        _one("loudness", _steps([sound.loudness for sound in sounds], LEVEL), level),
        _one("leading silence", _steps([sound.leading for sound in sounds], MOMENT)),
        _one("DC offset", _steps([sound.offset for sound in sounds], OFFSET)),
        _one("bits used", [sound.bits for sound in sounds]),
        _one("channels alike", [sound.alike for sound in sounds]),
        _one("trailing silence", _steps([sound.trailing for sound in sounds], MOMENT), FeatureKind.MUSIC),
        _one("peak", [sound.peak for sound in sounds], FeatureKind.MUSIC),
        _one("crest factor", [sound.crest for sound in sounds], FeatureKind.MUSIC),
        _one("spectral centroid", [sound.centre for sound in sounds], FeatureKind.MUSIC),
        _one("onsets per second", [sound.onsets for sound in sounds], FeatureKind.MUSIC),
    ]


def of_design(study: Study, order: Order) -> Feature:
    """How early, and how often, listeners hear each clip in the first block, or the first `SLOTS` of it."""
    heard: dict[str, list[int]] = {clip: [] for clip in study.clips}
    for slot in range(min(study.size.block, SLOTS)):
        for place, trial in enumerate(order.trials(study, slot)):
            if trial.kind is TrialKind.MAIN:
                heard[trial.clip].append(place)
    columns = [[float(np.mean(places)) if places else 0.0, float(len(places))] for places in heard.values()]
    return Feature("order heard", FeatureKind.INCIDENTAL, np.round(np.array(columns), 6), ("place", "times"))


def in_one_role(study: Study, order: Order) -> list[int]:
    """The blocks of other tasks than human or computer, by their place, in which clips of all sources have one role.

    In MUSHRA and ABX the human clips have a role of their own, which listeners are told, or is of no use to them; a
    block of some systems tells by itself which clips are of these.
    """
    equal = (TaskKind.RATING, TaskKind.PREFERENCE, TaskKind.CONTINUATION)
    return [
        number
        for number, task in enumerate(study.blocks)
        if task.kind in equal and len(order.materials[number].rows[0].clips) == study.sources
    ]


def of_screens(study: Study, order: Order) -> list[Feature]:
    """The same of every block `in_one_role`, with the clips' place on a screen."""
    found = []
    for number in in_one_role(study, order):
        task = study.blocks[number]
        heard: dict[str, list[tuple[int, int]]] = {clip: [] for clip in study.clips}
        for slot in range(min(block_size(order, number, task).group, SLOTS)):
            for place, item in enumerate(one for one in items(study, order, slot) if one.block == number):
                for position, clip in enumerate(item.clips if item.kind is TrialKind.MAIN else ()):
                    heard[clip].append((place, position))
        columns = [[*map(float, np.mean(seen or [(0, 0)], axis=0)), float(len(seen))] for seen in heard.values()]
        names = ("place", "place on the screen", "times")
        found.append(
            Feature(f"block {number + 1} heard", FeatureKind.INCIDENTAL, np.round(np.array(columns), 6), names)
        )
    return found


def characters(name: str, texts: Sequence[str]) -> Feature:
    """Every character of a text, its place in the alphabet, and its length.

    >>> characters("name", ["a", "bc"]).columns  # two characters, the length, the place in the alphabet
    array([[97.,  0.,  1.,  0.],
           [98., 99.,  2.,  1.]])
    """
    longest = max(map(len, texts))
    codes = [[*map(float, text.ljust(longest, "\0").encode("utf-32-le")[::4]), float(len(text))] for text in texts]
    order = {text: place for place, text in enumerate(sorted(set(texts)))}
    columns = np.array([[*code, order[text]] for code, text in zip(codes, texts, strict=True)])
    return Feature(
        name,
        FeatureKind.INCIDENTAL,
        columns,
        (*(f"character {k + 1}" for k in range(longest)), "length", "alphabetical order"),
    )


def words(name: str, texts: Sequence[Mapping[str, float]]) -> Feature:
    """How often each word occurs with each clip; words of one clip alone say nothing about others and are left out.

    >>> found = words("frames", [{"audio": 1.0, "once": 1.0}, {"audio": 1.0}, {}])
    >>> found.names, found.columns.ravel().tolist()
    (("'audio'",), [1.0, 1.0, 0.0])
    """
    spread = Counter(word for text in texts for word in text)
    patterns: dict[tuple[float, ...], str] = {}  # words that always occur together are one
    for word in sorted(word for word, clips in spread.items() if clips > 1):
        patterns.setdefault(tuple(text.get(word, 0.0) for text in texts), word)
    varying = {pattern: word for pattern, word in patterns.items() if len(set(pattern)) > 1}
    columns = np.array(list(varying), dtype=np.float64).reshape(-1, len(texts)).T
    return Feature(name, FeatureKind.INCIDENTAL, columns, tuple(repr(word) for word in varying.values()))


def _one(name: str, values: Sequence[float] | Array, kind: FeatureKind = FeatureKind.INCIDENTAL) -> Feature:
    return Feature(name, kind, np.array(values, dtype=np.float64)[:, None])


def _steps(values: Sequence[float], step: float) -> Array:
    """Rounded to steps; equal steps are equal numbers."""
    return np.asarray(np.round(np.array(values) / step) * step)
