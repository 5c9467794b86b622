"""What is said of confidence, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.measures.intervals import Rate
from reportgen.measures.outputs import MeanOfSamples
from reportgen.measures.ranking import Area
from reportgen.measures.selective import PRECISIONS, AtThreshold, ChosenThreshold, LabelsFrom, RiskCoverage
from reportgen.measures.temperature import Temperature
from reportgen.results import Kept, redactable


@redactable
@dataclass(frozen=True)
class ClassCalibration:
    """How far the probability of one class agrees with how often it is the label, over all samples.

    Attributes:
        name: the class.
        said: mean probability that the model gives it, in [0, 1].
        share: share of the samples that are of it.
        error: expected calibration error of these probabilities, in [0, 1].
        chance: what a calibrated model would stay under 95 times in 100.
        threshold: where labels are sets of classes, what another threshold of this class would give; None elsewhere.
        roc: likewise the area under its ROC curve.
    """

    name: Kept[str]
    said: float
    share: float
    error: float
    chance: float
    threshold: ChosenThreshold | None = None
    roc: Area | None = None


@redactable
@dataclass(frozen=True)
class LabelledConfidence:
    """Confidence beside labels.

    Attributes:
        loss: mean negative log-likelihood of the labels, in nats; of independent scores the mean over the classes.
        constant_loss: the same of the shares of the classes as the answer to every sample.
        brier: mean Brier score, over all classes together in [0, 2]; of independent scores the mean over the classes, in [0, 1].
        constant_brier: the same of these shares.
        temperature: what the logits must be divided by, and the loss then.
        classes: the classes with samples, those that disagree most first; at most 100.
        classwise: mean of the calibration errors of the classes with samples, in [0, 1].
        thresholds: what becomes of the answers from each confidence on; () where labels are sets of classes.
        selective: how right the surest answers are; where labels are sets, the answers to all classes together.
        two: what another threshold would give; None unless there are two classes.
        roc: area under the ROC curve; None unless there are two classes.
        labels_from: where labels are sets, what becomes of the classes said from each probability on; () elsewhere.
    """

    loss: MeanOfSamples
    constant_loss: float
    brier: MeanOfSamples
    constant_brier: float
    temperature: Temperature
    classes: tuple[ClassCalibration, ...]
    classwise: float
    thresholds: tuple[AtThreshold, ...]
    selective: RiskCoverage
    two: ChosenThreshold | None
    roc: Area | None
    labels_from: tuple[LabelsFrom, ...] = ()

    @property
    def certain(self) -> tuple[tuple[float, AtThreshold | LabelsFrom | None], ...]:
        """For each precision that may be wanted the lowest threshold that certainly gives it; None where none does."""
        tried = self.thresholds or self.labels_from
        return tuple(
            (precision, next((one for one in tried if one.least >= precision), None)) for precision in PRECISIONS
        )


@redactable
@dataclass(frozen=True)
class Unfamiliar:
    """What is no sample, and how sure the model is of it.

    Attributes:
        kind: 'noise', 'patches' or 'outside'.
        name: what it is, in words.
        count: number of them.
        confidence: mean probability of the answers, in [0, 1].
        sure: share of the answers over 90 %.
        area: how often a sample's answer is surer than one of these, ties as halves.
    """

    kind: Kept[str]
    name: Kept[str]
    count: int
    confidence: float
    sure: Rate
    area: Area


@redactable
@dataclass(frozen=True)
class ConfidenceResult:
    """What confidence is good for.

    Attributes:
        evaluated: number of samples.
        confidence: mean probability of the answers to them, in [0, 1].
        sure: share of the answers to them over 90 %.
        labelled: beside labels; None without class labels.
        unfamiliar: the same on what is no sample.
        not_run: why some or all of that was not run, one sentence; '' where all was.
        passes: forward passes that it took.
    """

    evaluated: int
    confidence: float
    sure: Rate
    labelled: LabelledConfidence | None
    unfamiliar: tuple[Unfamiliar, ...]
    not_run: Kept[str]
    passes: int
