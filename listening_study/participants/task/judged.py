"""The screens of all tasks but `source`: what is heard and asked, and the judgements that a listener's replies are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any

from listening_study.participants.task import Sheet, Sound
from listening_study.participants.task.asked import Asked, AskedKind
from listening_study.protocol.items import ABX, PREFERENCE, Item, Judgement
from listening_study.protocol.languages import ORIGINAL, Texts, Wording
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Attribute, Task, TaskKind

# What two clips are worth when the first, the second or neither is chosen.
WORTH = ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))


@dataclass(frozen=True)
class Judged:
    """One screen: the item, the block of the study that it belongs to, and the words."""

    study: Study
    item: Item
    wording: Wording

    @property
    def task(self) -> Task:
        return self.study.blocks[self.item.block]

    @property
    def title(self) -> str:
        texts = self.wording.texts
        return {
            TaskKind.RATING: texts.rating_title,
            TaskKind.PREFERENCE: texts.preference_title,
            TaskKind.CONTINUATION: texts.continuation_title,
            TaskKind.MUSHRA: texts.mushra_title,
            TaskKind.ABX: texts.abx_title,
        }[self.item.task]

    def sheet(self, key: str, next_: tuple[Sound, ...] = ()) -> Sheet:
        """What the page shows. next_ : the sounds of the screen after this one"""
        asked = self.asked()
        in_one = self.item.task is TaskKind.MUSHRA
        return Sheet(
            key=key,
            sounds=self.sounds(),
            asked=asked,
            panels=(tuple(range(len(asked))),) if in_one else tuple((place,) for place in range(len(asked))),
            must_hear=self.study.design.must_hear,
            next=tuple(sound.path for sound in next_),
            switching=in_one,
            alone=self.item.task is TaskKind.CONTINUATION,
        )

    def sounds(self) -> tuple[Sound, ...]:
        """What is heard: a prompt or the open reference, then the clips in their order on the screen."""
        texts, item, path = self.wording.texts, self.item, self.study.clip_path
        first: list[Sound] = []
        if item.prompt:
            first.append(Sound(path(item.prompt), texts.task_prompt, is_prompt=True))
        if item.reference:
            first.append(Sound(path(item.reference), texts.mushra_reference))
        names = letters(item, texts)
        return *first, *(Sound(path(clip), name) for clip, name in zip(item.clips, names, strict=True))

    def asked(self) -> tuple[Asked, ...]:
        """What is asked: a choice, or every attribute of every clip, clip by clip."""
        texts, item = self.wording.texts, self.item
        if item.task in (TaskKind.PREFERENCE, TaskKind.ABX):
            none = self.task.no_difference
            options = ("A", "B", *([texts.preference_none] if none else []))
            keys = ("a", "b", *(["n"] if none else []))
            return (Asked(AskedKind.CHOICE, self.title, options=options, keys=keys, heading=True),)
        before = bool(item.prompt) + bool(item.reference)
        rated = []
        for place, name in enumerate(letters(item, texts), before):
            for attribute in self.task.asked:
                one = _rated(attribute, self.wording.code)
                if len(item.clips) > 1:
                    one = replace(one, of=place, label=f"{name}: {one.label}")
                rated.append(replace(one, heading=item.task is TaskKind.MUSHRA))
        return tuple(rated)

    def judgements(self, values: Sequence[Any]) -> list[Judgement]:
        """What is stored of the values of these items."""
        item = self.item
        match item.task:
            case TaskKind.PREFERENCE:
                worth = WORTH[values[0]]
                return [Judgement(clip, PREFERENCE, value) for clip, value in zip(item.clips, worth, strict=True)]
            case TaskKind.ABX:
                return [Judgement(item.clips[-1], ABX, float(1 + values[0]))]
        rated = [(clip, attribute.name) for clip in item.clips for attribute in self.task.asked]
        return [Judgement(clip, name, float(value)) for (clip, name), value in zip(rated, values, strict=True)]


def letters(item: Item, texts: Texts) -> tuple[str, ...]:
    """What stands on the players of an item's clips; nothing where there is one alone."""
    match item.task:
        case TaskKind.ABX:
            return "A", "B", "X"
        case TaskKind.RATING:
            return (texts.task_continuation if item.prompt else "",)
    return tuple(ascii_uppercase[: len(item.clips)])


def _rated(attribute: Attribute, language: str) -> Asked:
    words = attribute.words
    shown = words.get(language) or words.get(ORIGINAL) or next(iter(words.values()))  # type: ignore[call-overload]
    if attribute.scale == "slider":
        return Asked(AskedKind.SLIDER, shown.question, low=shown.low, high=shown.high)
    keys = tuple(str(number) for number in range(1, attribute.scale + 1))
    return Asked(
        AskedKind.SCALE,
        shown.question,
        options=shown.points,
        points=attribute.scale,
        low=shown.low,
        high=shown.high,
        keys=keys,
    )
