"""Learned or not: every kernel's statistics among those of fresh draws from its own initialiser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.parts.learned_rules import (
    COLLAPSED,
    EXPLODED,
    NORM,
    RANK,
    UNTRAINED,
    collapsed_rank,
    exploded_norm,
    undecided_kernels,
    untrained_layer,
    untrained_model,
)
from reportgen.messages import say
from reportgen.models.chance import ModelComparison, compare_kernels
from reportgen.models.kernel_statistics import STATISTICS
from reportgen.models.kernels import LayerKernel
from reportgen.models.null_comparison import NullComparison, operator_norm
from reportgen.plottables import NullBands
from reportgen.results import Finding, Inconclusive
from reportgen.rules import Limits

FEWEST_WEIGHTS = 40
"""A kernel with fewer weights is never called untrained: its standard deviation scatters by 1 / sqrt(2 n), so that half of
its spread could be gone within 4.5 null deviations. Source: standard error of a normal sample's standard deviation."""

_DRAWN = 24
_SMALLEST_NULL_RANK = 2.0  # a kernel with one filter has rank 1 from the start


@dataclass(frozen=True)
class LearnedKernel:
    """One kernel and its null band.

    Attributes:
        label: the layer's path, with the weight's name where a layer has several kernels.
        kind: 'convolution', 'transposed', 'depthwise' or 'dense'.
        initializer: class name, or None.
        weights: of the whole kernel.
        comparison: its statistics beside those of the draws.
        limit: distance beyond which it has learned.
        operator_norm: of a convolution on its input's size, or None.
        operator_norm_reason: why there is none, or ''.
        chance: distance up to which chance explains every statistic; between it and the limit nothing is decided.
    """

    label: str
    kind: str
    initializer: str | None
    weights: int
    comparison: NullComparison
    limit: float
    operator_norm: float | None
    operator_norm_reason: str
    chance: float

    @property
    def furthest(self) -> int | None:
        """Index of the statistic that stands furthest out, or None without draws."""
        distances = np.abs(self.comparison.distance)
        return None if np.isnan(distances).all() else int(np.nanargmax(distances))

    @property
    def largest_distance(self) -> float | None:
        """Of any statistic, in null standard deviations, not negative; None without draws."""
        return None if self.furthest is None else abs(float(self.comparison.distance[self.furthest]))

    @property
    def learned(self) -> bool | None:
        """Whether it has learned; None without draws, where too few weights lie within the band, and where undecided."""
        if self.largest_distance is None:
            return None
        if self.largest_distance > self.limit:
            return True
        return None if self.undecided or self.comparison.compared < FEWEST_WEIGHTS else False

    @property
    def undecided(self) -> bool:
        """Whether it stands further out than chance alone reaches, and not far enough to be sure."""
        distance = self.largest_distance
        few = self.comparison.compared < FEWEST_WEIGHTS
        return distance is not None and self.chance < distance <= self.limit and not few

    @property
    def norm_ratio(self) -> float | None:
        """Spectral norm in multiples of the draws' mean; None without draws or with draws of zeros."""
        mean = float(self.comparison.mean[NORM])
        return float(self.comparison.value[NORM]) / mean if mean > 0 else None

    @property
    def rank_share(self) -> float | None:
        """Stable rank above 1 as a share of the draws'; None for depthwise kernels, and where draws have under 2."""
        mean, value = float(self.comparison.mean[RANK]), float(self.comparison.value[RANK])
        if self.kind == "depthwise" or not mean >= _SMALLEST_NULL_RANK or np.isnan(value):
            return None
        return (value - 1) / (mean - 1)


@dataclass(frozen=True)
class LearnedResult:
    """All kernels in the order of the layers.

    Attributes:
        kernels: every one.
        bands: the distances of those nearest to their initialiser, in the order of the layers.
        limit: the band, in null standard deviations: further out a kernel has learned.
        chance: how far chance alone reaches; within it a kernel is as initialised.
        redraws: of each kernel at least.
        seed: of the draws.
        error: chance that the rule allows.
        statistics: names, in the order of every array of statistics.
    """

    kernels: tuple[LearnedKernel, ...]
    bands: NullBands
    limit: float
    redraws: int
    seed: int
    error: float
    chance: float
    statistics: tuple[str, ...] = STATISTICS

    @property
    def most_redraws(self) -> int:
        """Largest number of draws of any kernel."""
        return max((kernel.comparison.redraws for kernel in self.kernels), default=self.redraws) or self.redraws


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
