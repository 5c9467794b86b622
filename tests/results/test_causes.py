"""Causes stand before their consequences."""

from reportgen.results.causes import cause_of, causes_first, origin_of
from reportgen.results.findings import Finding, Severity
from reportgen.results.report import Section, SkippedSection, with_causes


def finding(code, severity=Severity.WARNING, subject="samples", follows_from=(), explains=True):
    return Finding(code, severity, subject, "message", {}, 0, "source", follows_from, explains)


def resolved(*findings, places=None):
    """Return the findings of a report of one section."""
    (section,) = with_causes([Section("one", "One", None, findings)], places or {})
    return section.findings


def test_a_finding_follows_only_from_what_the_report_holds():
    consequence = finding("constant-output", follows_from=("non-finite-weights", "other-preprocessing"))
    (alone,) = resolved(consequence)
    assert alone.follows_from == ()
    one, _ = resolved(consequence, finding("other-preprocessing"))
    assert one.follows_from == ("other-preprocessing",)


def test_of_several_causes_the_gravest_comes_first_and_of_equals_the_one_that_the_rule_names_first():
    consequence = finding("consequence", follows_from=("a", "b", "c"))
    one, *_ = resolved(consequence, finding("c", Severity.PROBLEM), finding("b"), finding("a"))
    assert one.follows_from == ("c", "a", "b")


def test_a_cause_is_found_in_another_section_and_in_a_skipped_one():
    sections = with_causes(
        [
            SkippedSection("one", "One", "no samples", (finding("cause"),)),
            Section("two", "Two", None, (finding("consequence", follows_from=("cause",)),)),
        ],
        {},
    )
    assert sections[1].findings[0].follows_from == ("cause",)


def test_what_explains_nothing_is_no_cause():
    one, _ = resolved(finding("consequence", follows_from=("cause",)), finding("cause", explains=False))
    assert one.follows_from == ()


def test_of_two_layers_the_later_one_explains_nothing_of_the_earlier_one():
    drifted = finding("drifted", subject="norm", follows_from=("silent",))
    for place, expected in ((0, ("silent",)), (2, ())):
        one, _ = resolved(drifted, finding("silent", subject="conv#2"), places={"norm": 1, "conv": place})
        assert one.follows_from == expected


def test_a_rule_explains_itself_only_on_a_later_layer():
    first, second = resolved(
        finding("silent", subject="a", follows_from=("silent",)),
        finding("silent", subject="b", follows_from=("silent",)),
        places={"a": 0, "b": 1},
    )
    assert (first.follows_from, second.follows_from) == ((), ("silent",))
    assert cause_of(second, (first, second)) is first
    one, other = resolved(
        finding("silent", subject="model", follows_from=("silent",)), finding("silent", follows_from=("silent",))
    )
    assert (one.follows_from, other.follows_from) == ((), ())


def test_a_cause_stands_before_its_graver_consequence_and_the_gravest_of_the_rest_after_it():
    found = resolved(
        finding("note", Severity.NOTE),
        finding("other problem", Severity.PROBLEM),
        finding("consequence", Severity.PROBLEM, follows_from=("cause",)),
        finding("cause", Severity.WARNING),
    )
    assert [one.code for one in causes_first(found)] == ["cause", "other problem", "consequence", "note"]


def test_within_a_severity_what_explains_most_comes_first():
    found = resolved(
        finding("a"),
        finding("b"),
        finding("c"),
        finding("of b", Severity.NOTE, follows_from=("b",)),
        finding("of c", follows_from=("c",)),
        finding("of that", Severity.NOTE, follows_from=("of c",)),
    )
    assert [one.code for one in causes_first(found)] == ["c", "b", "a", "of c", "of b", "of that"]


def test_a_chain_is_followed_to_its_origin_also_where_rules_name_each_other():
    cause, middle, last = resolved(
        finding("cause"), finding("middle", follows_from=("cause",)), finding("last", follows_from=("middle", "cause"))
    )
    assert cause_of(last, (cause, middle, last)) is middle
    assert origin_of(last, (cause, middle, last)) is cause
    assert origin_of(cause, (cause, middle, last)) is None
    circle = resolved(finding("a", follows_from=("b",)), finding("b", follows_from=("a",)))
    assert {one.code for one in causes_first(circle)} == {"a", "b"}
