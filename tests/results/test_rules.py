"""When a rule has what it depends on, and what a report says of one that has not."""

from dataclasses import dataclass

import numpy as np
import pytest

from reportgen.results.findings import Finding, Inconclusive, RuleInForce, Severity
from reportgen.results.report import Section, SkippedSection, with_unchecked
from reportgen.results.rules import Need, Rule


@dataclass(frozen=True)
class Part:
    value: object = None


@dataclass(frozen=True)
class Result:
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    flag: bool = False
    text: str = ""


NEED = Need(("part.value", "parts.value", "flag", "text"), "It is missing.")


@pytest.mark.parametrize(
    ("result", "met"),
    [
        (Result(), False),
        (Result(part=Part()), False),
        (Result(part=Part(())), False),
        (Result(part=Part(False)), False),
        (Result(parts=(Part(), Part())), False),
        (Result(part=Part(0)), True),
        (Result(part=Part(0.0)), True),
        (Result(part=Part(np.zeros(2))), True),
        (Result(parts=(Part(), Part(1))), True),
        (Result(flag=True), True),
        (Result(text="x"), True),
    ],
)
def test_a_need_is_met_by_what_holds_something_and_by_the_number_zero(result, met):
    assert NEED.is_met(result) is met


def test_the_first_of_several_needs_that_is_not_met_is_the_reason():
    needs = (Need(("flag",), "No flag."), Need(("text",), "No text."))
    rule = Rule(
        code="a", meaning="m", severity=Severity.NOTE, threshold=0, unit="u", source="s", needs=needs
    )  # fmt: skip
    reasons = [rule.missing(one) for one in (Result(), Result(flag=True), Result(flag=True, text="x"))]
    assert reasons == ["No flag.", "No text.", ""]


def in_force(code: str, analysis: str = "one", **more: bool) -> RuleInForce:
    return RuleInForce(code, 0, Severity.NOTE, "u", analysis=analysis, **more)


def test_a_rule_is_unchecked_for_its_own_need_or_with_its_section():
    finding = Finding("said", Severity.NOTE, "model", "m", {}, 0, "s")
    sections = (
        Section("one", "One", None, unchecked={"needy": "It is missing.", "off": "It is missing."}),
        SkippedSection("two", "Two", "No samples.", (finding,), (Inconclusive("open", "model", "m", None),)),
    )
    rules = (
        in_force("fine"), in_force("needy"), in_force("off", off=True), in_force("skipped", "two"), in_force("said", "two"),
        in_force("open", "two"), in_force("lost", "three"), in_force("of-all", ""),
    )  # fmt: skip
    assert {rule.code: rule.unchecked for rule in with_unchecked(rules, sections)} == {
        "fine": "", "needy": "It is missing.", "off": "", "skipped": "No samples.", "said": "", "open": "",
        "lost": "The section that checks this rule is not in the report.", "of-all": "",
    }  # fmt: skip
    assert [rule.code for rule in with_unchecked(rules, sections) if rule.checked] == ["fine", "said", "open", "of-all"]
