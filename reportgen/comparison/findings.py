"""Which findings the new model has and the base has not, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import Analysis, Skip
from reportgen.analyses.sections import run_analyses
from reportgen.comparison.sides import ANSWERS_ALONE, Side
from reportgen.messages import say
from reportgen.progress import unheard
from reportgen.results import (
    Finding,
    Kept,
    RuleInForce,
    RuleSettings,
    Section,
    Severity,
    SkippedSection,
    redactable,
    with_unchecked,
)

_COSTLY = frozenset({"concepts", "feature_maps", "filter_responses", "attribution"})
"""Analyses that show more than they judge, and take most of a report's time: `reportgen build` runs them."""


@redactable
@dataclass(frozen=True)
class FindingChange:
    """A finding of one of the models, or of both.

    Attributes:
        code: the rule.
        title: what is wrong in a few words; '' where the rule does not say.
        subject: what it is about.
        base, new: how much it matters to each model; None where that one does not have it.
        message: what is said of it: of the new model where it has it.
        decided: whether the rule was checked for the model that does not have it, and is not inconclusive.
        action: what to do about it; '' where the rule does not say.
    """

    code: Kept[str]
    title: Kept[str]
    subject: Kept[str]
    base: Severity | None
    new: Severity | None
    message: Kept[str]
    action: Kept[str] = ""
    decided: bool = True

    @property
    def severity(self) -> Severity:
        """How much it matters to the new model, or to the base where that alone has it."""
        severity = self.base if self.new is None else self.new
        assert severity is not None
        return severity


@redactable
@dataclass(frozen=True)
class FindingChangesResult:
    """The findings of two models.

    Attributes:
        findings: those of either model, the gravest of the new model first.
        compared: titles of the analyses whose rules were compared.
        left_out: titles of those that looked at one of the models alone, or at neither.
    """

    findings: tuple[FindingChange, ...]
    compared: Kept[tuple[str, ...]]
    left_out: Kept[tuple[str, ...]]

    @property
    def new(self) -> tuple[FindingChange, ...]:
        """Those that the new model alone has."""
        return tuple(one for one in self.findings if one.base is None)

    @property
    def gone(self) -> tuple[FindingChange, ...]:
        """Those that the base alone has."""
        return tuple(one for one in self.findings if one.new is None)

    @property
    def same(self) -> tuple[FindingChange, ...]:
        """Those that both have."""
        return tuple(one for one in self.findings if one.base is not None and one.new is not None)

    @property
    def groups(self) -> Mapping[str, tuple[FindingChange, ...]]:
        """All of them, by what became of them: 'new', 'gone' and 'same'."""
        return {"new": self.new, "gone": self.gone, "same": self.same}


@dataclass(frozen=True)
class FindingChanges:
    """Applies the rules to both models.

    Attributes:
        settings: the rules that are off, and severities that were set.
    """

    settings: RuleSettings

    name = "finding_changes"
    title = say("Findings")

    def compare(self, base: Side, new: Side) -> FindingChangesResult | Skip:
        """Return the findings of both; a skip where one of the models shows less than the other."""
        if base.deployed or new.deployed:
            return Skip(ANSWERS_ALONE)
        if (base.described.model is None) != (new.described.model is None):
            return Skip(say("One of the models could not be run, so rules would look at different things."))
        analyses = _analyses()
        sides, undecided = [], []
        for side in (base, new):
            sections = run_analyses(side.context, analyses, on_stage=unheard, settings=self.settings)
            sides.append({section.name: section for section in sections if isinstance(section, Section)})
            undecided.append(_undecided(sections, self.settings))
        common = [one for one in analyses if all(one.name in side for side in sides)]
        found = [_by_key(side, {one.name for one in common}) for side in sides]
        rows = [_change(found[0].get(key), found[1].get(key), undecided) for key in {**found[1], **found[0]}]
        rows.sort(key=lambda row: (-(row.new or 0), -(row.base or 0)))
        left_out = tuple(one.title for one in ANALYSES if one not in common)
        return FindingChangesResult(tuple(rows), tuple(one.title for one in common), left_out)


def applied_rules(settings: RuleSettings, parts: Iterable[Section | SkippedSection]) -> tuple[RuleInForce, ...]:
    """Return the rules that were applied to both models, with what is in force; none where findings were not compared.

    Args:
        settings: the rules in force.
        parts: every part of the comparison.
    """
    names = {one.name for one in _analyses()}
    known = any(isinstance(part, Section) and part.name == FindingChanges.name for part in parts)
    return tuple(rule for rule in settings.in_force if known and rule.analysis in names)


def _analyses() -> tuple[Analysis, ...]:
    return tuple(one for one in ANALYSES if one.name not in _COSTLY)


def _by_key(sections: Mapping[str, Section], names: set[str]) -> dict[tuple[str, str], Finding]:
    every = (one for section in sections.values() if section.name in names for one in section.findings)
    return {(one.code, str(one.subject)): one for one in every}


def _undecided(sections: Sequence[Section | SkippedSection], settings: RuleSettings) -> frozenset[str]:
    """Return codes of the rules that the samples cannot decide, and of those that nothing checked."""
    unchecked = {rule.code for rule in with_unchecked(settings.in_force, sections) if rule.unchecked}
    return frozenset(unchecked | {each.code for one in sections for each in one.inconclusive})


def _change(base: Finding | None, new: Finding | None, undecided: Sequence[frozenset[str]]) -> FindingChange:
    told = new or base
    assert told is not None
    return FindingChange(
        code=told.code,
        title=told.advice.title,
        subject=told.subject,
        base=base.severity if base else None,
        new=new.severity if new else None,
        message=told.message,
        action=told.action or told.advice.action,
        decided=not any(one is None and told.code in codes for one, codes in zip((base, new), undecided, strict=True)),
    )
