"""What becomes a finding about channels: those that do nothing, or give no numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.analyses.channel_activity.idle_channels import DORMANT_LEVEL
from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity
from reportgen.measures.intervals import never_seen_bound
from reportgen.messages import Message, counted, say
from reportgen.results import WRONG_INPUTS, Advice, Certainty, Finding, Inconclusive, Limits, Need, Rule, Severity

NON_FINITE = Rule(
    code="non-finite-activations",
    meaning=say("channels give NaN or infinite values on the evaluated samples; reported for the first such layer"),
    severity=Severity.PROBLEM,
    threshold=0,
    unit=say("channels of a layer"),
    source=say("IEEE 754: every value computed from NaN is NaN"),
    follows_from=(
        "non-finite-weights",
        "negative-variance",
    ),
    advice=Advice(
        title=say("NaN or infinite activations"),
        why=say("Everything after this layer is NaN or infinite too."),
        action=say("Check the weights of this layer and the range of the inputs."),
        certainty=Certainty.FACT,
    ),
)


def non_finite_channels(layers: Sequence[LayerActivity], evaluated: int, limit: float) -> Iterator[Finding]:
    """Yield one finding, on the first layer of which more channels than the limit gave NaN or infinite values."""
    broken = [layer for layer in layers if len(layer.non_finite) > limit]
    if not broken:
        return
    first = broken[0]
    yield NON_FINITE.finding(
        first.name,
        counted(
            len(first.non_finite),
            "{n} of {channels} channels gives NaN or infinite values on {samples} (limit {limit:g}); it and all later "
            "layers are not judged",
            "{n} of {channels} channels give NaN or infinite values on {samples} (limit {limit:g}); they and all "
            "later layers are not judged",
            channels=first.channels,
            samples=counted(evaluated, "{n} sample", "{n} samples"),
            limit=limit,
        ),
        evidence={"non_finite": len(first.non_finite), "channels": first.channels, "layers": len(broken)},
        threshold=limit,
    )


def up_to_non_finite(layers: Sequence[LayerActivity], limit: float) -> Sequence[LayerActivity]:
    """Return the layers up to the first of which more channels than the limit gave NaN or infinite values.

    What comes after NaN says nothing of the layer that it came through.
    """
    first = next((place for place, layer in enumerate(layers) if len(layer.non_finite) > limit), len(layers))
    return layers[: first + 1]


SPARE = 0.9
"""Share of silent channels from which a layer without positions, such as a dense one, has a warning. Below it they are spare
units: in 72 healthy networks up to 45 % of a dense layer's units are silent, and up to 37.5 % of a convolution's (3 of 8)."""

FEWEST_DEAD = 5
"""Samples from which a layer without any channel that fired is called dead. Our choice, as for outputs that are alike."""

_IDLE_FROM = (*WRONG_INPUTS, "never-updated-statistics", "constant-kernel", "weak-filters", "silent-channels")
"""What makes channels idle: inputs that the model was not trained for, what is broken in a layer, or a silent layer before it."""

SILENT = Rule(
    code="silent-channels",
    meaning=say(
        "channels of a rectified layer are zero on all evaluated samples; a note up to the threshold, or up to "
        "{spare:.0%} in a layer without positions such as a dense one; a problem if all are",
        spare=SPARE,
    ),
    severity=Severity.WARNING,
    threshold=0.40,
    unit=say("share of the channels of a layer with positions, such as a convolution"),
    source=say(
        "Hu et al., Network Trimming, arXiv 1607.03250: a channel that is always zero can be removed; the shares are "
        "measured (docs/verdicts.md of reportgen)"
    ),
    bounds=(0.0, 1.0),
    follows_from=_IDLE_FROM,
    explains_from=Severity.PROBLEM,
    needs=(Need(("layers.zeros",), say("No layer ends in a rectifier, so that none of its units can be dead.")),),
    advice=Advice(
        title=say("Dead units"),
        why=say("They cost time and memory and never fire."),
        action=say("Prune them or make the layer narrower; where most are dead, retrain with a smaller learning rate."),
        certainty=Certainty.TEST,
    ),
)


def silent_channels(
    layer: LayerActivity, evaluated: int, limit: float, *, bound: float, first: Message | None = None
) -> Iterator[Finding]:
    """Yield a finding if channels never fired: a note where they are spare, a problem where none of the layer fired.

    Silent channels give zero, so that nothing changes on these samples without them; how many they are decides.

    Args:
        layer: the layer.
        evaluated: number of samples.
        limit: share of the channels above which a layer with positions has a warning, in [0, 1]; of one without them the
            share must reach `SPARE` as well.
        bound: share of samples on which each channel that never fired may fire, all such channels taken together.
        first: what must be done before any channel is removed; None for nothing.
    """
    count = len(layer.silent)
    if not count:
        return
    if layer.dead:
        yield _dead_layer(layer, evaluated, limit)
        return
    share = count / layer.channels
    most = limit if layer.spatial else max(limit, SPARE)
    loud = share > limit if layer.spatial else share >= most
    yield SILENT.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} units is dead: zero on all {samples} ({share:.1%}, {limited}); with 95% "
            "confidence it fires on fewer than {bound:.1%} of such samples",
            "{n} of {channels} units are dead: zero on all {samples} ({share:.1%}, {limited}); with 95% "
            "confidence each fires on fewer than {bound:.1%} of such samples",
            **_values(count, layer, evaluated, most),
            limited=say("limit {limit:.0%}", limit=most)
            if layer.spatial or loud
            else say("a note below {limit:.0%}", limit=most),
            bound=bound,
        ),
        evidence=_evidence("silent", count, layer, evaluated) | {"rate_bound": bound},
        threshold=most,
        severity=Severity.WARNING if loud else Severity.NOTE,
        action=first or _silent_action(layer),
    )


def classes_first(result: ChannelActivityResult) -> Message | None:
    """Return that samples of the other classes must be run, where the samples are of some classes alone; else None."""
    if result.seen is None or result.classes is None or result.seen >= result.classes:
        return None
    return counted(
        result.seen,
        "Run it on samples of all {classes} classes before any is removed: these are of {n}.",
        "Run it on samples of all {classes} classes before any is removed: these are of {n}.",
        classes=result.classes,
    )


def _silent_action(layer: LayerActivity) -> Message:
    """Return what to do about channels that never fired, of a layer in which others did."""
    count, name = len(layer.silent), layer.source or layer.name
    left = layer.channels - count
    if 2 * count > layer.channels:
        return counted(
            left,
            "Retrain with a smaller learning rate, as most units are dead; or keep the {n} other of {layer}.",
            "Retrain with a smaller learning rate, as most units are dead; or keep the {n} others of {layer}.",
            layer=name,
        )
    return counted(
        count,
        "Remove {n} unit: {layer} could have {left}.",
        "Remove {n} units: {layer} could have {left}.",
        layer=name,
        left=left,
    )


def _dead_layer(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    """Return that no channel of a layer fired, so that the layer gives nothing but zeros."""
    return SILENT.finding(
        layer.name,
        say(
            "all {channels} units are dead: zero on all {samples}, so the layer outputs nothing but zeros",
            channels=layer.channels,
            samples=counted(evaluated, "{n} sample", "{n} samples"),
        ),
        evidence=_evidence("silent", layer.channels, layer, evaluated) | {"rate_bound": never_seen_bound(evaluated)},
        threshold=limit,
        severity=Severity.PROBLEM,
        action=say(
            "Check the scaling of the inputs and the biases of the layer, then retrain with a smaller learning rate."
        ),
    )


def dead_layers(layers: Sequence[LayerActivity], evaluated: int, limit: float) -> Iterator[Finding]:
    """Yield layers of which no channel fired, on samples too few to say more: that all are silent by chance is unlikely."""
    if evaluated >= FEWEST_DEAD:
        yield from (_dead_layer(layer, evaluated, limit) for layer in layers if layer.dead and layer.channels > 1)


def undecided_silence(result: ChannelActivityResult, layers: Sequence[LayerActivity]) -> Iterator[Inconclusive]:
    """Yield one answer for all layers with channels that never fired, on samples too few to say more."""
    channels = [layer.silent for layer in layers if layer.silent]
    if channels:
        message = say(
            "{channels} of {layers} never fired on {samples}, and could still fire on up to {bound:.1%} of such "
            "samples (95% confidence, limit {limit:.0%})",
            **_together(result, channels),
        )
        yield Inconclusive(SILENT.code, say("model"), message, _samples_needed(result))


QUIET = Rule(
    code="dormant-channels",
    meaning=say("channels fire, but at no more than {level:g} of their layer's mean activity", level=DORMANT_LEVEL),
    severity=Severity.NOTE,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "Sokar et al., The Dormant Neuron Phenomenon, arXiv 2302.12902, definition 3.1; the level of 0.025 and a tenth are "
        "reportgen's choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=_IDLE_FROM,
    advice=Advice(
        title=say("Nearly inactive channels"),
        why=say("They fire so weakly that the next layer hardly sees them."),
        action=say("Prune them or make the layer narrower."),
        certainty=Certainty.CHOICE,
    ),
)


def dormant_channels(layer: LayerActivity, evaluated: int, limit: float) -> Iterator[Finding]:
    """Yield a finding if a larger share of the channels than the limit is dormant."""
    count = len(layer.dormant)
    if count <= limit * layer.channels:
        return
    yield QUIET.finding(
        layer.name,
        counted(
            count,
            "{n} of {channels} channels is dormant on {samples}: at most {level:g} of the layer's mean activity "
            "({share:.1%}, limit {limit:.0%})",
            "{n} of {channels} channels are dormant on {samples}: at most {level:g} of the layer's mean activity "
            "({share:.1%}, limit {limit:.0%})",
            **_values(count, layer, evaluated, limit),
            level=DORMANT_LEVEL,
        ),
        evidence=_evidence("dormant", count, layer, evaluated),
        threshold=limit,
        action=counted(
            count,
            "Remove {n} channel, or train {layer} with {left}, and compare the accuracy.",
            "Remove {n} channels, or train {layer} with {left}, and compare the accuracy.",
            layer=layer.source or layer.name,
            left=layer.channels - count,
        )
        if count < layer.channels
        else None,
    )


def undecided_dormancy(
    result: ChannelActivityResult, layers: Sequence[LayerActivity], limit: float
) -> Iterator[Inconclusive]:
    """Yield one answer for all layers of which a larger share than the limit is dormant, on samples too few to say more."""
    channels = [layer.dormant for layer in layers if len(layer.dormant) > limit * layer.channels]
    if channels:
        message = say(
            "{channels} of {layers} hardly fired on {samples}, and could still be active on up to {bound:.1%} of such "
            "samples (95% confidence, limit {limit:.0%})",
            **_together(result, channels),
        )
        yield Inconclusive(QUIET.code, say("model"), message, _samples_needed(result))


STUCK = Rule(
    code="stuck-channels",
    meaning=say(
        "channels do not vary between samples, or sit at an end of their activation; a note up to the threshold"
    ),
    severity=Severity.WARNING,
    threshold=0.10,
    unit=say("share of the layer's channels"),
    source=say(
        "saturation: Glorot and Bengio, AISTATS 2010; Rakitianskaia and Engelbrecht, IEEE SSCI 2015; a tenth is reportgen's "
        "choice"
    ),
    bounds=(0.0, 1.0),
    follows_from=_IDLE_FROM,
    advice=Advice(
        title=say("Stuck channels"),
        why=say("They give the same value for every sample, so they carry no information."),
        action=say("Check the scaling of the inputs and the size of the weights; prune channels that stay stuck."),
        certainty=Certainty.CHOICE,
    ),
)


def stuck_channels(layer: LayerActivity, evaluated: int, limit: float) -> Iterator[Finding]:
    """Yield a finding if channels are constant or saturated, a note up to the limit's share of the channels."""
    count = len(layer.stuck)
    if not count:
        return
    yield STUCK.finding(
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


def undecided_stuckness(result: ChannelActivityResult, layers: Sequence[LayerActivity]) -> Iterator[Inconclusive]:
    """Yield one answer for all layers with constant or saturated channels, on samples too few to say more."""
    channels = [layer.stuck for layer in layers if layer.stuck]
    if channels:
        message = say(
            "{channels} of {layers} were constant or saturated on {samples}, and could still vary on up to "
            "{bound:.1%} of such samples (95% confidence, limit {limit:.0%})",
            **_together(result, channels),
        )
        yield Inconclusive(STUCK.code, say("model"), message, _samples_needed(result))


def _together(result: ChannelActivityResult, channels: list[tuple[int, ...]]) -> dict[str, Any]:
    """Return what every message on all layers together is filled with, from the channels of each of them.

    With a handful of samples nearly every layer is concerned, so that one answer for all says as much as one for each.
    """
    return {
        "channels": counted(sum(map(len, channels)), "{n} channel", "{n} channels"),
        "layers": counted(len(channels), "{n} layer", "{n} layers"),
        "samples": counted(result.evaluated, "{n} sample", "{n} samples"),
        "bound": result.rate_bound,
        "limit": result.largest_rate,
    }


def _samples_needed(result: ChannelActivityResult) -> int:
    return math.ceil(3 / result.largest_rate)


def _values(count: int, layer: LayerActivity, evaluated: int, limit: float) -> dict[str, Any]:
    """Return what every message on a single layer is filled with."""
    samples = counted(evaluated, "{n} sample", "{n} samples")
    share = count / layer.channels
    return {"channels": layer.channels, "samples": samples, "share": share, "limit": limit}


def _evidence(name: str, count: int, layer: LayerActivity, evaluated: int) -> dict[str, float]:
    return {name: count, "channels": layer.channels, "samples": evaluated, "share": count / layer.channels}


RULES = (NON_FINITE, SILENT, QUIET, STUCK)
"""Every rule of this section, in the order in which tables list them."""


def findings(result: ChannelActivityResult, limits: Limits) -> Iterator[Finding | Inconclusive]:
    """Yield layers with silent, many dormant, constant or saturated channels; with too few samples one answer for all."""
    yield from non_finite_channels(result.layers, result.evaluated, limits[NON_FINITE.code])
    judged = up_to_non_finite(result.layers, limits[NON_FINITE.code])
    if not result.decides:
        dead = tuple(dead_layers(judged, result.evaluated, limits[SILENT.code]))
        yield from dead
        subjects = {one.subject for one in dead}
        judged = [layer for layer in judged if layer.name not in subjects]
        yield from undecided_silence(result, judged)
        yield from undecided_dormancy(result, judged, limits[QUIET.code])
        yield from undecided_stuckness(result, judged)
        return
    for layer in judged:
        yield from silent_channels(
            layer, result.evaluated, limits[SILENT.code], bound=result.silent_bound, first=classes_first(result)
        )
        yield from dormant_channels(layer, result.evaluated, limits[QUIET.code])
        yield from stuck_channels(layer, result.evaluated, limits[STUCK.code])
