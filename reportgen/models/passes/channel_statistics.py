"""Statistics of every channel of a layer, over all samples and positions, merged batch by batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BLOCK = 2**15  # values that stay in a processor's cache while several statistics are taken of them
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
    flat = values.reshape(-1, values.shape[-1])
    channels = flat.shape[1]
    rows = max(1, _BLOCK // channels)
    low, high = np.full(channels, np.inf, np.float32), np.full(channels, -np.inf, np.float32)
    total, magnitude, positive, at_ends = np.zeros((4, channels))
    non_finite = np.zeros(channels, np.int64)
    with np.errstate(over="ignore", invalid="ignore"):  # sums of the largest values, which pooling makes of NaN
        for start in range(0, len(flat), rows):
            block = flat[start : start + rows]
            ones = np.ones(
                len(block), np.float32
            )  # sums as products with ones: several times faster than along an axis
            least, most = block.min(axis=0), block.max(axis=0)
            if not (np.isfinite(least) & np.isfinite(most)).all():  # NaN is the extreme of whatever holds it
                block, least, most, lost = _finite_part(block)
                non_finite += lost
            low, high = np.minimum(low, least), np.maximum(high, most)
            sums = ones @ block
            total += sums
            magnitude += sums if least.min() >= 0 else ones @ np.abs(block)
            positive += ones @ (block > 0).astype(np.float32)
            if ends is not None:
                at_ends += ones @ _is_at_end(block, ends).astype(np.float32)
    count = len(flat)
    return ChannelStatistics(
        count=count,
        minimum=low,
        maximum=high,
        mean=total / count,
        magnitude=magnitude / count,
        positive=positive / count,
        at_ends=at_ends / count,
        non_finite=non_finite,
    )


def _finite_part(block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a block with zeros for what is NaN or infinite, the extremes of the rest, and how much of each channel it was."""
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
    flat = values.reshape(-1, values.shape[-1])
    rows = max(1, _BLOCK // flat.shape[1])
    found: ChannelMoments | None = None
    for start in range(0, len(flat), rows):
        block = flat[start : start + rows]
        ones = np.ones(len(block), np.float32)
        finite = np.ones(block.shape[1], bool)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = (ones @ block) / len(block)
            if not np.isfinite(mean).all():  # one channel's NaN may spoil the product for others
                finite = np.isfinite(block).all(axis=0)
                block = np.where(finite, block, np.float32(0))
                mean = (ones @ block) / len(block)
            variance = ones @ np.square(block - mean) / len(block)
        mean, variance = (moment if finite.all() else np.where(finite, moment, np.nan) for moment in (mean, variance))
        part = ChannelMoments(len(block), mean.astype(np.float64), variance.astype(np.float64))
        found = part if found is None else found.merged(part)
    if found is None:
        raise ValueError(f"values must not be empty. Received: shape {values.shape}.")
    return found
