"""Tests of attribution maps: do they depend on the weights, and is what they mark what the class needs?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DELETED = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the image that are masked, one after the other."""

RANDOM_ORDERS = 3
"""Random orders that a map's order is compared with."""

_CELLS = 14  # a map is deleted in at most so many cells along each axis: single pixels of a large image say little


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two maps, -1 to 1; NaN where one is constant or not finite.

    Args:
        first, second: of one shape; equal values share their mean rank.
    """
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    ranks = [_ranks(values.ravel()) for values in (first, second)]
    centred = [values - values.mean() for values in ranks]
    scale = np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum())
    return float((centred[0] * centred[1]).sum() / scale) if scale else float("nan")


def _ranks(values: np.ndarray) -> np.ndarray:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(sizes) - (sizes - 1) / 2)[group.ravel()])


def completeness_error(total: float, difference: float) -> float:
    """Return by which share a map's sum misses the difference of logits that it should explain.

    Source: Sundararajan et al., arXiv 1703.01365, proposition 1.
    """
    return abs(total - difference) / max(abs(difference), 1e-6)


def cells_of(maps: np.ndarray) -> np.ndarray:
    """Return maps (n, h, w) as sums over the cells that are deleted, (n, rows, columns), at most 14 of each."""
    for axis in (1, 2):
        starts = np.arange(0, maps.shape[axis], -(-maps.shape[axis] // _CELLS))
        maps = np.add.reduceat(maps, starts, axis=axis)
    return maps


def deletion_areas(
    maps: np.ndarray,
    inputs: np.ndarray,
    fill: np.ndarray,
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    seed: int,
    channels_first: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the areas under the class's score while cells are masked, (n,) each: in the maps' order, and at random.

    A map that marks what the class needs has the smaller area. Cells that are equal in a map, as all that are zero, follow
    one another at random.

    Args:
        maps: (n, h, w) float32; the largest values are masked first.
        inputs: (n, *shape) float32 with two spatial axes.
        fill: what a masked pixel holds: (channels,) float32.
        score: returns the score of the class of each input's sample, (m,) in [0, 1], for inputs (m, *shape) and the
            position of each one's sample, (m,) int64.
        seed: of the random orders.
        channels_first: whether the inputs' first axis is their channels.

    Source: Petsiuk et al., RISE, arXiv 1806.07421, section 3.2: the deletion metric.
    """
    count = len(maps)
    gone = _masks(cells_of(maps), inputs.shape[2:] if channels_first else inputs.shape[1:3], seed)
    of_sample = np.repeat(np.arange(count), len(gone) // count)
    axis = 1 if channels_first else -1
    colours = fill.reshape(-1, 1, 1) if channels_first else fill
    without = np.where(np.expand_dims(gone, axis), colours, inputs[of_sample]).astype(np.float32)
    empty = np.broadcast_to(colours, inputs.shape).astype(np.float32)
    everyone = np.arange(count)
    ends = score(np.concatenate([inputs, empty]), np.concatenate([everyone, everyone])).reshape(2, count, 1, 1)
    middle = score(without, of_sample).reshape(count, -1, len(DELETED))
    first, last = (np.broadcast_to(end, (*middle.shape[:2], 1)) for end in ends)
    areas = _area(np.concatenate([first, middle, last], axis=2))
    return areas[:, 0], areas[:, 1:].mean(axis=1)


def _masks(cells: np.ndarray, size: tuple[int, ...], seed: int) -> np.ndarray:
    """Return what is masked at each step, (n * orders * steps, height, width) bool: the map's own order comes first."""
    count, rows, columns = cells.shape
    orders = _orders(cells.reshape(count, -1), seed)  # (n, 1 + RANDOM_ORDERS, cells), the position of each cell
    masked = [max(1, round(share * rows * columns)) for share in DELETED]
    gone = np.stack([orders < number for number in masked], axis=2).reshape(-1, rows, columns)
    return gone[:, np.arange(size[0]) * rows // size[0]][:, :, np.arange(size[1]) * columns // size[1]]


def _orders(cells: np.ndarray, seed: int) -> np.ndarray:
    """Return when each cell is masked, (n, 1 + RANDOM_ORDERS, cells): by falling value, then at random."""
    generator = np.random.default_rng(seed)
    shape = (len(cells), 1 + RANDOM_ORDERS, cells.shape[1])
    keys = np.zeros(shape)
    keys[:, 0] = -np.nan_to_num(cells)
    order = np.lexsort((generator.random(shape), keys), axis=-1)
    return np.argsort(order, axis=-1)


def _area(curves: np.ndarray) -> np.ndarray:
    widths = np.diff([0.0, *DELETED, 1.0])
    return np.asarray(((curves[..., 1:] + curves[..., :-1]) / 2 * widths).sum(axis=-1))
