"""Probabilities from logits, without overflow."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return softmax over the last axis, without overflow for large logits."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)) of every value, without overflow for large logits."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)))
