"""The tests of attribution maps as rules: threshold, condition and sentence of each in one place."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analyses.attribution.results import (
    COMPLETENESS,
    DELETION,
    RANDOMISED_WEIGHTS,
    AttributionResult,
    MethodMaps,
    SampleAttribution,
)
from reportgen.measures.deletion import AS_GOOD, LOOKS, DeletionTest, is_better_than_random
from reportgen.measures.intervals import CONFIDENCE, binomial_tail
from reportgen.messages import Message, counted, say
from reportgen.results import (
    BROKEN_WEIGHTS,
    WRONG_INPUTS,
    Advice,
    Certainty,
    Finding,
    Inconclusive,
    Limits,
    Need,
    Rule,
    Severity,
)

_CHANCE = 0.05
"""Share of maps that may fail a test by chance."""

WEIGHTLESS = Rule(
    code="weight-free-maps",
    meaning=say(
        "more attribution maps than chance explains hardly change when all kernels are reinitialised; a note up to "
        "half of the maps"
    ),
    severity=Severity.WARNING,
    threshold=0.7,
    unit=say("absolute rank correlation with the map of the randomised network"),
    source=say(
        "Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292, which gives no limit; beyond 0.7 the maps "
        "share half of their rank variance. Noise alone makes maps differ, so passing proves little: Hedström et al., "
        "arXiv 2405.02383"
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
    ),
    needs=(Need(("methods.samples.similarity",), say("No map was compared with one of the randomised network.")),),
    advice=Advice(
        title=say("Heat maps ignore the weights"),
        why=say("They show the picture’s edges, not what the model learned."),
        action=say("Do not use these maps as an explanation."),
        certainty=Certainty.TEST,
    ),
)


def is_weight_free(sample: SampleAttribution, limits: Limits) -> bool:
    """Return whether a map is like that of the randomised network; a constant map is not judged."""
    return sample.similarity is not None and abs(sample.similarity) > limits[WEIGHTLESS.code]


def weight_free_maps(method: MethodMaps, limits: Limits) -> Iterator[Finding]:
    """Yield that maps of a method are like those of the randomised network."""
    alike = [abs(sample.similarity or 0.0) for sample in method.samples if is_weight_free(sample, limits)]
    tested = len(method.tested(RANDOMISED_WEIGHTS))
    if alike and _beyond_chance(len(alike), tested, _CHANCE):
        values = _values(WEIGHTLESS, method, limits, max(alike)) | {"total": tested}
        message = counted(
            len(alike),
            "{method}: {n} of {total} maps hardly changes when the weights are randomised (worst correlation "
            "{worst:.3g}, limit {limit:g}): ignore it",
            "{method}: {n} of {total} maps hardly change when the weights are randomised (worst correlation "
            "{worst:.3g}, limit {limit:g}): ignore them",
            **values,
        )
        yield _finding(WEIGHTLESS, method, message, limits, failed=len(alike), worst=max(alike), total=tested)


AIMLESS = Rule(
    code="no-better-than-random-maps",
    meaning=say(
        "more attribution maps than chance explains do not show what the network uses: removing what they mark lowers "
        "the class score no faster than removal in random order"
    ),
    severity=Severity.NOTE,
    threshold=AS_GOOD,
    unit=say("share of random orders that may do as well as the map's own"),
    source=say(
        "the deletion metric of Petsiuk et al., RISE, arXiv 1806.07421, against random orders as in Samek et al., "
        "arXiv 1509.06321; {fewest} to {most} orders, until more would change the verdict in at most 1 of 100 cases; "
        "0.05 is the usual level of a rank test",
        fewest=LOOKS[0],
        most=LOOKS[-1],
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
    ),
    needs=(Need(("methods.samples.deletion",), say("No map was tested by deletion.")),),
    advice=Advice(
        title=say("Heat maps miss what the network uses"),
        why=say("The regions they mark matter no more to the class than others. The network itself may be fine."),
        action=say("Do not use these maps as an explanation."),
        certainty=Certainty.TEST,
    ),
)


def is_aimed(sample: SampleAttribution, limits: Limits) -> bool | None:
    """Return whether a map's order is better than random ones; None where it has no order or nothing is decided."""
    if sample.largest is None or sample.deletion is None:
        return None
    test = DeletionTest(sample.deletion, sample.orders, sample.as_good)
    return is_better_than_random(test, limits[AIMLESS.code])


def no_better_than_random_maps(method: MethodMaps, limits: Limits) -> Iterator[Finding]:
    """Yield that more maps of a method than chance explains find what matters no better than random orders do."""
    decided = [(sample, is_aimed(sample, limits)) for sample in method.samples]
    tested = sum(aimed is not None for _, aimed in decided)
    aimless = [sample.deletion or 0.0 for sample, aimed in decided if aimed is False]
    limit = limits[AIMLESS.code]
    if aimless and _beyond_chance(len(aimless), tested, limit):
        values = _values(AIMLESS, method, limits, min(aimless)) | {"tested": tested}
        message = counted(
            len(aimless),
            "{method}: {n} of {tested} tested maps does not show what the network uses: removing what it marks is no "
            "better than chance (limit: {limit:.3g} of random orders do as well)",
            "{method}: {n} of {tested} tested maps do not show what the network uses: removing what they mark is no "
            "better than chance (limit: {limit:.3g} of random orders do as well)",
            **values,
        )
        evidence = {"maps": tested, "failed": len(aimless), "worst": min(aimless)}
        yield AIMLESS.finding(method.subject, message, evidence=evidence, threshold=limit)


def _beyond_chance(failed: int, tested: int, share: float) -> bool:
    """Return whether more maps failed than chance explains with 95 % confidence, where each may with this probability."""
    return binomial_tail(failed, tested, share) < 1 - CONFIDENCE


INCOMPLETE = Rule(
    code="incomplete-maps",
    meaning=say("attribution values do not add up to the logit difference that they should explain"),
    severity=Severity.WARNING,
    threshold=0.01,
    unit=say("share of the difference of logits"),
    source=say(
        "Sundararajan et al., Axiomatic Attribution for Deep Networks, arXiv 1703.01365, section 5, where 20 to 300 points come "
        "within 5%; 1% is reportgen's choice"
    ),
    follows_from=(
        *BROKEN_WEIGHTS,
        *WRONG_INPUTS,
        "non-deterministic-output",
        "constant-output",
    ),
    needs=(Need(("methods.samples.completeness",), say("No method was asked for whose maps must add up.")),),
    advice=Advice(
        title=say("Heat maps do not add up"),
        why=say("They miss part of the score that they should explain."),
        action=say("Do not rely on their values; use another method for these samples."),
        certainty=Certainty.CHOICE,
    ),
)


def is_incomplete(sample: SampleAttribution, limits: Limits) -> bool:
    """Return whether a map's sum misses what it should explain; an error that is NaN does."""
    return sample.completeness is not None and not sample.completeness <= limits[INCOMPLETE.code]


def incomplete_maps(method: MethodMaps, limits: Limits) -> Iterator[Finding]:
    """Yield that maps of a method do not sum to what they should explain."""
    errors = [sample.completeness or 0.0 for sample in method.samples if is_incomplete(sample, limits)]
    if errors:
        values = _values(INCOMPLETE, method, limits, max(errors))
        message = counted(
            len(errors),
            "{method}: {n} of {total} maps is incomplete (worst error {worst:.3g}, limit {limit:g}): ignore it",
            "{method}: {n} of {total} maps are incomplete (worst error {worst:.3g}, limit {limit:g}): ignore them",
            **values,
        )
        yield _finding(INCOMPLETE, method, message, limits, failed=len(errors), worst=max(errors))


def _finding(
    rule: Rule,
    method: MethodMaps,
    message: Message,
    limits: Limits,
    *,
    failed: int,
    worst: float,
    total: int | None = None,
) -> Finding:
    """Return the finding on a method's maps that fail the test of a rule: a note up to half of the maps that it decides."""
    total = len(method.samples) if total is None else total
    return rule.finding(
        method.subject,
        message,
        evidence={"maps": total, "failed": failed, "worst": worst},
        threshold=limits[rule.code],
        severity=Severity.WARNING if 2 * failed > total else Severity.NOTE,
    )


def _values(rule: Rule, method: MethodMaps, limits: Limits, worst: float) -> dict[str, object]:
    """Return what the sentence of a rule is filled with."""
    return {"method": method.title, "total": len(method.samples), "worst": worst, "limit": limits[rule.code]}


RULES = (WEIGHTLESS, AIMLESS, INCOMPLETE)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: AttributionResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield the methods whose maps fail a test at these thresholds, and those of whose maps some were not tested."""
    for method in result.methods:
        yield from weight_free_maps(method, limits)
        aimless = list(no_better_than_random_maps(method, limits))
        yield from aimless or _not_all_tested(method, result.effort)
        yield from incomplete_maps(method, limits)


def _not_all_tested(method: MethodMaps, effort: str) -> Iterator[Inconclusive]:
    """Yield that deletion was not tested on all maps that have an order: those that were do not decide."""
    tested = len(method.tested(DELETION))
    left = sum(DELETION in sample.untested for sample in method.samples)
    if left:
        yield Inconclusive(
            AIMLESS.code,
            method.subject,
            say(
                "{method}: the deletion test covered {tested} of {total} maps, the budget of effort “{effort}”",
                method=method.title,
                tested=tested,
                total=tested + left,
                effort=effort,
            ),
            samples_needed=None,
            remedy=say("--effort full tests all maps"),
        )


def failed_tests(sample: SampleAttribution, limits: Limits) -> tuple[str, ...]:
    """Return the names of the tests that a map fails at these thresholds."""
    fails = {
        COMPLETENESS: is_incomplete(sample, limits),
        RANDOMISED_WEIGHTS: is_weight_free(sample, limits),
        DELETION: is_aimed(sample, limits) is False,
    }
    return tuple(test for test, failed in fails.items() if failed)


def undecided_tests(sample: SampleAttribution, limits: Limits) -> tuple[str, ...]:
    """Return the names of the tests that were made and decide nothing, on a map which fails none and has a positive value."""
    if sample.largest is None or failed_tests(sample, limits):
        return ()
    open_tests = {RANDOMISED_WEIGHTS: sample.similarity is None, DELETION: is_aimed(sample, limits) is None}
    return tuple(test for test, undecided in open_tests.items() if undecided and test not in sample.untested)
