"""Where each channel of a layer answers most, over all samples of a pass."""

from __future__ import annotations

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
        places = flat.argmax(axis=1)
        self.size = maps.shape[1:-1]
        self.add_largest(np.take_along_axis(flat, places[:, None], axis=1)[:, 0], places)

    def add_largest(self, values: np.ndarray, places: np.ndarray) -> None:
        """Take the largest value of each channel on each sample of the next batch, and where it is, both (n, channels)."""
        values = np.where(np.isnan(values), -np.inf, values)
        batch = len(values)
        samples = np.broadcast_to(np.arange(self._seen, self._seen + batch)[:, None], places.shape)
        if self._seen:
            values = np.concatenate([self.values, values])
            samples, places = np.concatenate([self.samples, samples]), np.concatenate([self.places, places])
        best = np.argsort(-values, axis=0, kind="stable")[:SAMPLES_KEPT]
        self.values = np.take_along_axis(values, best, axis=0)
        self.samples = np.take_along_axis(samples, best, axis=0)
        self.places = np.take_along_axis(places, best, axis=0)
        self._seen += batch
