"""Rules on what was claimed of the model, and on labels that were given and not used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.needs import CLAIMS
from reportgen.measures.claims import MeasuredClaim
from reportgen.measures.intervals import Outcome
from reportgen.messages import Message, counted, joined, say
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

EXPECTED = Rule(
    code="below-expectation",
    meaning=say("the model is certainly worse than claimed with --expect"),
    severity=Severity.PROBLEM,
    threshold=0.0,
    unit=say("share of the claim that may be missing"),
    source=say(
        "upper bound of Wilson's interval (1927), of errors the lower bound of Student's, of masks by bootstrap over samples "
        "(Efron 1979); at 95% for all claims together (Bonferroni)"
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "class-names-unchecked",
        "labels-not-used",
        "permuted-labels",
        "constant-output",
    ),
    needs=(CLAIMS,),
    advice=Advice(
        title=say("Claim not met"),
        why=say("The model does not do what was claimed."),
        action=say(
            "Correct the claim or the model; first check that samples and preprocessing are those of the claim."
        ),
        certainty=Certainty.TEST,
    ),
)

UNUSED = Rule(
    code="labels-not-used",
    meaning=say("labels were given but not compared with the predictions"),
    severity=Severity.WARNING,
    threshold=0.0,
    unit=say("samples whose labels are not used"),
    source=say("a check that was requested but not made must not count as passed"),
    follows_from=("non-finite-output", "samples-not-run"),
    advice=Advice(
        title=say("Labels were not used"),
        why=say("Accuracy is unknown although labels were given."),
        action=say("Give the labels in the form named in the message."),
        certainty=Certainty.FACT,
    ),
)


def below_expectation(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield which claims certainly do not hold, and which these samples cannot decide."""
    tolerance = limits[EXPECTED.code]
    for claim in result.claims:
        decision = claim.decide(tolerance)
        if decision.outcome is Outcome.FAIL:
            evidence = {"claimed": claim.claimed, "value": claim.value, "low": claim.low, "high": claim.high}
            yield EXPECTED.finding(_subject(claim), _worse(claim), evidence=evidence, threshold=tolerance)
        elif decision.outcome is Outcome.INCONCLUSIVE:
            yield Inconclusive(EXPECTED.code, _subject(claim), _open(claim), decision.needed)


def _worse(claim: MeasuredClaim) -> Message:
    values = {**_values(claim), "high": claim.high, "low": claim.low}
    if claim.is_error:
        return say(
            "{what} is {value:.4g}, at least {low:.4g} (95%, {samples}): above the claimed {claimed:g}", **values
        )
    if not claim.is_share:
        return say(
            "{what} is {value:.4g}, at most {high:.4g} (95%, {samples}): below the claimed {claimed:g}", **values
        )
    return say("{what} is {value:.1%}, at most {high:.1%} (95%, {samples}): below the claimed {percent:.4g}%", **values)


def _open(claim: MeasuredClaim) -> Message:
    values = {**_values(claim), "high": claim.high, "low": claim.low}
    if not claim.samples:
        return say("{what} was claimed to be {percent:.4g}%, but no sample tests it", **values)
    if not claim.is_share:
        return say(
            "{what} is {value:.4g} ({low:.4g} to {high:.4g} at 95%, {samples}), too close to the claimed {claimed:g} "
            "to decide",
            **values,
        )
    return say(
        "{what} is {value:.1%} ({low:.1%} to {high:.1%} at 95%, {samples}), too close to the claimed {percent:.4g}% "
        "to decide",
        **values,
    )


def _values(claim: MeasuredClaim) -> dict[str, Any]:
    samples = counted(claim.samples, "{n} sample", "{n} samples")
    return {
        "what": claim_named(claim),
        "value": claim.value,
        "claimed": claim.claimed,
        "percent": 100 * claim.claimed,
        "samples": samples,
    }


def claim_named(claim: MeasuredClaim) -> Message:
    """Return what is claimed about in words: 'recall of shirt'."""
    match claim.metric:
        case "accuracy":
            return say("accuracy")
        case "top5":
            return say("top-5 accuracy")
        case "recall":
            return say("recall of {name}", name=claim.name)
        case "precision":
            return say("precision of {name}", name=claim.name)
        case "f1":
            return say("F1 of {name}", name=claim.name)
        case "iou":
            return say("IoU of {name}", name=claim.name) if claim.name else say("mean IoU")
        case "dice":
            return say("Dice coefficient of {name}", name=claim.name) if claim.name else say("mean Dice coefficient")
        case "psnr":
            return say("PSNR (dB)")
        case "ssim":
            return say("SSIM")
        case "r2":
            return say("R² of output {name}", name=claim.name) if claim.name else say("R²")
        case "mae":
            return say("the mean error of output {name}", name=claim.name) if claim.name else say("the mean error")
        case _ if claim.name:
            return say("the root mean square error of output {name}", name=claim.name)
        case _:
            return say("the root mean square error")


def _subject(claim: MeasuredClaim) -> Message:
    if not claim.is_share:
        return say("errors")
    if claim.metric in ("iou", "dice"):
        return say("masks")
    return say("classes") if claim.name else say("accuracy")


def not_checked(claims: Sequence[str], reason: str) -> tuple[Inconclusive, ...]:
    """Return that claims were made and nothing was measured, which says nothing against the model; nothing without a claim.

    Args:
        claims: as they were given.
        reason: why nothing was measured, and what to do.
    """
    if not claims:
        return ()
    message = counted(
        len(claims),
        "the claim {claims} could not be checked",
        "the claims {claims} could not be checked",
        claims=joined(claims),
    )
    return (Inconclusive(EXPECTED.code, say("predictions"), message, None, remedy=reason),)


def not_used(samples: int, reason: str, limits: Limits) -> tuple[Finding, ...]:
    """Return that labels were given and predictions are not compared with them.

    Args:
        samples: number of samples with labels.
        reason: why not, one sentence.
        limits: thresholds in force.
    """
    limit = limits[UNUSED.code]
    if samples <= limit:
        return ()
    message = counted(
        samples,
        "the label of {n} sample was not used ({reason})",
        "the labels of {n} samples were not used ({reason})",
        reason=reason,
    )
    return (UNUSED.finding(say("labels"), message, evidence={"samples": samples}, threshold=limit),)
