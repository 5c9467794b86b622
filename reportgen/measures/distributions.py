"""How far the distributions of two samples are apart."""

from __future__ import annotations

import numpy as np


def ks_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference between two samples' empirical distribution functions, in [0, 1].

    Source: two-sample Kolmogorov-Smirnov statistic; Smirnov 1948.
    """
    first, second = np.sort(first), np.sort(second)
    places = np.concatenate([first, second])
    below = [np.searchsorted(values, places, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())
