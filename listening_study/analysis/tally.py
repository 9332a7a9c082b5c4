"""The paper's tally, and shares, confusion and ratings by source. All of it is descriptive.

The main value is the share of answers "human" for each source, not the share of correct answers: with twice as many
computer clips as human ones, a listener who always answers "computer" is right in two of three. Wilson's intervals
(Wilson 1927) assume independent answers, which these are not; `inference` generalises to other listeners and clips.
"""

import math

import pandas as pd

from listening_study.analysis.agreement import alpha
from listening_study.analysis.codebook import columns
from listening_study.analysis.detection import d_prime, roc, scores
from listening_study.protocol.key import Key
from listening_study.protocol.questions import RATINGS, SCALE_HIGHEST

CONFIDENCE_Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval

# Huang, Huang & Cai 2018, section 4.5: 5 listeners, 10 segments per source. Counts of answers are not reported.
PAPER = (("sample song", 10, 10), ("LSTM", 10, 0), ("C-LSTM", 10, 2))  # source, clips, called human by most listeners


def tally(answers: pd.DataFrame, key: Key) -> pd.DataFrame:
    """One row per source, in the key's order, columns as in the codebook. `answers`: those that count.

    >>> said = {"said_human": [1, 1, 0, 1], "participant": [1, 2, 1, 2], "confidence": 4}
    >>> answers = pd.DataFrame({"source": ["bach", "bach", "lstm", "lstm"], "clip": ["a", "a", "b", "b"], **said})
    >>> tally(answers, Key("bach", ("bach", "lstm"), {}, {}, {}))[["source", "majority_human", "ties", "p_human"]]
      source  majority_human  ties  p_human
    0   bach               1     0      1.0
    1   lstm               0     1      0.5
    """
    rows = []
    human = answers[answers["source"] == key.human]
    for source in key.sources:
        mine = answers[answers["source"] == source]
        share = mine.groupby("clip")["said_human"].mean()
        count, said = len(mine), int(mine["said_human"].sum())
        low, high = wilson(said, count)
        sensitivity, criterion = d_prime(int(human["said_human"].sum()), len(human), said, count)
        area = roc(scores(human), scores(mine))[2]
        itself = source == key.human
        rows.append(
            {
                "source": source,
                "is_human": itself,
                "clips": sum(origin.source == source for origin in key.clips.values()),
                "clips_heard": len(share),
                "majority_human": int((share > 0.5).sum()),
                "ties": int((share == 0.5).sum()),
                "answers": count,
                "said_human": said,
                "p_human": said / count if count else math.nan,
                "low": low,
                "high": high,
                "d_prime": math.nan if itself else sensitivity,
                "criterion": math.nan if itself else criterion,
                "auc": math.nan if itself else area,
                "alpha": alpha(mine),
            }
        )
    return pd.DataFrame(rows, columns=columns("tally"))


def clips(answers: pd.DataFrame, key: Key) -> pd.DataFrame:
    """One row per clip of the main trials, sources in the key's order.

    >>> from listening_study.protocol.key import Origin
    >>> key = Key("bach", ("bach",), {}, {"a": Origin("bach", "song.mid", 10.0, -20.0, -3.0)}, {})
    >>> clips(pd.DataFrame({"clip": ["a", "a"], "said_human": [1, 0]}), key)[["clip", "answers", "p_human"]]
      clip  answers  p_human
    0    a        2      0.5
    """
    by_clip = {str(clip): given for clip, given in answers.groupby("clip")["said_human"]}
    rows = []
    for source in key.sources:
        for name, origin in key.clips.items():
            if origin.source == source:
                given = by_clip.get(name, pd.Series(dtype=float))
                count, said = len(given), int(given.sum())
                rows.append(
                    [name, source, origin.piece, origin.start, count, said, said / count if count else math.nan]
                )
    return pd.DataFrame(rows, columns=columns("clips"))


def confusion(answers: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Counts of answers by what made the music: human and computer, then source by source.

    >>> answers = pd.DataFrame({"source": ["bach", "bach", "lstm"], "said_human": [1, 0, 0]})
    >>> confusion(answers, Key("bach", ("bach", "lstm"), {}, {}, {}))[["made_by", "said_human", "said_computer"]][:2]
        made_by  said_human  said_computer
    0     human           1              1
    1  computer           0              1
    """
    rows = []
    for made_by, source, mine in [
        ("human", "", answers[answers["source"] == key.human]),
        ("computer", "", answers[answers["source"] != key.human]),
        *(
            ("human" if source == key.human else "computer", source, answers[answers["source"] == source])
            for source in key.sources
        ),
    ]:
        said = int(mine["said_human"].sum())
        rows.append([made_by, source, said, len(mine) - said])
    return pd.DataFrame(rows, columns=columns("confusion"))


def ratings(answers: pd.DataFrame, key: Key) -> pd.DataFrame:
    """The ratings, which the paper asks for in an interview: one row per source and question with any.

    >>> answers = pd.DataFrame({"source": "lstm", "rhythm": [1, 1, 4], "melody": None, "repetitiveness": None})
    >>> ratings(answers, Key("bach", ("bach", "lstm"), {}, {}, {}))[["question", "ratings", "mean", "median"]]
      question  ratings  mean  median
    0   rhythm        3   2.0     1.0
    """
    rows = []
    for source in key.sources:
        for question in RATINGS:
            given = answers.loc[answers["source"] == source, str(question)].dropna()
            if len(given):
                counts = [int((given == value).sum()) for value in range(1, SCALE_HIGHEST + 1)]
                rows.append([source, str(question), len(given), given.mean(), given.median(), *counts])
    return pd.DataFrame(rows, columns=columns("ratings"))


def wilson(successes: int, trials: int, z: float = CONFIDENCE_Z) -> tuple[float, float]:
    """Wilson's score interval of a share, within 0..1; 0 to 1 without trials.

    z : the normal quantile of its level

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
