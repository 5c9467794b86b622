"""Rules: what becomes a finding, at which threshold, and why. Each analysis declares its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reportgen.results import Finding, Severity

Limits = Mapping[str, float]
"""Thresholds in force, by the rule's code."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        code: its name, such as 'silent-channels'.
        meaning: what a finding of it says, as the rest of a sentence that begins 'says that'.
        severity: of its findings, unless the analysis has a reason for another.
        threshold: the limit by default.
        unit: what the threshold is a number of, such as 'share of a layer's channels'.
        source: where rule and threshold come from.
    """

    code: str
    meaning: str
    severity: Severity
    threshold: float
    unit: str
    source: str

    def finding(
        self,
        subject: str,
        message: str,
        *,
        evidence: Mapping[str, float],
        threshold: float,
        severity: Severity | None = None,
    ) -> Finding:
        """Return a finding of this rule.

        Args:
            subject: what it is about.
            message: observation, number and threshold in one sentence, without the full stop.
            evidence: the numbers, by name.
            threshold: that was in force.
            severity: where it is another than the rule's.
        """
        return Finding(
            code=self.code,
            severity=self.severity if severity is None else severity,
            subject=subject,
            message=message,
            evidence=evidence,
            threshold=threshold,
            source=self.source,
        )


def default_limits(rules: Iterable[Rule]) -> dict[str, float]:
    """Return the thresholds of these rules by code, as they are without any configuration."""
    return {rule.code: rule.threshold for rule in rules}
