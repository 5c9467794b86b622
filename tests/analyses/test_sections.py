"""Running analyses in order, with analyses made for the purpose."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from builders import context

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.sections import run_analyses
from reportgen.results.findings import Finding, Inconclusive, RuleInForce, Severity
from reportgen.results.report import Section, SkippedSection
from reportgen.results.rules import Limits, Rule, RuleSettings

CONTEXT = context(limits={"rule": 0.5})


@dataclass
class Canned:
    name: str
    title: str
    result: Any
    said: tuple[Finding | Inconclusive, ...] = ()
    rules: tuple[Rule, ...] = ()

    def run(self, context: AnalysisContext) -> Any:
        assert context is CONTEXT
        return self.result

    def findings(self, result: Any, limits: Limits) -> Iterable[Finding | Inconclusive]:
        assert result is self.result
        assert limits is CONTEXT.limits
        return self.said


def finding(severity: Severity) -> Finding:
    return Finding("rule", severity, "subject", "message", {}, 0, "source")


def test_sections_stand_in_the_order_of_the_analyses() -> None:
    sections = run_analyses(CONTEXT, [Canned("a", "A", 1), Canned("b", "B", 2)], on_stage=lambda _: None)
    assert sections == (Section("a", "A", 1), Section("b", "B", 2))


def test_findings_of_a_section_are_most_severe_first() -> None:
    said = (finding(Severity.NOTE), finding(Severity.PROBLEM), finding(Severity.WARNING))
    (section,) = run_analyses(CONTEXT, [Canned("a", "A", 1, said)], on_stage=lambda _: None)
    assert [one.severity for one in section.findings] == [Severity.PROBLEM, Severity.WARNING, Severity.NOTE]


def test_findings_of_a_rule_that_is_off_are_left_out() -> None:
    said = (finding(Severity.NOTE), Inconclusive("rule", "subject", "message", 12))
    settings = RuleSettings((RuleInForce("rule", 0.5, Severity.NOTE, "unit", off=True),))
    (section,) = run_analyses(CONTEXT, [Canned("a", "A", 1, said)], on_stage=lambda _: None, settings=settings)
    assert (section.findings, section.inconclusive) == ((), ())


def test_what_is_inconclusive_is_kept_apart_from_the_findings() -> None:
    said = (Inconclusive("rule", "subject", "message", 12), finding(Severity.NOTE))
    (section,) = run_analyses(CONTEXT, [Canned("a", "A", 1, said)], on_stage=lambda _: None)
    assert (section.findings, section.inconclusive) == (said[1:], said[:1])


@pytest.mark.parametrize(
    ("wanted", "severities"),
    [
        (Severity.PROBLEM, [Severity.PROBLEM, Severity.PROBLEM, Severity.NOTE]),
        (Severity.WARNING, [Severity.WARNING, Severity.WARNING, Severity.NOTE]),
        (Severity.NOTE, [Severity.NOTE, Severity.NOTE, Severity.NOTE]),
    ],
)
def test_a_set_severity_replaces_the_rules_own_but_raises_no_finding_that_was_lowered(wanted, severities) -> None:
    rule = Rule(code="rule", meaning="m", severity=Severity.WARNING, threshold=0.5, unit="unit", source="source")
    said = (finding(Severity.PROBLEM), finding(Severity.WARNING), finding(Severity.NOTE))
    settings = RuleSettings((RuleInForce("rule", 0.5, wanted, "unit"),), {"rule": wanted})
    analysis = Canned("a", "A", 1, said, (rule,))
    (section,) = run_analyses(CONTEXT, [analysis], on_stage=lambda _: None, settings=settings)
    assert [one.severity for one in section.findings] == severities


def test_a_skip_becomes_a_section_with_its_reason() -> None:
    (section,) = run_analyses(CONTEXT, [Canned("a", "A", Skip("Give --samples."))], on_stage=lambda _: None)
    assert section == SkippedSection("a", "A", "Give --samples.")


def test_each_title_is_announced_before_its_analysis_runs() -> None:
    heard: list[str] = []
    run_analyses(CONTEXT, [Canned("a", "A", 1), Canned("b", "B", 2)], on_stage=heard.append)
    assert heard == ["A", "B"]


def test_analyses_begin_with_the_model_go_on_with_the_samples_and_are_named_by_their_module() -> None:
    names = [analysis.name for analysis in ANALYSES]
    samples = ["sample_predictions", "prediction_quality", "preprocessing_check", "feature_maps"]
    wanted = ["architecture", "weight_histograms", "filter_grids", *samples]
    assert [name for name in names if name in wanted] == wanted
    assert [type(analysis).__module__.split(".")[2] for analysis in ANALYSES] == names


def test_a_skip_may_carry_findings_which_rules_that_are_off_leave_out() -> None:
    skip = Canned("a", "A", Skip("No samples.", (finding(Severity.NOTE), finding(Severity.PROBLEM))))
    (section,) = run_analyses(CONTEXT, [skip], on_stage=lambda _: None)
    assert isinstance(section, SkippedSection)
    assert [one.severity for one in section.findings] == [Severity.PROBLEM, Severity.NOTE]
    off = RuleSettings((RuleInForce("rule", 0.5, Severity.NOTE, "share", off=True),))
    (silenced,) = run_analyses(CONTEXT, [skip], on_stage=lambda _: None, settings=off)
    assert silenced == SkippedSection("a", "A", "No samples.")


class Failing(Canned):
    error: Exception = ZeroDivisionError("a bug in /home/anna/reportgen/x.py")

    def run(self, context):
        assert context is CONTEXT
        raise self.error


def test_a_section_that_raises_costs_itself_alone_and_says_where():
    failed, other = run_analyses(
        CONTEXT, [Failing("a", "A", 1), Canned("b", "B", 2)], on_stage=lambda _: None, settings=RuleSettings()
    )
    assert isinstance(other, Section)
    assert failed.failed
    assert failed.reason == (
        "This section failed because of an error in reportgen. Received: ZeroDivisionError: a bug in x.py. The JSON "
        "has the traceback."
    )
    assert failed.traceback.startswith("Traceback (most recent call last)")
    assert 'File "sections.py"' in failed.traceback
    assert "/" not in failed.traceback
    (finding,) = failed.findings
    assert (finding.code, finding.severity, finding.subject) == ("section-failed", Severity.WARNING, "A")


def test_memory_that_runs_out_costs_a_section_and_is_told_as_such():
    analysis = Failing("a", "A", 1)
    analysis.error = MemoryError()
    (section,) = run_analyses(CONTEXT, [analysis], on_stage=lambda _: None)
    assert section.reason == "This section ran out of memory."


def test_a_section_that_was_lost_is_not_run_again_and_its_rule_can_be_off():
    lost = {"A": "It crashed."}
    (section,) = run_analyses(CONTEXT, [Failing("a", "A", 1)], on_stage=lambda _: None, lost=lost)
    assert (section.reason, section.traceback, section.findings[0].message) == ("It crashed.", "", "It crashed")
    off = RuleSettings((RuleInForce("section-failed", 0, Severity.WARNING, "failures", off=True),))
    (section,) = run_analyses(CONTEXT, [Failing("a", "A", 1)], on_stage=lambda _: None, lost=lost, settings=off)
    assert section.findings == ()
