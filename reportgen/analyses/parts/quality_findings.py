"""Prediction quality in words: findings where a bound decides, and what is inconclusive where none does."""

from __future__ import annotations

from collections.abc import Iterable

from reportgen.analyses.parts.quality_rules import (
    CALIBRATION,
    CONFIDENT,
    MAJORITY,
    NEVER,
    RECALL,
    Judgement,
    judge_accuracy,
    judge_calibration,
    judge_never_predicted,
    judge_recall,
)
from reportgen.measures.classification import ClassificationQuality
from reportgen.measures.intervals import Outcome
from reportgen.results import Finding, Inconclusive
from reportgen.rules import Limits, Rule

_NAMED = 5


def findings_of(quality: ClassificationQuality, limits: Limits) -> Iterable[Finding | Inconclusive]:
    """Return what is certain about the predictions at these limits, and what more samples would have to decide."""
    samples = quality.accuracy.trials
    accuracy = judge_accuracy(quality.accuracy, quality.majority_share, limits[MAJORITY.code])
    if accuracy.outcome is Outcome.FAIL:
        yield _majority(quality, accuracy, limits[MAJORITY.code])
    yield from _undecided_accuracy(quality, accuracy)
    never = judge_never_predicted(quality.classes, samples, limits[NEVER.code])
    if never.failing:
        yield _never(quality, never)
    yield from _undecided_classes(NEVER, never, f"never predicted, with fewer than {never.limit:g} samples")
    recall = judge_recall(quality.classes, samples, quality.total_classes, limits[RECALL.code])
    if recall.failing:
        yield _recall(quality, recall, limits[RECALL.code])
    yield from _undecided_classes(
        RECALL, recall, f"with a recall that cannot be told from guessing, {recall.limit:.3g}"
    )
    calibration = judge_calibration(quality.calibration, samples, limits[CALIBRATION.code])
    if calibration.outcome is Outcome.FAIL:
        yield _calibration(quality, calibration)
    yield from _undecided_calibration(quality, calibration)
    if quality.confident_wrong:
        yield _confident(quality, limits[CONFIDENT.code])


def _majority(quality: ClassificationQuality, judgement: Judgement, threshold: float) -> Finding:
    accuracy, share = quality.accuracy, quality.majority_share
    return MAJORITY.finding(
        "accuracy",
        f"accuracy is {accuracy.value:.1%} and at most {accuracy.high:.1%} (95 %, {accuracy.trials} samples); always saying "
        f"{quality.majority} gives {share:.1%}, and avoiding {threshold:.0%} of its errors would give {judgement.limit:.1%}",
        evidence={"accuracy": accuracy.value, "highest": accuracy.high, "majority": share, "limit": judgement.limit},
        threshold=threshold,
    )


def _never(quality: ClassificationQuality, judgement: Judgement) -> Finding:
    limit, count = judgement.limit, len(judgement.failing)
    return NEVER.finding(
        "classes",
        f"{count} of {quality.total_classes} classes {'is' if count == 1 else 'are'} never predicted although there are "
        f"{limit:g} samples or more of {'it' if count == 1 else 'each'}: {_listed(judgement.failing)}",
        evidence={"classes": count, "total": quality.total_classes},
        threshold=limit,
    )


def _recall(quality: ClassificationQuality, judgement: Judgement, threshold: float) -> Finding:
    count = len(judgement.failing)
    return RECALL.finding(
        "classes",
        f"{count} of {quality.total_classes} classes {'is' if count == 1 else 'are'} found less often than by guessing, even at "
        f"the upper bound of recall (limit {judgement.limit:.3g}): {_listed(judgement.failing)}",
        evidence={"classes": count, "total": quality.total_classes, "limit": judgement.limit},
        threshold=threshold,
    )


def _calibration(quality: ClassificationQuality, judgement: Judgement) -> Finding:
    measured = quality.calibration
    sense = "too sure" if measured.confidence > quality.accuracy.value else "not sure enough"
    return CALIBRATION.finding(
        "calibration",
        f"calibration error is {measured.error:.3f} (limit {judgement.limit:g}; chance gives a calibrated model up to "
        f"{measured.chance:.3f}): mean confidence {measured.confidence:.1%}, accuracy {quality.accuracy.value:.1%}, {sense}",
        evidence={
            "error": measured.error,
            "chance": measured.chance,
            "confidence": measured.confidence,
            "accuracy": quality.accuracy.value,
        },
        threshold=judgement.limit,
    )


def _confident(quality: ClassificationQuality, limit: float) -> Finding:
    wrong, confident = quality.confident_wrong, quality.confident
    return CONFIDENT.finding(
        "samples",
        f"{wrong} of {confident} answers given with a probability over {limit:g} {'is' if wrong == 1 else 'are'} wrong "
        f"(of a calibrated model, up to {confident * (1 - limit):.2g} would be)",
        evidence={"wrong": wrong, "confident": confident},
        threshold=limit,
    )


def _undecided_accuracy(quality: ClassificationQuality, judgement: Judgement) -> Iterable[Inconclusive]:
    """Return that the accuracy's interval holds the limit, where it does."""
    if judgement.outcome is Outcome.INCONCLUSIVE:
        rate = quality.accuracy
        message = (
            f"accuracy is {rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%} at 95 %, {rate.trials} samples); avoiding "
            f"enough errors of always saying {quality.majority} means {judgement.limit:.1%}"
        )
        yield Inconclusive(MAJORITY.code, "accuracy", message, judgement.needed)


def _undecided_classes(rule: Rule, judgement: Judgement, what: str) -> Iterable[Inconclusive]:
    """Return which classes a rule cannot decide, where there are some."""
    if judgement.unsure:
        count = len(judgement.unsure)
        noun = "class" if count == 1 else "classes"
        yield Inconclusive(
            rule.code, "classes", f"{count} {noun} {what}: {_listed(judgement.unsure)}", judgement.needed
        )


def _undecided_calibration(quality: ClassificationQuality, judgement: Judgement) -> Iterable[Inconclusive]:
    """Return that chance alone may explain the calibration error, where it may."""
    if judgement.outcome is Outcome.INCONCLUSIVE:
        measured = quality.calibration
        message = (
            f"calibration error is {measured.error:.3f} (limit {judgement.limit:g}), but on {quality.accuracy.trials} "
            f"samples chance gives a calibrated model up to {measured.chance:.3f}"
        )
        yield Inconclusive(CALIBRATION.code, "calibration", message, judgement.needed)


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
