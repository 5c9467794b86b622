"""Kernels of any number of dimensions as pictures of two."""

from __future__ import annotations

import numpy as np

from reportgen.measures.tiles import central_slices
from reportgen.models.weights import LayerKernel

_MOST_ROWS = 32  # of a one-dimensional kernel's channels


def filter_tiles(filters: np.ndarray) -> tuple[str, np.ndarray, tuple[int, ...] | None]:
    """Return the layout, the pictures (N, H, W) and the input channel of each, None where all are shown.

    Args:
        filters: (N, *window, input_channels).
    """
    channels = filters.shape[-1]
    if max(filters.shape[1:-1]) == 1:
        return "strip", filters.reshape(len(filters), 1, channels), None
    if filters.ndim == 3 and channels <= _MOST_ROWS:
        return "strip", np.moveaxis(filters, -1, 1), None
    strengths = np.sqrt(np.square(filters.astype(np.float64)).sum(axis=tuple(range(1, filters.ndim - 1))))
    chosen = np.nan_to_num(strengths, nan=np.inf).argmax(axis=1)
    planes = filters[np.arange(len(filters)), ..., chosen]
    indices = tuple(int(channel) for channel in chosen)
    if planes.ndim == 2:
        return "strip", planes[:, None, :], indices
    return ("slices", central_slices(planes), indices) if planes.ndim == 4 else ("window", planes, indices)


def largest_values(images: np.ndarray) -> np.ndarray:
    """Return the largest value of each picture, (N,), of pictures (N, ...); NaN counts for nothing."""
    return np.asarray(np.fmax.reduce(images.reshape(len(images), -1), axis=1))


def is_rgb(kernel: LayerKernel, filters: np.ndarray) -> bool:
    """Return whether a convolution's filters, (N, *window, input_channels), read three channels in two dimensions."""
    window, channels = filters.shape[1:-1], filters.shape[-1]
    return kernel.kind == "convolution" and len(window) == 2 and max(window) > 1 and channels == 3
