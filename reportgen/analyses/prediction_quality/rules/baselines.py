"""Rules that hold predictions against an answer that is always the same."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.needs import CLASSES, NUMBERS, ONE_CLASS_EACH
from reportgen.measures.classification import ClassificationQuality
from reportgen.measures.intervals import Decision, Outcome, Rate, measure, wilson_interval
from reportgen.measures.multilabel import MultiLabelQuality
from reportgen.measures.skill import FEWEST, decide_skill
from reportgen.messages import Message, counted, say
from reportgen.results import (
    BROKEN_WEIGHTS,
    WRONG_INPUTS,
    Advice,
    Certainty,
    Finding,
    Inconclusive,
    Limits,
    Rule,
    Severity,
)

BROKEN_OUTPUT = (*BROKEN_WEIGHTS, *WRONG_INPUTS, "non-deterministic-output", "constant-output")
"""Codes of rules on the model and its inputs, from which follows that it is wrong about classes or numbers."""

WRONG_ANSWERS = (
    *BROKEN_WEIGHTS,
    *WRONG_INPUTS,
    "drifted-statistics",
    "non-deterministic-output",
    "class-names-unchecked",
    "permuted-labels",
    "constant-output",
    "constant-prediction",
    "wrong-threshold",
)
"""The same of a model with one answer for each sample, and codes of rules on its classes."""

MAJORITY = Rule(
    code="no-better-than-majority",
    meaning=say("always predicting the most frequent class would be about as good"),
    severity=Severity.PROBLEM,
    threshold=0.1,
    unit=say("share of the errors of always predicting the most frequent class that the model must avoid"),
    source=say(
        "skill score against the most frequent class on the upper bound of Wilson's interval (1927) of the accuracy and the "
        "lower bound of that class's share; of masks against the most frequent class of each pixel in the other samples, by "
        "pixel accuracy and mean recall of the classes (bootstrap over samples, Efron 1979, Annals of Statistics 7, 1); a "
        "tenth is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=WRONG_ANSWERS,
    needs=(CLASSES,),
    advice=Advice(
        title=say("No better than one constant answer"),
        why=say("The model adds nothing to always predicting the most frequent class."),
        action=say("Check preprocessing and the order of the classes, then retrain."),
        certainty=Certainty.TEST,
    ),
)

_MOST_NEEDED = 1_000_000_000
"""Samples beyond which none would decide."""


def no_better_than_majority(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield whether the model is certainly no better than the most frequent answer, or what cannot be told.

    A model whose answers are all the same is left to `constant_prediction`, which says more, unless all are right.
    """
    limit, quality = limits[MAJORITY.code], result.classification
    if quality is not None and (quality.constant is None or quality.accuracy.value == 1.0):
        yield from _against_majority(quality, limit)
    if result.multi_label is not None:
        yield from _against_majorities(result.multi_label, limit)


def _against_majority(quality: ClassificationQuality, threshold: float) -> Iterator[Finding | Inconclusive]:
    """Yield what one answer for each sample says, against the most frequent class."""
    accuracy, (share, decision) = quality.accuracy, _judged(quality, threshold)
    if decision.outcome is Outcome.FAIL:
        message = say(
            "no better than the baseline: accuracy is {accuracy:.1%}, at most {high:.1%} (95%, {samples}); always "
            "answering {majority} gives {share:.1%}, and avoiding {errors:.0%} of its errors {limit:.1%}",
            accuracy=accuracy.value,
            high=accuracy.high,
            samples=counted(accuracy.trials, "{n} sample", "{n} samples"),
            majority=quality.majority,
            share=share.value,
            errors=threshold,
            limit=decision.limit,
        )
        evidence = {
            "accuracy": accuracy.value,
            "highest": accuracy.high,
            "majority": share.value,
            "limit": decision.limit,
        }
        yield MAJORITY.finding(say("accuracy"), message, evidence=evidence, threshold=threshold)
    elif decision.outcome is Outcome.INCONCLUSIVE and (share.value < 1.0 or decision.needed):
        message = _undecided_accuracy(quality, share, threshold)
        yield Inconclusive(MAJORITY.code, say("accuracy"), message, decision.needed)
    elif share.value == 1.0:
        message = say("all labels are {majority}, so always answering that makes no error", majority=quality.majority)
        remedy = say("Add samples of other classes.")
        yield Inconclusive(MAJORITY.code, say("accuracy"), message, None, remedy=remedy)


def at_chance(result: PredictionQualityResult, limits: Limits) -> bool:
    """Return whether the whole model is no better than one answer for all samples, so that single classes tell nothing more."""
    quality = result.classification
    if quality is None:
        return False
    return quality.constant is not None or _judged(quality, limits[MAJORITY.code])[1].outcome is Outcome.FAIL


def _judged(quality: ClassificationQuality, limit: float) -> tuple[Rate, Decision]:
    """Return the share of the most frequent class, and whether the accuracy is better than answering always that."""
    samples = quality.accuracy.trials
    share = measure(round(quality.majority_share * samples), samples)
    return share, judge_accuracy(quality.accuracy, share, limit)


def _undecided_accuracy(quality: ClassificationQuality, share: Rate, threshold: float) -> Message:
    accuracy = quality.accuracy
    lowest, highest = (bound + threshold * (1 - bound) for bound in (share.low, share.high))
    if accuracy.high < lowest:  # the intervals would decide, but on too few samples to believe them
        return counted(
            accuracy.trials,
            "accuracy is {accuracy:.1%}, the baseline (always {majority}) {share:.1%}, on {n} sample; at least "
            "{fewest} are needed",
            "accuracy is {accuracy:.1%}, the baseline (always {majority}) {share:.1%}, on {n} samples; at least "
            "{fewest} are needed",
            accuracy=accuracy.value,
            majority=quality.majority,
            share=share.value,
            fewest=FEWEST,
        )
    return say(
        "accuracy is {accuracy:.1%} ({low:.1%} to {high:.1%} at 95%, {samples}); clearly beating the baseline of "
        "{majority} ({fewest:.1%} to {most:.1%}) takes {lowest:.1%} to {highest:.1%}",
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
        samples=counted(accuracy.trials, "{n} sample", "{n} samples"),
        majority=quality.majority,
        fewest=share.low,
        most=share.high,
        lowest=lowest,
        highest=highest,
    )


def judge_accuracy(accuracy: Rate, share: Rate, limit: float) -> Decision:
    """Return whether the model avoids this share of the errors of the most frequent class.

    Both rates are uncertain: it passes above what the upper bound of the share asks for, and fails below what the lower does.
    Under `FEWEST` samples nothing fails.

    Args:
        accuracy: share of the samples that the model answers rightly.
        share: share of the most frequent class among the same samples.
        limit: share of its errors to avoid, in [0, 1].

    Returns:
        The decision; its limit is the accuracy asked for: 0.55 for a share of 0.5 and a limit of 0.1.
    """
    wanted = share.value + limit * (1 - share.value)
    outcome = _against_share(accuracy.value, share.value, accuracy.trials, limit)
    if outcome is not Outcome.INCONCLUSIVE:
        return Decision(outcome, wanted, None)
    most = accuracy.trials
    while most < _MOST_NEEDED and _against_share(accuracy.value, share.value, most, limit) is outcome:
        most *= 2
    if most >= _MOST_NEEDED:
        return Decision(outcome, wanted, None)
    sizes = range(most // 2, most + 1)
    decided = bisect_left(
        sizes, True, key=lambda size: _against_share(accuracy.value, share.value, size, limit) is not outcome
    )
    return Decision(outcome, wanted, sizes[decided])


def _against_share(accuracy: float, share: float, samples: int, limit: float) -> Outcome:
    """Return what so many samples would say if both rates stayed as they are."""
    (low, high), (fewest, most) = (wilson_interval(rate * samples, samples) for rate in (accuracy, share))
    if low >= most + limit * (1 - most):
        return Outcome.PASS
    failed = samples >= FEWEST and high < fewest + limit * (1 - fewest)
    return Outcome.FAIL if failed else Outcome.INCONCLUSIVE


def _against_majorities(quality: MultiLabelQuality, limit: float) -> Iterator[Finding | Inconclusive]:
    """Yield what an answer for each class says, against the more frequent answer for it."""
    skill, wrong = quality.skill, quality.hamming
    decision = decide_skill(skill, limit)
    if decision.outcome is Outcome.FAIL:
        message = say(
            "no better than the baseline: {wrong:.1%} of single-class answers are wrong; of the baseline's errors "
            "{value:.1%} are avoided, at most {high:.1%} (95%, {samples} samples, limit {limit:.0%})",
            wrong=wrong,
            value=skill.value,
            high=skill.high,
            samples=skill.samples,
            limit=limit,
        )
        evidence = {"hamming": wrong, "skill": skill.value, "highest": skill.high, "limit": limit}
        yield MAJORITY.finding(say("answers"), message, evidence=evidence, threshold=limit)
    elif decision.outcome is Outcome.INCONCLUSIVE:
        values = {"value": skill.value, "samples": skill.samples, "limit": limit}
        if math.isfinite(skill.low):
            message = say(
                "the model avoids {value:.1%} of the baseline's errors on {samples} samples, too few to separate it "
                "from the limit of {limit:.0%}",
                **values,
            )
        else:
            message = say(
                "the model avoids {value:.1%} of the baseline's errors on {samples} samples, too few for an interval "
                "(limit {limit:.0%})",
                **values,
            )
        yield Inconclusive(MAJORITY.code, say("answers"), message, decision.needed)


CONSTANT = Rule(
    code="constant-prediction",
    meaning=say("every sample gets the same prediction, although many are of other classes"),
    severity=Severity.PROBLEM,
    threshold=10.0,
    unit=say("samples of other classes needed"),
    source=say(
        "rule of three: with none of 10 found the rate is at most 3/10 at 95% (Hanley and Lippman-Hand 1983, JAMA 249, 1743)"
    ),
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS, "constant-output"),
    needs=(ONE_CLASS_EACH,),
    advice=Advice(
        title=say("One answer for all samples"),
        why=say("The model cannot tell the classes apart."),
        action=say("Check the scaling of the samples, then the class balance in training."),
        certainty=Certainty.TEST,
    ),
)


def constant_prediction(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield that all answers are the same, or that too few samples are of other classes to say so."""
    quality, limit = result.classification, limits[CONSTANT.code]
    if quality is None or quality.constant is None:
        return
    samples, others = quality.accuracy.trials, quality.accuracy.trials - quality.accuracy.successes
    values = {"samples": samples, "answer": quality.constant, "limit": limit}
    if others and others >= limit:
        message = counted(
            others,
            "all {samples} predictions are {answer}, although {n} sample is of another class (limit {limit:g})",
            "all {samples} predictions are {answer}, although {n} samples are of other classes (limit {limit:g})",
            **values,
        )
        evidence = {"others": others, "samples": samples}
        yield CONSTANT.finding(say("predictions"), message, evidence=evidence, threshold=limit)
    elif others:
        message = counted(
            others,
            "every prediction is {answer}, but only {n} of {samples} samples is of another class (limit {limit:g})",
            "every prediction is {answer}, but only {n} of {samples} samples are of other classes (limit {limit:g})",
            **values,
        )
        yield Inconclusive(CONSTANT.code, say("predictions"), message, math.ceil(limit * samples / others))


MEAN = Rule(
    code="no-better-than-mean",
    meaning=say("always predicting the mean label would be about as good"),
    severity=Severity.PROBLEM,
    threshold=0.1,
    unit=say("share of the label variance that the model must explain"),
    source=say(
        "R squared as the skill score against the mean (Murphy 1988, Monthly Weather Review 116, 2417), on the upper bound of "
        "Fieller's interval (1954, J. Royal Stat. Soc. B 16, 175); a tenth is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=BROKEN_OUTPUT,
    needs=(NUMBERS,),
    advice=Advice(
        title=say("No better than the mean"),
        why=say("The model adds nothing to always predicting the mean."),
        action=say("Check the scaling of inputs and targets, then retrain."),
        certainty=Certainty.TEST,
    ),
)


def no_better_than_mean(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield whether predicted numbers are certainly no better than the mean of the labels, or what cannot be told."""
    if result.regression is None:
        return
    limit, skill = limits[MEAN.code], result.regression.skill
    decision = decide_skill(skill, limit)
    values = {"value": skill.value, "samples": skill.samples, "limit": limit}
    if decision.outcome is Outcome.FAIL:
        message = say(
            "no better than predicting the mean: R² is {value:.3f}, at most {high:.3f} (95%, {samples} samples, limit "
            "{limit:g})",
            high=skill.high,
            **values,
        )
        evidence = {"explained": skill.value, "highest": skill.high}
        yield MEAN.finding(say("errors"), message, evidence=evidence, threshold=limit)
    elif decision.outcome is Outcome.INCONCLUSIVE:
        if math.isfinite(skill.low):
            message = say(
                "R² is {value:.3f} ({low:.3f} to {high:.3f} at 95%, {samples} samples, limit {limit:g})",
                low=skill.low,
                high=skill.high,
                **values,
            )
        else:
            message = say("R² is {value:.3f} on {samples} samples, too few for an interval (limit {limit:g})", **values)
        yield Inconclusive(MEAN.code, say("errors"), message, decision.needed)
