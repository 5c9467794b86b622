"""The report in short: what it says, that it is never too long for a comment, and that no name is more than text."""

from dataclasses import replace

import pytest
from hand_built import HOSTILE, hostile_report, many_findings_report, skipped_report
from markdown_it import MarkdownIt

from reportgen.messages import say
from reportgen.rendering.markdown import LARGEST, code, render_markdown, text
from reportgen.results.findings import Finding, RuleInForce, Severity
from reportgen.results.report import Report

EVIL = (
    *HOSTILE,
    "@octocat and #12, GH-3",
    "https://evil.test www.evil.test mail@evil.test",
    "![x](https://evil.test/x.png) [y](javascript:alert(1))",
    "`code` ``more`` `",
    "| a | b |\n|---|---|",
    "# heading\n- item\n> quote",
    "**bold** __bold__ ~~gone~~ $x^2$",
    "\\`\\*\\_",
    "octo/repo#4 :tada:",
    " `",
)


def tokens(markdown: str) -> list:
    """Return all tokens of a text as GitHub reads it, those of its lines among them."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    return [one for token in parsed for one in [token, *(token.children or ())]]


def words(markdown: str) -> str:
    return " ".join(token.content for token in tokens(markdown) if token.type in ("text", "code_inline"))


def test_it_says_the_verdict_the_findings_and_what_is_open(report: Report) -> None:
    assert render_markdown(report, fail_on=Severity.WARNING) == (
        "## Model report: `A tiny model`\n\n"
        "▲ **Check before use: 1 of 2 channels never fired on 5 samples (50%, limit 10%).** Accuracy 80.0% "
        "(37.6%–96.4%) on 5 samples; baseline 60.0%.\n\n"
        "0 problems, 1 warning, 0 notes, 1 inconclusive.\n\n"
        "Gate `--fail-on warning`: **failed by 1 finding**.\n\n"
        "### Findings\n\n"
        "- ▲ **warning** `conv`: 1 of 2 channels never fired on 5 samples (50%, limit 10%) (`silent-channels`)\n\n"
        "### Inconclusive\n\n"
        "- ? `accuracy`: accuracy is 80.0%; the limit lies within. About 30 samples would decide it. "
        "(`no-better-than-majority`)\n\n"
        "Model: `tiny.keras`, SHA-256 `abababababab`, 30 parameters. Made by reportgen 0.1.0 on 2026-01-02.\n\n"
        "Make it again: `reportgen build tiny.keras --samples tiny.npz`\n"
    )
    assert "Gate" not in render_markdown(report)
    assert "Gate `--fail-on problem`: **passed**." in render_markdown(report, fail_on=Severity.PROBLEM)


def test_a_report_without_findings_has_no_lists() -> None:
    said = render_markdown(skipped_report())
    assert "###" not in said
    assert "? **Nothing was checked.**" in said


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("form", ["code", "text", "message", "message in message"])
def test_hostile_names_are_read_as_text(name: str, form: str) -> None:
    inner = say("layer {name} is dead", name=name)
    said = {
        "code": code(name),
        "text": text(name),
        "message": text(say("layer {name}: {share:.0%} of 5 are_dead", name=name, share=0.5)),
        "message in message": text(say("because {why} *", why=inner)),
    }[form]
    assert "\n" not in said
    kinds = {token.type for token in tokens(f"- {said}")}
    assert kinds <= {
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "text", "code_inline", "paragraph_close",
        "list_item_close", "bullet_list_close", "text_special",
    }  # fmt: skip
    outside = " ".join(token.content for token in tokens(f"- {said}") if token.type == "text")
    for linked in ("@", "://", "www.", "#1", "#4", "GH-3", ":tada:"):
        assert linked not in outside


def test_a_message_keeps_its_words_and_shows_names_as_code() -> None:
    said = text(
        say("{count:d} of {all:d} units of {name} are dead ({share})", count=3, all=4, name="a_b", share="75.0%")
    )
    assert said == "3 of 4 units of `a_b` are dead (75.0%)"
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"
    assert code(" ") == "`(no name)`"


def test_a_hostile_report_has_no_link_picture_or_html() -> None:
    kinds = {token.type for token in tokens(render_markdown(hostile_report(), fail_on=Severity.NOTE))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "table_open", "fence", "code_block", "hr"}


def test_it_is_never_too_long_for_a_comment(report: Report) -> None:
    assert len(render_markdown(many_findings_report())) < LARGEST
    findings = tuple(Finding("x", Severity.WARNING, f"layer{i}", "가" * 300, {}, 0, "") for i in range(2000))
    said = render_markdown(replace(report, sections=(replace(report.sections[0], findings=findings),)))
    assert LARGEST - 1500 < len(said.encode()) <= LARGEST
    assert "more lines, which the page has.\n\nModel: `tiny.keras`" in said


def test_what_was_not_checked_is_told_with_its_reason(report):
    rules = (
        RuleInForce("leaked", 0.1, Severity.NOTE, "share", unchecked="No training samples were given."),
        RuleInForce("gap", 0.1, Severity.NOTE, "share", unchecked="No training samples were given."),
        RuleInForce("weak", 0.1, Severity.NOTE, "share"),
    )
    said = render_markdown(replace(report, rules=rules))
    assert " 1 of 3 rules checked.\n" in said
    assert "### Not checked\n\n- `leaked`, `gap`: No training samples were given." in said
    assert "Not checked" not in render_markdown(report)
