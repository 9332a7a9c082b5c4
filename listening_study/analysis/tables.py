"""The stored answers joined with the sealed key: one row per answer, and one row per listener."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from listening_study.analysis.codebook import columns
from listening_study.protocol.design import TrialKind
from listening_study.protocol.key import Key
from listening_study.protocol.questions import NUMBERED, Question
from listening_study.protocol.study import Study
from listening_study.store import Answer, AnsweredTrial, ListenerProgress, Reply

CATCH_ANSWER = Answer.HUMAN  # what participants were asked to answer to three beeps
HEADPHONES_WRONG = 1  # replies that may be wrong in a headphone check that is passed


def answers_table(answered: Sequence[AnsweredTrial], progress: Sequence[ListenerProgress], key: Key) -> pd.DataFrame:
    """One row per answer, columns as in the codebook. Empty, with its columns, without answers."""
    about = {one.participant: one for one in progress}
    rows = []
    for one in answered:
        who, response, origin = about[one.participant], one.response, key.clips.get(one.clip)
        said = {Answer.HUMAN: 1.0, Answer.COMPUTER: 0.0}
        rows.append(
            {
                "sequence": one.sequence,
                "participant": one.participant,
                "slot": who.slot,
                "extra": who.extra,
                "language": who.language,
                "trial": one.trial + 1,
                "kind": one.kind,
                "clip": one.clip,
                "source": origin.source if origin else None,
                "is_human": origin.source == key.human if origin else None,
                "piece": origin.piece if origin else None,
                "start": origin.start if origin else np.nan,
                "answer": response.answer,
                "said_human": said[Answer(response.answer)] if response.answer else np.nan,
                **{str(question): getattr(response, question) for question in Question},
                "heard": one.heard,
                "plays": one.plays,
                "seconds": one.seconds,
                "shown_at": one.shown_at,
                "answered_at": one.answered_at,
                "consent": one.consent,
            }
        )
    table = pd.DataFrame(rows, columns=columns("answers"))
    numbers = ["said_human", *map(str, NUMBERED), "heard", "seconds", "start"]
    return table.astype(dict.fromkeys(numbers, float))


def listeners_table(
    study: Study, progress: Sequence[ListenerProgress], replies: Iterable[Reply], answers: pd.DataFrame
) -> pd.DataFrame:
    """One row per listener, columns as in the codebook."""
    said = {(one.participant, one.stage, one.question): one.reply for one in replies}
    of = dict(list(answers.groupby("participant")))
    rows = []
    for one in progress:
        number = one.participant
        mine = of.get(number, answers.iloc[:0])
        background = {
            question: _option(said.get((number, "background", question)))
            for question in ("listening", "training", "playing", "hearing")
        }
        quietest = [said.get((number, f"headphones-{k}", "quietest")) for k in range(len(study.headphones))]
        right = [reply == str(truth) for reply, (_, truth) in zip(quietest, study.headphones, strict=True)]
        whole = bool(study.headphones) and None not in quietest
        catch = mine[mine["kind"] == TrialKind.CATCH]
        delay = (mine.loc[mine["kind"] == TrialKind.MAIN, "seconds"] - study.seconds).median()
        rows.append(
            {
                "participant": number,
                "slot": one.slot,
                "extra": one.extra,
                "language": one.language,
                "consented_at": one.consented_at,
                "answered": one.answered,
                "complete": one.answered >= study.trials,
                **background,
                "device": _option(said.get((number, "volume", "device"))),
                "headphones_right": sum(right) if whole else np.nan,
                "headphones_passed": len(right) - sum(right) <= HEADPHONES_WRONG if whole else None,
                "catch_missed": int((catch["answer"] != CATCH_ANSWER).sum()),
                "consistent": _consistent(mine),
                "median_delay": delay,
            }
        )
    return pd.DataFrame(rows, columns=columns("listeners"))


def interview_table(replies: Iterable[Reply]) -> pd.DataFrame:
    """The replies in the interview, by participant and in order of arrival; columns as in the codebook.

    >>> replies = [Reply(2, 1, "interview", "cues", "no ending"), Reply(1, 1, "volume", "device", "0")]
    >>> interview_table(replies).to_dict("records")
    [{'participant': 1, 'question': 'cues', 'reply': 'no ending'}]
    """
    rows = [
        {"participant": one.participant, "question": one.question, "reply": one.reply}
        for one in sorted(replies, key=lambda one: (one.participant, one.sequence))
        if one.stage == "interview"
    ]
    return pd.DataFrame(rows, columns=columns("interview"))


def _option(reply: str | None) -> Any:
    return int(reply) if reply is not None and reply.isdecimal() else np.nan


def _consistent(mine: pd.DataFrame) -> float:
    """Share of repeated clips that got the same answer; NaN without any."""
    first = mine[mine["kind"] == TrialKind.MAIN].set_index("clip")["said_human"]
    again = mine[mine["kind"] == TrialKind.REPEAT].set_index("clip")["said_human"]
    both = pd.concat([first, again], axis=1, join="inner").dropna()
    return float((both.iloc[:, 0] == both.iloc[:, 1]).mean()) if len(both) else np.nan
