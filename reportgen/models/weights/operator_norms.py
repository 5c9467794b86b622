"""Operator norms of convolutions: exact where the frequencies are few, otherwise by an iteration on all of them at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.messages import say
from reportgen.models.weights.kernel_statistics import (
    spectral_norm,
)
from reportgen.models.weights.kernels import LayerKernel

MOST_MULTIPLICATIONS = 100_000_000
"""An operator norm from all frequencies' eigenvalues takes about a second for so many. ResNet50's convolutions need
up to 70 times as many."""

MOST_ENTRIES = 10_000_000
"""An operator norm by iteration takes 80 MB and under a second for so many. ResNet50's convolutions have up to 7 million,
VGG16's 100 million."""

_DEFINED_FOR = ("convolution", "depthwise", "dense")
_STEPS = 24
_FEWEST_STEPS = 12
_SETTLED = 2e-5  # of the largest eigenvalue, from one step to the next
_KEPT = {3: 0.8, 6: 0.92, 10: 0.97}  # after so many steps, the frequencies whose norm is so near the largest one


def operator_norm(kernel: LayerKernel, inputs: Sequence[int | None] | None) -> tuple[float | None, str]:
    """Return the operator norm of a convolution, or None and the reason why it is not computed.

    Args:
        kernel: the convolution's kernel.
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


def convolution_norm_entries(shape: tuple[int, ...], size: tuple[int, ...]) -> int:
    """Return how many numbers `iterated_convolution_norm` works on.

    Args:
        shape: the kernel's shape in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    return shape[-2] * shape[-1] * (1 if _is_pointwise(shape) else _frequencies(size))


def iterated_convolution_norm(values: np.ndarray, size: tuple[int, ...]) -> float:
    """Return what `convolution_norm` does, within a relative error of 1e-3 from below, at a fraction of its cost.

    The largest singular values of all frequencies are found together by Lanczos' iteration, and frequencies that fall behind
    the largest one are left out after a few steps. A window of one place has the same matrix at every frequency.

    Args:
        values: kernel in Keras' axis order, (*window, input_channels, filters) of numbers.
        size: the input's size along each axis of the window.

    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 10.1 (Lanczos); Sedghi et al., arXiv 1805.10408.
    """
    if _is_pointwise(values.shape):
        return spectral_norm(np.asarray(values, np.float32).reshape(values.shape[-2:]))
    matrices = fourier_transform(values, size)
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.transpose(0, 2, 1)
    return math.sqrt(max(_largest_eigenvalue(np.ascontiguousarray(wide)), 0.0))


def fourier_transform(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return a kernel's Fourier transform over its window, (frequencies, input_channels, filters) complex64.

    One of each pair of conjugate frequencies is left out. A window larger than the input wraps around it.

    Args:
        values: kernel in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    rank = len(size)
    counts = (*size[:-1], size[-1] // 2 + 1)
    turns = np.zeros((*counts, *values.shape[:rank]))
    for axis, (count, length, window) in enumerate(zip(counts, size, values.shape, strict=False)):
        shape = [1] * (2 * rank)
        shape[axis], shape[rank + axis] = count, window
        turns = turns + (np.outer(np.arange(count), np.arange(window)) / length).reshape(shape)
    angles = -2 * np.pi * turns.reshape(math.prod(counts), -1)
    taps = values.reshape(angles.shape[1], -1).astype(np.float32)
    parts = (np.cos(angles).astype(np.float32) @ taps, np.sin(angles).astype(np.float32) @ taps)
    waves = np.empty(parts[0].shape, np.complex64)
    waves.real, waves.imag = parts
    return waves.reshape(-1, *values.shape[-2:])


def _largest_eigenvalue(wide: np.ndarray) -> float:
    """Return the largest eigenvalue of all wide @ wide*, (frequencies, m, n) complex64 with m <= n."""
    count, side, _ = wide.shape
    generator = np.random.default_rng(0)
    vector = (generator.normal(size=(2, count, side, 1)) * np.array([1, 1j]).reshape(2, 1, 1, 1)).sum(axis=0)
    vector = (vector / np.linalg.norm(vector, axis=1, keepdims=True)).astype(np.complex64)
    basis = np.zeros((count, side, _STEPS), np.complex64)
    projected = np.zeros((count, _STEPS, _STEPS))
    largest = 0.0
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
        vector = image / np.maximum(length, np.finfo(np.float32).tiny)
        if step + 1 < _STEPS:
            projected[:, step, step + 1] = projected[:, step + 1, step] = length[:, 0, 0]
        if step in _KEPT:
            kept = found >= _KEPT[step] ** 2 * largest
            wide, vector, basis, projected = (
                np.ascontiguousarray(each[kept]) for each in (wide, vector, basis, projected)
            )
    return largest


def _frequencies(size: tuple[int, ...]) -> int:
    return math.prod(size[:-1]) * (size[-1] // 2 + 1)


def _is_pointwise(shape: tuple[int, ...]) -> bool:
    return math.prod(shape[:-2]) == 1
