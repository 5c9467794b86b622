"""Prediction quality: how often the model is right on all labelled samples, where it errs, and how sure it is then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.prediction_quality.expectations import measured_claims
from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules import CONFIDENT, RULES, findings, not_checked, not_used
from reportgen.analyses.prediction_quality.worst_samples import (
    worst_by_error,
    worst_by_errors,
    worst_by_label,
    worst_by_loss,
    worst_pictures,
)
from reportgen.measures.classification import classification_quality
from reportgen.measures.multilabel import multi_label_quality
from reportgen.measures.outputs import image_quality, output_errors, squared_errors
from reportgen.measures.regression import regression_errors
from reportgen.measures.segmentation import segmentation_quality
from reportgen.messages import say
from reportgen.models.graphs import Head
from reportgen.results import Finding, Inconclusive, Limits
from reportgen.run import ClassScores, EvaluatedSamples, cross_entropy
from reportgen.samples import LabelSets, PictureTargets, Targets, Unused

_READ_AT_ONCE = 32

_NOT_FINITE = say("Some outputs are NaN or infinite, so no sample can be scored.")


class PredictionQuality:
    """Compares the predictions of all evaluated samples with their labels."""

    name = "prediction_quality"
    title = say("Prediction quality")
    rules = RULES

    def run(self, context: AnalysisContext) -> PredictionQualityResult | Skip:
        """Return the measures; a skip without samples, without labels, or for an output that labels cannot be held against."""
        result = _measured(context)
        claims = context.options.expect
        if isinstance(result, Skip):
            unused = () if context.samples is None else _unused(context, context.samples, result.reason)
            return Skip(result.reason, (*unused, *not_checked(claims, result.reason)))
        return replace(result, claims=measured_claims(result, context)) if claims else result

    def findings(self, result: PredictionQualityResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return what is certain about the predictions at these limits, and what more samples would have to decide."""
        return findings(result, limits)


def _measured(context: AnalysisContext) -> PredictionQualityResult | Skip:
    samples = context.samples
    if samples is None:
        return Skip(context.no_samples_reason)
    labels, outputs = samples.labels, samples.activations.outputs
    if labels is None or isinstance(labels, Unused):
        return Skip(samples.no_labels_reason)
    if not np.isfinite(outputs).all():
        return Skip(_NOT_FINITE)
    if isinstance(labels, PictureTargets) or (isinstance(labels, Targets) and labels.values.ndim > 1):
        return _against_all_outputs(context, samples, labels, outputs)
    if isinstance(labels, Targets):
        return _against_numbers(samples, labels.values, outputs, context.head)
    scores = context.scores
    if isinstance(labels, LabelSets):
        if scores is None:
            return _against_numbers(samples, None, outputs, context.head)
        return _multi_label(context, samples, labels, scores)
    if scores is not None:
        return _classification(context, samples, labels.values, scores)
    return _against_numbers(samples, labels.values, outputs, context.head)


def _unused(context: AnalysisContext, samples: EvaluatedSamples, reason: str) -> tuple[Finding, ...]:
    return () if samples.labels is None else not_used(samples.evaluated, reason, context.limits)


def _classification(
    context: AnalysisContext, samples: EvaluatedSamples, labels: np.ndarray, scores: ClassScores
) -> PredictionQualityResult:
    values = scores.values
    names = tuple(samples.class_name(index) for index in range(values.shape[1]))
    quality = classification_quality(
        values,
        labels,
        names,
        sure=context.limits[CONFIDENT.code],
        seed=context.options.seed,
        temperature=context.temperature,
        independent=scores.independent,
    )
    worst = worst_by_label(samples, values, labels, names)
    rule = scores.rule
    if scores.independent:
        rule = say(
            "{rule} Each sample has one label, so the class with the highest score is the prediction.",
            rule=scores.rule,
        )
    return PredictionQualityResult(
        rule=rule,
        evaluated=len(labels),
        total=samples.summary.total,
        classification=quality,
        regression=None,
        worst=worst.samples,
        confidently=worst.confidently,
        pictures=worst.pictures,
    )


def _multi_label(
    context: AnalysisContext, samples: EvaluatedSamples, labels: LabelSets, scores: ClassScores
) -> PredictionQualityResult:
    sets, losses = labels.values, cross_entropy(scores, labels)
    names = tuple(samples.class_name(index) for index in range(sets.shape[1]))
    quality = multi_label_quality(
        scores.values,
        sets,
        losses,
        names,
        sure=context.limits[CONFIDENT.code],
        seed=context.options.seed,
        temperature=context.temperature,
    )
    worst = worst_by_loss(samples, losses, scores.values > 0.5, sets, names)
    return PredictionQualityResult(
        rule=scores.rule,
        evaluated=len(sets),
        total=samples.summary.total,
        classification=None,
        regression=None,
        worst=worst.samples,
        confidently=0,
        pictures=worst.pictures,
        multi_label=quality,
    )


def _against_all_outputs(
    context: AnalysisContext, samples: EvaluatedSamples, labels: PictureTargets | Targets, outputs: np.ndarray
) -> PredictionQualityResult:
    """Return the errors of each output, or of the pixels of masks and images."""
    masks, images = None, None
    if not isinstance(labels, PictureTargets):
        worst, pictured = worst_by_errors(samples, outputs, labels.values), None
    else:
        worst, pictured = worst_pictures(samples, labels)
        if labels.classes:
            names = tuple(samples.class_name(index) for index in range(labels.classes))
            masks = segmentation_quality(outputs, labels.values, names, seed=context.options.seed)
        else:
            images = image_quality(outputs, labels.values, _input_errors(samples, labels.values))
    return PredictionQualityResult(
        rule="",
        evaluated=len(outputs),
        total=samples.summary.total,
        classification=None,
        regression=None,
        worst=worst.samples,
        confidently=0,
        pictures=worst.pictures,
        segmentation=masks,
        outputs=() if masks else output_errors(outputs, labels.values),
        images=images,
        worst_outputs=pictured,
    )


def _input_errors(samples: EvaluatedSamples, targets: np.ndarray) -> np.ndarray | None:
    """Return the mean squared error of each sample if the model gave its input back; None where that has another shape."""
    if samples.images.shape[1:] != targets.shape[1:]:
        return None
    found, start = [], 0
    for batch in samples.batches(_READ_AT_ONCE):
        found.append(squared_errors(batch, targets[start : start + len(batch)]))
        start += len(batch)
    return np.concatenate(found)


def _against_numbers(
    samples: EvaluatedSamples, targets: np.ndarray | None, outputs: np.ndarray, head: Head
) -> PredictionQualityResult | Skip:
    if targets is not None and outputs.shape[1:] == (1,):
        return _regression(samples, targets, outputs[:, 0].astype(np.float64), head)
    return Skip(
        say(
            "Labels can only be compared with one score per class or a single number; the model outputs {shape} "
            "numbers per sample.",
            shape=" x ".join(map(str, outputs.shape[1:])) or "1",
        )
    )


def _regression(
    samples: EvaluatedSamples, labels: np.ndarray, outputs: np.ndarray, head: Head
) -> PredictionQualityResult:
    worst = worst_by_error(samples, outputs, labels)
    rule = say("The single output is not a probability, so the labels were taken as target values.")
    if head.activation:
        rule = say(
            "The single output is not a probability (last activation: {activation}), so the labels were taken as "
            "target values.",
            activation=head.activation,
        )
    return PredictionQualityResult(
        rule=rule,
        evaluated=len(labels),
        total=samples.summary.total,
        classification=None,
        regression=regression_errors(outputs, labels),
        worst=worst.samples,
        confidently=0,
        pictures=worst.pictures,
    )
