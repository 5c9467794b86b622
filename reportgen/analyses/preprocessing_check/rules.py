"""The rule on samples that the model takes better when they are prepared in another way."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.preprocessing_check.results import (
    ALIKE,
    CONSTANT,
    DOUBTFUL,
    MISFIT,
    PreprocessingCheckResult,
    ScaleFit,
    VariantAccuracy,
)
from reportgen.measures.intervals import Rate
from reportgen.messages import Message, counted, say
from reportgen.results import BROKEN_WEIGHTS, Advice, Certainty, Finding, Limits, Rule, Severity

OTHER = Rule(
    code="other-preprocessing",
    meaning=say(
        "the model was probably trained on samples prepared differently: its first batch normalisation or its "
        "predictions fit those better"
    ),
    severity=Severity.PROBLEM,
    threshold=0.05,
    unit=say("p-value of McNemar's exact test, times the number of variants"),
    bounds=(0.0, 1.0),
    source=say(
        "McNemar 1947, Psychometrika 12, 153, exact (binomial) and two-sided; Bonferroni for the variants tried; a note where "
        "the variant does not avoid half the errors of the most frequent class, which is reportgen's choice; without labels "
        "divergence from stored moments and spread of the scores, with limits from the measurement in "
        "docs/verdicts.md of reportgen"
    ),
    follows_from=tuple(code for code in BROKEN_WEIGHTS if code != "silent-channels"),
    advice=Advice(
        title=say("Another preprocessing fits better"),
        why=say("The accuracy here may reflect wrong inputs, not the model."),
        action=say("Run the report again with the option that the message names, and compare."),
        certainty=Certainty.TEST,
    ),
)

_GOOD = 0.5
"""Share of the errors of the most frequent class that a variant must avoid to be taken for the model's own; where the declared
scaling avoids it too, the model knows its inputs and the finding is a warning. Our choice."""


def _better_variant(
    result: PreprocessingCheckResult, declared: Rate, best: VariantAccuracy, corrected: float, limit: float
) -> Finding:
    """Return the finding on a variant that beats the declared one.

    Args:
        result: accuracies of all variants.
        declared: accuracy as declared.
        best: the variant.
        corrected: its p-value after Bonferroni's correction, in [0, 1].
        limit: p-value under which a variant is better by more than chance.
    """
    values = {
        "name": best.name,
        "accuracy": best.accuracy.value,
        "declared": declared.value,
        "checked": result.checked,
        "gained": best.gained,
        "lost": best.lost,
        "p": corrected,
        "variants": counted(len(result.variants), "{n} variant", "{n} variants"),
        "limit": limit,
    }
    enough = result.majority + _GOOD * (1 - result.majority)
    good, good_already = best.accuracy.low >= enough, declared.low >= enough
    message = say(
        "samples scaled '{name}' give an accuracy of {accuracy:.1%} instead of {declared:.1%} on {checked} samples: {gained} "
        "gained, {lost} lost (p = {p:.2g} after correction for {variants}, limit {limit:g})",
        **values,
    )
    if not good:
        message = say(
            "{message}; even then it does not clearly avoid half of the baseline's errors, so something else may be "
            "wrong",
            message=message,
        )
    grade = Severity.NOTE if not good else Severity.WARNING if good_already else Severity.PROBLEM
    return _finding(
        result,
        best.name,
        message,
        grade,
        {
            "accuracy": best.accuracy.value,
            "declared": declared.value,
            "gained": best.gained,
            "lost": best.lost,
            "p_value": corrected,
        },
        limit,
    )


def _finding(
    result: PreprocessingCheckResult,
    name: str,
    message: Message,
    severity: Severity,
    evidence: dict[str, float],
    threshold: float,
) -> Finding:
    """Return a finding on a variant: a note that follows from a layer that never fires, where there is one."""
    options = {one.name: one.option for one in result.scales} | {one.name: one.option for one in result.variants}
    option = options.get(name, "")
    message = _with_option(result, message, option)
    if not result.dead_layer:
        return OTHER.finding(
            name,
            message,
            severity=severity,
            evidence=evidence,
            threshold=threshold,
            action=_action(name, option),
        )
    dead = say(
        "{message}; but {layer} never fires as used, which may be the cause",
        message=message,
        layer=result.dead_layer,
    )
    return OTHER.finding(
        name,
        dead,
        severity=Severity.NOTE,
        evidence=evidence,
        threshold=threshold,
        follows_from=("silent-channels", *OTHER.follows_from),
        action=_action(name, option),
    )


def _with_option(result: PreprocessingCheckResult, message: Message, option: str) -> Message:
    """Return a message with the option that prepares the samples so, where there is one."""
    if not option:
        return message
    if result.own_scale:
        return say(
            "{message}; reportgen itself divided by 255 (--scale auto); use {option}",
            message=message,
            option=option,
        )
    return say("{message}; use {option}", message=message, option=option)


def _action(name: str, option: str) -> Message:
    if not option:
        return say("Prepare the samples as '{name}', run the report again, and compare.", name=name)
    return say("Run the report again with {option}, and compare.", option=option)


def _by_moments(result: PreprocessingCheckResult, best: ScaleFit) -> Finding:
    """Return that the first batch normalisation was trained on inputs in another scale, which no label is needed for.

    A warning where the declared scale is not far off: samples of another kind differ too.
    """
    declared = result.as_declared
    assert declared is not None
    message = say(
        "samples scaled '{name}' match the training data of {layer}, the first batch normalisation: variance "
        "{ratio:.2g} times that stored, as used {far_ratio:.2g} times (divergence {distance:.2g} against {far:.2g}, "
        "limit {limit:g})",
        name=best.name,
        layer=result.normalization,
        ratio=best.ratio,
        far_ratio=declared.ratio,
        distance=best.distance,
        far=declared.distance,
        limit=DOUBTFUL,
    )
    scored = next((one for one in result.variants if one.name == best.name), None)
    if scored is not None and result.declared is not None:
        message = say(
            "{message}; so scaled, {accuracy:.1%} are right, as used {declared:.1%}",
            message=message,
            accuracy=scored.accuracy.value,
            declared=result.declared.value,
        )
    message = _with_option(result, message, best.option)
    evidence = {
        name: value
        for one, prefix in ((best, ""), (declared, "declared_"))
        for name, value in ((f"{prefix}divergence", one.distance), (f"{prefix}variance_ratio", one.ratio))
        if value is not None
    }
    return OTHER.finding(
        best.name,
        message,
        evidence=evidence,
        threshold=DOUBTFUL,
        severity=Severity.PROBLEM if (declared.distance or 0.0) >= MISFIT else Severity.WARNING,
        follows_from=("non-finite-weights",),
        action=_action(best.name, best.option),
    )


def _by_spread(result: PreprocessingCheckResult, best: ScaleFit) -> Finding:
    """Return the doubt that answers hardly depend on the samples as declared, and do in another scale."""
    declared = result.as_declared
    assert declared is not None
    assert declared.spread is not None
    message = say(
        "as used, scores hardly depend on the samples (spread {far:.2g}, limit {limit:g}); scaled '{name}' they do "
        "({spread:.2g}): the model may expect such inputs, but only labels can prove it",
        name=best.name,
        spread=best.spread,
        far=declared.spread,
        limit=ALIKE,
    )
    grade = Severity.WARNING if declared.spread < CONSTANT else Severity.NOTE
    evidence = {"spread": best.spread or 0.0, "declared_spread": declared.spread}
    return _finding(result, best.name, message, grade, evidence, ALIKE)


RULES = (OTHER,)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: PreprocessingCheckResult, limits: Limits) -> Iterator[Finding]:
    """Yield the variant that the model was likely trained on, where it is not the declared one: at most one.

    Moments of a batch normalisation decide before accuracies, as they tell what the model was trained on; without labels the
    spread of the scores gives a doubt. Nothing is said where even the best variant may be no better than the most frequent
    label: no scaling is the cause then.
    """
    limit, declared = limits[OTHER.code], result.declared
    by_moments = result.by_moments
    scored = {one.name: one for one in result.variants}
    if by_moments is not None and limit > 0:
        one = scored.get(by_moments.name)
        if one is None or one.gained >= one.lost:
            yield _by_moments(result, by_moments)
            return
    if declared is None:
        if result.by_spread is not None and limit > 0:
            yield _by_spread(result, result.by_spread)
        return
    corrected = {entry.name: min(1.0, entry.p_value * entry.looks * len(result.variants)) for entry in result.variants}
    better = [entry for entry in result.variants if entry.gained > entry.lost and corrected[entry.name] < limit]
    # several may be better than a scale that is far off: the one that is right most often is likeliest the model's own
    best = max(better, key=lambda entry: (entry.accuracy.value, -entry.p_value), default=None)
    if best is not None and best.accuracy.low > result.majority:
        yield _better_variant(result, declared, best, corrected[best.name], limit)
