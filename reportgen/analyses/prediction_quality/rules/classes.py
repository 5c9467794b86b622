"""Rules on each class by itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.baselines import BROKEN_OUTPUT, MAJORITY, WRONG_ANSWERS
from reportgen.analyses.prediction_quality.rules.needs import CLASSES, ONE_CLASS, SEVERAL_CLASSES
from reportgen.measures.classification import ClassificationQuality, ClassQuality
from reportgen.measures.intervals import Decision, Outcome, Rate, decide_at_least
from reportgen.measures.segmentation import SegmentationQuality
from reportgen.messages import Message, counted, first_of, say
from reportgen.results import (
    Advice,
    Certainty,
    Finding,
    Inconclusive,
    Limits,
    Rule,
    Severity,
)

_MOST_NAMED = 5
"""Classes that a message names."""


@dataclass(frozen=True)
class ClassDecision:
    """What a rule says of one class.

    Attributes:
        name: the class's name.
        trials: how many of the samples the decision was made on: those of the class, or those said to be of it.
        decision: what they say.
    """

    name: str
    trials: int
    decision: Decision


@dataclass(frozen=True)
class Judgement:
    """What a rule says of all classes.

    Attributes:
        failing: names of the classes that certainly fail.
        unsure: names of those that cannot be decided.
        needed: about how many samples in all would decide; None where no number would.
    """

    failing: tuple[str, ...]
    unsure: tuple[str, ...]
    needed: int | None


def judge(classes: Iterable[ClassDecision], samples: int) -> Judgement:
    """Return what a rule says of all classes, by what it says of each.

    Args:
        classes: the decision on each class that the rule is on.
        samples: number of all samples.
    """
    every = tuple(classes)
    unsure = [one for one in every if one.decision.outcome is Outcome.INCONCLUSIVE]
    # a class keeps its share when more samples come
    needed = [-(-one.decision.needed * samples // one.trials) for one in unsure if one.decision.needed is not None]
    return Judgement(
        failing=tuple(one.name for one in every if one.decision.outcome is Outcome.FAIL),
        unsure=tuple(one.name for one in unsure),
        needed=max(needed, default=None),
    )


def _said(
    rule: Rule, judgement: Judgement, failing: str, unsure: str, *, threshold: float, evidence: dict[str, float]
) -> Iterator[Finding | Inconclusive]:
    """Yield what a rule says of all classes.

    Args:
        rule: the rule.
        judgement: what it says.
        failing, unsure: sentences about the classes that certainly fail, and about those that cannot be decided.
        threshold: the threshold in force.
        evidence: the finding's numbers beside that of the failing classes.
    """
    if judgement.failing:
        numbers = {"classes": len(judgement.failing), **evidence}
        yield rule.finding(say("classes"), failing, evidence=numbers, threshold=threshold)
    if judgement.unsure:
        yield Inconclusive(rule.code, say("classes"), unsure, judgement.needed)


def _named(names: tuple[str, ...]) -> Message:
    return first_of(names, _MOST_NAMED)


NEVER = Rule(
    code="class-never-predicted",
    meaning=say("a class with samples is never predicted"),
    severity=Severity.WARNING,
    threshold=10.0,
    unit=say("samples that the class must have, or masks that contain it"),
    source=say(
        "rule of three: with none of 10 the rate is at most 3/10 at 95% (Hanley and Lippman-Hand 1983, JAMA 249, 1743)"
    ),
    follows_from=(*WRONG_ANSWERS, MAJORITY.code),
    needs=(CLASSES,),
    advice=Advice(
        title=say("A class is never predicted"),
        why=say("Every sample of this class is misclassified."),
        action=say("Check the labels of the class and its share of the training data."),
        certainty=Certainty.TEST,
    ),
)


def class_never_predicted(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield which classes with enough samples are never predicted, and which have too few to say so.

    A model whose answers are all the same is left to `constant_prediction`, which says more.
    """
    quality, limit = result.classification or result.multi_label, limits[NEVER.code]
    if result.segmentation is not None:
        yield from _never_in_masks(result.segmentation, limit)
    if quality is None or (isinstance(quality, ClassificationQuality) and quality.constant is not None):
        return
    judgement = judge_never_predicted(quality.classes, result.evaluated, limit)
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is never predicted, despite {limit:g} samples or more: {names}",
        "{n} of {total} classes are never predicted, despite {limit:g} samples or more each: {names}",
        total=quality.total_classes,
        limit=limit,
        names=_named(judgement.failing),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class never predicted, with fewer than {limit:g} samples: {names}",
        "{n} classes never predicted, with fewer than {limit:g} samples: {names}",
        limit=limit,
        names=_named(judgement.unsure),
    )
    yield from _said(NEVER, judgement, failing, unsure, threshold=limit, evidence={"total": quality.total_classes})


def _never_in_masks(quality: SegmentationQuality, limit: float) -> Iterator[Finding | Inconclusive]:
    """Yield which classes that enough masks hold no pixel is predicted to have, and which too few do to say so."""
    if quality.constant is not None:
        return
    judgement = judge(
        (
            ClassDecision(one.name, one.samples, _never_predicted(one.samples, limit))
            for one in quality.classes
            if one.samples and not one.predicted
        ),
        quality.samples,
    )
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes is predicted for no pixel, although {limit:g} masks or more contain it: {names}",
        "{n} of {total} classes are predicted for no pixel, although {limit:g} masks or more contain each: {names}",
        total=len(quality.classes),
        limit=limit,
        names=_named(judgement.failing),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class predicted for no pixel, in fewer than {limit:g} masks: {names}",
        "{n} classes predicted for no pixel, in fewer than {limit:g} masks: {names}",
        limit=limit,
        names=_named(judgement.unsure),
    )
    yield from _said(NEVER, judgement, failing, unsure, threshold=limit, evidence={"total": len(quality.classes)})


def _never_predicted(support: int, limit: float) -> Decision:
    if support >= limit:
        return Decision(Outcome.FAIL, limit, None)
    return Decision(Outcome.INCONCLUSIVE, limit, math.ceil(limit))


def judge_never_predicted(classes: Iterable[ClassQuality], samples: int, limit: float) -> Judgement:
    """Return whether each class with at least `limit` samples was predicted at least once.

    Args:
        classes: the classes with their numbers of samples and predictions.
        samples: number of all samples.
        limit: samples of a class, at least 1.
    """
    return judge(
        (
            ClassDecision(one.name, one.support, _never_predicted(one.support, limit))
            for one in classes
            if one.support and not one.predicted
        ),
        samples,
    )


def judge_rates(rates: Iterable[tuple[str, Rate]], samples: int, limit: float, *, total: int) -> Judgement:
    """Return whether the rate of each class reaches a limit, all rates judged together.

    Args:
        rates: name and rate of each class; one without a trial says nothing.
        samples: number of all samples.
        limit: smallest rate that passes, in [0, 1].
        total: number of classes that the model knows, by which the intervals are corrected (Bonferroni).
    """
    confidence = 1 - 0.05 / total
    return judge(
        (
            ClassDecision(name, rate.trials, decide_at_least(rate.successes, rate.trials, limit, confidence=confidence))
            for name, rate in rates
            if rate.trials
        ),
        samples,
    )


RECALL = Rule(
    code="recall-below-chance",
    meaning=say("a class is found less often than by chance"),
    severity=Severity.WARNING,
    threshold=1.0,
    unit=say("multiple of 1 / number of classes"),
    source=say(
        "upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni) against uniform guessing"
    ),
    follows_from=(*WRONG_ANSWERS, MAJORITY.code),
    needs=(ONE_CLASS,),
    advice=Advice(
        title=say("A class found less often than by chance"),
        why=say("The model confuses this class systematically."),
        action=say("See what it is confused with; check its labels."),
        certainty=Certainty.TEST,
    ),
)


def recall_below_chance(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield which classes are found less often than by guessing; one that is never predicted has a rule of its own."""
    quality, threshold = result.classification, limits[RECALL.code]
    if quality is None:
        return
    total = quality.total_classes
    limit = min(threshold / total, 1.0)
    rates = [(one.name, one.recall) for one in quality.classes if one.predicted]
    judgement = judge_rates(rates, result.evaluated, limit, total=total)
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes has a recall below guessing ({limit:.3g}), even at its upper bound: {names}",
        "{n} of {total} classes have a recall below guessing ({limit:.3g}), even at its upper bound: {names}",
        total=total,
        limit=limit,
        names=_named(judgement.failing),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class with a recall too close to guessing ({limit:.3g}) to decide: {names}",
        "{n} classes with a recall too close to guessing ({limit:.3g}) to decide: {names}",
        limit=limit,
        names=_named(judgement.unsure),
    )
    evidence = {"total": total, "limit": limit}
    yield from _said(RECALL, judgement, failing, unsure, threshold=threshold, evidence=evidence)


LOW_RECALL = Rule(
    code="low-recall",
    meaning=say("a class of a multi-label model is missed more often than found"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("recall of the class"),
    source=say(
        "upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni); a half is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=BROKEN_OUTPUT,
    needs=(SEVERAL_CLASSES,),
    advice=Advice(
        title=say("A class is missed more often than found"),
        why=say("Most samples of this class are missed."),
        action=say("Lower the decision threshold of the class, or add training data for it."),
        certainty=Certainty.TEST,
    ),
)


def low_recall(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield which classes of a multi-label model are missed too often; one that is never predicted has a rule of its own."""
    quality, limit = result.multi_label, limits[LOW_RECALL.code]
    if quality is None:
        return
    total = quality.total_classes
    rates = [(one.name, one.recall) for one in quality.classes if one.predicted]
    judgement = judge_rates(rates, result.evaluated, limit, total=total)
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes has a recall below {limit:.0%}, even at its upper bound: {names}",
        "{n} of {total} classes have a recall below {limit:.0%}, even at its upper bound: {names}",
        total=total,
        limit=limit,
        names=_named(judgement.failing),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class with a recall too close to {limit:.0%} to decide: {names}",
        "{n} classes with a recall too close to {limit:.0%} to decide: {names}",
        limit=limit,
        names=_named(judgement.unsure),
    )
    evidence = {"total": total, "limit": limit}
    yield from _said(LOW_RECALL, judgement, failing, unsure, threshold=limit, evidence=evidence)


LOW_PRECISION = Rule(
    code="low-precision",
    meaning=say("most predictions of a class of a multi-label model are wrong"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("precision of the class"),
    source=say(
        "upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni); below a half, never "
        "predicting the class would be wrong less often"
    ),
    bounds=(0.0, 1.0),
    follows_from=BROKEN_OUTPUT,
    needs=(SEVERAL_CLASSES,),
    advice=Advice(
        title=say("Most predictions of a class are wrong"),
        why=say("Most predictions of this class are wrong."),
        action=say("Raise the decision threshold of the class, or add negative examples."),
        certainty=Certainty.TEST,
    ),
)


def low_precision(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield which classes of a multi-label model are claimed too often."""
    quality, limit = result.multi_label, limits[LOW_PRECISION.code]
    if quality is None:
        return
    total = quality.total_classes
    rates = [(one.name, one.precision) for one in quality.classes]
    judgement = judge_rates(rates, result.evaluated, limit, total=total)
    failing = counted(
        len(judgement.failing),
        "{n} of {total} classes has a precision below {limit:.0%}, even at its upper bound: {names}",
        "{n} of {total} classes have a precision below {limit:.0%}, even at its upper bound: {names}",
        total=total,
        limit=limit,
        names=_named(judgement.failing),
    )
    unsure = counted(
        len(judgement.unsure),
        "{n} class with a precision too close to {limit:.0%} to decide: {names}",
        "{n} classes with a precision too close to {limit:.0%} to decide: {names}",
        limit=limit,
        names=_named(judgement.unsure),
    )
    evidence = {"total": total, "limit": limit}
    yield from _said(LOW_PRECISION, judgement, failing, unsure, threshold=limit, evidence=evidence)
