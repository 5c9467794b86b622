"""What is said of batch normalisations whose statistics or scales say nothing, or are those of other samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.messages import counted, say
from reportgen.results.findings import Finding, Severity
from reportgen.results.rules import Rule

if TYPE_CHECKING:
    from reportgen.analyses.batch_normalization.results import NormalizationAudit

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


def negative_variances(layer: NormalizationAudit, limit: float) -> Finding:
    """Return the finding on a layer's stored variances under zero."""
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


def never_updated_layer(layer: NormalizationAudit, allowed: float) -> Finding:
    """Return the finding on a layer whose statistics are those that it began with."""
    return NEVER_UPDATED.finding(
        layer.name,
        say(
            "all {channels} channels still have the mean 0 and variance 1 that they began with", channels=layer.channels
        ),
        evidence={"channels": layer.channels},
        threshold=allowed,
    )


def never_updated_model(layers: list[NormalizationAudit], allowed: float) -> Finding:
    """Return the finding on a model of which that is so for every batch normalisation."""
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


def drifted_statistics(layer: NormalizationAudit, evaluated: int, limit: float) -> Finding:
    """Return the finding on a layer's channels whose observed moments are too far from the stored ones."""
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


def collapsed_scales(layer: NormalizationAudit, limit: float) -> Finding:
    """Return the finding on a layer's channels whose scale is next to nothing."""
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
