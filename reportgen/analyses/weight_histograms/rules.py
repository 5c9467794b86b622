"""What becomes a finding about weights: values that are no numbers, and kernels that do not vary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.analyses.weight_histograms.results import DamagedVariable, KernelWeights, WeightHistogramsResult
from reportgen.messages import counted, say
from reportgen.results import Finding, Limits, Rule, Severity

NON_FINITE = Rule(
    code="non-finite-weights",
    meaning=say("a kernel, bias or any other stored variable holds NaN or infinite values"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("values of a variable"),
    source=say("IEEE 754: every output that depends on such a value is NaN or infinite"),
)


def non_finite_weights(
    kernels: Sequence[KernelWeights], damaged: Sequence[DamagedVariable], limit: float
) -> Iterator[Finding]:
    """Yield a finding for each kernel, then for each other variable, with more NaN or infinite values than the limit."""
    counts = [(one.label, one.non_finite, one.non_finite + one.trained.count) for one in kernels]
    counts += [(one.label, one.non_finite, one.values) for one in damaged]
    for label, count, total in counts:
        if count > limit:
            yield NON_FINITE.finding(
                label,
                counted(
                    count,
                    "{n} of {total} values is NaN or infinite (limit {limit:g})",
                    "{n} of {total} values are NaN or infinite (limit {limit:g})",
                    total=total,
                    limit=limit,
                ),
                evidence={"non_finite": count, "weights": total},
                threshold=limit,
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


def constant_kernels(kernels: Sequence[KernelWeights], limit: float) -> Iterator[Finding]:
    """Yield a finding for each kernel, of those without NaN or infinite weights, whose weights span at most the limit."""
    for kernel in kernels:
        weights = kernel.trained
        if kernel.non_finite or weights.count <= 1 or weights.maximum - weights.minimum > limit:
            continue
        zero = weights.minimum == weights.maximum == 0
        yield CONSTANT.finding(
            kernel.label,
            say("all {count} weights are zero (limit: a difference of {limit:g})", count=weights.count, limit=limit)
            if zero
            else say(
                "all {count} weights are from {low:.4g} to {high:.4g} (limit: a difference of {limit:g})",
                count=weights.count,
                low=weights.minimum,
                high=weights.maximum,
                limit=limit,
            ),
            evidence={"weights": weights.count, "minimum": weights.minimum, "maximum": weights.maximum},
            threshold=limit,
        )


RULES = (NON_FINITE, CONSTANT)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: WeightHistogramsResult, limits: Limits) -> Iterator[Finding]:
    """Yield kernels and other variables with NaN or infinite values, and kernels without any variation."""
    yield from non_finite_weights(result.kernels, result.damaged, limits[NON_FINITE.code])
    yield from constant_kernels(result.kernels, limits[CONSTANT.code])
