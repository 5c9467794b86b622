"""Small images for grids."""

import numpy as np
import pytest

from reportgen.measures.tiles import (
    block_means,
    central_slices,
    columns_for,
    enlarged,
    map_reduction,
    percentile_end,
    reduction_for,
    signals_of,
    slices_through,
    strongest,
)
from reportgen.results.plottables import Palette


@pytest.mark.parametrize(("tiles", "columns"), [(1, 1), (6, 6), (8, 8), (32, 8), (64, 8), (65, 16), (512, 16)])
def test_rows_hold_eight_tiles_up_to_64_and_sixteen_beyond(tiles: int, columns: int) -> None:
    assert columns_for(tiles) == columns


def test_strongest_are_the_largest_in_ascending_order() -> None:
    assert strongest(np.array([1.0, 5.0, 3.0, 4.0]), 2) == (1, 3)


def test_ties_go_to_the_lower_index_and_nan_comes_last() -> None:
    assert strongest(np.array([2.0, 2.0, 2.0]), 2) == (0, 1)
    assert strongest(np.array([np.nan, 1.0, 2.0]), 2) == (1, 2)
    assert strongest(np.array([1.0, 2.0]), 9) == (0, 1)


@pytest.mark.parametrize(
    ("tiles", "height", "width", "pixels", "factor"),
    [(1, 28, 28, 784, 1), (1, 28, 28, 783, 2), (64, 112, 112, 64 * 28 * 28, 4), (10, 1, 7, 10, 7), (99, 4, 4, 1, 4)],
)
def test_reduction_is_the_smallest_factor_that_fits(
    tiles: int, height: int, width: int, pixels: int, factor: int
) -> None:
    assert reduction_for(tiles, height, width, pixels) == factor


def test_block_means_average_whole_and_partial_blocks() -> None:
    image = np.arange(15.0).reshape(1, 3, 5)
    expected = [[[(0 + 1 + 5 + 6) / 4, (2 + 3 + 7 + 8) / 4, (4 + 9) / 2], [(10 + 11) / 2, (12 + 13) / 2, 14]]]
    assert block_means(image, 2).tolist() == expected


def test_block_means_keep_colours_apart() -> None:
    image = np.stack([np.zeros((2, 2)), np.full((2, 2), 8.0), np.eye(2)], axis=-1)[None]
    assert block_means(image, 2).tolist() == [[[[0, 8, 0.5]]]]


def test_factor_one_changes_nothing_but_the_type() -> None:
    image = np.array([[[0, 255]]], np.uint8)
    assert block_means(image, 1).dtype == np.float32
    assert block_means(image, 1).tolist() == [[[0, 255]]]


def test_a_scale_ends_at_a_percentile_of_the_finite_magnitudes_that_are_not_zero() -> None:
    values = np.concatenate([np.zeros(900), -np.arange(1, 102.0), [np.nan, np.inf]])
    assert percentile_end(98, values) == 99
    assert percentile_end(98, values[:950], values[950:]) == 99
    assert percentile_end(100, values) == 101


def test_a_scale_of_nothing_ends_at_one() -> None:
    assert percentile_end(98, np.zeros(3)) == percentile_end(98, np.empty(0), np.array([np.nan])) == 1


@pytest.mark.parametrize(
    ("tiles", "size", "pixels", "factor"),
    [(1, 96, 10**6, 1), (1, 97, 10**6, 2), (64, 112, 10**6, 2), (1, 224, 10**6, 3), (64, 28, 64 * 28 * 28 - 1, 2)],
)
def test_maps_shrink_until_eight_stand_beside_their_sample_and_all_fit(
    tiles: int, size: int, pixels: int, factor: int
) -> None:
    assert map_reduction(tiles, size, size, pixels) == factor


def test_central_slices_stand_side_by_side() -> None:
    volume = np.arange(2 * 3 * 4.0).reshape(1, 2, 3, 4)
    (slices,) = central_slices(volume)
    np.testing.assert_array_equal(slices[:, :4], volume[0, 1])
    np.testing.assert_array_equal(slices[:2, 5:9], volume[0, :, 1])
    np.testing.assert_array_equal(slices[:2, 10:13], volume[0, :, :, 2])
    assert np.isnan(slices[:, [4, 9]]).all()
    assert np.isnan(slices[2, 5:]).all()
    assert slices.shape == (3, 13)
    (through,) = slices_through(volume, np.array([[0, 2, 3]]))
    np.testing.assert_array_equal(through[:, :4], volume[0, 0])
    np.testing.assert_array_equal(through[:2, 5:9], volume[0, :, 2])
    np.testing.assert_array_equal(through[:2, 10:13], volume[0, :, :, 3])


def test_cells_are_repeated_along_every_axis_until_they_have_the_size() -> None:
    cells = np.array([[[1, 2], [3, 4]]])
    assert enlarged(cells, (3, 5)).tolist() == [[[1, 1, 1, 2, 2], [1, 1, 1, 2, 2], [3, 3, 3, 4, 4]]]
    assert enlarged(cells, (2, 2)).tolist() == cells.tolist()


def test_signals_keep_their_channels_and_shrink_along_time() -> None:
    drawn = signals_of(np.arange(20, dtype=np.float32).reshape(1, 10, 2), length=5)
    assert drawn.values.tolist() == [[[1, 5, 9, 13, 17], [2, 6, 10, 14, 18]]]
    assert (drawn.reduction, drawn.value_range, drawn.palette) == (2, (0, 19), Palette.LINES)
    assert drawn.maxima.tolist() == [19]
