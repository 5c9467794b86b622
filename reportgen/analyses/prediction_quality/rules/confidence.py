"""Rules on whether a model is right as often as it says, alike for one class for each sample and for any number."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.baselines import MAJORITY, WRONG_ANSWERS
from reportgen.analyses.prediction_quality.rules.needs import SCORES
from reportgen.measures.calibration import CALIBRATION_BINS, Calibration
from reportgen.measures.classification import ClassificationQuality
from reportgen.measures.intervals import Decision, Outcome
from reportgen.measures.multilabel import MultiLabelQuality
from reportgen.measures.temperature import Temperature
from reportgen.messages import Message, counted, say
from reportgen.results import (
    Advice,
    Certainty,
    Finding,
    Inconclusive,
    Limits,
    Rule,
    Severity,
)

FEWEST_CALIBRATED = 2 * CALIBRATION_BINS
"""Samples under which no calibration error is judged: their chance is that of a few answers. Two for each bin; our choice."""

_TEMPERATURE = 1.5
"""Factor that a temperature's whole interval must be away from 1 to count, up or down."""

CALIBRATION = Rule(
    code="miscalibration",
    meaning=say("confidence says little about how often the model is right"),
    severity=Severity.WARNING,
    threshold=0.1,
    unit=say(
        "expected calibration error; any beyond chance counts where the temperature is certainly over {factor:g}",
        factor=_TEMPERATURE,
    ),
    bounds=(0.0, 1.0),
    source=say(
        "Guo et al. 2017, arXiv 1706.04599, table 1 and section 4.2: networks have about 1 to 17% as trained, mostly under 3% "
        "once calibrated, which one temperature does; chance by Broecker and Smith 2007, Weather and Forecasting 22, 651, on "
        "{fewest} samples or more, two for each bin; a tenth and {factor:g} are reportgen's choice, measured on healthy "
        "networks (docs/verdicts.md of reportgen)",
        fewest=FEWEST_CALIBRATED,
        factor=_TEMPERATURE,
    ),
    follows_from=(*WRONG_ANSWERS, MAJORITY.code),
    needs=(SCORES,),
    advice=Advice(
        title=say("Confidence is not accuracy"),
        why=say("Probabilities of this model cannot be used as such, for instance as thresholds."),
        action=say("Calibrate on other data; where one temperature mends it, Prediction quality gives that."),
        certainty=Certainty.TEST,
    ),
)


def miscalibration(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield that confidence and accuracy certainly disagree, or that it cannot be told."""
    quality = result.classification or result.multi_label
    if quality is None:
        return
    error, limit = quality.calibration, limits[CALIBRATION.code]
    decision = judge_calibration(error, quality.temperature, result.evaluated, limit)
    if decision.outcome is Outcome.FAIL:
        yield CALIBRATION.finding(
            say("calibration"),
            _disagreement(quality, limit),
            evidence=_evidence(quality),
            threshold=limit,
            action=_action(quality, limit),
        )
    elif decision.outcome is Outcome.INCONCLUSIVE:
        what = say("calibration error")
        if isinstance(quality, MultiLabelQuality):
            what = say("calibration error over all classes")
        message = _undecided(what, error, result.evaluated, limit)
        yield Inconclusive(CALIBRATION.code, say("calibration"), message, decision.needed)


def _action(quality: ClassificationQuality | MultiLabelQuality, limit: float) -> Message | None:
    """Return what to do: divide by the temperature, where that leaves little or what chance gives, and the samples bound it."""
    temperature, error, left = quality.temperature, quality.calibration, quality.fitted_error
    if temperature is None:
        return None
    if left is not None and left > max(error.chance, limit / 2):
        return say(
            "Calibrate on other data with a bias for each class too (Platt or vector scaling): a temperature alone leaves a "
            "calibration error of {left:.3f}.",
            left=left,
        )
    if not temperature.bounded:
        return say("Calibrate on other data: these samples bound no temperature.")
    return say(
        "Calibrate on other data: divide the logits by a temperature, here about {temperature:.2g}.",
        temperature=temperature.value,
    )


def _evidence(quality: ClassificationQuality | MultiLabelQuality) -> dict[str, float]:
    error, temperature = quality.calibration, quality.temperature
    numbers = {"error": error.error, "chance": error.chance, "confidence": error.confidence}
    if isinstance(quality, ClassificationQuality):
        numbers["accuracy"] = quality.accuracy.value
    else:
        numbers["share"] = quality.labels / quality.total_classes
    return numbers if temperature is None else {**numbers, "temperature": temperature.value, "lowest": temperature.low}


def _disagreement(quality: ClassificationQuality | MultiLabelQuality, limit: float) -> Message:
    """Return how far confidence and accuracy disagree: by the temperature where the calibration error is within its limit."""
    values = {**_evidence(quality), "limit": limit}
    if isinstance(quality, ClassificationQuality):
        sense = say("overconfident") if values["confidence"] > values["accuracy"] else say("underconfident")
        held = say(
            "mean confidence {confidence:.1%}, accuracy {accuracy:.1%}, {sense}",
            confidence=values["confidence"],
            accuracy=values["accuracy"],
            sense=sense,
        )
    else:
        held = say(
            "over all classes mean probability {confidence:.1%}, present {share:.1%}",
            confidence=values["confidence"],
            share=values["share"],
        )
    if quality.calibration.error > limit or quality.temperature is None:
        return say(
            "calibration error is {error:.3f} (limit {limit:g}; a calibrated model has up to {chance:.3f} by chance): "
            "{held}",
            **values,
            held=held,
        )
    return say(
        "the logits must be divided by {temperature:.2f} (at least {lowest:.2f} at 95%, limit {most:g}) to match the "
        "accuracy: {held}; calibration error {error:.3f} (chance up to {chance:.3f})",
        **values,
        most=_TEMPERATURE,
        held=held,
    )


def judge_calibration(
    calibration: Calibration, temperature: Temperature | None, samples: int, limit: float
) -> Decision:
    """Return whether the calibration error is certainly over `limit`, or the temperature certainly over 1.5.

    The error of a model that is too sure is at most its share of wrong answers, however sure it is. Its temperature has no
    such bound, so where that is certainly over 1.5 any error beyond chance counts. Chance adds to the error up to what it gives
    a calibrated model, so elsewhere the limit must be passed by more than that, unless a temperature under 1 / 1.5 shows that
    the error is none of chance.

    Chance falls with the root of the number of samples, from which follows how many decide. Under `FEWEST_CALIBRATED` samples
    nothing is decided.

    Args:
        calibration: the measured error, and what chance gives.
        temperature: the fitted temperature; None where that was not measured.
        samples: number of samples behind both.
        limit: error that passes, in [0, 1].
    """
    error, chance = calibration.error, calibration.chance
    too_sure = temperature is not None and temperature.low > _TEMPERATURE
    unsure = temperature is not None and temperature.high < 1 / _TEMPERATURE
    if samples >= FEWEST_CALIBRATED and error > chance and (too_sure or error > (limit if unsure else limit + chance)):
        return Decision(Outcome.FAIL, limit, None)
    if error <= limit:
        return Decision(Outcome.PASS, limit, None)
    if samples < FEWEST_CALIBRATED:
        return Decision(Outcome.INCONCLUSIVE, limit, FEWEST_CALIBRATED)
    return Decision(Outcome.INCONCLUSIVE, limit, math.floor(samples * (chance / (error - limit)) ** 2) + 1)


def _undecided(what: Message, calibration: Calibration, samples: int, limit: float) -> Message:
    """Return why nothing is decided: there are too few samples to judge, or chance may give as much."""
    values = {"what": what, "error": calibration.error, "limit": limit}
    if samples < FEWEST_CALIBRATED:
        return counted(
            samples,
            "{what} is {error:.3f} (limit {limit:g}) on {n} sample; at least {fewest} are needed",
            "{what} is {error:.3f} (limit {limit:g}) on {n} samples; at least {fewest} are needed",
            fewest=FEWEST_CALIBRATED,
            **values,
        )
    return say(
        "{what} is {error:.3f} (limit {limit:g}), but a calibrated model has up to {chance:.3f} by chance on "
        "{samples} samples",
        samples=samples,
        chance=calibration.chance,
        **values,
    )


_CHANCE = 0.01
"""Probability that chance may have of so many confident errors."""

CONFIDENT = Rule(
    code="confidently-wrong",
    meaning=say("more near-certain predictions are wrong than their confidence allows"),
    severity=Severity.WARNING,
    threshold=0.99,
    unit=say("probability of the wrong answer"),
    bounds=(0.0, 1.0),
    source=say(
        "a calibrated model is wrong in at most 1 of 100 such answers: exact one-sided binomial test (Clopper and Pearson 1934, "
        "Biometrika 26, 404) at {chance:.0%}, in which answers on one sample count as far as they are independent (Rao and "
        "Scott 1992, Biometrics 48, 577); these samples are worth a look, or their labels",
        chance=_CHANCE,
    ),
    follows_from=(*WRONG_ANSWERS, MAJORITY.code),
    needs=(SCORES,),
    advice=Advice(
        title=say("Confident and wrong"),
        why=say("Near-certain errors pass every confidence threshold."),
        action=say("Look at these samples: their labels may be wrong, or the model is overconfident."),
        certainty=Certainty.TEST,
    ),
)


def confidently_wrong(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding]:
    """Yield that of the answers given with a probability over the limit more are wrong than chance allows."""
    quality, limit = result.classification or result.multi_label, limits[CONFIDENT.code]
    if quality is None:
        return
    confident, wrong = quality.confidences.over(limit)
    chance = quality.confidences.chance_over(limit)
    if chance >= _CHANCE:
        return
    values = {"confident": confident, "limit": limit, "expected": confident * (1 - limit), "chance": chance}
    if isinstance(quality, ClassificationQuality):
        message = counted(
            wrong,
            "{n} of {confident} predictions above {limit:g} confidence is wrong, where a calibrated model has up to "
            "{expected:.2g} (p = {chance:.1g})",
            "{n} of {confident} predictions above {limit:g} confidence are wrong, where a calibrated model has up to "
            "{expected:.2g} (p = {chance:.1g})",
            **values,
        )
    else:
        message = counted(
            wrong,
            "{n} of {confident} single-class predictions above {limit:g} probability is wrong, where a calibrated "
            "model has up to {expected:.2g} (p = {chance:.1g})",
            "{n} of {confident} single-class predictions above {limit:g} probability are wrong, where a calibrated "
            "model has up to {expected:.2g} (p = {chance:.1g})",
            **values,
        )
    subject = say("samples") if isinstance(quality, ClassificationQuality) else say("answers")
    evidence = {"wrong": wrong, "confident": confident, "chance": chance}
    yield CONFIDENT.finding(subject, message, evidence=evidence, threshold=limit)
