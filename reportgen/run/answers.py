"""What a model's output says about classes: by its last activation, and by the numbers where that is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.measures.probabilities import sigmoid, softmax
from reportgen.measures.temperature import Temperature, temperature_of_classes, temperature_of_sets
from reportgen.messages import say
from reportgen.models.graphs import UNKNOWN_HEAD, Head
from reportgen.samples import Classes, ClassLabels, LabelSets

_SUM_TOLERANCE = 1e-2
"""float16 probabilities of 1,000 classes sum to 1 within this."""

_LEAST = 1e-7
"""Least score in a binary cross-entropy, which Keras clips likewise (`keras.config.epsilon`): float32 cannot tell more."""

# What is told from numbers alone may be wrong, so the page says why it was told
_SINGLE = say("The single output is between 0 and 1 and was taken as the probability of class 1.")
_LOGITS = say("The outputs are not probabilities and were taken as logits: softmax was applied.")
_INDEPENDENT = say("The outputs are independent scores: they do not sum to 1.")
_SIGMOID = say("The outputs end in a sigmoid: each class has its own score.")
_SINGLE_SIGMOID = say("The single output ends in a sigmoid: it is the probability of class 1.")
_LINEAR = say("The outputs are linear and were taken as logits: softmax was applied.")
_LOGITS_OF_EACH = say(
    "The outputs are not probabilities and labels may name several classes, so each output was taken as a logit: "
    "sigmoid was applied."
)
_SINGLE_LOGIT = say(
    "The single output is not a probability and the labels are 0 and 1, so it was taken as the logit of class 1: "
    "sigmoid was applied."
)


@dataclass(frozen=True)
class ClassScores:
    """One score for each class.

    Attributes:
        values: (N, K) float64; probabilities that sum to 1 for each sample unless `independent`.
        independent: whether each class has a probability of its own (a multi-label head).
        rule: how the scores were made from the output, one sentence, or '' where the output is the scores.
        conversion: what made the scores of the output, (n, ...) float64.
    """

    values: np.ndarray
    independent: bool
    rule: str
    conversion: Callable[[np.ndarray], np.ndarray] = np.asarray

    def like(self, outputs: np.ndarray) -> ClassScores:
        """Return the scores in other outputs of the model, made in the same way; NaN where an output is not finite."""
        known = np.isfinite(outputs).all(axis=1, keepdims=True)
        values = self.conversion(np.where(known, outputs, 0).astype(np.float64))
        return replace(self, values=np.where(known, values, np.nan))


def class_scores(
    outputs: np.ndarray, *, head: Head = UNKNOWN_HEAD, labels: Classes | None = None
) -> ClassScores | None:
    """Return the class scores in a model's output, or None where it is not one value for each class.

    The last activation decides where it is known:

    - several values behind a sigmoid are independent scores;
    - several linear values are logits, of each class by itself where the labels are sets of classes;
    - a single value is a probability behind a sigmoid alone.

    Otherwise the numbers decide:

    - probabilities (not negative, summing to 1) are taken as they are;
    - one value in [0, 1] is the probability of class 1 of two;
    - several values in [0, 1] that do not sum to 1 are independent scores;
    - anything else with two or more values are logits, of each class by itself where the labels are sets of classes.

    A single linear or unknown value of any size is the logit of class 1 where the labels are 0 and 1 and nothing else.

    Args:
        outputs: (N, ...) float32 for N samples.
        head: how the model ends.
        labels: those of samples that were run, or None.
    """
    if outputs.ndim != 2 or not np.isfinite(outputs).all():
        return None
    values = outputs.astype(np.float64)
    within = bool(((values >= 0) & (values <= 1 + 1e-6)).all())
    if values.shape[1] == 1:
        return _of_single(values, within, head, labels)
    if head.activation in ("sigmoid", "hard_sigmoid") and within:
        return ClassScores(values, True, _SIGMOID)
    if isinstance(labels, LabelSets) and (head.activation == "linear" or not within):
        return ClassScores(sigmoid(values), True, _LOGITS_OF_EACH, sigmoid)
    if head.activation == "linear":
        return ClassScores(softmax(values), False, _LINEAR, softmax)
    if within and bool((np.abs(values.sum(axis=1) - 1) < _SUM_TOLERANCE).all()):
        return ClassScores(values, False, "")
    if within:
        return ClassScores(values, True, _INDEPENDENT)
    return ClassScores(softmax(values), False, _LOGITS, softmax)


def _of_single(values: np.ndarray, within: bool, head: Head, labels: Classes | None) -> ClassScores | None:
    if within and head.activation in (None, "sigmoid", "hard_sigmoid"):
        rule = _SINGLE if head.activation is None else _SINGLE_SIGMOID
        return ClassScores(_of_both(values), False, rule, _of_both)
    binary = labels is not None and np.array_equal(np.unique(labels.values), [0, 1])
    if binary and head.activation in (None, "linear"):
        return ClassScores(_of_logit(values), False, _SINGLE_LOGIT, _of_logit)
    return None


def _of_both(ones: np.ndarray) -> np.ndarray:
    """Return the probabilities of both classes, (N, 2), from that of class 1."""
    return np.hstack([1 - ones, ones])


def _of_logit(ones: np.ndarray) -> np.ndarray:
    """Return the probabilities of both classes, (N, 2), from the logit of class 1."""
    return softmax(np.hstack([np.zeros_like(ones), ones]))


def right_answers(scores: ClassScores, labels: Classes) -> np.ndarray:
    """Return whether each answer is right, (N,) bool: the class of the highest score, or every class with a score over 0.5.

    An answer of NaN is never right.

    Args:
        scores: N samples' scores for K classes.
        labels: the N samples' labels, classes in [0, K).
    """
    known = np.isfinite(scores.values).all(axis=1)
    if isinstance(labels, LabelSets):
        return np.asarray(known & ((scores.values > 0.5) == labels.values).all(axis=1))
    return np.asarray(known & (scores.values.argmax(axis=1) == labels.values))


def answers_of(scores: ClassScores) -> Classes:
    """Return what the model answers as if it were the labels: of independent scores every class with a score over 0.5."""
    return LabelSets(scores.values > 0.5) if scores.independent else ClassLabels(scores.values.argmax(axis=1))


def cross_entropy(scores: ClassScores, labels: Classes) -> np.ndarray:
    """Return the loss of every sample, in nats: minus the logarithm of the score of its label.

    Where the labels are sets of classes, it is the mean over the classes of the binary cross-entropy, as Keras computes it.

    Args:
        scores: N samples' scores for K classes.
        labels: the N samples' labels, classes in [0, K).
    """
    if isinstance(labels, LabelSets):
        said = np.where(labels.values, scores.values, 1 - scores.values)
        return np.asarray(-np.log(np.maximum(said, _LEAST)).mean(axis=1))
    chosen = scores.values[np.arange(len(labels.values)), labels.values]
    return np.asarray(-np.log(np.maximum(chosen, np.finfo(np.float64).tiny)))


def sets_of(scores: ClassScores, labels: Classes) -> np.ndarray:
    """Return the classes of each sample, (N, K) bool: of a label that is one class, that alone."""
    return labels.values if isinstance(labels, LabelSets) else np.eye(scores.values.shape[1], dtype=bool)[labels.values]


def temperature_of(scores: ClassScores, labels: Classes) -> Temperature:
    """Return what the logits must be divided by to be as sure as they are right, of independent scores one for all classes."""
    if scores.independent or isinstance(labels, LabelSets):
        return temperature_of_sets(scores.values, sets_of(scores, labels))
    return temperature_of_classes(scores.values, labels.values)
