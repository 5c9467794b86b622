"""Operator norms of convolutions: exact where the frequencies are few, otherwise searched for among them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reportgen.messages import say
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.norm_search import search_entries, searched_convolution_norm

MOST_MULTIPLICATIONS = 50_000_000
"""An operator norm from all frequencies' eigenvalues takes about 10 ms for so many, where a search takes 6."""

MOST_ENTRIES = 50_000_000
"""Numbers in the matrices of a search's coarse grid, at the most: about 1 s of CPU time. 512 channels of 3 x 3, as VGG16 has,
need 22 million at most."""

SOME_ENTRIES = 6_000_000
"""The same where no effort was asked for: 0.1 s of CPU time. 256 channels of 3 x 3 need 5.5 million; 512 would take 0.4 s."""

FEW_ENTRIES = 1_200_000
"""The same where little may be spent: 24 ms of CPU time, which 119 channels of 3 x 3 take."""

_DEFINED_FOR = ("convolution", "depthwise", "dense")
_AT_ONCE = 4_000_000  # entries of a transform
_EXACT_AT_ONCE = 256  # frequencies


def operator_norm(
    kernel: LayerKernel,
    inputs: Sequence[int | None] | None,
    *,
    most: int = MOST_ENTRIES,
    spectral: float | None = None,
) -> tuple[float | None, str]:
    """Return the operator norm of a convolution, or None and the reason why it is not computed.

    Args:
        kernel: the convolution's kernel.
        inputs: shape of its input without the batch axis, either layout; None where it is not known.
        most: numbers in the matrices of a search's coarse grid, at the most.
        spectral: the spectral norm of all weights, where it is known: a window of one place has no other norm.
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
    if spectral is not None and kernel.groups == 1 and kernel.kind == "convolution" and set(kernel.shape[:-2]) == {1}:
        return spectral, ""
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

    With other strides it is an upper bound, as leaving out values enlarges nothing. Frequencies whose eigenvalues cannot be the
    largest, by their sum and the sum of their squares, are left out.

    Args:
        values: kernel in Keras' axis order, (*window, input_channels, filters) of numbers.
        size: the input's size along each axis of the window.

    Source: Sedghi, Gupta and Long, The Singular Values of Convolutional Layers, arXiv 1805.10408, theorem 6; Wolkowicz and
        Styan, Linear Algebra and its Applications 29 (1980) 471, theorem 2.1 (bounds).
    """
    grams = _gram_transform(values, size)
    side = grams.shape[1]
    trace = np.einsum("fii->f", grams).real
    squares = (grams.real**2 + grams.imag**2).sum(axis=(1, 2))  # sum of the squared eigenvalues; the trace is their sum
    upper = trace / side + np.sqrt(np.maximum(squares - trace**2 / side, 0.0) * (side - 1) / side)
    order = np.argsort(-upper, kind="stable")
    largest = 0.0
    for start in range(0, len(order), _EXACT_AT_ONCE):
        some = order[start : start + _EXACT_AT_ONCE]
        if upper[some[0]] <= largest:
            break
        largest = max(largest, float(np.linalg.eigvalsh(grams[some])[:, -1].max()))
    return math.sqrt(largest)


def _gram_transform(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return M M* of a kernel's matrix M at each frequency, its shorter side first, (frequencies, side, side) complex128.

    One of each pair of conjugate frequencies is left out. It is the Fourier transform of the taps' products, which are few.
    """
    flat = values.reshape(-1, *values.shape[-2:]).astype(np.float64)
    wide = flat if flat.shape[1] <= flat.shape[2] else flat.transpose(0, 2, 1)
    taps, side, _ = wide.shape
    rows = wide.reshape(taps * side, -1)
    products = (rows @ rows.T).reshape(taps, side, taps, side).transpose(0, 2, 1, 3).reshape(-1, side, side)
    places = np.indices(values.shape[: len(size)]).reshape(len(size), -1)
    apart = (places[:, :, None] - places[:, None]).reshape(len(size), -1) % np.array(size)[:, None]
    lags = np.zeros((*size, side, side))
    np.add.at(lags, tuple(apart), products)
    return np.fft.rfftn(lags, axes=range(len(size))).reshape(-1, side, side)


def convolution_norm_cost(shape: tuple[int, ...], size: tuple[int, ...]) -> int:
    """Return the multiplications of `convolution_norm`: for half of the frequencies a product and its eigenvalues.

    Args:
        shape: the kernel's shape in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    small, large = sorted(shape[-2:])
    return _frequencies(size) * small * small * (large + 10 * small)


def fourier_transform(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return a kernel's Fourier transform over its window, (frequencies, input_channels, filters) complex64.

    One of each pair of conjugate frequencies is left out. A window larger than the input wraps around it.

    Args:
        values: kernel in Keras' axis order.
        size: the input's size along each axis of the window.
    """
    places = np.indices((*size[:-1], size[-1] // 2 + 1)).reshape(len(size), -1).T
    taps = np.indices(values.shape[: len(size)]).reshape(len(size), -1)
    angles = -2 * np.pi * ((places / np.array(size)) @ taps)
    flat = values.reshape(taps.shape[1], -1).astype(np.float32, copy=False)
    parts = np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32) @ flat
    waves = np.empty((len(places), flat.shape[1]), np.complex64)
    waves.real, waves.imag = parts[: len(places)], parts[len(places) :]
    return waves.reshape(-1, *values.shape[-2:])


def _frequencies(size: tuple[int, ...]) -> int:
    return math.prod(size[:-1]) * (size[-1] // 2 + 1)
