"""What becomes a finding about filters: those that add nothing to their layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from reportgen.analyses.filter_grids.results import LEAST_COSINE, FilterGridsResult, FilterStrength
from reportgen.messages import Message, counted, say
from reportgen.results import Advice, Certainty, Finding, Limits, Rule, Severity

WEAK = Rule(
    code="weak-filters",
    meaning=say("filters have almost no weight compared with others of their layer"),
    severity=Severity.WARNING,
    threshold=1e-3,
    unit=say("share of the layer's largest norm"),
    source=say(
        "Li et al., Pruning Filters for Efficient ConvNets, arXiv 1608.08710: filters of small norm can be removed; a "
        "thousandth is reportgen's choice, a warning from a third of the layer on (docs/verdicts.md of reportgen)"
    ),
    follows_from=("non-finite-weights", "constant-kernel"),
    advice=Advice(
        title=say("Filters with almost no weight"),
        why=say("They contribute almost nothing to the output."),
        action=say("Prune them, or train with fewer filters."),
        certainty=Certainty.CHOICE,
    ),
)

WARNED_SHARE = 1 / 3
"""Share of a layer's filters from which weak or copied ones are a warning. In a healthy network that was trained with an L2
penalty a sixteenth of a layer decayed; published layers that nobody calls broken have up to 27 % of dead filters and, where their
rank did not collapse, up to 7 % of copied ones."""


def weak_ones(strength: FilterStrength, limit: float) -> tuple[int, ...]:
    """Return the indices of filters with a norm under this share of the layer's largest, or not over the floor.

    The largest norm and the floor cannot die with the layer, as its median can.
    """
    norms, least = enumerate(strength.norms.tolist()), limit * strength.largest_norm
    return tuple(index for index, norm in norms if norm < least or norm <= strength.floor)


def weak_filters(strength: FilterStrength, limit: float) -> Iterator[Finding]:
    """Yield a finding if a layer has filters with next to no weight."""
    count = len(weak_ones(strength, limit))
    if not count:
        return
    yield WEAK.finding(
        strength.label,
        counted(
            count,
            "{n} of {filters} filters has almost no weight (norm below {limit:g} of the layer's largest, "
            "{largest:.3g}, or near zero)",
            "{n} of {filters} filters have almost no weight (norm below {limit:g} of the layer's largest, "
            "{largest:.3g}, or near zero)",
            filters=strength.filters,
            limit=limit,
            largest=strength.largest_norm,
        ),
        evidence={"weak": count, "filters": strength.filters, "largest_norm": strength.largest_norm},
        threshold=limit,
        severity=None if count >= WARNED_SHARE * strength.filters else Severity.NOTE,
        action=_fewer_action(strength, count),
    )


def _fewer_action(strength: FilterStrength, spare: int) -> Message | None:
    """Return how many filters a layer could have without its spare ones; None where none would be left."""
    if spare >= strength.filters:
        return None
    return counted(
        spare,
        "Remove {n} filter: {layer} could have {left}; measure the accuracy after it.",
        "Remove {n} filters: {layer} could have {left}; measure the accuracy after it.",
        layer=strength.label,
        left=strength.filters - spare,
    )


def _merged_action(strength: FilterStrength, copies: int) -> Message:
    """Return how many filters a layer could have without copies, whose weights in the next layer go to those that stay."""
    return counted(
        copies,
        "Remove {n} filter and add its weights in the next layer to its original's: {layer} could have {left}.",
        "Remove {n} filters and add their weights in the next layer to their originals': {layer} could have {left}.",
        layer=strength.label,
        left=strength.filters - copies,
    )


DUPLICATE = Rule(
    code="duplicate-filters",
    meaning=say("two filters of a layer are nearly the same"),
    severity=Severity.NOTE,
    threshold=0.99,
    unit=say("cosine between two filters"),
    source=say(
        "RoyChowdhury et al., Reducing Duplicate Filters in Deep Neural Networks, NeurIPS 2017 workshop; 0.99 is "
        "reportgen's choice"
    ),
    bounds=(LEAST_COSINE, math.inf),
    follows_from=("constant-kernel",),
    advice=Advice(
        title=say("Duplicate filters"),
        why=say("Copies cost time and memory and add nothing."),
        action=say(
            "Remove one of each pair, adding its weights in the next layer to the other's, or train with fewer filters."
        ),
        certainty=Certainty.CHOICE,
    ),
)


def near_ones(strength: FilterStrength, limit: float) -> tuple[tuple[int, int, float], ...]:
    """Return (first, second, cosine) of each pair of filters with a larger cosine than the limit, `LEAST_COSINE` or more."""
    pairs = zip(*(values.tolist() for values in strength.pairs), strict=True)
    return tuple((first, second, cosine) for first, second, cosine in pairs if cosine > limit)


def duplicate_filters(strength: FilterStrength, limit: float) -> Iterator[Finding]:
    """Yield a finding if a layer has filters that are nearly the same as others."""
    pairs = near_ones(strength, limit)
    if not pairs:
        return
    involved = len({index for first, second, _ in pairs for index in (first, second)})
    copies = len({second for _, second, _ in pairs})  # each is like one before it
    closest = max(cosine for *_, cosine in pairs)
    yield DUPLICATE.finding(
        strength.label,
        say(
            "{involved} of {filters} filters are near-duplicates (cosine up to {closest:.4f}, limit {limit:g})",
            involved=involved,
            filters=strength.filters,
            closest=closest,
            limit=limit,
        ),
        evidence={"involved": involved, "copies": copies, "pairs": len(pairs), "closest": closest},
        threshold=limit,
        severity=Severity.WARNING if copies >= WARNED_SHARE * strength.filters else None,
        action=_merged_action(strength, copies),
    )


RULES = (WEAK, DUPLICATE)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: FilterGridsResult, limits: Limits) -> Iterator[Finding]:
    """Yield layers with weak or near-duplicate filters."""
    for strength in result.strengths:
        yield from weak_filters(strength, limits[WEAK.code])
        yield from duplicate_filters(strength, limits[DUPLICATE.code])


def decided(result: FilterGridsResult, limits: Limits) -> FilterGridsResult:
    """Return the result with the weak filters and the duplicates at these limits, for the page and the JSON."""
    share, cosine = limits[WEAK.code], limits[DUPLICATE.code]
    strengths = tuple(
        replace(strength, weak=weak_ones(strength, share), duplicates=near_ones(strength, cosine))
        for strength in result.strengths
    )
    return replace(result, strengths=strengths, weak_share=share, duplicate_cosine=cosine)
