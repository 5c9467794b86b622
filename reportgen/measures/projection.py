"""Many numbers for each sample as a place in a plane. Pure: arrays in, arrays out."""

from __future__ import annotations

import numpy as np


def principal_plane(values: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the samples along the two directions in which they vary most, and the share of the variance along each.

    Of each direction the largest coefficient is positive, so that two runs draw the same picture.

    Args:
        values: (n, D) finite numbers that are not the same for all samples, D at least 1.

    Returns:
        (n, 2) float64, and two shares in [0, 1].

    Source: Pearson 1901, Philosophical Magazine 2, 559.
    """
    centred = values - values.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    known = min(2, len(sizes))
    signs = np.sign(right[np.arange(known), np.abs(right[:known]).argmax(axis=1)])
    places = np.zeros((len(values), 2))
    places[:, :known] = left[:, :known] * sizes[:known] * signs
    shares = sizes**2 / (sizes**2).sum()
    return places, (float(shares[0]), float(shares[1]) if known == 2 else 0.0)


def nearest_others(values: np.ndarray) -> np.ndarray:
    """Return the place of the sample nearest to each one, itself left out, (n,): by Euclid's distance, the first of equals.

    Args:
        values: (n, D) finite numbers, n at least 2.
    """
    centred = values - values.mean(axis=0, dtype=np.float64)
    squares = (centred**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * centred @ centred.T
    np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.argmin(axis=1))
