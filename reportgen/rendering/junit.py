"""The rules of a report, or what a comparison says, as the test cases of a JUnit file, which every CI service shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from reportgen.results import (
    ComparedOutcome,
    ComparedVerdict,
    Comparison,
    Finding,
    Report,
    RuleInForce,
    Section,
    Severity,
    SkippedSection,
)
from reportgen.untrusted.escaping import escaped

_FINDINGS = "finding_changes"
_DECIDING = ("answers", "class_changes", _FINDINGS)
"""Parts of a comparison that can make the new model worse."""

_MOST_TOLD = 20  # findings of a rule


@dataclass(frozen=True)
class _Case:
    """What became of one rule.

    Attributes:
        rule, analysis: its code, and what checks it.
        kind: 'passed', 'failure', 'error' or 'skipped'.
        message: why, one line.
        text: every finding, a line each.
        type: a failure's severity; '' for other kinds.
    """

    rule: str
    analysis: str
    kind: str
    message: str = ""
    text: str = ""
    type: str = ""


def render_junit(report: Report, *, fail_on: Severity | None = None) -> str:
    """Return the report's rules as JUnit XML: a test case a rule.

    A rule fails by a finding at or above the gate, and is skipped where it is off, inconclusive or could not be checked.
    Findings under the gate stand in `system-out`. The file satisfies Ant's schema and that of Jenkins.

    Args:
        report: the report.
        fail_on: the gate; None lets every finding pass.

    Source: https://github.com/windyroad/JUnit-Schema, https://github.com/jenkinsci/xunit-plugin
    """
    cases = [_case(rule, report, fail_on) for rule in report.rules]
    known = {case.rule for case in cases}
    for code in dict.fromkeys(finding.code for finding in report.findings):
        if code not in known:
            cases.append(_judged(code, "report", [one for one in report.findings if one.code == code], fail_on))
    return _document(
        report.provenance.title,
        report.provenance.date,
        {"sha256": report.provenance.sha256, "fail-on": fail_on.label if fail_on else "never"},
        cases,
        [_line(one) for one in report.findings if fail_on is None or one.severity < fail_on],
    )


def render_comparison_junit(comparison: Comparison, *, fail_on_regression: bool = False) -> str:
    """Return a comparison as JUnit XML: a case for the verdict, for each part that can decide it, and for each rule that found.

    A case fails where the new model is certainly worse in it and that decides; it is skipped where it is not known. What else
    differs stands in `system-out`.

    Args:
        comparison: the comparison.
        fail_on_regression: whether there is a gate; without one no case fails.
    """
    cases = [_verdict_case(comparison, fail_on_regression)]
    for section in comparison.sections:
        if section.name in _DECIDING:
            cases += _part_cases(section, comparison.verdict, fail_on_regression)
    verdict = comparison.verdict
    told = [_sentence(verdict.conclusion, verdict.measured)]
    told += [f"{'worse' if one.worse else 'better'}: {_shown(one.said)}" for one in verdict.changes]
    if changed := comparison.result_of(_FINDINGS):
        told += [f"{became}: {_row(one)}" for became, rows in changed.groups.items() for one in rows]
    hashes = {f"{name}-sha256": side.provenance.sha256 for name, side in comparison.sides.items()}
    gate = {"fail-on": "regression" if fail_on_regression else "never"}
    return _document(comparison.title, comparison.provenance.date, hashes | gate, cases, told)


def _verdict_case(comparison: Comparison, gated: bool) -> _Case:
    verdict = comparison.verdict
    said = _sentence(verdict.conclusion, verdict.measured)
    if comparison.regressed and gated:
        return _Case("verdict", "comparison", "failure", said, said, "regression")
    unknown = verdict.outcome in (ComparedOutcome.UNDECIDED, ComparedOutcome.UNJUDGED)
    return _Case("verdict", "comparison", "skipped" if unknown else "passed", said)


def _part_cases(section: Section | SkippedSection, verdict: ComparedVerdict, gated: bool) -> list[_Case]:
    if isinstance(section, SkippedSection):
        return [_Case(section.name, "comparison", "skipped", _shown(section.reason))]
    worse = [one for one in verdict.changes if one.part == section.name and one.worse and one.decides and gated]
    if section.name == _FINDINGS:
        new = [one for one in section.result.new if one.decided and one.new is Severity.PROBLEM and worse]
        codes = dict.fromkeys(one.code for one in section.result.findings)
        return [
            _failed_by(code, _FINDINGS, [_row(one) for one in new if one.code == code], "problem") for code in codes
        ]
    return [
        _failed_by(section.name, "comparison", [_sentence(f"{one.said}.", one.action) for one in worse], "regression")
    ]


def _failed_by(name: str, part: str, told: list[str], kind: str) -> _Case:
    return _Case(name, part, "failure", told[0], "\n".join(told), kind) if told else _Case(name, part, "passed")


def _row(change: Any) -> str:
    """Return a finding of a comparison as one line."""
    return _shown(f"{change.severity.label}: {change.subject}: {change.message} ({change.code})")


def _sentence(*parts: str) -> str:
    return _shown(" ".join(filter(None, map(str, parts))))


def _document(title: str, date: str, properties: Mapping[str, str], cases: Sequence[_Case], told: Sequence[str]) -> str:
    """Return test cases as a file of one suite."""
    counts = Counter(case.kind for case in cases)
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        id="0",
        package="reportgen",
        name=_shown(title) or "report",
        timestamp=f"{date}T00:00:00",
        hostname="localhost",  # a report names no host
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time="0",
    )
    listed = ElementTree.SubElement(suite, "properties")
    for name, value in properties.items():
        ElementTree.SubElement(listed, "property", name=name, value=value)
    for case in cases:
        _add(suite, case)
    ElementTree.SubElement(suite, "system-out").text = "\n".join(told)
    ElementTree.SubElement(suite, "system-err")
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(suite: ElementTree.Element, case: _Case) -> None:
    element = ElementTree.SubElement(
        suite, "testcase", name=_shown(case.rule), classname=f"reportgen.{_shown(case.analysis)}", time="0"
    )
    if case.kind == "skipped":
        ElementTree.SubElement(element, "skipped", message=case.message)
    elif case.kind != "passed":
        ElementTree.SubElement(element, case.kind, message=case.message, type=case.type).text = case.text


def _case(rule: RuleInForce, report: Report, fail_on: Severity | None) -> _Case:
    analysis = rule.analysis or "report"
    if rule.off:
        return _Case(rule.code, analysis, "skipped", _shown(f"Turned off by {rule.set_by}."))
    judged = _judged(rule.code, analysis, [one for one in report.findings if one.code == rule.code], fail_on)
    if judged.kind == "failure":
        return judged
    section = next((one for one in report.sections if one.name == rule.analysis), None)
    if isinstance(section, SkippedSection) and section.failed:
        return _Case(rule.code, analysis, "error", _shown(section.reason), type="failed-section")
    open_ = [one for one in report.inconclusive if one.code == rule.code]
    if open_:
        return _Case(rule.code, analysis, "skipped", _shown(f"Inconclusive: {open_[0].subject}: {open_[0].message}."))
    if rule.unchecked:
        return _Case(rule.code, analysis, "skipped", _shown(rule.unchecked))
    return judged


def _judged(code: str, analysis: str, findings: list[Finding], fail_on: Severity | None) -> _Case:
    failing = [one for one in findings if fail_on is not None and one.severity >= fail_on]
    if not failing:
        return _Case(code, analysis, "passed")
    told = [_line(one) for one in failing[:_MOST_TOLD]]
    told += [f"and {len(failing) - _MOST_TOLD} more"] if len(failing) > _MOST_TOLD else []
    return _Case(code, analysis, "failure", told[0], "\n".join(told), failing[0].severity.label)


def _line(finding: Finding) -> str:
    return _shown(f"{finding.severity.label}: {finding.subject}: {finding.message}")


def _shown(text: str) -> str:
    """Return a text on one line; XML has no control characters at all."""
    return escaped(str(text))
