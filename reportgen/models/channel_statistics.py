"""Statistics of every channel of a layer, over all samples and positions, merged batch by batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BLOCK = 2**18  # values that stay in a processor's cache while several statistics are taken of them

END_SHARE = 0.01
"""A value counts as at an end of a bounded activation within this share of its range: there the slope of a sigmoid is under
4 % of its largest. Source: Glorot and Bengio, AISTATS 2010, on saturation; derivative s(1 - s) at s = 0.01."""


@dataclass(frozen=True)
class ChannelStatistics:
    """What C channels gave.

    Attributes:
        count: values of each channel: samples times positions.
        minimum, maximum: (C,) float32.
        mean: (C,) float64.
        magnitude: mean absolute value, (C,) float64.
        positive: share of values above zero, (C,) float64 in [0, 1].
        at_ends: share of values at an end of a bounded activation, (C,) float64 in [0, 1]; zeros for others.
    """

    count: int
    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    magnitude: np.ndarray
    positive: np.ndarray
    at_ends: np.ndarray

    def merged(self, other: ChannelStatistics) -> ChannelStatistics:
        """Return the statistics of both sets of values together."""
        total = self.count + other.count
        share = other.count / total

        def both(name: str) -> np.ndarray:
            before, after = getattr(self, name), getattr(other, name)
            return np.asarray(before + (after - before) * share)

        return ChannelStatistics(
            count=total,
            minimum=np.minimum(self.minimum, other.minimum),
            maximum=np.maximum(self.maximum, other.maximum),
            mean=both("mean"),
            magnitude=both("magnitude"),
            positive=both("positive"),
            at_ends=both("at_ends"),
        )


def channel_statistics(values: np.ndarray, ends: tuple[float, float] | None = None) -> ChannelStatistics:
    """Return the statistics of the last axis' channels.

    Args:
        values: (..., C) float32 with at least one value of each channel.
        ends: of a bounded activation's values.
    """
    flat = values.reshape(-1, values.shape[-1])
    channels = flat.shape[1]
    rows = max(1, _BLOCK // channels)
    low, high = np.full(channels, np.inf, np.float32), np.full(channels, -np.inf, np.float32)
    total, magnitude, positive, at_ends = np.zeros((4, channels))
    for start in range(0, len(flat), rows):
        block = flat[start : start + rows]
        ones = np.ones(len(block), np.float32)  # sums as products with ones: several times faster than along an axis
        least = block.min(axis=0)
        low, high = np.minimum(low, least), np.maximum(high, block.max(axis=0))
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
    )


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
        mean = (ones @ block) / len(block)
        variance = ones @ np.square(block - mean) / len(block)
        part = ChannelMoments(len(block), mean.astype(np.float64), variance.astype(np.float64))
        found = part if found is None else found.merged(part)
    if found is None:
        raise ValueError(f"values must not be empty. Received: shape {values.shape}.")
    return found
