"""Operator norms of convolutions: exact where the frequencies are few, otherwise searched for among them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from reportgen.messages import say
from reportgen.models.weights.kernel_statistics import (
    spectral_norm,
)
from reportgen.models.weights.kernels import LayerKernel

MOST_MULTIPLICATIONS = 50_000_000
"""An operator norm from all frequencies' eigenvalues takes about 10 ms for so many, as a search does."""

MOST_ENTRIES = 50_000_000
"""Numbers in the matrices of a search's coarse grid, at the most: 400 MB and some seconds. 512 channels of 3 x 3, as VGG16 has,
need 10 million."""

SOME_ENTRIES = 6_000_000
"""The same where no effort was asked for: 0.3 s of CPU time, which 256 channels of 3 x 3 need. 512 take up to a second each."""

FEW_ENTRIES = 1_200_000
"""The same where little may be spent: some milliseconds, which 64 channels of 3 x 3 need."""

_DEFINED_FOR = ("convolution", "depthwise", "dense")
_GRID = 12  # frequencies along an axis of the coarse grid, for windows of 3
_AT_ONCE = 4_000_000  # entries of a transform
_STEPS = 24
_FEWEST_STEPS = 12
_SETTLED = 2e-5  # of the largest eigenvalue, from one step to the next
_KEPT = {3: 0.7, 6: 0.82, 10: 0.88}  # after so many steps, the frequencies whose norm is so near the largest one
_MOST_KEPT = {6: 42, 10: 20}  # after so many steps, the frequencies of the largest norms
_STARTS = 8  # frequencies from which the search climbs
_NEAR_THE_BEST = 0.99  # of the largest norm after the climb: places that are looked at to the end
_STEPS_BESIDE, _STEPS_AT_LAST = 8, 40
_CONVERGED = 1e-7


def operator_norm(
    kernel: LayerKernel, inputs: Sequence[int | None] | None, *, most: int = MOST_ENTRIES
) -> tuple[float | None, str]:
    """Return the operator norm of a convolution, or None and the reason why it is not computed.

    Args:
        kernel: the convolution's kernel.
        inputs: shape of its input without the batch axis, either layout; None where it is not known.
        most: numbers in the matrices of a search's coarse grid, at the most.
    """
    if kernel.kind not in _DEFINED_FOR[:2] or kernel.dilated:
        dense = kernel.kind == "dense"
        return None, say("a dense layer's is its spectral norm") if dense else say("transposed or dilated")
    size = _spatial_size(kernel, inputs)
    if size is None:
        return None, say("the input's size is not known")
    values = kernel.values()
    if kernel.groups * search_entries((*kernel.shape[:-1], -(-kernel.shape[-1] // kernel.groups)), size) > most:
        return None, say("it would cost too much")
    if not np.isfinite(values).all():
        return None, say("weights that are not finite")
    if kernel.kind == "depthwise":
        return _norm_of_single_channels(values, size), ""
    return max(_norm(block, size) for block in np.split(values, kernel.groups, axis=-1)), ""


def _norm(values: np.ndarray, size: tuple[int, ...]) -> float:
    exact = convolution_norm_cost(values.shape, size) <= MOST_MULTIPLICATIONS
    return convolution_norm(values, size) if exact else searched_convolution_norm(values, size)


def _spatial_size(kernel: LayerKernel, inputs: Sequence[int | None] | None) -> tuple[int, ...] | None:
    rank = len(kernel.shape) - 2
    if inputs is None or len(inputs) != rank + 1:
        return None
    channels = kernel.shape[-2] * (1 if kernel.kind == "depthwise" else kernel.groups)
    sizes = inputs[:-1] if inputs[-1] == channels else inputs[1:]
    known = tuple(size for size in sizes if size is not None)
    return known if len(known) == rank else None


def _norm_of_single_channels(values: np.ndarray, size: tuple[int, ...]) -> float:
    """Return the largest norm of the convolutions, one for each input channel, of which a depthwise one consists."""
    at_once = max(1, _AT_ONCE // (_frequencies(size) * values.shape[-1]))
    parts = (values[..., start : start + at_once, :] for start in range(0, values.shape[-2], at_once))
    squares = (np.square(np.abs(fourier_transform(part, size))).sum(axis=-1).max() for part in parts)
    return math.sqrt(float(max(squares)))


def convolution_norm(values: np.ndarray, size: tuple[int, ...]) -> float:
    """Return the operator norm of a convolution with periodic borders and stride 1: how much it can enlarge an input.

    With other strides it is an upper bound, as leaving out values enlarges nothing.

    Args:
        values: kernel in Keras' axis order, (*window, input_channels, filters) of numbers.
        size: the input's size along each axis of the window.

    Source: Sedghi, Gupta and Long, The Singular Values of Convolutional Layers, arXiv 1805.10408, theorem 6.
    """
    matrices = fourier_transform(values, size)
    adjoint = matrices.conj().transpose(0, 2, 1)
    products = matrices @ adjoint if matrices.shape[1] <= matrices.shape[2] else adjoint @ matrices
    return math.sqrt(max(float(np.linalg.eigvalsh(products)[:, -1].max()), 0.0))


def convolution_norm_cost(shape: tuple[int, ...], size: tuple[int, ...]) -> int:
    """Return the multiplications of `convolution_norm`: for half of the frequencies a product and its eigenvalues.

    Args:
        shape: the kernel's shape in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    small, large = sorted(shape[-2:])
    return _frequencies(size) * small * small * (large + 10 * small)


def search_entries(shape: tuple[int, ...], size: tuple[int, ...]) -> int:
    """Return how many numbers the matrices of `searched_convolution_norm`'s coarse grid hold.

    Args:
        shape: the kernel's shape in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    places = 1 if _is_pointwise(shape) else len(_coarse_grid(shape[:-2], size))
    return places * shape[-2] * shape[-1]


def searched_convolution_norm(values: np.ndarray, size: tuple[int, ...]) -> float:
    """Return what `convolution_norm` does, within a relative error of 1e-4, from a few frequencies.

    A kernel's Fourier transform is a trigonometric polynomial of its window's degree, and so is smooth: the largest singular
    values on a coarse grid (12 x 7 frequencies for 3 x 3 taps) tell where the largest of all are, and from the best of them the
    search climbs to better neighbours, at half the distance each time none is. All by Lanczos' iteration, which begins with the
    vector of the frequency beside. A window of one place has the same matrix at every frequency.

    Args:
        values: kernel in Keras' axis order, (*window, input_channels, filters) of finite numbers.
        size: the input's size along each axis of the window.

    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 10.1 (Lanczos); Sedghi et al., arXiv 1805.10408.
    """
    if _is_pointwise(values.shape):
        return spectral_norm(np.asarray(values, np.float32).reshape(values.shape[-2:]))
    grid = _coarse_grid(values.shape[:-2], size)
    places, norms, vectors = _leading(_wide(_transform_at(values, size, grid)))
    if not norms.max() > 0:
        return 0.0
    reach = [-(-length // (2 * _along(window, length))) for window, length in zip(values.shape, size, strict=False)]
    known: dict[tuple[int, ...], tuple[float, np.ndarray]] = {}
    starts = np.argsort(-norms, kind="stable")[:_STARTS]
    tops: dict[tuple[int, ...], tuple[float, np.ndarray]] = {}
    for index in starts:
        place, largest, vector = _climb(values, size, grid[places[index]], vectors[index], reach, known)
        tops[tuple(map(int, place))] = largest, vector
    best = _NEAR_THE_BEST**2 * max(largest for largest, _ in tops.values())
    ends = {place: vector for place, (largest, vector) in tops.items() if largest >= best}
    matrices = _wide(_transform_at(values, size, np.array(list(ends))))
    exact = (_ritz(matrix, vector, _STEPS_AT_LAST)[0] for matrix, vector in zip(matrices, ends.values(), strict=True))
    return math.sqrt(max(exact))


def _climb(
    values: np.ndarray,
    size: tuple[int, ...],
    place: np.ndarray,
    vector: np.ndarray,
    reach: Sequence[int],
    known: dict[tuple[int, ...], tuple[float, np.ndarray]],
) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the frequency to which a search climbs from a place, its eigenvalue and its vector.

    Args:
        values, size: the kernel's weights, and the sizes of the input's axes.
        place, vector: the frequency to begin at, and its vector.
        reach: distance of the first neighbours along each axis.
        known: eigenvalue and vector of the frequencies that were tried, which the search adds to.
    """
    (matrix,) = _wide(_transform_at(values, size, place[None]))
    largest, vector = _ritz(matrix, vector, _STEPS_BESIDE)
    ways = [np.array(way) for way in itertools.product((-1, 0, 1), repeat=len(size)) if any(way)]
    distance = np.array(reach)
    while distance.any():
        around = sorted({tuple(map(int, (place + way * distance) % size)) for way in ways})
        new = [beside for beside in around if beside not in known]
        matrices = _wide(_transform_at(values, size, np.array(new))) if new else ()
        for beside, matrix in zip(new, matrices, strict=True):
            known[beside] = _ritz(matrix, vector, _STEPS_BESIDE)
        best = max(around, key=lambda one: known[one][0])
        if known[best][0] <= largest * (1 + _CONVERGED):
            distance //= 2
            continue
        place, (largest, vector) = np.array(best), known[best]
    return place, largest, vector


def _along(window: int, length: int) -> int:
    """Return how many frequencies the coarse grid has along an axis."""
    return min(length, max(_GRID, _GRID // 2 * (window - 1)))


def _coarse_grid(window: Sequence[int], size: tuple[int, ...]) -> np.ndarray:
    """Return places of frequencies on the whole grid, (frequencies, axes) of int; of two conjugate ones, one."""
    axes = [
        np.unique(np.arange(count) * length // count)
        for length, count in ((length, _along(each, length)) for each, length in zip(window, size, strict=True))
    ]
    axes[-1] = axes[-1][axes[-1] <= size[-1] // 2]
    return np.array(list(itertools.product(*axes)))


def fourier_transform(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return a kernel's Fourier transform over its window, (frequencies, input_channels, filters) complex64.

    One of each pair of conjugate frequencies is left out. A window larger than the input wraps around it.

    Args:
        values: kernel in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    counts = (*size[:-1], size[-1] // 2 + 1)
    return _transform_at(values, size, np.indices(counts).reshape(len(size), -1).T)


def _transform_at(values: np.ndarray, size: tuple[int, ...], places: np.ndarray) -> np.ndarray:
    """Return the transform at frequencies of the grid, places (frequencies, axes) of int."""
    taps = np.indices(values.shape[: len(size)]).reshape(len(size), -1)
    angles = -2 * np.pi * ((places / np.array(size)) @ taps)
    flat = values.reshape(taps.shape[1], -1).astype(np.float32, copy=False)
    parts = np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32) @ flat
    waves = np.empty((len(places), flat.shape[1]), np.complex64)
    waves.real, waves.imag = parts[: len(places)], parts[len(places) :]
    return waves.reshape(-1, *values.shape[-2:])


def _wide(matrices: np.ndarray) -> np.ndarray:
    """Return matrices (frequencies, m, n) as they are or transposed, so that m <= n."""
    if matrices.shape[1] <= matrices.shape[2]:
        return matrices
    return np.ascontiguousarray(matrices.transpose(0, 2, 1))


def _ritz(matrix: np.ndarray, start: np.ndarray, steps: int) -> tuple[float, np.ndarray]:
    """Return the largest eigenvalue of matrix @ matrix* and its vector, by Lanczos' iteration from a vector.

    Args:
        matrix: (m, n) complex64.
        start: (m,) complex64.
        steps: most steps of the iteration.
    """
    basis = np.zeros((min(steps, len(matrix)), len(matrix)), np.complex64)
    projected = np.zeros((len(basis), len(basis)))
    vector, largest = start / np.linalg.norm(start), 0.0
    for step in range(len(basis)):
        basis[step] = vector
        inner = vector.conj() @ matrix
        image = matrix @ inner.conj()
        projected[step, step] = np.vdot(inner, inner).real
        mine = basis[: step + 1]
        for _ in range(2):  # twice is enough (Kahan and Parlett)
            image = image - (mine.conj() @ image) @ mine
        length = math.sqrt(np.vdot(image, image).real)
        before = largest
        if step > _STEPS_BESIDE:
            largest = float(np.linalg.eigvalsh(projected[: step + 1, : step + 1])[-1])
        if length <= _CONVERGED * projected[0, 0] or (
            step > _STEPS_BESIDE and largest - before <= _CONVERGED * largest
        ):
            break
        vector = image / length
        if step + 1 < len(basis):
            projected[step, step + 1] = projected[step + 1, step] = length
    found, vectors = np.linalg.eigh(projected[: step + 1, : step + 1])
    return float(found[-1]), np.asarray(vectors[:, -1].astype(np.float32) @ basis[: step + 1])


def _leading(wide: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places of the matrices with the largest eigenvalues of wide @ wide*, these, and their vectors.

    Lanczos' iteration on all at once, from which matrices that fall behind are left out.

    Args:
        wide: (frequencies, m, n) complex64 with m <= n.
    """
    count, side, _ = wide.shape
    generator = np.random.default_rng(0)
    vector = (generator.normal(size=(2, count, side, 1)) * np.array([1, 1j]).reshape(2, 1, 1, 1)).sum(axis=0)
    vector = (vector / np.linalg.norm(vector, axis=1, keepdims=True)).astype(np.complex64)
    basis = np.zeros((count, side, _STEPS), np.complex64)
    projected = np.zeros((count, _STEPS, _STEPS))
    places, largest, step = np.arange(count), 0.0, 0
    for step in range(min(_STEPS, side)):
        basis[:, :, step] = vector[:, :, 0]
        inner = vector.conj().transpose(0, 2, 1) @ wide
        image = wide @ inner.conj().transpose(0, 2, 1)
        projected[:, step, step] = (np.abs(inner) ** 2).sum(axis=(1, 2))
        known = basis[:, :, : step + 1]
        for _ in range(2):  # twice is enough (Kahan and Parlett)
            image = image - known @ (known.conj().transpose(0, 2, 1) @ image)
        found = np.linalg.eigvalsh(projected[:, : step + 1, : step + 1])[:, -1]
        before, largest = largest, float(found.max(initial=0.0))
        if step >= _FEWEST_STEPS - 1 and largest - before <= _SETTLED * largest:
            break
        length = np.linalg.norm(image, axis=1, keepdims=True)
        if step + 1 < min(_STEPS, side):
            vector = image / np.maximum(length, np.finfo(np.float32).tiny)
            projected[:, step, step + 1] = projected[:, step + 1, step] = length[:, 0, 0]
        if step in _KEPT:
            kept = found >= max(_KEPT[step] ** 2 * largest, np.sort(found)[-_MOST_KEPT.get(step, 0) :][0])
            wide, vector, basis, projected, places = (
                np.ascontiguousarray(each[kept]) for each in (wide, vector, basis, projected, places)
            )
    values, weights = np.linalg.eigh(projected[:, : step + 1, : step + 1])
    vectors = basis[:, :, : step + 1] @ weights[:, :, -1:].astype(np.complex64)
    return places, values[:, -1], vectors[:, :, 0]


def _frequencies(size: tuple[int, ...]) -> int:
    return math.prod(size[:-1]) * (size[-1] // 2 + 1)


def _is_pointwise(shape: tuple[int, ...]) -> bool:
    return math.prod(shape[:-2]) == 1
