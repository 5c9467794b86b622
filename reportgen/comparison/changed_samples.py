"""Samples on which two models differ, and what each says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.results import Becomes, Kept, redactable_sample

MOST = 16
"""Samples of a kind that are shown."""


@redactable_sample
@dataclass(frozen=True)
class ChangedSample:
    """A sample that two models answer in different ways.

    Attributes:
        index: the sample's number in the source.
        name: its name in the source.
        label: its class or classes, or the number that was wanted; '' without labels.
        answers: what the base and the new model answer.
        values: the probability that each gives to its own answer, in [0, 1]; of numbers and pictures the error, or, without
            labels, the output that differs most.
    """

    index: Kept[int]
    name: Annotated[str, Becomes("")]
    label: Annotated[str, Becomes("")]
    answers: Annotated[tuple[str, str], Becomes(("", ""))]
    values: Kept[tuple[float, float]]
