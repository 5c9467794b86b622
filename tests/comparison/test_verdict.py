"""What the verdict makes of the parts."""

from reportgen.comparison.findings import FindingChange, FindingChangesResult
from reportgen.comparison.verdict import verdict_of_parts
from reportgen.results import ComparedOutcome, Section, Severity, SkippedSection


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


def test_a_problem_that_is_gone_is_better_as_a_new_one_is_worse():
    """The models exchanged, the verdict is exchanged too; a new warning decides nothing either way."""
    found = verdict(("silent", "conv", None, Severity.WARNING), ("dead", "conv", Severity.PROBLEM, None))
    assert found.outcome is ComparedOutcome.BETTER
    mirrored = verdict(("silent", "conv", Severity.WARNING, None), ("dead", "conv", None, Severity.PROBLEM))
    assert mirrored.outcome is ComparedOutcome.WORSE
    assert [change.said for change in mirrored.changes] == ["new problem: dead"]
    assert [(change.said, change.action) for change in found.changes] == [("problem gone: dead", "")]


def test_two_problems_are_counted():
    found = verdict(("a", "x", None, Severity.PROBLEM), ("b", "y", None, Severity.PROBLEM))
    assert found.changes[0].said == "2 new problems: a; b"
    assert found.changes[0].action == "Keep the base until each is solved; their advice stands under Findings."


def test_a_problem_that_the_other_models_samples_cannot_decide_is_neither_new_nor_gone():
    for base, new in ((None, Severity.PROBLEM), (Severity.PROBLEM, None)):
        row = FindingChange("a", "a", "x", base, new, "said", decided=False)
        found = verdict_of_parts((Section("finding_changes", "Findings", FindingChangesResult((row,), (), ())),))
        assert (found.outcome, found.changes) == (ComparedOutcome.UNJUDGED, ())


def test_what_was_not_judged_says_why():
    reason = "No samples were given. Add --samples SOURCE to compare the answers."
    found = verdict_of_parts((SkippedSection("answers", "Answers", reason),))
    assert (found.outcome, found.conclusion) == (ComparedOutcome.UNJUDGED, f"Not judged. {reason}")
