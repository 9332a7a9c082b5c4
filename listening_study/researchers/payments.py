"""Whom to pay: the ids of a recruiting platform, and how far each participant got. Kept apart from all results.

Rows have no number of a participant, no time and no order of arrival, which would join them to answers.
"""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from listening_study.protocol.study import Study
from listening_study.researchers.monitoring import listeners
from listening_study.store import Arrival, ListenerProgress


def payments(
    study: Study, arrivals: Sequence[Arrival], progress: Sequence[ListenerProgress], now: datetime
) -> pd.DataFrame:
    """One row per participant who came with an id, sorted by it.

    Columns: the stored parameters; state (complete, under way, left); answered, of so many trials.
    """
    names = study.access.crowd_parameters
    table = listeners(study, progress, now).set_index("listener")
    rows = [
        {
            **{name: one.parameters.get(name, "") for name in names},
            "state": table.loc[one.participant, "state"],
            "answered": table.loc[one.participant, "answered"],
            "trials": study.trials,
        }
        for one in arrivals
        if one.participant in table.index  # one who came or went between the two readings is not
    ]
    found = pd.DataFrame(rows, columns=[*names, "state", "answered", "trials"])
    return found.sort_values(list(names), kind="stable", ignore_index=True) if names else found
