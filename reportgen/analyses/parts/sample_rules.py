"""What the chosen samples' section says of all evaluated ones: inputs in an unexpected range, outputs that never vary."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reportgen.messages import say
from reportgen.results import Finding, Severity
from reportgen.rules import Limits, Rule

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
