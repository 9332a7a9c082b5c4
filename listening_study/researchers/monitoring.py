"""What a researcher sees of a running study: who takes part and how far they are, never what they answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pandas as pd

from clstm.runtime.names import counted
from clstm.runtime.spreadsheet import csv
from listening_study.participants.stages import Screen, current_step
from listening_study.protocol.invitation import estimated_minutes
from listening_study.protocol.study import Study
from listening_study.store import AnsweredTrial, JudgedTrial, Listener, ListenerProgress, Reply, Store

STATES = ("complete", "under way", "left")
PARTS = 5  # of the trials, in which listeners are counted
_COLUMNS = ("listener", "place", "language", "began", "last_seen", "answered", "state", "stands_at", "silent", "extra")


@dataclass(frozen=True)
class Turnout:
    """How many take part."""

    listeners: int
    complete: int  # answered every clip
    under_way: int
    left: int  # incomplete, and inactive for as long as a slot is kept
    extras: int  # came back after their place was given to another
    answers: int


def step_names(study: Study) -> list[str]:
    """The steps of the study in order: the screens, and the trials in a few parts.

    >>> from pathlib import Path
    >>> study = Study(Path(), "A study", "", 0, 10.0, tuple("abcdefghij"), 2, "", "", "", sound={})
    >>> step_names(study)[:4]
    ['background', 'volume', 'clips 1–2', 'clips 3–4']
    """
    design = study.design
    before = ["background"] if design.background else []
    before += ["volume"] + (["headphones"] if design.headphone_check and study.headphones else [])
    before += ["practice"] if study.practice else []
    trials = [f"clips {first}–{last}" for first, last in _parts(study)]
    return before + trials + (["interview"] if design.interview else [])


def step_name(study: Study, one: ListenerProgress) -> str:
    """Which of the `step_names` this listener has reached; "end" for one who has finished."""
    step = current_step(Listener(one.participant, one.slot, one.language, "", one.answered, one.stages), study)
    match step.screen:
        case Screen.TRIAL | Screen.BREAK:
            return next(f"clips {first}–{last}" for first, last in _parts(study) if one.answered < last)
        case Screen.THANKS:
            return "end"
        case screen:
            return str(screen)


def listeners(study: Study, progress: Sequence[ListenerProgress], now: datetime) -> pd.DataFrame:
    """One row per listener."""
    patience = timedelta(minutes=study.access.reissue_after)
    rows = []
    for one in progress:
        silent = now - datetime.fromisoformat(one.seen_at) > patience
        state = "complete" if one.answered >= study.trials else "left" if silent else "under way"
        rows.append(
            {
                "listener": one.participant,
                "place": one.slot,
                "language": one.language,
                "began": one.consented_at[:19],
                "last_seen": one.seen_at[:19],
                "answered": one.answered,
                "state": state,
                "stands_at": step_name(study, one),
                "silent": silent,
                "extra": one.extra,
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"silent": bool, "extra": bool})


def turnout(table: pd.DataFrame) -> Turnout:
    """Of the table of `listeners`.

    >>> table = pd.DataFrame({"state": ["complete", "left"], "extra": [False, False], "answered": [20, 3]})
    >>> turnout(table)
    Turnout(listeners=2, complete=1, under_way=0, left=1, extras=0, answers=23)
    """
    complete, under_way, left = (int((table["state"] == state).sum()) for state in STATES)
    came_back = int((table["extra"] & (table["state"] != "left")).sum())
    return Turnout(len(table), complete, under_way, left, came_back, int(table["answered"].sum()))


def describe(study: Study, turnout: Turnout, target: int, store: Store) -> list[str]:
    """The turnout in a few lines of text."""
    issued, used = store.invitations()
    kinds = f"{turnout.under_way} under way, {turnout.left} left, {turnout.extras} extra"
    lines = [
        f"{study.title}: {state(study, store)}",
        f"Listeners: {turnout.listeners}; {turnout.complete} complete of {target} registered, {kinds}",
        f"Answers: {turnout.answers}; withdrawn: {store.withdrawals()}",
    ]
    return lines + ([f"Invitations: {issued} issued, {used} used"] if study.access.mode == "tokens" else [])


def durations(study: Study, progress: Sequence[ListenerProgress]) -> pd.Series:
    """Minutes from consent to the last screen of those who went through everything, by listener; breaks included."""
    through = [one for one in progress if step_name(study, one) == "end"]
    found = {one.participant: one.minutes for one in through}
    return pd.Series(found, dtype=float, name="minutes").dropna()


def duration(study: Study, minutes: pd.Series) -> str:
    """How long a participant takes, in a sentence: the median of the `durations`, else an estimate called one.

    >>> from pathlib import Path
    >>> study = Study(Path(), "A study", "", 0, 10.0, tuple("abcd"), 2, "", "", "", sound={})
    >>> duration(study, pd.Series([8.4, 9.0, 12.1]))
    'A participant takes 9 minutes (median of 3 who went through everything; 8 to 12).'
    >>> duration(study, pd.Series([1.2]))
    'A participant takes 1 minute: measured on one who went through everything.'
    >>> duration(study, pd.Series([], dtype=float))
    'A participant takes about 4 minutes: an estimate, nobody has gone through it yet.'
    """
    if minutes.empty:
        about = f"A participant takes about {counted(estimated_minutes(study), 'minute')}"
        return f"{about}: an estimate, nobody has gone through it yet."
    lowest, middle, highest = (round(value) for value in (minutes.min(), minutes.median(), minutes.max()))
    if len(minutes) == 1:
        return f"A participant takes {counted(middle, 'minute')}: measured on one who went through everything."
    return (
        f"A participant takes {counted(middle, 'minute')} (median of {len(minutes)} who went through everything; "
        f"{lowest} to {highest})."
    )


def state(study: Study, store: Store) -> str:
    """Whether a study takes answers, and newcomers."""
    if not store.is_open():
        return "closed"
    return "full, open only for those who have begun" if store.is_full(study.recruitment) else "open"


def unfinished(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """How many unfinished listeners are at each step: one row per step and state, in order."""
    rows = []
    for step in step_names(study):
        silent = table.loc[table["stands_at"] == step, "silent"]
        rows += [(step, "under way", int((~silent).sum())), (step, "left", int(silent.sum()))]
    return pd.DataFrame(rows, columns=["step", "state", "listeners"])


def exposure(study: Study, answered: Sequence[AnsweredTrial], judged: Sequence[JudgedTrial] = ()) -> pd.DataFrame:
    """How often each clip of the sources was answered or judged in main trials: one row per clip."""
    counts = pd.Series(0, index=pd.Index(study.clips, name="clip"))
    heard = [(one.kind, one.clip) for one in answered]
    heard += [(one.kind, clip) for one in judged for clip in {judgement.clip for judgement in one.judgements}]
    for kind, clip in heard:
        if kind == "main" and clip in counts.index:
            counts[clip] += 1
    return counts.rename("answers").reset_index()


def answer_times(answered: Sequence[AnsweredTrial | JudgedTrial]) -> pd.DataFrame:
    """Seconds from a screen's first showing to its answer: one row per answer.

    >>> from listening_study.store import Response
    >>> times = "2026-01-31T10:00:00", "2026-01-31T10:00:12"
    >>> one = AnsweredTrial(1, 7, 0, "a", "main", Response("human"), 1.0, 1, "", *times)
    >>> answer_times([one])[["listener", "trial", "seconds"]]
       listener  trial  seconds
    0         7      1     12.0
    """
    rows = [(one.participant, one.trial + 1, one.kind, one.seconds, one.heard, one.plays) for one in answered]
    return pd.DataFrame(rows, columns=["listener", "trial", "kind", "seconds", "heard", "plays"])


def comments(answered: Sequence[AnsweredTrial]) -> pd.DataFrame:
    """What listeners wrote about clips, newest first."""
    rows = [
        (one.participant, one.trial + 1, one.clip, one.answered_at[:19], one.response.comment)
        for one in reversed(answered)
        if one.response.comment
    ]
    return pd.DataFrame(rows, columns=["listener", "trial", "clip", "answered", "comment"])


def replies(given: Sequence[Reply]) -> pd.DataFrame:
    """What listeners replied on stages other than clips: one row per reply.

    >>> replies([Reply(1, 7, "volume", "device", "0")]).to_dict("records")
    [{'listener': 7, 'stage': 'volume', 'question': 'device', 'reply': '0'}]
    """
    rows = [(one.participant, one.stage, one.question, one.reply) for one in given]
    return pd.DataFrame(rows, columns=["listener", "stage", "question", "reply"])


def answers_after(answered: Sequence[AnsweredTrial | JudgedTrial], moment: str) -> int:
    """How many answers came later than this."""
    return sum(one.answered_at > moment for one in answered)


def exports(study: Study, store: Store) -> dict[str, Callable[[], str]]:
    """File name -> function that makes its CSV. None of them says how a clip of a main trial was answered."""
    return {
        "progress.csv": lambda: csv(listeners(study, store.progress(), datetime.now(UTC))),
        "exposure.csv": lambda: csv(exposure(study, store.answered_trials(), store.judged_trials())),
        "times.csv": lambda: csv(answer_times([*store.answered_trials(), *store.judged_trials()])),
        "comments.csv": lambda: csv(comments(store.answered_trials())),
        "replies.csv": lambda: csv(replies(store.replies())),
    }


def _parts(study: Study) -> list[tuple[int, int]]:
    """First and last trial of each part, from 1."""
    edges = sorted({round(study.trials * part / PARTS) for part in range(PARTS + 1)})
    return [(before + 1, last) for before, last in pairwise(edges)]
