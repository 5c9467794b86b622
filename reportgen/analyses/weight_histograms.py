"""Weights: the distribution of each kernel beside a fresh draw from its own initialiser."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.models.initial import draw_initial, initializer_name
from reportgen.models.kernel_statistics import NEAR_ZERO
from reportgen.models.kernels import LayerKernel
from reportgen.results import Finding, Histogram, Severity
from reportgen.rules import Limits, Rule

NON_FINITE = Rule(
    code="non-finite-weights",
    meaning="a kernel holds NaN or infinite weights",
    severity=Severity.PROBLEM,
    threshold=0,
    unit="weights of a kernel",
    source="IEEE 754: every output that depends on such a weight is NaN or infinite",
)
_MOST_COMPARED = 200_000


@dataclass(frozen=True)
class WeightStatistics:
    """Of the finite values of one kernel. `near_zero` is a share in [0, 1]."""

    count: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    near_zero: float


@dataclass(frozen=True)
class KernelWeights:
    """One kernel, trained and untrained.

    Attributes:
        label: the layer's path, with the weight's name where a layer has several kernels.
        is_spatial: whether it belongs to a convolution.
        initializer: class name of the saved initialiser, or None where none is known.
        histogram: 'trained' and, where there is an initialiser, 'untrained' on shared bins.
        trained: statistics of the saved weights.
        untrained: of the fresh draw, or None.
        non_finite: number of NaN or infinite weights.
        distance: two-sample Kolmogorov-Smirnov distance of trained and untrained, in [0, 1], or None.
    """

    label: str
    is_spatial: bool
    initializer: str | None
    histogram: Histogram
    trained: WeightStatistics
    untrained: WeightStatistics | None
    non_finite: int
    distance: float | None


@dataclass(frozen=True)
class WeightHistogramsResult:
    """All kernels in the order of the layers; `first` is the first convolution's, or the first of all without one."""

    first: KernelWeights
    others: tuple[KernelWeights, ...]
    seed: int
    near_zero_limit: float = NEAR_ZERO

    @property
    def kernels(self) -> tuple[KernelWeights, ...]:
        """The first kernel and the others."""
        return (self.first, *self.others)


class WeightHistograms:
    """Compares the weights of every kernel with what its initialiser would give."""

    name = "weight_histograms"
    title = "Weights"
    rules = (NON_FINITE,)

    def run(self, context: AnalysisContext) -> WeightHistogramsResult | Skip:
        """Return one histogram for each kernel; a skip when no layer has a kernel."""
        if not context.kernels:
            return Skip("No layer of this model has a kernel, so there are no weights to show.")
        kernels = [_compare(kernel, context.options.seed, context.options.bins) for kernel in context.kernels]
        first = next((kernel for kernel in kernels if kernel.is_spatial), kernels[0])
        others = tuple(kernel for kernel in kernels if kernel is not first)
        return WeightHistogramsResult(first=first, others=others, seed=context.options.seed)

    def findings(self, result: WeightHistogramsResult, limits: Limits) -> Iterable[Finding]:
        """Return kernels with non-finite weights."""
        allowed = limits[NON_FINITE.code]
        return (_non_finite(kernel, allowed) for kernel in result.kernels if kernel.non_finite > allowed)


def _compare(kernel: LayerKernel, seed: int, bins: int) -> KernelWeights:
    values = kernel.values().ravel()
    trained = values[np.isfinite(values)]
    drawn = draw_initial(kernel, seed=seed)
    untrained = None if drawn is None else drawn.ravel()
    distance = None
    if untrained is not None and len(trained):
        distance = ks_distance(_at_most(trained, seed), _at_most(untrained, seed))
    return KernelWeights(
        label=kernel.label,
        is_spatial=kernel.is_spatial,
        initializer=initializer_name(kernel),
        histogram=_histogram(trained, untrained, bins),
        trained=weight_statistics(trained),
        untrained=None if untrained is None else weight_statistics(untrained),
        non_finite=len(values) - len(trained),
        distance=distance,
    )


def _at_most(values: np.ndarray, seed: int) -> np.ndarray:
    # Sorting tens of millions of weights would take longer than all else and change the third digit at the most.
    if len(values) <= _MOST_COMPARED:
        return values
    return np.random.default_rng(seed).choice(values, _MOST_COMPARED, replace=False, shuffle=False)


def _histogram(trained: np.ndarray, untrained: np.ndarray | None, bins: int) -> Histogram:
    both = {"trained": trained} | ({} if untrained is None else {"untrained": untrained})
    finite = [values for values in both.values() if len(values)]
    low, high = (min(v.min() for v in finite), max(v.max() for v in finite)) if finite else (0.0, 0.0)
    edges = np.histogram_bin_edges(np.empty(0), bins=bins, range=(float(low), float(high)))
    within = (float(edges[0]), float(edges[-1]))
    counts = {name: np.histogram(values, bins=bins, range=within)[0] for name, values in both.items()}
    return Histogram(edges=edges, counts=counts)


def weight_statistics(values: np.ndarray) -> WeightStatistics:
    """Return the statistics of finite values, (N,); NaN for all of them when N is 0."""
    if not len(values):
        return WeightStatistics(0, *[math.nan] * 5)
    return WeightStatistics(
        count=len(values),
        mean=float(values.mean(dtype=np.float64)),
        standard_deviation=float(values.std(dtype=np.float64)),
        minimum=float(values.min()),
        maximum=float(values.max()),
        near_zero=float((np.abs(values) < NEAR_ZERO).mean()),
    )


def ks_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference between two samples' empirical distribution functions, in [0, 1].

    Source: two-sample Kolmogorov-Smirnov statistic; Smirnov 1948.
    """
    first, second = np.sort(first), np.sort(second)
    places = np.concatenate([first, second])
    below = [np.searchsorted(values, places, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def _non_finite(kernel: KernelWeights, allowed: float) -> Finding:
    total = kernel.non_finite + kernel.trained.count
    return NON_FINITE.finding(
        kernel.label,
        f"{kernel.non_finite:,} of {total:,} weights are NaN or infinite (limit {allowed:g})",
        evidence={"non_finite": kernel.non_finite, "weights": total},
        threshold=allowed,
    )
