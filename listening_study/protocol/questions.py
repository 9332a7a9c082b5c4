"""The questions that may be asked about a clip besides "human or computer?". This is the only list of them.

The page, the database, the codebook, the tables and the simulated listeners follow it. To add a question: its name and
form here, a field of `Response`, its texts in each file of `languages` (`trial_NAME`; a scale also `trial_NAME_low` and
`trial_NAME_high`; options `trial_NAME_options`), and a migration that adds its column.
"""

from dataclasses import dataclass
from enum import StrEnum

SCALE_HIGHEST = 5


class Question(StrEnum):
    """A question by the name that configurations, columns and texts use, in the order asked."""

    CONFIDENCE = "confidence"
    KNOWN = "known"
    RHYTHM = "rhythm"
    MELODY = "melody"
    REPETITIVENESS = "repetitiveness"
    COMMENT = "comment"


class ReplyKind(StrEnum):
    """How a question is answered."""

    OPTIONS = "options"  # a number from 1, each with a text of its own
    SCALE = "scale"  # a number from 1 to `SCALE_HIGHEST`, of which the ends have texts
    YES = "yes"  # a box to tick
    TEXT = "text"


@dataclass(frozen=True)
class QuestionForm:
    """What kind of reply a question takes.

    meaning : of its column, for the codebook
    highest : the largest number accepted; 0 where the reply is no number
    ends : whose texts say what the ends of a scale mean, where it shares them: `trial_ENDS_low`
    """

    kind: ReplyKind
    meaning: str
    highest: int = 0
    ends: str = ""


def _scale(meaning: str, ends: str = "") -> QuestionForm:
    return QuestionForm(ReplyKind.SCALE, meaning, SCALE_HIGHEST, ends)


FORMS: dict[Question, QuestionForm] = {
    Question.CONFIDENCE: QuestionForm(ReplyKind.OPTIONS, "guessed, rather unsure, rather sure, certain", highest=4),
    Question.KNOWN: QuestionForm(ReplyKind.YES, "whether the participant says they know the piece"),
    Question.RHYTHM: _scale("clarity of the rhythm", ends="clear"),
    Question.MELODY: _scale("clarity of the melody", ends="clear"),
    Question.REPETITIVENESS: _scale("how repetitive the clip is"),
    Question.COMMENT: QuestionForm(ReplyKind.TEXT, "in the participant's words"),
}
NUMBERED = tuple(question for question in Question if FORMS[question].highest)
RATINGS = tuple(question for question in Question if FORMS[question].kind is ReplyKind.SCALE)


@dataclass(frozen=True)
class Response:
    """One answer and the replies to the questions; None: not asked, or not replied."""

    answer: str | None  # "human", "computer"; None: the clip would not play
    confidence: int | None = None
    known: bool | None = None
    rhythm: int | None = None
    melody: int | None = None
    repetitiveness: int | None = None
    comment: str | None = None
