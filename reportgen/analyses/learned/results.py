"""What is said of kernels and their initialisers, in numbers and plottables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from reportgen.models.weights import (
    FEWEST_EIGENVALUES,
    MARGIN,
    MOST_COMPARED,
    MOST_REDRAWS,
    STATISTICS,
    ChanceAlone,
    NullComparison,
)
from reportgen.results import UNWRITTEN, Kept, NullBands, redactable

FEWEST_WEIGHTS = 40
"""A kernel with fewer weights is never called untrained: its standard deviation scatters by 1 / sqrt(2 n), so that half of
its spread could be gone within 4.5 null deviations. Source: standard error of a normal sample's standard deviation."""

NORM, RANK = STATISTICS.index("spectral norm"), STATISTICS.index("stable rank")
"""Places of two statistics in every array of them."""

_SMALLEST_NULL_RANK = 2.0  # a kernel with one filter has rank 1 from the start


@redactable
@dataclass(frozen=True, kw_only=True)
class LearnedKernel:
    """One kernel and its null band.

    Attributes:
        label: the layer's path, with the weight's name where a layer has several kernels.
        kind: 'convolution', 'transposed', 'depthwise' or 'dense'.
        initializer: class name, or None.
        weights: number of them in the whole kernel.
        comparison: its statistics beside those of the draws.
        limit: distance beyond which it has learned.
        operator_norm: that of a convolution on its input's size, or None.
        operator_norm_reason: why there is none, or ''.
        chance: distance up to which chance explains every statistic; between it and the limit nothing is decided.
    """

    label: Kept[str]
    kind: Kept[str]
    initializer: Kept[str | None]
    weights: int
    comparison: NullComparison
    limit: float = math.nan  # until `LearnedResult.at` decides
    operator_norm: float | None
    operator_norm_reason: Kept[str]
    chance: float = math.nan

    @property
    def furthest(self) -> int | None:
        """Index of the statistic that stands furthest out, or None without draws."""
        distances = np.abs(self.comparison.distance)
        return None if np.isnan(distances).all() else int(np.nanargmax(distances))

    @property
    def largest_distance(self) -> float | None:
        """The largest of any statistic, in null standard deviations, not negative; None without draws."""
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


@redactable
@dataclass(frozen=True, kw_only=True)
class LearnedResult:
    """All kernels in the order of the layers.

    Attributes:
        kernels: every one.
        bands: the distances of those nearest to their initialiser, in the order of the layers.
        limit: the band, in null standard deviations: further out a kernel has learned.
        redraws: number of draws of each kernel at least.
        seed: the seed of the draws.
        error: the chance of error that the rule allows.
        chance: how far chance alone reaches; within it a kernel is as initialised.
        statistics: names, in the order of every array of statistics.
        alone: draws from which it follows how far chance reaches at any error.
    """

    kernels: tuple[LearnedKernel, ...]
    bands: NullBands
    limit: float = math.nan  # until `at` decides
    redraws: int
    seed: int
    error: float = math.nan
    chance: float = math.nan
    statistics: Kept[tuple[str, ...]] = STATISTICS
    alone: ChanceAlone = field(metadata=UNWRITTEN)
    margin: ClassVar[float] = MARGIN
    most_drawn: ClassVar[int] = MOST_REDRAWS
    most_compared: ClassVar[int] = MOST_COMPARED
    fewest_eigenvalues: ClassVar[int] = FEWEST_EIGENVALUES

    def at(self, error: float) -> LearnedResult:
        """Return the result decided anew, so that of untrained models this share at the most has a kernel beyond chance.

        Args:
            error: the share, in (0, 1]: at 0.05 one untrained model in twenty has a kernel beyond chance, and with the margin
                one in a hundred has one that is called learned.
        """
        chance = self.alone.reach(error)
        limit = MARGIN * chance
        return replace(
            self,
            kernels=tuple(replace(kernel, limit=limit, chance=chance) for kernel in self.kernels),
            bands=replace(self.bands, limit=limit),
            limit=limit,
            error=error,
            chance=chance,
        )

    @property
    def most_redraws(self) -> int:
        """Largest number of draws of any kernel."""
        return max((kernel.comparison.redraws for kernel in self.kernels), default=self.redraws) or self.redraws
