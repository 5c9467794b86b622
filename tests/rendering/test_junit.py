"""The rules as JUnit XML: what became of each, and a file that the published schemas allow."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hand_built import HOSTILE, hostile_report, skipped_report
from junit_schema import violations

from reportgen.rendering.junit import render_junit
from reportgen.results.findings import Finding, RuleInForce, Severity
from reportgen.results.report import Report, SkippedSection, with_unchecked


def checked(text: str) -> ElementTree.Element:
    """Return the only suite of a JUnit file that both published schemas allow."""
    assert violations(text) == []
    (suite,) = ElementTree.fromstring(text)
    return suite


def outcomes(report: Report, fail_on: Severity | None) -> dict[str, tuple[str, str]]:
    suite = checked(render_junit(report, fail_on=fail_on))
    return {
        case.attrib["name"]: (case[0].tag, case[0].attrib["message"]) if len(case) else ("passed", "")
        for case in suite.iter("testcase")
    }


def rule(code: str, analysis: str, **more: object) -> RuleInForce:
    return RuleInForce(code, 0.1, Severity.WARNING, "share", analysis=analysis, **more)


@pytest.fixture
def ruled(report: Report) -> Report:
    """Return the report with a rule for each thing that can become of one."""
    broken = SkippedSection("concepts", "Concepts", "It failed.", failed=True)
    rules = (
        rule("silent-channels", "channel_activity"),
        rule("dormant-channels", "channel_activity"),
        rule("weak-filters", "filter_grids", off=True, set_by="rules.toml"),
        rule("no-better-than-majority", "prediction_quality"),
        rule("failed-deletion", "attribution"),
        rule("not-a-concept", "concepts"),
        rule("of-nothing", "elsewhere"),
    )
    sections = (*report.sections, broken)
    return replace(report, rules=with_unchecked(rules, sections), sections=sections)


def test_each_rule_is_a_test_case_that_says_what_became_of_it(ruled: Report) -> None:
    assert outcomes(ruled, Severity.WARNING) == {
        "silent-channels": ("failure", "warning: conv: 1 of 2 channels never fired on 5 samples (50%, limit 10%)"),
        "dormant-channels": ("passed", ""),
        "weak-filters": ("skipped", "Turned off by rules.toml."),
        "no-better-than-majority": (
            "skipped",
            "Inconclusive: accuracy: accuracy is 80.0%; the limit lies within.",
        ),
        "failed-deletion": ("skipped", "No samples were given."),
        "not-a-concept": ("error", "It failed."),
        "of-nothing": ("skipped", "The section that checks this rule is not in the report."),
    }


@pytest.mark.parametrize("gate", [None, Severity.PROBLEM])
def test_a_finding_under_the_gate_passes_and_stands_in_the_output(ruled: Report, gate: Severity | None) -> None:
    assert outcomes(ruled, gate)["silent-channels"] == ("passed", "")
    suite = checked(render_junit(ruled, fail_on=gate))
    assert suite.find("system-out").text == ("warning: conv: 1 of 2 channels never fired on 5 samples (50%, limit 10%)")


def test_several_findings_of_a_rule_are_one_failure_with_a_line_for_each(ruled: Report) -> None:
    activity = next(section for section in ruled.sections if section.name == "channel_activity")
    many = tuple(replace(activity.findings[0], subject=f"conv{i}") for i in range(25))
    sections = tuple(replace(s, findings=many) if s is activity else s for s in ruled.sections)
    suite = checked(render_junit(replace(ruled, sections=sections), fail_on=Severity.NOTE))
    lines = suite.find("testcase/failure").text.splitlines()
    assert (len(lines), lines[-1]) == (21, "and 5 more")
    assert suite.attrib["failures"] == "1"


def test_a_finding_whose_rule_the_report_does_not_list_is_a_case_too(report: Report) -> None:
    assert outcomes(report, Severity.WARNING)["silent-channels"][0] == "failure"


def test_hostile_names_are_text(report: Report) -> None:
    findings = tuple(Finding(f"x{i}", Severity(2), name, name, {}, 0, "") for i, name in enumerate(HOSTILE))
    sections = (replace(report.sections[0], findings=findings),)
    rules = tuple(rule(finding.code, "architecture") for finding in findings)
    suite = checked(render_junit(replace(report, sections=sections, rules=rules), fail_on=Severity.NOTE))
    assert suite[3].find("failure").attrib["message"] == f"warning: {HOSTILE[2]}: {HOSTILE[2]}"
    assert suite[5].find("failure").text == "warning: nul\\x00bell\\x07: nul\\x00bell\\x07"


def test_what_the_schemas_forbid_is_noticed(ruled: Report) -> None:
    """The check itself: each change breaks one rule of one of the schemas."""
    whole = render_junit(ruled, fail_on=Severity.WARNING)
    for old, new, said in [
        ('hostname="localhost" ', "", "Ant: testsuite lacks hostname"),
        ('tests="7"', 'tests="8"', "tests is 8"),
        ("T00:00:00", "T00:00:00Z", "Ant: timestamp='2026-01-02T00:00:00Z' of testsuite is no moment"),
        (' id="0"', ' id="a"', "Ant: id='a' of testsuite is no integer"),
        (' type="warning"', "", "Ant: failure lacks type"),
        ('time="0"', 'time="1,5s"', "Jenkins: time='1,5s' of testsuite is no surefire"),
        ("<properties>", "<properties>x", "Jenkins: properties may not hold text"),
        ("<system-err />", "", "Ant: testsuite may not hold"),
        ("<testcase ", '<testcase file="a.py" ', "Jenkins: testcase may not have file"),
    ]:
        assert whole.count(old) >= 1, old
        assert said in "; ".join(violations(whole.replace(old, new, 1))), old


def test_reports_without_anything_are_valid() -> None:
    assert checked(render_junit(skipped_report())).attrib["tests"] == "0"
    checked(render_junit(hostile_report(), fail_on=Severity.NOTE))
