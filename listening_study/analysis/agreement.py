"""Do listeners agree? Krippendorff's alpha (Krippendorff, "Content Analysis", 2019) of their answers, clip by clip.

1: all listeners agree on every clip; 0: they agree as often as answers given at random in the same shares would; below
0: less often. It needs two listeners and both answers, and is imprecise with few of either.
"""

import warnings

import numpy as np
import pandas as pd


def alpha(answers: pd.DataFrame) -> float:
    """Krippendorff's alpha of the answers; NaN with fewer than two listeners, or where all answers are the same.

    answers : columns participant, clip, said_human (1, 0 or NaN); the first answer counts where there are several

    >>> answers = pd.DataFrame({"participant": [1, 2, 1, 2], "clip": ["a", "a", "b", "b"], "said_human": [1, 1, 0, 0]})
    >>> alpha(answers), alpha(answers[:2])  # they agree on both clips; all answers are the same
    (1.0, nan)
    """
    grid = answers.pivot_table(index="participant", columns="clip", values="said_human", aggfunc="first")
    values = grid.to_numpy(float)
    given = values[~np.isnan(values)]
    paired = (~np.isnan(values)).sum(axis=0) >= 2
    if len(grid) < 2 or len(np.unique(given)) < 2 or not paired.any():
        return np.nan
    import krippendorff

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of clips that only one listener heard
        try:
            found = float(krippendorff.alpha(reliability_data=values, level_of_measurement="nominal"))
        except ValueError:  # only one answer among the clips that two listeners heard
            return np.nan
    return found
