"""Do listeners agree? Krippendorff's alpha (Krippendorff, "Content Analysis", 2019) of their answers, clip by clip.

1: all say the same of every clip; 0: as much agreement as answers given at random in the same shares would have; below:
less. It needs two listeners and both answers, and with few of either it is a rough figure.
"""

import warnings

import numpy as np
import pandas as pd


def alpha(answers: pd.DataFrame) -> float:
    """Krippendorff's alpha of said_human; NaN where fewer than two listeners, or only one answer, are there."""
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
