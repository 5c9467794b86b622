"""The rules on depths that lose what tells the classes apart, add nothing to it, or have learned nothing of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from reportgen.analyses.concepts.results import AgainstUntrained, Ahead, ConceptsResult, Separation
from reportgen.measures.intervals import CONFIDENCE, Rate
from reportgen.measures.paired import paired_difference
from reportgen.messages import counted, say
from reportgen.results import BROKEN_WEIGHTS, WRONG_INPUTS, Advice, Certainty, Finding, Limits, Need, Rule, Severity

_SOURCE = say(
    "Alain and Bengio, arXiv 1610.01644, for linear probes; the bound by Newcombe 1998, Statistics in Medicine 17, 2635, with "
    "Bonferroni for the depths; the limit is reportgen's choice"
)

_SEPARATION = Need(
    ("separations",),
    say("Without labels that name classes, and enough samples of each, their separation is unknown."),
)

LOST = Rule(
    code="separation-lost",
    meaning=say("a depth certainly tells fewer samples' classes than the one before, and no later one regains them"),
    severity=Severity.NOTE,
    threshold=0.01,
    unit=say("share of the samples whose class is told before and not after, net"),
    bounds=(0.0, 1.0),
    source=_SOURCE,
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS),
    needs=(_SEPARATION,),
    advice=Advice(
        title=say("A layer loses what tells classes apart"),
        why=say("What is lost there is missing from all later layers, however they are trained."),
        action=say("Make that layer wider or its stride smaller, then train again."),
        certainty=Certainty.TEST,
    ),
)
NO_GAIN = Rule(
    code="depth-without-gain",
    meaning=say("from a depth on, two layers or more certainly do not tell the classes better"),
    severity=Severity.NOTE,
    threshold=0.05,
    unit=say("share of the samples whose class is told after and not before, net"),
    bounds=(0.0, 1.0),
    source=_SOURCE,
    follows_from=(LOST.code, "no-better-than-untrained", *BROKEN_WEIGHTS, *WRONG_INPUTS),
    needs=(_SEPARATION,),
    advice=Advice(
        title=say("Layers that add nothing"),
        why=say("The same accuracy may come from fewer layers, with less time and memory."),
        action=say("Train a network that ends after this layer, and compare."),
        certainty=Certainty.TEST,
    ),
)

UNTRAINED = Rule(
    code="no-better-than-untrained",
    meaning=say("the last layers tell the classes certainly no better than those of an untrained network"),
    severity=Severity.WARNING,
    threshold=0.15,
    unit=say("share of the untrained network's errors that training must avoid"),
    bounds=(0.0, 1.0),
    source=say(
        "Saxe et al., ICML 2011, 1089, for what random weights tell; the best of three draws; the upper bound of the gain by "
        "Newcombe 1998, Statistics in Medicine 17, 2635, with Bonferroni for the two readings; the limit was chosen on healthy "
        "networks (docs/verdicts.md of reportgen)"
    ),
    follows_from=(*BROKEN_WEIGHTS, *WRONG_INPUTS),
    needs=(_SEPARATION, Need(("separations.untrained",), say("No untrained network was run for comparison."))),
    advice=Advice(
        title=say("Training has not improved the layers"),
        why=say("Random weights tell the classes as well, so the layers hold nothing that was learned for this task."),
        action=say("Check that the training labels belong to their samples and the loss falls, then train again."),
        certainty=Certainty.TEST,
    ),
)

RULES = (UNTRAINED, LOST, NO_GAIN)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: ConceptsResult, limits: Limits) -> Iterator[Finding]:
    """Yield that training has not helped, and the first depth that loses what no later one regains.

    Without one, it is the first after which nothing is gained.

    The linear probe alone tells of a loss; of a gain the nearest class mean too.
    """
    depths = result.separations
    if depths:
        yield from _no_better(depths[-1], limits[UNTRAINED.code])
    gains = [_most_gained(one, len(depths) - 1) for one in depths[:-1]]
    lost = [place for place, (_, probe) in enumerate(gains) if -probe > limits[LOST.code]]
    idle = [
        place for place, gain in enumerate(gains) if max(gain) < limits[NO_GAIN.code] and 0 < place < len(gains) - 1
    ]
    if lost:
        yield _lost(depths, lost[0], -gains[lost[0]][1], limits[LOST.code])
    elif idle:
        yield _without_gain(depths, idle[0], max(gains[idle[0]]), limits[NO_GAIN.code])


def _no_better(last: Separation, limit: float) -> Iterator[Finding]:
    """Yield that neither reading of the last depth avoids more than this share of the errors that untrained weights leave.

    Where even these tell nothing, labels that belong to other samples are as likely, and nothing is said.
    """
    if last.untrained is None or last.untrained.probe.untrained.low <= last.untrained.majority:
        return
    most = max(_most_avoided(last.untrained.centroid), _most_avoided(last.untrained.probe))
    if most >= limit:
        return
    probe = last.untrained.probe
    message = say(
        "a linear probe gets {trained:.0%} of {samples} right, with untrained weights {untrained:.0%}: {most:.0%} of the errors "
        "avoided at most (limit {limit:.0%})",
        trained=probe.trained.value,
        samples=counted(probe.trained.trials, "{n} sample", "{n} samples"),
        untrained=probe.untrained.value,
        most=max(most, 0.0),
        limit=limit,
    )
    evidence = {"trained": probe.trained.value, "untrained": probe.untrained.value, "avoided_at_most": most}
    yield UNTRAINED.finding(last.name, message, evidence=evidence, threshold=limit)


def _most_avoided(one: AgainstUntrained) -> float:
    """Return the share of the errors without training that it avoids at the most; infinite where there are none to avoid."""
    before = one.untrained
    confidence = 1 - (1 - CONFIDENCE) / 2
    most = paired_difference(before.successes, one.gained, one.lost, before.trials, confidence=confidence)[1]
    return most / (1 - before.value) if before.value < 1 else math.inf


def _most_gained(one: Separation, depths: int) -> tuple[float, float]:
    """Return how much the best later depth gains at the most, by the nearest class mean and by the probe, in [-1, 1].

    Args:
        one: a depth that others follow.
        depths: number of depths judged at once.
    """
    confidence = 1 - (1 - CONFIDENCE) / (2 * depths)

    def bound(rate: Rate, after: Ahead | None) -> float:
        gained, lost = (0, 0) if after is None else (after.gained, after.lost)
        return paired_difference(rate.successes, gained, lost, rate.trials, confidence=confidence)[1]

    return bound(one.centroid, one.after_by_centroid), bound(one.probe, one.after_by_probe)


def _after(one: Separation) -> float:
    """Return the accuracy of the linear probe at the best later depth."""
    ahead, rate = one.after_by_probe, one.probe
    return rate.value if ahead is None else (rate.successes + ahead.gained - ahead.lost) / rate.trials


def _lost(depths: Sequence[Separation], place: int, least: float, limit: float) -> Finding:
    one = depths[place]
    message = say(
        "a linear probe gets {before:.0%} of {samples} right before it, from it on {after:.0%} at best: at least {least:.1%} "
        "lost (limit {limit:.1%})",
        before=one.probe.value,
        samples=counted(one.probe.trials, "{n} sample", "{n} samples"),
        after=_after(one),
        least=least,
        limit=limit,
    )
    evidence = {"before": one.probe.value, "after": _after(one), "lost_at_least": least}
    return LOST.finding(depths[place + 1].name, message, evidence=evidence, threshold=limit)


def _without_gain(depths: Sequence[Separation], place: int, most: float, limit: float) -> Finding:
    one = depths[place]
    message = say(
        "a linear probe gets {here:.0%} of {samples} right, at {later} behind it {after:.0%} at best: at most {most:.1%} "
        "gained (limit {limit:.1%})",
        here=one.probe.value,
        samples=counted(one.probe.trials, "{n} sample", "{n} samples"),
        later=counted(len(depths) - 1 - place, "{n} depth", "{n} depths"),
        after=_after(one),
        most=most,
        limit=limit,
    )
    evidence = {
        "here": one.probe.value,
        "after": _after(one),
        "gained_at_most": most,
        "later": len(depths) - 1 - place,
    }
    return NO_GAIN.finding(one.name, message, evidence=evidence, threshold=limit)
