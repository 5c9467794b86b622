"""Two answers to the same samples: the exact test and the interval of the difference."""

import itertools

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from reportgen.measures.paired import mcnemar_exact, paired_difference


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
