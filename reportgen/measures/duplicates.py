"""Which samples are copies of others, to the byte or nearly. Pure: arrays in, positions out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.measures.tiles import block_means

NEAR = 0.995
"""Correlation from which two pictures are nearly the same. Source: measurement in docs/verdicts.md: up to 0.989 within 3,000
different pictures of Fashion-MNIST, 0.993 to 20,000 others; of copies blurred by 0.4 pixels, of less contrast or through JPEG 80
nine in ten have more."""

_VALUES = 1024
"""Values that a picture is brought to before it is compared: 32 x 32 of one channel, 18 x 18 of three."""


_SMALLEST = 8
"""Pixels along each axis of the smallest pictures: smaller ones are alike by chance."""


@dataclass(frozen=True)
class Fingerprints:
    """What tells whether samples are the same.

    Attributes:
        digests: n digests of the stored bytes.
        pictures: (n, D) float32, each with mean 0 and length 1, or all zeros where its values are the same; D is 0 for what is no
            picture, or a very small one.
        blank: (n,) bool, samples of which all values are the same.
        size: (h, w, c) of the small pictures, h x w x c = D.
    """

    digests: tuple[bytes, ...]
    pictures: np.ndarray
    blank: np.ndarray
    size: tuple[int, ...] = (0, 0, 0)

    def __len__(self) -> int:
        """Return n."""
        return len(self.digests)


def fingerprints(stored: np.ndarray) -> Fingerprints:
    """Return the fingerprints of samples, (n, *shape) finite numbers as stored."""
    flat = stored.reshape(len(stored), -1)
    pictures = _pictures(stored)
    return Fingerprints(
        digests=tuple(hashlib.blake2b(np.ascontiguousarray(one).tobytes(), digest_size=16).digest() for one in stored),
        pictures=pictures.reshape(len(stored), -1),
        blank=np.asarray((flat == flat[:, :1]).all(axis=1)),
        size=pictures.shape[1:],
    )


def joined(parts: Sequence[Fingerprints]) -> Fingerprints:
    """Return the fingerprints of several batches, at least one, as those of all."""
    return Fingerprints(
        digests=tuple(digest for part in parts for digest in part.digests),
        pictures=np.concatenate([part.pictures for part in parts]),
        blank=np.concatenate([part.blank for part in parts]),
        size=parts[0].size,
    )


def _pictures(stored: np.ndarray) -> np.ndarray:
    """Return small pictures, (n, h, w, c), each with mean 0 and length 1, or all zeros."""
    if stored.ndim != 4 or min(stored.shape[1:3]) < _SMALLEST:
        return np.zeros((len(stored), 0, 0, 0), np.float32)
    height, width, channels = stored.shape[1:]
    factor = max(1, math.ceil(math.sqrt(height * width * channels / _VALUES)))
    small = block_means(stored, factor)
    values = small.reshape(len(stored), -1).astype(np.float64)
    values -= values.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    # rounding leaves a little of an even picture
    known = lengths > 1e-6 * np.maximum(np.abs(stored.reshape(len(stored), -1)).max(axis=1, keepdims=True), 1e-30)
    return np.asarray(np.where(known, values / np.where(known, lengths, 1), 0), np.float32).reshape(small.shape)


_AT_ONCE = 256  # pictures that are compared with all before them
_SIDE = 4  # pixels of a block
_ROUNDING = 1e-5  # in float32
_MOST_BY_PAIR = 2_000  # pairs: so many take as long as a product of 256 pictures with 5,000


@dataclass(frozen=True)
class Copy:
    """A sample that is the same as another one, or nearly.

    Attributes:
        position: the sample.
        of: the other one's position.
        similarity: correlation of the two pictures; 1 where the stored bytes are the same.
        exact: whether these are the same.
        moved: whether the pictures are alike once one is moved or mirrored, and not as they lie.
    """

    position: int
    of: int
    similarity: float
    exact: bool
    moved: bool = False


def copies_within(found: Fingerprints) -> tuple[Copy, ...]:
    """Return each sample that an earlier one is the same as, exactly or nearly, with the first of those; no blank ones."""
    first = {digest: place for place, digest in reversed([*enumerate(found.digests)])}
    near = _first_alike(found)
    copies = []
    for place, digest in enumerate(found.digests):
        if found.blank[place]:
            continue
        if first[digest] < place:
            copies.append(Copy(place, first[digest], 1.0, exact=True))
            continue
        if place in near:
            copies.append(Copy(place, *near[place], exact=False))
    return tuple(copies)


def _first_alike(found: Fingerprints) -> dict[int, tuple[int, float]]:
    """Return for each picture that an earlier one is like the first of those, and how alike they are.

    Pictures of length 1 that correlate by r lie sqrt(2 - 2 r) apart, and what is left of them in blocks lies no further. So
    those pairs alone are compared whole whose blocks lie as near: mostly few, and there are 16 times fewer blocks than pixels.
    """
    pictures, alike = found.pictures, dict[int, tuple[int, float]]()
    if not pictures.shape[1]:
        return alike
    blocks = _blocks(found)
    halves = (blocks**2).sum(axis=1, keepdims=True) / 2
    halves[~pictures.any(axis=1)] = 2  # farther from everything than two pictures can be
    ones = np.ones_like(halves)
    # the product of these two is -distance² / 2
    one, other = np.hstack([blocks, -halves, ones]), np.hstack([blocks, ones, -halves]).T
    for start in range(0, len(pictures), _AT_ONCE):
        end = min(start + _AT_ONCE, len(pictures))
        rows, columns = _earlier(one[start:end] @ other[:, :end] >= NEAR - 1 - _ROUNDING, start)
        if len(rows) > _MOST_BY_PAIR:
            whole = pictures[start:end] @ pictures[:end].T
            rows, columns = _earlier(whole >= NEAR, start)
            similar = whole[rows, columns]
        else:
            similar = (pictures[rows + start] * pictures[columns]).sum(axis=1, dtype=np.float64)
        near = similar >= NEAR
        rows, columns, similar = rows[near], columns[near], similar[near]
        for row, place in zip(*(each.tolist() for each in np.unique(rows, return_index=True)), strict=True):
            alike[start + row] = int(columns[place]), float(similar[place])
    return alike


def _earlier(marked: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the marked pairs of a picture and an earlier one; the first row is that of picture `start`."""
    rows, columns = np.nonzero(marked)
    earlier = columns < rows + start
    return rows[earlier], columns[earlier]


def _blocks(found: Fingerprints) -> np.ndarray:
    """Return pictures projected onto blocks of 4 x 4 pixels, (n, d): their means times the root of the pixels in each."""
    height, width, channels = found.size
    means = block_means(found.pictures.reshape(-1, height, width, channels), _SIDE)
    rows, columns = (np.diff(np.append(np.arange(0, length, _SIDE), length)) for length in (height, width))
    lengths = np.sqrt(np.outer(rows, columns), dtype=np.float32)[:, :, None]
    return np.asarray((means * lengths).reshape(len(means), -1))


def copies_among(found: Fingerprints, others: Iterable[Fingerprints]) -> tuple[Copy, ...]:
    """Return each sample that is the same as one of others, exactly or nearly, with the most similar of those.

    Args:
        found: fingerprints of the samples.
        others: those of the others, batch by batch, in their order.
    """
    best = np.full(len(found), -np.inf)
    of, exact = np.full(len(found), -1), np.zeros(len(found), bool)
    start = 0
    for part in others:
        known = {digest: place for place, digest in reversed([*enumerate(part.digests)])}
        if part.pictures.shape[1] and part.pictures.shape[1] == found.pictures.shape[1]:
            similar = found.pictures @ part.pictures.T
            places = similar.argmax(axis=1)
            values = similar[np.arange(len(found)), places]
            nearer = (values > best) & ~exact
            best[nearer], of[nearer] = values[nearer], start + places[nearer]
        for place, digest in enumerate(found.digests):
            if digest in known and not exact[place]:
                best[place], of[place], exact[place] = 1.0, start + known[digest], True
        start += len(part)
    return tuple(
        Copy(place, int(of[place]), float(best[place]), bool(exact[place]))
        for place in np.flatnonzero(exact | (best >= NEAR)).tolist()
    )
