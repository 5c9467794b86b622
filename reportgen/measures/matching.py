"""Which filter of one kernel is which of another, whatever their order. Pure: arrays in, an order out."""

from __future__ import annotations

import numpy as np

from reportgen.measures.assignment import best_assignment

MOST_ASSIGNED = 256
"""Filters whose order is looked for where it is not seen at once; more would take minutes. They are compared by their number."""


def matched_order(base: np.ndarray, new: np.ndarray) -> np.ndarray | None:
    """Return the new filter that stands for each filter of the base, each once, (K,) int64; None where they are too many.

    The order with the largest sum of cosines. Where the most similar one of each filter is another one, as after a training
    that began with these weights and after a mere permutation, that is the order; else it is looked for.

    Args:
        base, new: (K, N) numbers, a filter a row.

    Source: linear assignment (`best_assignment`) on cosine similarity, as Ainsworth, Hayase and Srinivasa 2022, arXiv
    2209.04836, match the units of two networks.
    """
    cosines = cosine_matrix(base, new)
    own = np.arange(len(cosines))
    best = np.asarray(cosines.argmax(axis=1))
    best = np.where(cosines[own, own] >= cosines[own, best], own, best)  # of equally similar ones its own
    if len(np.unique(best)) == len(best):
        return best
    return best_assignment(cosines) if len(cosines) <= MOST_ASSIGNED else None


def cosine_matrix(base: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the cosine of each row of the base with each of the new, (K, L) float64; 0 for a row of zeros or without numbers."""
    first, second = (_directions(rows) for rows in (base, new))
    return np.asarray(first @ second.T)


def cosine(base: np.ndarray, new: np.ndarray) -> float:
    """Return the cosine of two arrays of one shape as vectors, in [-1, 1]; 0 where one is zero or holds no numbers."""
    return float(np.clip(cosine_matrix(base.reshape(1, -1), new.reshape(1, -1))[0, 0], -1, 1))


def _directions(rows: np.ndarray) -> np.ndarray:
    values = rows.astype(np.float64)
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    known = np.isfinite(norms) & (norms > 0)
    return np.where(known, np.where(known, values, 0) / np.where(known, norms, 1), 0)
