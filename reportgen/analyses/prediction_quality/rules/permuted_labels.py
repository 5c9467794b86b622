"""The rule on classes that labels and outputs have in different orders."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.messages import counted, first_of, say
from reportgen.results import WRONG_INPUTS, Finding, Limits, Rule, Severity

PERMUTED = Rule(
    code="permuted-labels",
    meaning=say("with the classes in another order most wrong answers would be right"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("share of the errors that the other order must avoid"),
    source=say(
        "the best assignment (Kuhn 1955, Naval Research Logistics 2, 83) on one half of the samples, tried on the other, on the "
        "lower bound of Wilson's interval (1927); a half is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        "class-names-unchecked",
        *WRONG_INPUTS,
    ),
)

_NAMED = 3
"""Pairs of classes that the message names."""


def permuted_labels(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding]:
    """Yield that another order of the classes avoids enough of the errors, where it certainly does."""
    found, limit = None if result.classification is None else result.classification.reordered, limits[PERMUTED.code]
    if found is None or found.accuracy.low < found.declared + limit * (1 - found.declared):
        return
    values = {
        "accuracy": found.accuracy.value,
        "low": found.accuracy.low,
        "high": found.accuracy.high,
        "declared": found.declared,
        "samples": counted(found.accuracy.trials, "{n} sample", "{n} samples"),
    }
    if found.shift:
        message = say(
            "with every label moved by {shift:+d} the accuracy would be {accuracy:.1%} ({low:.1%} to {high:.1%} at 95%) instead "
            "of {declared:.1%} on {samples} that the shift was not chosen on; labels or class names then begin at another number",
            **values,
            shift=found.shift,
        )
    else:
        swapped = [say("{label} is answered by {answer}", label=one.label, answer=one.answer) for one in found.pairs]
        message = say(
            "with the classes in another order the accuracy would be {accuracy:.1%} ({low:.1%} to {high:.1%} at 95%) instead of "
            "{declared:.1%} on {samples} that the order was not chosen on: {pairs}; labels and outputs then stand in different "
            "orders",
            **values,
            pairs=first_of(swapped, _NAMED),
        )
    evidence = {"accuracy": found.accuracy.value, "lowest": found.accuracy.low, "declared": found.declared}
    yield PERMUTED.finding(say("labels"), message, evidence=evidence, threshold=limit)
