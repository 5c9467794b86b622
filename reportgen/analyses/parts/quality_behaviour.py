"""What answers say about the model or the labels as a whole: always the same one, or right in another order of the classes."""

from __future__ import annotations

import math
from collections.abc import Iterable

from reportgen.measures.classification import ClassificationQuality
from reportgen.messages import counted, first_of, say
from reportgen.results import Finding, Inconclusive, Severity
from reportgen.rules import Rule

CONSTANT = Rule(
    code="constant-prediction",
    meaning=say("all samples get the same answer, although many are of other classes"),
    severity=Severity.PROBLEM,
    threshold=10.0,
    unit=say("samples of other classes that there must be"),
    source=say(
        "rule of three: with none of 10 found the rate is at most 3/10 at 95% (Hanley and Lippman-Hand 1983, JAMA 249, 1743)"
    ),
)
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
)

_NAMED = 3


def constant_answer(quality: ClassificationQuality, limit: float) -> Iterable[Finding | Inconclusive]:
    """Return that all answers are the same, where enough samples are of other classes to say so.

    Args:
        quality: with `constant`.
        limit: samples of other classes.
    """
    samples, others = quality.accuracy.trials, quality.accuracy.trials - quality.accuracy.successes
    values = {"samples": samples, "answer": quality.constant, "limit": limit}
    if others and others >= limit:
        message = counted(
            others,
            "all {samples} answers are {answer}, although {n} sample is of another class (limit {limit:g})",
            "all {samples} answers are {answer}, although {n} samples are of other classes (limit {limit:g})",
            **values,
        )
        evidence = {"others": others, "samples": samples}
        yield CONSTANT.finding(say("predictions"), message, evidence=evidence, threshold=limit)
    elif others:
        message = counted(
            others,
            "all answers are {answer}, and only {n} sample of {samples} is of another class (limit {limit:g})",
            "all answers are {answer}, and only {n} samples of {samples} are of other classes (limit {limit:g})",
            **values,
        )
        yield Inconclusive(CONSTANT.code, say("predictions"), message, math.ceil(limit * samples / others))


def other_order(quality: ClassificationQuality, limit: float) -> Iterable[Finding]:
    """Return that another order of the classes avoids this share of the errors, where it certainly does."""
    found = quality.reordered
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
