"""How well the classes separate at several depths of the network, on samples that are spread over all evaluated ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.errors import ForwardError
from reportgen.measures.intervals import Rate
from reportgen.measures.separation import nearest_centroid_accuracy
from reportgen.measures.tiles import block_means
from reportgen.models.graphs import CallNames, as_array, data_format, first_tensor, layer_path
from reportgen.models.passes import CompiledModel, LiveModel, recording, run_failures_named
from reportgen.run import EvaluatedSamples
from reportgen.samples import ClassLabels

MOST_JUDGED = 200
"""Samples that the separation is measured on: an interval of 14 points at the widest, and a fifth of the default's pass again."""

_LEAST = 20  # samples: with fewer an interval says nothing
_SIDE = 32  # pixels of a picture along its longer side
_CELLS = 4  # that a map is averaged over along each axis, as where something is tells classes apart too


def separations(
    live: LiveModel, samples: EvaluatedSamples, names: Sequence[str]
) -> tuple[dict[str, Rate], Rate | None, int]:
    """Return the separation by each call's channels and by the pixels, and the number of samples that tell.

    A map is averaged over 4 x 4 parts, or as many as it has positions.

    Args:
        live: the model; run once on these samples.
        samples: the evaluated samples; without class labels, and with fewer than 20, nothing is measured.
        names: names of the calls.
    """
    labels = samples.labels
    if not isinstance(labels, ClassLabels) or samples.evaluated < _LEAST or isinstance(live.model, CompiledModel):
        return {}, None, 0
    chosen = np.unique(np.linspace(0, samples.evaluated - 1, MOST_JUDGED).astype(int))
    known = labels.values[chosen]
    if (np.unique(known, return_counts=True)[1] > 1).sum() < 2:
        return {}, None, 0
    try:
        means, pixels = _pooled(live, samples, chosen.tolist(), names)
    except ForwardError:
        return {}, None, 0
    found = {name: nearest_centroid_accuracy(values, known) for name, values in means.items()}
    rates = {name: rate for name, rate in found.items() if rate is not None}
    return rates, nearest_centroid_accuracy(pixels, known), len(chosen)


def _pooled(
    live: LiveModel, samples: EvaluatedSamples, positions: list[int], names: Sequence[str]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the averaged maps of these calls, (n, D) each, and the pixels, (n, E)."""
    layers = {layer_path(name): live.layers[layer_path(name)] for name in names}
    parts: dict[str, list[np.ndarray]] = {name: [] for name in names}
    pixels: list[np.ndarray] = []

    def first(path: str) -> bool:
        return data_format(live.layers[path], "channels_last") == "channels_first"

    for start in range(0, len(positions), live.batch):
        some = positions[start : start + live.batch]
        inputs = samples.scale(samples.read(some))
        pixels.append(_small(inputs).reshape(len(some), -1))
        calls = CallNames()

        def pool(path: str, output: Any, calls: CallNames = calls) -> None:
            name = calls.next(path)
            if name in parts:
                values = as_array(first_tensor(output))
                parts[name].append(averaged(np.moveaxis(values, 1, -1) if first(path) else values))

        with recording(layers, pool), run_failures_named():
            live.model(samples.pack(inputs, some), training=False)
    return {name: np.concatenate(each) for name, each in parts.items() if each}, np.concatenate(pixels)


def averaged(maps: np.ndarray) -> np.ndarray:
    """Return maps as means of at most four parts along each spatial axis, one row for each sample.

    Args:
        maps: (n, *size, channels) numbers.
    """
    for axis in range(1, maps.ndim - 1):
        starts = np.unique(np.linspace(0, maps.shape[axis], min(_CELLS, maps.shape[axis]), endpoint=False).astype(int))
        sizes = np.diff(np.append(starts, maps.shape[axis]))
        shape = [1] * maps.ndim
        shape[axis] = -1
        maps = np.add.reduceat(maps.astype(np.float64), starts, axis=axis) / sizes.reshape(shape)
    return maps.reshape(len(maps), -1)


def _small(inputs: np.ndarray) -> np.ndarray:
    """Return pictures as means of blocks, at most 32 pixels along each side; anything else as it is."""
    if inputs.ndim != 4:
        return inputs
    return block_means(inputs, -(-max(inputs.shape[1:3]) // _SIDE))
