"""A comparison as JUnit, Markdown, flat metrics and annotations: what each says, and that no name in it is more than text."""

import io
import json
from dataclasses import fields, is_dataclass, replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hand_built import HOSTILE
from junit_schema import violations
from markdown_it import MarkdownIt

from reportgen.cli.github import annotations_of, commands_of, told_github
from reportgen.cli.terminal import regression_text
from reportgen.errors import UsageError
from reportgen.messages import Message, say
from reportgen.rendering import Asked
from reportgen.rendering.comparison_markdown import render_comparison_markdown
from reportgen.rendering.junit import render_comparison_junit
from reportgen.rendering.markdown import LARGEST
from reportgen.rendering.metrics import comparison_metrics_of
from reportgen.results import RuleInForce, Section, Severity

EVIL = (*HOSTILE, "@octocat #12 GH-3 https://evil.test", "![x](https://evil.test/x.png) [y](javascript:alert(1)) | a |")


def renamed(value: Any, name: str) -> Any:
    """Return a result with every text in it that may come from a file replaced by a name."""
    if isinstance(value, Message):
        return say("{name} did it", name=name)
    if isinstance(value, tuple):
        return tuple(renamed(one, name) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = ("kind", "code", "name", "title", "sha256", "date")
        own = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        return replace(value, **{key: renamed(one, name) for key, one in own.items() if key not in kept})
    return name if isinstance(value, str) and value else value


def hostile(comparison: Any, name: str) -> Any:
    """Return a comparison of models whose author named everything so."""
    sections = tuple(
        replace(one, result=renamed(one.result, name)) if isinstance(one, Section) else replace(one, reason=name)
        for one in comparison.sections
    )
    sides = {
        each: replace(side, provenance=replace(side.provenance, file_name=name))
        for each, side in comparison.sides.items()
    }
    verdict = renamed(comparison.verdict, name)
    return replace(comparison, sections=sections, verdict=verdict, title=name, command=f"reportgen {name}", **sides)


def cases(text: str) -> dict[str, str]:
    assert violations(text) == []
    (suite,) = ElementTree.fromstring(text)
    return {case.attrib["name"]: case[0].tag if len(case) else "passed" for case in suite.iter("testcase")}


def test_a_regression_fails_the_cases_that_it_lies_in(worse, better):
    assert cases(render_comparison_junit(worse, fail_on_regression=True)) == {
        "verdict": "failure",
        "answers": "failure",
        "class_changes": "failure",
        "class-never-predicted": "passed",
        "silent-channels": "passed",
        "dormant-channels": "passed",
        "miscalibration": "passed",
    }
    assert "failure" not in cases(render_comparison_junit(worse)).values()
    assert "failure" not in cases(render_comparison_junit(better, fail_on_regression=True)).values()


def test_what_the_samples_do_not_decide_is_skipped(pair):
    from reportgen.api import build_comparison

    base, new, samples, _ = pair
    compared = build_comparison(base, new, samples)  # without labels
    found = cases(render_comparison_junit(compared, fail_on_regression=True))
    assert (found["verdict"], found["answers"], found["class_changes"]) == ("skipped", "passed", "skipped")


def test_a_new_problem_fails_its_rule_where_it_makes_the_new_model_worse(worse):
    sections = {section.name: section for section in worse.sections}
    rows = sections["finding_changes"].result.findings
    graver = replace(rows[0], new=Severity.PROBLEM)
    result = replace(sections["finding_changes"].result, findings=(graver, *rows[1:]))
    change = replace(worse.verdict.changes[0], part="finding_changes")
    for decides, kind in ((True, "failure"), (False, "passed")):
        told = replace(worse.verdict, changes=(replace(change, decides=decides),))
        section = replace(sections["finding_changes"], result=result)
        found = cases(
            render_comparison_junit(replace(worse, sections=(section,), verdict=told), fail_on_regression=True)
        )
        assert found[graver.code] == kind


def test_the_markdown_says_the_verdict_and_what_became_of_each_part(worse, better):
    said = render_comparison_markdown(worse, fail_on_regression=True)
    assert said.startswith(
        "## Comparison of models: `base → base`\n\n✖ **Worse than the base.** Accuracy 100.0% → 58.3% on 60 samples: "
    )
    for line in (
        "- ▼ **worse**: recall fell: `a<b` (100.0% → 0.0%). Keep the base where these classes matter",
        "Gate `--fail-on regression`: **failed**.\n",
        "- Accuracy: 100.0% (94.0%–100.0%) → 58.3% (45.7%–69.9%)\n",
        "- 0 fixed and 25 broken of 60 samples; exact McNemar, p = 6e-08\n",
        "- `a<b`: recall 100.0% → 0.0% on 25 samples\n",
        "- Expected calibration error: 52.9% → 13.2% (p = 0.001)\n",
        "1 new, 1 gone, 2 the same.\n",
        "- new: ▲ **warning** `classes`: 1 of 3 classes is never predicted",
        "- Parameters: 235 → 235\n",
        "- 2 of 2 kernels are the same\n- 1 of 2 other variables changed, such as biases\n",
        "Base: a model in memory, SHA-256 `2bb5f6ca7d15`, 235 parameters. New: a model in memory",
    ):
        assert line in said
    assert "Gate" not in render_comparison_markdown(worse)
    assert "Gate `--fail-on regression`: **passed**." in render_comparison_markdown(better, fail_on_regression=True)


@pytest.mark.parametrize("name", EVIL)
def test_hostile_names_are_text_everywhere(worse, name):
    made = hostile(worse, name)
    said = render_comparison_markdown(made, fail_on_regression=True)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(said)
    kinds = {one.type for token in tokens for one in (token, *(token.children or ()))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "table_open", "fence", "code_block", "hr"}
    assert violations(render_comparison_junit(made, fail_on_regression=True)) == []
    for line in commands_of(annotations_of(made)):
        assert line.isprintable()
        assert not {":", ","} & set(line.partition(" title=")[2].partition("::")[0])


def test_the_markdown_is_never_too_long_for_a_comment(worse):
    sections = {section.name: section for section in worse.sections}
    result = sections["finding_changes"].result
    many = tuple(replace(result.findings[0], subject=f"layer{n}", message="가" * 300) for n in range(2000))
    section = replace(sections["finding_changes"], result=replace(result, findings=many))
    said = render_comparison_markdown(replace(worse, sections=(section,)))
    assert LARGEST - 1500 < len(said.encode()) <= LARGEST
    assert "more lines, which the page has.\n\nBase: a model in memory" in said


def test_the_metrics_are_numbers_of_the_json(worse, better):
    metrics = comparison_metrics_of(worse)
    sections = {one["name"]: one["result"] for one in json.loads(worse.to_json())["sections"]}
    assert metrics["regressed"] == 1
    assert comparison_metrics_of(better)["regressed"] == 0
    assert (metrics["findings.new"], metrics["findings.gone"], metrics["findings.same"]) == (1, 1, 2)
    assert metrics["answers.rates.difference"] == sections["answers"]["rates"]["difference"]
    assert metrics["calibration.p_value"] == sections["calibration_change"]["p_value"]
    assert metrics["weights.head.distance"] == sections["weight_changes"]["kernels"][1]["distance"]
    assert all(isinstance(value, int | float) for value in metrics.values())


def test_github_is_told_what_is_worse_and_given_the_summary(worse, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    stream = io.StringIO()
    assert told_github(worse, stream, asked=Asked(fail_on_regression=True)) == ""
    lines = stream.getvalue().splitlines()
    assert [line.partition("::")[2].partition("::")[0] for line in lines] == [
        "error title=worse than the base",
        "error title=worse than the base",
        "warning title=new%3A class-never-predicted%3A classes",
    ]
    assert "Gate `--fail-on regression`: **failed**." in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_no_form_of_a_redacted_comparison_shows_a_class(pair, tmp_path):
    from reportgen.api import build_comparison

    base, new, samples, labels = pair
    made = build_comparison(base, new, samples, labels=labels, class_names=["zebra", "yak", "xerus"], redact=True)
    forms = {form: tmp_path / form for form in ("junit", "markdown", "metrics")}
    made.save(tmp_path / "c.html", json_path=tmp_path / "c.json", also=forms, fail_on="regression")
    said = [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()]
    said += commands_of(annotations_of(made))
    assert len(said) > 5
    assert not [text for text in said for name in ("zebra", "yak", "xerus") if name in text]
    assert violations((tmp_path / "junit").read_text(encoding="utf-8")) == []


def test_what_a_file_turned_off_is_named(worse):
    rule = RuleInForce("silent-channels", 0.1, Severity.NOTE, "share", off=True, set_by="pyproject.toml")
    made = replace(worse, rules=(rule,))
    named = "rules off or lowered by pyproject.toml: silent-channels"
    assert f"Configuration: {named}." in made.to_html()
    assert "rules off or lowered by `pyproject.toml`: `silent-channels`." in render_comparison_markdown(made)
    assert regression_text(made) == f"--fail-on regression: failed; {named}."
    assert regression_text(replace(made, verdict=replace(made.verdict, outcome=type(made.verdict.outcome).BETTER))) == (
        f"--fail-on regression: passed; {named}."
    )


def test_a_comparison_has_no_model_card_and_no_gate_of_reports(worse, tmp_path):
    with pytest.raises(UsageError, match="Received: 'card'"):
        worse.save(tmp_path / "c.html", also={"card": tmp_path / "README.md"})
    with pytest.raises(UsageError, match=r"fail_on must be 'regression' or None. Received: 'problem'"):
        worse.save(tmp_path / "c.html", fail_on="problem")
    assert list(tmp_path.iterdir()) == []
