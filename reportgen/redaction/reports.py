"""A report that shows nobody's samples: `redact`. What stays is marked on the results' fields; all else is left out."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from reportgen.analyses import ANALYSES
from reportgen.messages import say
from reportgen.redaction.texts import (
    COMPARISON_TITLE,
    CONFIG,
    WITHHELD,
    redacted_command,
    redacted_provenance,
    unquoted,
)
from reportgen.results import (
    NO_ADVICE,
    Comparison,
    Curve,
    Histogram,
    ImageGrid,
    Lines,
    Marks,
    Matrix,
    NullBands,
    PanelGrid,
    Report,
    RuleInForce,
    Section,
    SkippedSection,
    Strip,
    marks,
)

_PICTURES = say("This section shows the samples, so --redact leaves it out.")
_PLUGIN = say("A plug-in may show the samples, so --redact leaves its section out.")
_ADDED = say("This section was added from Python and may show the samples, so --redact leaves it out.")
_NUMERIC = (bool, int, float, np.generic, enum.Enum, Histogram, Curve, Lines, Matrix, NullBands, Strip)
AnyReport = TypeVar("AnyReport", bound=Report)
AnyComparison = TypeVar("AnyComparison", bound=Comparison)


class UnmarkedError(TypeError):
    """A result holds something that is not marked to stay in a redacted report."""


def redact(report: AnyReport) -> AnyReport:
    """Return the report without what would show the samples or whose they are; its numbers stay.

    Args:
        report: the report of samples from which `anonymise` took the names, as `make_report` does: sentences and tables have
            numbers in place of class names already. All else, up to the command, is done here.
    """
    own = {analysis.name for analysis in ANALYSES} | {"weight_changes"}  # the part that --before adds
    reason = report.provenance.not_run
    return replace(
        report,
        provenance=redacted_provenance(report.provenance),
        model=_kept(report.model, reason),
        samples=None if report.samples is None else _kept(report.samples, reason),
        sections=tuple(_section(section, reason, own=section.name in own) for section in report.sections),
        rules=_rules(report.rules, reason),
    )


def redact_comparison(comparison: AnyComparison) -> AnyComparison:
    """Return a comparison without what would show the samples or whose they are; its numbers stay.

    Args:
        comparison: made of samples from which `anonymise` took the names.
    """
    base, new = comparison.base, comparison.new
    not_run = new.provenance.not_run or base.provenance.not_run
    return replace(
        comparison,
        base=replace(base, provenance=redacted_provenance(base.provenance), model=_kept(base.model, not_run)),
        new=replace(new, provenance=redacted_provenance(new.provenance), model=_kept(new.model, not_run)),
        samples=None if comparison.samples is None else _kept(comparison.samples, not_run),
        verdict=_kept(comparison.verdict, not_run),
        sections=tuple(_section(section, not_run, own=True) for section in comparison.sections),
        title=COMPARISON_TITLE,
        command=redacted_command(comparison.command),
        rules=_rules(comparison.rules, not_run),
    )


def _rules(rules: Iterable[RuleInForce], not_run: str) -> tuple[RuleInForce, ...]:
    return tuple(
        replace(
            rule,
            set_by=rule.set_by if rule.set_by == "default" else CONFIG,
            unchecked=unquoted(rule.unchecked, not_run),
        )
        for rule in rules
    )


def _section(section: Section | SkippedSection, not_run: str, *, own: bool) -> Section | SkippedSection:
    if isinstance(section, Section) and section.template:
        return left_out(section)
    if not own or (isinstance(section, Section) and section.package):
        return _without_result(section, _PLUGIN)
    if isinstance(section, SkippedSection):
        said = tuple(replace(one, message=unquoted(one.message, not_run)) for one in section.findings)
        undecided = tuple(
            replace(one, message=unquoted(one.message, not_run), remedy=unquoted(one.remedy, not_run))
            for one in section.inconclusive
        )
        reason = unquoted(section.reason, not_run)  # what an error says may quote a sample
        return replace(section, reason=reason, findings=said, inconclusive=undecided, traceback="")
    try:
        return replace(section, result=_kept(section.result, not_run))
    except UnmarkedError:
        return _without_result(section, _PICTURES)


def left_out(section: Section) -> SkippedSection:
    """Return a section that was added from Python without its result, which may show the samples."""
    return _without_result(section, _ADDED)


def _without_result(section: Section | SkippedSection, reason: str) -> SkippedSection:
    """Return a section without its result; of its findings what a gate counts, without their words."""
    findings = tuple(
        replace(one, subject="model", message=WITHHELD, evidence={}, source=WITHHELD, advice=NO_ADVICE, action="")
        for one in section.findings
    )
    inconclusive = tuple(replace(one, subject="model", message=WITHHELD) for one in section.inconclusive)
    failed = isinstance(section, SkippedSection) and section.failed
    return SkippedSection(section.name, section.title, reason, findings, inconclusive, failed)


def _kept(value: Any, not_run: str) -> Any:
    """Return what of a result can be shown.

    Raises:
        UnmarkedError: it holds a text, a picture or a type that is not marked to stay.
    """
    if value is None or isinstance(value, _NUMERIC) or _is_of_weights(value) or _is_row_of_numbers(value):
        return value
    if isinstance(value, Mapping):
        return {name: _kept(one, not_run) for name, one in value.items()}
    if isinstance(value, tuple):
        parts = [_kept(one, not_run) for one in value]
        marked = marks(value[0].__class__) if value else None
        key = marked.sorted_by if marked else None
        return tuple(parts if key is None else sorted(parts, key=attrgetter(key)))
    marked = marks(value.__class__)
    if marked is None:
        raise UnmarkedError(f"{type(value).__name__} is not marked to stay")
    return _kept_fields(value, marked, not_run)


def _is_of_weights(value: Any) -> bool:
    return isinstance(value, ImageGrid | PanelGrid) and value.of_weights


def _is_row_of_numbers(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray) and value.ndim <= 1 and value.dtype.kind in "biuf"
    )  # more axes may be a picture


def _kept_fields(value: Any, marked: Marks, not_run: str) -> Any:
    changed = {}
    for name in (each.name for each in fields(value)):
        old = getattr(value, name)
        if name in marked.becomes:
            changed[name] = marked.becomes[name](old)
        elif name not in marked.kept and not marked.numbers:
            raise UnmarkedError(f"{type(value).__name__}.{name} is not marked to stay")
        else:
            changed[name] = (_kept_text if name in marked.kept else _kept)(old, not_run)
    return replace(value, **changed)


def _kept_text(value: Any, not_run: str) -> Any:
    """Return a field that is marked to stay: its texts without what they quote, of all else what can be shown."""
    if isinstance(value, str):
        return unquoted(value, not_run)
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return tuple(unquoted(one, not_run) for one in value)
    return _kept(value, not_run)
