"""Intervals, and decisions that wait for enough samples."""

import math

import pytest
from scipy.stats import binom, binomtest

from reportgen.measures.intervals import (
    Decision,
    Outcome,
    binomial_tail,
    decide_at_least,
    measure,
    rate_difference,
    samples_needed,
    wilson_interval,
)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (3, 10), (184, 200), (0, 20), (20, 20), (500, 1000)])
@pytest.mark.parametrize("confidence", [0.95, 0.999])
def test_wilsons_interval_is_scipys(successes: int, trials: int, confidence: float) -> None:
    expected = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, trials, confidence=confidence) == pytest.approx((expected.low, expected.high))


def test_without_a_trial_nothing_is_known() -> None:
    rate = measure(0, 0)
    assert (rate.low, rate.high) == (0, 1)
    assert math.isnan(rate.value)
    assert decide_at_least(0, 0, 0.5) == Decision(Outcome.INCONCLUSIVE, 0.5, None)


@pytest.mark.parametrize(("rate", "limit"), [(0.6, 0.5), (0.1, 0.19), (0.92, 0.9), (0.0, 0.01)])
def test_the_samples_needed_are_the_fewest_that_decide(rate: float, limit: float) -> None:
    needed = samples_needed(rate, limit)
    assert needed is not None
    for trials, decided in ((needed, True), (needed - 1, False)):
        low, high = wilson_interval(rate * trials, trials)
        assert (not low <= limit <= high) is decided


def test_no_number_of_samples_decides_a_rate_that_is_its_limit() -> None:
    assert samples_needed(0.5, 0.5) is None
    assert samples_needed(math.nan, 0.5) is None


@pytest.mark.parametrize(
    ("successes", "outcome"),
    [(59, Outcome.INCONCLUSIVE), (60, Outcome.PASS), (41, Outcome.INCONCLUSIVE), (40, Outcome.FAIL)],
)
def test_a_rate_of_100_is_decided_by_its_bound(successes: int, outcome: Outcome) -> None:
    assert decide_at_least(successes, 100, 0.5).outcome is outcome


def test_an_inconclusive_decision_says_how_many_samples_would_decide() -> None:
    assert decide_at_least(59, 100, 0.5) == Decision(Outcome.INCONCLUSIVE, 0.5, 119)


@pytest.mark.parametrize(
    ("successes", "trials", "rate"),
    [(0, 10, 0.1), (5, 5, 0.5), (36, 800, 0.01), (7, 10, 0.9), (9, 10, 0.9), (40, 43, 0.5), (1000, 3000, 0.3)],
)
def test_the_tail_of_a_binomial_is_scipys(successes: int, trials: int, rate: float) -> None:
    assert binomial_tail(successes, trials, rate) == pytest.approx(binom.sf(successes - 1, trials, rate), rel=1e-9)


def test_the_tail_of_a_binomial_without_chance_is_certain() -> None:
    assert (binomial_tail(1, 3, 0.0), binomial_tail(3, 3, 1.0), binomial_tail(0, 0, 0.5)) == (0.0, 1.0, 1.0)
    assert binomial_tail(900, 1000, 1e-9) == 0.0  # less than a float can be


def test_the_difference_of_two_rates_has_the_published_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 873, table II, method 10
    low, high = rate_difference(measure(56, 70), measure(48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    assert rate_difference(measure(48, 80), measure(56, 70)) == pytest.approx((-high, -low))
