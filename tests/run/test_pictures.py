"""Evaluated samples side by side."""

import numpy as np
from builders import evaluated_samples

from reportgen.run import side_by_side

IMAGES = np.random.default_rng(2).random((12, 8, 8, 1)).astype(np.float32)


def test_pictures_have_the_numbers_of_their_samples_and_may_stand_for_more() -> None:
    samples = evaluated_samples(IMAGES, first=100)
    grid = side_by_side(samples, [3, 0], total=7)
    assert grid is not None
    assert (grid.labels, grid.columns, grid.total) == (("103", "100"), 2, 7)
    assert np.array_equal(grid.images, IMAGES[[3, 0], ..., 0])
    ten = side_by_side(samples, range(10), pixels=16)
    assert ten is not None
    assert (ten.images.shape, ten.columns, ten.total) == ((10, 4, 4), 8, 10)


def test_without_pictures_there_is_no_grid() -> None:
    assert side_by_side(evaluated_samples(IMAGES), []) is None
    assert side_by_side(evaluated_samples(IMAGES[:, :, 0, 0]), [1]) is None
