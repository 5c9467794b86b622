"""What is said of batch normalisations, in numbers and plottables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from reportgen.results import Kept, Strip, redactable

LARGEST_SHIFT = 1.0
"""Stored standard deviations between the two means beyond which a channel has drifted."""

LARGEST_RATIO = 4.0
"""Of the larger variance to the smaller, beyond which a channel has drifted: a factor of two between standard deviations."""

SMALLEST_GAMMA = 1e-3
"""A scale with a smaller magnitude counts as collapsed. Source: Mehta, Kim and Theobalt, arXiv 1811.12495."""


@redactable
@dataclass(frozen=True)
class NormalizationAudit:
    """One batch normalisation of C channels.

    Attributes:
        name: the layer's path.
        channels: number of them.
        never_updated: whether its statistics are those that it began with.
        collapsed: indices of channels with a scale under `SMALLEST_GAMMA` in magnitude.
        median_gamma: median of the scales' magnitudes; None for a layer without scale.
        drifted: indices of channels whose observed moments are too far from the stored ones; none where these were never
            updated; None without samples.
        median_shift, largest_shift: distance of the means over the channels, in stored standard deviations; None without samples.
        smallest_ratio, median_ratio, largest_ratio: observed over stored variance; None without samples.
        strip: every channel's shift, or None.
        negative: indices of channels whose stored variance is under zero.
        by_mean, by_variance: how many of the drifted channels have a mean and how many a variance that is too far; None
            without samples.
    """

    name: Kept[str]
    channels: int
    never_updated: bool
    collapsed: tuple[int, ...]
    median_gamma: float | None
    drifted: tuple[int, ...] | None = None
    median_shift: float | None = None
    largest_shift: float | None = None
    smallest_ratio: float | None = None
    median_ratio: float | None = None
    largest_ratio: float | None = None
    strip: Strip | None = None
    negative: tuple[int, ...] = ()
    by_mean: int | None = None
    by_variance: int | None = None

    @property
    def worst_ratio(self) -> float | None:
        """Of observed to stored variance, that furthest from 1 either way; None without samples or finite ratios."""
        ratios = [one for one in (self.smallest_ratio, self.largest_ratio) if one is not None and math.isfinite(one)]
        return max(ratios, key=lambda ratio: abs(math.log(ratio)) if ratio > 0 else math.inf, default=None)

    @property
    def excess(self) -> float:
        """How far its worst channel is, in multiples of the bounds: of the shift's, or of that of the ratio's logarithm."""
        shift, ratio = self.largest_shift or 0.0, self.worst_ratio
        apart = 0.0 if ratio is None else math.inf if ratio <= 0 else abs(math.log(ratio)) / math.log(LARGEST_RATIO)
        return max(shift / LARGEST_SHIFT if math.isfinite(shift) else 0.0, apart)


FEWEST_SAMPLES = 30
"""Of the observed moments: with 30 independent samples a mean is known within 0.2 standard deviations, far under the bound."""


@redactable
@dataclass(frozen=True)
class BatchNormalizationResult:
    """Every batch normalisation in order.

    Attributes:
        layers: the audits.
        evaluated: number of samples of the observed moments; 0 where there are none.
        no_samples_reason: why there are none, or ''.
    """

    layers: tuple[NormalizationAudit, ...]
    evaluated: int
    no_samples_reason: Kept[str]
    far_shift: ClassVar[float] = LARGEST_SHIFT
    far_ratio: ClassVar[float] = LARGEST_RATIO
    small_gamma: ClassVar[float] = SMALLEST_GAMMA

    @property
    def observed(self) -> bool:
        """Whether so many samples were run that their moments tell something."""
        return self.evaluated >= FEWEST_SAMPLES
