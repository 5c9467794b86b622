"""What a rule that judges each class says of all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reportgen.analyses.parts.quality_rules import Judgement
from reportgen.messages import say
from reportgen.results import Finding, Inconclusive
from reportgen.rules import Rule

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
