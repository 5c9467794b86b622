"""What is said where samples were given and the model gives nothing on them that can be used."""

from __future__ import annotations

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.messages import say
from reportgen.results import Finding, Severity
from reportgen.rules import Limits, Rule

NOT_RUN = Rule(
    code="samples-not-run",
    meaning=say("samples were given and the model was not run on them, so that nothing of what it does was checked"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("sets of samples that are left out"),
    source=say("a check that was asked for and not made must not pass for one that found nothing"),
)
NON_FINITE_OUTPUT = Rule(
    code="non-finite-output",
    meaning=say("the model's output is NaN or infinite for some of the samples"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("samples"),
    source=say("IEEE 754: no class has the largest of several values that are NaN"),
)


def not_run(context: AnalysisContext) -> tuple[Finding, ...]:
    """Return the finding that the samples were not run, where some were given; raised by one analysis alone."""
    if not context.not_run:
        return ()
    limit = context.limits.get(NOT_RUN.code, NOT_RUN.threshold)
    finding = NOT_RUN.finding(
        say("samples"),
        say(
            "they were given, and the model was not run on them, so that nothing of what it does was checked: {error}",
            error=context.not_run.rstrip("."),
        ),
        evidence={"not_run": 1},
        threshold=limit,
    )
    return (finding,) if limit < 1 else ()


def without_numbers(outputs: np.ndarray) -> int:
    """Return how many samples have an output with NaN or infinite values, of outputs (N, ...)."""
    return int((~np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1)).sum())


def non_finite_output(samples: int, evaluated: int, limits: Limits) -> tuple[Finding, ...]:
    """Return the finding that outputs are NaN or infinite, where more of them are than allowed.

    Args:
        samples: with such an output.
        evaluated: number of samples that the model was run on.
        limits: in force.
    """
    limit = limits[NON_FINITE_OUTPUT.code]
    if samples <= limit:
        return ()
    finding = NON_FINITE_OUTPUT.finding(
        say("samples"),
        say(
            "the output is NaN or infinite for {count} of {evaluated} evaluated (limit {limit:g})",
            count=samples,
            evaluated=evaluated,
            limit=limit,
        ),
        evidence={"non_finite": samples, "evaluated": evaluated},
        threshold=limit,
    )
    return (finding,)
