"""Signal detection: d', criterion and ROC (Macmillan & Creelman, "Detection Theory", 2005). Descriptive only.

A human clip is the signal, the answer "human" a yes. Shares are corrected by the log-linear rule, which adds half an
answer to each cell (Hautus, "Corrections for extreme proportions and their biasing effects on estimated values of d'",
1995), so that d' is always finite.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from listening_study.protocol.questions import FORMS, Question

Array = NDArray[np.float64]
CONFIDENCES = FORMS[Question.CONFIDENCE].highest


def d_prime(hits: int, signals: int, false_alarms: int, noises: int) -> tuple[float, float]:
    """d' and criterion c; NaN without signals or noises. c above 0: a bias towards "computer".

    hits : answers "human" to human clips, of `signals` answers; false_alarms : to a system's clips, of `noises`

    >>> [round(value, 3) for value in d_prime(9, 10, 4, 10)]
    [1.327, -0.433]
    """
    if not signals or not noises:
        return np.nan, np.nan
    hit = float(norm.ppf((hits + 0.5) / (signals + 1)))
    alarm = float(norm.ppf((false_alarms + 0.5) / (noises + 1)))
    return hit - alarm, -(hit + alarm) / 2


def scores(answers: pd.DataFrame) -> Array:
    """How human each clip was judged, (answers,): from 1, certainly computer, to 8, certainly human.

    An answer without a confidence counts as guessed.

    >>> scores(pd.DataFrame({"said_human": [0, 0, 1, 1], "confidence": [4, 1, None, 4]}))
    array([1., 4., 5., 8.])
    """
    sure = answers["confidence"].fillna(1).to_numpy(float)
    return np.where(answers["said_human"] == 1, CONFIDENCES + sure, CONFIDENCES + 1 - sure)


def roc(
    human: NDArray[np.float64], system: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """False alarms and hits at every threshold from (0, 0) to (1, 1), and the area under the curve.

    human, system : (answers,) `scores`; the area is NaN without answers about either

    >>> roc(np.array([8.0, 5.0]), np.array([4.0, 1.0]))[2], roc(np.array([8.0, 1.0]), np.array([8.0, 1.0]))[2]
    (1.0, 0.5)
    """
    if not len(human) or not len(system):
        return np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.nan
    from sklearn.metrics import auc, roc_curve

    truth = np.concatenate([np.ones(len(human)), np.zeros(len(system))])
    alarms, hits, _ = roc_curve(truth, np.concatenate([human, system]), drop_intermediate=False)
    return alarms, hits, float(auc(alarms, hits))
