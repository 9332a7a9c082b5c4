"""What listeners said in each block, as rows that the template lays out: a strip with the interval, and the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from evaluation.figures.palette import MUTED
from reports.content.listeners import BlockRow, StudyBlock, StudyContent
from reports.numbers import number, short

TENS = 10.0  # means above it are of a slider: no decimals
HEADS = {"mean": "Mean", "share": "Share", "worth": "Worth"}
UNITS = {"mean": "", "share": "%", "worth": "log-odds"}
SHARES = {
    "preference": "How often the first was preferred; no difference counts half.",
    "abx": "How often it was told from the reference; half of the answers are correct by chance.",
}


@dataclass(frozen=True)
class HeardLine:
    """A row: at, start, end in percent of the strip, None without a value; range : below the value; beside : what it is
    compared with, "" without; p : corrected"""

    label: str
    colour: str
    at: float | None
    start: float | None
    end: float | None
    text: str
    range: str
    beside: str = ""
    beside_range: str = ""
    p: str = ""


@dataclass(frozen=True)
class HeardBlock:
    """The table of one block.

    groups : lines by attribute, "" where there is one; head : of the values, with their unit
    compared : the heading of what stands beside the value, "" without; tested : whether there are p-values
    middle : where one half, or a worth of 0, is, in percent of the strip; None of a mean
    ends : what the strip's ends are, for those who do not see it
    """

    name: str
    title: str
    look: str
    phrases: tuple[str, ...]
    head: str
    unit: str
    compared: str
    tested: bool
    middle: float | None
    ends: str
    groups: tuple[tuple[str, tuple[HeardLine, ...]], ...]


def heard_blocks(study: StudyContent) -> list[HeardBlock]:
    """The blocks of a study in their order, those without rows among them.

    >>> row = BlockRow(source="lstm", other="rnn", value=0.25, low=0.1, high=0.5, p_holm=0.02)
    >>> block = StudyBlock(name="b", title="Preferences", task="preference", measure="share", rows=(row,))
    >>> study = StudyContent(title="", listeners=1, complete=1, registered=1, key_sha256="", human="human", seconds=9,
    ...                      as_played=True, blocks=(block,))
    >>> line = heard_blocks(study)[0].groups[0][1][0]
    >>> line.label, line.at, line.text, line.range, line.p
    ('lstm over rnn', 25.0, '25', '10 to 50', '0.020')
    """
    return [_block(block, study.colours, study.human) for block in study.blocks]


def _block(block: StudyBlock, colours: Mapping[str, str], human: str) -> HeardBlock:
    scale = _ends(block)
    several = len({row.attribute for row in block.rows}) > 1
    middle = {"share": 0.5, "worth": 0.0}.get(block.measure)
    groups = groupby(block.rows, key=lambda row: row.attribute if several else "")
    return HeardBlock(
        name=block.name,
        title=block.title,
        look=SHARES.get(block.task, "") if block.measure == "share" else "",
        phrases=block.phrases,
        head=HEADS[block.measure],
        unit=UNITS[block.measure],
        compared={"mean": "Difference", "worth": "Ranks"}.get(block.measure, ""),
        tested=any(row.p_holm is not None for row in block.rows),
        middle=None if middle is None else _at(middle, scale),
        ends=f"From {short(scale[0])}, at the left, to {short(scale[1])}",
        groups=tuple((name, tuple(_line(row, block, colours, human, scale) for row in rows)) for name, rows in groups),
    )


def _ends(block: StudyBlock) -> tuple[float, float]:
    """Of the strip: a share's 0 to 1, the scale of ratings; else what the intervals reach, and a little more."""
    if block.measure == "share":
        return 0.0, 1.0
    if block.measure == "mean" and block.scale:
        return block.scale
    known = [value for row in block.rows for value in (row.value, row.low, row.high) if value is not None]
    known += [0.0] if block.measure == "worth" else []
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _at(value: float, scale: tuple[float, float]) -> float:
    """In percent of the strip, where an interval may reach beyond it."""
    return min(max(round(100 * (value - scale[0]) / (scale[1] - scale[0]), 2), 0.0), 100.0)


def _line(
    row: BlockRow, block: StudyBlock, colours: Mapping[str, str], human: str, scale: tuple[float, float]
) -> HeardLine:
    slider = block.measure == "mean" and max(one.value or 0 for one in block.rows) > TENS
    factor, decimals = (100, 0) if block.measure == "share" else (1, 0 if slider else 2)

    def text(value: float | None) -> str:
        return "–" if value is None else number(factor * value, decimals)

    def reach(low: float | None, high: float | None) -> str:
        return "" if low is None or high is None else f"{text(low)} to {text(high)}"

    beside, beside_range = "", ""
    if block.measure == "mean" and row.difference is not None:
        beside, beside_range = text(row.difference), reach(row.difference_low, row.difference_high)
    if row.rank_low is not None and row.rank_high is not None:
        beside = f"{row.rank_low:.0f}" + ("" if row.rank_low == row.rank_high else f" to {row.rank_high:.0f}")
    own = "var(--ink)" if row.source.casefold() in (human.casefold(), "reference") else colours.get(row.source, MUTED)
    places = [None if value is None else _at(value, scale) for value in (row.value, row.low, row.high)]
    return HeardLine(
        label=f"{row.source} over {row.other}" if row.other else row.source,
        colour=own,
        at=places[0],
        start=places[1],
        end=places[2],
        text=text(row.value),
        range=reach(row.low, row.high),
        beside=beside,
        beside_range=beside_range,
        p="" if row.p_holm is None else "< 0.001" if row.p_holm < 0.001 else f"{row.p_holm:.3f}",
    )
