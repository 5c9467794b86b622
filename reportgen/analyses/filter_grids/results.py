"""What is said of filters, in numbers and plottables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from reportgen.results import UNWRITTEN, Histogram, ImageGrid, Kept, redactable

LEAST_WEIGHTS = 9
"""In a filter that is compared with others: with fewer, chance alone brings cosines as high as the rule's."""

LEAST_COSINE = 0.5
"""Pairs of filters with at most this cosine are not kept, so that no rule can ask for them."""


@redactable
@dataclass(frozen=True)
class FilterGrid:
    """The kernels of one layer as tiles.

    Attributes:
        label: the kernel's label.
        window: its height and width, or one or three sizes.
        input_channels: number of input channels that each filter reads.
        trained: the tiles as trained.
        untrained: the same filters of a fresh draw on the same scale, or None without an initialiser. Where one input
            channel is shown it is chosen by the same rule, the largest norm: at the trained filter's channel a fresh
            draw would look weaker by selection alone.
        colour: the tiles of a kernel on RGB, (trained, untrained or None), with the three channels as red, green and blue;
            otherwise None.
        shown_channels: the input channel that each trained tile shows, or None where all are.
        norms: L2 norm of each tile's whole filter.
        histogram: 'trained' and, where there is an initialiser, 'untrained' of all the kernel's weights, on shared bins.
        fresh: 'untrained' alone, in ten bins over its own range; None without an initialiser.
        clipped: number of shown weights, trained and untrained, beyond the scale, which have its last colour.
        layout: 'window', 'strip' for 1 x 1 kernels, 'time' for one-dimensional and 'slices' for three-dimensional ones.
    """

    label: Kept[str]
    window: tuple[int, ...]
    input_channels: int
    trained: ImageGrid
    untrained: ImageGrid | None
    colour: tuple[ImageGrid, ImageGrid | None] | None
    shown_channels: tuple[int, ...] | None
    norms: np.ndarray
    clipped: int
    layout: Kept[str]
    histogram: Histogram
    fresh: Histogram | None = None


@redactable
@dataclass(frozen=True)
class FilterStrength:
    """How much the filters of one convolution add.

    Attributes:
        label: the kernel's label.
        filters: number of them.
        weights: number in each filter.
        median_norm: median L2 norm. Where a batch normalisation follows, norms are those of the filters as it scales them,
            times |gamma| / sqrt(variance + epsilon).
        smallest_norm: L2 norm of the weakest filter.
        weak: indices of those with a norm under the share of the largest that was the limit, or not over the floor.
        compared: whether filters can be compared with one another: ungrouped, and at least 9 weights in each.
        duplicates: (first, second, cosine) of each pair over the cosine that was the limit.
        norms: L2 norm of every filter, (filters,) float64.
        pairs: first and second index and cosine of the pairs with a cosine over `LEAST_COSINE`, three of (M,); empty where
            filters are not compared.
        floor: norm up to which a filter is weak whatever the others are.
        folded: path of the batch normalisation that the norms are scaled by; '' for none.
    """

    label: Kept[str]
    filters: int
    weights: int
    median_norm: float
    smallest_norm: float
    weak: tuple[int, ...]
    compared: bool
    duplicates: tuple[tuple[int, int, float], ...]
    norms: np.ndarray = field(metadata=UNWRITTEN)
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray] = field(metadata=UNWRITTEN)
    floor: float = 0.0
    folded: Kept[str] = ""

    @property
    def largest_norm(self) -> float:
        """L2 norm of the strongest filter with finite weights; 0 where there is none."""
        return float(self.norms[np.isfinite(self.norms)].max(initial=0.0))


@redactable
@dataclass(frozen=True)
class FilterGridsResult:
    """Grids of the chosen layers and the strengths of all convolutions.

    Attributes:
        grids: the chosen layers' kernels.
        strengths: one for each convolution kernel.
        seed: the seed of the untrained draws.
        weak_share: share of the largest norm under which filters were called weak.
        duplicate_cosine: cosine over which filters were called duplicates.
    """

    grids: tuple[FilterGrid, ...]
    strengths: tuple[FilterStrength, ...]
    seed: int
    weak_share: float = field(default=math.nan, metadata=UNWRITTEN)  # until `rules.decided` has decided
    duplicate_cosine: float = field(default=math.nan, metadata=UNWRITTEN)
    least_weights: ClassVar[int] = LEAST_WEIGHTS
