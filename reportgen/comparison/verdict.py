"""Whether the new model is better: what is certain about it, put into one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.comparison.answers import AnswersResult
from reportgen.comparison.architecture import ArchitectureChangesResult
from reportgen.comparison.calibration import CalibrationChangeResult
from reportgen.comparison.classes import ClassChangesResult
from reportgen.comparison.findings import FindingChangesResult
from reportgen.comparison.weights import WeightChangesResult
from reportgen.measures.intervals import CONFIDENCE
from reportgen.measures.paired import PairedMeans, PairedRates
from reportgen.messages import Message, counted, first_of, say
from reportgen.results import Change, ComparedOutcome, ComparedVerdict, Section, Severity, SkippedSection

_LISTED = 4

_CLASSES_ACTION = say(
    "Keep the base where these classes matter, and look at which of their samples the new model misses."
)
_CALIBRATION_ACTION = say("Fit a temperature to the new model before its probabilities or thresholds are used.")
_PROBLEMS_ACTION = say("Keep the base until each is solved; their advice stands under Findings.")
_ERRORS_ACTION = say("Keep the base, and check the scaling of inputs and targets before training the new model again.")


def verdict_of_parts(parts: tuple[Section | SkippedSection, ...]) -> ComparedVerdict:
    """Return the verdict of a comparison.

    Worse is a model that is certainly less often right, further off, certainly worse at a class, or has a new problem and more of
    them than the base; better is the same with the models exchanged. Each of the tests allows 5 % of error. A difference of
    calibration is told and decides nothing.

    Args:
        parts: every part.
    """
    results = {part.name: part.result for part in parts if isinstance(part, Section)}
    changes = tuple(_changes(results))
    worse = [one for one in changes if one.worse and one.decides]
    better = [one for one in changes if not one.worse and one.decides]
    answers = results.get("answers")
    apart = next((part.reason for part in parts if part.name == "answers" and isinstance(part, SkippedSection)), "")
    outcome, conclusion = _conclusion(results, answers, apart, bool(worse), bool(better))
    return ComparedVerdict(outcome, conclusion, _measured(answers, outcome), changes)


def _conclusion(
    results: Mapping[str, Any], answers: AnswersResult | None, apart: str, worse: bool, better: bool
) -> tuple[ComparedOutcome, Message]:
    if _identical(results, answers):
        weights = results.get("weight_changes")
        if weights is not None and weights.moved:
            said = say("Identical: the same network, with its channels in another order.")
        elif answers is not None:
            said = say("Identical: the same layers, the same weights and the same answers.")
        else:
            said = say("Identical: the same layers and the same weights.")
        return ComparedOutcome.IDENTICAL, said
    if worse and better:
        return ComparedOutcome.MIXED, say("Better in one respect and worse in another.")
    if worse:
        return ComparedOutcome.WORSE, say("Worse than the base.")
    if better:
        return ComparedOutcome.BETTER, say("Better than the base.")
    if answers is None:
        return ComparedOutcome.UNJUDGED, say("Not judged. {reason}", reason=apart) if apart else say("Not judged.")
    if answers.rates is None and answers.errors is None:
        if answers.outputs.largest == 0:
            return ComparedOutcome.UNJUDGED, say("The same answers for every sample.")
        if answers.agreement is not None and answers.agreement.value == 1:
            return ComparedOutcome.UNJUDGED, say("The same classes for every sample, with other probabilities.")
        return ComparedOutcome.UNJUDGED, say("Different answers; without labels nobody can say which are right.")
    if answers.outputs.largest == 0 or (answers.agreement is not None and answers.agreement.value == 1):
        return ComparedOutcome.UNDECIDED, say("No difference: the same answers for every sample.")
    return ComparedOutcome.UNDECIDED, say("No difference beyond chance.")


def _identical(results: Mapping[str, Any], answers: AnswersResult | None) -> bool:
    weights, layers = results.get("weight_changes"), results.get("architecture_changes")
    if not isinstance(layers, ArchitectureChangesResult):
        return False
    if not isinstance(weights, WeightChangesResult):  # of models without any there is nothing to compare
        return layers.same and not layers.new.parameters and answers is not None and answers.outputs.equal
    if answers is not None and not answers.outputs.equal and not weights.moved:
        return False
    return weights.equal and layers.same


def _changes(results: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what is certain about the new model."""
    answers, classes = results.get("answers"), results.get("class_changes")
    if isinstance(answers, AnswersResult):
        yield from _of_answers(answers)
    if isinstance(classes, ClassChangesResult):
        for rows, worse in ((classes.worse, True), (classes.better, False)):
            if rows:
                named = first_of(
                    (
                        say(
                            "{name} ({base:.1%} → {new:.1%})",
                            name=row.name,
                            base=row.recall.base.value,
                            new=row.recall.new.value,
                        )
                        for row in rows
                    ),
                    _LISTED,
                )
                said = (
                    say("recall fell: {classes}", classes=named)
                    if worse
                    else say("recall rose: {classes}", classes=named)
                )
                yield Change("class_changes", said, worse, action=_CLASSES_ACTION if worse else "")
    calibration = results.get("calibration_change")
    if isinstance(calibration, CalibrationChangeResult) and calibration.certain:
        worse = calibration.difference > 0
        said = say("calibration error {base:.1%} → {new:.1%}", base=calibration.base.error, new=calibration.new.error)
        action = _CALIBRATION_ACTION if worse else ""
        yield Change("calibration_change", said, worse, decides=False, action=action)
    findings = results.get("finding_changes")
    if isinstance(findings, FindingChangesResult):
        problems = [
            sum(severity is Severity.PROBLEM for severity in each)
            for decided in [[row for row in findings.findings if row.decided]]
            for each in ([row.base for row in decided], [row.new for row in decided])
        ]
        for found, worse in ((findings.new, True), (findings.gone, False)):
            grave = [row for row in found if Severity.PROBLEM in (row.new, row.base) and row.decided]
            if grave:
                titles = first_of(dict.fromkeys(row.title or row.code for row in grave), _LISTED, separator="; ")
                said = (
                    counted(len(grave), "new problem: {titles}", "{n} new problems: {titles}", titles=titles)
                    if worse
                    else counted(len(grave), "problem gone: {titles}", "{n} problems gone: {titles}", titles=titles)
                )
                decides = problems[1] > problems[0] if worse else problems[1] < problems[0]
                action = grave[0].action if len(grave) == 1 else _PROBLEMS_ACTION
                yield Change("finding_changes", said, worse, decides=decides, action=action if worse else "")


def _of_answers(answers: AnswersResult) -> Iterator[Change]:
    rates, errors = answers.rates, answers.errors
    if rates is not None and rates.p_value < 1 - CONFIDENCE and rates.difference:
        worse = rates.difference < 0
        said = say("accuracy {base:.1%} → {new:.1%}", base=rates.base.value, new=rates.new.value)
        action = counted(
            rates.broken,
            "Keep the base, and look at the {n} sample that only the base gets right.",
            "Keep the base, and look at the {n} samples that only the base gets right.",
        )
        yield Change("answers", said, worse, action=action if worse else "")
    if errors is not None and not math.isnan(errors.low) and not errors.low <= 0 <= errors.high:
        said = say("{measure} {base:.4g} → {new:.4g}", measure=answers.measure, base=errors.base, new=errors.new)
        worse = errors.difference > 0
        yield Change("answers", said, worse, action=_ERRORS_ACTION if worse else "")


def _measured(answers: AnswersResult | None, outcome: ComparedOutcome) -> Message | str:
    """Return what was measured of the answers, one or two sentences."""
    if answers is None or outcome is ComparedOutcome.IDENTICAL:
        return ""
    samples = counted(answers.evaluated, "{n} sample", "{n} samples")
    if answers.rates is not None and answers.rates.fixed + answers.rates.broken:
        return _of_rates(answers.rates, samples)
    if answers.errors is not None:
        return _of_errors(answers.errors, answers.measure, samples)
    if answers.agreement is not None:
        return say(
            "Both give the same class to {value:.1%} ({low:.1%}–{high:.1%}) of {samples}; the largest difference of a "
            "probability is {largest:.3g}.",
            value=answers.agreement.value,
            low=answers.agreement.low,
            high=answers.agreement.high,
            samples=samples,
            largest=answers.outputs.largest,
        )
    return say(
        "Outputs differ by {mean:.3g} on average and {largest:.3g} at most on {samples}.",
        mean=answers.outputs.mean,
        largest=answers.outputs.largest,
        samples=samples,
    )


def _of_rates(rates: PairedRates, samples: Message) -> Message:
    said = say(
        "Accuracy {base:.1%} → {new:.1%} on {samples}: {difference:+.1f} points ({low:+.1f} to {high:+.1f}), {fixed} fixed and "
        "{broken} broken (exact McNemar, p = {p_value:.2g}).",
        base=rates.base.value,
        new=rates.new.value,
        samples=samples,
        difference=100 * rates.difference + 0.0,
        low=100 * rates.low,
        high=100 * rates.high,
        fixed=rates.fixed,
        broken=rates.broken,
        p_value=rates.p_value,
    )
    if rates.needed is None:
        return said
    return say(
        "{measured} About {samples} would decide, if as many are fixed and broken.",
        measured=said,
        samples=counted(rates.needed, "{n} sample", "{n} samples"),
    )


def _of_errors(errors: PairedMeans, measure: str, samples: Message) -> Message:
    said = say(
        "Base {base:.4g}, new {new:.4g} ({measure}) on {samples}: {difference:+.3g} ({low:+.3g} to {high:+.3g}).",
        base=errors.base,
        new=errors.new,
        measure=measure,
        samples=samples,
        difference=errors.difference,
        low=errors.low,
        high=errors.high,
    )
    if errors.needed is None:
        return said
    return say(
        "{measured} About {samples} would decide, if the differences stay as they are.",
        measured=said,
        samples=counted(errors.needed, "{n} sample", "{n} samples"),
    )
