"""Intervals, and decisions that wait for enough samples."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from reportgen.measures.intervals import (
    Decision,
    Outcome,
    binomial_tail,
    decide_at_least,
    measure,
    measure_shared,
    never_seen_bound,
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


@pytest.mark.parametrize(("trials", "of"), [(60, 1), (200, 44)])
def test_what_was_never_seen_is_as_rare_as_scipys_exact_interval_says(trials: int, of: int) -> None:
    exact = binomtest(0, trials, alternative="less").proportion_ci(1 - 0.05 / of, method="exact")
    assert never_seen_bound(trials, of=of) == pytest.approx(exact.high)


def test_the_difference_of_two_rates_has_the_published_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 873, table II, method 10
    low, high = rate_difference(measure(56, 70), measure(48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)
    assert rate_difference(measure(48, 80), measure(56, 70)) == pytest.approx((-high, -low))


def test_trials_that_share_samples_count_as_far_as_they_are_independent() -> None:
    generator = np.random.default_rng(4)
    trials = generator.integers(0, 9, 60)
    successes = generator.binomial(trials, generator.beta(2, 1, 60))
    rate = successes.sum() / trials.sum()
    kept = trials > 0
    # the variance of a ratio of sums, by its linearisation: Cochran 1977, Sampling Techniques, 2.39
    spread = np.var(successes[kept] - rate * trials[kept], ddof=1) * kept.sum() / trials.sum() ** 2
    alone = round(rate * (1 - rate) / spread)
    found = measure_shared(successes, trials)
    expected = binomtest(round(1000 * rate), 1000).proportion_ci(method="wilson")
    assert (found.successes, found.trials) == (successes.sum(), trials.sum())
    assert (found.low, found.high) == pytest.approx(wilson_interval(rate * alone, alone))
    assert found.high - found.low > expected.high - expected.low
    copies = measure_shared(7 * (np.arange(60) % 3 > 0), np.full(60, 7))
    assert (copies.low, copies.high) == pytest.approx(wilson_interval(59 * 2 / 3, 59))
    assert measure_shared(np.full(60, 7), np.full(60, 7)).low == wilson_interval(60, 60)[0]
    independent = measure_shared(np.arange(60) % 3 > 0, np.ones(60, int))
    assert independent.low == pytest.approx(wilson_interval(40, 60)[0], abs=2e-3)
    assert measure_shared(np.zeros(3, int), np.zeros(3, int)).high == 1
