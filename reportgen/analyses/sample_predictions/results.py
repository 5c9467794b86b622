"""What is said of the chosen samples, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.picture_outputs import PictureOutputs
from reportgen.messages import say
from reportgen.results import (
    Becomes,
    ImageGrid,
    Kept,
    SamplesSummary,
    SortedBy,
    redactable,
    redactable_sample,
)


@dataclass(frozen=True)
class ClassProbability:
    """One class, its number, and the model's score for it, in [0, 1]."""

    name: str
    probability: float
    index: int = -1


@redactable_sample
@dataclass(frozen=True)
class ShownSample:
    """One chosen sample.

    Attributes:
        index: the sample's number in the source.
        name: the sample's name in the source.
        picture: a grid of one tile, or None for inputs that are not images.
        label: name of its class, or None without labels.
        top: the classes with the highest scores, falling; empty where the output is not one score for each class.
        correct: whether the highest score is the label's; None without either.
        output: the output itself where `top` is empty and it is short, otherwise None.
        classes: names of its classes where the labels name any number of them; there is no `label` then, and `correct` says
            whether exactly these are predicted. None elsewhere.
        predicted: names of the classes with a score over 0.5, where each has a score of its own and `classes` are known.
        target: what the output should be, where the labels are numbers and it is short; None elsewhere.
        tied: how many classes share the highest score, so that their order says nothing; 1 where one is ahead.
    """

    index: SortedBy[int]
    name: Annotated[str, Becomes("")]
    picture: Annotated[ImageGrid | None, Becomes(None)]
    label: Annotated[str | None, Becomes(None)]
    top: Annotated[tuple[ClassProbability, ...], Becomes(_ranked)]
    correct: Kept[bool | None]
    output: Annotated[tuple[float, ...] | None, Becomes(None)]
    classes: Annotated[tuple[str, ...] | None, Becomes(None)] = None
    predicted: Annotated[tuple[str, ...] | None, Becomes(None)] = None
    target: Annotated[tuple[float, ...] | None, Becomes(None)] = None
    tied: Kept[int] = 1


@redactable
@dataclass(frozen=True)
class SamplePredictionsResult:
    """The chosen samples.

    Attributes:
        summary: where the samples come from and what was done to them.
        shown: the chosen samples, in the order of the selection.
        rule: how scores were made from the output, or ''.
        reduction: factor by which the pictures are smaller than the samples.
        expected_range: range of the inputs by the model's own rescaling layer, or None.
        rescaled: whether the model rescales its input by itself, in whatever way.
        non_finite: number of evaluated samples with an output that is NaN or infinite.
        variation: how far the outputs of all evaluated samples are from their mean, of class scores see `variation_of`, of
            images and numbers the largest of `spreads`; None where it cannot be told.
        unchecked_names: number of class names whose order could not be checked, as no class folder has one of them.
        repeat_change: how far outputs differ when the first samples are run twice, as a share of the largest output.
        unsteady_layer: the first layer whose output differs then; '' where none does or none can be told.
        outputs: the outputs of the chosen samples, where they are images; None elsewhere.
        spreads: how much each of several numbers varies over the samples, of images all values together, see `spreads_of`;
            empty for class scores and on few samples.
    """

    summary: SamplesSummary
    shown: tuple[ShownSample, ...]
    rule: Kept[str]
    reduction: Annotated[int, Becomes(1)]
    expected_range: tuple[float, float] | None
    rescaled: bool = False
    non_finite: int = 0
    variation: float | None = None
    unchecked_names: int = 0
    repeat_change: float = 0.0
    unsteady_layer: Kept[str] = ""
    outputs: PictureOutputs | None = None
    spreads: tuple[float, ...] = ()

    @property
    def takes_any_range(self) -> bool:
        """Whether the model has no rescaling of its own, so that samples must come scaled."""
        return self.expected_range is None and not self.rescaled


def _ranked(top: tuple[ClassProbability, ...]) -> tuple[ClassProbability, ...]:
    """Return the highest scores of a sample without their classes."""
    return tuple(
        ClassProbability(say("score {rank:d}", rank=rank), one.probability) for rank, one in enumerate(top, start=1)
    )
