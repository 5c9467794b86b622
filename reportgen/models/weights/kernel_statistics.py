"""Numbers that training changes in a kernel, and how far they stand from those of fresh draws."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.measures.intervals import student_quantile
from reportgen.messages import say
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.spectra import as_matrix, spectral_norm, stable_rank

STATISTICS = (
    say("standard deviation"),
    say("excess kurtosis"),
    say("spectral norm"),
    say("stable rank"),
    say("share near zero"),
    say("spatial smoothness"),
)
"""In the order of every array of statistics."""

NEAR_ZERO_SHARE = STATISTICS.index("share near zero")

NEAR_ZERO = 1e-3
"""A weight is near zero when its magnitude is below this."""

SMALLEST_WINDOW = 3
"""Along every axis, for spatial smoothness to mean something: of two taps, both are at the border."""

MARGIN = 1.5
"""How much further out than chance a kernel must stand to have learned. The bound itself would call one untrained model in
twenty learned; with the margin it is one in a hundred. What lies between the two is not decided."""

_ROUNDING = 1e-6  # relative; single precision's errors in sums


def kernel_statistics(kernel: LayerKernel, values: np.ndarray) -> np.ndarray:
    """Return a kernel's statistics in the order of `STATISTICS`, (6,) float64; NaN for what it does not have.

    Standard deviation and excess kurtosis are those of all weights; spectral norm and stable rank those of the kernel as
    a matrix from window to filters; the share near zero counts magnitudes under 0.001; spatial smoothness is the mean
    correlation of neighbouring taps, for windows of 3 and more along each axis.

    Args:
        kernel: whose axes are followed.
        values: finite, of the kernel's shape, float32.
    """
    flat = values.ravel()
    mean = float(flat.mean(dtype=np.float64))
    squares = np.square(flat - np.float32(mean))
    variance = float(squares.mean(dtype=np.float64))
    matrix = as_matrix(kernel, values)
    norm = spectral_norm(matrix)
    return np.array([
        math.sqrt(variance),
        float(np.dot(squares, squares)) / flat.size / variance**2 - 3 if variance > 0 else math.nan,
        norm,
        stable_rank(matrix, norm),
        np.count_nonzero(np.abs(flat) < NEAR_ZERO) / flat.size,
        spatial_smoothness(values) if kernel.is_spatial else math.nan,
    ])  # fmt: skip


def spatial_smoothness(values: np.ndarray) -> float:
    """Return the mean Pearson correlation of neighbouring taps over all pairs of channels, in [-1, 1].

    About 0 for independent weights, near 1 for smooth filters. NaN for windows under 3 along any axis, and where no pair
    of neighbours varies.

    Args:
        values: kernel in Keras' axis order, (*window, channels, channels).
    """
    window = values.shape[:-2]
    if not window or min(window) < SMALLEST_WINDOW:
        return math.nan
    taps = values.reshape(*window, -1)
    taps = taps - taps.mean(axis=-1, keepdims=True)
    norms = np.sqrt(np.einsum("...i,...i->...", taps, taps))
    correlations: list[np.ndarray] = []
    for axis, length in enumerate(window):
        here, there = (np.take(taps, range(start, start + length - 1), axis=axis) for start in (0, 1))
        sizes = np.take(norms, range(length - 1), axis=axis) * np.take(norms, range(1, length), axis=axis)
        products = np.einsum("...i,...i->...", here, there)
        correlations.append((products[sizes > 0] / sizes[sizes > 0]).ravel())
    found = np.concatenate(correlations)
    return float(found.mean(dtype=np.float64)) if found.size else math.nan


def null_spread(draws: np.ndarray, weights: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of statistics over fresh draws.

    The spread of the share near zero is at least that of a Poisson count one higher, as a handful of draws often has no
    such weight at all. A spread under single precision's rounding counts as none.

    Args:
        draws: (K, 6) float64, K at least 2.
        weights: number of weights of one draw.

    Returns:
        Two of (6,) float64; a standard deviation of 0 where all draws agree.
    """
    mean, spread = draws.mean(axis=0), draws.std(axis=0, ddof=1)
    spread = np.where(spread > _ROUNDING * np.abs(mean), spread, 0.0)
    share = NEAR_ZERO_SHARE
    spread[share] = max(spread[share], math.sqrt(mean[share] * weights + 1) / weights)
    return mean, spread


def null_distance(value: np.ndarray, draws: np.ndarray, weights: int) -> np.ndarray:
    """Return how far statistics stand from those of fresh draws, in the draws' standard deviations, (6,) float64.

    Infinite where all draws agree on another value; NaN for what the kernel does not have.

    Args:
        value: (6,) float64, of the kernel.
        draws: (K, 6) float64, of fresh draws.
        weights: number of weights of one draw.
    """
    mean, spread = null_spread(draws, weights)
    difference = value - mean
    difference = np.where(np.abs(difference) > _ROUNDING * np.abs(mean), difference, 0 * difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(difference == 0, 0 * difference, difference / spread))


def draws_distances(draws: np.ndarray, weights: int) -> np.ndarray:
    """Return the distance of every draw from the others, (K, 6) float64: what distances chance alone gives.

    Args:
        draws: (K, 6) float64, K at least 3.
        weights: number of weights of one draw.
    """
    places = range(len(draws))
    return np.array([null_distance(draws[i], np.delete(draws, i, axis=0), weights) for i in places])


def chance_bound(distances: Sequence[np.ndarray], redraws: int, *, tested: int, error: float) -> float:
    """Return the distance up to which chance alone explains a statistic: the larger of two bounds on what it gives.

    The first is exceeded by `error` of the draws, of each the largest distance of any statistic of any kernel. The trained
    model takes its place in a row with K redraws, whatever the distribution of the statistics and however they depend on
    one another; with fewer than 1 / error draws it is the largest of all. The second is Student's bound for the mean of K
    normal values, shared out over all statistics (Bonferroni), so that a lucky row of draws makes no strict rule.

    Args:
        distances: of each kernel, (K, 6) float64 from `draws_distances`.
        redraws: K.
        tested: number of statistics of all kernels of the model.
        error: chance that any of the model's kernels stands beyond although none has learned.

    Source: Westfall and Young, Resampling-Based Multiple Testing (1993), section 2.5 (single-step maxT); prediction
        interval of a further normal observation, t * sqrt(1 + 1 / K).
    """
    student = student_quantile(1 - error / (2 * max(tested, 1)), redraws - 1) * math.sqrt(1 + 1 / redraws)
    largest = np.zeros(redraws)
    for values in distances:
        largest = np.maximum(largest, np.where(np.isfinite(values), np.abs(values), 0.0).max(axis=1))
    place = min(math.ceil((1 - error) * (redraws + 1)), redraws)
    return max(student, float(np.sort(largest)[place - 1]))
