"""Which filter of one kernel is which of another, whatever their order. Pure: arrays in, an order out."""

from __future__ import annotations

import numpy as np

from reportgen.measures.assignment import best_assignment

MOST_ASSIGNED = 256
"""Filters whose order is looked for where it is not seen at once; more would take minutes. They are compared by their number."""


def order_in_blocks(
    base: np.ndarray, new: np.ndarray, blocks: int, places: np.ndarray | None = None
) -> np.ndarray | None:
    """Return the order of `matched_order` that takes each of equal blocks of filters, one after the other, to a block.

    Where it is not given which block stands for which, their most similar filters tell.

    Args:
        base, new: (K, N) numbers, a filter a row; K is a multiple of `blocks`.
        blocks: number of blocks.
        places: (blocks,) the new block that stands for each of the base; None where that is not known.

    Example:
        Two groups of two filters of which the groups and the filters of the second one changed places:

        >>> order_in_blocks(numpy.eye(4), numpy.eye(4)[[3, 2, 0, 1]], 2)  # doctest: +SKIP
        array([2, 3, 1, 0])
    """
    if blocks == 1:
        return matched_order(base, new)
    size = len(base) // blocks
    if places is None:
        alike = cosine_matrix(base, new).reshape(blocks, size, blocks, size).max(axis=3).sum(axis=1)
        found = _assigned(alike)
        places = np.arange(blocks) if found is None else found
    orders = []
    for own, place in enumerate(places):
        rows = base[own * size : (own + 1) * size], new[place * size : (place + 1) * size]
        order = matched_order(*rows)
        orders.append(place * size + (np.arange(size) if order is None else order))
    return np.concatenate(orders)


def matched_order(base: np.ndarray, new: np.ndarray) -> np.ndarray | None:
    """Return the new filter that stands for each filter of the base, each once, (K,) int64; None where they are too many.

    The order with the largest sum of cosines. Where the most similar one of each filter is another one, as after a training
    that began with these weights and after a mere permutation, that is the order; else it is looked for.

    Args:
        base, new: (K, N) numbers, a filter a row.

    Source: linear assignment (`best_assignment`) on cosine similarity, as Ainsworth, Hayase and Srinivasa 2022, arXiv
    2209.04836, match the units of two networks.
    """
    return _assigned(cosine_matrix(base, new))


def _assigned(likeness: np.ndarray) -> np.ndarray | None:
    """Return the column that stands for each row of (K, K) numbers; None where they are too many."""
    own = np.arange(len(likeness))
    best = np.asarray(likeness.argmax(axis=1))
    best = np.where(likeness[own, own] >= likeness[own, best], own, best)  # of equally similar ones its own
    if len(np.unique(best)) == len(best):
        return best
    return best_assignment(likeness) if len(likeness) <= MOST_ASSIGNED else None


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
