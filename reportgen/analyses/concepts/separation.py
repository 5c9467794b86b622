"""How well the classes separate at several depths of the network, on samples that are spread over all evaluated ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.measures.intervals import Rate
from reportgen.measures.separation import nearest_centroid_accuracy
from reportgen.measures.tiles import block_means
from reportgen.models.passes import spread_over
from reportgen.run import EvaluatedSamples
from reportgen.samples import ClassLabels

MOST_JUDGED = 200
"""Samples that the separation is measured on: an interval of 14 points at the widest."""

_LEAST = 20  # samples: with fewer an interval says nothing
_SIDE = 32  # pixels of a picture along its longer side
_AT_ONCE = 32  # pictures


def separations(samples: EvaluatedSamples, names: Sequence[str]) -> tuple[dict[str, Rate], Rate | None, int]:
    """Return the separation by each call's channels and by the pixels, and the number of samples that tell.

    A map is averaged over 4 x 4 parts, or as many as it has positions.

    Args:
        samples: the evaluated samples, with what the pass pooled of them; without class labels, and with fewer than 20, nothing
            is measured.
        names: names of the calls.
    """
    labels, pooled = samples.labels, samples.activations.pooled
    if not isinstance(labels, ClassLabels) or len(pooled.positions) < _LEAST:
        return {}, None, 0
    rows = spread_over(len(pooled.positions), MOST_JUDGED)
    chosen = pooled.positions[rows]
    known = labels.values[chosen]
    if (np.unique(known, return_counts=True)[1] > 1).sum() < 2:
        return {}, None, 0
    found = {name: nearest_centroid_accuracy(pooled.parts[name][rows], known) for name in names if name in pooled.parts}
    rates = {name: rate for name, rate in found.items() if rate is not None}
    return rates, nearest_centroid_accuracy(_pixels(samples, chosen.tolist()), known), len(chosen)


def _pixels(samples: EvaluatedSamples, positions: list[int]) -> np.ndarray:
    """Return samples as the model receives them, pictures as means of blocks, one row for each."""
    starts = range(0, len(positions), _AT_ONCE)
    parts = [_small(samples.scale(samples.read(positions[start : start + _AT_ONCE]))) for start in starts]
    return np.concatenate([part.reshape(len(part), -1) for part in parts])


def _small(inputs: np.ndarray) -> np.ndarray:
    """Return pictures as means of blocks, at most 32 pixels along each side; anything else as it is."""
    if inputs.ndim != 4:
        return inputs
    return block_means(inputs, -(-max(inputs.shape[1:3]) // _SIDE))
