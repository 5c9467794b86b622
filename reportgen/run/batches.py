"""Samples on their way into the model: how many at once, read, scaled and put together with those of its other inputs."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.models.graphs import DescribedModel, Shape, layer_calls, pack_inputs
from reportgen.models.passes import batch_size
from reportgen.progress import counted_off
from reportgen.samples import SampleSource, Scaling, choose_scaling

_PICTURE_AXES = 3
_CHANNELS_UNKNOWN = 64
"""Guess at the channels of a layer whose output shape is free or unknown, at the full size of the sample."""


class Feed:
    """Reads, scales and batches samples, and remembers the ranges of what passed.

    Args:
        model: a `keras.Model`.
        source: the samples.
        scaling: how the pictured input's samples are scaled.
        size: how many samples are yielded at once, see `samples_at_once`; it may be changed between passes.
        scale: the option, by which other pictures are scaled.
    """

    def __init__(self, model: Any, source: SampleSource, scaling: Scaling, size: int, *, scale: str) -> None:
        self._model, self._source, self._scaling, self.size = model, source, scaling, size
        # other pictures are scaled by the same rule; what is no picture is left as stored
        self.others = {
            name: choose_scaling(scale, dtype=other.dtype, rescaled_by=None)
            for name, other in source.beside.items()
            if len(other.shape) >= _PICTURE_AXES
        }
        self.stored_range = (math.nan, math.nan)
        self.input_range = (math.nan, math.nan)

    def batches(self, indices: Sequence[int]) -> Generator[Any, None, None]:
        """Yield batches of these samples as the model takes them, (n, *shape) float32, in order."""
        starts = range(0, len(indices), self.size)
        for start in counted_off(starts, len(indices), size=self.size):
            places = indices[start : start + self.size]
            stored = self._source.read(places)
            inputs = self._scaling.apply(stored)
            self.stored_range = _widened(self.stored_range, stored)
            self.input_range = _widened(self.input_range, inputs)
            yield model_batch(self._model, self._source, inputs, places, self.others)

    def widen(self, stored_range: tuple[float, float], input_range: tuple[float, float]) -> None:
        """Note the ranges of samples that were read elsewhere."""
        self.stored_range = _widened(self.stored_range, np.array(stored_range))
        self.input_range = _widened(self.input_range, np.array(input_range))

    def forget(self) -> None:
        """Forget the ranges of what passed."""
        self.stored_range = self.input_range = (math.nan, math.nan)


def _widened(known: tuple[float, float], values: np.ndarray) -> tuple[float, float]:
    if not values.size:
        return known
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):  # NaN is the extreme of whatever holds it
        finite = values[np.isfinite(values)]
        if not finite.size:
            return known
        low, high = finite.min(), finite.max()
    # fmin and fmax pass over the NaN of a range that is not known yet
    return float(np.fmin(known[0], low)), float(np.fmax(known[1], high))


def model_batch(
    model: Any, source: SampleSource, images: np.ndarray, indices: Any, scalings: Mapping[str, Scaling]
) -> Any:
    """Return a batch as the model takes it: alone, or with those of its other inputs in a list or dictionary.

    Args:
        model: a `keras.Model`.
        source: the samples.
        images: the pictured input's samples, (n, *shape), as the model receives them.
        indices: the places of these samples in the source.
        scalings: how the other inputs are scaled, by name; without one values are left as stored.
    """
    if not source.input_name:
        return images
    arrays = {source.input_name: images}
    each, places = np.unique(np.asarray(indices), return_inverse=True)
    for name, other in source.beside.items():
        stored = other.read(each.tolist())[places]  # masked copies of one sample share what is read for it
        arrays[name] = scalings[name].apply(stored) if name in scalings else stored.astype(np.float32)
    return pack_inputs(model, arrays)


def samples_at_once(described: DescribedModel, sample_shape: Shape) -> int:
    """Return the size of a batch, so that the outputs of all layers together stay within bounds.

    A functional model's pass keeps every layer's output until it ends, and a compiled one returns them together.

    Args:
        described: the model.
        sample_shape: one sample's, for layers whose output has a free or unknown size.
    """
    calls = described.calls
    if any(call.output_shape is not None and None in call.output_shape for call in calls):
        calls = layer_calls(described.model, sample_shape=sample_shape)
    unknown = math.prod(size or 1 for size in sample_shape[:-1]) * _CHANNELS_UNKNOWN
    shapes = (call.output_shape or (None,) for call in calls)
    return batch_size(sum(unknown if None in shape else math.prod(size or 0 for size in shape) for shape in shapes))
