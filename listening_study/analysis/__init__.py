"""Answers -> tables: the paper's tally, and what listeners called human, by source.

"Human or computer?" is a discrimination test (Ariza 2009), and how often a source is called human is the figure to
look at: with twice as many computer clips as human ones, whoever always answers "computer" is right two times in three.

Everything here is descriptive. Answers of one listener, and answers about one clip, are not independent, so that
Wilson's intervals (Wilson 1927) are too narrow to generalise to other listeners and other clips.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from listening_study.key import Key
from listening_study.store import Answer, AnsweredTrial, Progress

CONFIDENCE_Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval

# Huang, Huang & Cai 2018, section 4.5: 5 listeners, 10 segments a source. Counts of answers are not reported.
PAPER = (("sample song", 10, 10), ("LSTM", 10, 0), ("C-LSTM", 10, 2))  # source, clips, taken for human by most


@dataclass(frozen=True)
class Column:
    """A column of an exported table, for the codebook."""

    table: str
    name: str
    unit: str
    meaning: str


CODEBOOK = (
    Column("answers", "sequence", "", "order in which the answers of all participants arrived, from 1"),
    Column("answers", "participant", "", "number of the participant, in order of consent"),
    Column("answers", "trial", "", "position of the clip in this participant's order, from 1"),
    Column("answers", "clip", "", "the clip's random name"),
    Column("answers", "source", "", "who made the clip's music, from the sealed key"),
    Column("answers", "is_human", "", "whether that source is the human one"),
    Column("answers", "piece", "", "file the clip was cut from"),
    Column("answers", "start", "s", "where in the piece the clip begins"),
    Column("answers", "answer", "", "what the participant said: human or computer"),
    Column("answers", "shown_at", "UTC", "when the clip was first shown, ISO 8601"),
    Column("answers", "answered_at", "UTC", "when the answer was stored, ISO 8601"),
    Column("answers", "seconds", "s", "from shown to answered"),
    Column("tally", "source", "", "who made the music"),
    Column("tally", "is_human", "", "whether this is the human source"),
    Column("tally", "clips", "", "clips of this source in the study"),
    Column("tally", "clips_heard", "", "those with at least one answer"),
    Column("tally", "majority_human", "", "clips that more than half of their answers called human"),
    Column("tally", "ties", "", "clips called human by exactly half of their answers"),
    Column("tally", "answers", "", "answers to clips of this source"),
    Column("tally", "said_human", "", "those that said human"),
    Column("tally", "p_human", "share", "said_human / answers; empty without answers"),
    Column("tally", "low", "share", "lower end of Wilson's 95 % interval; descriptive"),
    Column("tally", "high", "share", "upper end of Wilson's 95 % interval; descriptive"),
)


@dataclass(frozen=True)
class Turnout:
    """How many listeners there are and how far they are."""

    listeners: int
    complete: int  # answered every clip
    answers: int

    @property
    def incomplete(self) -> int:
        return self.listeners - self.complete


def turnout(progress: Sequence[Progress], clips: int) -> Turnout:
    """clips : how many a complete listener answers."""
    answered = [listener.answered for listener in progress]
    return Turnout(len(answered), sum(count >= clips for count in answered), sum(answered))


def columns(table: str) -> list[str]:
    """The columns of an exported table, in order."""
    return [column.name for column in CODEBOOK if column.table == table]


def answers_table(answered: Sequence[AnsweredTrial], key: Key) -> pd.DataFrame:
    """One row an answer, columns as in the codebook. Empty, with its columns, without answers."""
    rows = []
    for one in answered:
        origin = key.clips[one.clip]
        waited = datetime.fromisoformat(one.answered_at) - datetime.fromisoformat(one.shown_at)
        rows.append(
            {
                "sequence": one.sequence,
                "participant": one.participant,
                "trial": one.trial + 1,
                "clip": one.clip,
                "source": origin.source,
                "is_human": origin.source == key.human,
                "piece": origin.piece,
                "start": origin.start,
                "answer": one.answer,
                "shown_at": one.shown_at,
                "answered_at": one.answered_at,
                "seconds": round(waited.total_seconds(), 3),
            }
        )
    return pd.DataFrame(rows, columns=columns("answers"))


def tally(answers: pd.DataFrame, key: Key) -> pd.DataFrame:
    """One row a source, in the key's order, columns as in the codebook. `answers` as from `answers_table`."""
    rows = []
    for source in key.sources:
        said_human = answers.loc[answers["source"] == source, ["clip", "answer"]]
        said_human = said_human.assign(human=said_human["answer"] == Answer.HUMAN)
        share = said_human.groupby("clip")["human"].mean()
        count, human = len(said_human), int(said_human["human"].sum())
        low, high = wilson(human, count)
        rows.append(
            {
                "source": source,
                "is_human": source == key.human,
                "clips": sum(origin.source == source for origin in key.clips.values()),
                "clips_heard": len(share),
                "majority_human": int((share > 0.5).sum()),
                "ties": int((share == 0.5).sum()),
                "answers": count,
                "said_human": human,
                "p_human": human / count if count else math.nan,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows, columns=columns("tally"))


def wilson(successes: int, trials: int, z: float = CONFIDENCE_Z) -> tuple[float, float]:
    """Wilson's score interval of a share; 0 to 1 when nothing was tried.

    >>> [round(end, 3) for end in wilson(2, 10)]
    [0.057, 0.51]
    """
    if not trials:
        return 0.0, 1.0
    share = successes / trials
    centre = share + z**2 / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
