"""The records that the store takes and returns."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clstm.runtime.errors import UserError
from listening_study.protocol.items import Judgement
from listening_study.protocol.questions import Response

LONGEST_TEXT = 2000  # characters of a comment or a reply


def clean(text: str) -> str:
    """The text without what databases refuse: zero characters and halves of surrogate pairs.

    >>> clean("a" + chr(0) + "b" + chr(0xD800))
    'ab?'
    """
    return text.replace("\0", "").encode(errors="replace").decode()


class RefusedError(Exception):
    """An impossible answer: to a clip never shown, out of turn, or with a value that does not exist."""


class ClosedError(Exception):
    """The study takes no answers now."""


class FullError(ClosedError):
    """The study has enough listeners: it admits nobody else, and those who have begun go on."""


class UnavailableError(UserError):
    """The database could not be written or read now: locked for too long, full disk, lost connection."""


@dataclass(frozen=True)
class Agreement:
    """What a newcomer agreed to, and where they came from."""

    consent: str  # SHA-256 of the text shown
    language: str = "en"
    arrival: Mapping[str, str] = field(default_factory=dict)  # a crowd platform's parameters


@dataclass(frozen=True)
class Listener:
    """One participant as the participants' page needs them."""

    id: int
    slot: int  # place in the design
    language: str
    consent: str
    answered: int  # how many trials: the next one has this number, from 0
    stages: frozenset[str] = frozenset()  # passed


@dataclass(frozen=True)
class AnsweredTrial:
    """One answer, as the analysis needs it."""

    sequence: int  # order of arrival over all participants, from 1
    participant: int
    trial: int  # from 0
    clip: str
    kind: str
    response: Response
    heard: float  # share of the clip, 0..1
    plays: int
    consent: str
    shown_at: str
    answered_at: str

    @property
    def seconds(self) -> float:
        """From shown to answered, s; NaN where the clock was set back in between.

        >>> times = "2026-01-31T10:00:00.000+00:00", "2026-01-31T10:00:12.500+00:00"
        >>> AnsweredTrial(1, 7, 0, "a", "main", Response("human"), 1.0, 1, "", *times).seconds
        12.5
        """
        return _seconds(self.shown_at, self.answered_at)


@dataclass(frozen=True)
class JudgedTrial:
    """One screen that was judged, as the analysis needs it; what is not explained is as in `AnsweredTrial`.

    item : name of the screen (`protocol.items`)
    """

    sequence: int
    participant: int
    trial: int  # from 0
    item: str
    kind: str
    judgements: tuple[Judgement, ...]
    heard: float
    plays: int
    consent: str
    shown_at: str
    answered_at: str

    @property
    def seconds(self) -> float:
        """From shown to answered, s; NaN where the clock was set back in between."""
        return _seconds(self.shown_at, self.answered_at)


def _seconds(shown_at: str, answered_at: str) -> float:
    gone = datetime.fromisoformat(answered_at) - datetime.fromisoformat(shown_at)
    return gone.total_seconds() if gone > timedelta() else math.nan


@dataclass(frozen=True)
class ListenerProgress:
    """How far one participant is."""

    participant: int
    slot: int
    language: str
    consented_at: str
    seen_at: str
    answered: int
    extra: bool  # the slot was given to another meanwhile
    stages: frozenset[str]
    passed_at: str = ""  # when the last stage was passed; "" where none was

    @property
    def minutes(self) -> float:
        """From consent to the last stage passed, min; NaN where none was, or the clock was set back.

        >>> times = "2026-01-31T10:00:00+00:00", "2026-01-31T10:12:30+00:00"
        >>> ListenerProgress(1, 0, "en", times[0], times[1], 20, False, frozenset({"volume"}), times[1]).minutes
        12.5
        """
        if not self.passed_at:
            return math.nan
        gone = datetime.fromisoformat(self.passed_at) - datetime.fromisoformat(self.consented_at)
        return gone / timedelta(minutes=1) if gone >= timedelta() else math.nan


@dataclass(frozen=True)
class Arrival:
    """The parameters of a recruiting platform's link that one participant came with."""

    participant: int
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """One reply to a question of the background, practice, headphone check or interview."""

    sequence: int
    participant: int
    stage: str
    question: str
    reply: str


@dataclass(frozen=True)
class JournalEntry:
    """One entry of the study's journal."""

    event: str  # served, registered, audited, full, payments, ids deleted, closed, reopened, unsealed
    detail: str
    happened_at: str
