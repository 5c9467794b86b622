"""Rules that hold masks, images and vectors of numbers against an answer that is always the same, or against the input."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.baselines import CONSTANT, MAJORITY, MEAN
from reportgen.analyses.prediction_quality.rules.needs import IMAGES
from reportgen.measures.intervals import Outcome
from reportgen.measures.skill import decide_skill
from reportgen.messages import counted, first_of, say
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

_MOST_NAMED = 5
"""Outputs that a message names."""


def masks_no_better_than_majority(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield whether masks are certainly no better than one mask for all samples, or what cannot be told.

    Neither measure alone tells: a model that finds most of a rare class may have as many wrong pixels as one that never does,
    and one that predicts a rare class too often may find more of it. So it fails where both do, and passes where one does.
    """
    quality, limit = result.segmentation, limits[MAJORITY.code]
    if quality is None or quality.constant is not None:
        return
    decisions = [decide_skill(skill, limit) for skill in (quality.pixel_skill, quality.recall_skill)]
    outcomes = {decision.outcome for decision in decisions}
    if Outcome.PASS in outcomes:
        return
    values = {
        "pixels": quality.pixels.value,
        "recall": quality.recall.value,
        "share": quality.baseline_pixels,
        "chance": quality.baseline_recall,
        "samples": quality.samples,
        "limit": limit,
    }
    if Outcome.INCONCLUSIVE in outcomes:
        message = say(
            "pixel accuracy {pixels:.1%} and mean recall {recall:.1%} on {samples} samples, too few to separate them "
            "from one mask for all ({share:.1%} and {chance:.1%}; {limit:.0%} of its errors must be avoided)",
            **values,
        )
        needed = [decision.needed for decision in decisions if decision.needed is not None]
        yield Inconclusive(MAJORITY.code, say("masks"), message, max(needed, default=None))
        return
    message = say(
        "no better than one mask for all: pixel accuracy {pixels:.1%} (≤ {most:.1%}), mean recall {recall:.1%} (≤ "
        "{highest:.1%}; 95%, {samples} samples), baseline {share:.1%} and {chance:.1%}; {limit:.0%} of its errors "
        "must be avoided",
        most=quality.pixels.high,
        highest=quality.recall.high,
        **values,
    )
    evidence = {"pixels": quality.pixels.value, "recall": quality.recall.value, "baseline": quality.baseline_pixels}
    evidence |= {"overlap": quality.mean.value, "highest": quality.recall.high}
    yield MAJORITY.finding(say("masks"), message, evidence=evidence, threshold=limit)


def constant_masks(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield that all pixels of all samples get one class, or that too few samples hold another to say so."""
    quality, limit = result.segmentation, limits[CONSTANT.code]
    if quality is None or not quality.others:
        return
    others = quality.others
    values = {"samples": quality.samples, "answer": quality.constant, "limit": limit}
    if others >= limit:
        message = counted(
            others,
            "every pixel of all {samples} samples is predicted as {answer}, although {n} sample contains another "
            "class (limit {limit:g})",
            "every pixel of all {samples} samples is predicted as {answer}, although {n} samples contain another "
            "class (limit {limit:g})",
            **values,
        )
        evidence = {"others": others, "samples": quality.samples}
        yield CONSTANT.finding(say("masks"), message, evidence=evidence, threshold=limit)
    else:
        message = counted(
            others,
            "every pixel is predicted as {answer}, but only {n} of {samples} samples contains another class (limit "
            "{limit:g})",
            "every pixel is predicted as {answer}, but only {n} of {samples} samples contain another class (limit "
            "{limit:g})",
            **values,
        )
        yield Inconclusive(CONSTANT.code, say("masks"), message, math.ceil(limit * quality.samples / others))


def outputs_no_better_than_mean(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield which of several numbers are no better than the mean of their labels: a warning where some certainly are better."""
    outputs, limit = result.outputs, limits[MEAN.code]
    if not outputs or result.images is not None:
        return
    judged = [(one, decide_skill(one.skill, limit)) for one in outputs]
    failing = [one for one, decision in judged if decision.outcome is Outcome.FAIL]
    unsure = {one.name: decision.needed for one, decision in judged if decision.outcome is Outcome.INCONCLUSIVE}
    samples = outputs[0].skill.samples
    if failing:
        best = max(failing, key=lambda one: one.skill.high).skill
        message = counted(
            len(failing),
            "{n} of {outputs} outputs is no better than the mean label: {names}; R² is {value:.3f}, at most "
            "{high:.3f} (95% for all outputs, {samples} samples, limit {limit:g})",
            "{n} of {outputs} outputs are no better than the mean label: {names}; the best R² is {value:.3f}, at most "
            "{high:.3f} (95% for all outputs, {samples} samples, limit {limit:g})",
            outputs=len(outputs),
            names=first_of([one.name for one in failing], _MOST_NAMED),
            value=best.value,
            high=best.high,
            samples=samples,
            limit=limit,
        )
        evidence = {"failing": len(failing), "outputs": len(outputs), "explained": best.value, "highest": best.high}
        better = len(failing) + len(unsure) < len(outputs)
        severity = Severity.WARNING if better else MEAN.severity
        yield MEAN.finding(say("errors"), message, evidence=evidence, threshold=limit, severity=severity)
    if unsure:
        message = counted(
            len(unsure),
            "{n} of {outputs} outputs has an R² too close to the limit of {limit:g} to decide, on {samples} samples: "
            "{names}",
            "{n} of {outputs} outputs have an R² too close to the limit of {limit:g} to decide, on {samples} samples: "
            "{names}",
            outputs=len(outputs),
            names=first_of(list(unsure), _MOST_NAMED),
            samples=samples,
            limit=limit,
        )
        needed = [number for number in unsure.values() if number is not None]
        yield Inconclusive(MEAN.code, say("errors"), message, max(needed, default=None))


def images_no_better_than_mean(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield whether images are certainly no better than the mean image of the targets, or what cannot be told."""
    quality, limit = result.images, limits[MEAN.code]
    if quality is None:
        return
    skill, decision = quality.skill, decide_skill(quality.skill, limit)
    values = {
        "error": quality.root_mean_square,
        "constant": quality.baseline,
        "value": skill.value,
        "samples": skill.samples,
        "limit": limit,
    }
    if decision.outcome is Outcome.FAIL:
        message = say(
            "no better than the mean image: root mean square error {error:.4g} against {constant:.4g}; {value:.1%} of "
            "its squared errors are avoided, at most {high:.1%} (95%, {samples} samples, limit {limit:.0%})",
            high=skill.high,
            **values,
        )
        evidence = {"error": quality.root_mean_square, "constant": quality.baseline}
        evidence |= {"explained": skill.value, "highest": skill.high}
        yield MEAN.finding(say("errors"), message, evidence=evidence, threshold=limit)
    elif decision.outcome is Outcome.INCONCLUSIVE:
        message = say(
            "root mean square error {error:.4g} on {samples} samples, too few to separate it from the mean image "
            "({constant:.4g}; {limit:.0%} of its squared errors must be avoided)",
            **values,
        )
        yield Inconclusive(MEAN.code, say("errors"), message, decision.needed)


INPUT = Rule(
    code="no-better-than-input",
    meaning=say("the input images are closer to the targets than the outputs"),
    severity=Severity.PROBLEM,
    threshold=0.0,
    unit=say("share of the squared errors of returning the input that the model must avoid"),
    source=say(
        "skill score against doing nothing (Murphy 1988, Monthly Weather Review 116, 2417), on the upper bound of Fieller's "
        "interval (1954, J. Royal Stat. Soc. B 16, 175); not where the input explains 99% of the target's variance, as that is "
        "the target then"
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
        "no-better-than-mean",
    ),
    needs=(IMAGES,),
    advice=Advice(
        title=say("Worse than the input"),
        why=say("The input image is closer to the target than the output."),
        action=say("Check the scaling of inputs and targets, then retrain."),
        certainty=Certainty.TEST,
    ),
)


def no_better_than_input(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield whether images are certainly no nearer to the targets than the input is, or what cannot be told."""
    if result.images is None or result.images.from_input is None:
        return
    skill, limit = result.images.from_input, limits[INPUT.code]
    decision = decide_skill(skill, limit)
    values = {
        "error": result.images.root_mean_square,
        "value": skill.value,
        "samples": skill.samples,
        "limit": limit,
    }
    if decision.outcome is Outcome.FAIL:
        message = say(
            "root mean square error {error:.4g}: {value:.1%} of the squared errors of returning the input are "
            "avoided, at most {high:.1%} (95%, {samples} samples, limit {limit:.0%})",
            high=skill.high,
            **values,
        )
        evidence = {"error": result.images.root_mean_square, "avoided": skill.value, "highest": skill.high}
        yield INPUT.finding(say("errors"), message, evidence=evidence, threshold=limit)
    elif decision.outcome is Outcome.INCONCLUSIVE:
        message = say(
            "the model avoids {value:.1%} of the squared errors of returning the input on {samples} samples, too few "
            "to separate it from the limit of {limit:.0%}",
            **values,
        )
        yield Inconclusive(INPUT.code, say("errors"), message, decision.needed)
