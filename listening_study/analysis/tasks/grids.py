"""The tidy table `judgements` as arrays: (listeners, columns) for each source, columns matched by prompt.

A column is what is heard by several listeners: the prompt, where clips have one, else the item, which names the clips
of a screen. Clips of two sources that continue one prompt, or stand on one screen, are in the same column.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from listening_study.protocol.design import TrialKind

Array = NDArray[np.float64]


def main_trials(judgements: pd.DataFrame) -> pd.DataFrame:
    """The judgements that are analysed, with a column `column`: without catch trials, repeats and missing values.

    >>> table = pd.DataFrame({"participant": 1, "kind": "main", "item": ["x", "y"], "prompt": ["", "p"], "value": 3.0})
    >>> main_trials(table)["column"].tolist()
    ['item x', 'prompt p']
    """
    kept = judgements[(judgements["kind"] == TrialKind.MAIN) & judgements["value"].notna()]
    prompt = kept["prompt"].fillna("").astype(str)
    named = ("prompt " + prompt).where(prompt != "", "item " + kept["item"].astype(str))
    return kept.assign(column=named, value=kept["value"].astype(float))


def grids(judgements: pd.DataFrame, sources: Sequence[str]) -> dict[str, Array]:
    """The values of each source, (listeners, columns), NaN where not given; same listeners and columns for all.

    judgements : from `main_trials`, of one attribute; several values of one listener in one place are averaged
    """
    own = judgements[judgements["source"].isin(sources)]
    listeners, columns = np.sort(own["participant"].unique()), np.sort(own["column"].unique())
    found = {}
    for source in sources:
        table = own[own["source"] == source].pivot_table("value", "participant", "column", "mean")
        found[source] = table.reindex(index=listeners, columns=columns).to_numpy(dtype=np.float64)
    return found


def pair(one: Array, other: Array) -> tuple[Array, Array]:
    """The columns that matter to a comparison of two sources: matched, or side by side where few are in common.

    Matched are the sources if at least half of the columns of the one with fewer are in both; then only those count.

    >>> [grid.shape for grid in pair(np.eye(2), np.eye(2))]
    [(2, 2), (2, 2)]
    >>> alone = np.full((2, 1), np.nan)
    >>> [grid.shape for grid in pair(np.hstack([np.eye(2), alone]), np.hstack([alone, np.eye(2)]))]  # one in common
    [(2, 1), (2, 1)]
    >>> [grid.shape for grid in pair(np.hstack([np.eye(2), alone]), np.hstack([alone, alone, np.ones((2, 1))]))]
    [(2, 3), (2, 3)]
    """
    first, second = (~np.isnan(grid).all(axis=0) for grid in (one, other))
    both = first & second
    if both.any() and 2 * both.sum() >= min(first.sum(), second.sum()):
        return one[:, both], other[:, both]
    apart = [np.full_like(grid[:, own], np.nan) for grid, own in ((one, first), (other, second))]
    return np.hstack([one[:, first], apart[1]]), np.hstack([apart[0], other[:, second]])


def heard(grid: Array) -> tuple[int, int]:
    """How many listeners and columns have a value.

    >>> heard(np.array([[1.0, np.nan], [2.0, np.nan]]))
    (2, 1)
    """
    given = ~np.isnan(grid)
    return int(given.any(axis=1).sum()), int(given.any(axis=0).sum())


def gap(names: Sequence[str], sources: Sequence[Array]) -> str:
    """Why the sources cannot be compared; empty where they can.

    >>> gap(["lstm", "human"], [np.ones((1, 3)), np.ones((1, 3))])
    'one listener does not show how others would answer'
    """
    missing = [name for name, grid in zip(names, sources, strict=True) if np.isnan(grid).all()]
    if missing:
        return f"there are no answers about {' or '.join(missing)}"
    if min(heard(grid)[0] for grid in sources) < 2:
        return "one listener does not show how others would answer"
    if min(heard(grid)[1] for grid in sources) < 2:
        return "one clip does not show how others of its source would sound"
    return ""
