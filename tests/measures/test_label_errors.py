"""Confident learning against the paper's definition written out, and what it finds of labels that were exchanged."""

import numpy as np
import pytest

from reportgen.measures.label_errors import doubted_labels


def confident_joint(probabilities, labels):
    """Return the pairs (sample, class) of the confident joint, by the definition of Northcutt et al., sample by sample.

    C[i][j] = |{x with label i: p(j; x) >= t_j, j = argmax of p(l; x) over all l with p(l; x) >= t_l}|, where t_j is the mean of
    p(j; x) over all x with label j.
    """
    classes = range(probabilities.shape[1])
    threshold = {}
    for j in classes:
        own = [probabilities[x][j] for x in range(len(labels)) if labels[x] == j]
        if own:
            threshold[j] = sum(own) / len(own)
    counted = []
    for x in range(len(labels)):
        reached = [j for j in threshold if probabilities[x][j] >= threshold[j]]
        if reached:
            counted.append((x, max(reached, key=lambda j: probabilities[x][j])))
    return counted


@pytest.mark.parametrize(("samples", "classes", "seed"), [(60, 2, 0), (300, 5, 1), (500, 10, 2), (40, 12, 3)])
def test_doubted_samples_are_those_off_the_diagonal_of_the_confident_joint(samples, classes, seed):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, max(classes - 1, 2), samples)  # of several, the last class has no sample
    logits = generator.normal(size=(samples, classes)) + 1.5 * np.eye(classes)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = doubted_labels(probabilities, labels)
    expected = {(x, j) for x, j in confident_joint(probabilities, labels) if j != labels[x]}
    assert {(one.position, one.answer) for one in found} == expected
    assert len(expected) > 3
    for one in found:
        others = [probabilities[one.position][j] for j in range(classes) if j != labels[one.position]]
        assert one.margin == pytest.approx(probabilities[one.position][labels[one.position]] - max(others), abs=1e-9)
    margins = [one.margin for one in found]
    assert margins == sorted(margins)


def test_exchanged_labels_are_found_and_unsure_answers_are_not():
    generator = np.random.default_rng(4)
    true = generator.integers(0, 4, 400)
    probabilities = np.full((400, 4), 0.02) + 0.92 * np.eye(4)[true]
    probabilities[:20] = 0.25  # unsure of everything: reaches no threshold
    labels = true.copy()
    labels[100:120] = (labels[100:120] + 1) % 4
    found = doubted_labels(probabilities, labels)
    assert sorted(one.position for one in found) == list(range(100, 120))
    assert {one.answer == true[one.position] for one in found} == {True}
    assert [one.margin for one in found] == pytest.approx([-0.92] * 20)


def test_rows_that_are_not_finite_are_left_out():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [np.nan, 0.1], [0.9, 0.1]])
    (found,) = doubted_labels(probabilities, np.array([0, 0, 1, 1, 1]))
    assert (found.position, found.answer) == (4, 0)
    assert doubted_labels(probabilities[:0], np.zeros(0, int)) == ()
