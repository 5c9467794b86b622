"""Prediction quality in words: findings where a bound decides, and what is inconclusive where none does."""

from __future__ import annotations

from collections.abc import Iterable

from reportgen.analyses.parts.quality_behaviour import CONSTANT, PERMUTED, constant_answer, other_order
from reportgen.analyses.parts.quality_classes import MOST_NAMED, said_of_classes
from reportgen.analyses.parts.quality_rules import (
    CALIBRATION,
    CONFIDENT,
    FEWEST_CALIBRATED,
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
from reportgen.measures.intervals import Outcome, measure
from reportgen.messages import counted, first_of, say
from reportgen.results import Finding, Inconclusive
from reportgen.rules import Limits


def findings_of(quality: ClassificationQuality, limits: Limits) -> Iterable[Finding | Inconclusive]:
    """Return what is certain about the predictions at these limits, and what more samples would have to decide."""
    samples = quality.accuracy.trials
    if quality.constant is None:
        yield from _majority(quality, limits[MAJORITY.code])
        yield from _never(quality, judge_never_predicted(quality.classes, samples, limits[NEVER.code]))
    else:  # that says all that the two others would
        yield from constant_answer(quality, limits[CONSTANT.code])
    yield from other_order(quality, limits[PERMUTED.code])
    recall = judge_recall(quality.classes, samples, quality.total_classes, limits[RECALL.code])
    yield from _recall(quality, recall, limits[RECALL.code])
    yield from _calibration(quality, judge_calibration(quality.calibration, samples, limits[CALIBRATION.code]))
    if quality.confident_wrong:
        yield _confident(quality, limits[CONFIDENT.code])


def _majority(quality: ClassificationQuality, threshold: float) -> Iterable[Finding | Inconclusive]:
    accuracy = quality.accuracy
    share = measure(round(quality.majority_share * accuracy.trials), accuracy.trials)
    judgement = judge_accuracy(accuracy, share, threshold)
    values = {
        "accuracy": accuracy.value,
        "low": accuracy.low,
        "high": accuracy.high,
        "samples": counted(accuracy.trials, "{n} sample", "{n} samples"),
        "majority": quality.majority,
        "share": share.value,
        "errors": threshold,
        "limit": judgement.limit,
    }
    if judgement.outcome is Outcome.FAIL:
        message = say(
            "accuracy is {accuracy:.1%} and at most {high:.1%} (95%, {samples}); always saying {majority} gives {share:.1%}, and "
            "avoiding {errors:.0%} of its errors would give {limit:.1%}",
            **values,
        )
        evidence = {
            "accuracy": accuracy.value,
            "highest": accuracy.high,
            "majority": share.value,
            "limit": judgement.limit,
        }
        yield MAJORITY.finding(say("accuracy"), message, evidence=evidence, threshold=threshold)
    elif judgement.outcome is Outcome.INCONCLUSIVE:
        message = say(
            "accuracy is {accuracy:.1%} ({low:.1%} to {high:.1%} at 95%, {samples}); avoiding enough errors of always saying "
            "{majority} ({fewest:.1%} to {most:.1%}) means {lowest:.1%} to {highest:.1%}",
            **values,
            fewest=share.low,
            most=share.high,
            lowest=share.low + threshold * (1 - share.low),
            highest=share.high + threshold * (1 - share.high),
        )
        yield Inconclusive(MAJORITY.code, say("accuracy"), message, judgement.needed)


def _never(quality: ClassificationQuality, judgement: Judgement) -> Iterable[Finding | Inconclusive]:
    limit, total = judgement.limit, quality.total_classes
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is never predicted although there are {limit:g} samples or more of it: {names}",
        "{n} of {total} classes are never predicted although there are {limit:g} samples or more of each: {names}",
        total=total,
        limit=limit,
        names=first_of(judgement.failing, MOST_NAMED),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class never predicted, with fewer than {limit:g} samples: {names}",
        "{n} classes never predicted, with fewer than {limit:g} samples: {names}",
        limit=limit,
        names=first_of(judgement.unsure, MOST_NAMED),
    )
    evidence = {"classes": len(judgement.failing), "total": total}
    return said_of_classes(NEVER, judgement, failing, unsure, evidence=evidence, threshold=limit)


def _recall(quality: ClassificationQuality, judgement: Judgement, threshold: float) -> Iterable[Finding | Inconclusive]:
    limit, total = judgement.limit, quality.total_classes
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is found less often than by guessing, even at the upper bound of recall (limit "
        "{limit:.3g}): {names}",
        "{n} of {total} classes are found less often than by guessing, even at the upper bound of recall (limit "
        "{limit:.3g}): {names}",
        total=total,
        limit=limit,
        names=first_of(judgement.failing, MOST_NAMED),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class with a recall that cannot be told from guessing, {limit:.3g}: {names}",
        "{n} classes with a recall that cannot be told from guessing, {limit:.3g}: {names}",
        limit=limit,
        names=first_of(judgement.unsure, MOST_NAMED),
    )
    evidence = {"classes": len(judgement.failing), "total": total, "limit": limit}
    return said_of_classes(RECALL, judgement, failing, unsure, evidence=evidence, threshold=threshold)


def _calibration(quality: ClassificationQuality, judgement: Judgement) -> Iterable[Finding | Inconclusive]:
    measured, samples = quality.calibration, quality.accuracy.trials
    evidence = {
        "error": measured.error,
        "chance": measured.chance,
        "confidence": measured.confidence,
        "accuracy": quality.accuracy.value,
    }
    if judgement.outcome is Outcome.FAIL:
        too_sure = measured.confidence > quality.accuracy.value
        message = say(
            "calibration error is {error:.3f} (limit {limit:g}; chance gives a calibrated model up to {chance:.3f}): mean "
            "confidence {confidence:.1%}, accuracy {accuracy:.1%}, {sense}",
            **evidence,
            limit=judgement.limit,
            sense=say("too sure") if too_sure else say("not sure enough"),
        )
        yield CALIBRATION.finding(say("calibration"), message, evidence=evidence, threshold=judgement.limit)
    elif judgement.outcome is Outcome.INCONCLUSIVE:
        values = {"error": measured.error, "limit": judgement.limit, "chance": measured.chance}
        if samples < FEWEST_CALIBRATED:
            message = counted(
                samples,
                "calibration error is {error:.3f} (limit {limit:g}) on {n} sample, and under {fewest} none is judged",
                "calibration error is {error:.3f} (limit {limit:g}) on {n} samples, and under {fewest} none is judged",
                **values,
                fewest=FEWEST_CALIBRATED,
            )
        else:
            message = counted(
                samples,
                "calibration error is {error:.3f} (limit {limit:g}), but on {n} sample chance gives a calibrated model up to "
                "{chance:.3f}",
                "calibration error is {error:.3f} (limit {limit:g}), but on {n} samples chance gives a calibrated model up to "
                "{chance:.3f}",
                **values,
            )
        yield Inconclusive(CALIBRATION.code, say("calibration"), message, judgement.needed)


def _confident(quality: ClassificationQuality, limit: float) -> Finding:
    message = counted(
        quality.confident_wrong,
        "{n} of {confident} answers given with a probability over {limit:g} is wrong (of a calibrated model, up to "
        "{expected:.2g} would be)",
        "{n} of {confident} answers given with a probability over {limit:g} are wrong (of a calibrated model, up to "
        "{expected:.2g} would be)",
        confident=quality.confident,
        limit=limit,
        expected=quality.confident * (1 - limit),
    )
    evidence = {"wrong": quality.confident_wrong, "confident": quality.confident}
    return CONFIDENT.finding(say("samples"), message, evidence=evidence, threshold=limit)
