"""Two answers to the same samples: the exact test and the interval of the difference."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial, ttest_rel

from reportgen.measures.paired import (
    calibration_p_value,
    mcnemar_exact,
    paired_difference,
    paired_means,
    paired_rates,
    samples_to_decide,
)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (3, 3), (20, 0), (5, 12), (1, 200)])
def test_mcnemars_p_value_is_scipys_binomial(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost, 0.5).pvalue if gained + lost else 1.0
    assert mcnemar_exact(gained, lost) == pytest.approx(expected)


def test_the_interval_is_the_published_one_of_21_children() -> None:
    # Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33, 2850: 1, 1, 7 and 12 children
    low, high = paired_difference(2, 7, 1, 21)
    assert (round(low, 3), round(high, 3)) == (0.026, 0.507)


def test_the_interval_turns_around_with_the_order_and_is_wider_at_more_confidence() -> None:
    low, high = paired_difference(2, 7, 1, 21)
    assert paired_difference(8, 1, 7, 21) == pytest.approx((-high, -low))
    wide = paired_difference(2, 7, 1, 21, confidence=0.99)
    assert wide[0] < low < high < wide[1]


def test_without_a_sample_any_difference_may_be() -> None:
    assert paired_difference(0, 0, 0, 0) == (-1.0, 1.0)


@pytest.mark.parametrize("cells", [(0.6, 0.02, 0.3, 0.08), (0.85, 0.05, 0.05, 0.05), (0.3, 0.1, 0.3, 0.3)])
def test_the_interval_holds_the_difference_about_as_often_as_it_says(cells: tuple[float, ...]) -> None:
    trials, covered = 25, 0.0
    for both, gained, lost in itertools.product(range(trials + 1), repeat=3):
        if both + gained + lost <= trials:
            low, high = paired_difference(both + lost, gained, lost, trials)
            if low <= cells[1] - cells[2] <= high:
                counts = np.array([both, gained, lost, trials - both - gained - lost])
                covered += multinomial.pmf(counts, trials, cells)
    assert 0.94 < covered < 0.995


def test_rates_of_the_same_samples():
    base = np.array([True] * 8 + [False] * 4)
    new = np.array([True] * 6 + [False] * 2 + [True] * 3 + [False])
    found = paired_rates(base, new)
    assert (found.base.successes, found.new.successes, found.fixed, found.broken) == (8, 9, 3, 2)
    assert found.difference == pytest.approx(1 / 12)
    assert found.p_value == 1.0
    assert found.low < 0 < found.high


def test_as_many_samples_as_are_needed_decide():
    # of 9 fixed and 2 broken of 200, in the same shares: 12 and 3 of 273 decide, 11 and 3 of 255 do not
    assert samples_to_decide(9, 2, 200) == 273
    assert mcnemar_exact(12, 3) < 0.05 <= mcnemar_exact(11, 3)
    assert samples_to_decide(2, 9, 200) == 273
    assert samples_to_decide(2, 9, 400) == 546


def test_what_is_decided_needs_no_more():
    assert paired_rates(np.arange(20) < 8, np.arange(20) < 16).needed is None


def test_no_number_of_samples_decides_between_equals():
    assert samples_to_decide(4, 4, 100) is None


def test_errors_of_the_same_samples_have_students_interval():
    generator = np.random.default_rng(1)
    base, new = generator.random(40), generator.random(40) * 0.9
    found, expected = paired_means(base, new), ttest_rel(new, base).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-3)
    assert found.difference == pytest.approx(float((new - base).mean()))
    mirrored = paired_means(new, base)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))
    assert mirrored.needed == found.needed


def test_nine_errors_have_no_interval():
    found = paired_means(np.zeros(9), np.ones(9))
    assert math.isnan(found.low)
    assert found.needed is None


def test_calibration_is_told_apart_where_one_model_is_too_sure():
    generator = np.random.default_rng(2)
    right = generator.random(400) < 0.7
    modest, sure = (np.full(400, 0.7), right), (np.full(400, 0.99), right)
    difference, p_value = calibration_p_value(modest, sure, seed=0)
    assert difference == pytest.approx(0.99 - 0.7 - 2 * abs(0.7 - right.mean()), abs=0.03)
    assert p_value == 1 / 1001
    assert calibration_p_value(sure, modest, seed=0) == (-difference, p_value)


def test_calibration_of_a_model_with_itself_does_not_differ():
    one = (np.linspace(0.5, 1, 50), np.arange(50) % 3 > 0)
    assert calibration_p_value(one, one, seed=0) == (0.0, 1.0)
