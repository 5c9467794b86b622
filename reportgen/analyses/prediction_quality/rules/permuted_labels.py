"""The rule on classes that labels and outputs have in different orders."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.prediction_quality.results import PredictionQualityResult
from reportgen.analyses.prediction_quality.rules.needs import ONE_CLASS_EACH
from reportgen.measures.assignment import Exchange
from reportgen.messages import Message, counted, first_of, say
from reportgen.results import WRONG_INPUTS, Advice, Certainty, Finding, Limits, Rule, Severity

PERMUTED = Rule(
    code="permuted-labels",
    meaning=say("classes are exchanged: labels and predictions have them in different orders"),
    severity=Severity.PROBLEM,
    threshold=0.5,
    unit=say("share of the exchanged classes' samples that must be predicted as the other class"),
    source=say(
        "cycles of the best assignment (Kuhn 1955, Naval Research Logistics 2, 83), each on its own samples: exact binomial test "
        "of the other class against the own one, Bonferroni for all cycles of its length; a half is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        "class-names-unchecked",
        *WRONG_INPUTS,
    ),
    needs=(ONE_CLASS_EACH,),
    advice=Advice(
        title=say("Classes in another order"),
        why=say("Labels and outputs mean different classes, so this accuracy is not the model’s."),
        action=say("Put the class names or labels into the model’s order, and run the report again."),
        certainty=Certainty.TEST,
    ),
)

_NAMED = 3
"""Pairs of classes that the message names."""


def permuted_labels(result: PredictionQualityResult, limits: Limits) -> Iterator[Finding]:
    """Yield which classes are exchanged, where more than the limit of their samples are answered by the other class."""
    quality, limit = result.classification or result.segmentation, limits[PERMUTED.code]
    found = None if quality is None else quality.reordered
    if found is None:
        return
    exchanges = [one for one in found.exchanges if one.answered.value > limit]
    if not exchanges:
        return
    if result.segmentation is not None:
        yield _exchanged_in_masks(exchanges, limit)
        return
    gained = sum(one.answered.successes - one.right for one in exchanges)
    accuracy = found.declared + gained / found.accuracy.trials
    samples = counted(found.accuracy.trials, "{n} sample", "{n} samples")
    if found.shift and len(exchanges) == len(found.exchanges):
        message = say(
            "moving every label by {shift:+d} gives an accuracy of {accuracy:.1%} instead of {declared:.1%} on "
            "{samples}: labels or class names start at another number",
            shift=found.shift,
            accuracy=accuracy,
            declared=found.declared,
            samples=samples,
        )
    else:
        swapped = [
            say(
                "{label} is predicted as {answer} in {share:.0%} of {samples}",
                label=pair.label,
                answer=pair.answer,
                share=pair.answered.value,
                samples=counted(pair.answered.trials, "{n} sample", "{n} samples"),
            )
            for one in exchanges
            for pair in one.pairs
        ]
        message = say(
            "{pairs}: labels and outputs order these classes differently; exchanging them gives an accuracy of "
            "{accuracy:.1%} instead of {declared:.1%} on {samples}",
            pairs=first_of(swapped, _NAMED),
            accuracy=accuracy,
            declared=found.declared,
            samples=samples,
        )
    evidence = {"accuracy": accuracy, "declared": found.declared, "answered": _answered(exchanges)}
    yield PERMUTED.finding(say("labels"), message, evidence=evidence, threshold=limit, action=_action(exchanges))


def _action(exchanges: list[Exchange]) -> Message | None:
    """Return which two classes are to be exchanged; None where there are more."""
    if len(exchanges) != 1 or len(exchanges[0].pairs) != 2:
        return None
    one, other = exchanges[0].pairs
    return say(
        "Exchange {one} and {other} in the labels or in --class-names, then run the report again.",
        one=one.label,
        other=other.label,
    )


def _exchanged_in_masks(exchanges: list[Exchange], limit: float) -> Finding:
    swapped = [
        say(
            "{label} is mostly predicted as {answer} in {share:.0%} of {samples}",
            label=pair.label,
            answer=pair.answer,
            share=pair.answered.value,
            samples=counted(pair.answered.trials, "{n} mask", "{n} masks"),
        )
        for one in exchanges
        for pair in one.pairs
    ]
    message = say(
        "{pairs}: labels and outputs order these classes differently (limit {limit:.0%})",
        pairs=first_of(swapped, _NAMED),
        limit=limit,
    )
    evidence = {"answered": _answered(exchanges)}
    return PERMUTED.finding(say("labels"), message, evidence=evidence, threshold=limit, action=_action(exchanges))


def _answered(exchanges: list[Exchange]) -> float:
    return sum(one.answered.successes for one in exchanges) / sum(one.answered.trials for one in exchanges)
