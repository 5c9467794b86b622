"""Turning arrays into the small images of a grid, for every analysis that shows one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.results import Palette

_ROW_OF_FEW = 8
_ROW_OF_MANY = 16
_MANY = 64
SIGNAL_LENGTH = 448
"""Values that a signal's line has at the most: about as many as CSS pixels."""
_WIDEST = 96  # CSS pixels that a map may take: 8 of them stand beside their sample
KERNEL_PERCENTILE, MAP_PERCENTILE = 98, 99.5
"""Where colour scales end, in percent of the magnitudes: what is beyond has the last colour and is counted.

A scale that ends at its largest value is set by a single one: in the demo's second layer 88 % of the maps do not reach its half.
"""


def columns_for(tiles: int) -> int:
    """Return how many tiles a row holds: 8 up to 64 tiles, as in 4 x 8 and 8 x 8, otherwise 16."""
    return min(tiles, _ROW_OF_FEW if tiles <= _MANY else _ROW_OF_MANY)


def even_columns(tiles: int) -> int:
    """Return how many tiles a row of at most 8 holds where their order alone counts, so that rows are equally long: 5 for 10."""
    return math.ceil(tiles / math.ceil(tiles / _ROW_OF_FEW))


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


def enlarged(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Return arrays (n, *cells) in which each cell is repeated until they have this size, (n, *size).

    Example:
        >>> enlarged(np.array([[1, 2]]), (5,)).tolist()
        [[1, 1, 1, 2, 2]]
    """
    for axis, (length, cells) in enumerate(zip(size, values.shape[1:], strict=True), start=1):
        values = np.take(values, np.arange(length) * cells // length, axis=axis)
    return values


def percentile_end(percentile: float, *arrays: np.ndarray) -> float:
    """Return the end of a scale: a percentile of the finite magnitudes that are not zero, of all arrays together; 1 for none.

    Args:
        percentile: from 0 to 100.
        arrays: one or more, of any shape.
    """
    found = [array[np.isfinite(array) & (array != 0)] for array in arrays]
    together = found[0] if len(found) == 1 else np.concatenate(found)
    magnitudes = np.abs(together, out=together)
    return float(np.percentile(magnitudes, percentile, overwrite_input=True)) if magnitudes.size else 1.0


def map_reduction(tiles: int, height: int, width: int, pixels: int) -> int:
    """Return the smallest whole factor that brings maps within 96 pixels along each axis and all within so many pixels."""
    factor = max(1, math.ceil(max(height, width) / _WIDEST))
    while tiles * math.ceil(height / factor) * math.ceil(width / factor) > pixels and factor < max(height, width):
        factor += 1
    return factor


def central_slices(volumes: np.ndarray) -> np.ndarray:
    """Return each volume's three central slices side by side, as `slices_through` does."""
    centre = np.array(volumes.shape[1:]) // 2
    return slices_through(volumes, np.broadcast_to(centre, (len(volumes), 3)))


def slices_through(volumes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the three slices through one voxel of each volume side by side, with an empty column between them.

    Args:
        volumes: (N, D, H, W) numbers.
        places: (N, 3) integers, the depth, row and column of each volume's voxel.

    Returns:
        (N, max(H, D), W + W + H + 2) float32: the slices across depth, height and width; NaN where there is nothing.
    """
    each = np.arange(len(volumes))
    planes = (volumes[each, places[:, 0]], volumes[each, :, places[:, 1]], volumes[each, :, :, places[:, 2]])
    tall = max(plane.shape[1] for plane in planes)
    padded = [
        np.pad(plane.astype(np.float32), ((0, 0), (0, tall - plane.shape[1]), (0, 1)), constant_values=np.nan)
        for plane in planes
    ]
    return np.concatenate(padded, axis=2)[:, :, :-1]


@dataclass(frozen=True)
class Pictures:
    """Samples as pictures on one scale.

    Attributes:
        values: (N, H, W) float32, or (N, H, W, 3) with palette COLOUR.
        value_range: ends of the colours: 0 to 255 for bytes, 0 to 1 for what lies within, else as measured.
        palette: GREY or COLOUR; LINES of signals, whose values are (N, C, length).
        reduction: factor by which they are smaller than the samples.
        maxima: (N,) float64, each sample's largest value.
    """

    values: np.ndarray
    value_range: tuple[float, float]
    palette: Palette
    reduction: int
    maxima: np.ndarray


def pictures_of(images: np.ndarray, *, pixels: int) -> Pictures | None:
    """Return samples as pictures, or None for samples that are not images.

    Args:
        images: (N, H, W, C) as stored: 3 and 4 channels are colours, others are averaged; (N, length, C) become strips,
            channels from top to bottom; of (N, D, H, W, C) the three central slices, the channels' mean.
        pixels: most pixels that one picture may have; larger ones shrink by whole factors, to means of blocks.
    """
    if images.ndim == 3:
        images = np.moveaxis(images, -1, 1)[..., None]
    ends = value_range(images)
    maxima = images.reshape(len(images), -1).max(axis=1).astype(np.float64)
    if images.ndim == 5:
        images = central_slices(images.mean(axis=-1, dtype=np.float32))[..., None]
    if images.ndim != 4:
        return None
    reduction = reduction_for(1, images.shape[1], images.shape[2], pixels)
    colour = images.shape[-1] in (3, 4)
    values = images[..., :3] if colour else images.mean(axis=-1, dtype=np.float32)
    return Pictures(
        values=block_means(values, reduction),
        value_range=ends,
        palette=Palette.COLOUR if colour else Palette.GREY,
        reduction=reduction,
        maxima=maxima,
    )


def signals_of(signals: np.ndarray, *, length: int) -> Pictures:
    """Return sequences as signals, of which each channel is a line.

    Args:
        signals: (N, length, C) as stored.
        length: most values that a line may have; longer ones shrink by whole factors, to means of neighbours.
    """
    reduction = reduction_for(1, 1, signals.shape[1], length)
    values = np.moveaxis(signals, -1, 1)[..., None]
    shape = values.shape
    means = block_means(values.reshape(-1, 1, shape[2]), reduction)
    return Pictures(
        values=means.reshape(*shape[:2], -1),
        value_range=value_range(signals),
        palette=Palette.LINES,
        reduction=reduction,
        maxima=signals.reshape(len(signals), -1).max(axis=1).astype(np.float64),
    )


def drawn_samples(images: np.ndarray, *, pixels: int) -> Pictures | None:
    """Return samples as they are shown: sequences as signals, all else as `pictures_of` has it."""
    return signals_of(images, length=SIGNAL_LENGTH) if images.ndim == 3 else pictures_of(images, pixels=pixels)


def value_range(images: np.ndarray) -> tuple[float, float]:
    """Return the ends of the colours for samples: 0 to 255 for bytes, 0 to 1 for what lies within, else as measured."""
    if images.dtype == np.uint8:
        return 0.0, 255.0
    finite = images[np.isfinite(images)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    return (low, high) if high > low else (low, low + 1)
