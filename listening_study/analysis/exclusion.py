"""Which answers count: what was registered to be left out, step by step, and how much each step took."""

import pandas as pd

from listening_study.analysis.codebook import columns
from listening_study.protocol.configuration import Exclusions
from listening_study.protocol.design import TrialKind


def counted(
    answers: pd.DataFrame, listeners: pd.DataFrame, exclusions: Exclusions | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers of main trials that count, and the flow: one row a reason, columns as in the codebook.

    exclusions : None leaves out nothing but clips that would not play
    """
    kept = answers[answers["kind"] == TrialKind.MAIN]
    flow = []

    def leave_out(reason: str, out: pd.Series, *, registered: bool = True) -> None:
        nonlocal kept
        before = set(kept["participant"])
        kept = kept[~out.reindex(kept.index).fillna(False).astype(bool)]
        gone = len(before - set(kept["participant"]))
        row = {"reason": reason, "registered": registered, "listeners": gone, "answers": int(out.sum())}
        flow.append(row)

    def listeners_who(test: pd.Series) -> pd.Series:
        return kept["participant"].isin(listeners.loc[test, "participant"])

    leave_out("would not play on the listener's device", kept["said_human"].isna(), registered=False)
    if exclusions:
        if exclusions.incomplete:
            leave_out("listener did not answer every clip", listeners_who(~listeners["complete"].astype(bool)))
        if exclusions.catch_missed is not None:
            missed = listeners["catch_missed"] > exclusions.catch_missed
            leave_out(f"listener missed more than {exclusions.catch_missed} catch trials", listeners_who(missed))
        if exclusions.fastest_median is not None:
            fast = listeners["median_delay"] < exclusions.fastest_median
            leave_out(
                f"listener's median answer came sooner than {exclusions.fastest_median:g} s after the clip",
                listeners_who(fast),
            )
        if exclusions.headphones:
            failed = listeners["headphones_passed"].eq(False)
            leave_out("listener failed the headphone check", listeners_who(failed))
        if exclusions.extras:
            leave_out("listener's place had been given to another", kept["extra"].astype(bool))
        if exclusions.known:
            leave_out("listener knows the piece", kept["known"].eq(True))
        if exclusions.heard:
            leave_out(f"less than {exclusions.heard:.0%} of the clip was heard", kept["heard"] < exclusions.heard)
    return kept, pd.DataFrame(flow, columns=columns("exclusions"))
