from dataclasses import replace

import numpy as np
import pytest

from reportgen.rendering.geometry import (
    axis_texts,
    fitting,
    geometry_of,
    geometry_of_matrix,
    label_text,
    level,
    matrix_grid,
)
from reportgen.results.plottables import ImageGrid, Matrix, Palette


def grid_of(count: int, height: int, width: int, columns: int) -> ImageGrid:
    labels = tuple(map(str, range(count)))
    images = np.zeros((count, height, width), np.float32)
    return ImageGrid(images, labels, (0, 1), count, Palette.SEQUENTIAL, columns, np.zeros(count))


@pytest.mark.parametrize(
    ("grid", "scale", "row_gap", "width", "height"),
    [
        (grid_of(32, 28, 28, 8), 2, 7, 231, 140),
        (grid_of(64, 14, 14, 8), 4, 4, 119, 144),
        (grid_of(32, 3, 3, 8), 15, 1, 31, 16),
        (grid_of(1, 28, 28, 1), 16, 0, 28, 28),
        (grid_of(64, 1, 64, 1), 7, 0, 64, 64),
        (grid_of(8, 112, 112, 8), 1, 14, 903, 126),
    ],
)
def test_grids_are_enlarged_by_whole_multiples_that_fit_two_beside_each_other(grid, scale, row_gap, width, height):
    geometry = geometry_of(grid)
    assert (geometry.scale, geometry.row_gap, geometry.width, geometry.height) == (scale, row_gap, width, height)


def test_labels_stand_in_rows_with_tabs_between_them():
    assert label_text(grid_of(3, 28, 28, 2), ("0.1", "0.2", "∅")) == "0 0.1\t1 0.2\n2 ∅"


def test_values_are_left_out_where_they_do_not_fit():
    assert label_text(grid_of(9, 14, 14, 9), ("12345.67",) * 9).split("\t")[:3] == ["0", "1", "2"]


def test_labels_are_left_out_where_even_they_do_not_fit():
    assert label_text(grid_of(64, 1, 64, 1), ()) == ""


def test_equal_geometries_share_a_class():
    assert geometry_of(grid_of(4, 3, 3, 4)).css_class == geometry_of(grid_of(4, 3, 3, 4)).css_class
    assert geometry_of(grid_of(4, 3, 3, 4)).css_class != geometry_of(grid_of(4, 3, 3, 2)).css_class


def test_a_matrix_is_a_picture_of_the_shares_of_each_row():
    grid = matrix_grid(Matrix(np.array([[3, 1], [0, 0]]), ("cat", "dog")))
    np.testing.assert_array_equal(grid.images, [[[0.75, 0.25], [np.nan, np.nan]]])
    assert (grid.value_range, grid.palette, grid.maxima.tolist()) == ((0, 1), Palette.SEQUENTIAL, [0.75])


def test_a_matrix_of_a_hundred_classes_has_four_pixels_for_each():
    grid = matrix_grid(Matrix(np.eye(100, dtype=np.int64), tuple(map(str, range(100)))))
    assert geometry_of(grid).scale == 4


def test_strips_grow_as_long_as_all_of_them_stay_within_384_pixels():
    assert [geometry_of(grid_of(count, 1, 16, 1)).scale for count in (16, 24, 32, 64)] == [16, 16, 12, 8]


@pytest.mark.parametrize(("palette", "size", "scale"), [("grey", 28, 4), ("grey", 200, 1), ("sequential", 28, 16)])
def test_the_picture_of_one_sample_is_within_128_pixels_where_it_can_be(palette, size, scale):
    assert geometry_of(replace(grid_of(1, size, size, 1), palette=Palette(palette))).scale == scale


def test_the_sign_of_a_silent_channel_stays_where_values_do_not_fit():
    assert label_text(grid_of(9, 14, 14, 9), ("12345.67",) * 8 + ("∅",)).split("\t")[7:] == ["7", "8∅"]


def test_strips_have_numbers_at_their_rows_and_columns():
    grid = replace(grid_of(12, 1, 32, 1), labels=tuple(str(index + 100) for index in range(12)))
    geometry = geometry_of(grid)
    assert (geometry.scale, geometry.pitch, geometry.step) == (15, 1, 2)
    across, down = axis_texts(grid, geometry)
    assert across.split("\t") == [str(column) for column in range(0, 32, 2)]
    assert down.split("\n") == ["100", "102", "104", "106", "108", "110"]


def test_a_strip_of_several_rows_has_its_number_at_the_first():
    grid = grid_of(3, 4, 5, 1)
    geometry = geometry_of(grid)
    assert (geometry.scale, geometry.pitch, geometry.step) == (16, 4, 4)
    assert axis_texts(grid, geometry) == ("0\t4", "0\n1\n2")


@pytest.mark.parametrize(("classes", "scale", "step"), [(13, 16, 2), (100, 4, 10)])
def test_the_classes_of_a_matrix_are_numbered_on_both_axes(classes, scale, step):
    matrix = Matrix(np.eye(classes, dtype=np.int64), tuple(map(str, range(classes))))
    geometry = geometry_of_matrix(matrix)
    assert (geometry.scale, geometry.pitch, geometry.step) == (scale, 1, step)
    across, down = axis_texts(matrix_grid(matrix), geometry)
    assert across.split("\t") == down.split("\n") == [str(index) for index in range(0, classes, step)]


def test_a_picture_and_a_matrix_of_one_size_have_different_classes():
    matrix = Matrix(np.eye(13, dtype=np.int64), tuple(map(str, range(13))))
    assert geometry_of_matrix(matrix).css_class != geometry_of(matrix_grid(matrix)).css_class


def test_two_grids_beside_each_other_are_brought_to_about_the_same_height():
    wide, high = grid_of(32, 28, 28, 8), grid_of(64, 14, 14, 8)
    assert [grid.columns for grid in level([wide, high])] == [4, 8]
    assert [geometry_of(grid).height * geometry_of(grid).scale for grid in level([wide, high])] == [560, 576]


@pytest.mark.parametrize("grids", [[(32, 28, 28, 8)], [(16, 32, 32, 8)] * 2, [(32, 28, 28, 8), (64, 1, 64, 1)]])
def test_grids_that_leave_no_hole_or_are_not_two_keep_their_columns(grids):
    grids = [grid_of(*sizes) for sizes in grids]
    assert level(grids) == grids


@pytest.mark.parametrize(("characters", "expected"), [(1, "a"), (40, "bb")])
def test_values_under_tiles_are_the_longest_that_fit(characters, expected):
    grid = ImageGrid(np.zeros((2, 8, 8)), ("0", "1"), (0, 1), 2, Palette.GREY, 2, np.zeros(2))
    choices = (["a" * characters] * 2, ["bb"] * 2)
    assert fitting(choices, grid) == (expected, expected)


@pytest.mark.parametrize(("channels", "height"), [(1, 56), (6, 336), (12, 336), (64, 640)])
def test_a_signal_is_480_pixels_wide_and_its_channels_share_336_while_each_has_10(channels: int, height: int) -> None:
    values = np.zeros((1, channels, 100), np.float32)
    geometry = geometry_of(ImageGrid(values, ("3",), (0, 1), 1, Palette.LINES, 1, np.zeros(1)))
    assert (geometry.width, geometry.height, geometry.scale, geometry.step) == (480, height, 1, 0)
