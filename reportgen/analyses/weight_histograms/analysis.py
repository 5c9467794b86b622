"""Weights: the distribution of each kernel beside a fresh draw from its own initialiser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import NO_WEIGHTS, AnalysisContext, Skip
from reportgen.analyses.weight_histograms.results import (
    MOST_LEVELS,
    DamagedVariable,
    KernelWeights,
    WeightHistogramsResult,
    WeightStatistics,
)
from reportgen.analyses.weight_histograms.rules import NON_FINITE, RULES, findings, non_finite_weights
from reportgen.measures.distributions import histogram_of, ks_distance
from reportgen.messages import say
from reportgen.models.weights import LayerKernel, WeightMoments, few_levels, initial_weights, weight_moments
from reportgen.results import Finding, Histogram, Limits

FIGURES = 16
"""Kernels with a full histogram, unless more than these are shown in detail: each costs the page 5 kB. The others keep their
small drawing and their numbers."""

_WEIGHTS_FOR_A_LEVEL = 4  # at least, weights that are not zero: with fewer, values seem few by themselves
_MOST_COMPARED = 100_000  # weights of a kernel that its distance is computed from
_MOST_DRAWN = 2**20
"""Weights drawn beside a larger kernel whose initialiser draws each by itself: a bin's share is known within 0.1 points."""


class WeightHistograms:
    """Compares the weights of every kernel with what its initialiser would give."""

    name = "weight_histograms"
    title = say("Weights")
    rules = RULES

    def run(self, context: AnalysisContext) -> WeightHistogramsResult | Skip:
        """Return one histogram for each kernel; a skip when no layer has a kernel."""
        if not context.kernels:
            none = say("No layer of this model has a kernel, so there are no weights to show.")
            reason = none if context.has_weights else NO_WEIGHTS
            return Skip(reason, tuple(non_finite_weights((), _damaged(context), context.limits[NON_FINITE.code])))
        kernels = [_compare(kernel, context.options.seed, context.options.bins) for kernel in context.kernels]
        first = next((kernel for kernel in kernels if kernel.is_spatial), kernels[0])
        detailed = {kernel.label for kernel in context.kernels if kernel.path in context.shown}
        drawn = drawn_kernels(kernels, {first.label, kernels[-1].label, *detailed})
        others = tuple(replace(each, drawn=each.label in drawn) for each in kernels if each is not first)
        return WeightHistogramsResult(
            first=first,
            others=others,
            seed=context.options.seed,
            variables=len(context.variables),
            damaged=_damaged(context),
        )

    def findings(self, result: WeightHistogramsResult, limits: Limits) -> Iterable[Finding]:
        """Return kernels and other variables with NaN or infinite values, and kernels without any variation."""
        return findings(result, limits)


def drawn_kernels(kernels: Sequence[KernelWeights], wanted: Set[str]) -> set[str]:
    """Return the labels of the kernels with a full histogram: all of up to 16.

    Of more, those that are wanted, and up to 16 in all of those with NaN or infinite weights, then of those whose weights are
    nearest to their untrained draw.

    Args:
        kernels: all of the model, in order.
        wanted: labels of those that have one in any case.
    """
    others = [kernel for kernel in kernels if kernel.label not in wanted]
    others.sort(key=lambda kernel: (not kernel.non_finite, math.inf if kernel.distance is None else kernel.distance))
    return {*wanted, *(kernel.label for kernel in others[: max(FIGURES - len(wanted), 0)])}


def _compare(kernel: LayerKernel, seed: int, bins: int) -> KernelWeights:
    values = kernel.values().reshape(-1)
    moments = kernel.moments
    trained = values[np.isfinite(values)] if moments.non_finite else values
    untrained = initial_weights(kernel, seed=seed, most=_MOST_DRAWN)
    distance = None
    if untrained is not None and len(trained):
        distance = ks_distance(_at_most(trained), _at_most(untrained))
    return KernelWeights(
        label=kernel.label,
        is_spatial=kernel.is_spatial,
        initializer=kernel.initializer_name,
        histogram=_histogram(trained, untrained, len(values), bins),
        trained=weight_statistics(moments),
        untrained=None if untrained is None else weight_statistics(weight_moments(untrained)),
        non_finite=moments.non_finite,
        distance=distance,
        zeros=moments.zeros,
        levels=None if moments.non_finite else _levels(kernel, values),
    )


def _levels(kernel: LayerKernel, values: np.ndarray) -> int | None:
    """Return how many different weights a kernel has, or the most in any filter; None for many, and for few weights."""
    filters = kernel.by_filter(values.reshape(kernel.shape))
    fewest = []
    for parts in ([values], filters):
        most = 0
        for part in parts:
            levels = few_levels(part, MOST_LEVELS)
            if levels is None or np.count_nonzero(part) < _WEIGHTS_FOR_A_LEVEL * len(levels):
                break
            most = max(most, len(levels))
        else:
            fewest.append(most)
    return min(fewest, default=None)


def _at_most(values: np.ndarray) -> np.ndarray:
    """Return all of up to 100,000 weights, of more each so-manieth, from all filters alike."""
    # Sorting tens of millions of weights would take longer than all else and change the third decimal at the most.
    step = -(-len(values) // _MOST_COMPARED)
    while math.gcd(step, len(values)) > 1:  # a common factor would pass over whole filters
        step += 1
    return values[::step]


def _histogram(trained: np.ndarray, untrained: np.ndarray | None, weights: int, bins: int) -> Histogram:
    """Return the histogram of both, the draw counted as often as it stands for weights of the kernel."""
    name = say("untrained")
    if untrained is None:
        return histogram_of({say("trained"): trained}, bins)
    return histogram_of({say("trained"): trained, name: untrained}, bins, stands_for={name: weights})


def weight_statistics(moments: WeightMoments) -> WeightStatistics:
    """Return the statistics of some weights; NaN for all of them when none is finite."""
    count = moments.count
    return WeightStatistics(
        count=count,
        mean=moments.mean,
        standard_deviation=math.sqrt(moments.variance),
        minimum=moments.minimum,
        maximum=moments.maximum,
        near_zero=moments.near_zero / count if count else math.nan,
    )


def _damaged(context: AnalysisContext) -> tuple[DamagedVariable, ...]:
    found = (variable for variable in context.variables if variable.non_finite)
    return tuple(DamagedVariable(one.label, one.values, one.non_finite) for one in found)
