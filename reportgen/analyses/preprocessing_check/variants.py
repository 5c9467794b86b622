"""The usual ways to prepare images, to find out which of them a model was trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.messages import say
from reportgen.models.passes import ChannelMoments
from reportgen.run import EvaluatedSamples

_BYTES = 16.0
"""Smallest largest value of numbers that are taken for bytes. Our choice, as for `unscaled-input`."""

_IMAGENET_MEANS = (103.939, 116.779, 123.68)
"""Of blue, green and red. Source: `keras.applications.imagenet_utils.preprocess_input`, mode 'caffe'."""


@dataclass(frozen=True)
class Variant:
    """One way to prepare samples.

    Attributes:
        apply: from stored samples, (n, *shape), to what the model receives instead, (n, ...) float32, in its own order of axes.
        option: what makes a report prepare its samples so, such as '--scale none'; '' where no option does.
        is_scale: whether it gives every value another scale, the same for the pixels of a channel.
    """

    apply: Callable[[np.ndarray], np.ndarray]
    option: str = ""
    is_scale: bool = False


def preprocessing_variants(
    samples: EvaluatedSamples, moments: ChannelMoments
) -> tuple[dict[str, Variant], tuple[str, ...]]:
    """Return the variants by name, and a sentence for each that is missing.

    Where the values tell how black and white are stored, they are brought to 0 to 255, 0 to 1 and -1 to 1.

    Args:
        samples: the evaluated samples with their range as stored.
        moments: mean and variance of each channel of some samples as stored.
    """
    variants: dict[str, Variant] = {}
    left_out = []
    span = _full_range(samples)
    shape = samples.summary.shape
    coloured = shape[-1] == 3 and len(shape) > 1
    low, high = span or samples.summary.stored_range

    def taken(prepare: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        return lambda stored: np.asarray(samples.arrangement.undo(prepare(stored)))

    if span is None:
        variants[say("as stored")] = Variant(taken(np.float32), "--scale none", is_scale=True)
        left_out.append(
            say("The stored values do not show how black and white are stored, so no other range was tried.")
        )
    else:
        for bottom, top in ((0, 255), (0, 1), (-1, 1)):
            option = "--scale none" if (bottom, top) == span else _OPTIONS.get((bottom, top), "") if high == 255 else ""
            name = say("{low} to {high}", low=bottom, high=top)
            variants[name] = Variant(taken(_affine(low, high, bottom, top)), option, is_scale=True)
    variants[say("the samples’ own mean and deviation")] = Variant(taken(_normalised(moments)), is_scale=True)
    variants[say("each image standardised")] = Variant(taken(standardise), is_scale=True)
    if coloured and span is not None:
        variants[say("ImageNet means subtracted, blue first")] = Variant(
            taken(_without_means(low, high)), is_scale=True
        )
    if coloured:
        variants[say("channels reversed")] = Variant(lambda stored: samples.scale(stored[..., ::-1]))
    else:
        left_out.append(say("Channels are reversed only where there are three."))
    if len(shape) in (2, 3) and shape[0] == shape[1] > 1:
        variants[say("height and width transposed")] = Variant(lambda stored: samples.scale(stored.swapaxes(1, 2)))
    # as bytes, low + high - x stays a byte; the scaling may depend on that
    variants[say("inverted")] = Variant(lambda stored: samples.scale((low + high - stored).astype(stored.dtype)))
    return variants, tuple(left_out)


_OPTIONS = {(0, 1): "--scale unit", (-1, 1): "--scale symmetric"}
"""What brings bytes to a range."""


def _full_range(samples: EvaluatedSamples) -> tuple[float, float] | None:
    """Return the range that black and white have as stored, as far as the values tell; None where they do not."""
    lowest, highest = samples.summary.stored_range
    if samples.summary.dtype == "uint8":
        return 0.0, 255.0
    if lowest >= 0 and 0 < highest <= 1.001 / 255:  # bytes that were divided by 255 twice
        return 0.0, 1 / 255
    for low, high in ((0.0, 1.0), (-1.0, 1.0)):
        if low <= lowest and highest <= high:
            return low, high
    # numbers that reach a little beyond 1 are no bytes
    return (0.0, 255.0) if lowest >= 0 and _BYTES <= highest <= 255 else None


def _affine(low: float, high: float, bottom: float, top: float) -> Callable[[np.ndarray], np.ndarray]:
    factor = (top - bottom) / (high - low)
    return lambda stored: ((stored.astype(np.float64) - low) * factor + bottom).astype(np.float32)


def _normalised(moments: ChannelMoments) -> Callable[[np.ndarray], np.ndarray]:
    spread = np.sqrt(moments.variance)
    divisor = np.where(spread > 0, spread, 1)
    return lambda stored: ((stored - moments.mean) / divisor).astype(np.float32)


def _without_means(low: float, high: float) -> Callable[[np.ndarray], np.ndarray]:
    in_bytes = _affine(low, high, 0, 255)
    return lambda stored: in_bytes(stored)[..., ::-1] - np.array(_IMAGENET_MEANS, np.float32)


def standardise(stored: np.ndarray) -> np.ndarray:
    """Return each image with mean 0 and standard deviation 1, (n, *shape) float32.

    Divided by at least 1 / sqrt(number of values), so that an even image becomes zero.

    Source: `tf.image.per_image_standardization`.
    """
    axes = tuple(range(1, stored.ndim))
    values = stored.astype(np.float64)
    spread = np.maximum(values.std(axis=axes, keepdims=True), 1 / math.sqrt(math.prod(stored.shape[1:])))
    return np.asarray((values - values.mean(axis=axes, keepdims=True)) / spread, dtype=np.float32)
