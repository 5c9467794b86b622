"""What can be drawn."""

import math

import numpy as np

from reportgen.results.plottables import ImageGrid, Palette


def grid(values: list[float]) -> ImageGrid:
    images = np.array(values, np.float32).reshape(1, 1, -1)
    return ImageGrid(images, ("0",), (-1, 1), 1, Palette.SEQUENTIAL, 1, np.array([np.nan]))


def test_a_grid_is_described_by_its_finite_values() -> None:
    tiles = grid([1.0, math.nan, 3.0, -math.inf, 8.0])
    assert (tiles.lowest, tiles.highest, tiles.mean) == (1.0, 8.0, 4.0)
    assert math.isnan(tiles.largest)


def test_a_grid_without_a_finite_value_has_no_range() -> None:
    assert all(
        math.isnan(value) for value in (grid([math.nan]).lowest, grid([math.nan]).highest, grid([math.nan]).mean)
    )


def test_the_largest_value_is_that_of_the_finite_maxima() -> None:
    tiles = ImageGrid(
        np.zeros((3, 1, 1)), ("0", "1", "2"), (0, 1), 3, Palette.SEQUENTIAL, 3, np.array([2.5, np.nan, 3.61])
    )
    assert tiles.largest == 3.61
