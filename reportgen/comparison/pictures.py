"""Samples on which two models differ: what each says of them, and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.tiles import columns_for, pictures_of
from reportgen.results import Becomes, ImageGrid, Kept, redactable_sample
from reportgen.run import EvaluatedSamples

MOST = 16
"""Samples of a kind that are shown."""

_PIXELS = 56 * 56


@redactable_sample
@dataclass(frozen=True)
class ChangedSample:
    """A sample that two models answer in different ways.

    Attributes:
        index: the sample's number in the source.
        name: its name in the source.
        label: its class or classes, or the number that was wanted; '' without labels.
        answers: of the base and of the new model.
        values: the probability that each gives to its own answer, in [0, 1]; of numbers and pictures the error, or, without
            labels, the output that differs most.
    """

    index: Kept[int]
    name: Annotated[str, Becomes("")]
    label: Annotated[str, Becomes("")]
    answers: Annotated[tuple[str, str], Becomes(("", ""))]
    values: Kept[tuple[float, float]]


def pictures(samples: EvaluatedSamples, positions: Sequence[int]) -> ImageGrid | None:
    """Return evaluated samples, by their positions, as a grid; None where there are none or they are no images."""
    drawn = pictures_of(samples.read(positions), pixels=_PIXELS) if positions else None
    if drawn is None:
        return None
    labels = tuple(str(samples.index(position)) for position in positions)
    count = len(positions)
    return ImageGrid(drawn.values, labels, drawn.value_range, count, drawn.palette, columns_for(count), drawn.maxima)
