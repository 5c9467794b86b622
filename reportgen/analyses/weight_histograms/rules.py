"""What is said of weights that are no numbers, or all the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reportgen.messages import counted, say
from reportgen.results.findings import Finding, Severity
from reportgen.results.rules import Rule

if TYPE_CHECKING:
    from reportgen.analyses.weight_histograms.results import DamagedVariable, KernelWeights

NON_FINITE = Rule(
    code="non-finite-weights",
    meaning=say("a kernel, bias or any other stored variable holds NaN or infinite values"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("values of a variable"),
    source=say("IEEE 754: every output that depends on such a value is NaN or infinite"),
)
CONSTANT = Rule(
    code="constant-kernel",
    meaning=say("all weights of a kernel are zero, or have the same value, so that all of its filters give the same"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("difference between the largest and the smallest weight"),
    source=say(
        "Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4: units that begin alike stay alike"
    ),
)


def is_constant(kernel: KernelWeights, spread: float) -> bool:
    """Return whether all weights of a kernel without NaN lie within a spread."""
    weights = kernel.trained
    return not kernel.non_finite and weights.count > 1 and weights.maximum - weights.minimum <= spread


def constant_kernel(kernel: KernelWeights, spread: float) -> Finding:
    """Return the finding on a kernel whose weights do not vary."""
    weights = kernel.trained
    zero = weights.minimum == weights.maximum == 0
    return CONSTANT.finding(
        kernel.label,
        say("all {count} weights are zero (limit: a difference of {limit:g})", count=weights.count, limit=spread)
        if zero
        else say(
            "all {count} weights are from {low:.4g} to {high:.4g} (limit: a difference of {limit:g})",
            count=weights.count,
            low=weights.minimum,
            high=weights.maximum,
            limit=spread,
        ),
        evidence={"weights": weights.count, "minimum": weights.minimum, "maximum": weights.maximum},
        threshold=spread,
    )


def damaged_variables(damaged: Iterable[DamagedVariable], allowed: float) -> Iterable[Finding]:
    """Return the findings on variables beside the kernels."""
    return (
        non_finite_values(one.label, one.non_finite, one.values, allowed) for one in damaged if one.non_finite > allowed
    )


def non_finite_values(label: str, count: int, total: int, allowed: float) -> Finding:
    """Return the finding on so many NaN or infinite values of a variable."""
    return NON_FINITE.finding(
        label,
        counted(
            count,
            "{n} of {total} values is NaN or infinite (limit {limit:g})",
            "{n} of {total} values are NaN or infinite (limit {limit:g})",
            total=total,
            limit=allowed,
        ),
        evidence={"non_finite": count, "weights": total},
        threshold=allowed,
    )
