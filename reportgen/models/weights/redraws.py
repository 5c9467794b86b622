"""Fresh draws of a kernel from its layer's own saved initialiser: what 'untrained' means in a report."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.models.weights.kernels import LayerKernel

MOST_COMPARED = 320_000
"""Weights of one kernel that are compared at the most. Statistics of so many weights have a relative error of 0.1 %, and
twenty draws of them take a tenth of a second."""

_DRAWN_AT_ONCE = 1_000_000
_MOST_DRAWN = 2**22  # weights of a whole kernel that is drawn because no part of it can be
_INDEPENDENT = ("RandomNormal", "RandomUniform", "TruncatedNormal")
_SCALED = ("VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")
# Of a standard normal distribution that is cut at two standard deviations. Source: keras.initializers.VarianceScaling
_TRUNCATED = 0.87962566103423978


def kernel_seed(seed: int, label: str) -> int:
    """Return the seed of one kernel, in [0, 2**31): another for each label, the same in every run.

    Args:
        seed: the report's seed.
        label: the kernel's label.
    """
    return zlib.crc32(f"{seed}:{label}".encode()) & 0x7FFFFFFF


def draw_initial(kernel: LayerKernel, *, seed: int) -> np.ndarray | None:
    """Return values as the kernel had before training, or None where no initialiser is known.

    Args:
        kernel: the kernel, with its initialiser.
        seed: the report's seed; the one saved in the model, if any, is not used, so that a redraw is a new draw.

    Returns:
        float32 of the kernel's shape.

    Example:
        >>> draw_initial(kernel, seed=0).shape == kernel.shape  # doctest: +SKIP
        True
    """
    if kernel.initializer is None:
        return None
    initializer = _seeded(kernel.initializer, kernel_seed(seed, kernel.label))
    return np.asarray(initializer(kernel.shape, dtype="float32"), dtype=np.float32)


def _seeded(initializer: Any, seed: int) -> Any:
    config = initializer.get_config()
    if "seed" not in config:
        return initializer
    return type(initializer).from_config({**config, "seed": seed})


@dataclass(frozen=True)
class ComparedPart:
    """The part of a kernel that is compared with fresh draws: all of it, or some of its input channels and filters.

    Attributes:
        kernel: the part, as a kernel of its own.
        values: the part's values, float32.
        whole: number of weights of the whole kernel.
    """

    kernel: LayerKernel
    values: np.ndarray
    whole: int


def compared_part(kernel: LayerKernel, *, seed: int) -> ComparedPart:
    """Choose what of a kernel is compared: all of it, or, of more than 320,000 weights, some input channels and filters.

    Windows stay whole. A share of both axes is taken, so that the part has the shape of the kernel in small: 188 of 512 input
    channels and 189 of 512 filters of 3 x 3.

    Args:
        kernel: the whole kernel.
        seed: the report's seed, which decides the choice.
    """
    values = kernel.values().astype(np.float32, copy=False)
    if values.size <= MOST_COMPARED:
        return ComparedPart(kernel, values, values.size)
    generator = np.random.default_rng(kernel_seed(seed, f"{kernel.label}/part"))
    room = MOST_COMPARED // math.prod(kernel.shape[:-2])
    rows, columns = kernel.shape[-2:]
    fewer = max(1, min(min(rows, columns), math.isqrt(room)))
    counts = (min(rows, room // fewer), fewer) if columns < rows else (fewer, min(columns, room // fewer))
    for axis, count in zip((-2, -1), counts, strict=True):
        chosen = np.sort(generator.choice(values.shape[axis], count, replace=False, shuffle=False))
        values = np.take(values, chosen, axis=axis)
    return ComparedPart(replace(kernel, shape=values.shape), values, math.prod(kernel.shape))


def redraw(kernel: LayerKernel, part: ComparedPart, count: int, *, seed: int) -> Iterator[np.ndarray] | None:
    """Return an iterator over fresh draws of the compared part, or None where none can be made.

    Initialisers that draw every weight by itself are drawn several at once, a million weights at the most, and for the
    part alone, with the scale that the whole kernel's fans give. Others are drawn whole, one by one; a part of a kernel of
    over 4 million weights is not.

    Args:
        kernel: the whole kernel.
        part: what is compared of it.
        count: number of draws.
        seed: the report's seed.

    Returns:
        `count` arrays of the part's shape, float32.
    """
    initializer = independent_initializer(kernel)
    if initializer is not None:
        return _drawn_together(initializer, kernel.label, part.values.shape, count, seed)
    if kernel.initializer is None or part.whole > (_MOST_DRAWN if part.values.size == part.whole else 0):
        return None
    draws = (draw_initial(kernel, seed=kernel_seed(seed, f"redraw {number}")) for number in range(count))
    return (draw for draw in draws if draw is not None)


def _drawn_together(
    initializer: Any, label: str, shape: tuple[int, ...], count: int, seed: int
) -> Iterator[np.ndarray]:
    at_once = max(1, _DRAWN_AT_ONCE // math.prod(shape))
    for start in range(0, count, at_once):
        config = {**initializer.get_config(), "seed": kernel_seed(seed, f"{label}/redraws/{start}")}
        drawn = type(initializer).from_config(config)((min(at_once, count - start), *shape), dtype="float32")
        yield from np.asarray(drawn)


def independent_initializer(kernel: LayerKernel) -> Any:
    """Return an initialiser that draws single weights as this kernel's does, or None where it draws them together."""
    initializer = kernel.initializer
    if type(initializer).__module__.split(".")[0] != "keras":
        return None  # a class of the user's own may do anything
    if type(initializer).__name__ in _INDEPENDENT:
        return initializer
    if type(initializer).__name__ not in _SCALED or getattr(initializer, "input_axes", None) is not None:
        return None
    from keras import initializers

    deviation = math.sqrt(initializer.scale / _fan(kernel.shape, initializer.mode))
    if initializer.distribution == "uniform":
        return initializers.RandomUniform(-math.sqrt(3) * deviation, math.sqrt(3) * deviation)
    if initializer.distribution == "untruncated_normal":
        return initializers.RandomNormal(0.0, deviation)
    return initializers.TruncatedNormal(0.0, deviation / _TRUNCATED)


def initial_deviation(kernel: LayerKernel) -> float | None:
    """Return the standard deviation of a kernel's weights before training; None where they are not drawn one by one."""
    initializer = independent_initializer(kernel)
    kind = type(initializer).__name__
    if kind == "RandomUniform":
        return abs(float(initializer.maxval) - float(initializer.minval)) / math.sqrt(12)
    if kind == "RandomNormal":
        return abs(float(initializer.stddev))
    return _TRUNCATED * abs(float(initializer.stddev)) if kind == "TruncatedNormal" else None


def _fan(shape: tuple[int, ...], mode: str) -> float:
    """Return how many values a kernel adds up (fan_in), gives on (fan_out), or their mean (fan_avg), at least 1.

    Source: keras.initializers.VarianceScaling of Keras 3.15, compute_fans.
    """
    window = math.prod(shape[:-2])
    before, after = shape[-2] * window, shape[-1] * window
    return max(1.0, {"fan_in": before, "fan_out": after}.get(mode, (before + after) / 2))
