"""Patches of samples, cut and shrunk."""

import numpy as np
import pytest

from reportgen.measures.tiles import block_means
from reportgen.run.patches import _shrunk, cut


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
@pytest.mark.parametrize("rows", [slice(-7, 21), slice(0, 9), slice(2, 5), slice(-9, -1), slice(9, 12), slice(7, 30)])
def test_a_shrunk_patch_is_what_block_means_make_of_the_whole_window(rows: slice, factor: int) -> None:
    image = np.random.default_rng(0).random((9, 11, 3)).astype(np.float32)
    window = (rows, slice(-4, 13))
    np.testing.assert_array_equal(_shrunk(image, window, factor), block_means(cut(image, window)[None], factor)[0])


def test_a_window_far_larger_than_its_picture_is_not_cut_whole() -> None:
    window = (slice(-(10**5), 10**5), slice(-(10**5), 10**5))
    assert _shrunk(np.ones((4, 4), np.float32), window, 100).shape == (2000, 2000)
