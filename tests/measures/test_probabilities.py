"""Probabilities from logits."""

import numpy as np

from reportgen.measures.probabilities import sigmoid, softmax


def test_softmax_does_not_overflow() -> None:
    assert softmax(np.array([1e4, 0.0])).tolist() == [1, 0]


def test_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
