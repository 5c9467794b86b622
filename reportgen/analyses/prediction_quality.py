"""Prediction quality: how often the model is right on all labelled samples, where it errs, and how sure it is then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, EvaluatedSamples, Skip
from reportgen.analyses.parts.quality_findings import findings_of
from reportgen.analyses.parts.quality_rules import CALIBRATION, CONFIDENT, MAJORITY, NEVER, RECALL
from reportgen.measures.classification import (
    ClassificationQuality,
    RegressionErrors,
    classification_quality,
    regression_errors,
)
from reportgen.measures.tiles import columns_for, pictures_of
from reportgen.models.head import Head
from reportgen.models.outputs import ClassScores, class_scores
from reportgen.results import Finding, ImageGrid, Inconclusive
from reportgen.rules import Limits

WORST = 8
"""How many samples are shown."""

_PICTURE_PIXELS = 56 * 56
_NO_LABELS = "The samples have no labels; --labels FILE would say what is right."
_NOT_FINITE = "The output is NaN or infinite for some samples, so none can be counted as right or wrong."
_MULTI_LABEL = (
    "The outputs are independent scores, as of a multi-label model. One label for each sample, which is what reportgen reads, "
    "does not say which of the other classes are in it too."
)


@dataclass(frozen=True)
class WorstSample:
    """One sample that the model is wrong about, or nearly so.

    Attributes:
        index: in the source.
        name: in the source.
        label: its class, or the number that was wanted.
        predicted: the model's answer.
        probability: of that answer, in [0, 1]; None for a number.
        label_probability: of the label, in [0, 1]; None for a number.
        right: whether the answer is the label; None for a number.
    """

    index: int
    name: str
    label: str
    predicted: str
    probability: float | None
    label_probability: float | None
    right: bool | None


@dataclass(frozen=True)
class PredictionQualityResult:
    """Predictions against labels; exactly one of `classification` and `regression` is given.

    Attributes:
        rule: how scores were made from the output, or ''.
        evaluated: number of samples.
        total: number of samples in the source.
        classification: where the output is one score for each class.
        regression: where it is a single number.
        worst: the most confidently wrong samples, then those whose label has the lowest probability; for numbers, the largest
            errors.
        confidently: how many of `worst` are there for the first reason.
        pictures: of these, one tile each, or None for samples that are not images.
    """

    rule: str
    evaluated: int
    total: int
    classification: ClassificationQuality | None
    regression: RegressionErrors | None
    worst: tuple[WorstSample, ...]
    confidently: int
    pictures: ImageGrid | None


class PredictionQuality:
    """Compares the predictions of all evaluated samples with their labels."""

    name = "prediction_quality"
    title = "Prediction quality"
    rules = (MAJORITY, NEVER, RECALL, CALIBRATION, CONFIDENT)

    def run(self, context: AnalysisContext) -> PredictionQualityResult | Skip:
        """Return the measures; a skip without samples, without labels, or for an output that labels cannot be held against."""
        samples = context.samples
        if samples is None:
            return Skip(context.no_samples_reason)
        labels, outputs = samples.all_labels, samples.activations.outputs
        if labels is None and samples.targets is None:
            return Skip(_NO_LABELS)
        if not np.isfinite(outputs).all():
            return Skip(_NOT_FINITE)
        if labels is None:
            return _against_numbers(samples, samples.targets, outputs, context.head)
        scores = class_scores(outputs, head=context.head, labels=labels)
        if scores is not None and scores.independent:
            return Skip(_MULTI_LABEL)
        if scores is not None:
            return _classification(context, samples, labels, scores)
        return _against_numbers(samples, labels, outputs, context.head)

    def findings(self, result: PredictionQualityResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return what is certain about the predictions at these limits, and what more samples would have to decide."""
        if result.classification is not None:
            yield from findings_of(result.classification, limits)


def _classification(
    context: AnalysisContext, samples: EvaluatedSamples, labels: np.ndarray, scores: ClassScores
) -> PredictionQualityResult:
    values = scores.values
    names = tuple(samples.class_name(index) for index in range(values.shape[1]))
    quality = classification_quality(
        values, labels, names, sure=context.limits[CONFIDENT.code], seed=context.options.seed
    )
    worst, confidently = _worst_positions(values, labels)
    predicted = values.argmax(axis=1)
    entries = tuple(
        WorstSample(
            index=samples.index(position),
            name=samples.name_of(position),
            label=names[labels[position]],
            predicted=names[predicted[position]],
            probability=float(values[position].max()),
            label_probability=float(values[position, labels[position]]),
            right=bool(predicted[position] == labels[position]),
        )
        for position in worst
    )
    return PredictionQualityResult(
        rule=scores.rule,
        evaluated=len(labels),
        total=samples.summary.total,
        classification=quality,
        regression=None,
        worst=entries,
        confidently=confidently,
        pictures=_pictures(samples, worst),
    )


def _worst_positions(values: np.ndarray, labels: np.ndarray) -> tuple[list[int], int]:
    """Return the positions of the samples to show, and how many of them are there for being confidently wrong.

    The first half are wrong answers by falling probability, the rest those whose label has the lowest probability.
    """
    confidence = values.max(axis=1)
    wrong = np.flatnonzero(values.argmax(axis=1) != labels)
    sure = wrong[np.argsort(-confidence[wrong], kind="stable")][: WORST // 2].tolist()
    hardest = np.argsort(values[np.arange(len(labels)), labels], kind="stable").tolist()
    rest = [position for position in hardest[: 2 * WORST] if position not in sure]
    return [*sure, *rest[: WORST - len(sure)]], len(sure)


def _against_numbers(
    samples: EvaluatedSamples, targets: np.ndarray | None, outputs: np.ndarray, head: Head
) -> PredictionQualityResult | Skip:
    if targets is not None and outputs.shape[1:] == (1,):
        return _regression(samples, targets, outputs[:, 0].astype(np.float64), head)
    shape = " x ".join(map(str, outputs.shape[1:]))
    return Skip(
        "Labels can be held against one score for each class or a single number. The model puts out "
        f"{shape or 'nothing'} numbers for each sample."
    )


def _regression(
    samples: EvaluatedSamples, labels: np.ndarray, outputs: np.ndarray, head: Head
) -> PredictionQualityResult:
    worst = np.argsort(-np.abs(outputs - labels), kind="stable")[:WORST].tolist()
    ends = f" (its last activation is {head.activation})" if head.activation else ""
    return PredictionQualityResult(
        rule=f"The single output is no probability{ends}, so the labels were taken as the numbers that it should be.",
        evaluated=len(labels),
        total=samples.summary.total,
        classification=None,
        regression=regression_errors(outputs, labels),
        worst=tuple(
            WorstSample(
                index=samples.index(position),
                name=samples.name_of(position),
                label=f"{labels[position]:g}",
                predicted=f"{outputs[position]:.4g}",
                probability=None,
                label_probability=None,
                right=None,
            )
            for position in worst
        ),
        confidently=0,
        pictures=_pictures(samples, worst),
    )


def _pictures(samples: EvaluatedSamples, positions: list[int]) -> ImageGrid | None:
    drawn = pictures_of(samples.read(positions), pixels=_PICTURE_PIXELS)
    if drawn is None:
        return None
    labels = tuple(str(samples.index(position)) for position in positions)
    count = len(positions)
    columns = columns_for(count)
    return ImageGrid(drawn.values, labels, drawn.value_range, count, drawn.palette, columns, drawn.maxima)
