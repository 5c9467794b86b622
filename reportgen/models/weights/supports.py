"""What an initialiser cannot draw: weights beyond its bounds, filters that are not orthogonal, values other than its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.laws import TRUNCATED, UNIFORM, Law, draw_as_keras, is_keras_own, law_of
from reportgen.models.weights.moments import WeightMoments
from reportgen.results import Kept, redactable

SINGLE_PRECISION = 2.0**-24
"""Unit roundoff of float32: the largest relative error of storing a number. Source: IEEE 754."""

_HALF, _HALF_SUBNORMAL, _BRAIN = 2.0**-11, 2.0**-25, 2.0**-8  # of float16 and bfloat16
_LEVELS = 256  # of what int8 can hold
_WEIGHTS_FOR_A_LEVEL = 4  # fewer weights may have so few values by themselves
_LOOKED_AT_FIRST = 10_000
_ARITHMETIC = 1e-6  # relative error of a draw's own arithmetic in single precision
_ORTHOGONAL = 1e-4  # of the squared gain: error of a QR decomposition in single precision, ten times over
_MOST_VECTORS = 256
_RULE_OF_THREE = 3.0  # events that are expected where none comes in one of twenty cases

# Share of weights that a movement of r times their spread takes over the bounds, divided by r: the density at both bounds
# times the mean positive part of the movement, 0.399 r.
_OVER = {UNIFORM: 0.399 / math.sqrt(3), TRUNCATED: 0.399 * 2 * 0.05399 / 0.9545 * 0.87963}


@dataclass(frozen=True)
class Rounding:
    """How coarsely weights are stored, as it shows in their values.

    Attributes:
        relative: largest relative error, such as 2**-11 for float16.
        absolute: largest absolute error.
    """

    relative: float = SINGLE_PRECISION
    absolute: float = 0.0


def stored_rounding(values: np.ndarray) -> Rounding:
    """Return how coarsely weights were rounded, also where they are float32 again: as float16, bfloat16 or whole steps.

    Args:
        values: finite weights of any shape.
    """
    single = values.astype(np.float32, copy=False).reshape(-1)
    if _everywhere(_is_brain, single):
        return Rounding(_BRAIN)
    if _everywhere(_is_half, single):
        return Rounding(_HALF, _HALF_SUBNORMAL)
    levels = few_levels(single, _LEVELS)
    if levels is not None and len(levels) > 1 and single.size >= _WEIGHTS_FOR_A_LEVEL * len(levels):
        return Rounding(absolute=float(np.diff(levels).min()) / 2)
    return Rounding()


def _everywhere(holds: Callable[[np.ndarray], bool], values: np.ndarray) -> bool:
    """Return whether something holds of all values, (N,): most often the first of them tell that it does not."""
    return holds(values[:_LOOKED_AT_FIRST]) and holds(values[_LOOKED_AT_FIRST:])


def _is_brain(values: np.ndarray) -> bool:
    return not (values.view(np.uint32) & 0xFFFF).any()


def _is_half(values: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        return np.array_equal(values.astype(np.float16).astype(np.float32), values)


def few_levels(values: np.ndarray, most: int) -> np.ndarray | None:
    """Return the different values, sorted, or None where there are more than `most`."""
    flat = values.ravel()
    if len(np.unique(flat[:_LOOKED_AT_FIRST])) > most:
        return None
    levels = np.unique(flat)
    return levels if len(levels) <= most else None


@redactable
@dataclass(frozen=True)
class Support:
    """How much of a kernel its initialiser cannot have drawn.

    Attributes:
        of: 'weights', or 'filters' where what is drawn is their angles and lengths.
        beyond: number of weights, or of filters, that cannot be drawn; 0 for every fresh draw.
        compared: number of weights or filters.
        furthest: largest distance of a weight from the middle, in multiples of the largest that can be drawn; NaN where
            every weight has one value that can be drawn.
        seen: the smallest movement, relative to the kernel's norm, that would have left traces in 19 of 20 cases, if it was
            independent of the weights; 0 where any would.
    """

    of: Kept[str]
    beyond: int
    compared: int
    furthest: float
    seen: float


def support_of(kernel: LayerKernel) -> Support | None:
    """Return how much of a kernel lies beyond what its initialiser can draw; None where it can draw anything, or is not known.

    Uniform draws and normal ones that are cut at two deviations have bounds, orthogonal ones an exact structure, and zeros,
    ones, constants and identities one value for each weight. Differences within the rounding of how the weights are stored
    count as none, so that a fresh draw is never beyond.

    Args:
        kernel: the kernel, with its initialiser.

    Source: keras.initializers of Keras 3.15; for `Support.seen` the rule of three.
    """
    initializer = kernel.initializer
    if not is_keras_own(initializer):
        return None
    values = kernel.values()
    if not values.size or kernel.moments.non_finite:
        return None
    law = law_of(initializer, kernel.shape)
    if law is not None:
        return _within(values, kernel.moments, law) if law.kind in _OVER else None
    if type(initializer).__name__ in ("Orthogonal", "OrthogonalInitializer"):
        return _orthogonal(values, float(initializer.gain))
    drawn = draw_as_keras(initializer, kernel.shape, np.random.default_rng(0))  # a constant, without randomness
    return None if drawn is None else _equal(values, drawn)


def _within(values: np.ndarray, moments: WeightMoments, law: Law) -> Support:
    rounding = stored_rounding(values)
    furthest = max(moments.maximum - law.middle, law.middle - moments.minimum)
    # the weight is rounded, and so is the bound where draws are made in the type that is stored
    allowed = law.reach + (abs(law.middle) + law.reach) * (2.1 * rounding.relative + _ARITHMETIC) + rounding.absolute
    return Support(
        of="weights",
        beyond=_beyond(values, law.middle, allowed) if furthest > allowed else 0,
        compared=values.size,
        furthest=furthest / law.reach if law.reach > 0 else math.nan,
        seen=_RULE_OF_THREE / (_OVER[law.kind] * values.size),
    )


def _beyond(values: np.ndarray, middle: float, allowed: float) -> int:
    return int(np.count_nonzero(values > middle + allowed) + np.count_nonzero(values < middle - allowed))


def _orthogonal(values: np.ndarray, gain: float) -> Support:
    rounding = stored_rounding(values)
    matrix = values.reshape(-1, values.shape[-1]).astype(np.float64)
    vectors = (matrix.T if len(matrix) >= matrix.shape[1] else matrix)[:_MOST_VECTORS]
    allowed = gain**2 * (_ORTHOGONAL + 2.1 * rounding.relative)
    allowed += 2.1 * abs(gain) * rounding.absolute * math.sqrt(vectors.shape[1])
    off = np.abs(vectors @ vectors.T - gain**2 * np.eye(len(vectors))) > allowed
    return Support(
        of="filters",
        beyond=int(np.count_nonzero(off.any(axis=1))),
        compared=len(vectors),
        furthest=float(np.linalg.norm(vectors, axis=1).max()) / abs(gain) if gain else math.nan,
        seen=allowed / gain**2 * math.sqrt(vectors.shape[1]) / 2 if gain else 0.0,
    )


def _equal(values: np.ndarray, drawn: np.ndarray) -> Support:
    rounding = stored_rounding(values)
    allowed = np.abs(drawn) * (2.1 * rounding.relative + _ARITHMETIC)
    return Support("weights", int(np.count_nonzero(np.abs(values - drawn) > allowed)), values.size, math.nan, 0.0)
