"""By how much a model is too sure: the one number that its logits must be divided by. Pure: arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from reportgen.measures.intervals import CONFIDENCE
from reportgen.measures.probabilities import sigmoid, softmax
from reportgen.results import redactable

_LEAST = 1e-38
"""Least probability whose logarithm is taken: float32 has no smaller normal number."""

_LEAST_OF_TWO = 1e-7
"""The same where one probability is 1 minus the other, which float32 cannot tell better."""

_FURTHEST = math.log(1000.0)
_HALVINGS = 20


@redactable
@dataclass(frozen=True)
class Temperature:
    """The temperature at which a model's answers would be as sure as they are right.

    Attributes:
        value: what the logits must be divided by, from 0.001 to 1000: 1 for a calibrated model, more for one that is too sure.
        low, high: bounds of it at 95 %.
        loss: mean negative log-likelihood of the labels as the model is, in nats.
        fitted_loss: the same at this temperature.
    """

    value: float
    low: float
    high: float
    loss: float
    fitted_loss: float

    @property
    def bounded(self) -> bool:
        """Whether both bounds lie within the temperatures that were tried: answers that are all right have no lower one."""
        return self.low > 2 / math.exp(_FURTHEST) and self.high < math.exp(_FURTHEST) / 2


def tempered(values: np.ndarray, temperature: float, *, independent: bool) -> np.ndarray:
    """Return the probabilities when the logits are divided by a temperature, (N, K) float64.

    Args:
        values: (N, K) float64, the probabilities.
        temperature: over 0.
        independent: whether each class has a probability of its own.
    """
    logits = _logits_of_sets(values) if independent else _logits_of_classes(values)
    return sigmoid(logits / temperature) if independent else softmax(logits / temperature)


def _logits_of_classes(values: np.ndarray) -> np.ndarray:
    logits = np.log(np.maximum(values, _LEAST_OF_TWO if values.shape[1] == 2 else _LEAST))
    return np.asarray(logits - logits.max(axis=1, keepdims=True))


def _logits_of_sets(values: np.ndarray) -> np.ndarray:
    bounded = np.clip(values, _LEAST_OF_TWO, 1 - _LEAST_OF_TWO)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))


def temperature_of_classes(values: np.ndarray, labels: np.ndarray) -> Temperature:
    """Return the temperature of answers that name one class.

    Args:
        values: (N, K) float64, probabilities that sum to 1 for each sample.
        labels: (N,) int64 in [0, K).
    """
    logits = _logits_of_classes(values)
    wanted = logits[np.arange(len(labels)), labels]

    def slopes(sharpness: float) -> np.ndarray:
        weights = np.exp(sharpness * logits)
        return np.asarray(wanted - (weights * logits).sum(axis=1) / weights.sum(axis=1))

    def loss(sharpness: float) -> float:
        return float((np.log(np.exp(sharpness * logits).sum(axis=1)) - sharpness * wanted).mean())

    return _fitted(slopes, loss)


def temperature_of_sets(values: np.ndarray, sets: np.ndarray) -> Temperature:
    """Return the temperature of answers that name any number of classes; the answers on one sample count as one.

    Args:
        values: (N, K) float64, the probability of each class, in [0, 1].
        sets: (N, K) bool, the classes of each sample.
    """
    logits = _logits_of_sets(values)

    def slopes(sharpness: float) -> np.ndarray:
        return np.asarray((logits * (sets - sigmoid(sharpness * logits))).sum(axis=1))

    def loss(sharpness: float) -> float:
        return float(np.logaddexp(0, np.where(sets, -sharpness, sharpness) * logits).mean())

    return _fitted(slopes, loss)


def _fitted(slopes: Callable[[float], np.ndarray], loss: Callable[[float], float]) -> Temperature:
    """Return the temperature that maximises a likelihood, with the interval that a score test does not reject.

    The likelihood is convex in the sharpness, which is 1 / temperature, so its slope falls and each bound is found by halving.
    The slopes are scaled by their own spread, not by that of the model's probabilities, which are what is in doubt.

    Args:
        slopes: gives each sample's slope of the log-likelihood at a sharpness.
        loss: gives the mean negative log-likelihood at a sharpness.

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2 (temperature); White 1982, Econometrica 50, 1 (spread).
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

    @cache  # the three searches begin with the same halvings
    def score(sharpness: float) -> float:
        each = slopes(sharpness)
        spread = math.sqrt(float((each**2).sum()))
        return float(each.sum()) / spread if spread else 0.0

    best, sharpest, dullest = (_crossing(score, level) for level in (0.0, -z, z))
    return Temperature(1 / best, 1 / sharpest, 1 / dullest, loss(1.0), loss(best))


def _crossing(score: Callable[[float], float], level: float) -> float:
    """Return the sharpness at which a falling score reaches a level."""
    low, high = -_FURTHEST, _FURTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if score(math.exp(middle)) > level:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
