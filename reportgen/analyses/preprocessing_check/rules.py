"""The rule on samples that the model is right on more often when they are scaled in another way."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.preprocessing_check.results import PreprocessingCheckResult, VariantAccuracy
from reportgen.messages import counted, say
from reportgen.results import BROKEN_WEIGHTS, Finding, Limits, Rule, Severity

OTHER = Rule(
    code="other-preprocessing",
    meaning=say("the model is right more often when the samples are scaled in another way"),
    severity=Severity.PROBLEM,
    threshold=0.05,
    unit=say("p-value of McNemar's exact test, times the number of variants"),
    bounds=(0.0, 1.0),
    source=say(
        "McNemar 1947, Psychometrika 12, 153, exact (binomial) and two-sided; Bonferroni for the variants tried; a note where "
        "the variant does not avoid half the errors of the most frequent class, which is reportgen's choice"
    ),
    follows_from=tuple(code for code in BROKEN_WEIGHTS if code != "silent-channels"),
)

_GOOD = 0.5
"""Share of the errors of the most frequent class that a variant must avoid to be taken for the model's own; where the declared
scaling avoids it too, the model knows its inputs and the finding is a warning. Our choice."""


def _better_variant(result: PreprocessingCheckResult, best: VariantAccuracy, corrected: float, limit: float) -> Finding:
    """Return the finding on a variant that beats the declared one.

    Args:
        result: accuracies of all variants.
        best: the variant.
        corrected: its p-value after Bonferroni's correction, in [0, 1].
        limit: p-value under which a variant is better by more than chance.
    """
    values = {
        "name": best.name,
        "accuracy": best.accuracy.value,
        "declared": result.declared.value,
        "checked": result.checked,
        "gained": best.gained,
        "lost": best.lost,
        "p": corrected,
        "variants": counted(len(result.variants), "{n} variant", "{n} variants"),
        "limit": limit,
    }
    enough = result.majority + _GOOD * (1 - result.majority)
    good, good_already = best.accuracy.low >= enough, result.declared.low >= enough
    message = say(
        "samples scaled '{name}' are right in {accuracy:.1%}, as declared in {declared:.1%} of {checked}: {gained} gained, "
        "{lost} lost (p = {p:.2g} after correction for {variants}, limit {limit:g})",
        **values,
    )
    if not good:
        message = say(
            "{message}; yet even then it does not clearly avoid half the errors of always saying the most frequent label, so "
            "that something else may be amiss",
            message=message,
        )
    return OTHER.finding(
        best.name,
        message,
        severity=Severity.NOTE if not good else Severity.WARNING if good_already else None,
        evidence={
            "accuracy": best.accuracy.value,
            "declared": result.declared.value,
            "gained": best.gained,
            "lost": best.lost,
            "p_value": corrected,
        },
        threshold=limit,
    )


RULES = (OTHER,)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: PreprocessingCheckResult, limits: Limits) -> Iterator[Finding]:
    """Yield the best variant where it beats the declared one by more than chance."""
    better = [entry for entry in result.variants if entry.gained > entry.lost]
    if better:
        best = min(better, key=lambda entry: entry.p_value)
        corrected = min(1.0, best.p_value * len(result.variants))
        if corrected < limits[OTHER.code]:
            yield _better_variant(result, best, corrected, limits[OTHER.code])
