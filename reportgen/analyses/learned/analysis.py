"""Learned or not: every kernel's statistics among those of fresh draws from its own initialiser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from reportgen.analyses.base import NO_WEIGHTS, AnalysisContext, Skip
from reportgen.analyses.learned.results import LearnedKernel, LearnedResult
from reportgen.analyses.learned.rules import RULES, UNTRAINED, findings
from reportgen.measures.effort import QUICK, STANDARD
from reportgen.messages import say
from reportgen.models.weights import (
    FEW_ENTRIES,
    MOST_ENTRIES,
    NORM,
    SOME_ENTRIES,
    STATISTICS,
    LayerKernel,
    NullComparison,
    compare_kernels,
    operator_norm,
    support_of,
)
from reportgen.results import Finding, Inconclusive, Limits, NullBands

_SCALES = ("gamma", "beta", "scale", "offset")  # of normalisations
_ENTRIES = {QUICK: FEW_ENTRIES, STANDARD: SOME_ENTRIES, "full": MOST_ENTRIES}  # of an operator norm's search
_DRAWN = 24  # rows of the figure: the kernels nearest to their initialiser


class Learned:
    """Places every kernel among fresh draws of its own initialiser."""

    name = "learned"
    title = say("Learned or not")
    rules = RULES

    def run(self, context: AnalysisContext) -> LearnedResult | Skip:
        """Return every kernel's statistics and null band; a skip when no layer has a kernel."""
        if not context.kernels:
            none = say("No layer of this model has a kernel, so nothing can have been trained.")
            return Skip(none if context.has_weights else NO_WEIGHTS)
        options = context.options
        compared = compare_kernels(context.kernels, options.redraws, seed=options.seed, error=UNTRAINED.threshold)
        inputs = {layer.path: layer.input_shape for layer in context.layers}
        kernels = tuple(
            _learned_kernel(kernel, comparison, inputs, context)
            for kernel, comparison in zip(context.kernels, compared.kernels, strict=True)
        )
        result = LearnedResult(
            kernels=kernels, bands=_bands(kernels), redraws=options.redraws, seed=options.seed, alone=compared.alone
        )
        return result.at(context.limits[UNTRAINED.code])

    def findings(self, result: LearnedResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return kernels that are as initialised, whose rank collapsed and whose norm exploded."""
        return findings(result, limits)


def _learned_kernel(
    kernel: LayerKernel,
    comparison: NullComparison,
    inputs: Mapping[str, tuple[int | None, ...] | None],
    context: AnalysisContext,
) -> LearnedKernel:
    weights = math.prod(kernel.shape)
    norm, reason = operator_norm(
        kernel,
        inputs.get(kernel.path),
        most=_ENTRIES[context.options.effort or STANDARD],
        spectral=float(comparison.value[NORM]) if comparison.compared == weights else None,
    )
    biases, moved = _beginnings(kernel.path, context)
    return LearnedKernel(
        label=kernel.label,
        kind=kernel.kind,
        initializer=kernel.initializer_name,
        weights=weights,
        comparison=comparison,
        support=support_of(kernel),
        biases=biases,
        moved=moved,
        normalised=context.normalised.get(kernel.path, ""),
        operator_norm=norm,
        operator_norm_reason=reason,
    )


def _beginnings(path: str, context: AnalysisContext) -> tuple[int, int | None]:
    """Return how many values beside a kernel begin as constants, and how many have moved, or None where they tell nothing.

    They are the layer's own bias, or without one scale and offset of the normalisation behind it.
    """
    own = [one for one in context.variables if one.path == path and one.moved is not None and one.name == "bias"]
    if own:
        return sum(one.values for one in own), sum(one.moved or 0 for one in own)
    behind = context.normalised.get(path)
    values = [one for one in context.variables if one.path == behind and one.moved is not None and one.name in _SCALES]
    # a kernel may be frozen in front of a normalisation that is trained
    untouched = bool(values) and not any(one.moved for one in values)
    return sum(one.values for one in values), 0 if untouched else None


def _bands(kernels: tuple[LearnedKernel, ...]) -> NullBands:
    known = [i for i, kernel in enumerate(kernels) if kernel.largest_distance is not None]
    nearest = sorted(sorted(known, key=lambda i: kernels[i].largest_distance or 0.0)[:_DRAWN])
    distances = [kernels[i].comparison.distance for i in nearest]
    return NullBands(
        rows=tuple(kernels[i].label for i in nearest),
        columns=STATISTICS,
        distances=np.array(distances).reshape(-1, len(STATISTICS)),
        limit=math.nan,
    )
