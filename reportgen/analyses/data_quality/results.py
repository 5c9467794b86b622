"""What is said of the samples themselves, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reportgen.measures.intervals import Rate
from reportgen.results import Becomes, ImageGrid, Kept, PanelGrid, SortedBy, redactable, redactable_sample


@redactable_sample
@dataclass(frozen=True)
class CopiedSample:
    """A sample that is the same as another one, or nearly.

    Attributes:
        index: the sample's number in the source.
        of: the other one's number in the source.
        similarity: correlation of the two pictures; 1 where the stored values are the same.
        exact: whether these are the same.
        labels: the labels of both, where they differ; None where they do not or there are none.
        moved: whether the pictures are alike once one is moved or mirrored, and not as they lie.
    """

    index: Kept[int]
    of: Kept[int]
    similarity: Kept[float]
    exact: Kept[bool]
    labels: Annotated[tuple[str, str] | None, Becomes(None)]
    moved: Kept[bool] = False


@redactable_sample
@dataclass(frozen=True)
class DoubtedSample:
    """A sample whose label the model doubts.

    Attributes:
        index: the sample's number in the source.
        label: its label's name.
        answer: the class that the model is as sure of as it usually is of that class's own samples.
        margin: probability of the label minus the largest of the others, in [-1, 1].
    """

    index: SortedBy[int]
    label: Annotated[str, Becomes("")]
    answer: Annotated[str, Becomes("")]
    margin: Kept[float]


@redactable
@dataclass(frozen=True)
class DoubtedLabels:
    """Labels that deserve a look, by confident learning.

    Attributes:
        checked: number of labels.
        doubted: number of those that the model doubts: errors of labels, and the model's own surest ones.
        samples: the first of these, the smallest margin first.
        pictures: the pictures of these; None in a redacted report and for what is no picture.
    """

    checked: int
    doubted: int
    samples: tuple[DoubtedSample, ...]
    pictures: Annotated[ImageGrid | None, Becomes(None)]


@redactable
@dataclass(frozen=True)
class TrainingComparison:
    """The evaluated samples against those that the model was trained on.

    Attributes:
        count: number of training samples.
        compared: number of them that the evaluated samples were looked for among, the first ones.
        exact: evaluated samples whose stored values are those of one of them.
        near: evaluated samples that are nearly one of them, and not exactly.
        checked: number of training samples that were run, drawn by the seed.
        accuracy: share of right answers of these; None without classes, and where the effort does not pay for it.
        low, high: interval of the difference of the accuracies, training minus test, in [-1, 1]; None without these.
        copies: the first evaluated samples that are among them, exact ones first; `of` is the number of the training sample.
        pictures: the pictures of these and of the training samples, side by side; None in a redacted report.
    """

    count: int
    compared: int
    exact: int
    near: int
    checked: int
    accuracy: Rate | None
    low: float | None
    high: float | None
    copies: tuple[CopiedSample, ...]
    pictures: Annotated[PanelGrid | None, Becomes(None)]

    @property
    def leaked(self) -> int:
        """Number of evaluated samples that are among the training samples, exactly or nearly."""
        return self.exact + self.near


@redactable
@dataclass(frozen=True)
class DataQualityResult:
    """The evaluated samples against one another.

    Attributes:
        evaluated: number of samples.
        compared: number of them that were compared with one another, the first ones.
        exact: samples whose stored values are those of an earlier one.
        near: samples that are nearly an earlier one, and not exactly.
        conflicting: exact copies whose label is another than the first one's.
        blank: samples of which all values are the same.
        blank_indices: numbers of the first of these in the source.
        sequences: whether a sample without differences may be one, as text and signals are.
        accuracy: share of right answers of the samples compared; None without labels or classes.
        distinct: the same with each set of copies counted once, by its first sample.
        largest, smallest: samples of the most and of the least frequent class that occurs; None without classes.
        copies: the first of the copies, exact ones first.
        pictures: the pictures of these and what they are copies of, side by side; None in a redacted report.
        training: the same against the training samples; None where --train-samples gave none.
        labelled: whether labels name classes.
        labels: labels that the model doubts; None without classes, with few samples and of a model that is hardly right.
        moved: samples that are an earlier one moved by some pixels or mirrored, among those nearest in the last hidden layer.
        embedded: number of samples that these were looked for among.
        layer: the layer; '' where they were not looked for.
    """

    evaluated: int
    compared: int
    exact: int
    near: int
    conflicting: int
    blank: int
    blank_indices: tuple[int, ...]
    sequences: bool
    accuracy: Rate | None
    distinct: Rate | None
    largest: int | None
    smallest: int | None
    copies: tuple[CopiedSample, ...]
    pictures: Annotated[PanelGrid | None, Becomes(None)]
    training: TrainingComparison | None = None
    labelled: bool = False
    labels: DoubtedLabels | None = None
    moved: int = 0
    embedded: int = 0
    layer: Kept[str] = ""

    @property
    def pictured(self) -> bool:
        """Whether a sample of one value everywhere is a blank one: a sequence may be so."""
        return not self.sequences

    @property
    def copied(self) -> int:
        """Number of copies, exact, near, and moved or mirrored."""
        return self.exact + self.near + self.moved
