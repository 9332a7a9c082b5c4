"""Which answers count: the registered exclusions, step by step, with the number of answers that each removes."""

from collections.abc import Iterator

import pandas as pd

from listening_study.analysis.codebook import columns
from listening_study.protocol.configuration import Exclusions
from listening_study.protocol.design import TrialKind


def counted(
    answers: pd.DataFrame, listeners: pd.DataFrame, exclusions: Exclusions | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers of main trials that count, and one row per reason for exclusion; columns as in the codebook.

    exclusions : None excludes nothing but clips that would not play

    >>> said = {"said_human": [1, 0, None], "known": [True, False, False]}
    >>> answers = pd.DataFrame({"participant": 1, "kind": "main", **said})
    >>> kept, flow = counted(answers, pd.DataFrame(), Exclusions(catch_missed=None, heard=0.0))
    >>> len(kept), flow["answers"].tolist(), flow["reason"].tolist()
    (1, [1, 1], ["would not play on the listener's device", 'listener knows the piece'])
    """
    kept = answers[answers["kind"] == TrialKind.MAIN]
    steps = [("would not play on the listener's device", kept["said_human"].isna(), False)]
    if exclusions:
        steps += [(reason, out, True) for reason, out in _registered(kept, listeners, exclusions)]
    flow = []
    for reason, out, registered in steps:
        leaves = out.reindex(kept.index).fillna(False).astype(bool)  # of the answers still kept: each is excluded once
        before = set(kept["participant"])
        kept = kept[~leaves]
        gone = len(before - set(kept["participant"]))
        flow.append({"reason": reason, "registered": registered, "listeners": gone, "answers": int(leaves.sum())})
    return kept, pd.DataFrame(flow, columns=columns("exclusions"))


def _registered(
    main: pd.DataFrame, listeners: pd.DataFrame, exclusions: Exclusions
) -> Iterator[tuple[str, "pd.Series[bool]"]]:
    """Each registered exclusion in the order applied: its reason, and which of the main answers it concerns."""

    def of_listeners(who: "pd.Series[bool]") -> "pd.Series[bool]":
        return main["participant"].isin(listeners.loc[who, "participant"])

    if exclusions.incomplete:
        yield "listener did not answer every clip", of_listeners(~listeners["complete"].astype(bool))
    if (most := exclusions.catch_missed) is not None:
        yield f"listener missed more than {most} catch trials", of_listeners(listeners["catch_missed"] > most)
    if (least := exclusions.fastest_median) is not None:
        reason = f"listener's median answer came earlier than {least:g} s after the clip"
        yield reason, of_listeners(listeners["median_delay"] < least)
    if exclusions.headphones:
        yield "listener failed the headphone check", of_listeners(listeners["headphones_passed"].eq(False))
    if exclusions.extras:
        yield "listener's place had been given to another", main["extra"].astype(bool)
    if exclusions.known:
        yield "listener knows the piece", main["known"].eq(True)
    if exclusions.heard:
        yield f"less than {exclusions.heard:.0%} of the clip was heard", main["heard"] < exclusions.heard
