"""What the server sent while each clip was shown: websocket frames, the media's address, its headers, the page.

A clip is shown at different positions to different listeners. What differs between clips on the average over these is
compared with the key. A clip's address is a separate feature; what comes with one clip alone says nothing about others.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from listening_study.blinding import names
from listening_study.blinding.attack import ReceivedTrial
from listening_study.blinding.features import Feature, FeatureKind, characters, words
from listening_study.streamlit_internals.addresses import MEDIA

_NUMBER = re.compile(r"\b\d+(\.\d+)?\b")
_WORD = re.compile(r"[\w-]{2,}")
_CHANGING_HEADERS = ("date",)  # they say when, not what


@dataclass(frozen=True)
class Media:
    """A clip's file as it was served."""

    address: str
    headers: tuple[tuple[str, str], ...]
    sha256: str
    seconds: float  # until the first byte


@dataclass(frozen=True)
class ClipTraffic:
    """What was received while one clip was shown to one listener.

    messages : every message of the server, each as lines "field: value"
    size : bytes of their frames
    block : of the study, from 0
    """

    clip: str
    messages: tuple[tuple[str, ...], ...]
    size: int
    media: Media
    block: int = 0

    @property
    def text(self) -> str:
        """All messages and headers.

        >>> media = Media("/media/0a.flac", (("content-type", "audio/flac"),), sha256="", seconds=0.01)
        >>> ClipTraffic("a", (("label: Play",),), 40, media).text.splitlines()
        ['label: Play', 'content-type: audio/flac']
        """
        lines = [line for message in self.messages for line in message]
        return "\n".join([*lines, *(f"{name}: {value}" for name, value in self.media.headers)])


@dataclass(frozen=True)
class ServerTraffic:
    """Everything that listeners received from the server; every main clip was shown at least once.

    shown : main clips as they were shown
    unknown_media : addresses of sounds that are not files of the study
    pages : what was served before the websocket opened, by listener
    exposed : addresses at which the server gave a file that it must not
    trials : all trials of each listener, in order
    received_words : every word sent to the first listener, on any screen
    judged : clips on the screens of other tasks than human or computer; `shown` and `trials` leave these out
    """

    shown: Sequence[ClipTraffic]
    unknown_media: Sequence[str]
    pages: Sequence[str]
    exposed: Sequence[str]
    trials: Sequence[Sequence[ReceivedTrial]] = ()
    received_words: frozenset[str] = frozenset()
    judged: Sequence[ClipTraffic] = ()

    def faults(self, words: Sequence[str], clips: Sequence[str] = ()) -> dict[str, str]:
        """Exact checks: "" where nothing is wrong, else what was found. `words` name sources and pieces, `clips` clips.

        A clip's name is random, but the same for all listeners and in what is published.
        """
        everything = [*self.shown, *self.judged]
        frames = {f"frames of {one.clip}": "\n".join(_values(one)) for one in everything}
        headers = {f"headers of {one.clip}": str(one.media) for one in everything}
        unknown, exposed = self.unknown_media, self.exposed
        return {
            "media served": f"none of the study's files: {', '.join(unknown[:3])}" if unknown else "",
            "frame names": names.found(frames | headers, words),
            "page names": names.found({"the page": "\n".join(self.pages)}, words),
            "same page": f"{len(set(self.pages))} different pages" if len(set(self.pages)) > 1 else "",
            "clip names": names.found(frames | headers, clips),
            "files served": f"served at {', '.join(exposed[:3])}" if exposed else "",
        }

    def features(self, clips: Sequence[str]) -> list[Feature]:
        """What differs between clips, in their order."""
        shown = {clip: [one for one in self.shown if one.clip == clip] for clip in clips}
        media = [[one.media for one in shown[clip]] for clip in clips]
        addresses = [several[0].address.rpartition("/")[2] for several in media]
        return [
            characters("media address", addresses),
            _means("frames, bytes", [[one.size - _variable_bytes(one) for one in shown[clip]] for clip in clips]),
            _means("frames, number", [[len(one.messages) for one in shown[clip]] for clip in clips]),
            words("frames, words", [_share([_words(one) for one in shown[clip]]) for clip in clips]),
            words("response headers", [_share([_header_lines(one) for one in several]) for several in media]),
            _means("time to first byte", [[one.seconds for one in several] for several in media], FeatureKind.REPORTED),
        ]

    def features_of_screens(self, clips: Sequence[str], blocks: Collection[int]) -> list[Feature]:
        """The same of the screens of other tasks, in these blocks; nothing where no clip was on any.

        A block has words and sizes of its own, and not every clip is heard in it: every screen is compared with the
        mean of its block. A clip that was on none is like the mean.
        """
        shown = [one for one in self.judged if one.block in blocks and one.clip in clips]
        if not shown:
            return []

        def compared(values: Sequence[Any]) -> list[Any]:
            """The mean of each clip's values, each less the mean of its block."""
            of_block: dict[int, list[Any]] = {}
            for one, value in zip(shown, values, strict=True):
                of_block.setdefault(one.block, []).append(value)
            means = {block: np.mean(own, axis=0) for block, own in of_block.items()}
            less: dict[str, list[Any]] = {clip: [] for clip in clips}
            for one, value in zip(shown, values, strict=True):
                less[one.clip].append(value - means[one.block])
            unknown = np.zeros_like(means[shown[0].block])
            return [np.round(np.mean(own, axis=0), 6) if own else unknown for own in less.values()]

        def of_words(name: str, received: Sequence[set[str]]) -> Feature:
            carriers: dict[str, set[str]] = {}
            for one, own in zip(shown, received, strict=True):
                for word in own:
                    carriers.setdefault(word, set()).add(one.clip)
            known = sorted(word for word, own in carriers.items() if len(own) > 1)
            there = [np.array([float(word in own) for word in known]) for own in received]
            shares = compared(there)
            return words(name, [dict(zip(known, own.tolist(), strict=True)) for own in shares])

        def of_values(name: str, values: Sequence[float], kind: FeatureKind = FeatureKind.INCIDENTAL) -> Feature:
            return Feature(name, kind, np.array(compared(values), dtype=np.float64)[:, None])

        return [
            of_values("screens, bytes", [float(one.size - _variable_bytes(one)) for one in shown]),
            of_values("screens, number", [float(len(one.messages)) for one in shown]),
            of_words("screens, words", [_words(one) for one in shown]),
            of_words("screens, response headers", [_header_lines(one.media) for one in shown]),
            of_values("screens, time to first byte", [one.media.seconds for one in shown], FeatureKind.REPORTED),
        ]


def _values(clip: ClipTraffic) -> list[str]:
    return [line.partition(": ")[2] for message in clip.messages for line in message]


def _variable_bytes(one: ClipTraffic) -> int:
    """Bytes of the address and of numbers: their length depends on the position, not on the clip."""
    text = "\n".join(_values(one))
    hits = [*MEDIA.finditer(text), *_NUMBER.finditer(MEDIA.sub("", text))]
    return sum(len(hit.group()) for hit in hits)


def _words(one: ClipTraffic) -> set[str]:
    """Every line and word of the messages, but for the address."""
    text = MEDIA.sub("", "\n".join(line for message in one.messages for line in message))
    return {*text.splitlines(), *_WORD.findall(text)}


def _header_lines(media: Media) -> set[str]:
    return {f"{name}: {value}" for name, value in media.headers if name.lower() not in _CHANGING_HEADERS}


def _share(shown: Sequence[set[str]]) -> dict[str, float]:
    """In which share of these each word was received."""
    counts = Counter(word for one in shown for word in one)
    return {word: count / len(shown) for word, count in counts.items()}


def _means(name: str, values: Sequence[Sequence[float]], kind: FeatureKind = FeatureKind.INCIDENTAL) -> Feature:
    columns = [[float(np.mean(several))] for several in values]
    return Feature(name, kind, np.array(columns))
