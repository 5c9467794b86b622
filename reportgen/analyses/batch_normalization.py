"""Batch normalisation: the statistics stored in training against those of the evaluated samples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.messages import counted, say
from reportgen.models.channel_statistics import ChannelMoments
from reportgen.models.normalization import BatchNormalizationLayer
from reportgen.results import Finding, Severity, Strip
from reportgen.rules import Limits, Rule

NEVER_UPDATED = Rule(
    code="never-updated-statistics",
    meaning=say(
        "a batch normalisation still has the mean 0 and variance 1 that it began with, as if it was never trained"
    ),
    severity=Severity.WARNING,
    threshold=0,
    unit=say("layers"),
    source=say(
        "Keras: moving_mean begins as 0 and moving_variance as 1; Ioffe and Szegedy, arXiv 1502.03167, algorithm 2"
    ),
)
DRIFTED = Rule(
    code="drifted-statistics",
    meaning=say(
        "inputs of a batch normalisation have other moments than those stored in training: a mean shifted by over one "
        "stored standard deviation, or a variance off by over a factor of four"
    ),
    severity=Severity.WARNING,
    threshold=0.25,
    unit=say("share of the layer's channels"),
    source=say(
        "statistics tell domains apart: Li et al., arXiv 1603.04779; Schneider et al., arXiv 2006.16971; the bounds are "
        "conventions of reportgen"
    ),
    bounds=(0.0, 1.0),
)
COLLAPSED = Rule(
    code="collapsed-gammas",
    meaning=say(
        "channels have a scale under 0.001, so that batch normalisation makes them constant; a note up to the threshold"
    ),
    severity=Severity.WARNING,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "Mehta, Kim and Theobalt, arXiv 1811.12495: filters with a scale under 0.001 are inactive; a tenth is reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)

NEGATIVE = Rule(
    code="negative-variance",
    meaning=say("a batch normalisation stores a variance under zero, which no samples can have"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("channels of a layer"),
    source=say("Ioffe and Szegedy, arXiv 1502.03167, algorithm 1: the root of the variance is NaN then"),
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
                yield _never_updated_model(untouched, allowed)
            else:
                yield from (_never_updated(layer, allowed) for layer in untouched)
        for layer in result.layers:
            if len(layer.negative) > limits[NEGATIVE.code]:
                yield _negative(layer, limits[NEGATIVE.code])
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


def _negative(layer: NormalizationAudit, limit: float) -> Finding:
    return NEGATIVE.finding(
        layer.name,
        counted(
            len(layer.negative),
            "{n} of {channels} channels has a stored variance under zero (limit {limit:g})",
            "{n} of {channels} channels have a stored variance under zero (limit {limit:g})",
            channels=layer.channels,
            limit=limit,
        ),
        evidence={"negative": len(layer.negative), "channels": layer.channels},
        threshold=limit,
    )


def _never_updated(layer: NormalizationAudit, allowed: float) -> Finding:
    return NEVER_UPDATED.finding(
        layer.name,
        say(
            "all {channels} channels still have the mean 0 and variance 1 that they began with", channels=layer.channels
        ),
        evidence={"channels": layer.channels},
        threshold=allowed,
    )


def _never_updated_model(layers: list[NormalizationAudit], allowed: float) -> Finding:
    return NEVER_UPDATED.finding(
        say("model"),
        say(
            "all {count} batch normalisations still have the mean 0 and variance 1 that they began with (limit {limit:g})",
            count=len(layers),
            limit=allowed,
        ),
        evidence={"layers": len(layers)},
        threshold=allowed,
        severity=Severity.PROBLEM,
    )


def _drifted(layer: NormalizationAudit, evaluated: int, limit: float) -> Finding:
    count = len(layer.drifted or ())
    return DRIFTED.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels has other moments on {samples} than in training ({share:.1%}, limit {limit:.0%}): "
            "{by_mean} by the mean, shifted by up to {shift:.2f} stored standard deviations, {by_variance} by the variance, "
            "at the furthest {ratio} times that stored; too few updates in training look the same, as at momentum 0.99 a "
            "hundred steps leave 37% of the first values",
            "{n} of {channels} channels have other moments on {samples} than in training ({share:.1%}, limit {limit:.0%}): "
            "{by_mean} by the mean, shifted by up to {shift:.2f} stored standard deviations, {by_variance} by the variance, "
            "at the furthest {ratio} times that stored; too few updates in training look the same, as at momentum 0.99 a "
            "hundred steps leave 37% of the first values",
            by_mean=layer.by_mean or 0,
            by_variance=layer.by_variance or 0,
            ratio=f"{layer.worst_ratio or 0.0:.3g}",
            channels=layer.channels,
            samples=counted(evaluated, "{n} sample", "{n} samples"),
            share=count / layer.channels,
            limit=limit,
            shift=layer.largest_shift or 0.0,
        ),
        evidence={"drifted": count, "channels": layer.channels, "largest_shift": layer.largest_shift or 0.0}
        | {
            "by_mean": layer.by_mean or 0,
            "by_variance": layer.by_variance or 0,
            "worst_ratio": layer.worst_ratio or 0.0,
        },
        threshold=limit,
    )


def _collapsed(layer: NormalizationAudit, limit: float) -> Finding:
    count = len(layer.collapsed)
    return COLLAPSED.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels has a scale under {smallest:g} ({share:.1%}, limit {limit:.0%}), so that it is "
            "constant",
            "{n} of {channels} channels have a scale under {smallest:g} ({share:.1%}, limit {limit:.0%}), so that they are "
            "constant",
            channels=layer.channels,
            smallest=SMALLEST_GAMMA,
            share=count / layer.channels,
            limit=limit,
        ),
        evidence={"collapsed": count, "channels": layer.channels, "share": count / layer.channels},
        threshold=limit,
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )
