"""Predicted numbers against what they should be: when they become a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable

from reportgen.measures.intervals import Outcome
from reportgen.measures.regression import RegressionErrors
from reportgen.measures.skill import decide_skill
from reportgen.messages import say
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.rules import Limits, Rule

MEAN = Rule(
    code="no-better-than-mean",
    meaning=say("always giving the mean of the labels would be about as good"),
    severity=Severity.PROBLEM,
    threshold=0.1,
    unit=say("share of the variance of the labels that the model must explain"),
    source=say(
        "R squared as the skill score against the mean (Murphy 1988, Monthly Weather Review 116, 2417), on the upper bound of "
        "Fieller's interval (1954, J. Royal Stat. Soc. B 16, 175); a tenth is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)


def regression_findings(errors: RegressionErrors, limits: Limits) -> Iterable[Finding | Inconclusive]:
    """Return whether the model is certainly no better than the mean, or what cannot be told."""
    limit, skill = limits[MEAN.code], errors.skill
    decision = decide_skill(skill, limit)
    if decision.outcome is Outcome.FAIL:
        message = say(
            "R² is {value:.3f} and at most {high:.3f} (95%, {samples} samples, limit {limit:g}); always giving "
            "the mean of the labels has 0",
            value=skill.value,
            high=skill.high,
            samples=skill.samples,
            limit=limit,
        )
        evidence = {"explained": skill.value, "highest": skill.high}
        yield MEAN.finding(say("errors"), message, evidence=evidence, threshold=limit)
    elif decision.outcome is Outcome.INCONCLUSIVE:
        yield Inconclusive(MEAN.code, say("errors"), _undecided(errors, limit), decision.needed)


def _undecided(errors: RegressionErrors, limit: float) -> str:
    skill = errors.skill
    if not math.isfinite(skill.low):
        return say(
            "R² is {value:.3f} on {samples} samples, too few for an interval; the limit is {limit:g}",
            value=skill.value,
            samples=skill.samples,
            limit=limit,
        )
    return say(
        "R² is {value:.3f} ({low:.3f} to {high:.3f} at 95%, {samples} samples); the limit is {limit:g}",
        value=skill.value,
        low=skill.low,
        high=skill.high,
        samples=skill.samples,
        limit=limit,
    )
