"""Predictions that may name any number of classes: when they become a finding, and the samples to look at."""

from __future__ import annotations

from collections.abc import Iterable

from reportgen.analyses.prediction_quality.judgements import (
    CALIBRATION,
    CONFIDENT,
    LOW_PRECISION,
    LOW_RECALL,
    MAJORITY,
    MOST_NAMED,
    NEVER,
    Judgement,
    judge_calibration,
    judge_never_predicted,
    of_classes,
    said_of_classes,
)
from reportgen.measures.intervals import Outcome, Rate, decide_at_least
from reportgen.measures.multilabel import LabelQuality, MultiLabelQuality
from reportgen.measures.skill import decide_skill
from reportgen.messages import counted, first_of, say
from reportgen.results.findings import Finding, Inconclusive
from reportgen.results.rules import Limits, Rule


def multi_label_findings(quality: MultiLabelQuality, limits: Limits) -> Iterable[Finding | Inconclusive]:
    """Return what is certain about the predictions at these limits, and what more samples would have to decide."""
    samples = quality.exact.trials
    yield from _against_constant(quality, limits[MAJORITY.code])
    yield from _never(quality, judge_never_predicted(quality.classes, samples, limits[NEVER.code]))
    yield from _missed(quality, _judge_rates(quality, "recall", limits[LOW_RECALL.code]))
    yield from _false(quality, _judge_rates(quality, "precision", limits[LOW_PRECISION.code]))
    yield from _calibration(quality, judge_calibration(quality.calibration, samples, limits[CALIBRATION.code]))
    if quality.confident_wrong:
        yield _confident(quality, limits[CONFIDENT.code])


def _judge_rates(quality: MultiLabelQuality, name: str, limit: float) -> Judgement:
    """Return whether the recall or precision of each class that is predicted at all reaches a limit."""
    decisions = {}
    for entry in quality.classes:
        rate: Rate = getattr(entry, name)
        if entry.predicted and rate.trials:
            confidence = 1 - 0.05 / quality.total_classes
            decisions[entry] = decide_at_least(rate.successes, rate.trials, limit, confidence=confidence)
    judgement = of_classes(decisions, quality.exact.trials, limit)
    if name == "recall":
        return judgement
    needed = [_samples_for(entry, decisions[entry].needed, quality.exact.trials) for entry in decisions]
    known = [number for number in needed if number is not None]
    return Judgement(judgement.outcome, limit, max(known, default=None), judgement.failing, judgement.unsure)


def _samples_for(entry: LabelQuality, predictions: int | None, samples: int) -> int | None:
    """Return about how many samples bring so many predictions of a class."""
    return None if predictions is None else -(-predictions * samples // entry.predicted)


def _against_constant(quality: MultiLabelQuality, limit: float) -> Iterable[Finding | Inconclusive]:
    skill, wrong = quality.skill, quality.hamming
    decision = decide_skill(skill, limit)
    if decision.outcome is Outcome.FAIL:
        yield MAJORITY.finding(
            say("answers"),
            say(
                "{wrong:.1%} of the answers for single classes are wrong; of the errors of always giving the more frequent "
                "answer for each class the model avoids {value:.1%}, and at most {high:.1%} (95%, {samples} samples, limit "
                "{limit:.0%})",
                wrong=wrong,
                value=skill.value,
                high=skill.high,
                samples=skill.samples,
                limit=limit,
            ),
            evidence={"hamming": wrong, "skill": skill.value, "highest": skill.high, "limit": limit},
            threshold=limit,
        )
    elif decision.outcome is Outcome.INCONCLUSIVE:
        message = say(
            "of the errors of always giving the more frequent answer for each class the model avoids {value:.1%} on {samples} "
            "samples, which cannot be told from the limit of {limit:.0%}",
            value=skill.value,
            samples=skill.samples,
            limit=limit,
        )
        yield Inconclusive(MAJORITY.code, say("answers"), message, decision.needed)


def _never(quality: MultiLabelQuality, judgement: Judgement) -> Iterable[Finding | Inconclusive]:
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is never predicted although there are {limit:g} samples or more of it: {names}",
        "{n} of {total} classes are never predicted although there are {limit:g} samples or more of each: {names}",
        **_values(quality, judgement),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class never predicted, with fewer than {limit:g} samples: {names}",
        "{n} classes never predicted, with fewer than {limit:g} samples: {names}",
        **_values(quality, judgement, unsure=True),
    )
    return _of_classes(NEVER, quality, judgement, failing, unsure)


def _missed(quality: MultiLabelQuality, judgement: Judgement) -> Iterable[Finding | Inconclusive]:
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is found in less than {limit:.0%} of its samples, even at the upper bound of recall: {names}",
        "{n} of {total} classes are found in less than {limit:.0%} of their samples, even at the upper bound of recall: "
        "{names}",
        **_values(quality, judgement),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class with a recall that cannot be told from {limit:.0%}: {names}",
        "{n} classes with a recall that cannot be told from {limit:.0%}: {names}",
        **_values(quality, judgement, unsure=True),
    )
    return _of_classes(LOW_RECALL, quality, judgement, failing, unsure)


def _false(quality: MultiLabelQuality, judgement: Judgement) -> Iterable[Finding | Inconclusive]:
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is there in less than {limit:.0%} of the samples said to have it, even at the upper bound "
        "of precision: {names}",
        "{n} of {total} classes are there in less than {limit:.0%} of the samples said to have them, even at the upper bound "
        "of precision: {names}",
        **_values(quality, judgement),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class with a precision that cannot be told from {limit:.0%}: {names}",
        "{n} classes with a precision that cannot be told from {limit:.0%}: {names}",
        **_values(quality, judgement, unsure=True),
    )
    return _of_classes(LOW_PRECISION, quality, judgement, failing, unsure)


def _calibration(quality: MultiLabelQuality, judgement: Judgement) -> Iterable[Finding | Inconclusive]:
    measured = quality.calibration
    if judgement.outcome is Outcome.PASS:
        return
    values = {
        "error": measured.error,
        "limit": judgement.limit,
        "chance": measured.chance,
        "confidence": measured.confidence,
        "share": quality.labels / quality.total_classes,
    }
    if judgement.outcome is Outcome.FAIL:
        message = say(
            "calibration error over all classes is {error:.3f} (limit {limit:g}; chance gives a calibrated model up to "
            "{chance:.3f}): mean probability {confidence:.1%}, classes that are there {share:.1%}",
            **values,
        )
        evidence = {name: value for name, value in values.items() if name != "limit"}
        yield CALIBRATION.finding(say("calibration"), message, evidence=evidence, threshold=judgement.limit)
    else:
        message = say(
            "calibration error over all classes is {error:.3f} (limit {limit:g}), but on {samples} samples chance gives a "
            "calibrated model up to {chance:.3f}",
            samples=quality.exact.trials,
            **values,
        )
        yield Inconclusive(CALIBRATION.code, say("calibration"), message, judgement.needed)


def _confident(quality: MultiLabelQuality, limit: float) -> Finding:
    message = counted(
        quality.confident_wrong,
        "{n} of {confident} answers for single classes given with a probability over {limit:g} is wrong (of a calibrated model, "
        "up to {expected:.2g} would be)",
        "{n} of {confident} answers for single classes given with a probability over {limit:g} are wrong (of a calibrated model, "
        "up to {expected:.2g} would be)",
        confident=quality.confident,
        limit=limit,
        expected=quality.confident * (1 - limit),
    )
    evidence = {"wrong": quality.confident_wrong, "confident": quality.confident}
    return CONFIDENT.finding(say("answers"), message, evidence=evidence, threshold=limit)


def _values(quality: MultiLabelQuality, judgement: Judgement, *, unsure: bool = False) -> dict[str, object]:
    """Return what the messages on classes are filled with."""
    names = judgement.unsure if unsure else judgement.failing
    return {"total": quality.total_classes, "limit": judgement.limit, "names": first_of(names, MOST_NAMED)}


def _of_classes(
    rule: Rule, quality: MultiLabelQuality, judgement: Judgement, failing: str, unsure: str
) -> Iterable[Finding | Inconclusive]:
    evidence = {"classes": len(judgement.failing), "total": quality.total_classes, "limit": judgement.limit}
    return said_of_classes(rule, judgement, failing, unsure, evidence=evidence, threshold=judgement.limit)
