"""The rules on changes that the model's answers do not survive."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen.analyses.robustness.results import ChangedAccuracy, RobustnessResult
from reportgen.measures.intervals import CONFIDENCE
from reportgen.measures.paired import paired_difference
from reportgen.messages import Message, counted, say
from reportgen.results import (
    BROKEN_WEIGHTS,
    WRONG_INPUTS,
    Advice,
    Certainty,
    Finding,
    Inconclusive,
    Limits,
    Need,
    Rule,
    Severity,
)

_SOURCE = say(
    "Hendrycks and Dietterich, arXiv 1903.12261, for the changes; the lower bound of the loss by Newcombe 1998, Statistics in "
    "Medicine 17, 2635, with Bonferroni for the changes judged; the limit is reportgen's choice"
)
_WHY = say("Pictures from another camera or crop differ by as much, so what is measured here does not hold for them.")

_MARKS = ("answer-in-one-place", "answer-in-the-border")
"""Codes of rules on places that carry the answer: it is lost where a change takes it from there."""

SMALL = Rule(
    code="fragile-to-small-changes",
    meaning=say("a change that hardly shows, such as one pixel of shift, certainly costs many right answers"),
    severity=Severity.WARNING,
    threshold=0.1,
    unit=say("share of all answers that are right before the change and not after, net"),
    bounds=(0.0, 1.0),
    source=_SOURCE,
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS, *_MARKS),
    needs=(Need(("small",), say("No change that hardly shows was made.")),),
    advice=Advice(
        title=say("Answers flip under a change that hardly shows"),
        why=_WHY,
        action=say("Train with such changes at random, then run the report again."),
        certainty=Certainty.TEST,
    ),
)
VISIBLE = Rule(
    code="fragile-to-visible-changes",
    meaning=say(
        "a change that shows but misleads nobody, such as four pixels of shift, certainly costs many right answers"
    ),
    severity=Severity.NOTE,
    threshold=0.3,
    unit=say("share of all answers that are right before the change and not after, net"),
    bounds=(0.0, 1.0),
    source=_SOURCE,
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS, *_MARKS),
    needs=(Need(("visible",), say("No change that shows and misleads nobody was made.")),),
    advice=Advice(
        title=say("Answers flip under a change that misleads nobody"),
        why=_WHY,
        action=say("Train with such changes at random, then run the report again."),
        certainty=Certainty.TEST,
    ),
)

RULES = (SMALL, VISIBLE)
"""Every rule of this section, in the order in which tables list them."""

_ACTIONS = {
    "shift": say("Train with random shifts (keras.layers.RandomTranslation), then run the report again."),
    "rotation": say("Train with random rotations (keras.layers.RandomRotation), then run the report again."),
    "noise": say("Train with random noise (keras.layers.GaussianNoise), then run the report again."),
    "blur": say("Train with pictures blurred at random, then run the report again."),
    "brightness": say("Train with random brightness (keras.layers.RandomBrightness), then run the report again."),
    "contrast": say("Train with random contrast (keras.layers.RandomContrast), then run the report again."),
    "jpeg": say("Train with pictures compressed as JPEG at random, then run the report again."),
}


@dataclass(frozen=True)
class _Loss:
    """What a change costs: the share of all answers, in [-1, 1], and its bounds, which hold for all changes judged at once."""

    change: ChangedAccuracy
    value: float
    least: float
    most: float


def _losses(result: RobustnessResult, changes: Sequence[ChangedAccuracy]) -> list[_Loss]:
    """Return the losses of these changes, the largest first."""
    confidence = 1 - (1 - CONFIDENCE) / max(len(changes), 1)
    found = []
    for one in changes:
        low, high = paired_difference(
            result.before.successes, one.gained, one.lost, result.checked, confidence=confidence
        )
        found.append(_Loss(one, (one.lost - one.gained) / result.checked, -high, -low))
    return sorted(found, key=lambda loss: -loss.value)


def _sentence(result: RobustnessResult, loss: _Loss, limit: float, others: int) -> Message:
    values = {
        "after": loss.change.accuracy.value,
        "before": result.before.value,
        "samples": counted(result.checked, "{n} sample", "{n} samples"),
        "least": loss.least,
        "limit": limit,
    }
    message = (
        say(
            "{after:.0%} of {samples} are right instead of {before:.0%}: at least {least:.0%} lost (limit {limit:.0%})",
            **values,
        )
        if result.labelled
        else say(
            "{after:.0%} of {samples} keep their answer: at least {least:.0%} lost (limit {limit:.0%})",
            **values,
        )
    )
    if not others:
        return message
    also = counted(others, "so does {n} other change", "so do {n} other changes")
    return say("{message}; {others}", message=message, others=also)


def _judged(
    rule: Rule, result: RobustnessResult, changes: Sequence[ChangedAccuracy], limit: float
) -> Iterator[Finding]:
    """Yield the dearest of these changes where it certainly costs more than the limit."""
    losses = _losses(result, changes)
    dear = [loss for loss in losses if loss.least > limit]
    if dear:
        worst = dear[0]
        evidence = {
            "accuracy": worst.change.accuracy.value,
            "before": result.before.value,
            "lost": worst.value,
            "lost_at_least": worst.least,
            "p_value": worst.change.p_value,
            "changes": len(dear),
        }
        yield rule.finding(
            worst.change.name,
            _sentence(result, worst, limit, len(dear) - 1),
            evidence=evidence,
            threshold=limit,
            action=_ACTIONS[worst.change.kind],
        )


def findings(result: RobustnessResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield the dearest change of those that hardly show, and of those that show; where the first is undecided, that it is."""
    yield from _judged(SMALL, result, result.small, limits[SMALL.code])
    yield from _undecided(result, result.small, limits[SMALL.code])
    yield from _judged(VISIBLE, result, result.visible, limits[VISIBLE.code])


def _undecided(result: RobustnessResult, changes: Sequence[ChangedAccuracy], limit: float) -> Iterator[Inconclusive]:
    """Yield that a loss over the limit may be chance, where none is certain."""
    losses = _losses(result, changes)
    if not losses or any(loss.least > limit for loss in losses) or losses[0].value <= limit:
        return
    worst = losses[0]
    message = say(
        "it costs {lost:.0%} of the answers ({least:.0%} to {most:.0%}, limit {limit:.0%})",
        lost=worst.value,
        least=max(worst.least, 0.0),
        most=worst.most,
        limit=limit,
    )
    if result.evaluated > result.checked:
        remedy = say("--effort full changes all evaluated samples")
        yield Inconclusive(SMALL.code, worst.change.name, message, None, remedy)
        return
    # the width of an interval falls with the root of the number of samples
    needed = math.ceil(result.checked * ((worst.value - worst.least) / (worst.value - limit)) ** 2)
    yield Inconclusive(SMALL.code, worst.change.name, message, needed)
