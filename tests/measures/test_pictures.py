"""Numbers of whole pictures, by hand and against SciPy's."""

import numpy as np
import pytest
from scipy import stats

from reportgen.measures.pictures import PictureNumbers, picture_numbers

GENERATOR = np.random.default_rng(6)


def test_brightness_and_contrast_are_mean_and_deviation_of_the_grey_values() -> None:
    pictures = GENERATOR.integers(0, 256, (5, 9, 8, 3)).astype(np.uint8)
    found = picture_numbers(pictures, (0, 255))
    for place, picture in enumerate(pictures):
        described = stats.describe(picture.mean(axis=2), axis=None, ddof=0)
        assert found.brightness[place] == pytest.approx(described.mean)
        assert found.contrast[place] == pytest.approx(np.sqrt(described.variance))


def test_an_object_has_its_share_of_the_picture_also_where_its_grey_is_that_of_the_background() -> None:
    pictures = np.full((2, 20, 20, 3), 100, np.uint8)
    pictures[0, 5:10, 4:12] = [130, 100, 70]  # another colour, the same grey
    pictures[1, 5:10, 4:12] = 120  # within a tenth of the range
    assert picture_numbers(pictures, (0, 255)).unlike.tolist() == [0.1, 0.0]


def test_batches_are_joined_in_order() -> None:
    pictures = GENERATOR.random((7, 6, 5, 1)).astype(np.float32)
    parts = [picture_numbers(part, (0, 1)) for part in (pictures[:4], pictures[4:])]
    joined, whole = PictureNumbers.joined(parts), picture_numbers(pictures, (0, 1))
    for name in ("brightness", "contrast", "unlike"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
