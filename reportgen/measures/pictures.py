"""Numbers of whole pictures, by which samples are grouped. Pure: pictures in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNLIKE = 0.1
"""Share of the range of all samples by which one channel of a pixel differs from its picture's border. Our choice."""


@dataclass(frozen=True)
class PictureNumbers:
    """Numbers of each picture, (N,) float64 each.

    Attributes:
        brightness: mean of the stored values.
        contrast: standard deviation of the grey values, in the same unit.
        unlike: share of the pixels that are unlike the border, in [0, 1]: where the background is even, the size of what is
            before it.
    """

    brightness: np.ndarray
    contrast: np.ndarray
    unlike: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[PictureNumbers]) -> PictureNumbers:
        """Return the numbers of several batches, at least one, as those of all."""
        names = ("brightness", "contrast", "unlike")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def picture_numbers(pictures: np.ndarray, value_range: tuple[float, float]) -> PictureNumbers:
    """Return the numbers of pictures.

    A pixel is unlike the border where one of its channels is further from the median of the border's pixels than a tenth of the
    range. How well that tells the size of an object is measured in docs/verdicts.md.

    Args:
        pictures: (n, height, width, channels) as stored.
        value_range: least and largest value of all samples.
    """
    values = pictures.astype(np.float32)
    border = np.concatenate([values[:, 0], values[:, -1], values[:, :, 0], values[:, :, -1]], axis=1)
    apart = np.abs(values - np.median(border, axis=1)[:, None, None]).max(axis=3)
    grey = values.mean(axis=3, dtype=np.float64)
    low, high = value_range
    return PictureNumbers(
        brightness=grey.mean(axis=(1, 2)),
        contrast=grey.std(axis=(1, 2)),
        unlike=(apart > UNLIKE * (high - low)).mean(axis=(1, 2)),
    )
