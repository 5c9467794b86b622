"""Where each channel of a layer answers most, over all samples of a pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reportgen.models.passes.pooled import channel_maxima

SAMPLES_KEPT = 4
"""Samples kept for each channel."""


@dataclass(frozen=True)
class TopPositions:
    """The samples on which each channel is largest, and the place in each: the first one where several are equal.

    Attributes:
        values: (k, channels) float32, falling; k is at most `SAMPLES_KEPT`.
        samples: (k, channels) int64, in the order of the pass.
        places: (k, channels) int64, flat positions in a map.
        size: height and width of a map.
        count: number of samples that were searched.
    """

    values: np.ndarray
    samples: np.ndarray
    places: np.ndarray
    size: tuple[int, ...]
    count: int

    def merged(self, after: TopPositions) -> TopPositions:
        """Return the best of these samples and of those that come after them."""
        values = np.concatenate([self.values, after.values])
        best = _best(values)
        samples, places = (
            np.take_along_axis(np.concatenate(both), best, axis=0)
            for both in ((self.samples, after.samples + self.count), (self.places, after.places))
        )
        values = np.take_along_axis(values, best, axis=0)
        return TopPositions(values, samples, places, self.size, self.count + after.count)


def top_positions(maps: np.ndarray) -> TopPositions:
    """Return where each channel of these samples answers most; values that are not a number never count.

    Args:
        maps: (n, *size, channels) float32.
    """
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    largest = channel_maxima(flat)
    largest[np.isnan(largest)] = -np.inf
    samples = _best(largest)
    return TopPositions(
        np.take_along_axis(largest, samples, axis=0), samples, _places(flat, samples), maps.shape[1:-1], len(maps)
    )


def _best(values: np.ndarray) -> np.ndarray:
    """Return the rows with the largest values of each column, falling, (k, columns)."""
    return np.argsort(-values, axis=0, kind="stable")[:SAMPLES_KEPT]


def _places(flat: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return where channels are largest on samples (k, channels), of maps (n, positions, channels).

    A search along memory takes a tenth of one across it.
    """
    places = np.empty_like(samples)
    for sample in np.unique(samples):
        rows, channels = np.nonzero(samples == sample)
        places[rows, channels] = np.ascontiguousarray(flat[sample][:, channels].T).argmax(axis=1)
    return places
