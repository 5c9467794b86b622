"""Mean and spread of a fresh draw's statistics, from the law of its weights and without a draw."""

from __future__ import annotations

import math

import numpy as np

from reportgen.models.weights.kernel_statistics import SMALLEST_WINDOW, as_matrix
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.laws import Law
from reportgen.models.weights.moments import NEAR_ZERO

FEWEST_NULL_WEIGHTS = 8_192
"""Weights of a kernel from which the law of its statistics is near its limit. Source: 1,500 draws of each of 27 kernels: from so
many weights on the spread is right within 8 %, with half as many within 13 %; tests/models/weights/test_null_moments.py."""

FEWEST_NULL_ROWS = 16
"""Rows and columns from which the largest singular value is near Tracy and Widom's law; source: as for the weights."""

_TRACY_WIDOM = -1.2065335745820, 1.6077810345810
"""Mean and variance of the law of order 1. Source: Bornemann, Markov Processes and Related Fields 16 (2010) 803, table 2."""


def has_known_null(kernel: LayerKernel, law: Law | None) -> bool:
    """Return whether mean and spread of a kernel's statistics follow from its law: weights around zero, enough of them."""
    weights = math.prod(kernel.shape)
    sides = _sides(kernel)
    return (
        law is not None
        and law.middle == 0
        and law.scale > 0
        and weights >= FEWEST_NULL_WEIGHTS
        and min(sides) >= FEWEST_NULL_ROWS
    )


def null_moments(kernel: LayerKernel, law: Law) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of the statistics of fresh draws, two of (6,) float64, in the order of `STATISTICS`.

    Root mean square and kurtosis by the delta method from the law's moments up to the eighth, with their bias; the share near
    zero as a binomial one; smoothness exactly, as permuted weights are uncorrelated; the largest eigenvalue of the Gram matrix
    by the law of Tracy and Widom, with the constants of Johnstone in Ma's version; stable rank from norm and size, of which the
    part that both have in common is taken off.

    Args:
        kernel: one of which `has_known_null`.
        law: the law that its weights are drawn from.

    Source: Johnstone, Annals of Statistics 29 (2001) 295; Ma, Bernoulli 18 (2012) 322; for weights that are not normal Pillai and
        Yin, Annals of Applied Probability 24 (2014) 935; van der Vaart, Asymptotic Statistics (1998), chapter 3 (delta method).
    """
    weights = math.prod(kernel.shape)
    m4, m6, m8 = (law.moment(order) / law.deviation**order for order in (4, 6, 8))
    of_squares = (m4 - 1) / weights  # relative variance of the mean square
    size = law.deviation * (1 - of_squares / 8), law.deviation * math.sqrt(of_squares / 4)
    bias = (6 - 2 * m4 - 2 * (m6 - m4) + 3 * m4 * (m4 - 1)) / weights
    variance = m8 - m4**2 - 4 * m4 * (m6 - m4) + 4 * m4**2 * (m4 - 1)
    kurtosis = m4 - 3 + bias, math.sqrt(variance / weights)
    eigenvalue, of_eigenvalue = _largest_eigenvalue(*_sides(kernel), excess=m4 - 3)
    norm = (
        law.deviation * math.sqrt(eigenvalue) * (1 - of_eigenvalue / 8),
        law.deviation * math.sqrt(eigenvalue * of_eigenvalue / 4),
    )
    of_rank = max(of_eigenvalue - of_squares, 0.0)  # what norm and size have in common falls out
    rank = weights / eigenvalue * (1 + of_rank), weights / eigenvalue * math.sqrt(of_rank)
    near = float(np.diff(law.below(np.array([-NEAR_ZERO, NEAR_ZERO])))[0])
    share = near, math.sqrt(near * (1 - near) / weights)
    columns = zip(size, kurtosis, norm, rank, share, _smoothness(kernel), strict=True)
    mean, spread = (np.array(values) for values in columns)
    return mean, spread


def _sides(kernel: LayerKernel) -> tuple[int, int]:
    rows, columns = as_matrix(kernel, np.broadcast_to(np.float32(0), kernel.shape)).shape
    return rows, columns


def _largest_eigenvalue(rows: int, columns: int, *, excess: float) -> tuple[float, float]:
    """Return mean and relative variance of the largest eigenvalue of the Gram matrix, for weights of variance 1."""
    roots = math.sqrt(rows - 0.5), math.sqrt(columns - 0.5)
    edge = sum(roots) ** 2
    scale = sum(roots) * (1 / roots[0] + 1 / roots[1]) ** (1 / 3)
    mean = edge * (1 + excess / math.sqrt(rows * columns)) + _TRACY_WIDOM[0] * scale
    # the scale of normal weights, whose relative variance is 2 / N, is a part of the law's
    return mean, _TRACY_WIDOM[1] * (scale / mean) ** 2 + excess / (rows * columns)


def _smoothness(kernel: LayerKernel) -> tuple[float, float]:
    """Return mean and standard deviation of the mean correlation of neighbouring taps; NaN for windows under 3."""
    window = kernel.shape[:-2]
    if not kernel.is_spatial or not window or min(window) < SMALLEST_WINDOW:
        return math.nan, math.nan
    pairs = sum(math.prod(window) // length * (length - 1) for length in window)
    return 0.0, 1 / math.sqrt(pairs * (math.prod(kernel.shape[-2:]) - 1))
