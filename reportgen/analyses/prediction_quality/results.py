"""What is said of predictions, in numbers and plottables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.claims import MeasuredClaim
from reportgen.measures.classification import (
    ClassificationQuality,
)
from reportgen.measures.multilabel import MultiLabelQuality
from reportgen.measures.outputs import ImageQuality, OutputErrors
from reportgen.measures.picture_outputs import PictureOutputs
from reportgen.measures.regression import RegressionErrors
from reportgen.measures.segmentation import SegmentationQuality
from reportgen.results import Becomes, ImageGrid, Kept, redactable, redactable_sample


@redactable
@dataclass(frozen=True)
class PredictionQualityResult:
    """Predictions against labels; one of `classification`, `regression`, `multi_label`, `segmentation` and `outputs` is given.

    Attributes:
        rule: how scores were made from the output, or ''.
        evaluated: number of samples.
        total: number of samples in the source.
        classification: where the output is one score for each class.
        regression: where it is a single number.
        worst: the most confidently wrong samples, then those whose label has the lowest probability; for numbers and images, the
            largest errors; for several classes, the largest losses; for masks, the smallest overlaps.
        confidently: how many of `worst` are there for the first reason.
        pictures: one tile for each of `worst`, or None for samples that are not images.
        multi_label: where the output is an independent score for each class and the labels name any number of them.
        claims: what --expect claimed, and what was measured.
        segmentation: where the output and the labels are the class of each pixel.
        outputs: the errors of each output where it is a vector of numbers, or of each channel where it is an image.
        images: where output and labels are images.
        worst_outputs: masks or images of `worst` beside input, target and error.
    """

    rule: Kept[str]
    evaluated: int
    total: int
    classification: ClassificationQuality | None
    regression: RegressionErrors | None
    worst: tuple[WorstSample, ...]
    confidently: int
    pictures: Annotated[ImageGrid | None, Becomes(None)]
    multi_label: MultiLabelQuality | None = None
    claims: tuple[MeasuredClaim, ...] = ()
    segmentation: SegmentationQuality | None = None
    outputs: tuple[OutputErrors, ...] = ()
    images: ImageQuality | None = None
    worst_outputs: PictureOutputs | None = None

    @property
    def by_explained(self) -> tuple[OutputErrors, ...]:
        """The outputs whose R squared is known, those that are explained least first."""
        known = (one for one in self.outputs if math.isfinite(one.explained))
        return tuple(sorted(known, key=lambda one: one.explained))


@redactable_sample
@dataclass(frozen=True)
class WorstSample:
    """One sample that the model is wrong about, or nearly so.

    Attributes:
        index: the sample's number in the source.
        name: the sample's name in the source.
        label: its class or classes, or the numbers that were wanted; '' for masks and images.
        predicted: the model's answer, likewise.
        probability: that answer's probability, in [0, 1]; None for a number and for several classes.
        label_probability: the label's probability, in [0, 1]; None for a number and for several classes.
        right: whether the answer is the label; None for a number.
        loss: mean binary cross-entropy of a multi-label answer, in nats; of a mask the mean intersection over union, of an image
            the root mean square error, of several numbers that in standard deviations of the targets; None for others.
    """

    index: Kept[int]
    name: Annotated[str, Becomes("")]
    label: Annotated[str, Becomes("")]
    predicted: Annotated[str, Becomes("")]
    probability: Kept[float | None]
    label_probability: Kept[float | None]
    right: Annotated[bool | None, Becomes(None)]
    loss: Kept[float | None] = None
