"""Learned or not: every kernel's statistics among those of fresh draws from its own initialiser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.learned.results import (
    LearnedKernel,
    LearnedResult,
)
from reportgen.analyses.learned.rules import (
    COLLAPSED,
    EXPLODED,
    UNTRAINED,
    collapsed_rank,
    exploded_norm,
    undecided_kernels,
    untrained_layer,
    untrained_model,
)
from reportgen.messages import say
from reportgen.models.weights import (
    STATISTICS,
    LayerKernel,
    ModelComparison,
    NullComparison,
    compare_kernels,
    operator_norm,
)
from reportgen.results.findings import Finding, Inconclusive
from reportgen.results.plottables import NullBands
from reportgen.results.rules import Limits

_DRAWN = 24


class Learned:
    """Places every kernel among fresh draws of its own initialiser."""

    name = "learned"
    title = say("Learned or not")
    rules = (UNTRAINED, COLLAPSED, EXPLODED)

    def run(self, context: AnalysisContext) -> LearnedResult | Skip:
        """Return every kernel's statistics and null band; a skip when no layer has a kernel."""
        if not context.kernels:
            return Skip(say("No layer of this model has a kernel, so there is nothing that could have learned."))
        options, error = context.options, context.limits[UNTRAINED.code]
        compared = compare_kernels(context.kernels, options.redraws, seed=options.seed, error=error)
        inputs = {layer.path: layer.input_shape for layer in context.layers}
        kernels = tuple(
            _learned_kernel(kernel, comparison, compared, inputs)
            for kernel, comparison in zip(context.kernels, compared.kernels, strict=True)
        )
        bands, limit, chance = _bands(kernels, compared.limit), compared.limit, compared.chance
        return LearnedResult(kernels, bands, limit, options.redraws, options.seed, error, chance)

    def findings(self, result: LearnedResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return kernels that did not learn, whose rank collapsed and whose norm exploded."""
        untold = [kernel for kernel in result.kernels if kernel.learned is False]
        undecided = [kernel for kernel in result.kernels if kernel.undecided]
        told = any(kernel.learned for kernel in result.kernels)
        if untold and len(untold) + len(undecided) > 1 and not told:
            yield untrained_model([*untold, *undecided], result)
        else:
            yield from (untrained_layer(kernel) for kernel in untold)
            if undecided:
                yield undecided_kernels(undecided, result)
        for kernel in result.kernels:
            if kernel.rank_share is not None and kernel.rank_share < limits[COLLAPSED.code]:
                yield collapsed_rank(kernel, kernel.rank_share, limits[COLLAPSED.code])
            if kernel.norm_ratio is not None and kernel.norm_ratio > limits[EXPLODED.code]:
                yield exploded_norm(kernel, kernel.norm_ratio, limits[EXPLODED.code])


def _learned_kernel(
    kernel: LayerKernel,
    comparison: NullComparison,
    model: ModelComparison,
    inputs: Mapping[str, tuple[int | None, ...] | None],
) -> LearnedKernel:
    norm, reason = operator_norm(kernel, inputs.get(kernel.path))
    return LearnedKernel(
        label=kernel.label,
        kind=kernel.kind,
        initializer=kernel.initializer_name,
        weights=int(np.prod(kernel.shape)),
        comparison=comparison,
        limit=model.limit,
        operator_norm=norm,
        operator_norm_reason=reason,
        chance=model.chance,
    )


def _bands(kernels: tuple[LearnedKernel, ...], limit: float) -> NullBands:
    known = [i for i, kernel in enumerate(kernels) if kernel.largest_distance is not None]
    nearest = sorted(sorted(known, key=lambda i: kernels[i].largest_distance or 0.0)[:_DRAWN])
    distances = [kernels[i].comparison.distance for i in nearest]
    return NullBands(
        rows=tuple(kernels[i].label for i in nearest),
        columns=STATISTICS,
        distances=np.array(distances).reshape(-1, len(STATISTICS)),
        limit=limit,
    )
