"""One kernel against fresh draws of its own initialiser, and what its spectrum says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.messages import say
from reportgen.models.weights.convolution_norms import (
    convolution_norm,
    convolution_norm_cost,
    convolution_norm_entries,
    iterated_convolution_norm,
)
from reportgen.models.weights.kernel_statistics import (
    STATISTICS,
    draws_distances,
    kernel_statistics,
    null_distance,
    null_spread,
)
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.redraws import ComparedPart, compared_part, redraw
from reportgen.models.weights.spectra import as_matrix, gram, hill_exponent
from reportgen.results.redactable import Kept, redactable

MOST_MULTIPLICATIONS = 100_000_000
"""Of an operator norm from all frequencies' eigenvalues: about a second. ResNet50's convolutions need up to 70 times as many."""

MOST_ENTRIES = 10_000_000
"""Of an operator norm by iteration, 80 MB: under a second. ResNet50's convolutions have up to 7 million, VGG16's 100 million."""

MOST_EIGENVALUES = 512
"""Of a tail exponent: all of 512 eigenvalues take 30 ms, of 2,048 two seconds."""

_DEFINED_FOR = ("convolution", "depthwise", "dense")


@redactable
@dataclass(frozen=True)
class NullComparison:
    """One kernel's statistics, in the order of `STATISTICS`, and those of K fresh draws.

    Attributes:
        compared: number of weights compared; fewer than the kernel has where it is large.
        value: of the kernel, (6,) float64; NaN for what it does not have, and where it is not finite.
        mean, spread: over the draws, (6,) float64; NaN where there are none.
        percentile: share of draws below the kernel's value, ties half, in percent, (6,) float64.
        distance: from the mean in spreads, (6,) float64.
        reason: why there are no draws, or ''.
        exponent: of the spectrum's tail, or None.
        redraws: K; 0 where there are no draws.
    """

    compared: int
    value: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    percentile: np.ndarray
    distance: np.ndarray
    reason: Kept[str]
    exponent: float | None
    redraws: int = 0


def compare_with_redraws(kernel: LayerKernel, count: int, *, seed: int) -> tuple[NullComparison, np.ndarray]:
    """Return a kernel's statistics beside those of fresh draws from its own initialiser, and what chance alone gives.

    Args:
        kernel: to compare.
        count: number of draws, K, at least 3.
        seed: the report's seed.

    Returns:
        The comparison, and the distances of the draws from one another, (K, 6) float64; (0, 6) without draws.
    """
    part = compared_part(kernel, seed=seed)
    if not np.isfinite(part.values).all() or not part.values.size:
        return _alone(part, np.full(len(STATISTICS), math.nan), say("it holds NaN or infinite weights"), None)
    value = kernel_statistics(part.kernel, part.values)
    exponent = _tail_exponent(part)
    draws = redraw(kernel, part, count, seed=seed)
    if draws is None:
        name = kernel.initializer_name
        reason = say("no initialiser is known") if name is None else say("a part of {name} cannot be drawn", name=name)
        return _alone(part, value, reason, exponent)
    drawn = np.array([kernel_statistics(part.kernel, draw) for draw in draws])
    weights = part.values.size
    mean, spread = null_spread(drawn, weights)
    below = (drawn < value).mean(axis=0) + (drawn == value).mean(axis=0) / 2
    comparison = NullComparison(
        compared=weights,
        value=value,
        mean=mean,
        spread=spread,
        percentile=np.where(np.isnan(value) | np.isnan(mean), math.nan, 100 * below),
        distance=null_distance(value, drawn, weights),
        reason="",
        exponent=exponent,
        redraws=count,
    )
    return comparison, draws_distances(drawn, weights)


def _alone(
    part: ComparedPart, value: np.ndarray, reason: str, exponent: float | None
) -> tuple[NullComparison, np.ndarray]:
    nothing = np.full(len(STATISTICS), math.nan)
    comparison = NullComparison(part.values.size, value, nothing, nothing, nothing, nothing, reason, exponent)
    return comparison, np.empty((0, len(STATISTICS)))


def _tail_exponent(part: ComparedPart) -> float | None:
    matrix = as_matrix(part.kernel, part.values)
    if part.values.size < part.whole or min(matrix.shape) > MOST_EIGENVALUES:
        return None
    return hill_exponent(np.linalg.eigvalsh(gram(matrix).astype(np.float64)))


def operator_norm(kernel: LayerKernel, inputs: Sequence[int | None] | None) -> tuple[float | None, str]:
    """Return the operator norm of a convolution, or None and the reason why it is not computed.

    Args:
        kernel: of the convolution.
        inputs: shape of its input without the batch axis, either layout; None where it is not known.
    """
    if kernel.kind not in _DEFINED_FOR[:2] or kernel.dilated:
        dense = kernel.kind == "dense"
        return None, say("a dense layer's is its spectral norm") if dense else say("transposed or dilated")
    size = _spatial_size(kernel, inputs)
    if size is None:
        return None, say("the input's size is not known")
    blocks = _blocks(kernel, kernel.values())
    shape = (*kernel.shape[:-2], *blocks[0].shape[-2:])
    exact = len(blocks) * convolution_norm_cost(shape, size) <= MOST_MULTIPLICATIONS
    if not exact and len(blocks) * convolution_norm_entries(shape, size) > MOST_ENTRIES:
        return None, say("it would cost too much")
    if not all(np.isfinite(block).all() for block in blocks):
        return None, say("weights that are not finite")
    norm = convolution_norm if exact else iterated_convolution_norm
    return max(norm(block, size) for block in blocks), ""


def _spatial_size(kernel: LayerKernel, inputs: Sequence[int | None] | None) -> tuple[int, ...] | None:
    rank = len(kernel.shape) - 2
    if inputs is None or len(inputs) != rank + 1:
        return None
    channels = kernel.shape[-2] * (1 if kernel.kind == "depthwise" else kernel.groups)
    sizes = inputs[:-1] if inputs[-1] == channels else inputs[1:]
    known = tuple(size for size in sizes if size is not None)
    return known if len(known) == rank else None


def _blocks(kernel: LayerKernel, values: np.ndarray) -> list[np.ndarray]:
    """Return the convolutions of which a grouped or depthwise one consists; its norm is the largest of theirs."""
    if kernel.kind == "depthwise":
        return [values[..., channel : channel + 1, :] for channel in range(values.shape[-2])]
    return np.split(values, kernel.groups, axis=-1)
