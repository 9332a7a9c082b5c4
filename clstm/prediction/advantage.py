"""The paper's Table 2 as hypotheses: is an advantage as large as the paper found ruled out here?

Source: Huang, Huang & Cai (2018), Table 2: accuracy of the next state of RNN, LSTM and C-LSTM. Tested in two ways, as
accuracies in this range hardly differ: in points of accuracy, and as the share of the other's errors that a model
removes.
Both hypotheses say "at least as large as the paper's"; each is tested on one side by flipping signs of the groups'
differences shifted by that size (`resampling`). The test is about these training runs, one of each network as a
rule: another training run is another model.
"""

import numpy as np

from clstm.prediction.resampling import upper_sided
from clstm.prediction.scores import WRONG, Horizon

PAPERS_ACCURACY = {"rnn": 95.15, "lstm": 96.74, "c-lstm": 97.81}  # %, of the next state
ASKED = "next"  # the horizon that the paper's table is about
UPPER = 0.90  # a two-sided interval of this level ends where a one-sided one of 95 % does


def is_reversed(kind: str, other_kind: str) -> bool:
    """Whether the paper has both kinds and finds the other better.

    >>> is_reversed("rnn", "lstm"), is_reversed("lstm", "rnn"), is_reversed("lstm", "c-lstm-plus")
    (True, False, False)
    """
    known = PAPERS_ACCURACY
    return kind in known and other_kind in known and known[kind] < known[other_kind]


def papers(kind: str, other_kind: str) -> tuple[float, float] | None:
    """The paper's advantage of one kind over another: points of accuracy, and share of errors removed (0..1).

    None unless the paper has both and finds the first better.

    >>> [round(size, 3) for size in papers("c-lstm", "lstm")]
    [1.07, 0.328]
    """
    if not is_reversed(other_kind, kind):
        return None
    one, other = PAPERS_ACCURACY[kind], PAPERS_ACCURACY[other_kind]
    return round(one - other, 2), 1 - (100 - one) / (100 - other)  # printed with two decimals


def errors_removed(horizon: Horizon, system: str, other: str) -> dict[str, float]:
    """The share of the other's errors that a system removes, 1 - its own / the other's, with _low and _high.

    NaN where the other makes none. That it is 0 is the hypothesis that accuracies are equal, and has its p.
    """
    share = _share_removed(horizon, system, other)
    low, high = horizon.draws.interval(share, highest=1)
    return {"errors_removed": float(share[0]), "errors_removed_low": low, "errors_removed_high": high}


def against_paper(horizon: Horizon, system: str, other: str) -> dict[str, float]:
    """The tests against Table 2; all missing for another horizon, or kinds of which it says nothing.

    paper_points : the paper's advantage, percentage points; paper_points_p : of the advantage being at least as large;
        accuracy_upper : the upper end of a one-sided 95 % interval of the difference in accuracy (-1..1)
    paper_errors, paper_errors_p, errors_removed_upper : the same as shares of the other's errors
    """
    names = ("paper_points", "paper_points_p", "accuracy_upper", "paper_errors", "paper_errors_p")
    row = dict.fromkeys((*names, "errors_removed_upper"), float("nan"))
    size = papers(horizon.about(system, "kind"), horizon.about(other, "kind"))
    if size is None or horizon.name != ASKED:
        return row
    points, share = size
    cells = horizon.of_groups(system, "cells")
    own, others = (horizon.of_groups(name, *WRONG) for name in (system, other))
    short_of_points = points / 100 * cells - (others - own)  # errors of each group, about 0 for the paper's size
    short_of_share = own - (1 - share) * others
    accuracy = horizon.values(system)["accuracy"] - horizon.values(other)["accuracy"]
    row |= {
        "paper_points": points,
        "paper_points_p": upper_sided(horizon.flips @ short_of_points),
        "accuracy_upper": horizon.draws.interval(accuracy, UPPER)[1],
        "paper_errors": share,
        "errors_removed_upper": horizon.draws.interval(_share_removed(horizon, system, other), UPPER, highest=1)[1],
    }
    if others.any():
        row["paper_errors_p"] = upper_sided(horizon.flips @ short_of_share)
    return row


def _share_removed(horizon: Horizon, system: str, other: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = horizon.draws.weights
    own, others = (weights @ horizon.of_groups(name, *WRONG) for name in (system, other))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(others > 0, 1 - own / others, np.nan)
