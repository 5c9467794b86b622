"""Fresh draws of a kernel from its layer's own saved initialiser: what 'untrained' means in a report."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.laws import draw_as_keras, law_of

MOST_COMPARED = 320_000
"""Weights of one kernel that are compared at the most. Statistics of so many weights have a relative error of 0.1 %, and
twenty draws of them take a tenth of a second."""

_MOST_DRAWN = 2**22  # weights of a whole kernel that is drawn because no part of it can be


def kernel_seed(seed: int, label: str) -> int:
    """Return the seed of one kernel, in [0, 2**31): another for each label, the same in every run.

    Args:
        seed: the report's seed.
        label: the kernel's label.
    """
    return zlib.crc32(f"{seed}:{label}".encode()) & 0x7FFFFFFF


def draw_initial(kernel: LayerKernel, *, seed: int) -> np.ndarray | None:
    """Return values as the kernel had before training, or None where no initialiser is known.

    What Keras' own initialisers give is drawn from numpy, so that no backend of Keras changes it; only a class of somebody
    else's is asked itself.

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
    own = kernel_seed(seed, kernel.label)
    drawn = draw_as_keras(kernel.initializer, kernel.shape, np.random.default_rng(own))
    if drawn is not None:
        return drawn
    return np.asarray(_seeded(kernel.initializer, own)(kernel.shape, dtype="float32"), dtype=np.float32)


def initial_weights(kernel: LayerKernel, *, seed: int, most: int) -> np.ndarray | None:
    """Return weights as the kernel had before training, (N,) float32: all of them, or so many where each is drawn by itself.

    Args:
        kernel, seed: see `draw_initial`.
        most: largest N, for initialisers that draw every weight by itself.
    """
    law = law_of(kernel.initializer, kernel.shape)
    if law is None or math.prod(kernel.shape) <= most:
        drawn = draw_initial(kernel, seed=seed)
        return None if drawn is None else drawn.reshape(-1)
    return law.draw(np.random.default_rng(kernel_seed(seed, kernel.label)), (most,))


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


def compared_part(kernel: LayerKernel, *, seed: int, most: int | None = MOST_COMPARED) -> ComparedPart:
    """Choose what of a kernel is compared: all of it, or, of more than 320,000 weights, some input channels and filters.

    Windows stay whole. A share of both axes is taken, so that the part has the shape of the kernel in small: 188 of 512 input
    channels and 189 of 512 filters of 3 x 3.

    Args:
        kernel: the whole kernel.
        seed: the report's seed, which decides the choice.
        most: number of weights that are compared at the most; None for all.
    """
    values = kernel.values().astype(np.float32, copy=False)
    if most is None or values.size <= most:
        return ComparedPart(kernel, values, values.size)
    generator = np.random.default_rng(kernel_seed(seed, f"{kernel.label}/part"))
    room = most // math.prod(kernel.shape[:-2])
    rows, columns = kernel.shape[-2:]
    fewer = max(1, min(min(rows, columns), math.isqrt(room)))
    counts = (min(rows, room // fewer), fewer) if columns < rows else (fewer, min(columns, room // fewer))
    for axis, count in zip((-2, -1), counts, strict=True):
        chosen = np.sort(generator.choice(values.shape[axis], count, replace=False, shuffle=False))
        values = np.take(values, chosen, axis=axis)
    return ComparedPart(replace(kernel, shape=values.shape), values, math.prod(kernel.shape))


def redraw(kernel: LayerKernel, part: ComparedPart, count: int, *, seed: int) -> Iterator[np.ndarray] | None:
    """Return an iterator over fresh draws of the compared part, or None where none can be made.

    Of initialisers that draw every weight by itself the part alone is drawn, with the scale that the whole kernel's fans give.
    Others are drawn whole; a part of a kernel of over 4 million weights is not.

    Args:
        kernel: the whole kernel.
        part: what is compared of it.
        count: number of draws.
        seed: the report's seed.

    Returns:
        `count` arrays of the part's shape, float32.
    """
    law = law_of(kernel.initializer, kernel.shape)
    if law is not None:
        generator = np.random.default_rng(kernel_seed(seed, f"{kernel.label}/redraws"))
        return (law.draw(generator, part.values.shape) for _ in range(count))
    if kernel.initializer is None or part.whole > (_MOST_DRAWN if part.values.size == part.whole else 0):
        return None
    draws = (draw_initial(kernel, seed=kernel_seed(seed, f"redraw {number}")) for number in range(count))
    return (draw for draw in draws if draw is not None)


def initial_deviation(kernel: LayerKernel) -> float | None:
    """Return the standard deviation of a kernel's weights before training; None where they are not drawn one by one."""
    law = law_of(kernel.initializer, kernel.shape)
    return None if law is None else law.deviation
