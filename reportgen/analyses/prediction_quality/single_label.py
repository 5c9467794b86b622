"""Prediction quality in words: findings where a bound decides, and what is inconclusive where none does."""

from __future__ import annotations

import math
from collections.abc import Iterable

from reportgen.analyses.prediction_quality.judgements import (
    CALIBRATION,
    CONFIDENT,
    FEWEST_CALIBRATED,
    MAJORITY,
    MOST_NAMED,
    NEVER,
    RECALL,
    Judgement,
    judge_accuracy,
    judge_calibration,
    judge_never_predicted,
    judge_recall,
    said_of_classes,
)
from reportgen.measures.classification import ClassificationQuality
from reportgen.measures.intervals import Outcome, measure
from reportgen.messages import counted, first_of, say
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.rules import Limits, Rule


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


CONSTANT = Rule(
    code="constant-prediction",
    meaning=say("all samples get the same answer, although many are of other classes"),
    severity=Severity.PROBLEM,
    threshold=10.0,
    unit=say("samples of other classes that there must be"),
    source=say(
        "rule of three: with none of 10 found the rate is at most 3/10 at 95% (Hanley and Lippman-Hand 1983, JAMA 249, 1743)"
    ),
)
PERMUTED = Rule(
    code="permuted-labels",
    meaning=say("with the classes in another order most wrong answers would be right"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("share of the errors that the other order must avoid"),
    source=say(
        "the best assignment (Kuhn 1955, Naval Research Logistics 2, 83) on one half of the samples, tried on the other, on the "
        "lower bound of Wilson's interval (1927); a half is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)

_NAMED = 3


def constant_answer(quality: ClassificationQuality, limit: float) -> Iterable[Finding | Inconclusive]:
    """Return that all answers are the same, where enough samples are of other classes to say so.

    Args:
        quality: with `constant`.
        limit: samples of other classes.
    """
    samples, others = quality.accuracy.trials, quality.accuracy.trials - quality.accuracy.successes
    values = {"samples": samples, "answer": quality.constant, "limit": limit}
    if others and others >= limit:
        message = counted(
            others,
            "all {samples} answers are {answer}, although {n} sample is of another class (limit {limit:g})",
            "all {samples} answers are {answer}, although {n} samples are of other classes (limit {limit:g})",
            **values,
        )
        evidence = {"others": others, "samples": samples}
        yield CONSTANT.finding(say("predictions"), message, evidence=evidence, threshold=limit)
    elif others:
        message = counted(
            others,
            "all answers are {answer}, and only {n} sample of {samples} is of another class (limit {limit:g})",
            "all answers are {answer}, and only {n} samples of {samples} are of other classes (limit {limit:g})",
            **values,
        )
        yield Inconclusive(CONSTANT.code, say("predictions"), message, math.ceil(limit * samples / others))


def other_order(quality: ClassificationQuality, limit: float) -> Iterable[Finding]:
    """Return that another order of the classes avoids this share of the errors, where it certainly does."""
    found = quality.reordered
    if found is None or found.accuracy.low < found.declared + limit * (1 - found.declared):
        return
    values = {
        "accuracy": found.accuracy.value,
        "low": found.accuracy.low,
        "high": found.accuracy.high,
        "declared": found.declared,
        "samples": counted(found.accuracy.trials, "{n} sample", "{n} samples"),
    }
    if found.shift:
        message = say(
            "with every label moved by {shift:+d} the accuracy would be {accuracy:.1%} ({low:.1%} to {high:.1%} at 95%) instead "
            "of {declared:.1%} on {samples} that the shift was not chosen on; labels or class names then begin at another number",
            **values,
            shift=found.shift,
        )
    else:
        swapped = [say("{label} is answered by {answer}", label=one.label, answer=one.answer) for one in found.pairs]
        message = say(
            "with the classes in another order the accuracy would be {accuracy:.1%} ({low:.1%} to {high:.1%} at 95%) instead of "
            "{declared:.1%} on {samples} that the order was not chosen on: {pairs}; labels and outputs then stand in different "
            "orders",
            **values,
            pairs=first_of(swapped, _NAMED),
        )
    evidence = {"accuracy": found.accuracy.value, "lowest": found.accuracy.low, "declared": found.declared}
    yield PERMUTED.finding(say("labels"), message, evidence=evidence, threshold=limit)
