"""How well classes separate in a set of numbers: the held-out accuracy of the nearest centroid."""

from __future__ import annotations

import numpy as np

from reportgen.measures.intervals import Rate, measure


def nearest_centroid_accuracy(features: np.ndarray, labels: np.ndarray) -> Rate | None:
    """Return how often a sample lies nearest to its own class's centroid, made of all other samples.

    Each feature is divided by its standard deviation, so that none counts more for its unit. A sample is held out of its own
    class's centroid alone, as no other has it. Samples that are the only ones of their class are left out.

    Args:
        features: (N, D) numbers; a feature that is not finite anywhere, or the same everywhere, is left out.
        labels: (N,) classes.

    Returns:
        None where fewer than two classes have two samples or no feature is left.

    Source: nearest shrunken centroids without shrinkage; Tibshirani et al., PNAS 99 (2002) 6567. Alain and Bengio 2016 read
    off a network how its layers separate classes by classifiers on each.
    """
    classes, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    several = counts[places] > 1
    if len(np.unique(labels[several])) < 2:
        return None
    values = features[several].astype(np.float64)
    values = values[:, np.isfinite(values).all(axis=0)]
    spread = values.std(axis=0)
    values = (values / np.where(spread > 0, spread, 1))[:, spread > 0]
    if not values.shape[1]:
        return None
    classes, own = np.unique(labels[several], return_inverse=True)
    member = (own[:, None] == np.arange(len(classes))).astype(np.float64)
    sizes = member.sum(axis=0)
    centroids = (member.T @ values) / sizes[:, None]
    distances = ((values**2).sum(axis=1)[:, None] + (centroids**2).sum(axis=1)) - 2 * values @ centroids.T
    rows = np.arange(len(values))
    # without the sample its centroid moves away from it: to n / (n - 1) times the distance
    distances[rows, own] *= (sizes[own] / (sizes[own] - 1)) ** 2
    return measure(int((distances.argmin(axis=1) == own).sum()), len(values))
