"""Which pictures are others moved by some pixels or mirrored. Pure: pictures and embeddings in, copies out.

Every pair in every alignment would be too many. A network brings such pictures near one another, so that only the nearest in its
last hidden layer are compared; what decides is the pictures themselves.
"""

from __future__ import annotations

import numpy as np

from reportgen.measures.duplicates import NEAR, Copy
from reportgen.measures.separation import standardised

NEIGHBOURS = 5
"""Nearest samples, by the embedding, that a sample is compared with. Our choice."""

FARTHEST = 4
"""Pixels along each axis of the reduced picture that a copy may be moved by. Our choice."""

_AT_ONCE = 1_000  # pairs


def moved_copies(pictures: np.ndarray, embeddings: np.ndarray) -> tuple[Copy, ...]:
    """Return each picture that an earlier one is, moved or mirrored, with the one that it correlates with most.

    Args:
        pictures: (n, h, w, c), small.
        embeddings: (n, D), the pictures in the network's last hidden layer.
    """
    pairs = _nearest(embeddings)
    mirrored = pictures[:, :, ::-1]
    spectra, spectra_mirrored = _spectra(pictures), _spectra(mirrored)
    best: dict[int, Copy] = {}
    for start in range(0, len(pairs), _AT_ONCE):
        first, second = pairs[start : start + _AT_ONCE].T
        one = pictures[first]
        similarity = np.maximum(
            _aligned(one, pictures[second], spectra[first] * spectra[second].conj(), moved=True),
            _aligned(one, mirrored[second], spectra[first] * spectra_mirrored[second].conj(), moved=False),
        )
        for place in np.flatnonzero(similarity >= NEAR).tolist():
            copy = Copy(
                int(second[place]), int(first[place]), float(min(similarity[place], 1.0)), exact=False, moved=True
            )
            if copy.position not in best or best[copy.position].similarity < copy.similarity:
                best[copy.position] = copy
    return tuple(best[position] for position in sorted(best))


def _nearest(embeddings: np.ndarray) -> np.ndarray:
    """Return each sample and its nearest ones by the cosine of standardised embeddings, (P, 2), the earlier first."""
    values = standardised(embeddings)
    if not values.shape[1]:
        return np.zeros((0, 2), int)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    cosines = values @ values.T
    np.fill_diagonal(cosines, -np.inf)
    most = min(NEIGHBOURS, len(values) - 1)
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :most]
    both = np.stack([np.repeat(np.arange(len(values)), most), near.ravel()], axis=1)
    return np.unique(np.sort(both, axis=1), axis=0)


def _spectra(pictures: np.ndarray) -> np.ndarray:
    return np.fft.rfft2(pictures - pictures.mean(axis=(1, 2, 3), keepdims=True), axes=(1, 2))


def _aligned(one: np.ndarray, other: np.ndarray, products: np.ndarray, *, moved: bool) -> np.ndarray:
    """Return the correlation of each pair where they overlap best, (P,); 0 for what is even there.

    Args:
        one, other: (P, h, w, c).
        products: the spectra of these, of the other conjugate, multiplied.
        moved: whether the pair must not lie as it is.
    """
    size = one.shape[1:3]
    shifted = np.fft.irfft2(products.sum(axis=3), s=size, axes=(1, 2))
    steps = [np.arange(-min(FARTHEST, length - 1), min(FARTHEST, length - 1) + 1) for length in size]
    window = shifted[:, steps[0][:, None] % size[0], steps[1][None] % size[1]].reshape(len(one), -1)
    if moved:
        window[:, window.shape[1] // 2] = -np.inf  # the middle is no move
    peaks = window.argmax(axis=1)
    found = np.zeros(len(one))
    for peak in np.unique(peaks):
        down, right = steps[0][peak // len(steps[1])], steps[1][peak % len(steps[1])]
        chosen = peaks == peak
        cut = one[chosen][_overlap(down, right)], other[chosen][_overlap(-down, -right)]
        found[chosen] = _correlation(*(part.reshape(int(chosen.sum()), -1).astype(np.float64) for part in cut))
    return found


def _overlap(down: int, right: int) -> tuple[slice, ...]:
    """Return the part of pictures, (n, h, w, c), that overlaps with others which are moved by so much."""
    return (slice(None), *(slice(max(step, 0), min(step, 0) or None) for step in (int(down), int(right))))


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    one, other = (values - values.mean(axis=1, keepdims=True) for values in (one, other))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = (one * other).sum(axis=1)
    return np.asarray(np.where(lengths > 1e-6, products / np.where(lengths > 1e-6, lengths, 1), 0.0))
