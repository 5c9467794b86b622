"""When predictions become a finding: each rule decides on a bound, and says so when there are too few samples."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from reportgen.measures.calibration import CALIBRATION_BINS, Calibration
from reportgen.measures.classification import ClassQuality
from reportgen.measures.intervals import Decision, Outcome, Rate, decide_at_least, wilson_interval
from reportgen.measures.skill import FEWEST
from reportgen.messages import say
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.rules import Rule

AnyClass = TypeVar("AnyClass", bound=ClassQuality)

FEWEST_CALIBRATED = 2 * CALIBRATION_BINS
"""Samples under which no calibration error is judged: their chance is that of a few answers. Two for each bin; our choice."""

_MOST_NEEDED = 1_000_000_000
"""Samples beyond which none would decide."""

MAJORITY = Rule(
    code="no-better-than-majority",
    meaning=say("always saying the most frequent class would be about as good"),
    severity=Severity.PROBLEM,
    threshold=0.1,
    unit=say("share of the errors of the most frequent class that the model must avoid"),
    source=say(
        "skill score against the most frequent class on the upper bound of Wilson's interval (1927) of the accuracy and the "
        "lower bound of that class's share; a tenth is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)
NEVER = Rule(
    code="class-never-predicted",
    meaning=say("a class with samples is never the answer"),
    severity=Severity.WARNING,
    threshold=10.0,
    unit=say("samples that the class must have"),
    source=say(
        "rule of three: with none of 10 the rate is at most 3/10 at 95% (Hanley and Lippman-Hand 1983, JAMA 249, 1743)"
    ),
)
RECALL = Rule(
    code="recall-below-chance",
    meaning=say("a class is found less often than by guessing"),
    severity=Severity.WARNING,
    threshold=1.0,
    unit=say("multiple of 1 / number of classes"),
    source=say(
        "upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni) against uniform guessing"
    ),
)
LOW_RECALL = Rule(
    code="low-recall",
    meaning=say("a class of a multi-label model is missed more often than found"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("recall of the class"),
    source=say(
        "upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni); a half is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)
LOW_PRECISION = Rule(
    code="low-precision",
    meaning=say("a class of a multi-label model is said to be there more often wrongly than rightly"),
    severity=Severity.WARNING,
    threshold=0.5,
    unit=say("precision of the class"),
    source=say(
        "upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni); below a half, never saying the "
        "class would err less"
    ),
    bounds=(0.0, 1.0),
)
CALIBRATION = Rule(
    code="miscalibration",
    meaning=say("confidence says little about how often the model is right"),
    severity=Severity.WARNING,
    threshold=0.1,
    unit=say("expected calibration error, where it is more than chance gives a calibrated model"),
    bounds=(0.0, 1.0),
    source=say(
        "Guo et al. 2017, arXiv 1706.04599, table 1: networks have about 1 to 17% as trained, mostly under 3% once "
        "calibrated; a tenth is reportgen's choice; chance by Broecker and Smith 2007, Weather and Forecasting 22, 651, on 30 "
        "samples or more, two for each bin"
    ),
)
CONFIDENT = Rule(
    code="confidently-wrong",
    meaning=say("answers given with almost certainty are wrong"),
    severity=Severity.NOTE,
    threshold=0.99,
    unit=say("probability of the wrong answer"),
    bounds=(0.0, 1.0),
    source=say(
        "a calibrated model is wrong in at most 1 of 100 such answers; these samples are worth a look, or their labels"
    ),
)


@dataclass(frozen=True)
class Judgement:
    """What one rule says.

    Attributes:
        outcome: FAIL becomes a finding.
        limit: that the numbers were compared with; not the rule's threshold where that is relative.
        needed: about how many samples in all would decide; None where it is decided, or no number would.
        failing: names of the classes that fail, where the rule is on classes.
        unsure: names of those that cannot be decided.
    """

    outcome: Outcome
    limit: float
    needed: int | None
    failing: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


def judge_accuracy(accuracy: Rate, share: Rate, limit: float) -> Judgement:
    """Return whether the model avoids this share of the errors of the most frequent class.

    Both rates are uncertain: it passes above what the upper bound of the share asks for, and fails below what the lower does.
    Under `FEWEST` samples nothing fails.

    Args:
        accuracy: of the model.
        share: of the most frequent class among the same samples.
        limit: share of its errors to avoid, in [0, 1].
    """
    wanted = share.value + limit * (1 - share.value)
    outcome = _against_share(accuracy.value, share.value, accuracy.trials, limit)
    if outcome is not Outcome.INCONCLUSIVE:
        return Judgement(outcome, wanted, None)
    most = accuracy.trials
    while most < _MOST_NEEDED and _against_share(accuracy.value, share.value, most, limit) is outcome:
        most *= 2
    if most >= _MOST_NEEDED:
        return Judgement(outcome, wanted, None)
    sizes = range(most // 2, most + 1)
    decided = bisect_left(
        sizes, True, key=lambda size: _against_share(accuracy.value, share.value, size, limit) is not outcome
    )
    return Judgement(outcome, wanted, sizes[decided])


def _against_share(accuracy: float, share: float, samples: int, limit: float) -> Outcome:
    """Return what so many samples would say if both rates stayed as they are."""
    (low, high), (fewest, most) = (wilson_interval(rate * samples, samples) for rate in (accuracy, share))
    if low >= most + limit * (1 - most):
        return Outcome.PASS
    failed = samples >= FEWEST and high < fewest + limit * (1 - fewest)
    return Outcome.FAIL if failed else Outcome.INCONCLUSIVE


def judge_never_predicted(classes: Iterable[ClassQuality], samples: int, limit: float) -> Judgement:
    """Return whether each class with at least `limit` samples was predicted at least once.

    Args:
        classes: with their numbers of samples and predictions.
        samples: number of all samples.
        limit: samples of a class, at least 1.
    """
    decisions = {
        entry: Decision(Outcome.FAIL, limit, None)
        if entry.support >= limit
        else Decision(Outcome.INCONCLUSIVE, limit, math.ceil(limit))
        for entry in classes
        if entry.support and not entry.predicted
    }
    return of_classes(decisions, samples, limit)


def judge_recall(classes: Iterable[ClassQuality], samples: int, total: int, limit: float) -> Judgement:
    """Return whether each class that is predicted at all is found at least as often as by guessing.

    Args:
        classes: with their recall.
        samples: number of all samples.
        total: number of classes that the model knows.
        limit: multiple of 1 / total.
    """
    bound = min(limit / total, 1.0)
    decisions = {
        entry: decide_at_least(entry.recall.successes, entry.support, bound, confidence=1 - 0.05 / total)
        for entry in classes
        if entry.support and entry.predicted
    }
    return of_classes(decisions, samples, bound)


def of_classes(decisions: Mapping[AnyClass, Decision], samples: int, limit: float) -> Judgement:
    """Return what a rule says of all classes, by the decision on each.

    Args:
        decisions: by class.
        samples: number of all samples.
        limit: that the classes were compared with.
    """
    failing = tuple(entry.name for entry, decision in decisions.items() if decision.outcome is Outcome.FAIL)
    unsure = {entry: decision for entry, decision in decisions.items() if decision.outcome is Outcome.INCONCLUSIVE}
    # a class keeps its share when more samples come
    needed = [
        math.ceil(decision.needed * samples / entry.support)
        for entry, decision in unsure.items()
        if decision.needed is not None
    ]
    outcome = Outcome.FAIL if failing else Outcome.INCONCLUSIVE if unsure else Outcome.PASS
    return Judgement(outcome, limit, max(needed, default=None), failing, tuple(entry.name for entry in unsure))


def judge_calibration(calibration: Calibration, samples: int, limit: float) -> Judgement:
    """Return whether the calibration error is within `limit`, or beyond it by more than chance.

    What chance gives a calibrated model falls with the root of the number of samples, from which follows how many decide. Under
    `FEWEST_CALIBRATED` samples nothing is decided.
    """
    if calibration.error <= limit:
        return Judgement(Outcome.PASS, limit, None)
    if samples < FEWEST_CALIBRATED:
        return Judgement(Outcome.INCONCLUSIVE, limit, FEWEST_CALIBRATED)
    if calibration.error > calibration.chance:
        return Judgement(Outcome.FAIL, limit, None)
    needed = math.floor(samples * (calibration.chance / calibration.error) ** 2) + 1
    return Judgement(Outcome.INCONCLUSIVE, limit, needed)


MOST_NAMED = 5
"""Classes that a message names."""


def said_of_classes(
    rule: Rule, judgement: Judgement, failing: str, unsure: str, *, evidence: Mapping[str, float], threshold: float
) -> Iterator[Finding | Inconclusive]:
    """Yield what a rule says of all classes.

    Args:
        rule: that was judged.
        judgement: of it.
        failing, unsure: sentences about the classes that certainly fail, and about those that cannot be decided.
        evidence, threshold: of the finding.
    """
    if judgement.failing:
        yield rule.finding(say("classes"), failing, evidence=evidence, threshold=threshold)
    if judgement.unsure:
        yield Inconclusive(rule.code, say("classes"), unsure, judgement.needed)
