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


class BlockRow(Part):
    """One system, pair or attribute of a block, as `clstm study results` has it.

    attribute : what was rated, "" in other tasks; other : the second of a pair, "" of single systems
    value, low, high : a mean, a share 0..1, or a worth in log-odds, with its interval
    difference, difference_low, difference_high : from the reference, where one was rated
    rank_low, rank_high : the simultaneous interval of ranks
    p_holm : corrected over the block
    """

    attribute: str = ""
    source: str
    other: str = ""
    value: Number = None
    low: Number = None
    high: Number = None
    difference: Number = None
    difference_low: Number = None
    difference_high: Number = None
    rank_low: Number = None
    rank_high: Number = None
    p_holm: Number = None


class StudyBlock(Part):
    """What listeners said in one block of a task other than human or computer.

    name : of its table; measure : "mean", "share" or "worth"
    scale : the lowest and the highest rating; None where nothing is rated, or attributes have several scales
    phrases : of the study's tests, in few words
    """

    name: str
    title: str
    task: str
    measure: str
    scale: tuple[float, float] | None = None
    phrases: tuple[str, ...] = ()
    rows: tuple[BlockRow, ...] = ()


class StudyContent(Part):
    """A listening study's results.

    note : that it is synthetic, else ""; registered : listeners that were registered; human : the human source
    seconds : of a clip; as_played : whether human clips kept their velocities and timing
    verdict : the sentence on each registered contrast; colours : of the sources, as in the figures
    contrasts, tally, clips : of human or computer; empty where nobody was asked
    blocks : of the other tasks
    agreement : what metrics and distances go with the answers, a table for each block, where `clstm study agreement`
        was written beside them; `report.json` has them among the tables of `beside`
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
    blocks: tuple[StudyBlock, ...] = ()
    agreement: tuple[TableContent, ...] = Field((), exclude=True)

    @property
    def asks_source(self) -> bool:
        """Whether listeners were asked who made the music."""
        return bool(self.tally or self.contrasts)
