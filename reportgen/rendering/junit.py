"""The rules of a report as the test cases of a JUnit file, which every CI service shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from xml.etree import ElementTree

from reportgen.results import Finding, Report, RuleInForce, Severity, SkippedSection
from reportgen.untrusted.escaping import escaped

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
    counts = Counter(case.kind for case in cases)
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        id="0",
        package="reportgen",
        name=_shown(report.provenance.title) or "report",
        timestamp=f"{report.provenance.date}T00:00:00",
        hostname="localhost",  # a report names no host
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time="0",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in {"sha256": report.provenance.sha256, "fail-on": fail_on.label if fail_on else "never"}.items():
        ElementTree.SubElement(properties, "property", name=name, value=value)
    for case in cases:
        _add(suite, case)
    passed = [_line(one) for one in report.findings if fail_on is None or one.severity < fail_on]
    ElementTree.SubElement(suite, "system-out").text = "\n".join(passed)
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
