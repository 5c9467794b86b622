"""What is said of kernels and their initialisers, in numbers and plottables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from reportgen.models.weights import (
    FEWEST_EIGENVALUES,
    FEWEST_NULL_ROWS,
    FEWEST_NULL_WEIGHTS,
    KURTOSIS,
    LEADING,
    MARGIN,
    MOST_COMPARED,
    MOST_REDRAWS,
    NORM,
    RANK,
    SIZE,
    SMOOTHNESS,
    STATISTICS,
    ChanceAlone,
    NullComparison,
    Support,
)
from reportgen.results import UNWRITTEN, Kept, NullBands, redactable

SEEN = 0.25
"""A kernel whose own bias does not speak is called untrained only where a movement of a quarter of its norm would have been
seen. Source: docs/verdicts.md: of trained kernels that no test told from fresh draws none had moved further."""

DIFFERS, SCALED, IN_TRAINING = "differs", "only the scale differs", "in training"
AS_INITIALISED, UNDECIDED, NO_POWER, NOT_COMPARED = (
    "as initialised",
    "undecided",
    "no test could tell",
    "not comparable",
)
"""What is said of a kernel."""

_SHAPE = [KURTOSIS, RANK, SMOOTHNESS]  # statistics that a factor does not change
_SPREADS = 2.0  # of the draws' size: as far as bounds may be wrong after a kernel's scale is divided out
FEWEST_WEIGHTS = 40
"""A kernel with fewer weights is never called untrained, whatever its bias says: the standard deviation of 40 scatters by 11 %,
so that half of the spread could be gone within 4.5 null deviations. Source: standard error of a normal sample's deviation."""
_FEWEST_SHAPED = 100
"""Weights under which the shape of a distribution tells nothing: kurtosis scatters by sqrt(24 / n), 0.49 for
100, and a uniform distribution differs from a normal one by 1.2. Source: standard error of a normal sample's kurtosis."""
_SMALLEST_NULL_RANK = 2.0  # a kernel with one filter has rank 1 from the start


@redactable
@dataclass(frozen=True, kw_only=True)
class LearnedKernel:
    """One kernel, what its initialiser can draw, and its null band.

    Attributes:
        label: the layer's path, with the weight's name where a layer has several kernels.
        kind: 'convolution', 'transposed', 'depthwise' or 'dense'.
        initializer: class name, or None.
        weights: number of them in the whole kernel.
        comparison: its statistics beside those of the draws.
        support: how much of it the initialiser cannot draw; None where it can draw anything, or is not known.
        biases: number of values of the layer's own bias, or without one of scale and offset of the normalisation behind it.
        moved: how many of these have left the value that they begin with. None where they tell nothing: without them, and of a
            normalisation that was trained, behind which a kernel may have been frozen.
        normalised: path of the normalisation behind it that takes its scale away; '' for none.
        limit: distance beyond which it differs from its initialiser.
        operator_norm: that of a convolution on its input's size, or None.
        operator_norm_reason: why there is none, or ''.
        chance: distance up to which chance explains every statistic; between it and the limit nothing is decided.
        verdict: 'differs', 'only the scale differs', 'in training', 'as initialised', 'undecided', 'no test could tell' or 'not
            comparable'.
    """

    label: Kept[str]
    kind: Kept[str]
    initializer: Kept[str | None]
    weights: int
    comparison: NullComparison
    support: Support | None = None
    biases: int = 0
    moved: int | None = None
    normalised: Kept[str] = ""
    limit: float = math.nan  # until `LearnedResult.at` decides
    operator_norm: float | None
    operator_norm_reason: Kept[str]
    chance: float = math.nan
    verdict: Kept[str] = UNDECIDED

    def at(self, *, limit: float, chance: float) -> LearnedKernel:
        """Return the kernel judged by these distances, both in null standard deviations."""
        within = replace(self, limit=limit, chance=chance)
        return replace(within, verdict=within._judged())

    def _judged(self) -> str:
        distance, beyond = self.largest_distance, self.support is not None and self.support.beyond > 0
        # to be orthogonal within rounding says more than any statistic, whose chance has long tails in small kernels
        orthogonal = self.support is not None and self.support.of == "filters" and self.support.compared > 1
        if distance is None or (orthogonal and not beyond):
            untouched = IN_TRAINING if self.moved else AS_INITIALISED
            return DIFFERS if beyond else untouched if orthogonal else NOT_COMPARED
        if beyond or distance > self.limit:
            return SCALED if not self.moved and self._fits_but_for_scale else DIFFERS
        if self.moved:
            return IN_TRAINING
        if distance > self.chance:
            return UNDECIDED
        told = self.moved == 0 or self.seen <= SEEN
        return AS_INITIALISED if told and self.comparison.compared >= FEWEST_WEIGHTS else NO_POWER

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
    def scale(self) -> float:
        """Root mean square of the weights in multiples of the draws'; NaN without draws and for draws of zeros."""
        mean = float(self.comparison.mean[SIZE])
        return float(self.comparison.value[SIZE]) / mean if mean > 0 else math.nan

    @property
    def _fits_but_for_scale(self) -> bool:
        """Whether it is a fresh draw but for a factor: its size differs, and what a factor does not change is within chance."""
        distance = np.abs(self.comparison.distance)
        shape = distance[_SHAPE]
        if (
            self.comparison.compared < _FEWEST_SHAPED
            or not self.scale > 0
            or not distance[SIZE] > self.chance
            or (shape > self.chance).any()
            or np.isnan(shape).all()
        ):
            return False
        if self.support is None or self.support.of == "filters":
            return True
        doubt = _SPREADS * float(self.comparison.spread[SIZE] / self.comparison.mean[SIZE])
        return self.support.furthest <= self.scale * (1 + doubt)

    @property
    def seen(self) -> float:
        """The smallest movement, relative to the kernel's norm, that would have been seen; infinite without draws.

        Weights that move by themselves, independent of their start, by r times the norm make the root mean square larger by
        sqrt(1 + r^2), and take some of them over the initialiser's bounds.
        """
        doubt = (
            self.chance * float(self.comparison.spread[SIZE] / self.comparison.mean[SIZE]) if self.scale >= 0 else 0.0
        )
        by_size = math.sqrt((1 + doubt) ** 2 - 1) if self.scale >= 0 else math.inf
        return by_size if self.support is None else min(by_size, self.support.seen)

    @property
    def learned(self) -> bool | None:
        """Whether it differs from its initialiser in more than scale, or was in training; None where nothing tells."""
        return {DIFFERS: True, IN_TRAINING: True, SCALED: False, AS_INITIALISED: False}.get(self.verdict)

    @property
    def untrained(self) -> bool:
        """Whether nothing of it speaks for training, and enough against: the layer's bias, or what would have been seen."""
        bounded = self.support is not None and not self.support.beyond and self.seen <= SEEN
        told = self.moved == 0 or (self.moved is None and bounded)
        return self.verdict == AS_INITIALISED or (self.verdict == SCALED and told)

    @property
    def undecided(self) -> bool:
        """Whether it stands further out than chance alone reaches, and not far enough to be sure."""
        return self.verdict == UNDECIDED

    @property
    def norm_ratio(self) -> float | None:
        """Spectral norm in multiples of the draws' mean; None without draws or with draws of zeros."""
        mean = float(self.comparison.mean[NORM])
        return float(self.comparison.value[NORM]) / mean if mean > 0 else None

    @property
    def can_collapse(self) -> bool:
        """Whether fresh draws have several directions to lose: not of depthwise kernels, nor of those with one filter."""
        return self.kind != "depthwise" and float(self.comparison.mean[RANK]) >= _SMALLEST_NULL_RANK


@redactable
@dataclass(frozen=True, kw_only=True)
class LearnedResult:
    """All kernels in the order of the layers.

    Attributes:
        kernels: every one.
        bands: the distances of those nearest to their initialiser, in the order of the layers.
        limit: the band, in null standard deviations: further out a kernel differs from its initialiser.
        redraws: number of draws at least, of each kernel that is drawn.
        seed: the seed of the draws.
        error: the chance of error that the rule allows.
        chance: how far chance alone reaches; within it a kernel is as initialised.
        statistics: names, in the order of every array of statistics.
        alone: draws and laws from which it follows how far chance reaches at any error.
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
    leading: ClassVar[float] = LEADING
    fewest_weights: ClassVar[int] = FEWEST_NULL_WEIGHTS
    fewest_rows: ClassVar[int] = FEWEST_NULL_ROWS

    def at(self, error: float) -> LearnedResult:
        """Return the result decided anew, so that of untrained models this share at the most has a kernel beyond chance.

        Args:
            error: the share, in (0, 1]: at 0.05 one untrained model in twenty has a kernel beyond chance, and with the margin
                one in a hundred has one that is said to differ from its initialiser.
        """
        chance = self.alone.reach(error)
        limit = MARGIN * chance
        return replace(
            self,
            kernels=tuple(kernel.at(limit=limit, chance=chance) for kernel in self.kernels),
            bands=replace(self.bands, limit=limit),
            limit=limit,
            error=error,
            chance=chance,
        )

    @property
    def by_law(self) -> int:
        """Number of kernels that are compared with the law of their initialiser's draws."""
        return sum(kernel.comparison.by_law for kernel in self.kernels)

    @property
    def drawn(self) -> int:
        """Number of kernels that were drawn anew."""
        return sum(kernel.comparison.redraws > 0 for kernel in self.kernels)

    @property
    def most_redraws(self) -> int:
        """Largest number of draws of any kernel."""
        return max((kernel.comparison.redraws for kernel in self.kernels), default=self.redraws) or self.redraws
