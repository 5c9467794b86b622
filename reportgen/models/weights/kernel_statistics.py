"""Numbers that training changes in a kernel: its moments, its spectrum, its smoothness."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np

from reportgen.messages import say
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.moments import SMALL, WeightMoments, moments_of_each, weight_moments

STATISTICS = (
    say("root mean square"),
    say("excess kurtosis"),
    say("spectral norm"),
    say("stable rank"),
    say("share near zero"),
    say("spatial smoothness"),
)
"""Names of the statistics, in the order of every array of them. The size is the root mean square and not the standard deviation:
the squares of orthogonal draws have one sum, so that the part that is left beside their mean is no normal number."""

SIZE, KURTOSIS, NORM, RANK, NEAR_ZERO_SHARE, SMOOTHNESS = range(len(STATISTICS))
"""Places of the statistics in every array of them."""

SMALLEST_WINDOW = 3
"""Least size of a window along every axis for spatial smoothness to mean something: of two taps, both are at the border."""

FEWEST_EIGENVALUES = 50
"""A tail exponent is fitted to the larger half of the eigenvalues; with fewer than 25 of them its own error, 1 / sqrt(25),
is a fifth of it. Source: Hall 1982, J. Royal Stat. Soc. B 44, 37: the asymptotic variance of Hill's estimator is alpha^2 / k."""

_DENSE_SIDE = 64  # up to this, all eigenvalues cost less than the Lanczos iteration
_STEPS = 40
_IN_CACHE = 2**17  # weights of a part of a matrix
_TOGETHER = 2**17  # weights of small draws that are looked at together
_CONVERGED = 1e-7


def kernel_statistics(
    kernel: LayerKernel,
    values: np.ndarray,
    *,
    eigenvalues: np.ndarray | None = None,
    moments: WeightMoments | None = None,
) -> np.ndarray:
    """Return a kernel's statistics in the order of `STATISTICS`, (6,) float64; NaN for what it does not have.

    Root mean square and excess kurtosis are those of all weights; spectral norm and stable rank those of the kernel as
    a matrix from window to filters; the share near zero counts magnitudes under 0.001; spatial smoothness is the mean
    correlation of neighbouring taps, for windows of 3 and more along each axis.

    Args:
        kernel: the kernel, which tells what the axes mean.
        values: finite values of the kernel's shape, float32.
        eigenvalues: all of the matrix's Gram matrix, ascending, where they are known.
        moments: those of the values, where they are known.
    """
    moments = moments or weight_moments(values)
    matrix = as_matrix(kernel, values)
    norm = spectral_norm(matrix) if eigenvalues is None else math.sqrt(max(float(eigenvalues[-1]), 0.0))
    return _in_order(moments, norm, spatial_smoothness(values) if kernel.is_spatial else math.nan)


def _in_order(moments: WeightMoments, norm: float, smoothness: float) -> np.ndarray:
    size, weights = moments.root_mean_square, moments.count
    rank = stable_rank(size * math.sqrt(weights), norm)
    return np.array([size, moments.excess_kurtosis, norm, rank, moments.near_zero / weights, smoothness])


def statistics_of_draws(kernel: LayerKernel, draws: Iterable[np.ndarray]) -> np.ndarray:
    """Return the statistics of many draws of a kernel, (K, 6) float64: small ones together, as each costs next to nothing.

    Args:
        kernel: the kernel, which tells what the axes mean.
        draws: finite values of the kernel's shape, float32.
    """
    if math.prod(kernel.shape) > SMALL:
        return np.array([kernel_statistics(kernel, draw) for draw in draws])
    found, remaining = [], iter(draws)
    while some := list(itertools.islice(remaining, max(1, _TOGETHER // math.prod(kernel.shape)))):
        stacked = np.stack(some)
        moments = moments_of_each(stacked.reshape(len(some), -1))
        by_filter = np.moveaxis(kernel.by_filter(stacked), 1, 0)
        norms = _norms(by_filter.reshape(*by_filter.shape[:2], -1))
        smoothness = _smoothness(stacked) if kernel.is_spatial else np.full(len(some), math.nan)
        found += list(map(_in_order, moments, norms, smoothness.tolist()))
    return np.array(found)


def _norms(matrices: np.ndarray) -> list[float]:
    """Return the spectral norm of each matrix, (K, m, n) float32."""
    if not min(matrices.shape[1:]) or min(matrices.shape[1:]) > _DENSE_SIDE:
        return [spectral_norm(matrix) for matrix in matrices]
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.transpose(0, 2, 1)
    largest = np.linalg.eigvalsh((wide @ wide.transpose(0, 2, 1)).astype(np.float64))[:, -1]
    return [math.sqrt(max(each, 0.0)) for each in largest.tolist()]


def spatial_smoothness(values: np.ndarray) -> float:
    """Return the mean Pearson correlation of neighbouring taps over all pairs of channels, in [-1, 1].

    About 0 for independent weights, near 1 for smooth filters. NaN for windows under 3 along any axis, and where no pair
    of neighbours varies.

    Args:
        values: kernel in Keras' axis order, (*window, channels, channels).
    """
    return float(_smoothness(values[None])[0])


def _smoothness(draws: np.ndarray) -> np.ndarray:
    """Return the spatial smoothness of each of K kernels, (K,), of (K, *window, channels, channels)."""
    window = draws.shape[1:-2]
    if not window or min(window) < SMALLEST_WINDOW:
        return np.full(len(draws), math.nan)
    taps = draws.reshape(*draws.shape[:-2], -1)
    taps = taps - taps.mean(axis=-1, keepdims=True)
    norms = np.sqrt(np.einsum("...i,...i->...", taps, taps))
    total, pairs = np.zeros(len(draws)), np.zeros(len(draws))
    for axis, length in enumerate(window, start=1):
        here, there = ((slice(None),) * axis + (slice(start, start + length - 1),) for start in (0, 1))
        sizes = (norms[here] * norms[there]).reshape(len(draws), -1)
        products = np.einsum("...i,...i->...", taps[here], taps[there]).reshape(len(draws), -1)
        varies = sizes > 0
        total += np.where(varies, products / np.where(varies, sizes, 1), 0).sum(axis=1, dtype=np.float64)
        pairs += varies.sum(axis=1)
    return np.asarray(np.where(pairs > 0, total / np.maximum(pairs, 1), math.nan))


def as_matrix(kernel: LayerKernel, values: np.ndarray) -> np.ndarray:
    """Return a kernel as the matrix from a window of its input to its filters, (filters, window x input_channels) float32.

    It shows the memory of the values where their axes allow that.

    Args:
        kernel: the kernel, which tells what the axes mean.
        values: values of any shape that has the kernel's axes.
    """
    by_filter = kernel.by_filter(values)
    return by_filter.reshape(len(by_filter), -1).astype(np.float32, copy=False)


def gram(matrix: np.ndarray) -> np.ndarray:
    """Return the smaller of the two products of a matrix with its transpose, whose eigenvalues are squared singular values.

    Args:
        matrix: (m, n) float32.

    Returns:
        (k, k) float32, k = min(m, n).
    """
    return np.asarray(matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix)


def spectral_norm(matrix: np.ndarray) -> float:
    """Return the largest singular value of a matrix, (m, n) float32, within a relative error of 1e-4.

    Up to 64 rows or columns from all eigenvalues of the Gram matrix, beyond by the Lanczos iteration with full
    reorthogonalisation from a fixed start, at most 40 steps.

    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 10.1 (Lanczos) and 2.4 (singular values).
    """
    if not matrix.size:
        return 0.0
    if min(matrix.shape) <= _DENSE_SIDE:
        return math.sqrt(max(float(np.linalg.eigvalsh(gram(matrix).astype(np.float64))[-1]), 0.0))
    return math.sqrt(_largest_eigenvalue(matrix if len(matrix) <= matrix.shape[1] else matrix.T))


def _largest_eigenvalue(wide: np.ndarray) -> float:
    """Return the largest eigenvalue of wide @ wide.T."""
    size = len(wide)
    basis = np.zeros((_STEPS, size))
    vector = np.random.default_rng(0).normal(size=size)
    vector /= np.linalg.norm(vector)
    diagonal: list[float] = []
    beside: list[float] = []
    largest = 0.0
    for step in range(min(_STEPS, size)):
        basis[step] = vector
        image = _product_with_transpose(wide, vector.astype(np.float32))
        diagonal.append(float(vector @ image))
        known = basis[: step + 1]
        image -= known.T @ (known @ image)
        image -= known.T @ (known @ image)  # twice is enough (Kahan and Parlett)
        before, largest = largest, _largest_of_tridiagonal(diagonal, beside)
        norm = float(np.linalg.norm(image))
        if norm <= _CONVERGED * largest or (step > 8 and largest - before <= _CONVERGED * largest):
            break
        beside.append(norm)
        vector = image / norm
    return max(largest, 0.0)


def _product_with_transpose(wide: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Return wide @ wide.T @ vector, (m,) float64, by parts of the columns, so that memory is gone through once."""
    columns = max(1, _IN_CACHE // len(wide))
    image = np.zeros(len(wide))
    for start in range(0, wide.shape[1], columns):
        part = wide[:, start : start + columns]
        image += part @ (vector @ part)
    return image


def _largest_of_tridiagonal(diagonal: list[float], beside: list[float]) -> float:
    return float(np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))[-1])


def stable_rank(frobenius: float, norm: float) -> float:
    """Return the squared Frobenius norm over the squared spectral norm, from 1 to the rank; NaN for a matrix of zeros.

    Args:
        frobenius: Frobenius norm of a matrix.
        norm: its spectral norm.

    Source: Rudelson and Vershynin, Sampling from large matrices, arXiv math/0503442, section 1: the numerical rank.
    """
    return (frobenius / norm) ** 2 if norm > 0 else math.nan


def energy_outside(eigenvalues: np.ndarray, share: float) -> float:
    """Return what part of a kernel's squared weights lies outside its leading directions; NaN for a kernel of zeros.

    Args:
        eigenvalues: eigenvalues of the Gram matrix, (k,).
        share: how many directions lead, as a share of k; at least one does.
    """
    ordered = np.sort(np.maximum(np.asarray(eigenvalues, np.float64), 0))[::-1]
    leading = max(1, math.floor(share * len(ordered)))
    total = float(ordered.sum())
    return float(ordered[leading:].sum()) / total if total > 0 else math.nan


def hill_exponent(eigenvalues: np.ndarray) -> float | None:
    """Return the exponent of a power law fitted to the larger half of the eigenvalues; None under 50 of them.

    A heuristic: WeightWatcher and its followers read values from 2 to 6 as a well trained layer. No finding uses it.

    Args:
        eigenvalues: eigenvalues of the Gram matrix, (k,).

    Source: Hill's estimator with k = n / 2, PL_Alpha_Hill of Zhou et al., Temperature Balancing, arXiv 2312.00359,
        equation 2, after Martin and Mahoney, arXiv 1810.01075.
    """
    ordered = np.sort(np.asarray(eigenvalues, np.float64))[::-1]
    half = len(ordered) // 2
    if len(ordered) < FEWEST_EIGENVALUES or ordered[half] <= 0:
        return None
    excess = float(np.log(ordered[:half] / ordered[half]).sum())
    return 1 + half / excess if excess > 0 else None
