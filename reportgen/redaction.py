"""A report that shows nobody's samples: `redact`. What may stay is stated in `redactable.py`; all else is left out."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from reportgen.analyses import ANALYSES
from reportgen.messages import say
from reportgen.plottables import Curve, Histogram, ImageGrid, Matrix, NullBands, Strip
from reportgen.redactable import REDACTABLE
from reportgen.redacted_texts import STANDS_FOR, WITHHELD, redacted_provenance, unquoted
from reportgen.results import Report, Section, SkippedSection

_PICTURES = say("This section shows the samples, so --redact leaves it out.")
_PLUGIN = say("A plug-in may show the samples, so --redact leaves its section out.")
_NUMERIC = (bool, int, float, np.generic, enum.Enum, Histogram, Curve, Matrix, NullBands, Strip)
AnyReport = TypeVar("AnyReport", bound=Report)


class UndeclaredError(TypeError):
    """A result holds something of which nobody has stated that it can be shown."""


def redact(report: AnyReport) -> AnyReport:
    """Return the report without what would show the samples or whose they are; its numbers stay.

    Args:
        report: of samples that `anonymous` had taken the names from, as `make_report` does: sentences and tables have numbers
            in place of class names already. All else, up to the command, is done here.
    """
    own = {analysis.name for analysis in ANALYSES}
    reason = report.provenance.not_run
    return replace(
        report,
        provenance=redacted_provenance(report.provenance),
        model=_kept(report.model, reason),
        samples=None if report.samples is None else _kept(report.samples, reason),
        sections=tuple(_section(section, reason, own=section.name in own) for section in report.sections),
        rules=tuple(
            rule if rule.set_by == "default" else replace(rule, set_by=STANDS_FOR["config"]) for rule in report.rules
        ),
    )


def _section(section: Section | SkippedSection, not_run: str, *, own: bool) -> Section | SkippedSection:
    if not own or (isinstance(section, Section) and section.package):
        return _left_out(section, _PLUGIN)
    if isinstance(section, SkippedSection):
        said = tuple(replace(one, message=unquoted(one.message, not_run)) for one in section.findings)
        return replace(section, reason=unquoted(section.reason, not_run), findings=said)
    try:
        return replace(section, result=_kept(section.result, not_run))
    except UndeclaredError:
        return _left_out(section, _PICTURES)


def _left_out(section: Section | SkippedSection, reason: str) -> SkippedSection:
    """Return a section without its result; of its findings what a gate counts, without their words."""
    findings = tuple(
        replace(one, subject="model", message=WITHHELD, evidence={}, source=WITHHELD) for one in section.findings
    )
    inconclusive = tuple(replace(one, subject="model", message=WITHHELD) for one in section.inconclusive)
    return SkippedSection(section.name, section.title, reason, findings, inconclusive)


def _kept(value: Any, not_run: str) -> Any:
    """Return what of a result can be shown.

    Raises:
        UndeclaredError: it holds a text, a picture or a type of which nobody has stated that it can be shown.
    """
    if value is None or isinstance(value, _NUMERIC) or _is_of_weights(value) or _is_row_of_numbers(value):
        return value
    if isinstance(value, Mapping):
        return {name: _kept(one, not_run) for name, one in value.items()}
    if isinstance(value, tuple):
        parts = [_kept(one, not_run) for one in value]
        by_index = value and type(value[0]) in REDACTABLE and REDACTABLE[type(value[0])].by_index
        return tuple(sorted(parts, key=lambda one: one.index) if by_index else parts)
    if is_dataclass(value) and type(value) in REDACTABLE:
        return _kept_fields(value, not_run)
    raise UndeclaredError(f"{type(value).__name__} is not stated in redactable.py")


def _is_of_weights(value: Any) -> bool:
    return isinstance(value, ImageGrid) and value.of_weights


def _is_row_of_numbers(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray) and value.ndim <= 1 and value.dtype.kind in "biuf"
    )  # more axes may be a picture


def _kept_fields(value: Any, not_run: str) -> Any:
    stated = REDACTABLE[type(value)]
    changed = {}
    for name in (field.name for field in fields(value)):
        old = getattr(value, name)
        if name in stated.blank:
            new = stated.blank[name]
            changed[name] = new(old) if callable(new) else new
        elif name in stated.texts and isinstance(old, tuple):
            changed[name] = tuple(unquoted(one, not_run) for one in old)
        elif name in stated.texts and isinstance(old, str):
            changed[name] = unquoted(old, not_run)
        elif stated.numbers is None or name in {*stated.numbers, *stated.texts}:
            changed[name] = _kept(old, not_run)
        else:
            raise UndeclaredError(f"{type(value).__name__}.{name} is not stated in redactable.py")
    return replace(value, **changed)
