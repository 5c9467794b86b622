"""Moments, extremes and counts of a kernel's weights, all taken in one pass and without a copy of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

NEAR_ZERO = 1e-3
"""A weight is near zero when its magnitude is below this."""

SMALL = _BLOCK = 2**15
"""Weights that stay in a processor's cache while everything is taken of them."""


@dataclass(frozen=True)
class WeightMoments:
    """What the finite ones of some weights are, in numbers.

    Attributes:
        count: number of finite weights; without one, mean and extremes are NaN and the rest is 0.
        non_finite: number of NaN and infinite ones.
        mean: their mean.
        second, fourth: sums of the second and fourth powers of their distances from the mean.
        third: sum of the third powers.
        minimum, maximum: the extremes.
        near_zero: number of weights with a magnitude under 0.001.
        zeros: number of weights that are exactly zero.
    """

    count: int
    non_finite: int
    mean: float
    second: float
    third: float
    fourth: float
    minimum: float
    maximum: float
    near_zero: int
    zeros: int

    @property
    def variance(self) -> float:
        """The mean squared distance from the mean; NaN without weights."""
        return self.second / self.count if self.count else math.nan

    @property
    def root_mean_square(self) -> float:
        """The square root of the mean square; NaN without weights."""
        return math.sqrt(self.variance + self.mean**2)

    @property
    def excess_kurtosis(self) -> float:
        """The fourth moment over the squared variance, less the 3 of a normal distribution; NaN without variation."""
        return self.fourth * self.count / self.second**2 - 3 if self.second > 0 else math.nan

    def merged(self, other: WeightMoments) -> WeightMoments:
        """Return the moments of both sets of weights together.

        Source: Pébay, Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments,
            Sandia report SAND2008-6212 (2008), equations 3.1.
        """
        if not self.count or not other.count:
            some = self if self.count else other
            return _with_non_finite(some, self.non_finite + other.non_finite)
        n, a, b = self.count + other.count, self.count, other.count
        apart = other.mean - self.mean
        second = self.second + other.second + apart**2 * a * b / n
        third = (
            self.third
            + other.third
            + apart**3 * a * b * (a - b) / n**2
            + 3 * apart * (a * other.second - b * self.second) / n
        )
        fourth = (
            self.fourth
            + other.fourth
            + apart**4 * a * b * (a * a - a * b + b * b) / n**3
            + 6 * apart**2 * (a * a * other.second + b * b * self.second) / n**2
            + 4 * apart * (a * other.third - b * self.third) / n
        )
        return WeightMoments(
            count=n,
            non_finite=self.non_finite + other.non_finite,
            mean=self.mean + apart * b / n,
            second=second,
            third=third,
            fourth=fourth,
            minimum=min(self.minimum, other.minimum),
            maximum=max(self.maximum, other.maximum),
            near_zero=self.near_zero + other.near_zero,
            zeros=self.zeros + other.zeros,
        )


_NOTHING = WeightMoments(0, 0, math.nan, 0.0, 0.0, 0.0, math.nan, math.nan, 0, 0)


def weight_moments(values: np.ndarray) -> WeightMoments:
    """Return the moments of weights of any shape, float32 or float64, block by block in the order of their memory."""
    flat = values.reshape(-1)
    found = _NOTHING
    for start in range(0, flat.size, _BLOCK):
        found = found.merged(_of_block(flat[start : start + _BLOCK]))
    return found


def _of_block(block: np.ndarray) -> WeightMoments:
    low, high = float(block.min()), float(block.max())
    lost = 0
    if not (math.isfinite(low) and math.isfinite(high)):  # NaN is the extreme of whatever holds it
        finite = block[np.isfinite(block)]
        lost = block.size - finite.size
        block = finite
        if not block.size:
            return _with_non_finite(_NOTHING, lost)
        low, high = float(block.min()), float(block.max())
    with np.errstate(over="ignore", invalid="ignore"):  # squares of the largest weights
        mean = float(block.mean(dtype=np.float64))
        apart = block - block.dtype.type(mean)
        squares = np.square(apart)
        second, third, fourth = (
            float(np.dot(*pair)) for pair in ((apart, apart), (squares, apart), (squares, squares))
        )
    return WeightMoments(
        count=block.size,
        non_finite=lost,
        mean=mean,
        second=second,
        third=third,
        fourth=fourth,
        minimum=low,
        maximum=high,
        near_zero=int(np.count_nonzero(np.abs(block) < NEAR_ZERO)),
        zeros=block.size - int(np.count_nonzero(block)),
    )


def moments_of_each(rows: np.ndarray) -> list[WeightMoments]:
    """Return the moments of each of many small sets of weights, all of them finite: what `weight_moments` gives of each.

    Args:
        rows: (K, n) float32, n up to `SMALL`.
    """
    means = rows.mean(axis=1, dtype=np.float64)
    apart = rows - means.astype(rows.dtype)[:, None]
    squares = np.square(apart)
    powers = ((apart[:, None] @ other[..., None])[:, 0, 0] for other in (apart, squares))
    columns = (
        means,
        *powers,
        (squares[:, None] @ squares[..., None])[:, 0, 0],
        rows.min(axis=1),
        rows.max(axis=1),
        np.count_nonzero(np.abs(rows) < NEAR_ZERO, axis=1),
        rows.shape[1] - np.count_nonzero(rows, axis=1),
    )
    return [WeightMoments(rows.shape[1], 0, *row) for row in zip(*(each.tolist() for each in columns), strict=True)]


def _with_non_finite(moments: WeightMoments, non_finite: int) -> WeightMoments:
    return moments if moments.non_finite == non_finite else replace(moments, non_finite=non_finite)
