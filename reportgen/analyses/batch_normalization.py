"""Batch normalisation: the statistics stored in training against those of the evaluated samples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.parts.normalization_rules import (
    COLLAPSED,
    DRIFTED,
    NEGATIVE,
    NEVER_UPDATED,
    SMALLEST_GAMMA,
    collapsed_scales,
    drifted_statistics,
    negative_variances,
    never_updated_layer,
    never_updated_model,
)
from reportgen.messages import say
from reportgen.models.calls import layer_path
from reportgen.models.channel_statistics import ChannelMoments
from reportgen.models.normalization import BatchNormalizationLayer
from reportgen.plottables import Strip
from reportgen.results import Finding
from reportgen.rules import Limits

LARGEST_SHIFT = 1.0
"""Stored standard deviations between the two means."""

LARGEST_RATIO = 4.0
"""Of the larger variance to the smaller: a factor of two between standard deviations."""

FEWEST_SAMPLES = 30
"""Of the observed moments: with 30 independent samples a mean is known within 0.2 standard deviations, far under the bound."""


@dataclass(frozen=True)
class NormalizationAudit:
    """One batch normalisation of C channels.

    Attributes:
        name: the layer's path.
        channels: number of them.
        never_updated: whether its statistics are those that it began with.
        collapsed: indices of channels with a scale under 0.001.
        median_gamma: of the scales' magnitudes; None for a layer without scale.
        drifted: indices of channels whose observed moments are too far from the stored ones; none where these were never
            updated; None without samples.
        median_shift, largest_shift: of the means' distance in stored standard deviations; None without samples.
        smallest_ratio, median_ratio, largest_ratio: of observed to stored variance; None without samples.
        strip: every channel's shift, or None.
        negative: indices of channels whose stored variance is under zero.
        by_mean, by_variance: how many of the drifted channels have a mean and how many a variance that is too far; None
            without samples.
    """

    name: str
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


@dataclass(frozen=True)
class BatchNormalizationResult:
    """Every batch normalisation in order.

    Attributes:
        layers: the audits.
        evaluated: samples of the observed moments; 0 where there are none.
        no_samples_reason: why there are none, or ''.
    """

    layers: tuple[NormalizationAudit, ...]
    evaluated: int
    no_samples_reason: str


class BatchNormalization:
    """Compares stored with observed moments, and looks for statistics and scales that say nothing."""

    name = "batch_normalization"
    title = say("Batch normalisation")
    rules = (NEVER_UPDATED, NEGATIVE, DRIFTED, COLLAPSED)
    looks_inside = True

    def run(self, context: AnalysisContext) -> BatchNormalizationResult | Skip:
        """Return the audit of every batch normalisation; a skip when the model has none."""
        if not context.normalizations and any(layer.class_name == "BatchNormalization" for layer in context.layers):
            return Skip(
                say("What its BatchNormalization layers store can only be read from a model that could be built.")
            )
        if not context.normalizations:
            return Skip(say("This model has no BatchNormalization layer."))
        samples = context.samples
        moments = {} if samples is None else _by_layer(samples.activations.moments)
        return BatchNormalizationResult(
            layers=tuple(_audit(layer, moments.get(layer.path)) for layer in context.normalizations),
            evaluated=0 if samples is None else samples.evaluated,
            no_samples_reason=context.no_samples_reason if samples is None else "",
        )

    def findings(self, result: BatchNormalizationResult, limits: Limits) -> Iterable[Finding]:
        """Return layers with statistics as they began, impossible or drifted ones, and collapsed scales."""
        untouched = [layer for layer in result.layers if layer.never_updated]
        allowed = limits[NEVER_UPDATED.code]
        if len(untouched) > allowed:
            if len(untouched) == len(result.layers) > 1:
                yield never_updated_model(untouched, allowed)
            else:
                yield from (never_updated_layer(layer, allowed) for layer in untouched)
        for layer in result.layers:
            if len(layer.negative) > limits[NEGATIVE.code]:
                yield negative_variances(layer, limits[NEGATIVE.code])
            if _has_drifted(layer, limits[DRIFTED.code]) and result.evaluated >= FEWEST_SAMPLES:
                yield drifted_statistics(layer, result.evaluated, limits[DRIFTED.code])
            if layer.collapsed:
                yield collapsed_scales(layer, limits[COLLAPSED.code])


def _has_drifted(layer: NormalizationAudit, limit: float) -> bool:
    # what was never updated is far from everything, and said once
    return not layer.never_updated and layer.drifted is not None and len(layer.drifted) > limit * layer.channels


def _by_layer(moments: dict[str, ChannelMoments]) -> dict[str, ChannelMoments]:
    """Return the moments of each layer over all of its calls."""
    layers: dict[str, ChannelMoments] = {}
    for name, more in moments.items():
        path = layer_path(name)
        layers[path] = layers[path].merged(more) if path in layers else more
    return layers


def _audit(layer: BatchNormalizationLayer, moments: ChannelMoments | None) -> NormalizationAudit:
    magnitudes = None if layer.gamma is None else np.abs(layer.gamma)
    audit = NormalizationAudit(
        name=layer.path,
        channels=len(layer.mean),
        never_updated=layer.never_updated,
        collapsed=() if magnitudes is None else _indices(magnitudes < SMALLEST_GAMMA),
        median_gamma=None if magnitudes is None else _median(magnitudes),
        negative=_indices(layer.variance < 0),
    )
    return audit if moments is None else _observed(audit, layer, moments)


def _observed(audit: NormalizationAudit, layer: BatchNormalizationLayer, moments: ChannelMoments) -> NormalizationAudit:
    shift, ratio = moment_drift(layer, moments)
    known = np.isfinite(shift) & np.isfinite(ratio)
    by_mean = known & (shift > LARGEST_SHIFT)
    by_variance = known & ((ratio > LARGEST_RATIO) | (ratio < 1 / LARGEST_RATIO))
    return replace(
        audit,
        # what was never updated is a finding of its own; that it differs from the samples says nothing more
        drifted=() if audit.never_updated else _indices(by_mean | by_variance),
        median_shift=_median(shift[known]),
        largest_shift=float(shift[known].max(initial=0.0)),
        smallest_ratio=float(ratio[known].min()) if known.any() else math.nan,
        median_ratio=_median(ratio[known]),
        largest_ratio=float(ratio[known].max()) if known.any() else math.nan,
        strip=Strip(np.sort(shift[known])[::-1] if known.any() else np.zeros(1), LARGEST_SHIFT),
        by_mean=int(by_mean.sum()),
        by_variance=int(by_variance.sum()),
    )


def moment_drift(layer: BatchNormalizationLayer, moments: ChannelMoments) -> tuple[np.ndarray, np.ndarray]:
    """Return how far observed moments are from stored ones, two of (C,) float64.

    Args:
        layer: with the stored moments.
        moments: observed ones of its inputs.

    Returns:
        The distance of the means in stored standard deviations, and the ratio of observed to stored variance; both with
        the layer's epsilon added to variances, as it computes.

    Source: Ioffe and Szegedy, arXiv 1502.03167, algorithm 1.
    """
    stored, observed = layer.variance + layer.epsilon, moments.variance + layer.epsilon
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # of what is NaN, infinite or under zero
        return np.abs(moments.mean - layer.mean) / np.sqrt(stored), observed / stored


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else math.nan


def _indices(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(int(index) for index in np.flatnonzero(chosen))
