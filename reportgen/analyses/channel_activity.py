"""Channel activity: which channels never fire, hardly fire or do not vary on the evaluated samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, EvaluatedSamples, Skip
from reportgen.analyses.parts.activity_rules import (
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
from reportgen.analyses.parts.masked_runs import masked_outputs, not_masked, share_of_right
from reportgen.errors import ForwardError
from reportgen.messages import say
from reportgen.models.activity import DORMANT, DORMANT_LEVELS, idle_channels
from reportgen.models.calls import layer_path
from reportgen.models.channel_statistics import ChannelStatistics
from reportgen.plottables import Strip
from reportgen.results import Finding, Inconclusive
from reportgen.rules import Limits

LARGEST_RATE = 0.05
"""A channel counts as idle when it could be active on at most this share of samples: after n idle ones that is 3 / n at 95%
confidence (rule of three, Hanley and Lippman-Hand, JAMA 249 (1983) 1743), so that 60 samples decide. The share is a convention
of reportgen: a channel that answers to one class of twenty, equally frequent, fires on so many."""


@dataclass(frozen=True)
class LayerActivity:
    """The channels of one call on all evaluated samples.

    Attributes:
        name: of the call whose output was looked at.
        source: call of the convolution or dense layer before it, where the activation is a layer of its own, else None.
        activation: as Keras names it; 'linear' for a convolution that no activation follows.
        kind: 'rectified', 'bounded', 'smooth' or 'linear'.
        channels: number of them.
        silent, dormant, constant, saturated: indices, see `IdleChannels`.
        dormant_counts: channels with a score of at most 0, 0.025 and 0.1, silent ones included.
        zeros: median over the channels of the average percentage of zeros, in [0, 1]; None where the layer is not rectified.
        strip: scores of all channels without NaN or infinite values: mean magnitude over that of the layer.
        non_finite: indices of channels that gave NaN or infinite values; they are none of the others.
    """

    name: str
    source: str | None
    activation: str
    kind: str
    channels: int
    silent: tuple[int, ...]
    dormant: tuple[int, ...]
    dormant_counts: tuple[int, ...]
    constant: tuple[int, ...]
    saturated: tuple[int, ...]
    zeros: float | None
    strip: Strip
    non_finite: tuple[int, ...] = ()

    @property
    def stuck(self) -> tuple[int, ...]:
        """Indices of constant and saturated channels."""
        return tuple(sorted({*self.constant, *self.saturated}))

    @property
    def idle(self) -> int:
        """Number of channels that are silent, dormant or stuck."""
        return len({*self.silent, *self.dormant, *self.stuck})


@dataclass(frozen=True)
class MaskedRun:
    """What setting all silent and dormant channels to zero changes.

    Attributes:
        silent, dormant: numbers of masked channels.
        samples: that the model was run on again.
        largest_change: of any output of any of these samples.
        accuracy, masked_accuracy: shares in [0, 1] of these samples that are right; None without labels.
    """

    silent: int
    dormant: int
    samples: int
    largest_change: float
    accuracy: float | None
    masked_accuracy: float | None


@dataclass(frozen=True)
class ChannelActivityResult:
    """All calls that were looked at, in order.

    Attributes:
        layers: every call.
        masked: None where no channel is silent or dormant, or for the `masked_reason`.
        evaluated: number of samples.
        levels: of the dormant counts.
        masked_reason: why there is no run with masked channels although some would be masked; '' otherwise.
        largest_rate: share of samples on which a channel may be active that is called idle.
    """

    layers: tuple[LayerActivity, ...]
    masked: MaskedRun | None
    evaluated: int
    levels: tuple[float, ...] = DORMANT_LEVELS
    masked_reason: str = ""
    largest_rate: float = LARGEST_RATE

    @property
    def rate_bound(self) -> float:
        """Share of samples on which a channel may be active that never was so, at 95% confidence (rule of three)."""
        return min(1.0, 3 / self.evaluated)

    @property
    def decides(self) -> bool:
        """Whether there are enough samples to call a channel idle."""
        return self.rate_bound <= self.largest_rate


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
