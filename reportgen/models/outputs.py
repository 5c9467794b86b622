"""What a model's output says about classes, read from the numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SUM_TOLERANCE = 1e-2
"""float16 probabilities of 1,000 classes sum to 1 within this."""

# What is told from numbers alone may be wrong, so the page says why it was told
_SINGLE = "The single output is between 0 and 1 and was taken as the probability of class 1."
_LOGITS = "The outputs are not probabilities and were taken as logits: softmax was applied."


@dataclass(frozen=True)
class ClassScores:
    """One score for each class.

    Attributes:
        values: (N, K) float64; probabilities that sum to 1 for each sample unless `independent`.
        independent: whether each class has a probability of its own (a multi-label head).
        rule: how the scores were made from the output, one sentence, or '' where the output is the scores.
    """

    values: np.ndarray
    independent: bool
    rule: str


def class_scores(outputs: np.ndarray) -> ClassScores | None:
    """Return the class scores in a model's output, or None where it is not one value for each class.

    Probabilities (not negative, summing to 1) are taken as they are. One value in [0, 1] is the probability of class 1
    of two. Several values in [0, 1] that do not sum to 1 are independent scores. Anything else with two or more values
    is taken as logits.

    Args:
        outputs: (N, ...) float32 of N samples.
    """
    if outputs.ndim != 2 or not np.isfinite(outputs).all():
        return None
    values = outputs.astype(np.float64)
    within = bool(((values >= 0) & (values <= 1 + 1e-6)).all())
    if values.shape[1] == 1:
        if not within:
            return None
        return ClassScores(np.hstack([1 - values, values]), False, _SINGLE)
    if within and bool((np.abs(values.sum(axis=1) - 1) < _SUM_TOLERANCE).all()):
        return ClassScores(values, False, "")
    if within:
        return ClassScores(values, True, "The outputs are independent scores: they do not sum to 1.")
    return ClassScores(softmax(values), False, _LOGITS)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return softmax over the last axis, without overflow for large logits."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def cross_entropy(scores: ClassScores, labels: np.ndarray) -> np.ndarray:
    """Return the loss of every sample, in nats: minus the logarithm of the score of its label.

    Args:
        scores: of N samples and K classes.
        labels: (N,) int64 in [0, K).
    """
    chosen = scores.values[np.arange(len(labels)), labels]
    return np.asarray(-np.log(np.maximum(chosen, np.finfo(np.float64).tiny)))
