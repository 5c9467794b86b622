"""Tests of attribution maps: do they depend on the weights, and is what they mark what the class needs?"""

from __future__ import annotations

import numpy as np


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two maps, -1 to 1; NaN where one is constant or not finite.

    Args:
        first, second: arrays of one shape; equal values share their mean rank.
    """
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    ranks = [_ranks(values.ravel()) for values in (first, second)]
    centred = [values - values.mean() for values in ranks]
    scale = np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum())
    return float((centred[0] * centred[1]).sum() / scale) if scale else float("nan")


def _ranks(values: np.ndarray) -> np.ndarray:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group.ravel()])


def completeness_error(total: float, difference: float) -> float:
    """Return by which share a map's sum misses the difference of logits that it should explain.

    Source: Sundararajan et al., arXiv 1703.01365, proposition 1.
    """
    return abs(total - difference) / max(abs(difference), 1e-6)
