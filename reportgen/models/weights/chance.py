"""All kernels of a model against fresh draws of their initialisers, and how far chance alone reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.models.weights.kernel_statistics import MARGIN, chance_bound
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.null_comparison import NullComparison, compare_with_redraws

MOST_REDRAWS = 200
"""Of a kernel near its initialiser. From 20 draws the bound on chance lies anywhere from 3.6 to 7.7 null deviations, from 200
between 3.1 and 3.6 (5 kernels of 40 to 250 weights, 3 initialisers, 200 seeds each)."""

_MOST_DRAWN = 4_000_000  # weights of all draws of one kernel near its initialiser
_FAR = 3.0  # times chance in the first draws: more of them would change nothing


@dataclass(frozen=True)
class ModelComparison:
    """The kernels of a model among their draws.

    Attributes:
        kernels: in their order.
        chance: distance up to which chance explains every statistic of the model.
        limit: distance beyond which a kernel has learned; between the two it is not decided.
    """

    kernels: tuple[NullComparison, ...]
    chance: float
    limit: float


def compare_kernels(kernels: Sequence[LayerKernel], redraws: int, *, seed: int, error: float) -> ModelComparison:
    """Return all kernels beside fresh draws; those near their initialiser beside up to 200, where these are cheap.

    Args:
        kernels: of one model.
        redraws: of each kernel at least, 3 or more.
        seed: the report's seed.
        error: chance that any kernel stands beyond chance although none has learned.
    """
    first = [compare_with_redraws(kernel, redraws, seed=seed) for kernel in kernels]
    bound = _bound(first, redraws, tested=_tested(first), error=error)
    near = [_furthest(comparison) <= _FAR * bound for comparison, _ in first]
    compared = [
        compare_with_redraws(kernel, count, seed=seed)
        if again and (count := _redraws(one[0], redraws)) > redraws
        else one
        for kernel, one, again in zip(kernels, first, near, strict=True)
    ]
    judged = [one for one, again in zip(compared, near, strict=True) if again]
    by_count: dict[int, list[tuple[NullComparison, np.ndarray]]] = {}
    for one in judged:
        by_count.setdefault(one[0].redraws, []).append(one)
    bounds = [
        _bound(alike, count, tested=_tested(compared), error=error / len(by_count)) for count, alike in by_count.items()
    ]
    chance = max(bounds, default=bound)
    return ModelComparison(tuple(comparison for comparison, _ in compared), chance, MARGIN * chance)


def _redraws(comparison: NullComparison, least: int) -> int:
    return max(least, min(MOST_REDRAWS, _MOST_DRAWN // comparison.compared))


def _furthest(comparison: NullComparison) -> float:
    """Return the largest distance of any statistic; infinite without draws."""
    distances = np.abs(comparison.distance)
    return math.inf if np.isnan(distances).all() else float(np.nanmax(distances))


def _tested(compared: Sequence[tuple[NullComparison, np.ndarray]]) -> int:
    return sum(int(np.isfinite(distances[0]).sum()) for _, distances in compared if len(distances))


def _bound(compared: Sequence[tuple[NullComparison, np.ndarray]], count: int, *, tested: int, error: float) -> float:
    return chance_bound([distances for _, distances in compared if len(distances)], count, tested=tested, error=error)
