"""What the verdict makes of the parts."""

from reportgen.comparison.findings import FindingChange, FindingChangesResult
from reportgen.comparison.verdict import verdict_of_parts
from reportgen.results import ComparedOutcome, Section, Severity


def verdict(*rows):
    """Return the verdict on findings alone: code, subject, severity in the base and in the new model."""
    changes = tuple(
        FindingChange(code, code, subject, base, new, "said", "Do it.") for code, subject, base, new in rows
    )
    return verdict_of_parts((Section("finding_changes", "Findings", FindingChangesResult(changes, (), ())),))


def test_a_problem_where_the_base_has_none_is_worse():
    found = verdict(("non-finite-weights", "conv", None, Severity.PROBLEM))
    assert found.outcome is ComparedOutcome.WORSE
    assert found.changes[0].said == "new problem: non-finite-weights"
    assert found.changes[0].action == "Do it."


def test_another_problem_in_the_place_of_one_is_not():
    found = verdict(
        ("constant-output", "model", None, Severity.PROBLEM), ("single-class", "samples", Severity.PROBLEM, None)
    )
    assert found.outcome is ComparedOutcome.UNJUDGED
    assert [(change.worse, change.decides) for change in found.changes] == [(True, False), (False, False)]


def test_a_new_warning_and_a_problem_that_is_gone_decide_nothing():
    found = verdict(("silent", "conv", None, Severity.WARNING), ("dead", "conv", Severity.PROBLEM, None))
    assert found.outcome is ComparedOutcome.UNJUDGED
    assert [(change.said, change.action) for change in found.changes] == [("problem gone: dead", "")]


def test_two_problems_are_counted():
    found = verdict(("a", "x", None, Severity.PROBLEM), ("b", "y", None, Severity.PROBLEM))
    assert found.changes[0].said == "2 new problems: a; b"
    assert found.changes[0].action == "Keep the base until each is solved; their advice stands under Findings."
