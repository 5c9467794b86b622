"""What is said of confidence, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.measures.intervals import Rate
from reportgen.measures.outputs import MeanOfSamples
from reportgen.measures.ranking import Area
from reportgen.measures.selective import PRECISIONS, AtThreshold, ChosenThreshold, RiskCoverage
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
    """

    name: Kept[str]
    said: float
    share: float
    error: float
    chance: float


@redactable
@dataclass(frozen=True)
class LabelledConfidence:
    """Confidence beside labels, of answers that name one class.

    Attributes:
        loss: mean negative log-likelihood of the labels, in nats.
        constant_loss: the same of the shares of the classes as the answer to every sample.
        brier: mean Brier score over all classes, in [0, 2].
        constant_brier: the same of these shares.
        temperature: what the logits must be divided by, and the loss then.
        classes: the classes with samples, those that disagree most first; at most 100.
        classwise: mean of the calibration errors of the classes with samples, in [0, 1].
        thresholds: what becomes of the answers from each confidence on.
        selective: how right the surest answers are.
        two: what another threshold would give; None unless there are two classes.
        roc: area under the ROC curve; None unless there are two classes.
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

    @property
    def certain(self) -> tuple[tuple[float, AtThreshold | None], ...]:
        """For each precision that may be wanted the lowest threshold that certainly gives it; None where none does."""
        return tuple(
            (precision, next((one for one in self.thresholds if one.least >= precision), None))
            for precision in PRECISIONS
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
        labelled: beside labels; None without class labels, and where each class has a probability of its own.
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
