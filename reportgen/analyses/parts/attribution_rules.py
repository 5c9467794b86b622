"""The tests of attribution maps as rules, and what is said of maps that failed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.messages import Message, counted, say
from reportgen.results import Finding, Severity
from reportgen.rules import Limits, Rule

if TYPE_CHECKING:
    from reportgen.analyses.attribution import MethodMaps, SampleAttribution

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
)
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
        "1509.06321; 2 standard deviations of 8 random orders are reportgen's choice: about 7 of 100 random maps pass"
    ),
)
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
)

TESTS = {
    WEIGHTLESS.code: say("randomised weights"),
    AIMLESS.code: say("deletion"),
    INCOMPLETE.code: say("completeness"),
}
"""Name of the test behind each rule, by its code."""


def failed_tests(
    largest: float, completeness: float | None, similarity: float, deletion: float, limits: Limits
) -> tuple[str, ...]:
    """Return the names of the tests that a map failed.

    Args:
        largest: value of the map.
        completeness, similarity, deletion: see `SampleAttribution`; NaN where a test decides nothing.
        limits: of the rules.
    """
    failed = {
        INCOMPLETE.code: completeness is not None and not completeness <= limits[INCOMPLETE.code],
        WEIGHTLESS.code: abs(similarity) > limits[WEIGHTLESS.code],
        AIMLESS.code: largest > 0 and deletion <= limits[AIMLESS.code],
    }
    return tuple(TESTS[code] for code, fails in failed.items() if fails)


def undecided_tests(similarity: float | None, deletion: float | None) -> tuple[str, ...]:
    """Return the names of the tests that decide nothing: those without a number."""
    measured = {WEIGHTLESS.code: similarity, AIMLESS.code: deletion}
    return tuple(TESTS[code] for code, value in measured.items() if value is None)


def failing_message(code: str, count: int, **values: Any) -> Message:
    """Return what a finding says of maps that failed a test.

    Args:
        code: of the test's rule.
        count: of the maps.
        values: method, total, worst and limit.
    """
    if code == WEIGHTLESS.code:
        return counted(
            count,
            "{method}: {n} of {total} maps is like those of the randomised network (worst {worst:.3g}, limit {limit:g}), so it "
            "is not evidence",
            "{method}: {n} of {total} maps are like those of the randomised network (worst {worst:.3g}, limit {limit:g}), so "
            "they are not evidence",
            **values,
        )
    if code == AIMLESS.code:
        return counted(
            count,
            "{method}: {n} of {total} maps is no better than random orders may be (worst {worst:.3g}, limit {limit:g}), so it "
            "is not evidence",
            "{method}: {n} of {total} maps are no better than random orders may be (worst {worst:.3g}, limit {limit:g}), so "
            "they are not evidence",
            **values,
        )
    return counted(
        count,
        "{method}: {n} of {total} maps is incomplete (worst {worst:.3g}, limit {limit:g}), so it is not evidence",
        "{method}: {n} of {total} maps are incomplete (worst {worst:.3g}, limit {limit:g}), so they are not evidence",
        **values,
    )


def failing_maps(rule: Rule, method: MethodMaps, failed: list[SampleAttribution], limit: float) -> Finding:
    """Return the finding on a method's maps that failed the test of a rule."""
    count, total = len(failed), len(method.samples)
    worst = {
        WEIGHTLESS.code: max(abs(sample.similarity or 0.0) for sample in failed),
        AIMLESS.code: min(sample.deletion or 0.0 for sample in failed),
        INCOMPLETE.code: max(sample.completeness or 0.0 for sample in failed),
    }[rule.code]
    return rule.finding(
        method.subject,
        failing_message(rule.code, count, method=method.title, total=total, worst=worst, limit=limit),
        evidence={"maps": total, "failed": count, "worst": worst},
        threshold=limit,
        severity=Severity.WARNING if 2 * count > total else Severity.NOTE,
    )
