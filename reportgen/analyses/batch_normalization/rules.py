"""What becomes a finding about batch normalisations: statistics or scales that say nothing, or are those of other samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.analyses.batch_normalization.results import (
    FEWEST_SAMPLES,
    SMALLEST_GAMMA,
    BatchNormalizationResult,
    NormalizationAudit,
)
from reportgen.messages import counted, say
from reportgen.results import WRONG_INPUTS, Advice, Certainty, Finding, Limits, Need, Rule, Severity

NEVER_UPDATED = Rule(
    code="never-updated-statistics",
    meaning=say("a batch normalisation still has its initial mean 0 and variance 1, as if never trained"),
    severity=Severity.WARNING,
    threshold=0,
    unit=say("layers"),
    source=say(
        "Keras: moving_mean starts at 0 and moving_variance at 1; Ioffe and Szegedy, arXiv 1502.03167, algorithm 2"
    ),
    advice=Advice(
        title=say("Statistics were never updated"),
        why=say("At inference the layer normalises with its initial values."),
        action=say("Train the layer, or load the weights that include its statistics."),
        certainty=Certainty.FACT,
    ),
)


def never_updated(layers: Sequence[NormalizationAudit], limit: float) -> Iterator[Finding]:
    """Yield a finding for each layer with the statistics that it began with; where that is so for several and all, one."""
    untouched = [layer for layer in layers if layer.never_updated]
    if len(untouched) <= limit:
        return
    if len(untouched) == len(layers) > 1:
        yield NEVER_UPDATED.finding(
            say("model"),
            say(
                "all {count} BatchNormalization layers still hold their initial statistics (mean 0, variance 1; limit "
                "{limit:g}): they were never trained",
                count=len(layers),
                limit=limit,
            ),
            evidence={"layers": len(layers)},
            threshold=limit,
            severity=Severity.PROBLEM,
        )
        return
    for layer in untouched:
        yield NEVER_UPDATED.finding(
            layer.name,
            say(
                "all {channels} channels still hold their initial statistics (mean 0, variance 1): never trained",
                channels=layer.channels,
            ),
            evidence={"channels": layer.channels},
            threshold=limit,
        )


NEGATIVE = Rule(
    code="negative-variance",
    meaning=say("a batch normalisation stores a negative variance, which no samples can produce"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("channels of a layer"),
    source=say("Ioffe and Szegedy, arXiv 1502.03167, algorithm 1: its square root is NaN"),
    advice=Advice(
        title=say("Negative variance"),
        why=say("Its square root is NaN, and so is every output."),
        action=say("Load an intact checkpoint; the stored statistics are damaged."),
        certainty=Certainty.FACT,
    ),
)


def negative_variances(layer: NormalizationAudit, limit: float) -> Iterator[Finding]:
    """Yield a finding if more channels than the limit store a variance under zero."""
    if len(layer.negative) <= limit:
        return
    yield NEGATIVE.finding(
        layer.name,
        counted(
            len(layer.negative),
            "{n} of {channels} channels has a negative stored variance (limit {limit:g})",
            "{n} of {channels} channels have a negative stored variance (limit {limit:g})",
            channels=layer.channels,
            limit=limit,
        ),
        evidence={"negative": len(layer.negative), "channels": layer.channels},
        threshold=limit,
    )


DRIFTED = Rule(
    code="drifted-statistics",
    meaning=say(
        "inputs of a batch normalisation differ from the stored training statistics: the mean by more than one "
        "standard deviation, or the variance by more than a factor of four"
    ),
    severity=Severity.WARNING,
    threshold=0.25,
    unit=say("share of the layer's channels"),
    source=say(
        "batch statistics identify the domain: Li et al., arXiv 1603.04779; Schneider et al., arXiv 2006.16971; the "
        "bounds are conventions of reportgen"
    ),
    bounds=(0.0, 1.0),
    follows_from=(
        "never-updated-statistics",
        *WRONG_INPUTS,
        "silent-channels",
        "non-finite-weights",
    ),
    needs=(Need(("observed",), say("The model was not run on 30 samples or more.")),),
    advice=Advice(
        title=say("Inputs unlike the training data"),
        why=say("The layer normalises with the statistics of other data."),
        action=say(
            "Check the samples' scaling; if it is right, they are unlike the training data, or training was too brief."
        ),
        certainty=Certainty.CHOICE,
    ),
)


def drifted_statistics(layer: NormalizationAudit, evaluated: int, limit: float) -> Iterator[Finding]:
    """Yield a finding if of a larger share of a layer's channels the observed moments are too far from the stored ones.

    Args:
        layer: the audit, with observed moments or without.
        evaluated: number of samples of the observed moments; of under 30 nothing is said.
        limit: share of the layer's channels, in [0, 1].
    """
    count = len(layer.drifted or ())
    # what was never updated is far from everything, and said once
    if layer.never_updated or count <= limit * layer.channels or evaluated < FEWEST_SAMPLES:
        return
    yield DRIFTED.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels differs from training on {samples} ({share:.1%}, limit {limit:.0%}): "
            "{by_mean} in mean (up to {shift:.2f} σ), {by_variance} in variance (worst ratio {ratio}); too few "
            "training updates look the same",
            "{n} of {channels} channels differ from training on {samples} ({share:.1%}, limit {limit:.0%}): {by_mean} "
            "in mean (up to {shift:.2f} σ), {by_variance} in variance (worst ratio {ratio}); too few training updates "
            "look the same",
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


COLLAPSED = Rule(
    code="collapsed-gammas",
    meaning=say(
        "channels are scaled by less than {smallest:g}, which makes them constant after batch normalisation; a note "
        "up to the threshold",
        smallest=SMALLEST_GAMMA,
    ),
    severity=Severity.WARNING,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "Mehta, Kim and Theobalt, arXiv 1811.12495: filters with a scale below 0.001 are inactive; a tenth is "
        "reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    advice=Advice(
        title=say("Channels scaled to zero"),
        why=say("They are constant and carry no information."),
        action=say("Prune them, or train with less weight decay on the scales."),
        certainty=Certainty.CHOICE,
    ),
)


def collapsed_scales(layer: NormalizationAudit, limit: float) -> Iterator[Finding]:
    """Yield a finding if channels have a scale that is next to nothing, a note up to the limit's share of the channels."""
    count = len(layer.collapsed)
    if not count:
        return
    yield COLLAPSED.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels is constant: its scale is below {smallest:g} ({share:.1%}, limit {limit:.0%})",
            "{n} of {channels} channels are constant: their scales are below {smallest:g} ({share:.1%}, limit "
            "{limit:.0%})",
            channels=layer.channels,
            smallest=SMALLEST_GAMMA,
            share=count / layer.channels,
            limit=limit,
        ),
        evidence={"collapsed": count, "channels": layer.channels, "share": count / layer.channels},
        threshold=limit,
        action=counted(
            count,
            "Remove {n} channel, adding its constant to the next bias; or train with less weight decay on the scales.",
            "Remove {n} channels, adding their constants to the next bias; or train with less weight decay on the scales.",
        ),
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )


RULES = (NEVER_UPDATED, NEGATIVE, DRIFTED, COLLAPSED)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: BatchNormalizationResult, limits: Limits) -> Iterator[Finding]:
    """Yield layers with statistics as they began, impossible or drifted ones, and collapsed scales."""
    yield from never_updated(result.layers, limits[NEVER_UPDATED.code])
    for layer in result.layers:
        yield from negative_variances(layer, limits[NEGATIVE.code])
        yield from drifted_statistics(layer, result.evaluated, limits[DRIFTED.code])
        yield from collapsed_scales(layer, limits[COLLAPSED.code])
