"""Activations of many samples made small in the pass that is made anyway: means and largest values of channels by depth."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

MOST_DEPTHS = 16
"""Calls whose activations are pooled: those judged or kept whole, or so many of them, evenly spread."""

MOST_POOLED = 1_000
"""Samples whose activations are pooled, evenly spread: an interval of a share of them is 6 points wide at the most."""

MOST_VALUES = 2**24
"""Numbers that are kept of all samples and depths together, 64 MB; beyond, fewer samples are."""

CELLS = 4
"""Parts of a map along each axis that are averaged by themselves, as where something is tells classes apart too."""

_LANES = 1024  # values in the innermost loop of a search for the largest

Pooled = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class PooledActivations:
    """What the pooled calls gave for n samples, by the names of the calls in their order.

    Attributes:
        positions: the samples' positions among all of the pass, ascending, (n,).
        means: mean of each channel, (n, C) float32.
        maxima: largest value of each channel, (n, C) float32.
        parts: means of at most 4 parts of each channel's map along each axis, (n, parts x C) float32.
    """

    positions: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    means: Mapping[str, np.ndarray] = field(default_factory=dict)
    maxima: Mapping[str, np.ndarray] = field(default_factory=dict)
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def last(self) -> str:
        """Name of the last call that was pooled, the last hidden layer; '' for none."""
        return next(reversed(list(self.means)), "")


class Pools:
    """Collects pooled activations batch by batch.

    Args:
        samples: number of samples of the pass; nothing is pooled where it is 0.
    """

    def __init__(self, samples: int) -> None:
        self._positions = spread_over(samples, MOST_POOLED)
        self._found: dict[str, list[Pooled]] = {}
        self._names: tuple[str, ...] = ()

    def wanted(self, first: int, count: int) -> np.ndarray:
        """Return the places in a batch, which begins at a position, of the samples that are pooled."""
        inside = (self._positions >= first) & (self._positions < first + count)
        return self._positions[inside] - first

    def pools(self, name: str) -> bool:
        """Return whether a call is pooled."""
        return len(self._positions) > 0 and name in self._names

    def add(self, name: str, pooled: Pooled) -> None:
        """Take what `pool` gives for a call's wanted samples of a batch."""
        self._found.setdefault(name, []).append(pooled)

    def settle(self, shapes: Mapping[str, tuple[int, ...]], before: Collection[str] = ()) -> None:
        """Choose calls and samples once the calls are known.

        Args:
            shapes: shapes of one sample's maps, (*size, C), of the calls that may be pooled, in order.
            before: those that come before others where they are too many.
        """
        ahead, others = ([name for name in shapes if (name in before) is is_ahead] for is_ahead in (True, False))
        taken = {ahead[place] for place in spread_over(len(ahead), MOST_DEPTHS)}
        taken |= {others[place] for place in spread_over(len(others), MOST_DEPTHS - len(taken))}
        self._names = tuple(name for name in shapes if name in taken)
        values = sum(_values(shape) for name, shape in shapes.items() if name in taken)
        self._positions = self._positions[:: -(-len(self._positions) * values // MOST_VALUES) or 1]

    def finish(self) -> PooledActivations:
        """Return everything collected."""
        if not self._found:
            return PooledActivations()
        kinds = [
            {
                name: np.concatenate([pooled[kind] for pooled in self._found[name]])
                for name in self._names
                if name in self._found
            }
            for kind in range(3)
        ]
        return PooledActivations(self._positions, *kinds)


def spread_over(count: int, most: int) -> np.ndarray:
    """Return at most so many of the numbers from 0 to count - 1, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(most, count)).round().astype(int))


def _values(shape: tuple[int, ...]) -> int:
    """Return how many numbers `pool` makes of maps (*size, C)."""
    return shape[-1] * (2 + math.prod(min(length, CELLS) for length in shape[:-1]))


def pool(maps: np.ndarray) -> Pooled:
    """Return means and maxima of each channel, (n, C) each, and the means of parts of its map, (n, parts x C).

    Args:
        maps: (n, *size, C) float32.
    """
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    with np.errstate(over="ignore", invalid="ignore"):  # of what is not finite
        means = np.full(flat.shape[1], 1 / max(flat.shape[1], 1), np.float32) @ flat
        return means, channel_maxima(flat), part_means(maps)


def channel_maxima(flat: np.ndarray) -> np.ndarray:
    """Return the largest value of each channel on each sample, (n, C); NaN where one is among them.

    Args:
        flat: (n, positions, C) float32.
    """
    samples, positions, channels = flat.shape
    most = min(positions, max(_LANES // channels, 1))
    side = next(side for side in range(most, 0, -1) if positions % side == 0)
    # several positions at a time, for long innermost loops
    rows = flat.reshape(samples, positions // side, side * channels)
    return np.asarray(rows.max(axis=1, initial=-np.inf).reshape(samples, side, channels).max(axis=1))


def part_means(maps: np.ndarray) -> np.ndarray:
    """Return the means of at most 4 parts along each axis of each channel's map, (n, parts x C) float32.

    Args:
        maps: (n, *size, C) float32.
    """
    parts, done = maps, len(maps)
    for length in maps.shape[1:-1]:  # each product takes an axis where it lies in memory: nothing is copied
        matrix = averaging(length)
        parts = np.matmul(matrix, parts.reshape(done, length, -1))
        done *= len(matrix)
    return np.asarray(parts, np.float32).reshape(len(maps), -1)


def averaging(length: int) -> np.ndarray:
    """Return the matrix whose product with so many values are the means of at most 4 parts of them, (parts, length) float32."""
    starts = np.unique(np.linspace(0, length, min(CELLS, length), endpoint=False).astype(int))
    ends = np.append(starts[1:], length)
    places = np.arange(length)
    inside = (places >= starts[:, None]) & (places < ends[:, None])
    return np.asarray(inside / inside.sum(axis=1, keepdims=True), np.float32)
