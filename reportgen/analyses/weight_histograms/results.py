"""What is said of weights, in numbers and plottables."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.models.weights import NEAR_ZERO
from reportgen.results import Histogram, Kept, redactable

MOST_LEVELS = 256
"""Different weights of a kernel that are counted."""


@redactable
@dataclass(frozen=True)
class WeightStatistics:
    """Statistics of the finite values of one kernel. `near_zero` is a share in [0, 1]."""

    count: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    near_zero: float


@redactable
@dataclass(frozen=True)
class KernelWeights:
    """One kernel, trained and untrained.

    Attributes:
        label: the layer's path, with the weight's name where a layer has several kernels.
        is_spatial: whether it belongs to a convolution.
        initializer: class name of the saved initialiser, or None where none is known.
        histogram: 'trained' and, where there is an initialiser, 'untrained' on shared bins.
        trained: statistics of the saved weights.
        untrained: statistics of the fresh draw, or None.
        non_finite: number of NaN or infinite weights.
        distance: two-sample Kolmogorov-Smirnov distance of trained and untrained, in [0, 1], or None.
        drawn: whether it has a full histogram beside its row.
        zeros: number of weights that are exactly zero.
        levels: number of different weights, or the largest of any filter where that is small; None for more than `MOST_LEVELS`,
            and where there are too few weights to tell.
    """

    label: Kept[str]
    is_spatial: bool
    initializer: Kept[str | None]
    histogram: Histogram
    trained: WeightStatistics
    untrained: WeightStatistics | None
    non_finite: int
    distance: float | None
    drawn: bool = True
    zeros: int = 0
    levels: int | None = None

    @property
    def weights(self) -> int:
        """Number of weights, finite or not."""
        return self.trained.count + self.non_finite


@redactable
@dataclass(frozen=True)
class DamagedVariable:
    """A variable beside the kernels, of `values` numbers of which `non_finite` are NaN or infinite."""

    label: Kept[str]
    values: int
    non_finite: int


@redactable
@dataclass(frozen=True)
class WeightHistogramsResult:
    """All kernels in the order of the layers; `first` is the first convolution's, or the first of all without one.

    Attributes:
        first, others: the kernels.
        seed: the seed of the untrained draws.
        near_zero_limit: magnitude under which a weight is near zero.
        variables: number of variables beside the kernels, such as biases, that were looked at too.
        damaged: those of them that hold NaN or infinite values.
    """

    first: KernelWeights
    others: tuple[KernelWeights, ...]
    seed: int
    near_zero_limit: float = NEAR_ZERO
    variables: int = 0
    damaged: tuple[DamagedVariable, ...] = ()

    @property
    def kernels(self) -> tuple[KernelWeights, ...]:
        """The first kernel and the others."""
        return (self.first, *self.others)

    @property
    def part_drawn(self) -> int:
        """Number of weights drawn beside kernels of which not all were drawn; 0 where there are none."""
        parts = (
            each.untrained.count for each in self.kernels if each.untrained and each.untrained.count < each.weights
        )
        return max(parts, default=0)

    @property
    def undrawn(self) -> int:
        """Number of kernels without a full histogram."""
        return sum(not kernel.drawn for kernel in self.others)
