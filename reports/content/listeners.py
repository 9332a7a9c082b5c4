"""The listeners' answers in a report: a study's conclusions, its tally, and the clips that were heard."""

from pydantic import Field

from evaluation.comparison.verdict import Number
from reports.content.rows import Part, TableContent


class ListenerTally(Part):
    """The answers on one source. p_human is their share "by a person", 0..1, with its Wilson interval; None without."""

    source: str
    is_human: bool
    clips_heard: int
    majority_human: int
    answers: int
    said_human: int
    p_human: Number = None
    low: Number = None
    high: Number = None


class ListenerContrast(Part):
    """A registered contrast: the share taken for human, source less human, -1..1, and the study's own verdict."""

    source: str
    human: str
    difference: Number = None
    low: Number = None
    high: Number = None
    p_holm: Number = None
    verdict: str


class HeardClip(Part):
    """A clip with answers: `start` seconds into a piece of a source."""

    clip: str
    source: str
    piece: str
    start: float
    answers: int
    p_human: float


class StudyContent(Part):
    """A listening study's results.

    note : that it is synthetic, else ""; registered : listeners that were registered; human : the human source
    seconds : of a clip; as_played : whether human clips kept their velocities and timing
    verdict : the sentence on each registered contrast; colours : of the sources, as in the figures
    agreement : what metrics and distances go with the answers, where `clstm study agreement` was written beside them;
        `report.json` has it among the tables of `beside`
    """

    title: str
    note: str = ""
    listeners: int
    complete: int
    registered: int
    key_sha256: str
    human: str
    seconds: float
    as_played: bool
    verdict: tuple[str, ...] = ()
    contrasts: tuple[ListenerContrast, ...] = ()
    tally: tuple[ListenerTally, ...] = ()
    clips: tuple[HeardClip, ...] = ()
    colours: dict[str, str] = Field(default_factory=dict)
    agreement: TableContent | None = Field(None, exclude=True)
