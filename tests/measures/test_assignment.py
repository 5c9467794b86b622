"""The best order of the classes."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from reportgen.measures.assignment import best_assignment, certain_exchanges


@pytest.mark.parametrize("size", [1, 2, 3, 10, 40])
def test_the_assignment_is_as_good_as_scipys(size: int) -> None:
    gains = np.random.default_rng(size).integers(0, 9, (size, size))
    order = best_assignment(gains)
    assert sorted(order) == list(range(size))
    rows, columns = linear_sum_assignment(gains, maximize=True)
    assert gains[np.arange(size), order].sum() == gains[rows, columns].sum()


def test_the_exchanged_classes_are_measured_on_their_own_samples() -> None:
    labels = np.repeat(np.arange(3), 20)
    predicted = np.repeat([1, 0, 2], 20)
    predicted[:3] = [2, 2, 0]
    found = certain_exchanges(labels, predicted, "abc".__getitem__, classes=3)
    assert found is not None
    (exchange,) = found.exchanges
    assert [(pair.label, pair.answer) for pair in exchange.pairs] == [("a", "b"), ("b", "a")]
    assert (exchange.pairs[0].answered.successes, exchange.pairs[0].answered.trials) == (17, 20)
    assert (exchange.answered.successes, exchange.answered.trials, exchange.right) == (37, 40, 1)
    assert (found.accuracy.successes, found.accuracy.trials, found.declared) == (57, 60, 21 / 60)
    assert found.shift == 0


@pytest.mark.parametrize(("step", "shift"), [(1, 1), (4, -1), (2, 2)])
def test_a_shift_is_told_by_its_steps(step: int, shift: int) -> None:
    labels = np.repeat(np.arange(5), 8)
    found = certain_exchanges(labels, (labels + step) % 5, str, classes=5)
    assert found is not None
    assert (found.shift, found.accuracy.value, found.declared) == (shift, 1.0, 0.0)


def test_a_class_with_few_samples_does_not_hide_a_cycle_of_many() -> None:
    labels = np.concatenate([np.repeat(np.arange(4), 10), [4, 4]])
    found = certain_exchanges(labels, (labels + 1) % 5, str, classes=5)
    assert found is not None
    assert (len(found.exchanges), len(found.exchanges[0].pairs), found.shift) == (1, 5, 1)


def test_a_class_that_is_undecided_does_not_hide_a_long_cycle_but_a_pair() -> None:
    labels = np.repeat(np.arange(5), 10)
    predicted = (labels + 1) % 5
    predicted[:4] = 0  # of the class 0, six are answered by 1 and four by 0
    assert certain_exchanges(labels, predicted, str, classes=5) is not None
    pair = labels < 2
    assert certain_exchanges(labels[pair], np.where(predicted > 1, 0, predicted)[pair], str, classes=5) is None


def test_two_exchanges_are_told_apart() -> None:
    labels = np.repeat(np.arange(6), 15)
    found = certain_exchanges(labels, np.array([1, 0, 2, 4, 5, 3])[labels], str, classes=6)
    assert found is not None
    assert [[pair.label for pair in one.pairs] for one in found.exchanges] == [["0", "1"], ["3", "4", "5"]]
    assert found.shift == 0


def test_what_is_no_exchange_is_none() -> None:
    labels = np.arange(60) % 3
    assert certain_exchanges(labels, labels, str, classes=3) is None
    # the constant answer 1 is right for class 1 alone
    assert certain_exchanges(labels, np.ones(60, np.int64), str, classes=3) is None
    assert certain_exchanges(np.array([0]), np.array([1]), str, classes=2) is None
    # class 0 is taken for 1, and 1 for 0 as often as for itself
    one_way = np.concatenate([np.ones(40, np.int64), np.arange(40) % 2])
    assert certain_exchanges(np.repeat([0, 1], 40), one_way, str, classes=3) is None
    # 3 samples of each class: a half to the third power for each
    few = np.repeat([0, 1], 3)
    assert certain_exchanges(few, 1 - few, str, classes=2) is None


@pytest.mark.parametrize("accuracy", [0.0, 0.1, 0.5, 0.9])
def test_errors_without_an_order_are_no_exchange(accuracy: float) -> None:
    for seed in range(60):
        generator = np.random.default_rng(seed)
        labels = generator.integers(0, 10, 300)
        wrong = (labels + generator.integers(1, 10, 300)) % 10
        found = certain_exchanges(labels, np.where(generator.random(300) < accuracy, labels, wrong), str, classes=10)
        assert found is None or all(one.answered.value < 0.5 for one in found.exchanges)
