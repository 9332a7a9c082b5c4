"""The items of a `source` trial: who made this music, how sure the listener is, and what else the study asks."""

from collections.abc import Sequence
from typing import Any

from listening_study.participants.task.asked import Asked, AskedKind
from listening_study.protocol.languages import Texts
from listening_study.protocol.questions import FORMS, Question, ReplyKind, Response
from listening_study.protocol.study import Study
from listening_study.store import Answer

HUMAN_FIRST = (Answer.HUMAN, Answer.COMPUTER)
COMPUTER_FIRST = HUMAN_FIRST[::-1]
KEYS = {Answer.HUMAN: "h", Answer.COMPUTER: "c"}
OPTIONAL = (ReplyKind.YES, ReplyKind.TEXT)


def maker(texts: Texts, sides: Sequence[Answer]) -> Asked:
    """Human or computer? Nothing is chosen beforehand; sides : in the order on the screen."""
    labels = {Answer.HUMAN: texts.trial_human, Answer.COMPUTER: texts.trial_computer}
    options, keys = tuple(labels[side] for side in sides), tuple(KEYS[side] for side in sides)
    return Asked(AskedKind.CHOICE, texts.trial_question, options=options, keys=keys, heading=True)


def asked(texts: Texts, sides: Sequence[Answer], questions: Sequence[Question]) -> tuple[Asked, ...]:
    """Everything that is asked about a clip, in order."""
    return maker(texts, sides), *(_further(texts, question) for question in questions)


def panels(questions: Sequence[Question]) -> tuple[tuple[int, ...], ...]:
    """The maker and the confidence together, then one question at a time; boxes and texts in a row together.

    >>> panels(tuple(Question))
    ((0, 1), (3,), (4,), (5,), (2, 6))
    >>> panels([Question.RHYTHM]), panels([])
    (((0,), (1,)), ((0,),))
    """
    places = {question: place for place, question in enumerate(questions, 1)}
    first = (0, *(place for question, place in places.items() if question is Question.CONFIDENCE))
    alone = [(place,) for question, place in places.items() if place not in first and not _is_optional(question)]
    last = tuple(place for question, place in places.items() if _is_optional(question))
    return first, *alone, *([last] if last else [])


def response(sides: Sequence[Answer], questions: Sequence[Question], values: Sequence[Any]) -> Response:
    """What is stored of the values of these items."""
    cleaned = [(value.strip() or None) if isinstance(value, str) else value for value in values[1:]]
    replies = {str(question): _stored(question, value) for question, value in zip(questions, cleaned, strict=True)}
    return Response(str(sides[values[0]]), **replies)


def _stored(question: Question, value: Any) -> Any:
    """The number of an option is stored from 1."""
    return value + 1 if FORMS[question].kind is ReplyKind.OPTIONS else value


def _is_optional(question: Question) -> bool:
    return FORMS[question].kind in OPTIONAL


def _further(texts: Texts, question: Question) -> Asked:
    form, words = FORMS[question], texts.questions[question]
    keys = tuple(str(number) for number in range(1, form.highest + 1))
    match form.kind:
        case ReplyKind.OPTIONS:
            return Asked(AskedKind.CHOICE, words.label, options=words.options, keys=keys, after_first=True)
        case ReplyKind.SCALE:
            return Asked(AskedKind.SCALE, words.label, points=form.highest, low=words.low, high=words.high, keys=keys)
        case ReplyKind.YES:
            return Asked(AskedKind.TICK, words.label, required=False)
        case ReplyKind.TEXT:
            return Asked(AskedKind.TEXT, words.label, required=False)


def sides(study: Study, slot: int) -> tuple[Answer, Answer]:
    """Which answer is on which side, for the listener of this slot: human on the left for every other one.

    Where listeners hear different clips of a source, both sides come with the same clips. In a study of the old format
    human is on the left for all.

    >>> from pathlib import Path
    >>> study = Study(Path(), "A study", "", 0, 10.0, ("a", "b"), 2, "", "", order_sha256="0a", sound={})
    >>> [str(sides(study, slot)[0]) for slot in range(3)]
    ['human', 'computer', 'human']
    """
    turned = study.has_secret_order and slot // study.size.rotations % 2
    return COMPUTER_FIRST if turned else HUMAN_FIRST
