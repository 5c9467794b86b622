"""What sections learn from the pixels of the evaluated samples, all from one reading of them in batches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reportgen.measures.duplicates import Fingerprints, fingerprints, joined
from reportgen.measures.pictures import PictureNumbers, picture_numbers
from reportgen.run.evaluation import EvaluatedSamples

MOST_COMPARED = 5_000
"""Samples that are compared with one another, the first ones: every pair of them is, in some seconds at the most."""

_AT_ONCE = 64  # samples
_MOST_NUMBERS = 2**21  # in them


@dataclass(frozen=True)
class Pixels:
    """What is kept of the samples as stored.

    Attributes:
        fingerprints: those of the first samples, at most `MOST_COMPARED`.
        numbers: brightness and the like of each picture; None for samples that are no pictures.
        areas: pixels of each sample's image file, (N,) float64; None where they are not known of all or were not changed.
    """

    fingerprints: Fingerprints
    numbers: PictureNumbers | None
    areas: np.ndarray | None


def read_pixels(samples: EvaluatedSamples) -> Pixels:
    """Return what is kept of the evaluated samples' pixels."""
    pictures = len(samples.summary.shape) == 3
    count = samples.evaluated if pictures else min(samples.evaluated, MOST_COMPARED)
    known: list[Fingerprints] = []
    numbers: list[PictureNumbers] = []
    step = max(min(_AT_ONCE, _MOST_NUMBERS // math.prod(samples.summary.shape)), 1)
    for start in range(0, count, step):
        stored = samples.read(range(start, min(start + step, count)))
        if start < MOST_COMPARED:
            known.append(fingerprints(stored[: MOST_COMPARED - start]))
        if pictures:
            numbers.append(picture_numbers(stored, samples.summary.stored_range))
    areas = [samples.areas.get(samples.index(position)) for position in range(samples.evaluated)]
    return Pixels(
        joined(known),
        PictureNumbers.joined(numbers) if pictures else None,
        None if None in areas else np.array(areas, np.float64),
    )
