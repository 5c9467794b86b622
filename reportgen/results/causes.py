"""Which findings follow from others, so that a cause stands before its consequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the report's findings are sorted by this module
    from reportgen.results.findings import Finding, Section, SkippedSection

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

WRONG_INPUTS = ("other-preprocessing", "input-range", "unscaled-input")
"""Codes of rules on samples that the model was not trained for, from which wrong answers follow."""


def with_causes(
    sections: Iterable[Section | SkippedSection], places: Mapping[str, int]
) -> tuple[Section | SkippedSection, ...]:
    """Return the sections with each finding's `follows_from` cut down to what this report holds, the gravest cause first.

    A finding on a layer follows from one on another layer only where that other layer does not come later.

    Args:
        sections: whose findings name every rule that they could follow from.
        places: each layer's place in the order of the calls, by its path.
    """
    sections = tuple(sections)
    present = [finding for section in sections for finding in section.findings]

    def resolved(finding: Finding) -> Finding:
        causes = [one for one in present if _explains(one, finding, places)]
        gravest = {
            code: max(one.severity for one in causes if one.code == code) for code in {one.code for one in causes}
        }
        codes = [code for code in finding.follows_from if code in gravest]
        return replace(finding, follows_from=tuple(sorted(codes, key=lambda code: -gravest[code])))

    return tuple(replace(section, findings=tuple(map(resolved, section.findings))) for section in sections)


def _explains(cause: Finding, finding: Finding, places: Mapping[str, int]) -> bool:
    if not cause.explains or cause.code not in finding.follows_from or cause is finding:
        return False
    # what stands after '#' is the number of a shared layer's call
    before, after = (places.get(str(one.subject).partition("#")[0]) for one in (cause, finding))
    if before is None or after is None:
        return cause.code != finding.code
    return before < after or (before == after and cause.code != finding.code)


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
