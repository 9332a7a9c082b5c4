"""Signal detection: d', criterion and ROC (Macmillan & Creelman, "Detection Theory", 2005). Descriptive only.

A human clip is the signal, the answer "human" a yes. Shares are corrected by the log-linear rule, which adds half an
answer to each cell (Hautus, "Corrections for extreme proportions and their biasing effects on estimated values of d'",
1995), so that nobody has an infinite d'.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

Array = NDArray[np.float64]
CONFIDENCES = 4


def d_prime(hits: int, signals: int, false_alarms: int, noises: int) -> tuple[float, float]:
    """d' and criterion c; NaN without signals or noises. c above 0: "computer" is said more readily.

    >>> [round(figure, 3) for figure in d_prime(8, 10, 2, 10)]
    [1.495, 0.0]
    """
    if not signals or not noises:
        return np.nan, np.nan
    hit = float(norm.ppf((hits + 0.5) / (signals + 1)))
    alarm = float(norm.ppf((false_alarms + 0.5) / (noises + 1)))
    return hit - alarm, -(hit + alarm) / 2


def scores(answers: pd.DataFrame) -> Array:
    """How human each answer takes its clip for: certainly computer 1 to certainly human 8; without a confidence, as
    little sure as can be.
    """
    sure = answers["confidence"].fillna(1).to_numpy(float)
    return np.where(answers["said_human"] == 1, CONFIDENCES + sure, CONFIDENCES + 1 - sure)


def roc(
    human: NDArray[np.float64], system: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """False alarms and hits at every threshold from (0, 0) to (1, 1), and the area; NaN area without either."""
    if not len(human) or not len(system):
        return np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.nan
    from sklearn.metrics import auc, roc_curve

    truth = np.concatenate([np.ones(len(human)), np.zeros(len(system))])
    alarms, hits, _ = roc_curve(truth, np.concatenate([human, system]), drop_intermediate=False)
    return alarms, hits, float(auc(alarms, hits))
