"""Channel activity: which channels never fire, hardly fire or do not vary on the evaluated samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from reportgen.analyses.base import AnalysisContext, EvaluatedSamples, Skip
from reportgen.models.activity import DORMANT, DORMANT_LEVELS, idle_channels
from reportgen.models.channel_statistics import ChannelStatistics
from reportgen.models.masking import predict_masked
from reportgen.models.outputs import class_scores
from reportgen.results import Finding, Severity, Strip
from reportgen.rules import Limits, Rule

SILENT = Rule(
    code="silent-channels",
    meaning="channels of a rectified layer never fired on the evaluated samples; a note up to the threshold",
    severity=Severity.WARNING,
    threshold=0.10,
    unit="share of the layer's channels",
    source="Hu et al., Network Trimming, arXiv 1607.03250: a channel that is always zero can be removed",
    bounds=(0.0, 1.0),
)
QUIET = Rule(
    code="dormant-channels",
    meaning="channels fire, but with at most 0.025 of their layer's mean activity",
    severity=Severity.NOTE,
    threshold=0.10,
    unit="share of the layer's channels",
    source="Sokar et al., The Dormant Neuron Phenomenon, arXiv 2302.12902, definition 3.1",
    bounds=(0.0, 1.0),
)
STUCK = Rule(
    code="stuck-channels",
    meaning="channels do not vary from sample to sample, or stand at an end of their activation; a note up to the threshold",
    severity=Severity.WARNING,
    threshold=0.10,
    unit="share of the layer's channels",
    source="saturation: Glorot and Bengio, AISTATS 2010; Rakitianskaia and Engelbrecht, IEEE SSCI 2015",
    bounds=(0.0, 1.0),
)

MOST_MASKED_SAMPLES = 256
"""Of the run with masked channels; more would make it as dear as the pass that serves all."""


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
        strip: scores of all channels: mean magnitude over that of the layer.
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
    """All calls that were looked at, in order; `masked` is None where no channel is silent or dormant."""

    layers: tuple[LayerActivity, ...]
    masked: MaskedRun | None
    evaluated: int
    levels: tuple[float, ...] = DORMANT_LEVELS


class ChannelActivity:
    """Counts channels that do nothing, and masks them to see whether anything depends on them."""

    name = "channel_activity"
    title = "Channel activity"
    rules = (SILENT, QUIET, STUCK)

    def run(self, context: AnalysisContext) -> ChannelActivityResult | Skip:
        """Return every layer's activity; a skip without samples, or without an activation or convolution inside the model."""
        if context.samples is None:
            return Skip(context.no_samples_reason)
        recorded = context.samples.activations
        if not recorded.statistics:
            return Skip("No layer before the model's output ends in an activation, and none is a convolution.")
        layers = tuple(
            _layer(name, one, recorded.sources.get(name), context.activations.get(name.split(" (call ")[0], "linear"))
            for name, one in recorded.statistics.items()
        )
        return ChannelActivityResult(layers, _masked_run(layers, context.samples, context), context.samples.evaluated)

    def findings(self, result: ChannelActivityResult, limits: Limits) -> Iterable[Finding]:
        """Return layers with silent, many dormant, constant or saturated channels."""
        for layer in result.layers:
            if layer.silent:
                yield _silent(layer, result.evaluated, limits[SILENT.code])
            if len(layer.dormant) > limits[QUIET.code] * layer.channels:
                yield _dormant(layer, result.evaluated, limits[QUIET.code])
            if layer.stuck:
                yield _stuck(layer, result.evaluated, limits[STUCK.code])


def _layer(name: str, statistics: ChannelStatistics, source: str | None, activation: str) -> LayerActivity:
    idle = idle_channels(statistics, activation)
    scores = np.nan_to_num(idle.scores, nan=0.0, posinf=0.0)
    return LayerActivity(
        name=name,
        source=source,
        activation=activation,
        kind=idle.kind,
        channels=len(scores),
        silent=idle.silent,
        dormant=idle.dormant,
        dormant_counts=idle.dormant_counts,
        constant=idle.constant,
        saturated=idle.saturated,
        zeros=float(np.median(1 - statistics.positive)) if idle.kind == "rectified" else None,
        strip=Strip(np.sort(scores)[::-1], DORMANT),
    )


def _masked_run(
    layers: tuple[LayerActivity, ...], samples: EvaluatedSamples, context: AnalysisContext
) -> MaskedRun | None:
    masked = {layer.name: (*layer.silent, *layer.dormant) for layer in layers if layer.silent or layer.dormant}
    if context.live is None or not masked:
        return None
    count = min(samples.evaluated, MOST_MASKED_SAMPLES)
    batches = _batches(samples, count, context.live.batch)
    outputs = predict_masked(context.live.model, batches, layers=context.live.layers, silenced=masked)
    before = samples.activations.outputs[:count]
    return MaskedRun(
        silent=sum(len(layer.silent) for layer in layers),
        dormant=sum(len(layer.dormant) for layer in layers),
        samples=count,
        largest_change=float(np.abs(outputs - before).max()),
        accuracy=_accuracy(before, samples, context),
        masked_accuracy=_accuracy(outputs, samples, context),
    )


def _batches(samples: EvaluatedSamples, count: int, size: int) -> Iterator[np.ndarray]:
    for start in range(0, count, size):
        yield samples.scale(samples.read(range(start, min(start + size, count))))


def _accuracy(outputs: np.ndarray, samples: EvaluatedSamples, context: AnalysisContext) -> float | None:
    labels = samples.all_labels
    if labels is None or labels.ndim != 1:
        return None
    labels = labels[: len(outputs)]
    scores = class_scores(outputs, head=context.head, labels=labels)
    return None if scores is None or scores.independent else float((scores.values.argmax(axis=1) == labels).mean())


def _of(count: int, layer: LayerActivity, what: str, evaluated: int, limit: float) -> str:
    samples = f"{evaluated:,} sample{'s' * (evaluated != 1)}"
    return f"{count} of {layer.channels} channels {what} on {samples} ({count / layer.channels:.1%}, limit {limit:.0%})"


def _evidence(name: str, count: int, layer: LayerActivity, evaluated: int) -> dict[str, float]:
    return {name: count, "channels": layer.channels, "samples": evaluated, "share": count / layer.channels}


def _silent(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    count = len(layer.silent)
    bound = min(1.0, 3 / evaluated)
    return SILENT.finding(
        layer.name,
        f"{_of(count, layer, 'never fired', evaluated, limit)}; at 95 % confidence each of them fires on at most "
        f"{bound:.1%} of such samples",
        evidence=_evidence("silent", count, layer, evaluated) | {"rate_bound": bound},
        threshold=limit,
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )


def _dormant(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    count = len(layer.dormant)
    what = f"are dormant, with at most {DORMANT:g} of the layer's mean activity,"
    return QUIET.finding(
        layer.name,
        _of(count, layer, what, evaluated, limit),
        evidence=_evidence("dormant", count, layer, evaluated),
        threshold=limit,
    )


def _stuck(layer: LayerActivity, evaluated: int, limit: float) -> Finding:
    count = len(layer.stuck)
    what = f"are constant ({len(layer.constant)}) or saturated ({len(layer.saturated)})"
    return STUCK.finding(
        layer.name,
        _of(count, layer, what, evaluated, limit),
        evidence=_evidence("stuck", count, layer, evaluated),
        threshold=limit,
        severity=Severity.WARNING if count > limit * layer.channels else Severity.NOTE,
    )
