"""Rules on whether a model is right as often as it says, alike for one class for each sample and for any number."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.measures.calibration import CALIBRATION_BINS, Calibration
from reportgen.measures.classification import ClassificationQuality
from reportgen.measures.intervals import Decision, Outcome
from reportgen.measures.multilabel import MultiLabelQuality
from reportgen.messages import Message, counted, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Finding, Inconclusive, Limits, Rule, Severity

FEWEST_CALIBRATED = 2 * CALIBRATION_BINS
"""Samples under which no calibration error is judged: their chance is that of a few answers. Two for each bin; our choice."""

CALIBRATION = Rule(
    code="miscalibration",
    meaning=say("confidence says little about how often the model is right"),
    severity=Severity.WARNING,
    threshold=0.1,
    unit=say("expected calibration error, where it is more than chance gives a calibrated model"),
    bounds=(0.0, 1.0),
    source=say(
        "Guo et al. 2017, arXiv 1706.04599, table 1: networks have about 1 to 17% as trained, mostly under 3% once "
        "calibrated; a tenth is reportgen's choice; chance by Broecker and Smith 2007, Weather and Forecasting 22, 651, on "
        "{fewest} samples or more, two for each bin",
        fewest=FEWEST_CALIBRATED,
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "class-names-unchecked",
        "permuted-labels",
        "constant-output",
        "constant-prediction",
        "no-better-than-majority",
    ),
)


def miscalibration(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield that the calibration error is beyond its limit by more than chance, or that it cannot be told."""
    quality = result.classification or result.multi_label
    if quality is None:
        return
    error, limit = quality.calibration, limits[CALIBRATION.code]
    decision = judge_calibration(error, result.evaluated, limit)
    if decision.outcome is Outcome.FAIL:
        evidence: dict[str, float] = {"error": error.error, "chance": error.chance, "confidence": error.confidence}
        if isinstance(quality, ClassificationQuality):
            evidence["accuracy"] = quality.accuracy.value
            too_sure = error.confidence > quality.accuracy.value
            message = say(
                "calibration error is {error:.3f} (limit {limit:g}; chance gives a calibrated model up to {chance:.3f}): mean "
                "confidence {confidence:.1%}, accuracy {accuracy:.1%}, {sense}",
                **evidence,
                limit=limit,
                sense=say("too sure") if too_sure else say("not sure enough"),
            )
        else:
            evidence["share"] = quality.labels / quality.total_classes
            message = say(
                "calibration error over all classes is {error:.3f} (limit {limit:g}; chance gives a calibrated model up to "
                "{chance:.3f}): mean probability {confidence:.1%}, classes that are there {share:.1%}",
                **evidence,
                limit=limit,
            )
        yield CALIBRATION.finding(say("calibration"), message, evidence=evidence, threshold=limit)
    elif decision.outcome is Outcome.INCONCLUSIVE:
        what = say("calibration error")
        if isinstance(quality, MultiLabelQuality):
            what = say("calibration error over all classes")
        message = _undecided(what, error, result.evaluated, limit)
        yield Inconclusive(CALIBRATION.code, say("calibration"), message, decision.needed)


def judge_calibration(calibration: Calibration, samples: int, limit: float) -> Decision:
    """Return whether the calibration error is within `limit`, or beyond it by more than chance.

    What chance gives a calibrated model falls with the root of the number of samples, from which follows how many decide. Under
    `FEWEST_CALIBRATED` samples nothing is decided.
    """
    if calibration.error <= limit:
        return Decision(Outcome.PASS, limit, None)
    if samples < FEWEST_CALIBRATED:
        return Decision(Outcome.INCONCLUSIVE, limit, FEWEST_CALIBRATED)
    if calibration.error > calibration.chance:
        return Decision(Outcome.FAIL, limit, None)
    needed = math.floor(samples * (calibration.chance / calibration.error) ** 2) + 1
    return Decision(Outcome.INCONCLUSIVE, limit, needed)


def _undecided(what: Message, calibration: Calibration, samples: int, limit: float) -> Message:
    """Return why nothing is decided: there are too few samples to judge, or chance may give as much."""
    values = {"what": what, "error": calibration.error, "limit": limit}
    if samples < FEWEST_CALIBRATED:
        return counted(
            samples,
            "{what} is {error:.3f} (limit {limit:g}) on {n} sample, and under {fewest} none is judged",
            "{what} is {error:.3f} (limit {limit:g}) on {n} samples, and under {fewest} none is judged",
            fewest=FEWEST_CALIBRATED,
            **values,
        )
    return say(
        "{what} is {error:.3f} (limit {limit:g}), but on {samples} samples chance gives a calibrated model up to {chance:.3f}",
        samples=samples,
        chance=calibration.chance,
        **values,
    )


CONFIDENT = Rule(
    code="confidently-wrong",
    meaning=say("answers given with almost certainty are wrong"),
    severity=Severity.NOTE,
    threshold=0.99,
    unit=say("probability of the wrong answer"),
    bounds=(0.0, 1.0),
    source=say(
        "a calibrated model is wrong in at most 1 of 100 such answers; these samples are worth a look, or their labels"
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "class-names-unchecked",
        "permuted-labels",
        "constant-output",
        "constant-prediction",
        "no-better-than-majority",
    ),
)


def confidently_wrong(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding]:
    """Yield that answers given with a probability over the limit are wrong, where some are."""
    quality, limit = result.classification or result.multi_label, limits[CONFIDENT.code]
    if quality is None:
        return
    confident, wrong = quality.confidences.over(limit)
    if not wrong:
        return
    values = {"confident": confident, "limit": limit, "expected": confident * (1 - limit)}
    if isinstance(quality, ClassificationQuality):
        message = counted(
            wrong,
            "{n} of {confident} answers given with a probability over {limit:g} is wrong (of a calibrated model, up to "
            "{expected:.2g} would be)",
            "{n} of {confident} answers given with a probability over {limit:g} are wrong (of a calibrated model, up to "
            "{expected:.2g} would be)",
            **values,
        )
    else:
        message = counted(
            wrong,
            "{n} of {confident} answers for single classes given with a probability over {limit:g} is wrong (of a calibrated "
            "model, up to {expected:.2g} would be)",
            "{n} of {confident} answers for single classes given with a probability over {limit:g} are wrong (of a calibrated "
            "model, up to {expected:.2g} would be)",
            **values,
        )
    subject = say("samples") if isinstance(quality, ClassificationQuality) else say("answers")
    evidence = {"wrong": wrong, "confident": confident}
    yield CONFIDENT.finding(subject, message, evidence=evidence, threshold=limit)
