"""The finished report: its sections, and the findings of all of them, causes before their consequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reportgen.messages import Message, counted, joined, say
from reportgen.results.causes import causes_first
from reportgen.results.findings import (
    FEWEST_SAMPLES,
    Finding,
    Inconclusive,
    ModelSummary,
    Provenance,
    RuleInForce,
    SamplesSummary,
    Severity,
)

GENERIC_TEMPLATE = '{% include "sections/_generic.html" %}'
"""Source of the template that shows any result: its texts, its numbers and its plottables, in the order of its fields."""


_SHOW_ALONE = frozenset(("title", "note", "lang", "redact", "bins", "kernel_range", "map_scale", "max_tiles", "expect"))
"""Options that silence no rule."""


@dataclass(frozen=True)
class Section:
    """What one analysis found.

    Attributes:
        name: the analysis' module, which is also the stem of its template and the section's id.
        title: its heading.
        result: the analysis' own dataclass, made of plottables and plain numbers.
        findings: what it says about the model, most severe first.
        inconclusive: rules that these samples cannot decide.
        package: import name of the package that brought the analysis and, in its folder templates/, the template; empty for
            reportgen's own and for what was added from Python.
        template: source of the template of a section that was added from Python; empty where a file has it.
        unchecked: why some of its rules could not be checked, one sentence each, by the rule's code.
    """

    name: str
    title: str
    result: Any
    findings: tuple[Finding, ...] = ()
    inconclusive: tuple[Inconclusive, ...] = ()
    package: str = ""
    template: str = ""
    unchecked: Mapping[str, str] = field(default_factory=dict)

    @property
    def foreign(self) -> bool:
        """Whether it comes from a plug-in or from Python, so that nobody knows what it holds."""
        return bool(self.package or self.template)


@dataclass(frozen=True)
class SkippedSection:
    """An analysis that could not run, with the reason and the option that would enable it.

    Attributes:
        name: the analysis' module.
        title: its heading.
        reason: why there is no result.
        findings: what is said all the same, most severe first.
        inconclusive: rules that these samples cannot decide.
        failed: whether it ran and came to no end.
        traceback: where in the program it failed, without folders; '' where that is not known.
    """

    name: str
    title: str
    reason: str
    findings: tuple[Finding, ...] = ()
    inconclusive: tuple[Inconclusive, ...] = ()
    failed: bool = False
    traceback: str = ""


@dataclass(frozen=True)
class Report:
    """Everything that the page and the JSON show."""

    provenance: Provenance
    model: ModelSummary
    samples: SamplesSummary | None
    sections: tuple[Section | SkippedSection, ...] = field(default=())
    rules: tuple[RuleInForce, ...] = ()

    @property
    def language(self) -> str:
        """Code of the page's language, as given by --lang."""
        return str(self.provenance.options.get("lang", "en"))

    def threshold(self, code: str) -> float | None:
        """Return the threshold in force of a rule; None for a rule that the report does not have."""
        return next((rule.threshold for rule in self.rules if rule.code == code), None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, most severe first, causes before their consequences, otherwise in the order of the sections."""
        return causes_first(finding for section in self.sections for finding in section.findings)

    @property
    def inconclusive(self) -> tuple[Inconclusive, ...]:
        """All rules that the samples cannot decide, in the order of the sections."""
        return tuple(one for section in self.sections for one in section.inconclusive)

    @property
    def too_few(self) -> str:
        """One sentence, without the full stop, on the rules that so few samples cannot decide; '' where they are not so few."""
        waiting = self._waiting
        if not waiting or self.samples is None:
            return ""
        needed: dict[int, list[str]] = {}
        for one in sorted(waiting, key=lambda one: one.samples_needed or 0):
            codes = needed.setdefault(one.samples_needed or 0, [])
            codes += [one.code] if one.code not in codes else []
        rules = [
            say("{rules} (about {samples})", rules=joined(codes), samples=counted(number, "{n} sample", "{n} samples"))
            for number, codes in needed.items()
        ]
        return counted(
            self.samples.evaluated,
            "{n} sample is too few to judge {rules}",
            "{n} samples are too few to judge {rules}",
            rules=joined(rules),
        )

    @property
    def undecided(self) -> tuple[Inconclusive, ...]:
        """The inconclusive rules that `too_few` does not tell of, each of which has a sentence of its own."""
        waiting = self._waiting
        return tuple(one for one in self.inconclusive if all(one is not other for other in waiting))

    @property
    def _waiting(self) -> tuple[Inconclusive, ...]:
        """The rules that wait for samples where there are few; none where a single one does, which is told by itself."""
        if self.samples is None or self.samples.evaluated >= FEWEST_SAMPLES:
            return ()
        waiting = tuple(
            one
            for one in self.inconclusive
            if one.samples_needed is not None and not one.remedy and one.code != "below-expectation"
        )
        return waiting if len(waiting) > 1 else ()

    @property
    def relaxed(self) -> tuple[Message, ...]:
        """Options that a file set, and rules that it turned off, lowered or gave a threshold, each without a full stop."""
        return relaxed_by(self.rules, self.provenance.set_by)

    def failing(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of at least this severity, in the order of all."""
        return tuple(finding for finding in self.findings if finding.severity >= severity)


def relaxed_by(rules: Sequence[RuleInForce], set_by: Mapping[str, str]) -> tuple[Message, ...]:
    """Return options that a file set, and rules that it turned off, lowered or gave a threshold, each without a full stop.

    Args:
        rules: every rule in force.
        set_by: what set an option that was not given, by the option's name.
    """
    by_file: dict[str, list[str]] = {}
    for name, file in set_by.items():
        if name not in _SHOW_ALONE and not file.startswith("REPORTGEN_"):
            by_file.setdefault(file, []).append(name.replace("_", "-"))
    said = [
        say("options set by {file}: {options}", file=file, options=joined(options)) for file, options in by_file.items()
    ]
    for file in dict.fromkeys(rule.set_by for rule in rules):
        own = [rule for rule in rules if rule.set_by == file]
        weaker = [rule.code for rule in own if rule.off or rule.lowered]
        moved = [rule.code for rule in own if rule.moved and rule.code not in weaker]
        if weaker:
            said.append(say("rules off or lowered by {file}: {rules}", file=file, rules=joined(weaker)))
        if moved:
            said.append(say("thresholds set by {file}: {rules}", file=file, rules=joined(moved)))
    return tuple(said)


_NOT_THERE = say("The section that checks this rule is not in the report.")


def with_unchecked(
    rules: Iterable[RuleInForce], sections: Iterable[Section | SkippedSection]
) -> tuple[RuleInForce, ...]:
    """Return the rules, each with the reason where nothing checked it; what says or leaves something open was checked.

    Args:
        rules: every rule in force.
        sections: as the analyses left them.
    """
    by_name = {section.name: section for section in sections}
    said = {one.code for section in by_name.values() for one in section.findings}
    said |= {one.code for section in by_name.values() for one in section.inconclusive}
    return tuple(
        rule if rule.off or not rule.analysis or rule.code in said else replace(rule, unchecked=_reason(rule, by_name))
        for rule in rules
    )


def _reason(rule: RuleInForce, sections: Mapping[str, Section | SkippedSection]) -> str:
    section = sections.get(rule.analysis)
    if section is None:
        return _NOT_THERE
    return section.reason if isinstance(section, SkippedSection) else section.unchecked.get(rule.code, "")


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
