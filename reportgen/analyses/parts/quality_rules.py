"""When predictions become a finding: each rule decides on a bound, and says so when there are too few samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reportgen.measures.calibration import Calibration
from reportgen.measures.classification import ClassQuality
from reportgen.measures.intervals import Decision, Outcome, Rate, decide_at_least
from reportgen.results import Severity
from reportgen.rules import Rule

MAJORITY = Rule(
    code="no-better-than-majority",
    meaning="always saying the most frequent class would be about as good",
    severity=Severity.PROBLEM,
    threshold=0.1,
    unit="share of the errors of the most frequent class that the model must avoid",
    source="skill score against the most frequent class on the upper bound of Wilson's interval (1927) of the accuracy; a tenth "
    "is reportgen's choice",
    bounds=(0.0, 1.0),
)
NEVER = Rule(
    code="class-never-predicted",
    meaning="a class with samples is never the answer",
    severity=Severity.WARNING,
    threshold=10.0,
    unit="samples that the class must have",
    source="rule of three: with none of 10 the rate is at most 3/10 at 95 % (Hanley and Lippman-Hand 1983, JAMA 249, 1743)",
)
RECALL = Rule(
    code="recall-below-chance",
    meaning="a class is found less often than by guessing",
    severity=Severity.WARNING,
    threshold=1.0,
    unit="multiple of 1 / number of classes",
    source="upper bound of Wilson's interval (1927) at 1 - 0.05 / number of classes (Bonferroni) against uniform guessing",
)
CALIBRATION = Rule(
    code="miscalibration",
    meaning="confidence says little about how often the model is right",
    severity=Severity.WARNING,
    threshold=0.1,
    unit="expected calibration error, where it is more than chance gives a calibrated model",
    bounds=(0.0, 1.0),
    source="Guo et al. 2017, arXiv 1706.04599, table 1: networks have 1 to 20 % as trained, mostly under 2 % once calibrated; "
    "chance by Broecker and Smith 2007, Weather and Forecasting 22, 651",
)
CONFIDENT = Rule(
    code="confidently-wrong",
    meaning="answers given with almost certainty are wrong",
    severity=Severity.NOTE,
    threshold=0.99,
    unit="probability of the wrong answer",
    bounds=(0.0, 1.0),
    source="a calibrated model is wrong in at most 1 of 100 such answers; these samples are worth a look, or their labels",
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


def judge_accuracy(accuracy: Rate, share: float, limit: float) -> Judgement:
    """Return whether the model avoids this share of the errors of the most frequent class.

    Args:
        accuracy: of the model.
        share: of the most frequent class, in [0, 1].
        limit: share of its errors to avoid, in [0, 1].
    """
    decision = decide_at_least(accuracy.successes, accuracy.trials, share + limit * (1 - share))
    return Judgement(decision.outcome, decision.limit, decision.needed)


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
    return _of_classes(decisions, samples, limit)


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
    return _of_classes(decisions, samples, bound)


def _of_classes(decisions: Mapping[ClassQuality, Decision], samples: int, limit: float) -> Judgement:
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

    What chance gives a calibrated model falls with the root of the number of samples, from which follows how many decide.
    """
    if calibration.error <= limit:
        return Judgement(Outcome.PASS, limit, None)
    if calibration.error > calibration.chance:
        return Judgement(Outcome.FAIL, limit, None)
    needed = math.floor(samples * (calibration.chance / calibration.error) ** 2) + 1
    return Judgement(Outcome.INCONCLUSIVE, limit, needed)
