"""The first screen of a report: the question, the answer, what is open, and where each system stands."""

from typing import Final, Literal

from evaluation.comparison.verdict import Number
from reports.content.rows import Part

WORDING: Final = 2  # version of the words; `clstm report verify` compares those of its own version

Known = Literal["differs", "inconclusive", "not tested"]


class PhrasePart(Part):
    """A few words on how a system differs, and the metric whose significant test they rest on."""

    text: str
    metric: str


class ViewStanding(Part):
    """A system in one view. distance : MMD^2; p_holm : corrected over its views"""

    view: str
    distance: Number = None
    low: Number = None
    high: Number = None
    p_holm: Number = None
    human_95: Number = None
    known: Known = "not tested"


class Standing(Part):
    """Where one system stands.

    ranked : whether it is one of the systems ranked; False of the reference as it is, without a control
    distance : MMD^2 in all metrics together, with its 95 % interval; None where there is none, then `why` says it
    human_95 : what two samples of the reference of these sizes stay below in 95 %
    differing, tested : metrics that differ significantly, of those tested
    phrases : how it differs; views : its distance in each
    """

    system: str
    against: str
    ranked: bool = True
    pieces: int = 0
    distance: Number = None
    low: Number = None
    high: Number = None
    p: Number = None
    human_95: Number = None
    known: Known = "not tested"
    rank: str = ""
    differing: int = 0
    tested: int = 0
    phrases: tuple[PhrasePart, ...] = ()
    views: tuple[ViewStanding, ...] = ()
    why: str = ""


class FirstScreen(Part):
    """question, answer, open : one or two short sentences each; standings : the closest system first"""

    wording: int = WORDING
    question: str = ""
    answer: str = ""
    open: str = ""
    standings: tuple[Standing, ...] = ()
