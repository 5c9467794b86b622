"""Batch normalisation: the statistics stored in training against those of the evaluated samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.models.channel_statistics import ChannelMoments
from reportgen.models.normalization import BatchNormalizationLayer
from reportgen.results import Finding, Severity, Strip
from reportgen.rules import Limits, Rule

NEVER_UPDATED = Rule(
    code="never-updated-statistics",
    meaning="a batch normalisation still has the mean 0 and variance 1 that it began with, as if it was never trained",
    severity=Severity.WARNING,
    threshold=0,
    unit="layers",
    source="Keras: moving_mean begins as 0 and moving_variance as 1; Ioffe and Szegedy, arXiv 1502.03167, algorithm 2",
)
DRIFTED = Rule(
    code="drifted-statistics",
    meaning="inputs of a batch normalisation have other moments than those stored in training: a mean shifted by over one "
    "stored standard deviation, or a variance off by over a factor of four",
    severity=Severity.WARNING,
    threshold=0.25,
    unit="share of the layer's channels",
    source="statistics tell domains apart: Li et al., arXiv 1603.04779; Schneider et al., arXiv 2006.16971; the bounds are "
    "conventions of reportgen",
    bounds=(0.0, 1.0),
)
COLLAPSED = Rule(
    code="collapsed-gammas",
    meaning="channels have a scale under 0.001, so that batch normalisation makes them constant; a note up to the threshold",
    severity=Severity.WARNING,
    threshold=0.10,
    unit="share of the layer's channels",
    source="Mehta, Kim and Theobalt, arXiv 1811.12495, section 3: filters with a scale under 0.001 are inactive",
    bounds=(0.0, 1.0),
)

SMALLEST_GAMMA = 1e-3
"""A scale with a smaller magnitude counts as collapsed; see the rule's source."""

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
    title = "Batch normalisation"
    rules = (NEVER_UPDATED, DRIFTED, COLLAPSED)

    def run(self, context: AnalysisContext) -> BatchNormalizationResult | Skip:
        """Return the audit of every batch normalisation; a skip when the model has none."""
        if not context.normalizations and any(layer.class_name == "BatchNormalization" for layer in context.layers):
            return Skip("What its BatchNormalization layers store can only be read from a model that could be built.")
        if not context.normalizations:
            return Skip("This model has no BatchNormalization layer.")
        samples = context.samples
        moments = {} if samples is None else _by_layer(samples.activations.moments)
        return BatchNormalizationResult(
            layers=tuple(_audit(layer, moments.get(layer.path)) for layer in context.normalizations),
            evaluated=0 if samples is None else samples.evaluated,
            no_samples_reason=context.no_samples_reason if samples is None else "",
        )

    def findings(self, result: BatchNormalizationResult, limits: Limits) -> Iterable[Finding]:
        """Return layers with statistics as they began, drifted ones and collapsed scales."""
        untouched = [layer for layer in result.layers if layer.never_updated]
        allowed = limits[NEVER_UPDATED.code]
        if len(untouched) > allowed:
            if len(untouched) == len(result.layers) > 1:
                yield _never_updated_model(untouched, allowed)
            else:
                yield from (_never_updated(layer, allowed) for layer in untouched)
        for layer in result.layers:
            if _has_drifted(layer, limits[DRIFTED.code]) and result.evaluated >= FEWEST_SAMPLES:
                yield _drifted(layer, result.evaluated, limits[DRIFTED.code])
            if layer.collapsed:
                yield _collapsed(layer, limits[COLLAPSED.code])


def _has_drifted(layer: NormalizationAudit, limit: float) -> bool:
    # what was never updated is far from everything, and said once
    return not layer.never_updated and layer.drifted is not None and len(layer.drifted) > limit * layer.channels


def _by_layer(moments: dict[str, ChannelMoments]) -> dict[str, ChannelMoments]:
    """Return the moments of each layer over all of its calls."""
    layers: dict[str, ChannelMoments] = {}
    for name, more in moments.items():
        path = name.split(" (call ")[0]
        layers[path] = layers[path].merged(more) if path in layers else more
    return layers


def _audit(layer: BatchNormalizationLayer, moments: ChannelMoments | None) -> NormalizationAudit:
    magnitudes = None if layer.gamma is None else np.abs(layer.gamma)
    audit = NormalizationAudit(
        name=layer.path,
        channels=len(layer.mean),
        never_updated=layer.never_updated,
        collapsed=() if magnitudes is None else _indices(magnitudes < SMALLEST_GAMMA),
        median_gamma=None if magnitudes is None else float(np.median(magnitudes)),
    )
    return audit if moments is None else _observed(audit, layer, moments)


def _observed(audit: NormalizationAudit, layer: BatchNormalizationLayer, moments: ChannelMoments) -> NormalizationAudit:
    shift, ratio = moment_drift(layer, moments)
    far = (shift > LARGEST_SHIFT) | (ratio > LARGEST_RATIO) | (ratio < 1 / LARGEST_RATIO)
    return NormalizationAudit(
        name=audit.name,
        channels=audit.channels,
        never_updated=audit.never_updated,
        collapsed=audit.collapsed,
        median_gamma=audit.median_gamma,
        # what was never updated is a finding of its own; that it differs from the samples says nothing more
        drifted=() if audit.never_updated else _indices(far | ~np.isfinite(shift)),
        median_shift=float(np.median(shift)),
        largest_shift=float(shift.max()),
        smallest_ratio=float(ratio.min()),
        median_ratio=float(np.median(ratio)),
        largest_ratio=float(ratio.max()),
        strip=Strip(np.sort(np.nan_to_num(shift, nan=0.0, posinf=0.0))[::-1], LARGEST_SHIFT),
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
    return np.abs(moments.mean - layer.mean) / np.sqrt(stored), observed / stored


def _indices(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(int(index) for index in np.flatnonzero(chosen))


def _never_updated(layer: NormalizationAudit, allowed: float) -> Finding:
    return NEVER_UPDATED.finding(
        layer.name,
        f"all {layer.channels} channels still have the mean 0 and variance 1 that they began with",
        evidence={"channels": layer.channels},
        threshold=allowed,
    )


def _never_updated_model(layers: list[NormalizationAudit], allowed: float) -> Finding:
    return NEVER_UPDATED.finding(
        "model",
        f"all {len(layers)} batch normalisations still have the mean 0 and variance 1 that they began with (limit {allowed:g})",
        evidence={"layers": len(layers)},
        threshold=allowed,
        severity=Severity.PROBLEM,
    )


def _drifted(layer: NormalizationAudit, evaluated: int, limit: float) -> Finding:
    count = len(layer.drifted or ())
    return DRIFTED.finding(
        layer.name,
        f"{count} of {layer.channels} channels have other moments on {evaluated:,} samples than in training "
        f"({count / layer.channels:.1%}, limit {limit:.0%}); the largest shift is {layer.largest_shift or 0:.2f} stored "
        "standard deviations",
        evidence={"drifted": count, "channels": layer.channels, "largest_shift": layer.largest_shift or 0.0},
        threshold=limit,
    )


def _collapsed(layer: NormalizationAudit, limit: float) -> Finding:
    count = len(layer.collapsed)
    return COLLAPSED.finding(
        layer.name,
        f"{count} of {layer.channels} channels have a scale under {SMALLEST_GAMMA:g} "
        f"({count / layer.channels:.1%}, limit {limit:.0%}), so that they are constant",
        evidence={"collapsed": count, "channels": layer.channels, "share": count / layer.channels},
        threshold=limit,
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )
