"""The usual ways to scale images, to find out which of them a model was trained on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from reportgen.messages import say
from reportgen.run import EvaluatedSamples

Variant = Callable[[np.ndarray], np.ndarray]
"""From stored samples, (n, *shape), to what the model receives instead, (n, *shape) float32."""

_BYTES = 16.0
"""Smallest largest value of numbers that are taken for bytes. Our choice, as for `unscaled-input`."""


def preprocessing_variants(samples: EvaluatedSamples) -> tuple[dict[str, Variant], tuple[str, ...]]:
    """Return the variants by name, each from stored samples (n, *shape) to what the model would receive, and what is missing.

    Where the values tell how black and white are stored, they are brought to 0 to 255, 0 to 1 and -1 to 1.

    Args:
        samples: the evaluated samples with their range as stored.
    """
    variants: dict[str, Variant] = {}
    left_out = []
    span = _full_range(samples)
    low, high = span or samples.summary.stored_range
    if span is None:
        variants[say("as stored")] = np.float32
        left_out.append(
            say("The stored values do not tell how black and white are stored, so other ranges were not tried.")
        )
    else:
        for bottom, top in ((0, 255), (0, 1), (-1, 1)):
            variants[say("{low} to {high}", low=bottom, high=top)] = _affine(low, high, bottom, top)
    variants[say("each image standardised")] = standardise
    if samples.summary.shape[-1] == 3 and len(samples.summary.shape) > 1:
        variants[say("channels reversed")] = lambda stored: samples.scale(stored)[..., ::-1]
    else:
        left_out.append(say("Channels are reversed only where there are three."))
    # as bytes, low + high - x stays a byte; the scaling may depend on that
    variants[say("inverted")] = lambda stored: samples.scale((low + high - stored).astype(stored.dtype))
    return variants, tuple(left_out)


def _full_range(samples: EvaluatedSamples) -> tuple[float, float] | None:
    """Return the range that black and white have as stored, as far as the values tell; None where they do not."""
    lowest, highest = samples.summary.stored_range
    if samples.summary.dtype == "uint8":
        return 0.0, 255.0
    for low, high in ((0.0, 1.0), (-1.0, 1.0)):
        if low <= lowest and highest <= high:
            return low, high
    # numbers that reach a little beyond 1 are no bytes
    return (0.0, 255.0) if lowest >= 0 and _BYTES <= highest <= 255 else None


def _affine(low: float, high: float, bottom: float, top: float) -> Variant:
    factor = (top - bottom) / (high - low)
    return lambda stored: ((stored.astype(np.float64) - low) * factor + bottom).astype(np.float32)


def standardise(stored: np.ndarray) -> np.ndarray:
    """Return each image with mean 0 and standard deviation 1, (n, *shape) float32.

    Divided by at least 1 / sqrt(number of values), so that an even image becomes zero.

    Source: `tf.image.per_image_standardization`.
    """
    axes = tuple(range(1, stored.ndim))
    values = stored.astype(np.float64)
    spread = np.maximum(values.std(axis=axes, keepdims=True), 1 / math.sqrt(math.prod(stored.shape[1:])))
    return np.asarray((values - values.mean(axis=axes, keepdims=True)) / spread, dtype=np.float32)
