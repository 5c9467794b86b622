"""What becomes a finding about weights: values that are no numbers, kernels that do not vary, zeros and few values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.analyses.weight_histograms.results import DamagedVariable, KernelWeights, WeightHistogramsResult
from reportgen.messages import counted, first_of, say
from reportgen.results import Advice, Certainty, Finding, Limits, Rule, Severity

NON_FINITE = Rule(
    code="non-finite-weights",
    meaning=say("a kernel, bias or any other stored variable holds NaN or infinite values"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("values of a variable"),
    source=say("IEEE 754: every output computed from such a value is NaN or infinite"),
    advice=Advice(
        title=say("NaN or infinite weights"),
        why=say("Every output that depends on them is NaN or infinite."),
        action=say("Load an earlier checkpoint; check for a diverged loss or an overflow in half precision."),
        certainty=Certainty.FACT,
    ),
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
    meaning=say("all weights of a kernel are equal, so all its filters compute the same"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("difference between the largest and the smallest weight"),
    source=say(
        "Goodfellow, Bengio and Courville, Deep Learning (2016), section 8.4: units that begin alike stay alike"
    ),
    advice=Advice(
        title=say("Constant kernel"),
        why=say("All filters of the layer compute the same, so it passes nothing on."),
        action=say("Check that the weights were loaded and that no mask or constraint fixed them."),
        certainty=Certainty.FACT,
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
                "all {count} weights lie between {low:.4g} and {high:.4g} (limit: a difference of {limit:g})",
                count=weights.count,
                low=weights.minimum,
                high=weights.maximum,
                limit=limit,
            ),
            evidence={"weights": weights.count, "minimum": weights.minimum, "maximum": weights.maximum},
            threshold=limit,
        )


SPARSE = Rule(
    code="sparse-weights",
    meaning=say("a share of the weights is exactly zero, which gradient training alone does not produce"),
    severity=Severity.NOTE,
    threshold=0.1,
    unit=say("share of the weights of all kernels that vary"),
    source=say("worth knowing, for instance after pruning; a tenth is reportgen's choice"),
    bounds=(0.0, 1.0),
    advice=Advice(
        title=say("Sparse weights"),
        why=say("A pruned model can be smaller and faster; measure its accuracy after pruning."),
        action=say("If you did not prune the model, find out what set these weights to zero."),
        certainty=Certainty.FACT,
    ),
)

COARSE = Rule(
    code="coarse-weights",
    meaning=say("kernels have only a handful of different weights, as after four-bit rounding"),
    severity=Severity.NOTE,
    threshold=15,
    unit=say("different weights in a kernel or in each of its filters"),
    source=say("worth knowing, for instance after quantisation; signed four-bit numbers have 15 values around zero"),
    advice=Advice(
        title=say("Quantised weights"),
        why=say("Rounded weights can cost accuracy; measure it after rounding."),
        action=say("If you did not quantise the model, find out what rounded it."),
        certainty=Certainty.FACT,
    ),
)


def stored_weights(kernels: Sequence[KernelWeights], *, zeros: float, levels: float) -> Iterator[Finding]:
    """Yield what is to be known of how the model's weights are stored: that many are zero, that they have few values.

    Args:
        kernels: all kernels; those whose weights are all alike are another rule's.
        zeros: share of zeros from which it is said.
        levels: number of different weights up to which it is said.
    """
    varied = [one for one in kernels if one.trained.count > 1 and one.trained.maximum > one.trained.minimum]
    total, zero = sum(one.trained.count for one in varied), sum(one.zeros for one in varied)
    if total and zero / total >= zeros > 0:
        yield SPARSE.finding(
            say("model"),
            say(
                "{zero} of {total} weights of the kernels are exactly zero ({share:.1%}, limit {limit:.0%})",
                zero=zero,
                total=total,
                share=zero / total,
                limit=zeros,
            ),
            evidence={"zero": zero, "weights": total, "share": zero / total},
            threshold=zeros,
        )
    coarse = [one for one in varied if one.levels is not None and one.levels <= levels]
    if coarse:
        most = max(one.levels or 0 for one in coarse)
        yield COARSE.finding(
            say("model"),
            counted(
                len(coarse),
                "{n} of {kernels} kernels has at most {most} different weights (limit {limit:g}): {names}",
                "{n} of {kernels} kernels have at most {most} different weights each (limit {limit:g}): {names}",
                kernels=len(kernels),
                most=most,
                limit=levels,
                names=first_of([one.label for one in coarse], _NAMED),
            ),
            evidence={"kernels": len(coarse), "levels": most},
            threshold=levels,
        )


_NAMED = 4  # kernels in one sentence

RULES = (NON_FINITE, CONSTANT, SPARSE, COARSE)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: WeightHistogramsResult, limits: Limits) -> Iterator[Finding]:
    """Yield kernels and other variables with NaN or infinite values, kernels without any variation, zeros and few values."""
    yield from non_finite_weights(result.kernels, result.damaged, limits[NON_FINITE.code])
    yield from constant_kernels(result.kernels, limits[CONSTANT.code])
    yield from stored_weights(result.kernels, zeros=limits[SPARSE.code], levels=limits[COARSE.code])
