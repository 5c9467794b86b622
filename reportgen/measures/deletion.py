"""Whether what a map marks is what the class needs: cells are deleted in the map's order, and in random ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

DELETED = (0.1, 0.3)
"""Shares of the image that are deleted, one after the other. More of them tell hardly more, and each costs as many passes."""

RANDOM_ORDERS = 8
"""Random orders that a map's order is compared with. With eight, another random one is better by 2 of their standard deviations
in 5 of 100 cases, if areas are normal: 2 / sqrt(1 + 1 / 8) is the 95 % quantile of Student's t with 7 degrees of freedom."""

_CELLS = 7  # along each axis, at most: coarse cells take away whole parts of an object, single pixels say little
_LEAST = 1e-6  # of a probability, of its complement and of a difference: float32 cannot tell more
_BYTES = 2**26  # of masked copies at a time


def cells_of(maps: np.ndarray) -> np.ndarray:
    """Return maps (n, h, w) as sums over the cells that are deleted, (n, rows, columns), at most 7 of each."""
    for axis in (1, 2):
        starts = np.arange(0, maps.shape[axis], -(-maps.shape[axis] // _CELLS))
        maps = np.add.reduceat(maps, starts, axis=axis)
    return maps


def deletion_distances(
    maps: np.ndarray,
    inputs: np.ndarray,
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    seed: int,
    channels_first: bool = False,
) -> np.ndarray:
    """Return by how many standard deviations the area under each map's deletion curve is below those of random orders, (n,).

    The curve is that of the class's log odds while cells give way to a blurred copy of the image, from which most of what can
    be told is gone, but which has no new edges. Its ends, the whole image and none of it, are the same for all orders and
    cancel out. Cells that are equal in a map, as all that are zero, follow one another at random. NaN where the scores are not
    known, and where those of all orders lie within a millionth of one another: that is noise and decides nothing.

    Args:
        maps: (n, h, w) float32; the largest values are deleted first.
        inputs: (n, *shape) float32 with two spatial axes.
        score: returns the score of the class of each input's sample, (m,) in [0, 1], for inputs (m, *shape) and the
            position of each one's sample, (m,) int64.
        seed: seed of the random orders.
        channels_first: whether the inputs' first axis is their channels.

    Source: Petsiuk et al., RISE, arXiv 1806.07421 (the deletion metric: the area under the curve); Samek et al.,
    arXiv 1509.06321 (a random heatmap as what others are compared with); Fong and Vedaldi, arXiv 1704.03296 (deletion by a
    blur). Log odds instead of probabilities, shares, cells and the number of orders are our choice.
    """
    size = inputs.shape[2:] if channels_first else inputs.shape[1:3]
    gone = _masks(cells_of(maps), size, seed)
    copies = gone.shape[1] * gone.shape[2]
    at_once = max(1, _BYTES // (copies * inputs[0].nbytes)) if len(inputs) else 1
    parts = _masked(gone, inputs, blurred(inputs, channels_first=channels_first), at_once, channels_first)
    known = np.concatenate([_within(score(*part)) for part in parts]).reshape(-1, 1 + RANDOM_ORDERS, len(DELETED))
    areas = np.log(known / (1 - known)) @ _widths()
    spread = np.maximum(areas[:, 1:].std(axis=1, ddof=1), _LEAST)
    difference = areas[:, 1:].mean(axis=1) - areas[:, 0]
    decided = np.ptp(known, axis=1).max(axis=1) > _LEAST
    return np.asarray(np.where(decided, difference / spread, np.nan))


def blurred(inputs: np.ndarray, *, channels_first: bool = False) -> np.ndarray:
    """Return images in which each value is the mean of a window of half the image's height and width around it, float32.

    Beyond the border the image's own edge goes on.

    Args:
        inputs: (n, *shape) float32 with two spatial axes.
        channels_first: whether their first axis is their channels.
    """
    values = inputs.astype(np.float64)
    for axis in (2, 3) if channels_first else (1, 2):
        reach = inputs.shape[axis] // 4
        padding = [(0, 0)] * inputs.ndim
        padding[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis)
        window = 2 * reach + 1
        ahead = np.take(sums, np.arange(window, sums.shape[axis]), axis=axis)
        behind = np.take(sums, np.arange(sums.shape[axis] - window), axis=axis)
        values = (ahead - behind) / window
    return values.astype(np.float32)


def _masked(
    gone: np.ndarray, inputs: np.ndarray, instead: np.ndarray, at_once: int, channels_first: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the masked copies of so many samples at a time, and the position of each one's sample."""
    for start in range(0, len(inputs), at_once):
        masks = gone[start : start + at_once]
        positions = np.repeat(np.arange(start, start + len(masks)), masks.shape[1] * masks.shape[2])
        flat = np.expand_dims(masks.reshape(-1, *masks.shape[3:]), 1 if channels_first else -1)
        yield np.where(flat, instead[positions], inputs[positions]), positions


def _masks(cells: np.ndarray, size: tuple[int, ...], seed: int) -> np.ndarray:
    """Return what is deleted, (n, 1 + RANDOM_ORDERS, steps, height, width) bool: the map's own order comes first."""
    count, rows, columns = cells.shape
    orders = _orders(cells.reshape(count, -1), seed)  # the position of each cell
    deleted = [max(1, round(share * rows * columns)) for share in DELETED]
    gone = np.stack([orders < number for number in deleted], axis=2).reshape(*orders.shape[:2], -1, rows, columns)
    down, across = (np.arange(length) * cells // length for length, cells in zip(size, (rows, columns), strict=True))
    return np.asarray(gone[..., down, :][..., across])


def _orders(cells: np.ndarray, seed: int) -> np.ndarray:
    """Return when each cell is deleted, (n, 1 + RANDOM_ORDERS, cells): by falling value, then at random."""
    generator = np.random.default_rng(seed)
    shape = (len(cells), 1 + RANDOM_ORDERS, cells.shape[1])
    keys = np.zeros(shape)
    keys[:, 0] = -np.nan_to_num(cells)
    order = np.lexsort((generator.random(shape), keys), axis=-1)
    return np.argsort(order, axis=-1)


def _within(scores: np.ndarray) -> np.ndarray:
    return np.clip(scores.astype(np.float64), _LEAST, 1 - _LEAST)


def _widths() -> np.ndarray:
    """Return how much of the area each step of the curve stands for, by trapezoids; its ends are left out."""
    shares = np.array([0.0, *DELETED, 1.0])
    return np.asarray((shares[2:] - shares[:-2]) / 2)
