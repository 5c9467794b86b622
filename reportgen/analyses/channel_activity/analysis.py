"""Channel activity: which channels never fire, hardly fire or do not vary on the evaluated samples."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.channel_activity.masked_runs import masked_outputs, not_masked, share_of_right
from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity, MaskedRun
from reportgen.analyses.channel_activity.rules import (
    NON_FINITE,
    QUIET,
    SILENT,
    STUCK,
    dormant_channels,
    non_finite_channels,
    silent_channels,
    stuck_channels,
    undecided_channels,
)
from reportgen.errors import ForwardError
from reportgen.messages import say
from reportgen.models.passes.activity import DORMANT, idle_channels
from reportgen.models.passes.calls import layer_path
from reportgen.models.passes.channel_statistics import ChannelStatistics
from reportgen.results.findings import Finding, Inconclusive
from reportgen.results.plottables import Strip
from reportgen.results.rules import Limits
from reportgen.run.evaluation import EvaluatedSamples


class ChannelActivity:
    """Counts channels that do nothing, and masks them to see whether anything depends on them."""

    name = "channel_activity"
    title = say("Channel activity")
    rules = (NON_FINITE, SILENT, QUIET, STUCK)
    looks_inside = True

    def run(self, context: AnalysisContext) -> ChannelActivityResult | Skip:
        """Return every layer's activity; a skip without samples, or without an activation or convolution inside the model."""
        if context.samples is None:
            return Skip(context.no_samples_reason)
        recorded = context.samples.activations
        if not recorded.statistics:
            return Skip(say("No layer before the model's output ends in an activation, and none is a convolution."))
        layers = tuple(
            _layer(name, one, recorded.sources.get(name), context.activations.get(layer_path(name), "linear"))
            for name, one in recorded.statistics.items()
        )
        masked, reason = None, not_masked(layers, context.samples)
        try:
            masked = None if reason else _masked_run(layers, context.samples, context)
        except ForwardError as error:
            reason = say("the model could not be run with masked channels: {error}", error=str(error))
        return ChannelActivityResult(layers, masked, context.samples.evaluated, masked_reason=reason)

    def findings(self, result: ChannelActivityResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return layers with silent, many dormant, constant or saturated channels; with too few samples one answer for all."""
        broken = [layer for layer in result.layers if len(layer.non_finite) > limits[NON_FINITE.code]]
        if broken:
            yield non_finite_channels(broken, result.evaluated, limits[NON_FINITE.code])
        # what comes after NaN says nothing of the layer that it came through
        judged = _up_to(result.layers, broken)
        silent = [layer for layer in judged if layer.silent]
        dormant = [layer for layer in judged if len(layer.dormant) > limits[QUIET.code] * layer.channels]
        stuck = [layer for layer in judged if layer.stuck]
        if not result.decides:
            yield from undecided_channels(result, silent, dormant, stuck)
            return
        for layer in judged:
            if layer.silent:
                yield silent_channels(layer, result.evaluated, limits[SILENT.code])
            if len(layer.dormant) > limits[QUIET.code] * layer.channels:
                yield dormant_channels(layer, result.evaluated, limits[QUIET.code])
            if layer.stuck:
                yield stuck_channels(layer, result.evaluated, limits[STUCK.code])


def _up_to(layers: tuple[LayerActivity, ...], broken: list[LayerActivity]) -> tuple[LayerActivity, ...]:
    """Return the layers up to the first of the broken ones."""
    first = next((place for place, layer in enumerate(layers) if broken and layer is broken[0]), len(layers))
    return layers[: first + 1]


def _layer(name: str, statistics: ChannelStatistics, source: str | None, activation: str) -> LayerActivity:
    idle = idle_channels(statistics, activation)
    known = idle.scores[np.isfinite(idle.scores)]
    return LayerActivity(
        name=name,
        source=source,
        activation=activation,
        kind=idle.kind,
        channels=len(idle.scores),
        silent=idle.silent,
        dormant=idle.dormant,
        dormant_counts=idle.dormant_counts,
        constant=idle.constant,
        saturated=idle.saturated,
        zeros=float(np.median(1 - statistics.positive)) if idle.kind == "rectified" else None,
        strip=Strip(np.sort(known)[::-1] if len(known) else np.zeros(1), DORMANT),
        non_finite=idle.non_finite,
    )


def _masked_run(
    layers: tuple[LayerActivity, ...], samples: EvaluatedSamples, context: AnalysisContext
) -> MaskedRun | None:
    masked = {layer.name: (*layer.silent, *layer.dormant) for layer in layers if layer.silent or layer.dormant}
    if context.live is None or not masked:
        return None
    outputs = masked_outputs(context.live, samples, masked)
    before = samples.activations.outputs[: len(outputs)]
    return MaskedRun(
        silent=sum(len(layer.silent) for layer in layers),
        dormant=sum(len(layer.dormant) for layer in layers),
        samples=len(outputs),
        largest_change=float(np.abs(outputs - before).max()),
        accuracy=share_of_right(before, samples, context),
        masked_accuracy=share_of_right(outputs, samples, context),
    )
