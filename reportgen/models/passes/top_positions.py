"""Where each channel of a layer answers most, over all samples of a pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SAMPLES_KEPT = 4
"""Samples kept for each channel."""


class TopPositions:
    """The samples on which each channel is largest, and the place in each: the first one where several are equal.

    Attributes:
        values: (k, channels) float32, falling; k is at most `SAMPLES_KEPT`.
        samples: (k, channels) int64, in the order of the pass.
        places: (k, channels) int64, flat positions in a map.
        size: height and width of a map.
    """

    def __init__(self) -> None:
        self.values = np.empty((0, 0), np.float32)
        self.samples = self.places = np.empty((0, 0), np.int64)
        self.size: tuple[int, ...] = ()
        self._seen = 0

    def add(self, maps: np.ndarray) -> None:
        """Take the next batch, (n, *size, channels); values that are not a number never count."""
        flat = maps.reshape(len(maps), -1, maps.shape[-1])
        self.size = maps.shape[1:-1]
        self._merge(flat.max(axis=1), lambda samples, channels: _places(flat, samples, channels))

    def add_largest(self, values: np.ndarray, places: np.ndarray) -> None:
        """Take the largest value of each channel on each sample of the next batch, and where it is, both (n, channels)."""
        self._merge(values, lambda samples, channels: places[samples, channels])

    def _merge(self, values: np.ndarray, places_of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        """Take largest values (n, channels); their places are asked for where they are among the best, by sample and channel."""
        values = np.where(np.isnan(values), -np.inf, values)
        known, batch = len(self.values), len(values)
        if known:
            values = np.concatenate([self.values, values])
        best = np.argsort(-values, axis=0, kind="stable")[:SAMPLES_KEPT]
        rows, channels = np.nonzero(best >= known)
        samples, places = best + (self._seen - known), np.zeros_like(best)
        if known:
            before = np.minimum(best, known - 1)
            samples = np.where(best < known, np.take_along_axis(self.samples, before, axis=0), samples)
            places = np.take_along_axis(self.places, before, axis=0)
        places[rows, channels] = places_of(best[rows, channels] - known, channels)
        self.values, self.samples, self.places = np.take_along_axis(values, best, axis=0), samples, places
        self._seen += batch


def _places(flat: np.ndarray, samples: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Return where channels are largest on samples, of maps (n, positions, channels): a search along memory takes a tenth."""
    places = np.empty(len(samples), np.int64)
    for sample in np.unique(samples):
        asked = samples == sample
        places[asked] = np.ascontiguousarray(flat[sample][:, channels[asked]].T).argmax(axis=1)
    return places
