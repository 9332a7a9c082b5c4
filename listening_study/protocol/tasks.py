"""What listeners are asked to do: the tasks of a study, in blocks that are heard one after the other.

    source        one clip: human or computer? (`listening_study.protocol.questions`)
    rating        one clip, rated on one or several attributes
    preference    two clips A and B: which is better?
    continuation  a prompt, then continuations of it, each rated on the attributes
    mushra        ITU-R BS.1534-3: an open reference; a hidden one, the systems and anchors, each rated 0 to 100
    abx           two clips A and B, and X, which is one of them: which?

A study without tasks has one block of `source`. Attributes have their words in every language that the study offers;
those of the ready sets are in `ready_attributes.toml`. The set `mirex-2025` has the four criteria of the subjective
evaluation of MIREX 2025, Symbolic Music Generation; `mos` is the scale of mean opinion scores of ITU-T P.800.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from listening_study.protocol.languages.codes import Language

SLIDER = 100  # the upper end of a slider; the lower is 0
ANCHORS = (3500, 7000)  # Hz; BS.1534-3, section 5.1: the low and the mid anchor

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class TaskKind(StrEnum):
    """What a listener does with what is on the screen."""

    SOURCE = "source"
    RATING = "rating"
    PREFERENCE = "preference"
    CONTINUATION = "continuation"
    MUSHRA = "mushra"
    ABX = "abx"


RATED = (TaskKind.RATING, TaskKind.CONTINUATION, TaskKind.MUSHRA)  # on attributes


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AttributeWords(_Section):
    """The words of one attribute in one language.

    low, high : what the ends of its scale mean
    points : a word for each point from the lowest, where there are words
    """

    question: Text
    low: Text
    high: Text
    points: tuple[Text, ...] = ()


class Attribute(_Section):
    """Something that clips are rated on.

    scale : 5 or 7 points, numbered from 1; or "slider", 0 to 100
    """

    name: AttributeName
    scale: Literal[5, 7, "slider"] = 5
    words: dict[Language, AttributeWords] = Field(min_length=1)

    @property
    def range(self) -> tuple[int, int]:
        """The lowest and the highest value.

        >>> READY["mos"][0].range, READY["quality"][0].range
        ((1, 5), (0, 100))
        """
        return (0, SLIDER) if self.scale == "slider" else (1, self.scale)

    def accepts(self, value: float) -> bool:
        """Whether a page of ours can send this value.

        >>> READY["mos"][0].accepts(5), READY["mos"][0].accepts(2.5), READY["quality"][0].accepts(100)
        (True, False, True)
        """
        low, high = self.range
        return low <= value <= high and float(value).is_integer()

    @model_validator(mode="after")
    def _check_points(self) -> Self:
        for language, words in self.words.items():
            if words.points and len(words.points) != self.scale:
                raise _fault(
                    f"the attribute {self.name} has {len(words.points)} points in {language}, not {self.scale}"
                )
        return self


def _fault(words: str) -> PydanticCustomError:
    return PydanticCustomError("task", "{words}", {"words": words})


def _ready() -> dict[str, tuple[Attribute, ...]]:
    text = files("listening_study.protocol").joinpath("ready_attributes.toml").read_text(encoding="utf-8")
    return {
        name: tuple(Attribute(name=each, **content) for each, content in attributes.items())
        for name, attributes in tomllib.loads(text).items()
    }


# Sets of attributes by name. `quality` is the scale of MUSHRA.
READY: Mapping[str, tuple[Attribute, ...]] = _ready()


class Task(_Section):
    """[[tasks]] One block of the study; its kind says what listeners do. Blocks are heard in the order given."""

    kind: TaskKind = Field(
        TaskKind.SOURCE, description='"source", "rating", "preference", "continuation", "mushra" or "abx"'
    )
    set: Literal["mirex-2025", "mos", "musicality"] | None = Field(
        None, description='attributes to rate: "mirex-2025", "mos" or "musicality"; left out: those of `attributes`'
    )
    attributes: tuple[Attribute, ...] = Field(
        (), description='own attributes to rate: [[tasks.attributes]] with name, scale (5, 7 or "slider") and words'
    )
    systems: tuple[SourceName, ...] = Field((), description="sources whose clips are heard in this block; empty: all")
    count: int | None = Field(None, ge=1, description="prompts, or pieces, that this block uses; left out: clips.count")
    each: int | None = Field(
        None, ge=1, description="screens that one listener sees in this block; left out: one for each prompt or piece"
    )
    repeats: int = Field(0, ge=0, le=20, description="screens seen a second time at the end of the block")
    together: int | None = Field(
        None, ge=1, description="continuation: how many are rated on one screen; left out: those of all systems"
    )
    no_difference: bool = Field(False, description='preference: listeners may also answer "no difference"')
    anchors: tuple[Annotated[int, Field(ge=500, le=16_000)], ...] = Field(
        ANCHORS, description="mushra: low-pass filters of the reference, Hz"
    )

    @property
    def asked(self) -> tuple[Attribute, ...]:
        """The attributes that are rated; none in the tasks that choose.

        >>> [attribute.name for attribute in Task(kind=TaskKind.RATING, set="mirex-2025").asked]
        ['coherency', 'structure', 'creativity', 'musicality']
        >>> Task(kind=TaskKind.MUSHRA).asked[0].scale
        'slider'
        """
        if self.set:
            return READY[self.set]
        return self.attributes or (READY["quality"] if self.kind is TaskKind.MUSHRA else ())

    @model_validator(mode="after")
    def _check(self) -> Self:
        rated = self.kind in RATED
        if self.set and self.attributes:
            raise _fault("name either a set or attributes, not both")
        if rated and not self.asked:
            raise _fault("name a set of attributes, or attributes of your own, to rate")
        if not rated and self.asked:
            raise _fault("nothing is rated in this task: leave out set and attributes")
        names = [attribute.name for attribute in self.asked]
        if len(set(names)) < len(names):
            raise _fault("two attributes have one name")
        if self.kind is TaskKind.MUSHRA and [attribute.scale for attribute in self.asked] != ["slider"]:
            raise _fault('mushra has one attribute, with the scale "slider"')
        for key, kind in _OF_ONE_KIND.items():
            if self.kind is not kind and getattr(self, key) != type(self).model_fields[key].default:
                raise _fault(f"{key} belongs to {kind}")
        return self


_OF_ONE_KIND: Mapping[str, Any] = {
    "together": TaskKind.CONTINUATION,
    "no_difference": TaskKind.PREFERENCE,
    "anchors": TaskKind.MUSHRA,
}
