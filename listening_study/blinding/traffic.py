"""What came down the wire while each clip was shown: websocket frames, the media's address, its headers, the page.

A clip is shown at different places to different listeners. What differs between clips on the average over these is held
against the key; its address stands for itself, and what comes with one clip alone can tell nothing of others.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from listening_study.blinding import names
from listening_study.blinding.attack import Shown
from listening_study.blinding.features import Feature, FeatureKind, characters, words

MEDIA = re.compile(r"/media/[\w.-]+")
_NUMBER = re.compile(r"\b\d+(\.\d+)?\b")
_WORD = re.compile(r"[\w-]{2,}")
_OF_THE_MOMENT = ("date",)  # headers that say when


@dataclass(frozen=True)
class Media:
    """A clip's file as it was served."""

    address: str
    headers: tuple[tuple[str, str], ...]
    sha256: str
    seconds: float  # until the first byte


@dataclass(frozen=True)
class Sight:
    """One clip as it was shown to one listener.

    messages : every message the server sent for it, as `said`
    size : bytes of its frames
    """

    clip: str
    messages: tuple[tuple[str, ...], ...]
    size: int
    media: Media

    @property
    def text(self) -> str:
        """All that was said, and the headers."""
        lines = [line for message in self.messages for line in message]
        return "\n".join([*lines, *(f"{name}: {value}" for name, value in self.media.headers)])


@dataclass(frozen=True)
class Walk:
    """All that was seen: every main clip at least once.

    unknown : addresses of sound that is none of the study's files
    pages : what was served before the websocket opened, by listener
    given : addresses at which the server gave a file that it must not
    heard : all trials of each listener, in order
    received : every word that the first listener was sent, on whatever screen
    """

    sights: Sequence[Sight]
    unknown: Sequence[str]
    pages: Sequence[str]
    given: Sequence[str]
    heard: Sequence[Sequence[Shown]] = ()
    received: frozenset[str] = frozenset()

    def faults(self, words: Sequence[str], clips: Sequence[str] = ()) -> dict[str, str]:
        """Exact checks: "" where nothing is wrong, else what was found. `words` name sources and pieces, `clips` clips.

        A clip's name is random, but the same for all listeners and in what is published.
        """
        frames = {f"frames of {sight.clip}": "\n".join(_values(sight)) for sight in self.sights}
        headers = {f"headers of {one.clip}": str(one.media) for one in self.sights}
        return {
            "media served": f"none of the study's files: {', '.join(self.unknown[:3])}" if self.unknown else "",
            "frame names": names.found(frames | headers, words),
            "page names": names.found({"the page": "\n".join(self.pages)}, words),
            "same page": f"{len(set(self.pages))} different pages" if len(set(self.pages)) > 1 else "",
            "clip names": names.found(frames | headers, clips),
            "files served": f"served at {', '.join(self.given[:3])}" if self.given else "",
        }

    def features(self, clips: Sequence[str]) -> list[Feature]:
        """What differs between clips, in their order."""
        seen = {clip: [sight for sight in self.sights if sight.clip == clip] for clip in clips}
        media = [[sight.media for sight in seen[clip]] for clip in clips]
        addresses = [several[0].address.rpartition("/")[2] for several in media]
        return [
            characters("media address", addresses),
            _means("frames, bytes", [[sight.size - _own(sight) for sight in seen[clip]] for clip in clips]),
            _means("frames, number", [[len(sight.messages) for sight in seen[clip]] for clip in clips]),
            words("frames, words", [_share([_words(sight) for sight in seen[clip]]) for clip in clips]),
            words("response headers", [_share([_headed(one) for one in several]) for several in media]),
            _means("time to first byte", [[one.seconds for one in several] for several in media], FeatureKind.REPORTED),
        ]


def said(message: Any) -> tuple[str, ...]:
    """Every value in a protobuf message, however deep: "field: value"."""
    lines: list[str] = []
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            lines += said(one) if hasattr(one, "ListFields") else [f"{field.name}: {one}"]
    return tuple(lines)


def _values(sight: Sight) -> list[str]:
    return [line.partition(": ")[2] for message in sight.messages for line in message]


def _own(sight: Sight) -> int:
    """Bytes that are the address and numbers, which are longer for some places than for others."""
    text = "\n".join(_values(sight))
    hits = [*MEDIA.finditer(text), *_NUMBER.finditer(MEDIA.sub("", text))]
    return sum(len(hit.group()) for hit in hits)


def _words(sight: Sight) -> set[str]:
    """Every line and word of the messages, but for the address."""
    text = MEDIA.sub("", "\n".join(line for message in sight.messages for line in message))
    return {*text.splitlines(), *_WORD.findall(text)}


def _headed(media: Media) -> set[str]:
    return {f"{name}: {value}" for name, value in media.headers if name.lower() not in _OF_THE_MOMENT}


def _share(times: Sequence[set[str]]) -> dict[str, float]:
    """How often each word was there, of all times."""
    counts = Counter(word for time in times for word in time)
    return {word: count / len(times) for word, count in counts.items()}


def _means(name: str, values: Sequence[Sequence[float]], kind: FeatureKind = FeatureKind.INCIDENTAL) -> Feature:
    columns = [[float(np.mean(several))] for several in values]
    return Feature(name, kind, np.array(columns))
