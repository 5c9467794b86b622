"""The tests of attribution maps as rules, and what is said of maps that failed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.analyses.attribution.results import AIMLESS, INCOMPLETE, TESTS, WEIGHTLESS
from reportgen.messages import Message, counted
from reportgen.results.findings import Finding, Severity
from reportgen.results.rules import Limits, Rule

if TYPE_CHECKING:
    from reportgen.analyses.attribution.results import MethodMaps, SampleAttribution


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
