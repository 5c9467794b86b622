"""Rules: what becomes a finding, at which threshold, and why. Each analysis declares its own."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reportgen.errors import UsageError
from reportgen.results.advice import NO_ADVICE, Advice
from reportgen.results.findings import Finding, RuleInForce, Severity

Limits = Mapping[str, float]
"""Thresholds in force, by the rule's code."""


@dataclass(frozen=True)
class Need:
    """What a rule cannot do without.

    Attributes:
        fields: names of fields or properties of the analysis' result, one of which must hold something: 'training.low' is one of
            a part, 'layers.drifted' one of any of several. None, False and what is empty hold nothing; the number 0 does.
        reason: why the rule was not checked where none does, one sentence.
    """

    fields: tuple[str, ...]
    reason: str

    def is_met(self, result: object) -> bool:
        """Return whether a result holds it."""
        return any(_holds(result, name.split(".")) for name in self.fields)


def _holds(value: object, path: Sequence[str]) -> bool:
    if isinstance(value, tuple | list):
        return bool(value) and (not path or any(_holds(one, path) for one in value))
    if path:
        return value is not None and _holds(getattr(value, path[0]), path[1:])
    return value is not None and value is not False and not (isinstance(value, str) and not value)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        code: its name, such as 'silent-channels'.
        meaning: what a finding of it says, as the rest of a sentence that begins 'says that'.
        severity: how much its findings matter, unless the analysis has a reason for another.
        threshold: the limit by default.
        unit: what the threshold is a number of, such as 'share of a layer's channels'.
        source: where rule and threshold come from.
        bounds: smallest and largest threshold that can be set.
        follows_from: codes of the rules whose findings explain one of this rule, the likeliest cause first; its own code where
            an earlier layer's finding explains a later one's.
        explains_from: the least severity at which a finding of this rule explains others.
        advice: what is wrong in a few words, why it matters, what to do and how sure it is.
        needs: what of the analysis' result it depends on, all of which must be there: without, it was not checked.
    """

    code: str
    meaning: str
    severity: Severity
    threshold: float
    unit: str
    source: str
    bounds: tuple[float, float] = (0.0, math.inf)
    follows_from: tuple[str, ...] = ()
    explains_from: Severity = Severity.WARNING
    advice: Advice = NO_ADVICE
    needs: tuple[Need, ...] = ()

    def missing(self, result: object) -> str:
        """Return why this rule cannot be checked on a result, one sentence; '' where it can."""
        return next((need.reason for need in self.needs if not need.is_met(result)), "")

    def finding(
        self,
        subject: str,
        message: str,
        *,
        evidence: Mapping[str, float],
        threshold: float,
        severity: Severity | None = None,
        follows_from: tuple[str, ...] | None = None,
        action: str | None = None,
    ) -> Finding:
        """Return a finding of this rule.

        Args:
            subject: what it is about.
            message: observation, number and threshold in one sentence, without the full stop.
            evidence: the numbers, by name.
            threshold: the limit that was in force.
            severity: where it is another than the rule's.
            follows_from: codes of the rules that could explain it, where these are others than the rule's.
            action: what to do, where this finding's numbers tell more than the rule's advice.
        """
        graded = self.severity if severity is None else severity
        return Finding(
            code=self.code,
            severity=graded,
            subject=subject,
            message=message,
            evidence=evidence,
            threshold=threshold,
            source=self.source,
            follows_from=self.follows_from if follows_from is None else follows_from,
            explains=graded >= self.explains_from,
            advice=self.advice,
            action=action or self.advice.action,
        )


@dataclass(frozen=True)
class RuleSettings:
    """The rules as a report applies them.

    Attributes:
        in_force: every rule.
        severities: those that the configuration sets, by the rule's code.
    """

    in_force: tuple[RuleInForce, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """Thresholds by code, those of rules that are off among them."""
        return {rule.code: rule.threshold for rule in self.in_force}

    @property
    def off(self) -> frozenset[str]:
        """Codes of the rules whose findings are left out."""
        return frozenset(rule.code for rule in self.in_force if rule.off)


def severity_named(word: object, *, of: str = "severity") -> Severity:
    """Return the severity called 'note', 'warning' or 'problem'.

    Args:
        word: the name; a `Severity` is returned as it is.
        of: what it is the severity of, for the message.

    Raises:
        UsageError: there is no such severity.
    """
    if isinstance(word, Severity):
        return word
    names = [severity.label for severity in Severity]
    if word not in names:
        near = difflib.get_close_matches(str(word), names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UsageError(f"{of} must be one of {', '.join(names)}. Received: {str(word)[:80]!r}.{hint}")
    return Severity[str(word).upper()]


def default_limits(rules: Iterable[Rule]) -> dict[str, float]:
    """Return the thresholds of these rules by code, as they are without any configuration."""
    return {rule.code: rule.threshold for rule in rules}
