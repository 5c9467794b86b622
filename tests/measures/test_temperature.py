"""The temperature that makes a model as sure as it is right."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from reportgen.measures.probabilities import sigmoid, softmax
from reportgen.measures.temperature import temperature_of_classes, temperature_of_sets, tempered


def drawn(seed: int, count: int = 400, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return logits, and labels that are drawn with exactly their probabilities."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2, (count, classes))
    cumulated = softmax(logits).cumsum(axis=1)
    return logits, (generator.random((count, 1)) > cumulated).sum(axis=1)


def test_it_is_where_scipy_finds_the_least_loss() -> None:
    logits, labels = drawn(1)
    found = temperature_of_classes(softmax(3 * logits), labels)

    def loss(temperature: float) -> float:
        return float(-np.log(softmax(3 * logits / temperature)[np.arange(400), labels]).mean())

    best = minimize_scalar(loss, bounds=(0.1, 20), method="bounded", options={"xatol": 1e-6})
    assert (found.value, found.fitted_loss, found.loss) == pytest.approx((best.x, best.fun, loss(1)), rel=1e-4)


@pytest.mark.parametrize("factor", [0.25, 1, 8])
def test_its_interval_holds_the_true_one_19_times_in_20(factor: float) -> None:
    held = 0
    for seed in range(200):
        logits, labels = drawn(seed, 200)
        found = temperature_of_classes(softmax(factor * logits), labels)
        held += found.low <= factor <= found.high
    assert held >= 180


def test_that_of_sets_counts_the_answers_on_a_sample_as_one() -> None:
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 2, (300, 1))
    sets = generator.random((300, 1)) < sigmoid(logits)
    single = temperature_of_sets(sigmoid(4 * logits), sets)
    assert single.low < 4 < single.high
    copied = temperature_of_sets(sigmoid(4 * np.repeat(logits, 6, axis=1)), np.repeat(sets, 6, axis=1))
    assert (copied.value, copied.low, copied.high) == pytest.approx((single.value, single.low, single.high))


def test_answers_that_are_all_right_have_the_least_temperature_and_all_wrong_ones_the_largest() -> None:
    values = np.array([[0.9, 0.05, 0.05]] * 50)
    right = temperature_of_classes(values, np.zeros(50, np.int64))
    assert right.low <= right.value < 0.01  # beyond which the slope is smaller than any float
    wrong = temperature_of_classes(values, np.ones(50, np.int64))
    assert (wrong.value, wrong.high) == pytest.approx((1000, 1000), rel=0.01)
    certain = temperature_of_classes(np.eye(3)[[0, 0, 0]], np.zeros(3, np.int64))
    assert np.isfinite([certain.value, certain.low, certain.high, certain.loss]).all()


def test_tempered_probabilities_are_those_of_divided_logits() -> None:
    logits, _ = drawn(3)
    np.testing.assert_allclose(tempered(softmax(logits), 2.5, independent=False), softmax(logits / 2.5), rtol=1e-9)
    np.testing.assert_allclose(tempered(sigmoid(logits), 2.5, independent=True), sigmoid(logits / 2.5), rtol=1e-6)
    assert np.isfinite(tempered(np.eye(3), 0.001, independent=False)).all()
