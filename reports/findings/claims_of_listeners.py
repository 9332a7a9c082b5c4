"""The paper's claims about its listening test, from the conclusions of a study."""

from collections.abc import Mapping

from reports.content.listeners import ListenerContrast, StudyContent
from reports.content.report import ModelRole
from reports.content.rows import ClaimRow, ClaimVerdict
from reports.findings.claim_tests import FAILS, HOLDS, UNKNOWN, scaled
from reports.inputs.study_results import DIFFERS

NOT_TESTED: ClaimVerdict = "not tested"
NOBODY = "no listener has taken part"
NOT_ASKED = "listeners were not asked who made the music"


def of_listening(study: StudyContent | None, parts: Mapping[ModelRole, str]) -> list[ClaimRow]:
    """The claims of the listening test: from a study's own conclusions, which are corrected over its registered
    contrasts and not here; or that nobody has listened yet, or was asked who made the music.

    >>> [(row.verdict, row.otherwise) for row in of_listening(None, {"lstm": "mine"})]
    [('not tested', 'no listener has taken part')]
    """
    wanted: tuple[tuple[ModelRole, str, str], ...] = (
        ("lstm", "Listeners distinguish the LSTM’s music from human music", "5 listeners: 10 of 10 clips recognised"),
        (
            "c-lstm",
            "Listeners distinguish the C-LSTM’s music from human music",
            "5 listeners: 8 of 10 clips recognised",
        ),
    )
    rows = []
    for role, text, paper in wanted:
        if role not in parts:
            continue
        row = ClaimRow(
            claim=text,
            paper=paper,
            measure="share taken for human, minus that of human clips",
            unit="points",
            verdict=NOT_TESTED,
        )
        contrasts_of = study.contrasts if study else ()
        own = next((one for one in contrasts_of if one.source.casefold() == parts[role].casefold()), None)
        if study is None or study.note:
            rows.append(row.model_copy(update={"otherwise": NOBODY}))
        elif not study.asks_source:
            rows.append(row.model_copy(update={"otherwise": NOT_ASKED}))
        else:
            rows.append(row if own is None or own.difference is None else _heard(row, own))
    return rows


def _heard(row: ClaimRow, own: ListenerContrast) -> ClaimRow:
    """The row with a study's contrast. Listeners recognise music where they take it for human less often; a significant
    difference whose interval holds 0 has no direction."""
    value, low, high = scaled([own.difference, own.low, own.high], 100)
    verdict = UNKNOWN
    if own.verdict == DIFFERS and low is not None and high is not None:
        verdict = HOLDS if high < 0 else FAILS if low > 0 else UNKNOWN
    found = {"value": value, "low": low, "high": high, "p_holm": own.p_holm, "verdict": verdict}
    return row.model_copy(update=found)
