"""Proper scores, answers that are held back, and thresholds, each as another implementation has it."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, precision_score, recall_score
from sklearn.preprocessing import OneHotEncoder

from reportgen.measures.intervals import measure
from reportgen.measures.selective import (
    LABEL_THRESHOLDS,
    THRESHOLDS,
    brier_of_sets,
    brier_scores,
    by_threshold,
    choose_threshold,
    labels_by_threshold,
    risk_coverage,
)

GENERATOR = np.random.default_rng(21)
VALUES = GENERATOR.dirichlet(np.full(4, 0.4), 300)
LABELS = np.array([GENERATOR.choice(4, p=row) for row in VALUES])
CONFIDENCE, RIGHT = VALUES.max(axis=1), VALUES.argmax(axis=1) == LABELS


def test_brier_scores_are_scikit_learns_summed_over_the_classes() -> None:
    wanted = OneHotEncoder(sparse_output=False).fit_transform(LABELS[:, None])
    expected = sum(brier_score_loss(wanted[:, each], VALUES[:, each]) for each in range(4))
    assert brier_scores(VALUES, LABELS).mean() == pytest.approx(expected, rel=1e-12)
    assert brier_scores(np.eye(2), np.array([0, 0])).tolist() == [0, 2]


def test_precision_at_each_threshold_is_that_of_the_answers_from_it_on() -> None:
    for one, threshold in zip(by_threshold(CONFIDENCE, RIGHT), THRESHOLDS, strict=True):
        given = [right for confidence, right in zip(CONFIDENCE, RIGHT, strict=True) if confidence >= threshold]
        assert (one.threshold, one.answered, one.right) == (
            threshold,
            measure(len(given), 300),
            measure(sum(given), len(given)),
        )
        joint = stats.binomtest(sum(given), len(given)).proportion_ci(1 - 0.1 / 7, method="wilson")
        assert one.least == pytest.approx(joint.low, rel=1e-9)


def test_a_threshold_that_nothing_reaches_promises_nothing() -> None:
    last = by_threshold(np.full(20, 0.6), np.ones(20, bool))[-1]
    assert (last.answered.successes, last.right.trials, last.least) == (0, 0, 0.0)


def test_the_area_is_the_mean_risk_of_the_surest_answers() -> None:
    order = sorted(range(300), key=lambda place: -CONFIDENCE[place])
    risks = [np.mean([not RIGHT[place] for place in order[:count]]) for count in range(1, 301)]
    found = risk_coverage(CONFIDENCE, RIGHT)
    assert found.area == pytest.approx(np.mean(risks), rel=1e-12)
    wrong = int((~RIGHT).sum())
    assert found.best == pytest.approx(sum(max(0, k - (300 - wrong)) / k for k in range(1, 301)) / 300, rel=1e-12)
    assert found.curve.x.tolist() == [count / 300 for count in range(12, 301, 12)]
    np.testing.assert_allclose(found.curve.y, [1 - risks[count - 1] for count in range(12, 301, 12)])
    assert (found.curve.low < found.curve.y).all()


def test_equally_sure_answers_have_their_mean_risk_in_any_order() -> None:
    confidence, right = np.repeat([0.9, 0.5], 10), np.arange(20) % 3 > 0
    order = GENERATOR.permutation(20)
    assert risk_coverage(confidence, right).area == risk_coverage(confidence[order], right[order]).area
    same = risk_coverage(np.full(20, 0.5), right)
    assert same.area == pytest.approx((~right).mean())


def test_thresholds_are_those_with_most_right_answers_of_the_other_folds() -> None:
    positive = GENERATOR.random(200) < 0.4
    scores = 1 / (1 + np.exp(-(GENERATOR.normal(size=200) + 2.5 * positive - 4)))
    found = choose_threshold(scores, positive)
    folds = np.empty(200, int)
    for each in (False, True):
        folds[positive == each] = np.arange((positive == each).sum()) % 5

    def best(values: np.ndarray, ones: np.ndarray) -> float:
        logits = np.sort(np.log(values / (1 - values)))
        cuts = [0.0, *((logits[1:] + logits[:-1]) / 2), -np.inf, np.inf]
        right = [((values > 1 / (1 + np.exp(-cut))) == ones).sum() for cut in cuts]
        return float(min((cut for cut, count in zip(cuts, right, strict=True) if count == max(right)), key=abs))

    answers = np.empty(200, bool)
    for fold in range(5):
        held = folds == fold
        answers[held] = scores[held] > 1 / (1 + np.exp(-best(scores[~held], positive[~held])))
    usual, chosen = (scores > 0.5) == positive, answers == positive
    assert found.value == pytest.approx(1 / (1 + np.exp(-best(scores, positive))))
    assert (found.usual, found.chosen) == (measure(int(usual.sum()), 200), measure(int(chosen.sum()), 200))
    assert (found.gained, found.lost) == (int((chosen & ~usual).sum()), int((usual & ~chosen).sum()))
    assert found.gained > found.lost + 40


def test_of_thresholds_that_are_as_good_a_half_is_kept() -> None:
    scores, positive = np.array([0.1, 0.2, 0.3, 0.6, 0.8, 0.9]), np.array([0, 0, 0, 1, 1, 1]).astype(bool)
    found = choose_threshold(scores, positive)
    assert (found.value, found.usual.value, found.gained, found.lost) == (0.5, 1.0, 0, 0)


SETS = GENERATOR.random((300, 5)) < np.linspace(0.1, 0.6, 5)
OF_SETS = np.clip(0.5 * SETS + 0.5 * GENERATOR.random((300, 5)), 0, 1)


def test_the_brier_score_of_sets_is_the_mean_of_scikit_learns_over_the_classes() -> None:
    expected = np.mean([brier_score_loss(SETS[:, each], OF_SETS[:, each]) for each in range(5)])
    assert brier_of_sets(OF_SETS, SETS).mean() == pytest.approx(expected, rel=1e-12)


def test_precision_and_recall_of_classes_said_from_a_probability_on_are_scikit_learns() -> None:
    for one, threshold in zip(labels_by_threshold(OF_SETS, SETS), LABEL_THRESHOLDS, strict=True):
        said = threshold <= OF_SETS
        assert one.precision.value == pytest.approx(precision_score(SETS, said, average="micro"), rel=1e-12)
        assert one.recall.value == pytest.approx(recall_score(SETS, said, average="micro"), rel=1e-12)
        assert one.said == pytest.approx(said.sum() / 300)
        assert one.least < one.precision.low < one.precision.value
    nothing = labels_by_threshold(np.full((20, 2), 0.05), np.ones((20, 2), bool))[0]
    assert (nothing.said, nothing.precision.trials, nothing.least, nothing.recall.value) == (0, 0, 0.0, 0.0)


def test_answers_that_share_a_sample_bound_the_curve_as_the_samples_do() -> None:
    """Five equal answers to each sample are no more than one."""
    five = risk_coverage(CONFIDENCE.repeat(5), RIGHT.repeat(5), samples=np.arange(300).repeat(5))
    one = risk_coverage(CONFIDENCE, RIGHT)
    assert five.area == pytest.approx(one.area, abs=2e-3)
    np.testing.assert_allclose(five.curve.y[-1], one.curve.y[-1])
    assert five.curve.low[-1] == pytest.approx(one.curve.low[-1], abs=1e-3)
    alone = risk_coverage(CONFIDENCE.repeat(5), RIGHT.repeat(5))
    assert alone.curve.low[-1] - five.curve.low[-1] > 0.02
