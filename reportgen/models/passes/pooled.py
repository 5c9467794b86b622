"""Activations of many samples made small in the pass that is made anyway: means and largest values of channels by depth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
        self._names: frozenset[str] | None = None

    def wanted(self, first: int, count: int) -> np.ndarray:
        """Return the places in a batch, which begins at a position, of the samples that are pooled."""
        inside = (self._positions >= first) & (self._positions < first + count)
        return self._positions[inside] - first

    def most_at_once(self, count: int) -> int:
        """Return how many samples of a batch are pooled at the most."""
        starts = np.searchsorted(self._positions, self._positions + count)
        return int((starts - np.arange(len(starts))).max(initial=0))

    def pools(self, name: str) -> bool:
        """Return whether a call is pooled; before the first batch is over, every one may be."""
        return len(self._positions) > 0 and (self._names is None or name in self._names)

    def add(self, name: str, pooled: Pooled) -> None:
        """Take what `pool` gives for a call's wanted samples of a batch."""
        self._found.setdefault(name, []).append(pooled)

    def settle(self, names: Sequence[str], first: int, before: Collection[str] = ()) -> None:
        """Choose calls and samples once those of the first batch are known.

        Args:
            names: the calls that may be pooled, in order.
            first: number of samples of the first batch.
            before: those that come before others where they are too many.
        """
        known = [name for name in names if name in self._found]
        ahead, others = ([name for name in known if (name in before) is is_ahead] for is_ahead in (True, False))
        taken = {ahead[place] for place in spread_over(len(ahead), MOST_DEPTHS)}
        taken |= {others[place] for place in spread_over(len(others), MOST_DEPTHS - len(taken))}
        chosen = [name for name in known if name in taken]
        self._names = frozenset(chosen)
        values = sum(part.shape[-1] for name in chosen for part in self._found[name][0])
        every = -(-len(self._positions) * values // MOST_VALUES) or 1
        seen = np.arange(int((self._positions < first).sum()))
        self._positions = self._positions[::every]
        self._found = {name: [tuple(part[seen % every == 0] for part in self._found[name][0])] for name in chosen}

    def finish(self) -> PooledActivations:
        """Return everything collected."""
        if not self._found:
            return PooledActivations()
        kinds = [
            {name: np.concatenate([pooled[kind] for pooled in parts]) for name, parts in self._found.items()}
            for kind in range(3)
        ]
        return PooledActivations(self._positions, *kinds)


def spread_over(count: int, most: int) -> np.ndarray:
    """Return at most so many of the numbers from 0 to count - 1, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(most, count)).round().astype(int))


def pool(maps: np.ndarray) -> Pooled:
    """Return means and maxima of each channel, (n, C) each, and the means of parts of its map, (n, parts x C).

    Args:
        maps: (n, *size, C) float32.
    """
    space = tuple(range(1, maps.ndim - 1))
    return (
        np.asarray(maps.mean(axis=space, dtype=np.float32)),
        np.asarray(maps.max(axis=space, initial=-np.inf) if space else maps.copy()),
        part_means(maps),
    )


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
