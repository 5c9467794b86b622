"""Statistics of every channel of a layer, over all samples and positions, merged batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_BLOCK = 2**17  # values that stay in a processor's cache while several statistics are taken of them
_LANES = 1024
"""Values in a row, about: few channels are taken several positions at a time, so that numpy's innermost loop is long."""

_MOST_COUNTED = 255  # rows whose counts fit into a byte
END_SHARE = 0.01
"""A value counts as at an end of a bounded activation within this share of its range: there the slope of a sigmoid is under
4 % of its largest. Source: Glorot and Bengio, AISTATS 2010, on saturation; derivative s(1 - s) at s = 0.01."""


@dataclass(frozen=True)
class ChannelStatistics:
    """What C channels of one call gave.

    A value that is NaN or infinite counts as zero in its channel's means, and the extremes are those of the other values.

    Attributes:
        count: values of each channel: samples times positions.
        minimum, maximum: (C,) float32.
        mean: (C,) float64.
        magnitude: mean absolute value, (C,) float64.
        positive: share of values above zero, (C,) float64 in [0, 1].
        at_ends: share of values at an end of a bounded activation, (C,) float64 in [0, 1]; zeros for others.
        non_finite: number of values that are NaN or infinite, (C,) int64.
    """

    count: int
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    magnitude: np.ndarray
    positive: np.ndarray
    at_ends: np.ndarray
    non_finite: np.ndarray

    def merged(self, other: ChannelStatistics) -> ChannelStatistics:
        """Return the statistics of both sets of values together."""
        total = self.count + other.count
        share = other.count / total

        def both(name: str) -> np.ndarray:
            before, after = getattr(self, name), getattr(other, name)
            with np.errstate(over="ignore", invalid="ignore"):
                return np.asarray(before + (after - before) * share)

        return ChannelStatistics(
            count=total,
            minimum=np.minimum(self.minimum, other.minimum),
            maximum=np.maximum(self.maximum, other.maximum),
            mean=both("mean"),
            magnitude=both("magnitude"),
            positive=both("positive"),
            at_ends=both("at_ends"),
            non_finite=self.non_finite + other.non_finite,
        )


def channel_statistics(values: np.ndarray, ends: tuple[float, float] | None = None) -> ChannelStatistics:
    """Return the statistics of the last axis' channels.

    Args:
        values: (..., C) float32 with at least one value of each channel.
        ends: least and largest value of a bounded activation, such as (0, 1) of a sigmoid; None for others.
    """
    rows, rest = _rows(values)
    found = _row_statistics(rows, values.shape[-1], ends)
    return found if not len(rest) else found.merged(_row_statistics(rest, values.shape[-1], ends))


def _rows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values (..., C) as rows of several positions, (n, k x C), and the positions that are left, (m, C), m under k."""
    flat = values.reshape(-1, values.shape[-1])
    side = max(1, min(_LANES // flat.shape[1], len(flat)))
    whole = len(flat) - len(flat) % side
    return flat[:whole].reshape(-1, side * flat.shape[1]), flat[whole:]


def _blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    size = max(1, min(_BLOCK // rows.shape[1], _MOST_COUNTED))
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _row_statistics(rows: np.ndarray, channels: int, ends: tuple[float, float] | None) -> ChannelStatistics:
    """Return the statistics of channels that stand in each row, one position after the other."""
    width = rows.shape[1]
    low, high = np.full(width, np.inf, np.float32), np.full(width, -np.inf, np.float32)
    total, magnitude = np.zeros((2, width))
    positive, at_ends, non_finite = np.zeros((3, width), np.int64)
    with np.errstate(over="ignore", invalid="ignore"):  # sums of the largest values, which pooling makes of NaN
        for block in _blocks(rows):
            ones = np.ones(len(block), np.float32)  # sums as products with ones: faster than along an axis
            sums = ones @ block
            if np.isfinite(sums).all():  # NaN and infinity stay in a sum
                least, most = block.min(axis=0), block.max(axis=0)
            else:
                block, least, most, lost = _finite_part(block)
                non_finite += lost
                sums = ones @ block
            low, high = np.minimum(low, least), np.maximum(high, most)
            total += sums
            magnitude += sums if least.min() >= 0 else ones @ np.abs(block)
            positive += _counts(block > 0)
            if ends is not None:
                at_ends += _counts(_is_at_end(block, ends))
    count = rows.size // channels
    mean, magnitude, positive_share, end_share = (
        part.reshape(-1, channels).sum(axis=0) / count for part in (total, magnitude, positive, at_ends)
    )
    return ChannelStatistics(
        count=count,
        minimum=low.reshape(-1, channels).min(axis=0),
        maximum=high.reshape(-1, channels).max(axis=0),
        mean=mean,
        magnitude=magnitude,
        positive=positive_share,
        at_ends=end_share,
        non_finite=non_finite.reshape(-1, channels).sum(axis=0),
    )


def _counts(marked: np.ndarray) -> np.ndarray:
    """Return how many of at most 255 rows are true in each column: bytes are added, many at once."""
    return np.asarray(np.add.reduce(marked.view(np.uint8), axis=0, dtype=np.uint8))


def _finite_part(block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a block with zeros for what is NaN or infinite, the extremes of the rest, and how much of each column it was."""
    finite = np.isfinite(block)
    least = np.where(finite, block, np.inf).min(axis=0)
    most = np.where(finite, block, -np.inf).max(axis=0)
    return np.where(finite, block, np.float32(0)), least, most, (~finite).sum(axis=0)


def _is_at_end(values: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    near = END_SHARE * (ends[1] - ends[0])
    return np.asarray((values <= ends[0] + near) | (values >= ends[1] - near))


@dataclass(frozen=True)
class ChannelMoments:
    """Mean and variance of every channel.

    Attributes:
        count: values of each channel.
        mean: (C,) float64.
        variance: (C,) float64, divided by the count, as batch normalisation does.

    A channel with a value that is NaN or infinite has NaN for both.
    """

    count: int
    mean: np.ndarray
    variance: np.ndarray

    def merged(self, other: ChannelMoments) -> ChannelMoments:
        """Return the moments of both sets of values together.

        Source: Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance, Am. Stat. 37 (1983) 242.
        """
        total = self.count + other.count
        share = other.count / total
        with np.errstate(over="ignore", invalid="ignore"):
            apart = other.mean - self.mean
            within = self.variance + (other.variance - self.variance) * share
            return ChannelMoments(total, self.mean + apart * share, within + apart**2 * share * (1 - share))


def channel_moments(values: np.ndarray) -> ChannelMoments:
    """Return the moments of the last axis' channels.

    Args:
        values: (..., C) float32 with at least one value of each channel.
    """
    if not values.size:
        raise ValueError(f"values must not be empty. Received: shape {values.shape}.")
    rows, rest = _rows(values)
    found = _row_moments(rows, values.shape[-1])
    return found if not len(rest) else found.merged(_row_moments(rest, values.shape[-1]))


def _row_moments(rows: np.ndarray, channels: int) -> ChannelMoments:
    """Return the moments of channels that stand in each row, one position after the other.

    Within a block each column has a mean of its own, and what these differ by is added in float64.
    """
    within, total, squares = np.zeros((3, rows.shape[1]))
    spoilt = np.zeros(rows.shape[1], bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in _blocks(rows):
            ones = np.ones(len(block), np.float32)
            mean = (ones @ block) / len(block)
            if not np.isfinite(mean).all():  # one column's NaN may spoil the product for others
                finite = np.isfinite(block).all(axis=0)
                spoilt |= ~finite
                block = np.where(finite, block, np.float32(0))
                mean = (ones @ block) / len(block)
            apart = block - mean
            within += ones @ np.multiply(apart, apart, out=apart)
            mean = mean.astype(np.float64)
            total += len(block) * mean
            squares += len(block) * mean**2
    count = rows.size // channels
    mean, square, inside = (part.reshape(-1, channels).sum(axis=0) / count for part in (total, squares, within))
    lost = spoilt.reshape(-1, channels).any(axis=0)
    with np.errstate(invalid="ignore"):
        variance = inside + np.maximum(square - mean**2, 0)
    return ChannelMoments(count, np.where(lost, np.nan, mean), np.where(lost, np.nan, variance))
