import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from reportgen.measures.matching import MOST_ASSIGNED, cosine, cosine_matrix, matched_order, order_in_blocks


def test_a_mere_permutation_is_found_again():
    filters = np.random.default_rng(0).normal(size=(40, 9))
    order = np.random.default_rng(1).permutation(40)
    assert matched_order(filters[order], filters).tolist() == order.tolist()


def test_filters_that_moved_a_little_keep_their_place():
    filters = np.random.default_rng(0).normal(size=(600, 90))
    moved = filters + np.random.default_rng(1).normal(size=filters.shape) * 0.3
    assert matched_order(filters, moved).tolist() == list(range(600))


def test_unrelated_filters_are_assigned_as_scipy_does():
    base, new = np.random.default_rng(0).normal(size=(2, 30, 4))
    found = matched_order(base, new)
    expected = linear_sum_assignment(cosine_matrix(base, new), maximize=True)[1]
    cosines = cosine_matrix(base, new)
    assert cosines[np.arange(30), found].sum() == pytest.approx(cosines[np.arange(30), expected].sum())


def test_too_many_unrelated_filters_are_not_assigned():
    base, new = np.random.default_rng(0).normal(size=(2, MOST_ASSIGNED + 1, 4))
    assert matched_order(base, new) is None


def test_blocks_are_taken_to_blocks():
    rows = np.random.default_rng(0).normal(size=(6, 5))
    rows[4] = 0  # a dead filter tells nothing of its block
    order = np.array([5, 4, 3, 1, 0, 2])  # the blocks change places, and the filters in them
    assert order_in_blocks(rows[order], rows, 2).tolist() == order.tolist()
    assert order_in_blocks(rows, rows, 2, np.array([1, 0]))[:3].tolist() != [0, 1, 2]
    assert sorted(order_in_blocks(rows, rows, 2, np.array([1, 0]))[:3].tolist()) == [3, 4, 5]


def test_dead_filters_keep_their_place():
    filters = np.zeros((3, 4))
    filters[1] = 1
    assert matched_order(filters, filters).tolist() == [0, 1, 2]


def test_nothing_is_similar_to_zeros_or_to_nan():
    assert cosine(np.zeros(3), np.ones(3)) == 0.0
    assert cosine(np.array([np.nan, 1.0]), np.ones(2)) == 0.0
    assert cosine(np.ones(3), -np.ones(3)) == pytest.approx(-1.0)
