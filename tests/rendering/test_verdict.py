"""The page's first sentence."""

from dataclasses import replace

import pytest

from reportgen.messages import say
from reportgen.rendering.language import open_language
from reportgen.rendering.verdict import checked_rules, verdict_of
from reportgen.results.advice import Advice
from reportgen.results.findings import Finding, RuleInForce, Severity
from reportgen.results.report import SkippedSection

ENGLISH = open_language("en")


def found(severity, title="Dead units", code="a-rule"):
    return Finding(code, severity, "conv", "it is so", {}, 0.1, "Somebody", advice=Advice(title=say(title)))


def with_findings(report, *findings, accuracy=None, without=()):
    """Return the report with these findings alone, and with an accuracy between these bounds."""
    sections = []
    for section in report.sections:
        changed = replace(section, findings=(), inconclusive=())
        if section.name == "prediction_quality" and accuracy:
            quality = section.result.classification
            rate = replace(quality.accuracy, low=accuracy[0], high=accuracy[1])
            classes = replace(quality, accuracy=rate, majority_share=0.5)
            changed = replace(changed, result=replace(section.result, classification=classes))
        sections.append(changed)
    sections[0] = replace(sections[0], findings=findings)
    return replace(report, sections=tuple(section for section in sections if section.name not in without))


@pytest.mark.parametrize(
    ("severities", "low", "tone", "conclusion"),
    [
        ((Severity.PROBLEM, Severity.NOTE), 0.9, "problem", "Do not use: dead units."),
        ((Severity.WARNING, Severity.NOTE), 0.9, "warning", "Usable with one remark: dead units."),
        ((Severity.WARNING,), 0.4, "warning", "Check before use: dead units."),
        ((Severity.NOTE,), 0.9, "pass", "No problem found."),
        ((), 0.9, "pass", "No problem found."),
        (
            (),
            0.4,
            "open",
            "No problem found, but too few samples to tell whether it beats the baseline.",
        ),
    ],
)
def test_a_model_is_only_called_usable_where_it_is_certainly_better_than_one_answer(
    report, severities, low, tone, conclusion
):
    findings = [found(severity) for severity in severities]
    verdict = verdict_of(with_findings(report, *findings, accuracy=(low, 0.95)), ENGLISH)
    assert (verdict.tone, verdict.conclusion) == (tone, conclusion)
    assert verdict.measured == f"Accuracy 80.0% ({low:.1%}–95.0%) on 5 samples; baseline 50.0%."


def test_remarks_are_counted_by_rule(report):
    findings = [found(Severity.WARNING, code=code) for code in ("a-rule", "a-rule", "b-rule")]
    verdict = verdict_of(with_findings(report, *findings, accuracy=(0.9, 0.95)), ENGLISH)
    assert verdict.conclusion == "Usable with 2 remarks, first: dead units."


def test_without_labels_nothing_found_is_no_proof_of_quality(report):
    verdict = verdict_of(with_findings(report, without=("prediction_quality",)), ENGLISH)
    assert (verdict.tone, verdict.measured) == ("open", "")
    assert verdict.conclusion == "No problem found, but accuracy is unknown: the samples have no labels."
    no_samples = replace(with_findings(report, without=("prediction_quality",)), samples=None)
    assert (
        verdict_of(no_samples, ENGLISH).conclusion
        == "No problem found in the weights; the model was not run on samples."
    )


def test_of_weights_alone_the_verdict_is_that_the_model_could_not_be_run(report):
    provenance = replace(report.provenance, not_run="the file has weights but no architecture")
    alone = replace(with_findings(report, without=("prediction_quality",)), provenance=provenance)
    assert verdict_of(alone, ENGLISH).conclusion == "Weights only: the model could not be run."
    warned = replace(
        with_findings(report, found(Severity.WARNING), without=("prediction_quality",)), provenance=provenance
    )
    assert (
        verdict_of(warned, ENGLISH).conclusion
        == "Weights only, with a warning: dead units. The model could not be run."
    )


def test_where_everything_was_skipped_nothing_was_checked(report):
    skipped = tuple(SkippedSection(section.name, section.title, "no samples") for section in report.sections)
    verdict = verdict_of(replace(report, sections=skipped), ENGLISH)
    assert (verdict.tone, verdict.conclusion) == ("open", "Nothing was checked.")


def test_what_is_wrong_keeps_capitals_that_are_no_beginning(report):
    verdict = verdict_of(with_findings(report, found(Severity.PROBLEM, "NaN or infinite weights")), ENGLISH)
    assert verdict.conclusion == "Do not use: NaN or infinite weights."


def test_rules_count_as_checked_where_they_are_on_and_had_what_they_need(report):
    rules = (
        RuleInForce("a-rule", 0.1, Severity.NOTE, "share", analysis="channel_activity"),
        RuleInForce("b-rule", 0.1, Severity.NOTE, "share", off=True, analysis="channel_activity"),
        RuleInForce("c-rule", 0.1, Severity.NOTE, "share", analysis="attribution", unchecked="No map was tested."),
        RuleInForce("d-rule", 0.1, Severity.NOTE, "share"),
    )
    assert checked_rules(replace(report, rules=rules)) == 2
