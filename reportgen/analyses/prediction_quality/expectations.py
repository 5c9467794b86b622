"""What the measures say of what was claimed by --expect."""

from __future__ import annotations

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.errors import UsageError
from reportgen.measures.claims import (
    OF_A_CLASS,
    OF_ALL,
    OF_NUMBERS,
    Claim,
    MeasuredClaim,
    joint_confidence,
    measured_errors,
    measured_rate,
    parse_claim,
    with_numbers,
)
from reportgen.measures.intervals import Rate
from reportgen.samples import ClassLabels, Targets


def measured_claims(result: PredictionQualityResult, context: AnalysisContext) -> tuple[MeasuredClaim, ...]:
    """Return each claim with what was measured.

    Raises:
        UsageError: a claim names a class that the model does not have, or a metric that this output has not.
    """
    claims = [parse_claim(text) for text in context.options.expect]
    confidence = joint_confidence(len(claims))
    quality = result.classification or result.multi_label
    if quality is None:
        _check(claims, OF_NUMBERS, "a number")
        errors = _errors(context)
        return tuple(measured_errors(claim, errors, confidence=confidence) for claim in claims)
    ranked = result.classification is not None and result.classification.top is not None
    _check(claims, (OF_ALL if ranked else OF_ALL[:1]) + OF_A_CLASS, "classes")
    samples = context.samples
    names = None if samples is None else samples.class_names
    numbered = with_numbers(claims, names, classes=quality.total_classes)
    return tuple(_of_classes(claim, result, context, confidence=confidence) for claim in numbered)


def _check(claims: list[Claim], known: tuple[str, ...], output: str) -> None:
    for claim in claims:
        if claim.metric not in known:
            raise UsageError(
                f"--expect must name one of {', '.join(known)}, as the model predicts {output}. Received: {claim.metric!r}."
            )


def _errors(context: AnalysisContext) -> np.ndarray:
    samples = context.samples
    if samples is None or not isinstance(samples.labels, Targets | ClassLabels):
        return np.empty(0)
    return np.asarray(samples.activations.outputs[:, 0].astype(np.float64) - samples.labels.values)


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
