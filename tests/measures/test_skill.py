"""Skill against a constant answer: SciPy's bootstrap, coverage, and what is decided."""

import math

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import r2_score

from reportgen.measures.intervals import Outcome
from reportgen.measures.regression import regression_errors
from reportgen.measures.skill import Skill, decide_skill, measure_skill


def test_skill_in_squared_errors_is_scikit_learns_r_squared() -> None:
    generator = np.random.default_rng(1)
    targets = generator.normal(size=80)
    outputs = 0.7 * targets + generator.normal(0, 0.5, 80)
    errors = regression_errors(outputs, targets)
    assert errors.skill.value == pytest.approx(r2_score(targets, outputs))
    assert errors.skill.value == pytest.approx(errors.explained)
    assert errors.skill.samples == 80


def test_the_interval_is_near_scipys_bootstrap() -> None:
    generator = np.random.default_rng(2)
    constant = generator.exponential(1, 300)
    losses = 0.6 * constant + generator.exponential(0.2, 300)

    def skill(model: np.ndarray, other: np.ndarray, axis: int = -1) -> np.ndarray:
        return 1 - model.mean(axis=axis) / other.mean(axis=axis)

    drawn = scipy.stats.bootstrap(
        (losses, constant), skill, paired=True, vectorized=True, n_resamples=4000, rng=np.random.default_rng(0)
    ).confidence_interval
    measured = measure_skill(losses, constant)
    assert (measured.low, measured.high) == pytest.approx((drawn.low, drawn.high), abs=0.01)


@pytest.mark.parametrize("count", [30, 200])
def test_the_interval_holds_the_true_r_squared_in_about_95_of_100_draws(count: int) -> None:
    generator = np.random.default_rng(3)
    held = 0
    for _ in range(600):
        targets = generator.normal(size=count)
        outputs = targets + generator.normal(0, math.sqrt(0.5), count)  # explains a half
        skill = regression_errors(outputs, targets).skill
        held += skill.low <= 0.5 <= skill.high
    assert 0.90 <= held / 600 <= 0.98


def test_without_losses_of_the_constant_or_with_few_samples_nothing_is_known() -> None:
    assert math.isnan(measure_skill(np.ones(20), np.zeros(20)).value)
    few = measure_skill(np.full(9, 0.5), np.ones(9))
    assert few == Skill(0.5, -math.inf, 1.0, 9)
    assert decide_skill(few, 0.1).outcome is Outcome.INCONCLUSIVE
    assert decide_skill(few, 0.1).needed == 10


@pytest.mark.parametrize(
    ("value", "low", "high", "outcome", "needed"),
    [
        (0.3, 0.1, 0.5, Outcome.PASS, None),
        (-0.1, -0.3, 0.09, Outcome.FAIL, None),
        (0.3, 0.0, 0.6, Outcome.INCONCLUSIVE, 225),  # the half width 0.3 must fall to 0.2: 100 x 1.5**2
        (0.0, -0.2, 0.2, Outcome.INCONCLUSIVE, 400),
    ],
)
def test_a_limit_within_the_interval_is_inconclusive(
    value: float, low: float, high: float, outcome: Outcome, needed: int | None
) -> None:
    decision = decide_skill(Skill(value, low, high, 100), 0.1)
    assert (decision.outcome, decision.needed) == (outcome, needed)


def test_a_model_of_noise_is_found_no_better_than_the_mean_and_a_good_one_is_not() -> None:
    generator = np.random.default_rng(5)
    targets = generator.normal(size=200)
    noise = regression_errors(generator.normal(size=200), targets).skill
    assert decide_skill(noise, 0.1).outcome is Outcome.FAIL
    good = regression_errors(targets + generator.normal(0, 0.3, 200), targets).skill
    assert decide_skill(good, 0.1).outcome is Outcome.PASS
