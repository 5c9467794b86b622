"""The rule on groups of samples on which the model does worse."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.slices.results import Slice, SlicesResult
from reportgen.messages import counted, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Advice, Certainty, Finding, Limits, Rule, Severity

WEAK = Rule(
    code="weak-slice",
    meaning=say(
        "the model is certainly right less often on one group of samples than on the others, and not for its classes"
    ),
    severity=Severity.NOTE,
    threshold=0.02,
    unit=say("accuracy of the other samples minus that of the group"),
    bounds=(0.0, 1.0),
    source=say(
        "Chung et al., arXiv 1807.06068, for slices; the one-sided lower bound by Newcombe 1998, Statistics in Medicine 17, "
        "873, with Bonferroni for the number of slices; the limit is reportgen's choice"
    ),
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS, "wrong-threshold"),
    advice=Advice(
        title=say("A group of samples does worse"),
        why=say("The accuracy of all does not hold for samples of this group."),
        action=say("Look at the group's samples, and train with more of them."),
        certainty=Certainty.TEST,
    ),
)

RULES = (WEAK,)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: SlicesResult, limits: Limits) -> Iterator[Finding]:
    """Yield the slice of each column that certainly does worst, by more than the limit and not for its classes."""
    limit = limits[WEAK.code]
    weak: dict[str, list[Slice]] = {}
    for one in result.slices:
        if one.low > limit and not one.explained:
            weak.setdefault(one.column, []).append(one)
    for slices in weak.values():
        yield _finding(slices[0], len(slices) - 1, result.judged, limit)


def _finding(one: Slice, others: int, judged: int, limit: float) -> Finding:
    message = say(
        "{right:.0%} of {samples} are right, of the others {rest:.0%}: at least {least:.0%} less (limit {limit:.0%}, of "
        "{judged})",
        right=one.right.value,
        samples=counted(one.right.trials, "{n} sample", "{n} samples"),
        rest=one.others.value,
        least=one.low,
        limit=limit,
        judged=counted(judged, "{n} slice", "{n} slices"),
    )
    if one.expected is not None:
        message = say("{message}; its classes would give {expected:.0%}", message=message, expected=one.expected)
    if others:
        also = counted(others, "{n} other value does worse too", "{n} other values do worse too")
        message = say("{message}; {others}", message=message, others=also)
    evidence = {
        "accuracy": one.right.value,
        "others": one.others.value,
        "worse_at_least": one.low,
        "samples": one.right.trials,
        "slices": judged,
    }
    subject = say("{column}: {value}", column=one.column, value=one.value)
    return WEAK.finding(subject, message, evidence=evidence, threshold=limit)
