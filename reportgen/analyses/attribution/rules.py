"""The tests of attribution maps as rules: threshold, condition and sentence of each in one place."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.attribution.results import (
    COMPLETENESS,
    DELETION,
    RANDOMISED_WEIGHTS,
    AttributionResult,
    MethodMaps,
    SampleAttribution,
)
from reportgen.measures.deletion import RANDOM_ORDERS
from reportgen.messages import Message, counted, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Finding, Limits, Rule, Severity

WEIGHTLESS = Rule(
    code="weight-free-maps",
    meaning=say("attribution maps hardly change when all kernels are drawn anew; a note up to half of the maps"),
    severity=Severity.WARNING,
    threshold=0.7,
    unit=say("rank correlation, without its sign, with the map of the randomised network"),
    source=say(
        "Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292, which gives no limit; beyond 0.7 the maps share half "
        "of their ranks' variance"
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
    ),
)


def is_weight_free(sample: SampleAttribution, limits: Limits) -> bool:
    """Return whether a map is like that of the randomised network; a constant map is not judged."""
    return sample.similarity is not None and abs(sample.similarity) > limits[WEIGHTLESS.code]


def weight_free_maps(method: MethodMaps, limits: Limits) -> Iterator[Finding]:
    """Yield that maps of a method are like those of the randomised network."""
    alike = [abs(sample.similarity or 0.0) for sample in method.samples if is_weight_free(sample, limits)]
    if alike:
        values = _values(WEIGHTLESS, method, limits, max(alike))
        message = counted(
            len(alike),
            "{method}: {n} of {total} maps is like those of the randomised network (worst {worst:.3g}, limit {limit:g}), so it "
            "is not evidence",
            "{method}: {n} of {total} maps are like those of the randomised network (worst {worst:.3g}, limit {limit:g}), so "
            "they are not evidence",
            **values,
        )
        yield _finding(WEIGHTLESS, method, message, limits, failed=len(alike), worst=max(alike))


AIMLESS = Rule(
    code="no-better-than-random-maps",
    meaning=say(
        "deleting what a map marks lowers the class's score no faster than random orders may; a note up to half of the maps"
    ),
    severity=Severity.WARNING,
    threshold=2.0,
    unit=say(
        "standard deviations of random orders by which the area under the map's deletion curve is below their mean"
    ),
    source=say(
        "the deletion metric of Petsiuk et al., RISE, arXiv 1806.07421, against random orders as in Samek et al., arXiv "
        "1509.06321; 2 standard deviations of {orders} random orders are reportgen's choice: about 7 of 100 random maps pass",
        orders=RANDOM_ORDERS,
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
    ),
)


def is_no_better_than_random(sample: SampleAttribution, limits: Limits) -> bool:
    """Return whether a map's order is no better than random ones may be; a map without a positive value has no order."""
    measured = sample.largest is not None and sample.deletion is not None
    return measured and (sample.deletion or 0.0) <= limits[AIMLESS.code]


def no_better_than_random_maps(method: MethodMaps, limits: Limits) -> Iterator[Finding]:
    """Yield that maps of a method find what matters no better than random orders may."""
    aimless = [sample.deletion or 0.0 for sample in method.samples if is_no_better_than_random(sample, limits)]
    if aimless:
        values = _values(AIMLESS, method, limits, min(aimless))
        message = counted(
            len(aimless),
            "{method}: {n} of {total} maps is no better than random orders may be (worst {worst:.3g}, limit {limit:g}), so it "
            "is not evidence",
            "{method}: {n} of {total} maps are no better than random orders may be (worst {worst:.3g}, limit {limit:g}), so "
            "they are not evidence",
            **values,
        )
        yield _finding(AIMLESS, method, message, limits, failed=len(aimless), worst=min(aimless))


INCOMPLETE = Rule(
    code="incomplete-maps",
    meaning=say("the values of attribution maps do not sum to the difference of logits that they should explain"),
    severity=Severity.WARNING,
    threshold=0.01,
    unit=say("share of the difference of logits"),
    source=say(
        "Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365, section 5, where 20 to 300 points come "
        "within 5%; 1% is reportgen's choice"
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
    ),
)


def is_incomplete(sample: SampleAttribution, limits: Limits) -> bool:
    """Return whether a map's sum misses what it should explain; an error that is NaN does."""
    return sample.completeness is not None and not sample.completeness <= limits[INCOMPLETE.code]


def incomplete_maps(method: MethodMaps, limits: Limits) -> Iterator[Finding]:
    """Yield that maps of a method do not sum to what they should explain."""
    errors = [sample.completeness or 0.0 for sample in method.samples if is_incomplete(sample, limits)]
    if errors:
        values = _values(INCOMPLETE, method, limits, max(errors))
        message = counted(
            len(errors),
            "{method}: {n} of {total} maps is incomplete (worst {worst:.3g}, limit {limit:g}), so it is not evidence",
            "{method}: {n} of {total} maps are incomplete (worst {worst:.3g}, limit {limit:g}), so they are not evidence",
            **values,
        )
        yield _finding(INCOMPLETE, method, message, limits, failed=len(errors), worst=max(errors))


def _finding(rule: Rule, method: MethodMaps, message: Message, limits: Limits, *, failed: int, worst: float) -> Finding:
    """Return the finding on a method's maps that fail the test of a rule: a note up to half of the maps."""
    total = len(method.samples)
    return rule.finding(
        method.subject,
        message,
        evidence={"maps": total, "failed": failed, "worst": worst},
        threshold=limits[rule.code],
        severity=Severity.WARNING if 2 * failed > total else Severity.NOTE,
    )


def _values(rule: Rule, method: MethodMaps, limits: Limits, worst: float) -> dict[str, object]:
    """Return what the sentence of a rule is filled with."""
    return {"method": method.title, "total": len(method.samples), "worst": worst, "limit": limits[rule.code]}


RULES = (WEIGHTLESS, AIMLESS, INCOMPLETE)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: AttributionResult, limits: Limits) -> Iterator[Finding]:
    """Yield the methods whose maps fail a test at these thresholds."""
    for method in result.methods:
        for rule in (weight_free_maps, no_better_than_random_maps, incomplete_maps):
            yield from rule(method, limits)


def failed_tests(sample: SampleAttribution, limits: Limits) -> tuple[str, ...]:
    """Return the names of the tests that a map fails at these thresholds."""
    fails = {
        COMPLETENESS: is_incomplete(sample, limits),
        RANDOMISED_WEIGHTS: is_weight_free(sample, limits),
        DELETION: is_no_better_than_random(sample, limits),
    }
    return tuple(test for test, failed in fails.items() if failed)
