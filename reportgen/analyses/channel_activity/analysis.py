"""Channel activity: which channels never fire, hardly fire or do not vary on the evaluated samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.channel_activity.idle_channels import DORMANT_LEVEL, idle_channels
from reportgen.analyses.channel_activity.masked_runs import masked_run
from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity
from reportgen.analyses.channel_activity.rules import RULES, findings
from reportgen.messages import say
from reportgen.models.graphs import layer_path
from reportgen.models.passes import ChannelStatistics
from reportgen.results import Finding, Inconclusive, LayerSummary, Limits, Strip
from reportgen.run import answers_of, sets_of


class ChannelActivity:
    """Counts channels that do nothing, and masks them to see whether anything depends on them."""

    name = "channel_activity"
    title = say("Channel activity")
    rules = RULES
    looks_inside = True

    def run(self, context: AnalysisContext) -> ChannelActivityResult | Skip:
        """Return every layer's activity; a skip without samples, or without an activation or convolution inside the model."""
        if context.samples is None:
            return Skip(context.no_samples_reason)
        recorded = context.samples.activations
        if not recorded.statistics:
            return Skip(say("No hidden layer has an activation, and none is a convolution."))
        spatial = _with_positions(context.layers)
        layers = tuple(
            replace(
                _layer(name, one, recorded.sources.get(name), context.activations.get(layer_path(name), "linear")),
                spatial=layer_path(name) in spatial,
            )
            for name, one in recorded.statistics.items()
        )
        masked, reason = masked_run(layers, context.samples, live=context.live, head=context.head)
        seen, classes = _classes(context)
        return ChannelActivityResult(
            layers, masked, context.samples.evaluated, masked_reason=reason, seen=seen, classes=classes
        )

    def findings(self, result: ChannelActivityResult, limits: Limits) -> Iterable[Finding | Inconclusive]:
        """Return layers with silent, many dormant, constant or saturated channels; with too few samples one answer for all."""
        return findings(result, limits)


def _classes(context: AnalysisContext) -> tuple[int | None, int | None]:
    """Return how many classes the samples are of, by their labels or else by the answers, and how many the model knows."""
    scores = context.scores
    if context.samples is None or scores is None:
        return None, None
    seen = sets_of(scores, context.samples.classes or answers_of(scores))
    return int(seen.any(axis=0).sum()), seen.shape[1]


def _with_positions(layers: Iterable[LayerSummary]) -> frozenset[str]:
    """Return the paths of the layers whose output has several values for each channel."""
    shapes = {layer.path: layer.output_shape or () for layer in layers}
    return frozenset(
        path for path, shape in shapes.items() if None in shape or sum(size != 1 for size in shape if size) > 1
    )


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
        strip=Strip(np.sort(known)[::-1] if len(known) else np.zeros(1), DORMANT_LEVEL),
        non_finite=idle.non_finite,
    )
