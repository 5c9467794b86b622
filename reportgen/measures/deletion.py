"""Whether what a map marks is what the class needs: cells are deleted in the map's order, and in random ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from reportgen.measures.tiles import enlarged
from reportgen.progress import counted_off

DELETED = (0.1, 0.3)
"""Shares of the image that are deleted, one after the other. More of them tell hardly more, and each costs as many passes."""

LOOKS = (8, 16, 40, 80, 160)
"""Numbers of random orders after which it is asked whether more could change the verdict. Most maps are decided by the first
three; one at the limit itself never is."""

FIRST_LOOK = (1 + LOOKS[0]) * len(DELETED)
"""Inputs that are scored until it is asked first: 18 for each map."""

AS_GOOD = 0.05
"""Share of random orders that may do as well as the map's own: the usual level of a rank test."""

_CERTAIN = NormalDist().inv_cdf(
    0.995
)  # of the 99 % interval of a distance: 1 in 100 of the maps at the limit are decided
_CELLS = {1: 49, 2: 7, 3: 4}
"""Cells along each axis, at most, by the number of axes along which a map has several: about 50 in all. Coarse cells take away
whole parts of an object, single pixels say little."""
_LEAST = 1e-6  # of a probability, of its complement and of a difference: float32 cannot tell more
_BYTES = 2**26  # of masked copies at a time


@dataclass(frozen=True)
class DeletionTest:
    """How a map's order compares with random ones.

    Attributes:
        distance: by how many standard deviations of random orders the area under the map's curve is below their mean; NaN where
            no order changes the score by more than a millionth, which is noise, and where a score is not known.
        orders: number of random orders; 0 for a map that was not tested.
        as_good: number of them that do as well as the map's order or better.
    """

    distance: float
    orders: int
    as_good: int


def is_better_than_random(test: DeletionTest, limit: float = AS_GOOD) -> bool | None:
    """Return whether at most a share of the random orders does as well as a map's; None where more orders could change that.

    That they could is told by the distance: its 99 % interval includes the one which so many random orders have.

    Args:
        test: the map's test.
        limit: share of random orders, between 0 and 1.

    Source: for orders whose areas are normal, the distance d of n orders has a variance of 1 / n + d^2 / (2 (n - 1)). Simulated
    with normal and skewed areas, a map changed from passed to failed by other random orders in less than 1 of 100 cases, but
    for areas skewed to the map's side and a map within 0.2 of the limit, in 5.
    """
    if not np.isfinite(test.distance):
        return None
    needed = NormalDist().inv_cdf(1 - min(max(limit, _LEAST), 1 - _LEAST))
    error = _CERTAIN * np.sqrt(1 / test.orders + max(test.distance, needed) ** 2 / (2 * (test.orders - 1)))
    if test.as_good <= limit * test.orders and test.distance - error > needed:
        return True
    if test.as_good > limit * test.orders and test.distance + error < needed:
        return False
    return None


def cells_of(maps: np.ndarray) -> np.ndarray:
    """Return maps (n, h, w) as sums over the cells that are deleted, (n, rows, columns); maps of volumes (n, d, h, w) likewise.

    There are at most 7 along each axis, of volumes 4, and at most 49 along a map with a single row or column.
    """
    most = _CELLS[max(1, sum(size > 1 for size in maps.shape[1:]))]
    for axis in range(1, maps.ndim):
        starts = np.arange(0, maps.shape[axis], -(-maps.shape[axis] // most))
        maps = np.add.reduceat(maps, starts, axis=axis)
    return maps


def deletion_tests(
    maps: np.ndarray,
    inputs: np.ndarray,
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    seed: int,
    limit: float = AS_GOOD,
    most: int | None = None,
    chosen: Sequence[int] | None = None,
) -> tuple[DeletionTest, ...]:
    """Return the test of each map, n of them, each with as many random orders as its verdict needs, at most 160.

    Where not all may be needed can be paid for, map after map is followed until it is decided, and those for which not even 8
    orders are left are not tested: 8 orders alone decide a quarter of the true maps that 160 do.

    Compared are the areas under the curve of the class's log odds while cells give way to a blurred copy of the image, from
    which most of what can be told is gone, but which has no new edges. Its ends, the whole image and none of it, are the same
    for all orders and cancel out. Cells that are equal in a map, as all that are zero, follow one another in an order that does
    not depend on the seed.

    Args:
        maps: (n, h, w) or (n, d, h, w) float32; the largest values are deleted first.
        inputs: (n, *shape) float32 with as many spatial axes.
        score: returns the score of the class of each input's sample, (m,) in [0, 1], for inputs (m, *shape) and the
            position of each one's sample, (m,) int64.
        seed: seed of the random orders.
        limit: share of random orders that may do as well, up to which a verdict is looked for.
        most: most inputs that are scored; None for as many as the verdicts need.
        chosen: positions of the maps that are tested, the others having nothing to test; None for all.

    Source: Petsiuk et al., RISE, arXiv 1806.07421 (the deletion metric: the area under the curve); Samek et al.,
    arXiv 1509.06321 (a random heatmap as what others are compared with); Fong and Vedaldi, arXiv 1704.03296 (deletion by a
    blur). Log odds instead of probabilities, shares, cells and the numbers of orders are our choice.
    """
    tests = [DeletionTest(math.nan, 0, 0) for _ in maps]
    if chosen is None:
        chosen = range(len(maps))
    if not len(chosen):
        return tuple(tests)
    cells = cells_of(maps)
    masked = _Masked(inputs, blurred(inputs), score)
    generators = [np.random.default_rng((seed, number)) for number in range(len(maps))]
    own = _positions(-np.nan_to_num(cells.reshape(len(cells), 1, -1)), np.random.default_rng(0).random)
    curves = [np.empty((0, len(DELETED))) for _ in maps]

    def follow(open_maps: list[int], left: int) -> int:
        """Draw orders for these maps until all are decided, or nothing is left; return how many inputs may still be scored."""
        known = 0
        for look in LOOKS:
            first = 0 if known else 1  # the map's own order
            orders = min(look - known, left // (len(DELETED) * len(open_maps)) - first)
            if orders < (1 if known else LOOKS[0]):
                break
            drawn = [_drawn(generators[n], orders, cells[n].size) for n in open_maps]
            asked = np.array([np.concatenate([own[n][:first], more]) for n, more in zip(open_maps, drawn, strict=True)])
            for n, found in zip(open_maps, masked.scores(open_maps, asked, cells.shape[1:]), strict=True):
                curves[n] = np.concatenate([curves[n], found])
                tests[n] = _tested(curves[n])
            known, left = known + orders, left - (orders + first) * len(DELETED) * len(open_maps)
            # where nothing has an effect, more orders have none
            open_maps = [
                n
                for n in open_maps
                if np.isfinite(tests[n].distance) and is_better_than_random(tests[n], limit) is None
            ]
            if not open_maps or known < look:
                break
        return left

    needed = len(chosen) * (1 + LOOKS[-1]) * len(DELETED)
    if most is None or most >= needed:
        follow(list(chosen), needed)
    else:
        for n in chosen:
            most = follow([n], most)
    return tuple(tests)


def _tested(known: np.ndarray) -> DeletionTest:
    """Return the test of scores (1 + orders, steps), the map's own order first."""
    areas = np.log(known / (1 - known)) @ _widths()
    orders = len(areas) - 1
    as_good = int((areas[1:] <= areas[0]).sum())
    if not np.ptp(known, axis=0).max() > _LEAST:
        return DeletionTest(math.nan, orders, as_good)
    spread = max(float(areas[1:].std(ddof=1)), _LEAST)
    return DeletionTest(float((areas[1:].mean() - areas[0]) / spread), orders, as_good)


def blurred(inputs: np.ndarray) -> np.ndarray:
    """Return images in which each value is the mean of a window of half the image's height and width around it, float32.

    Beyond the border the image's own edge goes on. Of volumes the window also has half the depth.

    Args:
        inputs: (n, *shape) float32 with two or three spatial axes.
    """
    values = inputs.astype(np.float64)
    for axis in range(1, inputs.ndim - 1):
        reach = inputs.shape[axis] // 4
        padding = [(0, 0)] * inputs.ndim
        padding[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(values, padding, mode="edge"), axis=axis)
        window = 2 * reach + 1
        ahead = np.take(sums, np.arange(window, sums.shape[axis]), axis=axis)
        behind = np.take(sums, np.arange(sums.shape[axis] - window), axis=axis)
        values = (ahead - behind) / window
    return values.astype(np.float32)


@dataclass(frozen=True)
class _Masked:
    """Scores copies of images with cells deleted."""

    inputs: np.ndarray
    instead: np.ndarray
    score: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def scores(self, samples: Sequence[int], orders: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
        """Return the scores (samples, orders, steps) for orders (samples, orders, cells) of a grid's cells."""
        size = self.inputs.shape[1:-1]
        positions = np.repeat(samples, orders.shape[1])
        rows = orders.reshape(len(positions), orders.shape[-1])
        at_once = max(1, _BYTES // (len(DELETED) * self.inputs[0].nbytes))
        parts = []
        for start in counted_off(range(0, len(rows), at_once), len(rows), size=at_once):
            masks = np.expand_dims(_masks(rows[start : start + at_once], grid, size), -1)
            each = np.repeat(positions[start : start + at_once], len(DELETED))
            parts.append(_within(self.score(np.where(masks, self.instead[each], self.inputs[each]), each)))
        return np.concatenate(parts).reshape(len(samples), orders.shape[1], len(DELETED))


def _masks(orders: np.ndarray, grid: tuple[int, ...], size: tuple[int, ...]) -> np.ndarray:
    """Return what is deleted at each step of each order, (orders x steps, *size) bool, for orders (orders, cells)."""
    deleted = [max(1, round(share * orders.shape[-1])) for share in DELETED]
    gone = np.stack([orders < number for number in deleted], axis=1).reshape(-1, *grid)
    return enlarged(gone, size)


def _drawn(generator: np.random.Generator, orders: int, cells: int) -> np.ndarray:
    """Return when each cell is deleted in random orders, (orders, cells)."""
    return np.argsort(np.argsort(generator.random((orders, cells)), axis=-1), axis=-1)


def _positions(keys: np.ndarray, ties: Callable[[tuple[int, ...]], np.ndarray]) -> np.ndarray:
    """Return the position of each key along the last axis, in rising order; ties are broken by random numbers."""
    order = np.lexsort((ties(keys.shape), keys), axis=-1)
    return np.asarray(np.argsort(order, axis=-1))


def _within(scores: np.ndarray) -> np.ndarray:
    return np.clip(scores.astype(np.float64), _LEAST, 1 - _LEAST)


def _widths() -> np.ndarray:
    """Return how much of the area each step of the curve stands for, by trapezoids; its ends are left out."""
    shares = np.array([0.0, *DELETED, 1.0])
    return np.asarray((shares[2:] - shares[:-2]) / 2)
