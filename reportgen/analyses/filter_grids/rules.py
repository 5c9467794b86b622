"""What is said of filters that add nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.messages import counted, say
from reportgen.results.findings import Finding, Severity
from reportgen.results.rules import Rule

if TYPE_CHECKING:
    from reportgen.analyses.filter_grids.results import FilterStrength

WEAK = Rule(
    code="weak-filters",
    meaning=say("filters have next to no weight beside the others of their layer"),
    severity=Severity.WARNING,
    threshold=1e-3,
    unit=say("share of the layer's median norm"),
    source=say(
        "Li et al., Pruning Filters for Efficient ConvNets, arXiv 1608.08710: filters of small norm can be removed; a "
        "thousandth is reportgen's choice"
    ),
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
)


def weak_filters(strength: FilterStrength, limit: float) -> Finding:
    """Return the finding on a layer's filters with next to no weight."""
    return WEAK.finding(
        strength.label,
        counted(
            len(strength.weak),
            "{n} of {filters} filters has a norm under {limit:g} of the layer's median {median:.3g}: it passes on next to "
            "nothing",
            "{n} of {filters} filters have a norm under {limit:g} of the layer's median {median:.3g}: they pass on next to "
            "nothing",
            filters=strength.filters,
            limit=limit,
            median=strength.median_norm,
        ),
        evidence={"weak": len(strength.weak), "filters": strength.filters, "median_norm": strength.median_norm},
        threshold=limit,
    )


def duplicate_filters(strength: FilterStrength, limit: float) -> Finding:
    """Return the finding on a layer's filters that are nearly the same as others."""
    involved = len({index for first, second, _ in strength.duplicates for index in (first, second)})
    closest = max(cosine for *_, cosine in strength.duplicates)
    return DUPLICATE.finding(
        strength.label,
        say(
            "{involved} of {filters} filters are near-duplicates of another: cosine up to {closest:.4f} (limit {limit:g})",
            involved=involved,
            filters=strength.filters,
            closest=closest,
            limit=limit,
        ),
        evidence={"involved": involved, "pairs": len(strength.duplicates), "closest": closest},
        threshold=limit,
    )
