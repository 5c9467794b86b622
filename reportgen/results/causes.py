"""Which findings follow from others, so that a cause stands before its consequences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportgen.results.findings import Finding

BROKEN_WEIGHTS = (
    "non-finite-weights",
    "negative-variance",
    "never-updated-statistics",
    "untrained-layer",
    "constant-kernel",
    "weak-filters",
    "silent-channels",
)
"""Codes of rules on what a model holds or does inside, from which wrong answers follow."""

WRONG_INPUTS = ("blank-samples", "other-preprocessing", "input-range", "unscaled-input")
"""Codes of rules on samples that the model was not trained for, from which wrong answers follow.

Blank samples explain them where all are blank."""


def cause_of(finding: Finding, findings: Iterable[Finding]) -> Finding | None:
    """Return the finding that a finding follows from, the first of several; None for one that nothing explains.

    Args:
        finding: the one that may follow from others.
        findings: all of the report, in the order of its sections, as `with_causes` has left them.
    """
    if not finding.follows_from:
        return None
    code = finding.follows_from[0]
    return next((one for one in findings if one.code == code and one.explains and one is not finding), None)


def origin_of(finding: Finding, findings: Sequence[Finding]) -> Finding | None:
    """Return the finding at the beginning of the chain that ends with a finding; None for one that nothing explains."""
    return next(reversed(_chain(finding, findings)), None)


def causes_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by falling severity, each cause before what follows from it.

    A cause counts as severe as the gravest of its consequences. Among equals what explains most comes first, then what came
    first.

    Args:
        findings: all of the report, in the order of its sections, as `with_causes` has left them.
    """
    found = tuple(findings)
    chains = [_chain(one, found) for one in found]
    gravest = {id(one): one.severity for one in found}
    explained = {id(one): 0 for one in found}
    for one, chain in zip(found, chains, strict=True):
        for cause in chain:
            gravest[id(cause)] = max(gravest[id(cause)], one.severity)
            explained[id(cause)] += 1
    order = sorted(
        range(len(found)),
        key=lambda place: (-gravest[id(found[place])], len(chains[place]), -explained[id(found[place])], place),
    )
    return tuple(found[place] for place in order)


def _chain(finding: Finding, findings: Sequence[Finding]) -> list[Finding]:
    """Return what a finding follows from, what that follows from, and so on to the beginning."""
    chain: list[Finding] = []
    cause = cause_of(finding, findings)
    # the rules of plug-ins may name each other in a circle
    while cause is not None and cause is not finding and all(cause is not one for one in chain):
        chain.append(cause)
        cause = cause_of(cause, findings)
    return chain
