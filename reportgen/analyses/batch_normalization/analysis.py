"""Batch normalisation: the statistics stored in training against those of the evaluated samples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.batch_normalization.results import (
    LARGEST_RATIO,
    LARGEST_SHIFT,
    SMALLEST_GAMMA,
    BatchNormalizationResult,
    NormalizationAudit,
)
from reportgen.analyses.batch_normalization.rules import RULES, findings
from reportgen.messages import say
from reportgen.models.graphs import BatchNormalizationLayer, layer_path
from reportgen.models.passes import ChannelMoments
from reportgen.results import Finding, Limits, Strip


class BatchNormalization:
    """Compares stored with observed moments, and looks for statistics and scales that say nothing."""

    name = "batch_normalization"
    title = say("Batch normalisation")
    rules = RULES
    looks_inside = True

    def run(self, context: AnalysisContext) -> BatchNormalizationResult | Skip:
        """Return the audit of every batch normalisation; a skip when the model has none, or where the file does not say."""
        if not context.normalizations and not context.listed:
            return Skip(
                say(
                    "A weights file does not say which layers are BatchNormalization, and no array in it is known to "
                    "be a moving variance."
                )
            )
        if not context.normalizations and any(layer.class_name == "BatchNormalization" for layer in context.layers):
            return Skip(say("BatchNormalization statistics can only be read from a model that can be built."))
        if not context.normalizations:
            return Skip(say("The model has no BatchNormalization layer."))
        samples = context.samples
        moments = {} if samples is None else _by_layer(samples.activations.moments)
        return BatchNormalizationResult(
            layers=tuple(_audit(layer, moments.get(layer.path)) for layer in context.normalizations),
            evaluated=0 if samples is None else samples.evaluated,
            no_samples_reason=context.no_samples_reason if samples is None else "",
        )

    def findings(self, result: BatchNormalizationResult, limits: Limits) -> Iterable[Finding]:
        """Return layers with statistics as they began, impossible or drifted ones, and collapsed scales."""
        return findings(result, limits)


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
        layer: the layer with the stored moments.
        moments: observed moments of its inputs.

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
