"""The best order of the classes."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from reportgen.measures.assignment import ClassPair, best_assignment, best_order


@pytest.mark.parametrize("size", [1, 2, 3, 10, 40])
def test_the_assignment_is_as_good_as_scipys(size: int) -> None:
    gains = np.random.default_rng(size).integers(0, 9, (size, size))
    order = best_assignment(gains)
    assert sorted(order) == list(range(size))
    rows, columns = linear_sum_assignment(gains, maximize=True)
    assert gains[np.arange(size), order].sum() == gains[rows, columns].sum()


def test_the_order_is_chosen_on_even_positions_and_tried_on_the_others() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2, 0, 0])
    predicted = np.array([1, 1, 0, 0, 2, 2, 1, 0])
    found = best_order(labels, predicted, "abc".__getitem__, classes=3)
    assert found is not None
    assert (found.accuracy.successes, found.accuracy.trials, found.declared) == (3, 4, 0.5)
    assert (found.pairs, found.shift) == ((ClassPair("a", "b"), ClassPair("b", "a")), 0)


@pytest.mark.parametrize(("step", "shift"), [(1, 1), (4, -1), (2, 2)])
def test_a_shift_is_told_by_its_steps(step: int, shift: int) -> None:
    labels = np.repeat(np.arange(5), 4)
    found = best_order(labels, (labels + step) % 5, str, classes=5)
    assert found is not None
    assert (found.shift, found.accuracy.value, found.declared) == (shift, 1.0, 0.0)


def test_the_models_own_order_is_no_other() -> None:
    labels = np.arange(6) % 3
    assert best_order(labels, labels, str, classes=3) is None
    # the constant answer 1 is right for class 1 alone, and to move it would gain nothing
    assert best_order(np.repeat(np.arange(3), 4), np.ones(12, np.int64), str, classes=3) is None
    assert best_order(np.array([0]), np.array([1]), str, classes=2) is None


def test_the_best_order_of_guesses_is_no_better_than_guessing_on_other_samples() -> None:
    shares = []
    for seed in range(100):
        labels, predicted = np.random.default_rng(seed).integers(0, 10, (2, 60))
        found = best_order(labels, predicted, str, classes=10)
        assert found is not None
        shares.append(found.accuracy.value)
    # chosen on the same samples it would be about 0.3
    assert np.mean(shares) == pytest.approx(0.1, abs=0.02)
