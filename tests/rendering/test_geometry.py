import numpy as np
import pytest

from reportgen.rendering.geometry import geometry_of, label_text, matrix_grid
from reportgen.results import ImageGrid, Matrix, Palette


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
