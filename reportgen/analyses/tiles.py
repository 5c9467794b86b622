"""Turning arrays into the small images of a grid, for every analysis that shows one."""

from __future__ import annotations

import math

import numpy as np

_ROW_OF_FEW = 8
_ROW_OF_MANY = 16
_MANY = 64
_USUAL = 0.99
_OUTLYING = 1.5


def columns_for(tiles: int) -> int:
    """Return how many tiles a row holds: 8 up to 64 tiles, as in 4 x 8 and 8 x 8, otherwise 16."""
    return min(tiles, _ROW_OF_FEW if tiles <= _MANY else _ROW_OF_MANY)


def strongest(strengths: np.ndarray, count: int) -> tuple[int, ...]:
    """Return the indices of the `count` largest values, ascending; ties go to the lower index, NaN last."""
    order = np.argsort(-np.nan_to_num(strengths, nan=-np.inf), kind="stable")
    return tuple(sorted(int(index) for index in order[:count]))


def reduction_for(tiles: int, height: int, width: int, pixels: int) -> int:
    """Return the smallest whole factor by which tiles must shrink along each axis to fit into so many pixels."""
    factor = 1
    while tiles * math.ceil(height / factor) * math.ceil(width / factor) > pixels and factor < max(height, width):
        factor += 1
    return factor


def block_means(images: np.ndarray, factor: int) -> np.ndarray:
    """Return images whose values are the means of factor x factor blocks; blocks at the far edges may be smaller.

    Args:
        images: (N, H, W) or (N, H, W, C) numbers.
        factor: at least 1.

    Returns:
        (N, ceil(H / factor), ceil(W / factor)[, C]) float32.
    """
    images = np.asarray(images, dtype=np.float32)
    for axis in (1, 2) if factor > 1 else ():
        starts = np.arange(0, images.shape[axis], factor)
        sizes = np.diff(np.append(starts, images.shape[axis])).astype(np.float32)
        shape = [1] * images.ndim
        shape[axis] = -1
        images = np.add.reduceat(images, starts, axis=axis) / sizes.reshape(shape)
    return images


def symmetric_limit(*arrays: np.ndarray) -> float:
    """Return the end of a diverging scale: the largest finite magnitude, unless a few outliers would pale the rest.

    Where the largest magnitude of the first array is over 1.5 times its 99th percentile, that percentile is the end, or
    the largest magnitude of the other arrays if that is more. 1 when all are zero or empty.

    Args:
        arrays: one or more, of any shape; values that are not finite do not count.
    """
    magnitudes = [np.abs(array[np.isfinite(array)]) for array in arrays]
    largest = [float(values.max()) if values.size else 0.0 for values in magnitudes]
    usual = float(np.quantile(magnitudes[0], _USUAL)) if magnitudes[0].size else 0.0
    if largest[0] > _OUTLYING * usual > 0:
        return max([usual, *largest[1:]])
    return max(largest) or 1.0


def central_slices(volumes: np.ndarray) -> np.ndarray:
    """Return each volume's three central slices side by side, with an empty column between them.

    Args:
        volumes: (N, D, H, W) numbers.

    Returns:
        (N, max(H, D), W + W + H + 2) float32: the slices across depth, height and width; NaN where there is nothing.
    """
    _, depth, height, width = volumes.shape
    planes = (volumes[:, depth // 2], volumes[:, :, height // 2], volumes[:, :, :, width // 2])
    tall = max(plane.shape[1] for plane in planes)
    padded = [
        np.pad(plane.astype(np.float32), ((0, 0), (0, tall - plane.shape[1]), (0, 1)), constant_values=np.nan)
        for plane in planes
    ]
    return np.concatenate(padded, axis=2)[:, :, :-1]
