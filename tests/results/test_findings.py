"""The result model."""

from reportgen.results.findings import Finding, ModelSummary, Provenance, Severity, most_severe_first
from reportgen.results.report import Report, Section, SkippedSection


def finding(severity: Severity, subject: str) -> Finding:
    return Finding("rule", severity, subject, "message", {"number": 1}, 0, "source")


def test_severities_are_ordered_and_have_a_word() -> None:
    assert Severity.NOTE < Severity.WARNING < Severity.PROBLEM
    assert [severity.label for severity in Severity] == ["note", "warning", "problem"]


def test_most_severe_findings_come_first_and_equals_keep_their_order() -> None:
    findings = [
        finding(Severity.NOTE, "a"),
        finding(Severity.PROBLEM, "b"),
        finding(Severity.NOTE, "c"),
        finding(Severity.WARNING, "d"),
        finding(Severity.PROBLEM, "e"),
    ]
    assert [one.subject for one in most_severe_first(findings)] == ["b", "e", "d", "a", "c"]


def test_findings_of_a_report_are_those_of_its_sections_most_severe_first() -> None:
    sections = (
        Section("one", "One", None, (finding(Severity.NOTE, "a"),)),
        SkippedSection("two", "Two", "no samples"),
        Section("three", "Three", None, (finding(Severity.PROBLEM, "b"), finding(Severity.NOTE, "c"))),
    )
    provenance = Provenance(None, None, "0", "", None, (), {}, "", 0, {}, "", "")
    report = Report(provenance, ModelSummary("m", "Sequential", None, None, 0, 0, 0), None, sections)
    assert [one.subject for one in report.findings] == ["b", "a", "c"]
