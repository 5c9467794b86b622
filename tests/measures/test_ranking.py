"""Areas under the curves of two classes."""

import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import average_precision_score, roc_auc_score

from reportgen.measures.ranking import measure_ranking, precision_interval, roc_interval


@pytest.mark.parametrize("digits", [1, 6])
def test_the_area_is_scipys_share_of_pairs_with_ties_as_halves(digits: int) -> None:
    generator = np.random.default_rng(digits)
    positive = generator.random(200) < 0.3
    scores = np.round(generator.normal(positive, 1.5), digits)
    found = measure_ranking(scores, positive)
    assert found is not None
    pairs = positive.sum() * (~positive).sum()
    assert found.roc.value == pytest.approx(mannwhitneyu(scores[positive], scores[~positive]).statistic / pairs)
    assert found.roc.value == pytest.approx(roc_auc_score(positive, scores))
    assert found.precision.value == pytest.approx(average_precision_score(positive, scores))
    assert (found.positives, found.negatives) == (positive.sum(), (~positive).sum())
    assert 10 < len(found.curve.x) <= 25
    assert (found.curve.x[0], found.curve.y[0], found.curve.x[-1], found.curve.y[-1]) == (0, 0, 1, 1)


def test_the_average_precision_is_that_of_the_definition() -> None:
    # by falling score: right, wrong, right, a tie of right and wrong; precision there 1, 2/3 and 3/5
    found = measure_ranking(np.array([0.9, 0.8, 0.7, 0.4, 0.4]), np.array([True, False, True, True, False]))
    assert found is not None
    assert found.precision.value == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert found.roc.value == pytest.approx((2 + 1 + 0.5) / 6)


def hanley_mcneil(area: float, ones: float, zeros: float) -> float:
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    return area * (1 - area) + (ones - 1) * (first - area**2) + (zeros - 1) * (second - area**2)


def test_the_interval_ends_where_the_area_is_1_96_of_its_standard_errors_away() -> None:
    low, high = roc_interval(0.8, 30, 50)
    for end in (low, high):
        error = math.sqrt(hanley_mcneil(end, 40, 40) / (30 * 50))
        assert abs(end - 0.8) == pytest.approx(1.959964 * error, rel=1e-5)
    assert low < 0.8 < high
    assert roc_interval(1.0, 5, 5)[1] == 1.0
    assert 0.5 < roc_interval(1.0, 5, 5)[0] < 0.75
    assert roc_interval(0.0, 5, 5) == pytest.approx((0.0, 1 - roc_interval(1.0, 5, 5)[0]))


def test_the_interval_of_the_area_holds_the_truth_in_95_of_100() -> None:
    generator = np.random.default_rng(11)
    truth = 0.5 * (1 + math.erf(1.2 / 2))  # of two normal distributions that are 1.2 apart
    held = 0
    for _ in range(400):
        positive = np.arange(60) < 25
        found = measure_ranking(generator.normal(1.2 * positive), positive)
        assert found is not None
        held += found.roc.low <= truth <= found.roc.high
    assert 0.92 <= held / 400 <= 0.98


def test_the_interval_of_the_average_precision_is_symmetric_in_its_logit() -> None:
    low, high = precision_interval(0.7, 40)
    logits = [math.log(share / (1 - share)) for share in (low, 0.7, high)]
    half = 1.959964 / math.sqrt(40 * 0.7 * 0.3)
    assert (logits[2] - logits[1], logits[1] - logits[0]) == pytest.approx((half, half), rel=1e-5)
    assert precision_interval(1.0, 40) == pytest.approx((0.9124, 1.0), abs=1e-4)


def test_one_class_alone_has_no_ranking() -> None:
    assert measure_ranking(np.array([0.1, 0.2]), np.array([True, True])) is None
