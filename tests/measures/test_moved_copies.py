"""Pictures that are others moved or mirrored, against the correlation of every alignment written out."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from reportgen.measures.moved_copies import FARTHEST, moved_copies

GENERATOR = np.random.default_rng(0)
BLOBS = GENERATOR.normal(size=(12, 16, 18, 2))


def correlations(one, other):
    """Return the correlation of two pictures at each move within reach, by its (down, right)."""
    height, width = one.shape[:2]
    found = {}
    for down in range(-FARTHEST, FARTHEST + 1):
        for right in range(-FARTHEST, FARTHEST + 1):
            pairs = [
                (one[y + down, x + right], other[y, x])
                for y in range(height)
                for x in range(width)
                if 0 <= y + down < height and 0 <= x + right < width
            ]
            values = np.array(pairs).transpose(1, 0, 2).reshape(2, -1)
            found[down, right] = pearsonr(*values).statistic
    return found


@pytest.mark.parametrize(("down", "right"), [(0, 1), (2, -3), (-4, 4), (-1, 0)])
def test_a_moved_copy_is_found_with_the_correlation_of_what_overlaps(down, right):
    copy = np.roll(BLOBS[3], (down, right), axis=(0, 1)) + 0.02 * GENERATOR.normal(size=BLOBS[3].shape)
    pictures = np.concatenate([BLOBS, copy[None]])
    (found,) = moved_copies(pictures, np.concatenate([np.eye(12), np.eye(12)[3:4]]))
    assert (found.position, found.of, found.exact, found.moved) == (12, 3, False, True)
    every = correlations(BLOBS[3], copy)
    best = max(every, key=every.get)
    assert best == (-down, -right)
    assert found.similarity == pytest.approx(every[best], abs=1e-9)


def test_a_mirrored_copy_is_found_and_one_that_lies_as_it_is_left_to_the_pixels():
    pictures = np.concatenate([BLOBS, BLOBS[5:6, :, ::-1], BLOBS[6:7]])
    embeddings = np.concatenate([np.eye(12), np.eye(12)[5:7]])
    (found,) = moved_copies(pictures, embeddings)
    assert (found.position, found.of, found.similarity) == (12, 5, pytest.approx(1.0))


def test_copies_that_the_network_sees_far_apart_are_not_compared():
    pictures = np.concatenate([BLOBS, BLOBS[3:4, :, ::-1]])
    places = np.stack([np.cos(np.linspace(0, 3, 13)), np.sin(np.linspace(0, 3, 13))], axis=1)
    assert moved_copies(pictures, places) == ()


def test_even_pictures_and_embeddings_without_differences_say_nothing():
    assert moved_copies(np.ones((4, 8, 8, 1)), np.eye(4)) == ()
    assert moved_copies(BLOBS, np.ones((12, 3))) == ()
    assert moved_copies(BLOBS, np.full((12, 3), np.nan)) == ()
