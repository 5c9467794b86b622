"""What is said of channels that do nothing, or give no numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reportgen.messages import counted, say
from reportgen.models.passes.activity import DORMANT
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.rules import Rule

if TYPE_CHECKING:
    from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity

SILENT = Rule(
    code="silent-channels",
    meaning=say("channels of a rectified layer never fired on the evaluated samples; a note up to the threshold"),
    severity=Severity.WARNING,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "Hu et al., Network Trimming, arXiv 1607.03250: a channel that is always zero can be removed; a tenth is reportgen's "
        "choice"
    ),
    bounds=(0.0, 1.0),
)
QUIET = Rule(
    code="dormant-channels",
    meaning=say("channels fire, but with at most 0.025 of their layer's mean activity"),
    severity=Severity.NOTE,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "Sokar et al., The Dormant Neuron Phenomenon, arXiv 2302.12902, definition 3.1; the level of 0.025 and a tenth are "
        "reportgen's choice"
    ),
    bounds=(0.0, 1.0),
)
STUCK = Rule(
    code="stuck-channels",
    meaning=say(
        "channels do not vary from sample to sample, or stand at an end of their activation; a note up to the threshold"
    ),
    severity=Severity.WARNING,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "saturation: Glorot and Bengio, AISTATS 2010; Rakitianskaia and Engelbrecht, IEEE SSCI 2015; a tenth is reportgen's "
        "choice"
    ),
    bounds=(0.0, 1.0),
)

NON_FINITE = Rule(
    code="non-finite-activations",
    meaning=say("channels gave NaN or infinite values on the evaluated samples; said of the first such layer"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("channels of a layer"),
    source=say("IEEE 754: every value that is computed from NaN is NaN"),
)


def _values(count: int, layer: LayerActivity, evaluated: int, limit: float) -> dict[str, Any]:
    """Return what every message of this section is filled with."""
    samples = counted(evaluated, "{n} sample", "{n} samples")
    share = count / layer.channels
    return {"channels": layer.channels, "samples": samples, "share": share, "limit": limit}


def _evidence(name: str, count: int, layer: LayerActivity, evaluated: int) -> dict[str, float]:
    return {name: count, "channels": layer.channels, "samples": evaluated, "share": count / layer.channels}


def non_finite_channels(layers: list[LayerActivity], evaluated: int, limit: float) -> Finding:
    """Return the finding on the first of these layers."""
    first = layers[0]
    return NON_FINITE.finding(
        first.name,
        counted(
            len(first.non_finite),
            "{n} of {channels} channels gave NaN or infinite values on {samples} (limit {limit:g}); neither it nor what "
            "follows this layer is judged",
            "{n} of {channels} channels gave NaN or infinite values on {samples} (limit {limit:g}); neither they nor what "
            "follows this layer are judged",
            channels=first.channels,
            samples=counted(evaluated, "{n} sample", "{n} samples"),
            limit=limit,
        ),
        evidence={"non_finite": len(first.non_finite), "channels": first.channels, "layers": len(layers)},
        threshold=limit,
    )


def undecided_channels(
    result: ChannelActivityResult,
    silent: list[LayerActivity],
    dormant: list[LayerActivity],
    stuck: list[LayerActivity],
) -> Iterator[Inconclusive]:
    """Yield one answer for each rule, on all layers together: with a handful of samples nearly every layer is concerned."""
    bound, limit, needed = result.rate_bound, result.largest_rate, math.ceil(3 / result.largest_rate)
    said: dict[str, Any] = {
        "samples": counted(result.evaluated, "{n} sample", "{n} samples"),
        "bound": bound,
        "limit": limit,
    }
    where = say("model")
    if silent:
        message = say(
            "{channels} of {layers} never fired on {samples}, and may at 95% confidence fire on up to {bound:.1%} of such "
            "samples (limit {limit:.0%})",
            **_together([layer.silent for layer in silent]),
            **said,
        )
        yield Inconclusive(SILENT.code, where, message, needed)
    if dormant:
        message = say(
            "{channels} of {layers} hardly fired on {samples}, and may at 95% confidence be active on up to {bound:.1%} of "
            "such samples (limit {limit:.0%})",
            **_together([layer.dormant for layer in dormant]),
            **said,
        )
        yield Inconclusive(QUIET.code, where, message, needed)
    if stuck:
        message = say(
            "{channels} of {layers} did not vary on {samples} or stood at an end of their activation, and may at 95% "
            "confidence do otherwise on up to {bound:.1%} of such samples (limit {limit:.0%})",
            **_together([layer.stuck for layer in stuck]),
            **said,
        )
        yield Inconclusive(STUCK.code, where, message, needed)


def _together(channels: list[tuple[int, ...]]) -> dict[str, Any]:
    """Return in words how many channels of how many layers these are, given by layer."""
    return {
        "channels": counted(sum(map(len, channels)), "{n} channel", "{n} channels"),
        "layers": counted(len(channels), "{n} layer", "{n} layers"),
    }


def silent_channels(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    """Return the finding on a layer's silent channels."""
    count = len(layer.silent)
    bound = min(1.0, 3 / evaluated)
    return SILENT.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels never fired on {samples} ({share:.1%}, limit {limit:.0%}); at 95% confidence it "
            "fires on at most {bound:.1%} of such samples",
            "{n} of {channels} channels never fired on {samples} ({share:.1%}, limit {limit:.0%}); at 95% confidence each "
            "of them fires on at most {bound:.1%} of such samples",
            **_values(count, layer, evaluated, limit),
            bound=bound,
        ),
        evidence=_evidence("silent", count, layer, evaluated) | {"rate_bound": bound},
        threshold=limit,
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )


def dormant_channels(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    """Return the finding on a layer's dormant channels."""
    count = len(layer.dormant)
    return QUIET.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels is dormant, with at most {level:g} of the layer's mean activity, on {samples} "
            "({share:.1%}, limit {limit:.0%})",
            "{n} of {channels} channels are dormant, with at most {level:g} of the layer's mean activity, on {samples} "
            "({share:.1%}, limit {limit:.0%})",
            **_values(count, layer, evaluated, limit),
            level=DORMANT,
        ),
        evidence=_evidence("dormant", count, layer, evaluated),
        threshold=limit,
    )


def stuck_channels(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    """Return the finding on a layer's constant or saturated channels."""
    count = len(layer.stuck)
    return STUCK.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels is constant ({constant}) or saturated ({saturated}) on {samples} "
            "({share:.1%}, limit {limit:.0%})",
            "{n} of {channels} channels are constant ({constant}) or saturated ({saturated}) on {samples} "
            "({share:.1%}, limit {limit:.0%})",
            **_values(count, layer, evaluated, limit),
            constant=len(layer.constant),
            saturated=len(layer.saturated),
        ),
        evidence=_evidence("stuck", count, layer, evaluated),
        threshold=limit,
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )
