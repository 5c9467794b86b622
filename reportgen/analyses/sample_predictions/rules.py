"""What the chosen samples' section says of all evaluated ones: inputs in an unexpected range, outputs that never vary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.sample_predictions.results import SamplePredictionsResult
from reportgen.messages import say
from reportgen.results.findings import Finding, Severity
from reportgen.results.rules import Limits, Rule

RANGE = Rule(
    code="input-range",
    meaning=say("the samples span another range than the model's own rescaling expects"),
    severity=Severity.PROBLEM,
    threshold=8.0,
    unit=say("factor by which the inputs are wider or narrower than expected"),
    source=say("the model's rescaling layer, read backwards from [-1, 1] or [0, 1]"),
)
UNSCALED = Rule(
    code="unscaled-input",
    meaning=say("the samples look like bytes that nobody scaled"),
    severity=Severity.WARNING,
    threshold=16.0,
    unit=say("largest input, where none is negative and the model has no rescaling layer"),
    source=say("inputs scaled to [0, 1], [-1, 1] or unit variance stay within a few units of zero"),
)
ALIKE = Rule(
    code="constant-output",
    meaning=say("the outputs are nearly the same for all samples"),
    severity=Severity.PROBLEM,
    threshold=0.01,
    unit=say("distance of the scores from their mean, where a model that is certain of each answer has about 1"),
    source=say(
        "a model whose output does not depend on its input has 0; a hundredth, on 5 samples or more, is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)

FEWEST_ALIKE = 5
"""Samples under which outputs may be alike because the samples are. Our choice."""


def variation_of(values: np.ndarray) -> float | None:
    """Return the mean distance of the scores from their mean, as a share of the way from that mean to certainty.

    0 for a model whose output is always the same; 1 or more for one that is certain of each answer. None where the mean itself
    is certain, as the samples may all be of one class then, and on fewer than `FEWEST_ALIKE` samples.

    Args:
        values: (N, K) float64, in [0, 1].
    """
    mean = values.mean(axis=0)
    certain = float(np.minimum(mean, 1 - mean).clip(0).sum())
    if len(values) < FEWEST_ALIKE or certain < 1e-6:
        return None
    return float(np.abs(values - mean).sum(axis=1).mean()) / certain


def alike_outputs(variation: float | None, samples: int, limits: Limits) -> Iterable[Finding]:
    """Return that the outputs are nearly the same for all samples, where they are.

    Args:
        variation: see `variation_of`.
        samples: number of those evaluated.
        limits: in force.
    """
    limit = limits[ALIKE.code]
    if variation is None or variation >= limit:
        return
    yield ALIKE.finding(
        say("outputs"),
        say(
            "the outputs are nearly the same for all {samples} samples: their distance from the mean is {variation:.2g} of the "
            "way to certain answers (limit {limit:g})",
            samples=samples,
            variation=variation,
            limit=limit,
        ),
        evidence={"variation": variation, "samples": samples},
        threshold=limit,
    )


def input_range(
    received: tuple[float, float], *, expected: tuple[float, float] | None, rescaled: bool, limits: Limits
) -> Iterable[Finding]:
    """Return that the inputs span another range than the model expects, as far as it can be told.

    Args:
        received: smallest and largest input.
        expected: by the model's own rescaling layer, or None.
        rescaled: whether the model rescales its input by itself, in whatever way.
        limits: in force.
    """
    if expected is not None:
        yield from _unlike_rescaling(received, expected, limits[RANGE.code])
    elif not rescaled and received[0] >= 0 and received[1] > limits[UNSCALED.code]:
        yield _unscaled(received, limits[UNSCALED.code])


def _unlike_rescaling(received: tuple[float, float], expected: tuple[float, float], limit: float) -> Iterable[Finding]:
    ratio = (received[1] - received[0]) / (expected[1] - expected[0])
    if 1 / limit <= ratio <= limit:
        return
    yield RANGE.finding(
        say("samples"),
        say(
            "inputs span {low:.4g} to {high:.4g}, but the model's own rescaling expects {lowest:.4g} to {highest:.4g} (limit: a "
            "factor of {limit:g})",
            low=received[0],
            high=received[1],
            lowest=expected[0],
            highest=expected[1],
            limit=limit,
        ),
        evidence={"lowest": received[0], "highest": received[1], "ratio": ratio},
        threshold=limit,
    )


def _unscaled(received: tuple[float, float], limit: float) -> Finding:
    return UNSCALED.finding(
        say("samples"),
        say(
            "inputs span {low:.4g} to {high:.4g}, never below zero, and the model has no rescaling layer: they look like bytes "
            "that were not scaled (limit {limit:g})",
            low=received[0],
            high=received[1],
            limit=limit,
        ),
        evidence={"lowest": received[0], "highest": received[1]},
        threshold=limit,
    )


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


RULES = (NOT_RUN, NON_FINITE_OUTPUT, ALIKE, RANGE, UNSCALED)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: SamplePredictionsResult, limits: Limits) -> Iterator[Finding]:
    """Yield outputs without numbers, and samples whose range is unlike what the model expects."""
    yield from non_finite_output(result.non_finite, result.summary.evaluated, limits)
    yield from alike_outputs(result.variation, result.summary.evaluated, limits)
    yield from input_range(
        result.summary.input_range, expected=result.expected_range, rescaled=result.rescaled, limits=limits
    )
