"""What a model's output says about classes."""

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from reportgen.models.graphs import Head
from reportgen.run.answers import ClassScores, answers_of, class_scores, cross_entropy, right_answers
from reportgen.samples.labels import ClassLabels, LabelSets


def scores(rows: object) -> object:
    return class_scores(np.array(rows, np.float32))


def test_probabilities_are_taken_as_they_are() -> None:
    result = class_scores(np.array([[0.25, 0.75], [1, 0]], np.float32))
    assert result is not None
    assert result.values.tolist() == [[0.25, 0.75], [1, 0]]
    assert (result.independent, result.rule) == (False, "")


def test_half_precision_probabilities_still_sum_to_one() -> None:
    row = np.full(1000, 1 / 1000).astype(np.float16).astype(np.float32)
    result = class_scores(row[None])
    assert result is not None
    assert result.rule == ""


def test_single_output_is_the_probability_of_class_one() -> None:
    result = class_scores(np.array([[0.25], [1.0]], np.float32))
    assert result is not None
    assert result.values.tolist() == [[0.75, 0.25], [0, 1]]
    assert result.rule == "The single output is between 0 and 1 and was taken as the probability of class 1."


def test_scores_that_do_not_sum_to_one_are_independent() -> None:
    result = class_scores(np.array([[0.9, 0.8, 0.1]], np.float32))
    assert result is not None
    assert result.independent
    np.testing.assert_allclose(result.values, [[0.9, 0.8, 0.1]], atol=1e-7)
    assert result.rule == "The outputs are independent scores: they do not sum to 1."


def test_logits_become_probabilities_by_softmax() -> None:
    logits = np.array([[2.0, -1.0, 0.5], [300.0, 0.0, -300.0]], np.float32)
    result = class_scores(logits)
    assert result is not None
    np.testing.assert_allclose(result.values, scipy_softmax(logits.astype(np.float64), axis=1), atol=1e-12)
    assert result.rule == "The outputs are not probabilities and were taken as logits: softmax was applied."


@pytest.mark.parametrize("outputs", [[[3.5]], [[-0.1]], [[np.nan, 1.0]], [[np.inf, 1.0]], [[[0.5, 0.5]]]], ids=str)
def test_regression_maps_and_non_finite_outputs_have_no_scores(outputs: object) -> None:
    assert scores(outputs) is None


def test_loss_is_minus_the_logarithm_of_the_labels_score() -> None:
    result = class_scores(np.array([[0.25, 0.75], [0.5, 0.5], [1, 0]], np.float32))
    assert result is not None
    losses = cross_entropy(result, ClassLabels(np.array([0, 1, 1])))
    np.testing.assert_allclose(losses[:2], [np.log(4), np.log(2)])
    assert losses[2] == pytest.approx(-np.log(np.finfo(np.float64).tiny))


@pytest.mark.parametrize(
    ("rows", "activation", "labels", "first", "independent", "rule"),
    [
        (
            [[0.3, 0.7]],
            "sigmoid",
            None,
            [0.3, 0.7],
            True,
            "The outputs end in a sigmoid: each class has its own score.",
        ),
        (
            [[0.0, 0.0]],
            "linear",
            None,
            [0.5, 0.5],
            False,
            "The outputs are linear and were taken as logits: softmax was applied.",
        ),
        (
            [[0.25]],
            "sigmoid",
            None,
            [0.75, 0.25],
            False,
            "The single output ends in a sigmoid: it is the probability of class 1.",
        ),
        (
            [[0.0], [9.0]],
            "linear",
            [0, 1],
            [0.5, 0.5],
            False,
            "The single output is not a probability and the labels are 0 and 1, so it was taken as the logit of "
            "class 1: sigmoid was applied.",
        ),
    ],
)
def test_the_last_activation_decides_where_it_is_known(
    rows: list[list[float]], activation: str, labels: list[int] | None, first: list[float], independent: bool, rule: str
) -> None:
    given = None if labels is None else ClassLabels(np.array(labels))
    result = class_scores(np.array(rows, np.float32), head=Head(activation), labels=given)
    assert result is not None
    np.testing.assert_allclose(result.values[0], first, atol=1e-7)
    assert (result.independent, result.rule) == (independent, rule)
    np.testing.assert_array_equal(result.like(np.array(rows, np.float32)).values, result.values)


@pytest.mark.parametrize(
    ("activation", "labels"), [("linear", None), ("linear", [0, 7]), ("relu", [0, 1]), ("tanh", [0, 1])]
)
def test_a_single_value_that_is_no_probability_is_a_number(activation: str, labels: list[int] | None) -> None:
    given = None if labels is None else ClassLabels(np.array(labels))
    assert class_scores(np.array([[0.5], [0.25]], np.float32), head=Head(activation), labels=given) is None


def test_a_single_value_of_unknown_origin_is_a_logit_when_the_labels_are_0_and_1() -> None:
    outputs = np.array([[3.0], [-1.0]], np.float32)
    result = class_scores(outputs, labels=ClassLabels(np.array([1, 0])))
    assert result is not None
    np.testing.assert_allclose(result.values[:, 1], 1 / (1 + np.exp([-3.0, 1.0])), atol=1e-7)
    assert class_scores(outputs, labels=ClassLabels(np.array([1, 2]))) is None


def test_an_answer_is_right_by_its_highest_score_and_never_where_it_is_no_number() -> None:
    scores = ClassScores(np.array([[0.9, 0.1], [0.2, 0.8], [np.nan, 0.5]]), False, "")
    assert right_answers(scores, ClassLabels(np.array([0, 0, 0]))).tolist() == [True, False, False]


def test_an_answer_of_several_classes_is_right_where_all_of_them_are() -> None:
    scores = ClassScores(np.array([[0.9, 0.1], [0.6, 0.8], [np.nan, 0.2]]), True, "")
    sets = LabelSets(np.array([[True, False], [True, False], [False, False]]))
    assert right_answers(scores, sets).tolist() == [True, False, False]


def test_answers_are_labels_of_one_class_or_sets_where_scores_are_independent() -> None:
    values = np.array([[0.9, 0.1, 0.4], [0.6, 0.8, 0.5], [0.2, 0.1, 0.3]])
    one, several = (answers_of(ClassScores(values, independent, "")) for independent in (False, True))
    assert isinstance(one, ClassLabels)
    assert one.values.tolist() == [0, 1, 2]
    assert isinstance(several, LabelSets)
    assert several.values.astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_other_outputs_are_converted_like_the_first_ones() -> None:
    made = class_scores(np.array([[3.0, -1.0]], np.float32))
    assert made is not None
    others = made.like(
        np.array([[0.25, 0.75], [np.inf, 0.0]], np.float32)
    )  # by themselves these would be probabilities
    np.testing.assert_allclose(others.values[0], scipy_softmax([0.25, 0.75]))
    assert np.isnan(others.values[1]).all()
