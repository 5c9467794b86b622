"""What the measures say of what was claimed by --expect."""

from __future__ import annotations

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.measures.claims import (
    Claim,
    Kind,
    MeasuredClaim,
    check_metrics,
    joint_confidence,
    measured_by_resampling,
    measured_mean,
    measured_rate,
    measured_skill,
    parse_claim,
    with_numbers,
)
from reportgen.measures.intervals import Rate
from reportgen.measures.outputs import decibels, of_each_sample, peak_of, similarities, squared_errors
from reportgen.measures.segmentation import MaskCounts, count_pixels, dice_of, masks_of, mean_of_known, resamples
from reportgen.measures.skill import measure_skill
from reportgen.run import EvaluatedSamples
from reportgen.samples import ClassLabels, PictureTargets, Targets


def measured_claims(result: PredictionQualityResult, context: AnalysisContext) -> tuple[MeasuredClaim, ...]:
    """Return each claim with what was measured.

    Raises:
        UsageError: a claim names a class or output that the model does not have, or a metric that this output has not.
    """
    claims, samples = [parse_claim(text) for text in context.options.expect], context.samples
    if samples is None:
        return ()
    confidence = joint_confidence(len(claims))
    kind, count = _predicted(result)
    check_metrics(claims, kind, count)
    claims = list(with_numbers(claims, samples.class_names, kind=kind, count=count))
    if kind in ("classes", "sets"):
        return tuple(_of_classes(claim, result, context, confidence=confidence) for claim in claims)
    if kind == "masks":
        return _of_masks(claims, samples, context.options.seed, confidence=confidence)
    targets = (
        samples.labels.values if isinstance(samples.labels, Targets | PictureTargets | ClassLabels) else np.empty(0)
    )
    outputs = samples.activations.outputs.astype(np.float64)
    said, wanted = (outputs[:, 0], targets.reshape(-1)) if kind == "number" else (outputs, targets)
    return tuple(_of_numbers(claim, said, wanted, confidence=confidence) for claim in claims)


def _predicted(result: PredictionQualityResult) -> tuple[Kind, int | None]:
    """Return what the model predicts, and how many classes or numbers."""
    if result.classification is not None:
        return "classes", result.classification.total_classes
    if result.multi_label is not None:
        return "sets", result.multi_label.total_classes
    if result.segmentation is not None:
        return "masks", None
    if result.images is not None:
        return "images", None
    return ("numbers", len(result.outputs)) if result.outputs else ("number", 1)


def _of_masks(
    claims: list[Claim], samples: EvaluatedSamples, seed: int, *, confidence: float
) -> tuple[MeasuredClaim, ...]:
    labels, outputs = samples.labels, samples.activations.outputs
    if not isinstance(labels, PictureTargets):
        return ()
    with_numbers(claims, samples.class_names, count=labels.classes)
    counts, _ = count_pixels(masks_of(outputs), labels.values, labels.classes)
    every = counts.drawn(np.ones((1, len(outputs)), np.int64))
    drawn = counts.drawn(resamples(len(outputs), seed))
    first = 1 if outputs.shape[-1] == 1 else 0

    def measured(claim: Claim, counts: MaskCounts) -> np.ndarray:
        if claim.metric == "accuracy":
            return counts.pixels
        overlaps = dice_of(counts.overlaps) if claim.metric == "dice" else counts.overlaps
        return overlaps[:, claim.index] if claim.index >= 0 else mean_of_known(overlaps[:, first:])

    return tuple(
        measured_by_resampling(
            claim,
            float(measured(claim, every)[0]),
            measured(claim, drawn),
            name=samples.class_name(claim.index) if claim.index >= 0 else "",
            samples=len(outputs),
            confidence=confidence,
        )
        for claim in claims
    )


def _of_numbers(claim: Claim, said: np.ndarray, wanted: np.ndarray, *, confidence: float) -> MeasuredClaim:
    if claim.index >= 0:
        said, wanted = said[:, claim.index], wanted[:, claim.index]
    losses = squared_errors(said, wanted)
    match claim.metric:
        case "mae":
            values = of_each_sample(np.abs(said - wanted))
        case "r2":
            constant = of_each_sample((wanted - wanted.mean(axis=0)) ** 2)
            return measured_skill(claim, measure_skill(losses, constant, confidence=confidence))
        case "psnr":
            values = decibels(losses, peak_of(wanted))
        case "ssim":
            found = similarities(said, wanted, peak_of(wanted))
            values = np.full(len(said), np.nan) if found is None else found
        case _:
            values = losses
    return measured_mean(claim, values, confidence=confidence)


def _of_classes(
    claim: Claim, result: PredictionQualityResult, context: AnalysisContext, *, confidence: float
) -> MeasuredClaim:
    evaluated, name = result.evaluated, ""
    if claim.index >= 0:
        rate = _of_class(claim, result)
        name = "" if context.samples is None else context.samples.class_name(claim.index)
    elif result.multi_label is not None:
        rate = result.multi_label.exact
    else:
        quality = result.classification
        found = None if quality is None else quality.top if claim.metric == "top5" else quality.accuracy
        rate = found or _NONE
    return measured_rate(
        claim, rate, name=name, evaluated=evaluated, confidence=confidence, of_jaccard=claim.metric == "f1"
    )


_NONE = Rate(0, 0, float("nan"), 0.0, 1.0)


def _of_class(claim: Claim, result: PredictionQualityResult) -> Rate:
    quality = result.classification or result.multi_label
    one = next((each for each in quality.classes if each.index == claim.index), None) if quality else None
    if one is None:
        return _NONE
    return {"recall": one.recall, "precision": one.precision, "f1": one.f1}[claim.metric]
