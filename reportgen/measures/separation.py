"""How well classes separate in a set of numbers, how many directions the numbers fill, and how alike two sets are. Pure.

Everything is measured on standardised features: centred and divided by their standard deviation, so that none counts more for
its unit. What is not finite, or the same everywhere, is left out.
"""

from __future__ import annotations

import numpy as np

from reportgen.measures.folds import folds_of

PENALTY = 0.1
"""Of a probe's squared weights, for each feature: standardised features have an inner product of 1 on average. Our choice."""


def several(labels: np.ndarray) -> np.ndarray:
    """Return which samples have another one of their class, (N,) bool: of the others nothing can be learned without them."""
    _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(counts[places] > 1)


def standardised(features: np.ndarray) -> np.ndarray:
    """Return the features that are finite and vary, with mean 0 and standard deviation 1, (N, at most D) float64.

    Args:
        features: (N, D) numbers.
    """
    known = np.isfinite(features).all(axis=0)
    finite = features if known.all() else features[:, known]
    largest = np.maximum(finite.max(axis=0, initial=0), -finite.min(axis=0, initial=0))
    values = finite.astype(np.float64)
    values -= values.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", values, values) / max(len(values), 1))
    varies = spread > 1e-9 * largest  # what rounding alone makes differ does not vary
    if not varies.all():
        values, spread = values[:, varies], spread[varies]
    values /= spread
    return values


def nearest_centroid(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return which samples lie nearest to their own class's centroid, made of all other samples, (N,) bool.

    A sample is held out of its own class's centroid alone, as no other has it.

    Args:
        values: (N, D) standardised features.
        labels: (N,) classes, each of two samples at least.

    Source: nearest shrunken centroids without shrinkage; Tibshirani et al., PNAS 99 (2002) 6567.
    """
    classes, own = np.unique(labels, return_inverse=True)
    member = (own[:, None] == np.arange(len(classes))).astype(np.float64)
    sizes = member.sum(axis=0)
    centroids = (member.T @ values) / sizes[:, None]
    distances = ((values**2).sum(axis=1)[:, None] + (centroids**2).sum(axis=1)) - 2 * values @ centroids.T
    rows = np.arange(len(values))
    # without the sample its centroid moves away from it: to n / (n - 1) times the distance
    distances[rows, own] *= (sizes[own] / (sizes[own] - 1)) ** 2
    return np.asarray(distances.argmin(axis=1) == own)


def linear_probe(products: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return which samples a ridge regression on the classes gets right that was fitted without their fold, (N,) bool.

    The classes are coded as 0 and 1, one column each; the highest is the answer. `folds_of` tells the folds.

    Args:
        products: (N, N) inner products of the samples' standardised features, divided by the number of features.
        labels: (N,) classes, each of two samples at least.

    Source: Alain and Bengio, arXiv 1610.01644, for linear probes; Hoerl and Kennard 1970, Technometrics 12, 55, in its dual form
    (Saunders, Gammerman and Vovk 1998).
    """
    classes, own = np.unique(labels, return_inverse=True)
    member = (own[:, None] == np.arange(len(classes))).astype(np.float64)
    folds = folds_of(own)
    right = np.zeros(len(own), bool)
    for fold in np.unique(folds):
        held, fitted = folds == fold, folds != fold
        inside, outside = products[np.ix_(fitted, fitted)], products[np.ix_(held, fitted)]
        mean = inside.mean(axis=0)
        inside = inside - mean - mean[:, None] + mean.mean()
        outside = outside - mean - outside.mean(axis=1, keepdims=True) + mean.mean()
        shares = member[fitted].mean(axis=0)
        inside[np.diag_indices_from(inside)] += PENALTY
        answers = outside @ np.linalg.solve(inside, member[fitted] - shares) + shares
        right[held] = answers.argmax(axis=1) == own[held]
    return right


def effective_rank(products: np.ndarray) -> float:
    """Return how many directions values fill, from 1 to the number of samples: the exponential of the entropy of singular values.

    Args:
        products: (N, N) inner products of the samples' values.

    Source: Roy and Vetterli, The effective rank, EUSIPCO 2007.

    Example:
        >>> round(effective_rank(np.diag([4.0, 4, 4, 0])), 6)
        3.0
    """
    singular = np.sqrt(np.clip(np.linalg.eigvalsh(products), 0, None))
    singular = singular[singular > 1e-7 * singular.max(initial=0)]  # below, rounding of the products
    shares = singular / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Return how alike two sets of values of the same samples are but for rotation and scale, from 0 to 1.

    Args:
        first, second: (N, N) inner products of the samples' centred values.

    Source: Kornblith et al., arXiv 1905.00414, linear centred kernel alignment.
    """
    return float((first * second).sum() / (np.linalg.norm(first) * np.linalg.norm(second)))
